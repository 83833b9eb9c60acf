//! The media worker: threads that own the RTP sessions of calls, move packets
//! along the media graph, play prompts and write recordings.
//!
//! It decides nothing about calls: who hears whom comes as [`Command`]s, what
//! happened goes out as [`Event`]s. The thread that forwards never waits for a
//! disk, a lock or the call layer.

mod config;
mod leg;
mod library;
mod limits;
mod listener;
mod metrics;
mod player;
mod ports;
mod recorder;
mod ring;
mod socket;
mod stream;
mod thread;
mod threads;
mod ticks;
mod time;
mod worker;

pub use config::{MediaConfig, StartError};
pub use media_graph::{Command, Event};
pub use metrics::{Count, DropReason, MediaMetrics};
pub use recorder::{Gap, GapReason, Manifest, Pause, Recovered, RecoveredAs, recover};
pub use ring::{CommandRefused, EventReceiver};
pub use worker::MediaWorker;
