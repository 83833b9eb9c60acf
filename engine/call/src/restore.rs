//! After a crash: every dialog is ended, every call gets its one `Ended` (DESIGN section 6, Restart).

use core::time::Duration;

use clock::CallId;
use journal_core::{CallEvent, DialogIdentity, DialogSide, Entry};
use sip::ua::{DialogStage, DialogState, Peer, Transport};

use crate::contract::{Effect, RestoredCall};
use crate::shard::{Shard, Timer};
use crate::termination::{Reason, Termination};

impl Shard {
    pub(crate) fn restore(&mut self, calls: Vec<RestoredCall>) {
        let why = Termination::system(Reason::NodeRestart);
        for call in calls {
            for dialog in call.dialogs {
                let leg = dialog.leg;
                self.own_restored(call.call, &dialog.sip_call_id);
                self.ua.end_restored(self.now.mono, &state(dialog), &why.header());
                self.journal(Entry::DialogOver { call: call.call, leg });
            }
            let (status, outcome) = why.verdict(call.reached);
            self.log_as(call.call, call.next_seq, CallEvent::Ended { status, outcome, cause: why.cause() });
        }
    }
}

impl Shard {
    /// Answers to what ends the dialog must find their way here.
    fn own_restored(&mut self, call: CallId, sip_call_id: &str) {
        self.effects.push_back(Effect::CallIdOwned { sip_call_id: sip_call_id.to_owned(), owned: true });
        self.restored.entry(call).or_default().push(sip_call_id.to_owned());
        self.arm(Timer::Restored(call), ENDS_WITHIN);
    }

    pub(crate) fn release_restored(&mut self, call: CallId) {
        for sip_call_id in self.restored.remove(&call).unwrap_or_default() {
            self.effects.push_back(Effect::CallIdOwned { sip_call_id, owned: false });
        }
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
