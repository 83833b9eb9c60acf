//! How many numbers to dial now, so that agents talk nearly all the time and
//! people who answer are hardly ever left without one.
//!
//! The chance constraint (pacing.md section 4): a further number is dialled
//! while the chance that its answer would find no agent stays below a bound,
//! and the bound itself is moved by what came of the calls so far, so that the
//! share of abandoned calls keeps to its target whatever the model gets wrong.
//! A number that has rung for the minimum is asked the same again at each tick,
//! and given up once the answer is no: whoever would answer it now would most
//! likely be left without an agent, or it holds back a better number.

mod agents;
mod answers;
mod budget;
mod contract;
mod counts;
mod durations;
mod flight;
mod outlook;
mod pacer;
mod risk;
mod scale;
mod shares;

pub use contract::{AgentState, Event, Mode, Rules, Why};
pub use counts::{Count, Counts};
pub use pacer::Pacer;
