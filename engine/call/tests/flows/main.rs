//! Every flow of a call and every race in it, message by message, in virtual
//! time; at the end of each nothing may be left.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on stops")]

mod attempt;
mod callback;
mod caller_id;
mod click_to_call;
mod closing;
mod dial;
mod failover;
mod faults;
mod hold;
mod overflow;
mod queue;
mod refusals;
mod reliable;
mod rig;
mod rules;
mod services;
mod session_timers;
mod standing;
mod storm;
mod transfer;
mod transfer_to_number;
mod trunk_digest;
