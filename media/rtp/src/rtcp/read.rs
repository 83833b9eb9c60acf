//! Reading compound packets. The whole datagram is checked first, so a reader
//! acts on all of it or on nothing (RFC 3550 A.2).

use super::{
    BLOCK_LEN, BYE, NtpTime, Packet, RECEIVER_REPORT, ReportBlock, RtcpError, SDES_CNAME, SENDER_INFO_LEN,
    SENDER_REPORT, SOURCE_DESCRIPTION, SenderInfo,
};

/// Checks a datagram and returns its packets.
///
/// # Errors
/// [`RtcpError`] at the first packet that does not fit.
pub fn parse(bytes: &[u8]) -> Result<Packets<'_>, RtcpError> {
    let mut at = 0;
    loop {
        let packet = Raw::split(bytes, at)?;
        if at == 0 && !matches!(packet.packet_type, SENDER_REPORT | RECEIVER_REPORT) {
            return Err(RtcpError::FirstNotReport { packet_type: packet.packet_type });
        }
        packet.read()?;
        at = packet.end;
        if at == bytes.len() {
            return Ok(Packets { bytes, at: 0 });
        }
    }
}

/// The packets of a compound packet that [`parse`] accepted.
#[derive(Clone, Debug)]
pub struct Packets<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Iterator for Packets<'a> {
    type Item = Packet<'a>;

    fn next(&mut self) -> Option<Packet<'a>> {
        if self.at >= self.bytes.len() {
            return None;
        }
        let raw = Raw::split(self.bytes, self.at).ok()?;
        self.at = raw.end;
        raw.read().ok()
    }
}

/// The report blocks of one SR or RR.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReportBlocks<'a>(&'a [u8]);

impl ReportBlocks<'_> {
    /// The blocks in order; at most [`super::MAX_REPORT_BLOCKS`].
    pub fn iter(&self) -> impl Iterator<Item = ReportBlock> + '_ {
        self.0.as_chunks::<BLOCK_LEN>().0.iter().map(read_block)
    }

    /// The block about one stream.
    #[must_use]
    pub fn about(&self, ssrc: u32) -> Option<ReportBlock> {
        self.iter().find(|block| block.ssrc == ssrc)
    }
}

/// One packet by its common header, before its content is looked at.
struct Raw<'a> {
    packet_type: u8,
    count: usize,
    body: &'a [u8],
    at: usize,
    end: usize,
}

impl<'a> Raw<'a> {
    fn split(bytes: &'a [u8], at: usize) -> Result<Self, RtcpError> {
        let rest = bytes.get(at..).unwrap_or_default();
        let too_short = |needed| RtcpError::Length { at, needed, len: rest.len() };
        let ([first, packet_type, l0, l1], _) = rest.split_first_chunk::<4>().ok_or(too_short(4))?;
        if first >> 6 != 2 {
            return Err(RtcpError::Version { version: first >> 6, at });
        }
        let len = (usize::from(u16::from_be_bytes([*l0, *l1])) + 1) * 4;
        let body = rest.get(4..len).ok_or(too_short(len))?;
        let body = match first & 0x20 {
            0 => body,
            _ => without_padding(body, at, at + len == bytes.len())?,
        };
        Ok(Self { packet_type: *packet_type, count: usize::from(first & 0x1f), body, at, end: at + len })
    }

    fn read(&self) -> Result<Packet<'a>, RtcpError> {
        match self.packet_type {
            SENDER_REPORT => self.sender_report(),
            RECEIVER_REPORT => {
                let blocks_end = 4 + self.count * BLOCK_LEN;
                let blocks = ReportBlocks(self.slice(4, blocks_end)?);
                Ok(Packet::ReceiverReport { ssrc: word(self.body, 0), blocks })
            }
            SOURCE_DESCRIPTION => self.source_description(),
            BYE => self.bye(),
            packet_type => Ok(Packet::Other { packet_type }),
        }
    }

    fn sender_report(&self) -> Result<Packet<'a>, RtcpError> {
        let blocks_at = 4 + SENDER_INFO_LEN;
        let blocks = ReportBlocks(self.slice(blocks_at, blocks_at + self.count * BLOCK_LEN)?);
        let ntp = NtpTime((u64::from(word(self.body, 4)) << 32) | u64::from(word(self.body, 8)));
        let info = SenderInfo {
            ntp,
            rtp_timestamp: word(self.body, 12),
            packets: word(self.body, 16),
            bytes: word(self.body, 20),
        };
        Ok(Packet::SenderReport { ssrc: word(self.body, 0), info, blocks })
    }

    /// Walks chunks and items (RFC 3550 6.5): items end with a zero byte, and
    /// the chunk is then padded to the next word.
    fn source_description(&self) -> Result<Packet<'a>, RtcpError> {
        let mut cname = None;
        let mut at = 0;
        for _ in 0..self.count {
            self.slice(at, at + 4)?;
            let ssrc = word(self.body, at);
            at += 4;
            while self.slice(at, at + 1)?[0] != 0 {
                let [kind, len] = [self.slice(at, at + 1)?[0], self.slice(at + 1, at + 2)?[0]];
                let text = self.slice(at + 2, at + 2 + usize::from(len))?;
                if kind == SDES_CNAME && cname.is_none() {
                    cname = Some((ssrc, text));
                }
                at += 2 + usize::from(len);
            }
            at = (at / 4 + 1) * 4;
        }
        Ok(Packet::SourceDescription { cname })
    }

    fn bye(&self) -> Result<Packet<'a>, RtcpError> {
        let sources = self.slice(0, self.count * 4)?;
        let rest = self.body.get(sources.len()..).unwrap_or_default();
        let reason = match rest.split_first() {
            None => None,
            Some((len, _)) => Some(self.slice(sources.len() + 1, sources.len() + 1 + usize::from(*len))?),
        };
        Ok(Packet::Bye { sources, reason })
    }

    fn slice(&self, from: usize, to: usize) -> Result<&'a [u8], RtcpError> {
        self.body.get(from..to).ok_or(RtcpError::Length { at: self.at, needed: to + 4, len: self.body.len() + 4 })
    }
}

/// Padding is allowed in the last packet only (RFC 3550 6.4.1). It should be a
/// multiple of four; WebRTC stacks count the filler of a BYE reason, which is not.
fn without_padding(body: &[u8], at: usize, last: bool) -> Result<&[u8], RtcpError> {
    let padding = body.last().copied().unwrap_or(0);
    let fits = last && padding > 0;
    match body.len().checked_sub(usize::from(padding)) {
        Some(len) if fits => Ok(&body[..len]),
        _ => Err(RtcpError::Padding { at, padding }),
    }
}

fn read_block(bytes: &[u8; BLOCK_LEN]) -> ReportBlock {
    let lost = word(bytes, 4);
    ReportBlock {
        ssrc: word(bytes, 0),
        fraction_lost: (lost >> 24) as u8,
        // 24 bits with sign, moved up and back to extend it.
        cumulative_lost: ((lost << 8) as i32) >> 8,
        highest_sequence: word(bytes, 8),
        jitter: word(bytes, 12),
        last_sr: word(bytes, 16),
        delay_since_last_sr: word(bytes, 20),
    }
}

/// The big-endian word at `at`; 0 beyond the end, which callers have ruled out.
fn word(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..at + 4).and_then(|w| w.first_chunk()).map_or(0, |w| u32::from_be_bytes(*w))
}
