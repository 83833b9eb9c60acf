//! What an offer and its answer agree on.

use std::net::{IpAddr, SocketAddr};

use crate::codec::Formats;
use crate::{AudioFormat, Direction, Media, Refusal, Session};

/// What media needs to know of an agreed audio stream, seen from our side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Negotiated {
    /// Where RTP goes; the unspecified address with old-style hold, when nothing may be sent.
    pub remote_rtp: SocketAddr,
    /// Where RTCP goes: the port above, or what a=rtcp says (RFC 3605).
    pub remote_rtcp: SocketAddr,
    /// They would put RTCP on the RTP port (RFC 5761); we never agree to it,
    /// but are not surprised by it.
    pub rtcp_mux_seen: bool,
    /// What we send, the first codec of the answer.
    pub send: AudioFormat,
    /// What they may send to us, `receive[0]` most likely.
    pub receive: Vec<AudioFormat>,
    /// Payload type of keys that we send.
    pub dtmf_send: Option<u8>,
    /// Payload type of keys that they send.
    pub dtmf_receive: Option<u8>,
    /// Milliseconds of audio in a packet that they want, 10 to 60; 20 unless stated.
    pub ptime_ms: u32,
    /// What they said: `sends()` tells whether they send.
    pub remote: Direction,
    /// What holds for us: `sends()` tells whether we send, `receives()` whether to expect media.
    pub local: Direction,
    /// They put us on hold: they want no media from us.
    pub held: bool,
}

/// The audio line of the other side and what it says.
pub(crate) struct Remote<'a> {
    pub(crate) media: &'a Media,
    pub(crate) formats: Formats,
    pub(crate) rtp: SocketAddr,
    pub(crate) rtcp: SocketAddr,
    pub(crate) direction: Direction,
}

impl<'a> Remote<'a> {
    /// Reads an audio line whose port is not 0. `ours` is our media address:
    /// theirs must be of its family.
    pub(crate) fn read(session: &'a Session, media: &'a Media, ours: IpAddr) -> Result<Self, Refusal> {
        let connection = session.connection_of(media).ok_or(Refusal::NoConnection)?;
        let refused = || Refusal::Address { address: connection.to_string() };
        let ip = connection.address.ip().ok_or_else(refused)?;
        let same_family = ip.is_ipv4() == ours.to_canonical().is_ipv4();
        if ip.is_multicast() || !(same_family || ip.is_unspecified()) {
            return Err(refused());
        }
        let rtcp = media.rtcp();
        let rtcp_ip = rtcp.as_ref().and_then(|r| r.address.as_ref()?.ip()).unwrap_or(ip);
        let rtcp_port = rtcp.map_or_else(|| media.port.checked_add(1).unwrap_or(media.port), |r| r.port);
        Ok(Self {
            media,
            formats: Formats::of(media),
            rtp: SocketAddr::new(ip, media.port),
            rtcp: SocketAddr::new(rtcp_ip, rtcp_port),
            direction: effective_direction(session.direction_of(media), ip),
        })
    }

    pub(crate) fn ptime_ms(&self) -> u32 {
        let wanted = self.media.ptime_ms().unwrap_or(DEFAULT_PTIME_MS);
        let most = self.media.maxptime_ms().unwrap_or(MAX_PTIME_MS);
        wanted.min(most).clamp(MIN_PTIME_MS, MAX_PTIME_MS)
    }
}

/// Whether a line is audio that we could take.
pub(crate) fn is_usable_audio(media: &Media) -> bool {
    media.kind.eq_ignore_ascii_case("audio") && media.protocol.eq_ignore_ascii_case("RTP/AVP") && media.port != 0
}

/// A connection address of zero is hold as RFC 2543 had it: they receive
/// nothing, whatever the attribute says (RFC 3264 8.4).
fn effective_direction(stated: Direction, ip: IpAddr) -> Direction {
    if ip.is_unspecified() { Direction::new(stated.sends(), false) } else { stated }
}

/// RFC 3551 4.2: 20 ms unless agreed otherwise; outside 10 to 60 ms no phone sends.
const DEFAULT_PTIME_MS: u32 = 20;
const MIN_PTIME_MS: u32 = 10;
const MAX_PTIME_MS: u32 = 60;
