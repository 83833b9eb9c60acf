//! Counts and rates of queues, derived from facts that the journal has
//! (DESIGN section 1, 5; contact-centre.md section 8).
//!
//! One fold serves the wallboard, which takes facts as they happen, and
//! reports, which take finished visits from the database: so a figure
//! recomputed from records equals the live one (pacing.md P12). A visit counts
//! in the interval in which the caller entered the queue, whenever it ends.

mod alarm;
mod board;
mod duty;
mod fact;
mod figures;
mod service;
mod waits;

pub use alarm::{Alert, AlertChange, AlertKind, Alerts, Level, Thresholds};
pub use board::{Board, QueueFigures, ROLLING};
pub use duty::Duty;
pub use fact::{Fact, Leave, Visit};
pub use figures::{Figures, Goal};
pub use service::{AbandonRate, Formula};
pub use waits::Waits;
