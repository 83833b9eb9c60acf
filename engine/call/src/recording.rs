//! Recordings: from the agent's answer to the end, and until the media worker has them on disk.

use core::time::Duration;

use clock::{CallId, QueueId, WallTime};
use journal_core::{CallEvent, RecordingState};
use media_graph::{ChannelLayout, Command, Node, RecorderId};

use crate::call::{Call, Flow, Recording};
use crate::civil;
use crate::shard::{Shard, Timer};

/// What became of a recording that was stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Finished {
    Ready { duration_ms: u64, sha256: [u8; 32] },
    Discarded,
    Failed,
}

impl Shard {
    /// Records a queue's conversation, if the queue wants it and it is not recorded yet; of a campaign, if that wants it.
    pub(crate) fn start_recording(&mut self, call: CallId, queue: Option<QueueId>) {
        let wanted = match queue {
            Some(queue) => self.plan.queues.get(&queue).is_some_and(|queue| queue.recording),
            None => self.plan.records_callbacks,
        };
        let dialed = self.calls.get(&call).and_then(|call| call.dialed.as_ref()).map(|dialed| dialed.order.record);
        let wanted = dialed.unwrap_or(wanted);
        let running = self.calls.get(&call).is_none_or(|call| call.recorder.is_some());
        if !wanted || running {
            return;
        }
        let recorder = self.record(call, "recordings", ChannelLayout::Stereo, false);
        if let Some(known) = self.calls.get_mut(&call) {
            known.recorder = Some(recorder);
        }
        if let Some(path) = self.recordings.get(&recorder).map(|recording| recording.path.clone()) {
            self.log(call, CallEvent::RecordingStarted { path });
        }
    }

    /// Starts a recording at the media worker, under `folder/YYYY/MM/DD/<call>`.
    pub(crate) fn record(&mut self, call: CallId, folder: &str, layout: ChannelLayout, voicemail: bool) -> RecorderId {
        let recorder = self.ids.recorder();
        let path = recording_path(folder, self.now.wall, call);
        self.media(Command::Record { recorder, call, path: path.clone(), layout });
        self.recordings
            .insert(recorder, Recording { call, next_seq: None, path, voicemail, paused: false, stopping: false });
        recorder
    }

    /// Whether the recording of a call has to stand still or go on, after a change of what the call does: it holds
    /// what two parties say to each other and no waiting time (DESIGN section 9), however often they are transferred.
    pub(crate) fn pace_recording(&self, call: &Call) -> Option<Command> {
        let recorder = call.recorder?;
        let wanted = call.queue.and_then(|queue| self.plan.queues.get(&queue)).is_some_and(|queue| queue.recording);
        let paused = !matches!(call.flow, Flow::Talking { .. }) || !wanted;
        let recording = self.recordings.get(&recorder).filter(|recording| !recording.stopping)?;
        (recording.paused != paused).then_some(Command::PauseRecord { recorder, paused })
    }

    /// Ends a recording, to be kept from the length `least` on; `Recorded` or `Discarded` follows from the media worker.
    pub(crate) fn stop_recorder(&mut self, recorder: RecorderId, least: Duration) {
        let Some(recording) = self.recordings.get_mut(&recorder).filter(|recording| !recording.stopping) else {
            return;
        };
        recording.stopping = true;
        let call = recording.call;
        self.recorder_gone(call, recorder);
        self.media(Command::StopRecord { recorder, least });
        self.arm(Timer::Recorder(recorder), FINISH_MAX);
    }

    /// The media worker finished a recording, or could not.
    pub(crate) fn recorded(&mut self, recorder: RecorderId, finished: Finished) {
        if let Some(awaiting) = self.awaiting.remove(&recorder) {
            return self.lost_message_finished(recorder, awaiting, finished);
        }
        let Some(recording) = self.recordings.remove(&recorder) else { return };
        self.timers.cancel(&Timer::Recorder(recorder));
        let call = recording.call;
        self.recorder_gone(call, recorder);
        if recording.voicemail {
            return self.message_finished(call, recorder, recording.path, finished);
        }
        let (state, duration_ms, sha256) = match finished {
            Finished::Ready { duration_ms, sha256 } => (RecordingState::Ready, duration_ms, sha256),
            Finished::Discarded | Finished::Failed => (RecordingState::Failed, 0, [0; 32]),
        };
        let ended = CallEvent::RecordingEnded { state, duration_ms, sha256 };
        match recording.next_seq {
            Some(seq) => self.log_as(call, seq, ended),
            None => {
                if let Some(known) = self.calls.get_mut(&call) {
                    known.recorder = None;
                }
                self.log(call, ended);
                self.rewire(call);
            }
        }
    }

    /// The media worker says nothing about a recording that should be finished.
    pub(crate) fn recorder_overdue(&mut self, recorder: RecorderId) {
        self.dropped("recording_unfinished");
        self.recorded(recorder, Finished::Failed);
    }

    /// Its node and edges are no more.
    fn recorder_gone(&mut self, call: CallId, recorder: RecorderId) {
        let Some(known) = self.calls.get_mut(&call) else { return };
        for channel in [0, 1] {
            known.wiring.node_gone(Node::Recorder(recorder, channel));
        }
    }
}

/// Where a recording that begins at `at` goes, relative to the data folder and without suffix:
/// `folder/YYYY/MM/DD/<call>`.
#[must_use]
pub fn recording_path(folder: &str, at: WallTime, call: CallId) -> String {
    format!("{folder}/{}/{call}", civil::date_path(at))
}

/// A recording is synced and renamed within milliseconds; after this the disk is taken for broken.
pub(crate) const FINISH_MAX: Duration = Duration::from_secs(10);
