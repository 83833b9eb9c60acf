//! What location is told, and what it wants done.
//!
//! Location owns registrations (DESIGN section 4). It answers REGISTER, OPTIONS
//! and everything else outside calls; what becomes of a binding is said in
//! plain values, because this crate knows no journal.

use core::net::{IpAddr, SocketAddr};

use bytes::Bytes;
use clock::{AgentId, FlowId, RequestId, WallTime};

use super::{Ban, Silence};
use crate::digest::AlgorithmChoice;
use crate::ua::Peer;
use crate::{Message, ParseError};

/// Call-IDs of location's own requests (probes) begin so, for the reader to tell their responses from a shard's.
pub const PROBE_CALL_ID_PREFIX: &str = "location-";

/// One user who may register.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// The agent.
    pub agent: AgentId,
    /// User part of his AOR, and digest user name.
    pub extension: String,
    /// MD5 of `extension:realm:password` in hex.
    pub ha1_md5: String,
    /// SHA-256 of the same in hex.
    pub ha1_sha256: String,
    /// The digest algorithms that his phone is asked for.
    pub algorithms: AlgorithmChoice,
    /// Contacts at a time; at 1 a new one replaces the former.
    pub contacts_max: usize,
}

/// A bound contact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding {
    /// The agent whose phone it is.
    pub agent: AgentId,
    /// Contact URI as registered.
    pub contact: String,
    /// Call-ID of the registration.
    pub call_id: String,
    /// Its last CSeq.
    pub cseq: u32,
    /// When it ends.
    pub expires_at: WallTime,
    /// Where it came from, and where requests go.
    pub source: SocketAddr,
    /// Over a stream: gone with its connection, not restored after a restart.
    pub stream: bool,
}

/// A way to a phone, for a shard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contact {
    /// Contact URI: request URI of an INVITE.
    pub uri: String,
    /// Where to send it.
    pub peer: Peer,
}

/// What happens to location.
#[derive(Clone, Debug)]
pub enum Input {
    /// Who may register, the SIP domain (and realm), own hosts, and addresses that are trunks'.
    Configure {
        /// SIP domain.
        domain: String,
        /// Further hosts that mean us.
        own_hosts: Vec<String>,
        /// Users.
        users: Vec<User>,
        /// Never banned, need no digest.
        trunks: Vec<IpAddr>,
    },
    /// Bindings from before a restart: UDP ones are taken back and probed with OPTIONS.
    Restore(Vec<Binding>),
    /// Bindings that a location which broke an assertion held a moment ago, with the ways it told for them: nobody was
    /// away, so none is probed, and those over streams stay, as `FlowGone` would have said that their connection ended.
    Resume {
        /// The bindings.
        bindings: Vec<(Binding, Option<Peer>)>,
        /// The bans that stood.
        bans: Vec<Ban>,
    },
    /// A message.
    Received {
        /// Where it came from.
        peer: Peer,
        /// The message.
        message: Message,
    },
    /// Bytes that are no message but may be answered.
    ReceivedBad {
        /// Where they came from.
        peer: Peer,
        /// What is wrong.
        error: ParseError,
    },
    /// Sending to the peer failed.
    TransportFailed {
        /// The peer.
        peer: Peer,
    },
    /// A connection is gone, and with it the bindings made over it.
    FlowGone(FlowId),
    /// From a shard: an INVITE from here had a wrong password or an unknown user.
    AuthFailed {
        /// Where it came from.
        address: IpAddr,
        /// User name of its credentials.
        user: String,
    },
    /// The ACD wants to know whether an agent's phone is still there. A change is told by `Effect::Answers`; without one
    /// nothing is said.
    Probe {
        /// The agent.
        agent: AgentId,
    },
    /// An operator lifts a ban.
    Release {
        /// Whom to answer, by `Effect::BanLifted`.
        request: RequestId,
        /// Its number.
        ban: u64,
    },
}

/// What location wants done.
#[derive(Debug)]
pub enum Effect {
    /// Send.
    Transmit {
        /// Where.
        peer: Peer,
        /// What.
        bytes: Bytes,
        /// It was sent before: a retransmission.
        again: bool,
        /// It tells a phone that its bindings are kept: not before those told so far (`BindingSet`) are.
        binds: bool,
    },
    /// A contact was bound or refreshed (to the journal).
    BindingSet(Binding),
    /// A contact is gone (to the journal).
    BindingRemoved {
        /// The agent.
        agent: AgentId,
        /// Contact URI.
        contact: String,
    },
    /// All contacts of an agent now, best first (to every shard, and whether there is one to the ACD).
    Contacts {
        /// The agent.
        agent: AgentId,
        /// His contacts.
        contacts: Vec<Contact>,
    },
    /// An agent's phone leaves probes without an answer, or answers again (to the ACD).
    Answers {
        /// The agent.
        agent: AgentId,
        /// It answers, or has just registered.
        answers: bool,
    },
    /// To every shard: who gets no answer from now.
    Silenced(Silence),
    /// To every shard: a silence ends before its time.
    Released {
        /// At this address.
        address: IpAddr,
        /// Of this user; of everyone when none.
        user: Option<String>,
    },
    /// The answer to `Input::Release`.
    BanLifted {
        /// Whom to answer.
        request: RequestId,
        /// The ban as it was; `None` when there is no such one.
        lifted: Option<Ban>,
    },
    /// Something was refused or dropped: for `trunkline_drops_total{reason}`.
    Dropped {
        /// Stable word.
        reason: &'static str,
    },
}
