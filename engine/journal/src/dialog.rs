//! What outlives a restart of a phone and of a dialog: bindings, and what it takes to end a dialog.

use clock::{AgentId, CallId, LegId, WallTime};
use core::net::SocketAddr;
use serde::{Deserialize, Serialize};

/// A registered contact (RFC 3261 10.3).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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
    /// Where it came from.
    pub source: SocketAddr,
    /// True for TCP and other streams: not restored after a restart.
    pub stream: bool,
}

/// On which side of the dialog's INVITE we are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum DialogSide {
    /// We sent the INVITE; not answered yet: CANCEL.
    ClientEarly,
    /// We sent the INVITE; confirmed: BYE.
    ClientConfirmed,
    /// We received the INVITE; no final response sent: 503.
    ServerEarly,
    /// We received the INVITE and sent a 2xx: BYE.
    ServerConfirmed,
}

/// What it takes to end a leg's dialog after a crash (DESIGN section 6, Restart).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DialogIdentity {
    /// The call.
    pub call: CallId,
    /// The leg.
    pub leg: LegId,
    /// Side and stage.
    pub side: DialogSide,
    /// Call-ID header.
    pub sip_call_id: String,
    /// Our From or To value with tag.
    pub local: String,
    /// The peer's From or To value, with tag where known.
    pub remote: String,
    /// Remote target (or request URI of an unanswered client INVITE).
    pub target: String,
    /// Route set in the order to send.
    pub routes: Vec<String>,
    /// CSeq of the INVITE, and of our last request.
    pub invite_cseq: u32,
    /// CSeq of our last request in the dialog.
    pub local_cseq: u32,
    /// Top Via branch of our unanswered INVITE (for CANCEL).
    pub branch: String,
    /// Via values of an unanswered inbound INVITE, in order (for the 503).
    pub vias: Vec<String>,
    /// Where requests of this dialog go, or the response to the INVITE.
    pub peer: SocketAddr,
    /// True when the peer was reached over a stream.
    pub stream: bool,
}
