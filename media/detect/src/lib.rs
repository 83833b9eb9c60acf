//! Who or what answered a call: from 20 ms frames of sound to ringback, busy, SIT and announcements before the answer,
//! and to person, machine, fax or dead air after it, each with a confidence and a reason in words.
//!
//! It never touches a socket, a clock or a call, and never ends one: frames and instants come in, [`Event`]s go out.
//! Only additions, multiplications, divisions and square roots of `f64` are used, which IEEE 754 rounds the same way
//! everywhere, so the same frames give the same verdicts on every machine. Memory is a fixed few kilobytes a call.

mod bands;
mod cadence;
mod card;
mod contract;
mod detector;
mod greeting;
mod judge;
mod melody;
mod period;
mod single;
mod sit;
mod spectrum;
mod tone;
mod voice;
mod words;

pub use contract::{Event, FRAME_SAMPLES, Fax, Frame, Greeting, Heard, Input, Phase, Reason, Settings, Sit, Verdict};
pub use detector::Detector;
pub use greeting::Features;
pub use words::WORDS_BYTES;
