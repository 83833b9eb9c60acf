//! What the user agent core is told, and what it wants done.
//!
//! One `Ua` holds the transactions, dialogs and INVITE sessions of one owner (a
//! call shard, the location task, a simulated phone). Commands are methods of
//! `Ua`; what comes out is drained with `poll_output` before the next input.

use core::net::SocketAddr;

use bytes::Bytes;
use clock::FlowId;

use crate::Message;

/// Transport of a flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Transport {
    /// Datagrams: retransmission is ours.
    Udp,
    /// A stream: retransmission is the transport's.
    Tcp,
}

/// Where a message came from, or goes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Peer {
    /// Transport.
    pub transport: Transport,
    /// Address of the peer.
    pub addr: SocketAddr,
    /// The connection or listener, where one is known; `None` lets the shell choose or connect.
    pub flow: Option<FlowId>,
}

/// One INVITE session: the dialog(s) made by one INVITE, from it to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId(pub u64);

/// One request outside our own sessions' control that waits for `Ua::respond`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestToken(pub u64);

/// One request that we sent with `Ua::request`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClientRequestId(pub u64);

/// What a transmitted message is, for gates and metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sent {
    /// A request, first time.
    Request {
        /// The session it belongs to, if one.
        session: Option<SessionId>,
    },
    /// A response to an INVITE that made a session.
    InviteResponse {
        /// The session.
        session: SessionId,
        /// Its status.
        status: u16,
    },
    /// Any other response.
    Response {
        /// Its status.
        status: u16,
    },
    /// Something sent before, again.
    Retransmission {
        /// The session it belongs to, if one.
        session: Option<SessionId>,
        /// Status, if it is a response.
        status: Option<u16>,
    },
}

/// What comes out of the core.
#[derive(Debug)]
pub enum Output {
    /// Send these bytes.
    Transmit {
        /// Where.
        peer: Peer,
        /// The message.
        bytes: Bytes,
        /// What it is.
        sent: Sent,
    },
    /// Something happened that the owner decides about.
    Event(Event),
}

