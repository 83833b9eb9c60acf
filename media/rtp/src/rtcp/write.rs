//! Writing compound packets into a caller's buffer.

use super::{
    BLOCK_LEN, BYE, MAX_REPORT_BLOCKS, MAX_TEXT_LEN, RECEIVER_REPORT, ReportBlock, SDES_CNAME, SENDER_INFO_LEN,
    SENDER_REPORT, SOURCE_DESCRIPTION, SenderInfo,
};

/// Appends packets to a buffer. Each method returns `None`, and writes
/// nothing, when its packet does not fit. A compound packet starts with a
/// report and holds an SDES with our CNAME (RFC 3550 6.1).
#[derive(Debug)]
pub struct Writer<'a> {
    out: &'a mut [u8],
    len: usize,
}

impl<'a> Writer<'a> {
    /// Starts at the beginning of `out`; [`super::MAX_OWN_LEN`] bytes are enough.
    #[must_use]
    pub fn new(out: &'a mut [u8]) -> Self {
        Self { out, len: 0 }
    }

    /// The bytes written so far.
    #[must_use]
    pub fn finish(self) -> &'a [u8] {
        &self.out[..self.len]
    }

    /// Adds an SR. Blocks above [`MAX_REPORT_BLOCKS`] are left out.
    pub fn sender_report(&mut self, ssrc: u32, info: &SenderInfo, blocks: &[ReportBlock]) -> Option<()> {
        let blocks = bounded(blocks);
        let mut packet = self.begin(SENDER_REPORT, blocks.len(), 4 + SENDER_INFO_LEN + blocks.len() * BLOCK_LEN)?;
        packet.word(ssrc);
        packet.word((info.ntp.0 >> 32) as u32);
        packet.word(info.ntp.0 as u32);
        packet.word(info.rtp_timestamp);
        packet.word(info.packets);
        packet.word(info.bytes);
        blocks.iter().for_each(|block| packet.block(block));
        Some(())
    }

    /// Adds an RR. Blocks above [`MAX_REPORT_BLOCKS`] are left out.
    pub fn receiver_report(&mut self, ssrc: u32, blocks: &[ReportBlock]) -> Option<()> {
        let blocks = bounded(blocks);
        let mut packet = self.begin(RECEIVER_REPORT, blocks.len(), 4 + blocks.len() * BLOCK_LEN)?;
        packet.word(ssrc);
        blocks.iter().for_each(|block| packet.block(block));
        Some(())
    }

    /// Adds an SDES of one chunk with a CNAME, cut at [`MAX_TEXT_LEN`] bytes.
    pub fn cname(&mut self, ssrc: u32, cname: &[u8]) -> Option<()> {
        let text = cut(cname);
        // The chunk ends with at least one zero byte and at a word (RFC 3550 6.5).
        let body = (4 + 2 + text.len() + 1).next_multiple_of(4);
        let mut packet = self.begin(SOURCE_DESCRIPTION, 1, body)?;
        packet.word(ssrc);
        packet.put(&[SDES_CNAME, text.len() as u8]);
        packet.put(text);
        Some(())
    }

    /// Adds a BYE for one source, with a reason unless it is empty.
    pub fn bye(&mut self, ssrc: u32, reason: &[u8]) -> Option<()> {
        let text = cut(reason);
        let body = if text.is_empty() { 4 } else { (4 + 1 + text.len()).next_multiple_of(4) };
        let mut packet = self.begin(BYE, 1, body)?;
        packet.word(ssrc);
        if !text.is_empty() {
            packet.put(&[text.len() as u8]);
            packet.put(text);
        }
        Some(())
    }

    fn begin(&mut self, packet_type: u8, count: usize, body: usize) -> Option<Body<'_>> {
        let end = self.len + 4 + body;
        let packet = self.out.get_mut(self.len..end)?;
        self.len = end;
        packet.fill(0);
        let mut packet = Body { packet, at: 0 };
        packet.put(&[2 << 6 | count as u8, packet_type]);
        packet.put(&((body / 4) as u16).to_be_bytes());
        Some(packet)
    }
}

/// The zeroed bytes of one packet, filled from the front.
struct Body<'a> {
    packet: &'a mut [u8],
    at: usize,
}

impl Body<'_> {
    fn put(&mut self, bytes: &[u8]) {
        if let Some(place) = self.packet.get_mut(self.at..self.at + bytes.len()) {
            place.copy_from_slice(bytes);
        }
        self.at += bytes.len();
    }

    fn word(&mut self, word: u32) {
        self.put(&word.to_be_bytes());
    }

    fn block(&mut self, block: &ReportBlock) {
        let lost = block.cumulative_lost.clamp(-(1 << 23), (1 << 23) - 1) as u32 & 0x00ff_ffff;
        self.word(block.ssrc);
        self.word((u32::from(block.fraction_lost) << 24) | lost);
        self.word(block.highest_sequence);
        self.word(block.jitter);
        self.word(block.last_sr);
        self.word(block.delay_since_last_sr);
    }
}

fn bounded(blocks: &[ReportBlock]) -> &[ReportBlock] {
    &blocks[..blocks.len().min(MAX_REPORT_BLOCKS)]
}

fn cut(text: &[u8]) -> &[u8] {
    &text[..text.len().min(MAX_TEXT_LEN)]
}
