//! The dialer: whom to call next (`campaign`, `hopper`), what a list of leads holds (`list`), whether one may be called
//! (`gate`), what all that will take (`estimate`), how many numbers to dial (`pacing`), and what it asks of those who
//! make the calls (`contract`).
//!
//! Pure: it is told rules and facts and says whom to dial and why, or why not. It knows neither SIP nor queues nor the
//! database.

pub mod campaign;
pub mod contract;
pub mod estimate;
pub mod gate;
pub mod hopper;
pub mod list;
pub mod pacing;
pub mod runner;
