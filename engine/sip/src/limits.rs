//! What the message layer reads at most. Every dimension of a message has its
//! bound, so that no peer decides how much memory or time a message costs.

/// Bytes of one message, head and body: what a UDP datagram can carry
/// (RFC 3261 18.1.1 asks for 65,535). Streams get the same bound, so a
/// connection can hold no more than a datagram.
pub const MAX_MESSAGE_BYTES: usize = 65_535;

/// Bytes of start line and headers together. The longest message of RFC 4475
/// has 3.5 KB; a PASSporT with its certificate link or a long History-Info
/// chain adds some KB, never half a datagram.
pub const MAX_HEAD_BYTES: usize = 32_768;

/// Bytes of one header line after unfolding: an Identity header (RFC 8224)
/// with a full PASSporT takes up to about 4 KB.
pub const MAX_LINE_BYTES: usize = 8_192;

/// Header lines of a message: 70 Via, as many Record-Route in the worst path,
/// and some fifty of the rest.
pub const MAX_HEADERS: usize = 200;

/// Via values: Max-Forwards starts at 70 (RFC 3261 8.1.1.6), so a longer path
/// is a loop.
pub const MAX_VIAS: usize = 70;

/// Values of one kind in comma lists (Contact, Route, Record-Route, Require
/// ...): as many as a path can have hops.
pub const MAX_LIST_VALUES: usize = 70;

/// Parameters of one URI or of one header value: far more than any phone sends, and
/// few enough to compare each with all others.
pub const MAX_PARAMS: usize = 32;

/// Bytes of one URI: the longest of RFC 4475 has 330; 414 beyond.
pub const MAX_URI_BYTES: usize = 2_048;

/// Bytes of a value that an error quotes: enough to find the place in a trace.
pub(crate) const MAX_QUOTED_BYTES: usize = 48;
