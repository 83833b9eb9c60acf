//! Owners that outlive a broken assertion (DESIGN section 4, Failure domains): a core with its outlet, and with what it
//! takes to build the core anew.
//!
//! A panic ends the input that caused it and nothing else: the core is dropped, another one is built from what was
//! remembered outside of it, and the input is tried once more. If it fails again, what it names is quarantined. An
//! owner that breaks too often gives up, and the process ends.

mod acd;
mod dialer;
#[cfg(feature = "fault-injection")]
mod fault;
mod guard;
mod location;
mod named;
mod shard;
mod shard_memory;
mod trunks;

#[cfg(feature = "fault-injection")]
pub use fault::Fault;
pub use guard::{Alarm, BREAKS_A_MINUTE_MAX, QUARANTINED_MAX};
pub use named::Named;

pub use self::acd::AcdOwner;
pub use self::dialer::{DialerInput, DialerOwner};
pub use self::location::LocationOwner;
pub use self::shard::ShardOwner;
pub use self::trunks::TrunkOwner;
