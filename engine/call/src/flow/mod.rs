//! Call flows: what a call does from its arrival to its end.

mod announce;
pub(crate) mod attempt;
mod attempt_end;
mod attended_transfer;
pub(crate) mod callback;
pub(crate) mod callback_request;
mod click_to_call;
mod closing;
mod dial;
mod exit;
mod hold;
mod lines;
mod menu;
pub(crate) mod queue;
mod service;
pub(crate) mod standing;
mod transfer;
mod voicemail;
