//! Writing what happens to the journal: the journey of each call, and the
//! dialogs that a restart must end.

use clock::{CallId, LegId};
use journal_core::{CallEntry, CallEvent, DialogIdentity, DialogSide, Durability, Entry, Mark};
use sip::ua::{DialogStage, DialogState, SessionId, Transport};

use crate::call::Flow;
use crate::contract::Effect;
use crate::planted::Planted;
use crate::shard::Shard;

impl Shard {
    /// Appends to the journey of a live call. Of a call that is over nothing is written, nor of the home of a standing leg.
    pub(crate) fn log(&mut self, call: CallId, event: CallEvent) {
        let Some(known) = self.calls.get_mut(&call) else { return };
        if matches!(known.flow, Flow::Standing(_)) {
            return;
        }
        known.seq += 1;
        let (seq, at) = (known.seq, known.time_of(self.now));
        self.journal(Entry::Call(CallEntry { call, seq, at, event }));
    }

    /// Writes an entry of a call that is over, or from before a restart, with a sequence number that the caller keeps.
    pub(crate) fn log_as(&mut self, call: CallId, seq: u32, event: CallEvent) {
        let entry = Entry::Call(CallEntry { call, seq, at: self.now.wall, event });
        if matches!(&entry, Entry::Call(step) if matches!(step.event, CallEvent::Ended { .. }))
            && self.strikes(Planted::RecordTwice)
        {
            self.journal(entry.clone());
        }
        self.journal(entry);
    }

    /// Writes an entry; the shard's entries are numbered by these effects.
    pub(crate) fn journal(&mut self, entry: Entry) {
        self.journaled += 1;
        self.effects.push_back(Effect::Journal(entry));
    }

    /// Waits for all that has been written so far.
    pub(crate) fn mark(&self, durability: Durability) -> Mark {
        Mark { entry: self.journaled, durability }
    }

    /// Writes what it takes to end the leg's dialog after a crash, when it is new or changed.
    pub(crate) fn log_dialog(&mut self, call: CallId, leg: LegId, session: SessionId) {
        let call = self.legs.get(&leg).and_then(|leg| leg.home).unwrap_or(call);
        if let Some(state) = self.ua.dialog(session) {
            self.journal(Entry::Dialog(identity(call, leg, state).into()));
        }
    }
}

fn identity(call: CallId, leg: LegId, state: DialogState) -> DialogIdentity {
    DialogIdentity {
        call,
        leg,
        side: match state.stage {
            DialogStage::ClientEarly => DialogSide::ClientEarly,
            DialogStage::ClientConfirmed => DialogSide::ClientConfirmed,
            DialogStage::ServerEarly => DialogSide::ServerEarly,
            DialogStage::ServerConfirmed => DialogSide::ServerConfirmed,
        },
        sip_call_id: state.call_id,
        local: state.local,
        remote: state.remote,
        target: state.target,
        routes: state.routes,
        invite_cseq: state.invite_cseq,
        local_cseq: state.local_cseq,
        branch: state.branch,
        vias: state.vias,
        stream: state.peer.transport == Transport::Tcp,
        peer: state.peer.addr,
    }
}
