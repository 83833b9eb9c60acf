//! The media worker against phones made of real UDP sockets on loopback.
#![allow(clippy::disallowed_types, reason = "tests are shells: sockets and files")]
#![allow(clippy::unwrap_used, reason = "a failed step fails the test")]
#![allow(clippy::disallowed_methods, reason = "tests are shells: clocks and pacing")]

mod kit;
mod lifecycle;
mod listening;
mod paths;
mod players;
mod recording;
mod storm;
