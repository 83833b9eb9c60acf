//! RTP packets (RFC 3550 5.1): a view over received bytes, the header that we
//! write, and the few fields that a relay changes in place.

use thiserror::Error;

/// Bytes of an RTP header without CSRCs and extension.
pub const HEADER_LEN: usize = 12;
/// Longest RTP datagram that is read: an Ethernet frame. G.711 needs 172 bytes
/// at 20 ms, so longer ones are nobody's telephone audio.
pub const MAX_PACKET_LEN: usize = 1_500;

/// The fixed header fields of one RTP packet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Header {
    /// First packet of a talk spurt, or of a digit (RFC 3551 4.1, RFC 4733 2.2).
    pub marker: bool,
    /// Payload type, 0 to 127.
    pub payload_type: u8,
    /// Sequence number, one more with each packet.
    pub sequence: u16,
    /// Sampling instant of the first sample, in units of the codec's clock.
    pub timestamp: u32,
    /// The stream's synchronisation source.
    pub ssrc: u32,
}

/// A received packet; the slices point into the datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packet<'a> {
    /// The fixed header.
    pub header: Header,
    /// Contributing sources, 4 bytes each, at most 15.
    pub csrc: &'a [u8],
    /// The header extension, if there is one (RFC 3550 5.3.1).
    pub extension: Option<Extension<'a>>,
    /// The payload without padding; may be empty.
    pub payload: &'a [u8],
    /// Bytes of padding behind the payload, the count byte included.
    pub padding: u8,
}

/// A header extension, uninterpreted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extension<'a> {
    /// The 16 bits "defined by profile", such as 0xBEDE (RFC 8285).
    pub profile: u16,
    /// Its content, a multiple of 4 bytes.
    pub data: &'a [u8],
}

/// Why bytes are no RTP packet.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum PacketError {
    /// The datagram ends before the header, CSRCs or extension do.
    #[error("RTP packet needs {needed} bytes and has {len}")]
    Short {
        /// Bytes that the header announces so far.
        needed: usize,
        /// Bytes that came.
        len: usize,
    },
    /// The datagram is longer than [`MAX_PACKET_LEN`].
    #[error("RTP packet of {len} bytes, at most {MAX_PACKET_LEN} are read")]
    Long {
        /// Bytes that came.
        len: usize,
    },
    /// The version is not 2.
    #[error("RTP version 2 expected, got {version}")]
    Version {
        /// The version that came.
        version: u8,
    },
    /// The padding count is 0 or reaches beyond the payload.
    #[error("RTP padding of {padding} bytes in {available} bytes of payload")]
    Padding {
        /// The count in the last byte.
        padding: u8,
        /// Bytes between header and end.
        available: usize,
    },
}

impl<'a> Packet<'a> {
    /// Reads one datagram (RFC 3550 5.1 and the checks of A.1 that need no state).
    ///
    /// # Errors
    /// [`PacketError`] when a length or the version does not fit.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, PacketError> {
        if bytes.len() > MAX_PACKET_LEN {
            return Err(PacketError::Long { len: bytes.len() });
        }
        let (fixed, rest) = bytes.split_first_chunk::<HEADER_LEN>().ok_or(short(HEADER_LEN, bytes))?;
        let version = fixed[0] >> 6;
        if version != 2 {
            return Err(PacketError::Version { version });
        }
        let csrc_len = usize::from(fixed[0] & 0x0f) * 4;
        let (csrc, rest) = rest.split_at_checked(csrc_len).ok_or(short(HEADER_LEN + csrc_len, bytes))?;
        let (extension, rest) = match fixed[0] & EXTENSION_BIT {
            0 => (None, rest),
            _ => split_extension(rest, bytes)?,
        };
        let (payload, padding) = match fixed[0] & PADDING_BIT {
            0 => (rest, 0),
            _ => split_padding(rest)?,
        };
        Ok(Self { header: Header::from_fixed(fixed), csrc, extension, payload, padding })
    }
}

impl Header {
    /// Writes the header to the start of `out` and returns the bytes used, or
    /// `None` when `out` is shorter than [`HEADER_LEN`]. The payload type is
    /// taken modulo 128.
    #[must_use]
    pub fn write(&self, out: &mut [u8]) -> Option<usize> {
        let fixed = out.first_chunk_mut::<HEADER_LEN>()?;
        fixed[0] = 2 << 6;
        fixed[1] = (u8::from(self.marker) << 7) | (self.payload_type & 0x7f);
        fixed[2..4].copy_from_slice(&self.sequence.to_be_bytes());
        fixed[4..8].copy_from_slice(&self.timestamp.to_be_bytes());
        fixed[8..12].copy_from_slice(&self.ssrc.to_be_bytes());
        Some(HEADER_LEN)
    }

    /// Puts these fields into a packet that [`Packet::parse`] accepted, and
    /// leaves CSRCs, extension, padding and payload as they are. Returns
    /// `false`, and changes nothing, when `packet` is shorter than a header.
    pub fn rewrite(&self, packet: &mut [u8]) -> bool {
        let Some(first) = packet.first().copied() else { return false };
        if self.write(packet).is_none() {
            return false;
        }
        packet[0] = first;
        true
    }

    fn from_fixed(fixed: &[u8; HEADER_LEN]) -> Self {
        let [_, second, s0, s1, t0, t1, t2, t3, i0, i1, i2, i3] = *fixed;
        Self {
            marker: second & 0x80 != 0,
            payload_type: second & 0x7f,
            sequence: u16::from_be_bytes([s0, s1]),
            timestamp: u32::from_be_bytes([t0, t1, t2, t3]),
            ssrc: u32::from_be_bytes([i0, i1, i2, i3]),
        }
    }
}

/// Whether a datagram on a shared port is RTCP: packet types 192 to 223 lie
/// where RTP would have a marker and payload types 64 to 95, which nobody
/// assigns there (RFC 5761 4).
#[must_use]
pub fn is_rtcp(bytes: &[u8]) -> bool {
    matches!(bytes, [first, 192..=223, ..] if first >> 6 == 2)
}

fn split_extension<'a>(rest: &'a [u8], all: &[u8]) -> Result<(Option<Extension<'a>>, &'a [u8]), PacketError> {
    let before = all.len() - rest.len();
    let (head, rest) = rest.split_first_chunk::<4>().ok_or(short(before + 4, all))?;
    let [p0, p1, l0, l1] = *head;
    let len = usize::from(u16::from_be_bytes([l0, l1])) * 4;
    let (data, rest) = rest.split_at_checked(len).ok_or(short(before + 4 + len, all))?;
    Ok((Some(Extension { profile: u16::from_be_bytes([p0, p1]), data }), rest))
}

fn split_padding(rest: &[u8]) -> Result<(&[u8], u8), PacketError> {
    let padding = rest.last().copied().unwrap_or(0);
    match rest.len().checked_sub(usize::from(padding)) {
        Some(len) if padding > 0 => Ok((&rest[..len], padding)),
        _ => Err(PacketError::Padding { padding, available: rest.len() }),
    }
}

fn short(needed: usize, bytes: &[u8]) -> PacketError {
    PacketError::Short { needed, len: bytes.len() }
}

const PADDING_BIT: u8 = 0x20;
const EXTENSION_BIT: u8 = 0x10;

#[cfg(test)]
mod tests;
