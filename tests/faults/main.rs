//! Faults: the machine, the disk, the clock, the database and other people fail on purpose, against the real binary.
//!
//! `make test` runs each of these tests in its small form and leaves out those named `in_full_…`; `make faults` runs
//! all of them in full, one after the other. How often is decided by [`rounds`], and every chance has a printed seed.
#![allow(clippy::disallowed_methods, clippy::disallowed_types, reason = "tests have sockets, files and clocks")]

#[path = "../support/mod.rs"]
mod support;

mod attackers;
mod chance;
mod clock;
mod database;
mod disk;
mod flood;
mod kills;
mod panics;
mod power;
mod shim;
mod steady;
mod trace;

/// `full` rounds in `make faults`, `quick` ones in `make test`.
pub(crate) fn rounds(quick: u32, full: u32) -> u32 {
    if is_full() { full } else { quick }
}

/// True in `make faults`.
pub(crate) fn is_full() -> bool {
    std::env::var("TRUNKLINE_FAULTS").is_ok_and(|word| word == "full")
}
