//! Expected waiting time: how long until the call that has so many before it is
//! offered to an agent (pacing.md section 7).
//!
//! QL with abandonment after Ibrahim and Whitt: with `s` serving agents, each
//! free again at the rate mu, and callers who give up at the rate theta, a call
//! with L before it waits the sum over i = 0..L of 1 / (s mu + i theta). Both
//! rates are learned while the queue runs. While they are not, the wait of the
//! head of the line (HOL) stands in. Nobody's wait changes a decision here.

mod announce;
mod estimator;
mod forecast;
mod rate;

pub use announce::{Announcement, Promise, RaisedBy};
pub use estimator::{Basis, Estimate, Estimator, Line, UPPER};
pub use forecast::{Forecast, Rates};
