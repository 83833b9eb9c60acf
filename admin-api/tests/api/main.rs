//! The API over a real socket, with owners played by the tests.

#![allow(missing_docs, clippy::unwrap_used)]

mod agents;
mod client;
mod contract;
mod lists;
mod node;
mod operation;
mod requests;
