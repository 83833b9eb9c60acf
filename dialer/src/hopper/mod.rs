//! Whom a campaign calls next: scheduled callbacks first, then retries, then new leads, from several lists.
//!
//! The database holds lists and leads; the hopper asks for them in bounded pages ([`Wanted`]) and keeps those that are
//! to be called soon, wait for a retry, or are in flight. What it has let go of it does not take again before its list
//! is reset, however late the database learns of it: a lead is at most once in flight.

mod after;
mod lead;
mod numbers;
mod queue;
mod source;
mod tries;

pub use after::After;
pub use lead::{Booked, Done, Lead, Place};
pub use numbers::{NUMBERS_MAX, NumberHistory, Numbers};
pub use queue::{Counts, DISPOSED_WITHIN, HELD_MAX, Hopper, Kind, LOOKED_AT, Taken};
pub use source::{PAGE, Page, Stock, Wanted, What};
pub use tries::{NumberTries, Tries};
