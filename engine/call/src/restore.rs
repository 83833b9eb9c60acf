//! After a crash: every dialog is ended, every call gets its one `Ended` (DESIGN section 6, Restart).

use journal_core::outcome::Reached;
use journal_core::{CallEvent, DialogIdentity, DialogSide, Entry};
use sip::ua::{DialogStage, DialogState, Peer, Transport};

use crate::contract::RestoredCall;
use crate::shard::Shard;
use crate::termination::{Reason, Termination};

impl Shard {
    pub(crate) fn restore(&mut self, calls: Vec<RestoredCall>) {
        let why = Termination::system(Reason::NodeRestart);
        for call in calls {
            for dialog in call.dialogs {
                let leg = dialog.leg;
                self.ua.end_restored(self.now.mono, &state(dialog), &why.header());
                self.journal(Entry::DialogOver { call: call.call, leg });
            }
            let (status, outcome) = why.verdict(Reached { conversation: call.answered, voicemail: false });
            self.log_as(call.call, call.next_seq, CallEvent::Ended { status, outcome, cause: why.cause() });
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