/// What happened.
#[derive(Debug)]
pub enum Event {
    /// A new INVITE outside any dialog that passed syntax, scheme, method and Require (DESIGN section 7). A 100
    /// is sent by the core. Ends with `Ended`.
    Invite {
        /// The new session.
        session: SessionId,
        /// The INVITE.
        request: Message,
        /// Where it came from.
        peer: Peer,
    },
    /// The caller cancelled before our final response; 200 and 487 are sent. `Ended` follows.
    Cancelled {
        /// The session.
        session: SessionId,
        /// Value of the Reason header, if any.
        reason: Option<String>,
    },
    /// A CANCEL that crossed our 2xx, before the ACK of it. It ends nothing (RFC 3261 9.2), but the caller has given up.
    CancelledTooLate {
        /// The session.
        session: SessionId,
    },
    /// The ACK of our 2xx (of the INVITE, or of a re-INVITE) arrived.
    Acked {
        /// The session.
        session: SessionId,
        /// Body (the answer, when our 2xx carried the offer).
        body: Bytes,
    },
    /// Our INVITE was challenged and went out again with credentials: its branch and CSeq are new
    /// (RFC 3261 22.2).
    Reissued {
        /// The session.
        session: SessionId,
    },
    /// 100 to our INVITE, as the first response: somebody works on it.
    Trying {
        /// The session.
        session: SessionId,
    },
    /// A provisional response above 100 to our INVITE.
    Progress {
        /// The session.
        session: SessionId,
        /// The response.
        response: Message,
    },
    /// A 2xx to our INVITE; the ACK is sent. Further 2xx of other forks are ACKed and ended with BYE by the core.
    Answered {
        /// The session.
        session: SessionId,
        /// The response.
        response: Message,
    },
    /// The peer wants to change the session (re-INVITE, or UPDATE with an offer). Answer with `answer_reinvite`.
    Reinvite {
        /// The session.
        session: SessionId,
        /// The request; its body is the offer (may be empty).
        request: Message,
    },
    /// The final response to our re-INVITE (after 491, the core has tried again first: RFC 3261 14.1).
    ReinviteDone {
        /// The session.
        session: SessionId,
        /// The response; `None` for time-out.
        response: Option<Message>,
    },
    /// The session is to be refreshed by a re-INVITE that repeats our description as it stands (RFC 4028 7.4): call
    /// `reinvite`. If nothing refreshes it, it ends with `Gone`.
    RefreshDue {
        /// The session.
        session: SessionId,
    },
    /// A REFER inside the session. Answer with `respond` (202), then `notify_refer`.
    Refer {
        /// The session.
        session: SessionId,
        /// To answer with.
        token: RequestToken,
        /// The request.
        request: Message,
    },
    /// The final response to our `refer`; `None` for time-out.
    ReferDone {
        /// The session.
        session: SessionId,
        /// The response; a 2xx means that `Notify` events follow.
        response: Option<Message>,
    },
    /// A NOTIFY about our `refer`: its body is a sipfrag; 200 is sent by the core.
    Notify {
        /// The session.
        session: SessionId,
        /// The request.
        request: Message,
    },
    /// INFO inside the session (DTMF relay); 200 is sent by the core.
    Info {
        /// The session.
        session: SessionId,
        /// The request.
        request: Message,
    },
    /// The peer of a `ping` is alive, or (no response, 408, 481) is not.
    PingDone {
        /// The session.
        session: SessionId,
        /// It answered.
        alive: bool,
    },
    /// The session is over; nothing of it remains in the core. Exactly one a session.
    Ended {
        /// The session.
        session: SessionId,
        /// How.
        how: SessionEnd,
    },
    /// A request outside sessions (REGISTER, OPTIONS, MESSAGE ...) that passed the checks. Answer with `respond`.
    Request {
        /// To answer with.
        token: RequestToken,
        /// The request.
        request: Message,
        /// Where it came from.
        peer: Peer,
    },
    /// What was given to `receive_stateless` passed the checks. Answer with `answer_stateless`, or not at all.
    Stateless {
        /// The request.
        request: Message,
        /// Where it came from.
        peer: Peer,
    },
    /// A response to our `request`; provisional ones too. After a final one, or `None` for time-out, the id is gone.
    Response {
        /// Which request.
        id: ClientRequestId,
        /// The response; `None` for time-out or transport failure.
        response: Option<Message>,
    },
    /// Something was refused or dropped by the core itself: for `trunkline_drops_total{reason}`.
    Dropped {
        /// Stable word.
        reason: &'static str,
    },
}

/// How a session ended.
#[derive(Debug)]
pub enum SessionEnd {
    /// The peer sent BYE.
    ByePeer {
        /// Value of the Reason header, if any.
        reason: Option<String>,
    },
    /// We sent BYE (and it was answered or given up).
    ByeLocal,
    /// The caller cancelled.
    CancelledByPeer,
    /// We refused the INVITE with this status.
    Refused {
        /// The status.
        status: u16,
    },
    /// We refused the INVITE with this status in place of a response that never left.
    Withdrawn {
        /// The status.
        status: u16,
    },
    /// Our INVITE got this final response.
    Rejected {
        /// The response.
        response: Message,
    },
    /// We cancelled our INVITE, and it is over (487, another final response, or a crossing 2xx ended by ACK and BYE).
    CancelledLocal {
        /// A 2xx crossed our CANCEL.
        crossed: bool,
    },
    /// Nobody answered our INVITE (Timer B, or 64*T1 after CANCEL).
    TimedOut,
    /// No ACK for our 2xx within 64*T1 (RFC 3261 13.3.1.4): BYE was sent. Or no PRACK for our reliable provisional
    /// response (RFC 3262 3): 504 was sent.
    NoAck,
    /// The transport failed.
    TransportFailed,
    /// The peer does not know the dialog any more (481 or 408 to a request inside it), or did not refresh the session
    /// (RFC 4028 10).
    Gone,
}
