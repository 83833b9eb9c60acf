//! The REST API: commands to the owners, snapshots, records, live events and
//! metrics over HTTP (DESIGN section 10).
//!
//! It decides nothing about calls and owns no state of the call centre: reads
//! come from published snapshots and records, changes are commands to the one
//! owner, and no request is ever waited for in the call path.

mod access;
mod address_range;
mod agent;
mod api;
mod ban;
mod body;
mod call;
mod callback;
mod campaign;
mod compliance;
mod consent;
mod csv;
mod disposition;
mod do_not_call;
mod envelope;
mod event;
mod file;
mod health;
mod idempotency;
mod key;
mod lead_list;
mod lost_call;
mod metrics;
mod once;
mod openapi;
mod page;
mod people;
mod precondition;
mod problem;
mod quarantine;
mod query;
mod queue;
mod rate;
mod report;
mod rights;
mod roster;
mod serve;
mod services;
mod snapshot;
mod stall;
mod text;
mod time;
mod trail;
mod transaction;
mod trunk;
mod voicemail;
mod words;

pub use api::Api;
pub use campaign::{campaign_message, read_campaign};
pub use metrics::Metrics;
pub use roster::{ConfigKey, Phones, Roster, RosterError};
pub use services::{CommandRequest, Readiness, Services};
