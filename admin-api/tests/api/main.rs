//! The API over a real socket, with owners played by the tests.

#![allow(missing_docs, clippy::unwrap_used)]
#![allow(clippy::disallowed_methods, reason = "tests have clocks")]

mod agents;
mod audit;
mod bans;
mod callbacks;
mod calls;
mod campaigns;
mod cast;
mod client;
mod compliance;
mod consents;
mod contract;
mod events;
mod lead_lists;
mod lists;
mod lost_calls;
mod node;
mod operation;
mod originate;
mod own;
mod people;
mod quarantine;
mod queue_figures;
mod queue_report;
mod requests;
mod rights;
mod story;
