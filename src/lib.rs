//! The shell of Trunkline: command line, configuration, sockets and tasks.
//!
//! It moves bytes between sockets and cores, and runs each owner's core in its
//! own task. It decides nothing about calls, agents or queues.
#![allow(clippy::disallowed_methods, clippy::disallowed_types, reason = "a shell: clocks, sockets and files live here")]

pub mod config;
pub mod init;
pub mod menu_try;
pub mod node;
pub mod simulate;

mod channels;
mod clock_source;
mod commands;
mod essential;
#[cfg(feature = "fault-injection")]
mod faults;
mod ids;
mod net;
mod owner;
mod quarantine;
mod snapshots;

#[cfg(any(test, feature = "measured"))]
pub use owner::speed::{OwnerSpeed, owner_speed};
