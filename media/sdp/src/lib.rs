//! SDP (RFC 8866) read and printed, and offer/answer (RFC 3264) for one
//! audio stream as pure functions.
//!
//! It never resolves a name, opens a port or keeps a state: descriptions come
//! in, descriptions and what was agreed go out. Own parts:
//! [`Session::parse`] and its `Display`, [`offer`], [`answer`], [`apply_answer`].

mod address;
mod answer;
mod attribute;
mod codec;
mod negotiated;
mod offer;
mod parse;
mod print;
mod refusal;
mod session;

pub use address::{Address, Connection};
pub use answer::{answer, apply_answer};
pub use attribute::{RtcpAttribute, RtpMap};
pub use codec::{AudioFormat, Codec};
pub use negotiated::Negotiated;
pub use offer::{Local, offer, versioned};
pub use parse::SdpError;
pub use refusal::Refusal;
pub use session::{Attribute, Direction, Media, Origin, Session};

/// The media type of a description in SIP bodies (RFC 8866 8.1).
pub const CONTENT_TYPE: &str = "application/sdp";
/// Longest description that is read. WebRTC offers with all candidates stay
/// below 10 KB; a larger one is not for a telephone.
pub const MAX_LEN: usize = 16 * 1024;
/// Longest line; the longest in use are fmtp and candidate lines of some 300 bytes.
pub const MAX_LINE_LEN: usize = 2 * 1024;
/// Most m= lines in a description: each costs a line in the answer.
pub const MAX_MEDIA: usize = 16;
/// Most a= lines of the session or of one m= line (ICE candidates are the most).
pub const MAX_ATTRIBUTES: usize = 256;
/// Most formats of one m= line: there are 128 payload types.
pub const MAX_FORMATS: usize = 128;
/// Most b= or t= lines in one section.
pub const MAX_REPEATED: usize = 16;
