//! One end of a call, as carriers and phones know it.

use core::net::SocketAddr;
use core::time::Duration;

use clock::Instant;
use sip::Message;
use sip::ua::SessionId;

use crate::ctx::Line;

/// How far the call has come at this end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// INVITE sent or received.
    Calling,
    /// Answered.
    Up,
    /// This end hung up; the rest is signalling.
    Ending,
}

/// One end of a call.
#[derive(Debug)]
pub(crate) struct Party {
    pub(crate) stage: Stage,
    /// Since when nothing has changed at this end.
    pub(crate) since: Instant,
    pub(crate) rtp: SocketAddr,
    /// Number of the other side as this end knows it: for a carrier's call the caller's own.
    pub(crate) number: String,
    /// Whom the INVITE that it got was for, or that a carrier's caller sent.
    pub(crate) called: String,
    pub(crate) sip_call_id: String,
    /// This end sent the INVITE.
    pub(crate) outgoing: bool,
    /// The INVITE that it got.
    pub(crate) invite: Option<Message>,
    /// It holds the other, or asked to transfer it: what it hears says nothing.
    pub(crate) occupied: bool,
    /// The call on hold that this one is a consultation of.
    pub(crate) consults: Option<SessionId>,
    /// Who or what is at this end, where a campaign called it.
    pub(crate) line: Option<Called>,
}

/// Who or what a campaign called.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Called {
    /// What the line tells before the answer.
    pub(crate) early: Option<Line>,
    /// What is there then.
    pub(crate) answered: Line,
    /// How long it stays.
    pub(crate) stays: Duration,
}

impl Party {
    pub(crate) fn calling(now: Instant, rtp: SocketAddr, number: String, sip_call_id: String) -> Self {
        let stage = Stage::Calling;
        Self {
            stage,
            since: now,
            rtp,
            number,
            called: String::new(),
            sip_call_id,
            outgoing: true,
            invite: None,
            occupied: false,
            consults: None,
            line: None,
        }
    }

    pub(crate) fn called(now: Instant, rtp: SocketAddr, invite: Message) -> Self {
        let number = invite.from().ok().and_then(|from| from.uri.user().map(|user| user.into_owned()));
        let called = invite.to().ok().and_then(|to| to.uri.user().map(|user| user.into_owned()));
        let sip_call_id = invite.call_id().unwrap_or_default().to_owned();
        Self {
            stage: Stage::Calling,
            since: now,
            rtp,
            number: number.unwrap_or_default(),
            called: called.unwrap_or_default(),
            sip_call_id,
            outgoing: false,
            invite: Some(invite),
            occupied: false,
            consults: None,
            line: None,
        }
    }

    pub(crate) fn enter(&mut self, stage: Stage, now: Instant) {
        self.stage = stage;
        self.since = now;
    }
}
