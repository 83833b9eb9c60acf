//! One leg: a session with one party, and its media.

use std::collections::VecDeque;

use clock::{AgentId, CallId, LegId, TrunkId};
use journal_core::{LegKind, Who};
use sip::Message;
use sip::auth::ClientCredentials;
use sip::ua::{Peer, RequestToken, SessionId};

use crate::audio::Audio;
use crate::identity::Identity;
use crate::ids::RingId;

/// A leg of a call.
#[derive(Debug)]
pub(crate) struct Leg {
    pub(crate) id: LegId,
    pub(crate) call: CallId,
    pub(crate) kind: LegKind,
    pub(crate) side: Side,
    pub(crate) stage: Stage,
    /// The agent whose leg it is.
    pub(crate) agent: Option<AgentId>,
    /// The trunk that it runs over.
    pub(crate) trunk: Option<TrunkId>,
    /// Its INVITE session; none before our INVITE is sent.
    pub(crate) session: Option<SessionId>,
    /// The group that it rings in; none once it talks.
    pub(crate) ring: Option<RingId>,
    /// Where its INVITE went.
    pub(crate) peer: Option<Peer>,
    /// What to send once its ports are open.
    pub(crate) invite: Option<Invite>,
    /// What to send to the next target when this one fails before it rings.
    pub(crate) next: Option<Box<Invite>>,
    pub(crate) audio: Audio,
    /// The ACD was told that the agent is busy with it (or granted its claim).
    pub(crate) busy: bool,
    /// Our INVITE had a response, 100 included.
    pub(crate) tried: bool,
    /// It was connected to another party.
    pub(crate) talked: bool,
    /// The media worker watches its RTP; otherwise it is asked by OPTIONS. None before it is up.
    pub(crate) watched: Option<bool>,
    /// RTP of the party has come.
    pub(crate) heard: bool,
    /// The agent talks on another line, and his phone does not hold this one: we do.
    pub(crate) is_aside: bool,
    /// Where it is at home, if it stands: there it goes when its call is over.
    pub(crate) home: Option<CallId>,
    /// A REFER that came while the leg's claim is on its way: judged when it is granted.
    pub(crate) early_refer: Option<(RequestToken, Message)>,
}

/// Who sent the INVITE.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    /// The party called us.
    Server,
    /// We called the party.
    Client,
}

/// How far a leg has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Stage {
    /// The media worker is asked for ports.
    Opening,
    /// INVITE sent or received, no final response.
    Calling,
    /// The same, with a provisional response above 100.
    Ringing,
    /// Answered with 2xx.
    Up,
}

/// An INVITE that waits for the leg's ports.
#[derive(Clone, Debug)]
pub(crate) struct Invite {
    pub(crate) hop: Hop,
    /// Where to go when that fails, first choice first.
    pub(crate) others: VecDeque<Hop>,
    /// What the party sees of the caller.
    pub(crate) identity: Identity,
    /// Codecs to offer, best first.
    pub(crate) codecs: Vec<sdp::Codec>,
    /// What answers a challenge.
    pub(crate) login: Option<ClientCredentials>,
}

/// One place that an INVITE may go to.
#[derive(Clone, Debug)]
pub(crate) struct Hop {
    /// Request URI.
    pub(crate) uri: String,
    pub(crate) peer: Peer,
}

impl Invite {
    /// The same to the next place, if there is one.
    pub(crate) fn to_next(&self) -> Option<Self> {
        let mut others = self.others.clone();
        let hop = others.pop_front()?;
        Some(Self { hop, others, ..self.clone() })
    }
}

impl Leg {
    pub(crate) fn new(id: LegId, call: CallId, kind: LegKind, side: Side) -> Self {
        Self {
            id,
            call,
            kind,
            side,
            stage: Stage::Opening,
            agent: None,
            trunk: None,
            session: None,
            ring: None,
            peer: None,
            invite: None,
            next: None,
            audio: Audio::new(id.0),
            busy: false,
            tried: false,
            talked: false,
            watched: None,
            heard: false,
            is_aside: false,
            home: None,
            early_refer: None,
        }
    }

    pub(crate) fn is_up(&self) -> bool {
        self.stage == Stage::Up
    }

    /// The party behind the leg, as causes name it.
    pub(crate) fn who(&self) -> Who {
        match (self.kind, self.agent) {
            // Click-to-call: until he takes his phone, the agent is called.
            (LegKind::Caller, Some(_)) if self.side == Side::Client && !self.is_up() => Who::Agent,
            (LegKind::Caller, _) => Who::Caller,
            (LegKind::Agent, _) | (LegKind::Transfer, Some(_)) => Who::Agent,
            (LegKind::Callee | LegKind::Transfer, _) => Who::Callee,
        }
    }
}
