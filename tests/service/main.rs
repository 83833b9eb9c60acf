//! Service tests: every flow of a call, the API, the limits and the faults, against the real binary.
#![allow(clippy::disallowed_methods, clippy::disallowed_types, reason = "tests have sockets, files and clocks")]

#[path = "../support/mod.rs"]
mod support;

mod bad_config;
mod bad_requests;
mod bad_sip;
mod baresip_phones;
mod breaks;
mod callbacks;
mod click_to_call;
mod contract;
mod databases;
mod disk_full;
mod duty;
mod events;
mod extension_calls;
mod hang_up;
mod hold;
mod init;
mod intervals;
mod journeys;
mod lan;
mod leaks;
mod lines;
mod log;
mod lost_calls;
mod media;
mod menus;
mod number_services;
mod offers;
mod people;
mod queue_calls;
mod queue_rules;
mod registration;
mod reliable;
mod reload;
mod rest;
mod routing;
mod session_timers;
mod shards;
mod shutdown;
mod silence;
mod sipp_flows;
mod stream_transport;
mod supervisors;
mod transactions;
mod transfer;
mod trunk_calls;
mod trunk_digest;
mod trunk_limits;
mod trunk_network;
mod trunk_registration;
mod trunk_targets;
mod voicemail;
mod wrap_up;
