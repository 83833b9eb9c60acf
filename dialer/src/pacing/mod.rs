//! How many numbers to dial now, so that agents talk nearly all the time and
//! people who answer are hardly ever left without one.
//!
//! The chance constraint (pacing.md section 4): a further number is dialled
//! while the chance that its answer would find no agent stays below a bound,
//! and the bound itself is moved by what came of the calls so far, so that the
//! share of abandoned calls keeps to its target whatever the model gets wrong.

mod agents;
mod answers;
mod budget;
mod durations;
mod flight;
mod pacer;
mod risk;
mod scale;

pub use pacer::{AgentState, Event, Mode, Pacer, Rules, Why};
