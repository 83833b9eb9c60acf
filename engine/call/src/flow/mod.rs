//! Call flows: what a call does from its arrival to its end.

mod announce;
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
mod queue;
mod service;
mod transfer;
mod voicemail;
