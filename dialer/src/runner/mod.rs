//! The dialer's core: joins each campaign's hopper, the gate, the pacing and the dial methods into orders of attempts.
//!
//! Every number passes the gate at the moment in which it is dialed; every attempt ends once; what is counted is counted
//! from attempts that ended. It says at any moment why it dials as it does, and why a lead is not being dialed.

mod alert;
mod attempt;
mod by_hand;
mod callback;
mod campaign;
mod command;
mod consented;
mod contract;
mod desk;
mod dial;
mod dialer;
mod disposing;
mod explain;
mod flight;
mod house;
mod ledger;
mod mending;
mod pace;
mod planted;
mod reading;
mod sharing;
mod snapshot;
mod turn;
mod why;

pub use alert::{Alert, AlertKind};
pub use attempt::{Attempt, Times};
pub use callback::{CallbackAsked, CallbackFault, CallbackOffer, CallbackTime};
pub use contract::{
    Answered, AnswersNote, ByHand, CampaignNote, DisposedNote, Effect, Input, JudgedNote, LeadNote, Note, Progress,
    Question, Refusal, Reply, Restored, Shown, Written,
};
pub use desk::{Desk, Doing};
pub use dialer::Dialer;
pub use disposing::{Said, Talked};
pub use explain::{Explained, Hold, Keeps, NumberWhy, Pace, WhyNot};
pub use house::House;
pub use ledger::{Hour, Ledger, Window};
pub use planted::Planted;
pub use snapshot::{CampaignSnapshot, Snapshot};
pub(crate) use turn::lasts;

#[cfg(test)]
mod tests;
