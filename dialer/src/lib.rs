//! The dialer: how many numbers to dial (`pacing`), and whether one may be (`gate`).
//!
//! Pure: it is told rules and facts and says how many, or allow or deny with
//! the rule that decided and its evidence. It never dials, and knows neither
//! SIP nor queues nor the database.

pub mod gate;
pub mod pacing;
