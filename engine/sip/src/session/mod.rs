//! INVITE sessions (RFC 3261 13 to 15): from an INVITE to the end of the dialogs it made.
//!
//! Each file holds one part of what the user agent core does with a session.

mod ending;
mod inside;
mod lifetime;
mod refer;
mod reinvite;
mod reliable;
mod restored;
mod uac;
mod uas;
mod update;

use core::time::Duration;

use crate::{
    Message, Reason, Text,
    auth::ClientAuth,
    dialog::Dialog,
    transaction::TxId,
    ua::{DialogStage, DialogState, Peer},
};

pub(crate) use lifetime::{Lifetime, TIMER};
pub(crate) use refer::Notifications;
pub(crate) use reinvite::OwnReinvite;
pub(crate) use reliable::{RELIABLE, Reliable};

/// One INVITE session.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) stage: Stage,
    /// We sent the INVITE.
    pub(crate) is_client: bool,
    pub(crate) call_id: Text,
    /// Where requests of ours go.
    pub(crate) peer: Peer,
    /// The peer's own address is not where its messages come from (address translation): stay with `peer`.
    pub(crate) translated: bool,
    pub(crate) local_tag: Text,
    /// User part of our Contact.
    pub(crate) contact_user: Option<String>,
    /// Transaction of the first INVITE.
    pub(crate) invite: TxId,
    /// Client: once confirmed. Server: from the INVITE on.
    pub(crate) dialog: Option<Dialog>,
    /// Client: dialogs made by provisional responses.
    pub(crate) early: Vec<Dialog>,
    pub(crate) auth: Option<Box<ClientAuth>>,
    pub(crate) unacked: Option<Unacked>,
    pub(crate) own_reinvite: OwnReinvite,
    /// Transaction of the peer's re-INVITE that waits for an answer.
    pub(crate) peer_reinvite: Option<TxId>,
    pub(crate) notifications: Notifications,
    pub(crate) pinging: bool,
    /// How long it lives without a refresh.
    pub(crate) lifetime: Lifetime,
    /// Server: the INVITE requires reliable provisional responses. Client: one came.
    pub(crate) reliable: Option<Box<Reliable>>,
    /// Client: a 2xx that crosses our CANCEL is taken as any other.
    pub(crate) takes_late: bool,
    /// Server: the peer's CANCEL crossed our 2xx, so his BYE is on its way.
    pub(crate) late_cancel: bool,
    /// Server: why we send BYE if his does not come.
    pub(crate) late_bye: Option<Reason>,
}

/// Where a session stands.
#[derive(Debug)]
pub(crate) enum Stage {
    /// INVITE sent, no response yet: it cannot be cancelled (RFC 3261 9.1).
    Calling {
        /// To be cancelled as soon as it can.
        cancel: Option<Option<Reason>>,
    },
    /// INVITE sent, a provisional response came.
    Proceeding,
    /// CANCEL sent, final response awaited.
    Cancelling,
    /// INVITE received, no final response sent.
    Incoming,
    /// 2xx sent, its ACK awaited.
    Accepted {
        /// BYE to be sent once it may (RFC 3261 15).
        bye: Option<Option<Reason>>,
    },
    /// Both sides agree.
    Confirmed,
    /// BYE sent.
    Ending {
        /// It ended a 2xx that crossed our CANCEL.
        crossed: bool,
    },
}

/// A 2xx of ours that waits for its ACK (RFC 3261 13.3.1.4).
#[derive(Debug)]
pub(crate) struct Unacked {
    pub(crate) cseq: u32,
    pub(crate) response: Message,
    pub(crate) peer: Peer,
    pub(crate) interval: Duration,
}

impl Session {
    /// Confirmed, and no INVITE of either side is under way in it.
    pub(crate) fn is_at_rest(&self) -> bool {
        matches!(self.stage, Stage::Confirmed)
            && matches!(self.own_reinvite, OwnReinvite::None)
            && self.peer_reinvite.is_none()
            && self.unacked.is_none()
    }

    /// The dialog with the peer's tag, early or confirmed.
    pub(crate) fn dialog_of(&mut self, call_id: &str, remote_tag: Option<&str>) -> Option<&mut Dialog> {
        let local_tag = self.local_tag.clone();
        let all = self.dialog.iter_mut().chain(self.early.iter_mut());
        let mut ours = all.filter(|dialog| dialog.is_of(call_id, remote_tag, Some(&local_tag)));
        ours.next()
    }

    fn is_accepted(&self) -> bool {
        self.reliable.as_ref().is_some_and(|reliable| reliable.is_accepted())
    }

    pub(crate) fn dialog_count(&self) -> usize {
        self.early.len() + usize::from(self.dialog.is_some())
    }

    /// Stage and side, as far as a restart needs them.
    pub(crate) fn dialog_stage(&self) -> DialogStage {
        match self.stage {
            Stage::Calling { .. } | Stage::Proceeding | Stage::Cancelling => DialogStage::ClientEarly,
            // A 2xx that only waits for a PRACK will have gone out when this is read.
            Stage::Incoming if !self.is_accepted() => DialogStage::ServerEarly,
            _ if self.is_client => DialogStage::ClientConfirmed,
            _ => DialogStage::ServerConfirmed,
        }
    }

    /// The state of the dialog; `invite` is the request that made it and `source` where that came from, while they
    /// are known.
    pub(crate) fn dialog_state(&self, invite: Option<&Message>, source: Option<Peer>) -> Option<DialogState> {
        let stage = self.dialog_stage();
        let is_early = matches!(stage, DialogStage::ClientEarly | DialogStage::ServerEarly);
        let vias = invite.filter(|_| stage == DialogStage::ServerEarly).and_then(|invite| invite.vias().ok());
        let branch = invite.filter(|_| stage == DialogStage::ClientEarly).and_then(|invite| invite.top_via().ok());
        let invite_cseq = invite.and_then(|invite| invite.cseq().ok()).map_or(0, |(number, _)| number);
        let vias = vias.iter().flatten().map(|via| via.as_str().to_owned()).collect();
        let branch = branch.as_ref().and_then(|via| via.branch()).unwrap_or_default().to_owned();
        if self.is_client && is_early {
            let invite = invite?;
            return Some(DialogState {
                stage,
                call_id: self.call_id.to_string(),
                local: invite.from().ok()?.to_string(),
                remote: invite.to().ok()?.to_string(),
                target: invite.request_uri_text().to_owned(),
                routes: invite.routes().ok()?.iter().map(ToString::to_string).collect(),
                invite_cseq,
                local_cseq: invite_cseq,
                branch,
                vias,
                peer: self.peer,
            });
        }
        let dialog = self.dialog.as_ref()?;
        Some(DialogState {
            stage,
            call_id: self.call_id.to_string(),
            local: dialog.local.to_string(),
            remote: dialog.remote.to_string(),
            target: dialog.target.to_string(),
            routes: dialog.routes.iter().map(ToString::to_string).collect(),
            invite_cseq,
            local_cseq: dialog.local_cseq,
            branch,
            vias,
            peer: source.filter(|_| is_early).unwrap_or(self.peer),
        })
    }
}

/// Forks of one INVITE that are remembered: more early dialogs than any carrier makes; the next are not kept, their
/// responses still count.
pub(crate) const MAX_EARLY_DIALOGS: usize = 8;
