//! What commands of a user agent core take, and what its queries give.

use bytes::Bytes;

use super::Peer;
use crate::{Method, auth::ClientCredentials};

/// Headers to add to a message: names and values. Line breaks in values become spaces.
pub type Headers = Vec<(&'static str, String)>;

/// The body of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Body {
    /// Content-Type.
    pub content_type: &'static str,
    /// Its bytes.
    pub bytes: Bytes,
}

impl Body {
    /// A session description.
    #[must_use]
    pub fn sdp(bytes: impl Into<Bytes>) -> Self {
        Self { content_type: "application/sdp", bytes: bytes.into() }
    }
}

/// An INVITE to send with `Ua::invite`.
#[derive(Clone, Debug)]
pub struct InviteParams {
    /// Where to.
    pub peer: Peer,
    /// The peer's transport is prescribed: without it, a request of more than 1,300 bytes goes over TCP even
    /// though `peer` says UDP (RFC 3261 18.1.1).
    pub transport_fixed: bool,
    /// Request-URI.
    pub request_uri: String,
    /// From: a name-addr or URI without tag.
    pub from: String,
    /// To: a name-addr or URI without tag.
    pub to: String,
    /// Call-ID; a random one when none.
    pub call_id: Option<String>,
    /// The offer, if any.
    pub body: Option<Body>,
    /// More headers.
    pub headers: Headers,
    /// With what a 401 or 407 is answered, once a request.
    pub auth: Option<ClientCredentials>,
    /// Ask for provisional responses that arrive: `Supported: 100rel` (RFC 3262). Those that come are acknowledged
    /// either way.
    pub reliable: bool,
}

/// A request outside any session to send with `Ua::request` (REGISTER, OPTIONS, MESSAGE ...).
#[derive(Clone, Debug)]
pub struct RequestParams {
    /// The method; not INVITE, ACK or CANCEL.
    pub method: Method,
    /// Where to.
    pub peer: Peer,
    /// As in `InviteParams`.
    pub transport_fixed: bool,
    /// Request-URI.
    pub request_uri: String,
    /// From: a name-addr or URI, without tag.
    pub from: String,
    /// To: a name-addr or URI, without tag.
    pub to: String,
    /// Call-ID; a random one when none. The refreshes of one registration keep theirs.
    pub call_id: Option<String>,
    /// CSeq number; 1 when none.
    pub cseq: Option<u32>,
    /// Body, if any.
    pub body: Option<Body>,
    /// More headers; Contact among them where one is wanted.
    pub headers: Headers,
    /// With what a 401 or 407 is answered, once.
    pub auth: Option<ClientCredentials>,
}

/// Side and stage of a session's dialog.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DialogStage {
    /// We sent the INVITE; not answered yet: CANCEL ends it.
    ClientEarly,
    /// We sent the INVITE; confirmed: BYE ends it.
    ClientConfirmed,
    /// We received the INVITE; no final response sent: 503 ends it.
    ServerEarly,
    /// We received the INVITE and sent a 2xx: BYE ends it.
    ServerConfirmed,
}

/// What it takes to end a session's dialog after a crash (DESIGN section 6, Restart).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DialogState {
    /// Side and stage.
    pub stage: DialogStage,
    /// Call-ID.
    pub call_id: String,
    /// Our From or To value, with tag.
    pub local: String,
    /// The peer's From or To value, with its tag where known.
    pub remote: String,
    /// Remote target; Request-URI of an unanswered INVITE of ours.
    pub target: String,
    /// Route set, in the order to send.
    pub routes: Vec<String>,
    /// CSeq of the INVITE.
    pub invite_cseq: u32,
    /// CSeq of our last request in the dialog.
    pub local_cseq: u32,
    /// Branch of our unanswered INVITE; else empty.
    pub branch: String,
    /// Via values of an unanswered inbound INVITE, in order; else empty.
    pub vias: Vec<String>,
    /// Where requests of this dialog go, or the response to the INVITE.
    pub peer: Peer,
}

/// What lives in a core: for tests that nothing is left behind, and for metrics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// INVITE sessions.
    pub sessions: usize,
    /// Dialogs of them, early ones included.
    pub dialogs: usize,
    /// Client transactions.
    pub client_transactions: usize,
    /// Server transactions.
    pub server_transactions: usize,
    /// Requests that wait for `respond`.
    pub waiting_requests: usize,
    /// Armed timers.
    pub timers: usize,
}
