//! Voicemail: prompt, beep, a mono recording that hang-up, `#` or its longest length ends.

use core::time::Duration;

use clock::{CallId, LegId, QueueId};
use journal_core::{CallEvent, Durability, Who};
use media_graph::{ChannelLayout, RecorderId};

use crate::call::{Flow, Voicemail, VoicemailStage};
use crate::recording::Finished;
use crate::shard::{Shard, Timer};
use crate::termination::{Reason, Termination};

impl Shard {
    /// A party at the box of a queue; `after_wait` when nobody took its call.
    pub(crate) fn start_voicemail(&mut self, call: CallId, party: LegId, queue: QueueId, after_wait: bool) {
        // The box answers, which is no conversation.
        self.log(call, CallEvent::VoicemailStarted { queue });
        self.log(call, CallEvent::Answered { leg: party, agent: None });
        let stage = VoicemailStage::Greeting;
        let voicemail = Voicemail { party: Some(party), queue, after_wait, kept: false, stage };
        self.set_flow(call, Flow::Voicemail(voicemail));
    }

    /// A key at the box: `#` ends the greeting, or the message.
    pub(crate) fn voicemail_digit(&mut self, call: CallId, leg: LegId, digit: char) {
        let Some(voicemail) = self.voicemail(call) else { return };
        self.log(call, CallEvent::Digit { leg, digit });
        match voicemail.stage {
            VoicemailStage::Greeting if digit == '#' => self.begin_message(call),
            VoicemailStage::Recording { .. } if digit == '#' => self.voicemail_full(call),
            _ => {}
        }
    }

    /// The message is long enough to be kept.
    pub(crate) fn voicemail_kept(&mut self, call: CallId) {
        if let Some(Flow::Voicemail(voicemail)) = self.calls.get_mut(&call).map(|call| &mut call.flow) {
            voicemail.kept = true;
        }
    }

    /// The message is complete. The party is let go when the message is safe
    /// (DESIGN section 6: voicemail accepted).
    pub(crate) fn voicemail_full(&mut self, call: CallId) {
        let Some(voicemail) = self.voicemail(call) else { return };
        self.save_message(call, voicemail);
    }

    /// The party hung up: a message long enough is saved before the record ends.
    pub(crate) fn voicemail_party_lost(&mut self, call: CallId, voicemail: Voicemail, why: Termination) {
        let without_party = Voicemail { party: None, ..voicemail };
        match voicemail.stage {
            VoicemailStage::Recording { .. } if voicemail.kept => self.save_message(call, without_party),
            VoicemailStage::Saving { .. } => self.set_flow(call, Flow::Voicemail(without_party)),
            _ => self.end_call(call, nothing_left(voicemail, why)),
        }
    }

    /// The file of a message is complete, was too short to be kept, or could not be written.
    pub(crate) fn message_finished(&mut self, call: CallId, recorder: RecorderId, path: String, finished: Finished) {
        let Some(voicemail) = self.voicemail(call) else { return };
        match voicemail.stage {
            VoicemailStage::Saving { recorder: saving, .. } if saving == recorder => {
                self.end_voicemail(call, voicemail, path, finished);
            }
            VoicemailStage::Recording { recorder: running, .. } if running == recorder => {
                self.set_flow(call, Flow::Over);
                self.end_call(call, Termination::system(Reason::MediaUnavailable));
            }
            _ => {}
        }
    }

    /// A call that ends from outside while a message is spoken keeps what there is.
    pub(crate) fn finish_voicemail(&mut self, call: CallId) {
        let Some(voicemail) = self.voicemail(call) else { return };
        let (recorder, length_ms) = match voicemail.stage {
            VoicemailStage::Greeting => return,
            VoicemailStage::Recording { recorder, since } => (recorder, millis(self.now.mono - since)),
            VoicemailStage::Saving { recorder, length_ms } => (recorder, length_ms),
        };
        let path = self.recordings.get(&recorder).map(|recording| recording.path.clone());
        if let Some(path) = path.filter(|_| voicemail.kept) {
            self.log_left(call, voicemail.queue, path, length_ms);
        }
        self.stop_recorder(recorder, if voicemail.kept { Duration::ZERO } else { Duration::MAX });
    }

    /// The greeting is over, or was cut: the party speaks.
    pub(crate) fn begin_message(&mut self, call: CallId) {
        let Some(voicemail) = self.voicemail(call).filter(|voicemail| voicemail.stage == VoicemailStage::Greeting)
        else {
            return;
        };
        let recorder = self.record(call, "voicemails", ChannelLayout::Mono, true);
        let stage = VoicemailStage::Recording { recorder, since: self.now.mono };
        self.set_flow(call, Flow::Voicemail(Voicemail { stage, ..voicemail }));
        let kept_from = self.plan.limits.voicemail_min;
        self.arm(Timer::VoicemailKept(call), kept_from);
        let longest = self.plan.queues.get(&voicemail.queue).map_or(MESSAGE_MAX, |queue| queue.voicemail_max);
        self.arm(Timer::VoicemailMax(call), longest.max(kept_from));
    }

    fn save_message(&mut self, call: CallId, voicemail: Voicemail) {
        let VoicemailStage::Recording { recorder, since } = voicemail.stage else { return };
        let length_ms = millis(self.now.mono - since);
        self.timers.cancel(&Timer::VoicemailKept(call));
        self.timers.cancel(&Timer::VoicemailMax(call));
        let stage = VoicemailStage::Saving { recorder, length_ms };
        self.set_flow(call, Flow::Voicemail(Voicemail { stage, ..voicemail }));
        self.stop_recorder(recorder, self.plan.limits.voicemail_min);
    }

    /// The message is safe, was too short or could not be written: the call is over.
    fn end_voicemail(&mut self, call: CallId, voicemail: Voicemail, path: String, finished: Finished) {
        let by_caller = Termination::new(Who::Caller, Reason::Normal);
        let why = match finished {
            Finished::Ready { duration_ms, .. } => {
                self.log_left(call, voicemail.queue, path, duration_ms);
                by_caller
            }
            Finished::Discarded => nothing_left(voicemail, by_caller),
            Finished::Failed if !voicemail.kept => nothing_left(voicemail, by_caller),
            Finished::Failed => Termination::system(Reason::MediaUnavailable),
        };
        let session = voicemail.party.and_then(|party| self.legs.get(&party)?.session);
        let synced = self.mark(Durability::Synced);
        if let Some(used) = session.and_then(|session| self.sessions.get_mut(&session)) {
            used.farewell = Some(synced);
        }
        self.set_flow(call, Flow::Over);
        self.end_call(call, why);
    }

    fn log_left(&mut self, call: CallId, queue: QueueId, path: String, duration_ms: u64) {
        if let Some(known) = self.calls.get_mut(&call) {
            known.voicemail_left = true;
        }
        self.log(call, CallEvent::VoicemailLeft { queue, path, duration_ms });
    }

    fn voicemail(&self, call: CallId) -> Option<Voicemail> {
        match self.calls.get(&call)?.flow {
            Flow::Voicemail(voicemail) => Some(voicemail),
            _ => None,
        }
    }
}

/// Without a message the call counts by what came before: a wait that was over, or a caller who gave up.
fn nothing_left(voicemail: Voicemail, why: Termination) -> Termination {
    match why.reason {
        Reason::Normal | Reason::Canceled if voicemail.after_wait => Termination::system(Reason::WaitOver),
        _ => why,
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// For a box whose queue is gone from the plan.
const MESSAGE_MAX: Duration = Duration::from_secs(180);
