//! After a crash: every dialog is ended, every call gets its one `Ended` (DESIGN section 6, Restart). After a broken
//! assertion of the shard alone it is the same, and what the media worker runs is ended too (section 4).

use core::time::Duration;
use std::collections::BTreeMap;

use clock::{CallId, QueueId};
use journal_core::{CallEvent, DialogIdentity, DialogSide, Entry, outcome};
use media_graph::{Command, RecorderId};
use sip::ua::{DialogStage, DialogState, Peer, Transport};

use crate::call::Recording;
use crate::contract::Effect;
use crate::lost::{Lost, LostRecording, RestoredCall};
use crate::recording::{FINISH_MAX, Finished};
use crate::shard::{Shard, Timer};
use crate::termination::{Reason, Termination};

/// A call whose end waits for its message.
#[derive(Debug)]
pub(crate) struct Awaiting {
    call: RestoredCall,
    queue: QueueId,
    path: String,
}

impl Shard {
    pub(crate) fn restore(&mut self, calls: Vec<RestoredCall>) {
        let why = Termination::system(Reason::NodeRestart);
        for mut call in calls {
            self.end_dialogs(&mut call, &why);
            self.end_restored(&call, &why);
        }
    }

    /// What this shard held before it broke. A message that is still being written decides how its call ends, which
    /// is then said when the media worker has it.
    pub(crate) fn recover(&mut self, lost: Lost) {
        let why = Termination::system(Reason::ShardRestart);
        for leg in lost.ports {
            self.ports.insert(leg);
            self.media(Command::Close { leg });
        }
        for player in lost.players {
            self.media(Command::StopPlay { player });
        }
        let (messages, recordings): (Vec<_>, Vec<_>) =
            lost.recordings.into_iter().partition(|one| one.message.is_some());
        let mut messages: BTreeMap<CallId, LostRecording> = messages.into_iter().map(|one| (one.call, one)).collect();
        let mut ended: BTreeMap<CallId, u32> = BTreeMap::new();
        for mut call in lost.calls {
            self.end_dialogs(&mut call, &why);
            if let Some(message) = messages.remove(&call.call) {
                self.await_message(message, call);
            } else {
                self.end_restored(&call, &why);
                ended.insert(call.call, call.next_seq.saturating_add(1));
            }
        }
        for one in recordings {
            let next_seq = ended.get(&one.call).copied().unwrap_or(one.next_seq);
            self.finish_recording(one, next_seq);
        }
    }

    /// A message of a lost call is on the disk, was too short, or could not be written: now the call ends.
    pub(crate) fn lost_message_finished(&mut self, recorder: RecorderId, awaiting: Awaiting, finished: Finished) {
        self.timers.cancel(&Timer::Recorder(recorder));
        let Awaiting { mut call, queue, path } = awaiting;
        if let Finished::Ready { duration_ms, .. } = finished {
            self.log_as(call.call, call.next_seq, CallEvent::VoicemailLeft { queue, path, duration_ms });
            call.next_seq = call.next_seq.saturating_add(1);
            call.reached.voicemail |= duration_ms >= outcome::SHORTEST_VOICEMAIL_MS;
        }
        self.end_restored(&call, &Termination::system(Reason::ShardRestart));
    }

    pub(crate) fn release_restored(&mut self, call: CallId) {
        for sip_call_id in self.restored.remove(&call).unwrap_or_default() {
            self.effects.push_back(Effect::CallIdOwned { sip_call_id, owned: false });
        }
    }

    fn end_dialogs(&mut self, call: &mut RestoredCall, why: &Termination) {
        for dialog in core::mem::take(&mut call.dialogs) {
            let leg = dialog.leg;
            self.own_restored(call.call, &dialog.sip_call_id);
            self.ua.end_restored(self.now.mono, &state(dialog), &why.header());
            self.journal(Entry::DialogOver { call: call.call, leg });
        }
    }

    fn end_restored(&mut self, call: &RestoredCall, why: &Termination) {
        if !call.has_record {
            return;
        }
        let (status, outcome) = why.verdict(call.reached);
        self.log_as(call.call, call.next_seq, CallEvent::Ended { status, outcome, cause: why.cause() });
    }

    fn await_message(&mut self, message: LostRecording, call: RestoredCall) {
        let LostRecording { recorder, path, message, stopping, .. } = message;
        let Some(queue) = message else { return };
        if !stopping {
            self.media(Command::StopRecord { recorder, least: self.plan.limits.voicemail_min });
        }
        self.arm(Timer::Recorder(recorder), FINISH_MAX);
        self.awaiting.insert(recorder, Awaiting { call, queue, path });
    }

    fn finish_recording(&mut self, one: LostRecording, next_seq: u32) {
        let LostRecording { recorder, call, path, stopping, .. } = one;
        let next_seq = Some(next_seq);
        let recording = Recording { call, next_seq, path, voicemail: false, paused: false, stopping };
        self.recordings.insert(recorder, recording);
        if stopping {
            self.arm(Timer::Recorder(recorder), FINISH_MAX);
        } else {
            self.stop_recorder(recorder, Duration::ZERO);
        }
    }

    /// Answers to what ends the dialog must find their way here.
    fn own_restored(&mut self, call: CallId, sip_call_id: &str) {
        self.effects.push_back(Effect::CallIdOwned { sip_call_id: sip_call_id.to_owned(), owned: true });
        self.restored.entry(call).or_default().push(sip_call_id.to_owned());
        self.arm(Timer::Restored(call), ENDS_WITHIN);
    }
}

fn state(dialog: DialogIdentity) -> DialogState {
    DialogState {
        stage: match dialog.side {
            DialogSide::ClientEarly => DialogStage::ClientEarly,
            DialogSide::ClientConfirmed => DialogStage::ClientConfirmed,
            DialogSide::ServerEarly => DialogStage::ServerEarly,
            DialogSide::ServerConfirmed => DialogStage::ServerConfirmed,
        },
        call_id: dialog.sip_call_id,
        local: dialog.local,
        remote: dialog.remote,
        target: dialog.target,
        routes: dialog.routes,
        invite_cseq: dialog.invite_cseq,
        local_cseq: dialog.local_cseq,
        branch: dialog.branch,
        vias: dialog.vias,
        peer: Peer {
            transport: if dialog.stream { Transport::Tcp } else { Transport::Udp },
            addr: dialog.peer,
            flow: None,
        },
    }
}

/// CANCEL, its 2xx that crosses, and the BYE of that: twice 64*T1.
const ENDS_WITHIN: Duration = Duration::from_secs(64);
