//! The API over a real socket, with owners played by the tests.

#![allow(missing_docs, clippy::unwrap_used)]

mod agents;
mod bans;
mod calls;
mod client;
mod contract;
mod events;
mod lists;
mod node;
mod operation;
mod originate;
mod requests;
mod story;
