//! Recordings: taps on the media thread, and the threads that write.
//!
//! tap (media thread) -> bounded queue -> writer -> sync and finish threads.
//! Forwarding never waits: when the writer's queue is full, a batch is left out
//! and the manifest says where. A recording is `.wav.part` until its end, then
//! synced, described by a `.json` manifest and renamed to `.wav`.

mod finish;
mod manifest;
mod path;
mod recover;
mod tap;
mod track;
mod writer;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use clock::WallTime;
use media_graph::{ChannelLayout, RecorderId};
use rtp_core::g711::Law;

pub use manifest::{Gap, GapReason, Manifest, Pause};
pub(crate) use path::within;
pub use recover::{Recovered, RecoveredAs, recover};
pub(crate) use tap::Tap;
pub(crate) use writer::{Recorders, WriterQueue};

/// From a tap to the writer.
#[derive(Debug)]
pub(crate) enum ToWriter {
    /// Create the file.
    Begin(Begin),
    /// Sound, and how far time has come.
    Batch(Batch),
    /// The last batch; finish the file, or discard one that is shorter than this.
    End(Batch, Duration),
}

/// What a recording is.
#[derive(Clone, Debug)]
pub(crate) struct Begin {
    pub(crate) recorder: RecorderId,
    /// Relative to the data folder, without suffix.
    pub(crate) path: String,
    pub(crate) layout: ChannelLayout,
    pub(crate) started: WallTime,
    /// Set when the recording failed, so that its tap ends too.
    pub(crate) failed: Arc<AtomicBool>,
}

/// Sound of a fraction of a second, as it came.
#[derive(Debug)]
pub(crate) struct Batch {
    pub(crate) recorder: RecorderId,
    /// Samples since the start at which the batch was closed.
    pub(crate) until: u64,
    /// Time whose batches were left out before this one: first sample and count.
    pub(crate) lost: Option<(u64, u64)>,
    /// Pauses that ended since the batch before.
    pub(crate) pauses: Vec<Pause>,
    pub(crate) pieces: Vec<Piece>,
    pub(crate) bytes: Vec<u8>,
}

/// A stretch of sound on one channel; its bytes lie in the batch.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Piece {
    pub(crate) channel: u8,
    pub(crate) coding: Coding,
    /// First sample, counted from the start of the recording.
    pub(crate) at: u64,
    pub(crate) start: usize,
    pub(crate) len: usize,
}

/// How the bytes of a piece are to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Coding {
    /// One byte a sample.
    Law(Law),
    /// Two bytes a sample, little-endian.
    Linear,
}

/// Channels of a layout.
pub(crate) fn channels_of(layout: ChannelLayout) -> u8 {
    match layout {
        ChannelLayout::Mono => 1,
        ChannelLayout::Stereo => 2,
    }
}

/// How long sound may come late and still find its place, in samples: 400 ms.
/// With a batch each 200 ms the file is at most some 600 ms behind.
const LATE_SAMPLES: u64 = 3_200;

#[cfg(test)]
mod tests;
