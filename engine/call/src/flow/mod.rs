//! Call flows: what a call does from its arrival to its end.

mod attended_transfer;
mod click_to_call;
mod dial;
mod hold;
mod queue;
mod service;
mod transfer;
mod voicemail;
