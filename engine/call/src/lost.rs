//! What a restart, or a shard that broke, leaves behind for the shard that ends it.

use clock::{CallId, LegId, QueueId};
use journal_core::DialogIdentity;
use journal_core::outcome::Reached;
use media_graph::{PlayerId, RecorderId};

/// What is left of a call from before a crash.
#[derive(Clone, Debug, PartialEq)]
pub struct RestoredCall {
    /// The call.
    pub call: CallId,
    /// Sequence number for its next entry.
    pub next_seq: u32,
    /// How far it came. One with a message in the box is complete; others end `failed`.
    pub reached: Reached,
    /// It has a record, which is to end. Of the home of a standing leg nothing is written.
    pub has_record: bool,
    /// Dialogs to end.
    pub dialogs: Vec<DialogIdentity>,
}

/// What a broken shard left behind while the node stays up: its calls, and what the media worker still runs for them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Lost {
    /// Its live calls.
    pub calls: Vec<RestoredCall>,
    /// Legs with ports.
    pub ports: Vec<LegId>,
    /// Players.
    pub players: Vec<PlayerId>,
    /// Recordings and messages, those of calls that ended before included.
    pub recordings: Vec<LostRecording>,
}

/// A recording or message that a broken shard had begun.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LostRecording {
    /// The recording.
    pub recorder: RecorderId,
    /// Its call.
    pub call: CallId,
    /// The call's next sequence number; of a call in [`Lost::calls`] the one before its end.
    pub next_seq: u32,
    /// Path relative to the data folder, without suffix.
    pub path: String,
    /// The box, for a message that nobody said to be left yet.
    pub message: Option<QueueId>,
    /// The media worker was told to finish it.
    pub stopping: bool,
}
