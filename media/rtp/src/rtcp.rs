//! RTCP (RFC 3550 6): reading compound packets and writing ours.
//!
//! Sender and receiver reports, SDES with a CNAME, BYE; other packet types
//! are passed by. Times are NTP timestamps, which the caller makes from wall
//! time with [`NtpTime::from_wall`].

mod read;
mod write;

use core::time::Duration;

use clock::WallTime;
use thiserror::Error;

pub use read::{Packets, ReportBlocks, parse};
pub use write::Writer;

/// Most report blocks in one packet: the count has five bits (RFC 3550 6.4.1).
pub const MAX_REPORT_BLOCKS: usize = 31;
/// Longest text of an SDES item or a BYE reason: the length has eight bits.
pub const MAX_TEXT_LEN: usize = 255;
/// Bytes that hold any compound packet that [`Writer`] makes for one stream:
/// a report with one block (52), SDES (up to 268) and BYE (up to 264).
pub const MAX_OWN_LEN: usize = 600;

/// One packet of a compound packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packet<'a> {
    /// SR, type 200.
    SenderReport {
        /// Who sends it.
        ssrc: u32,
        /// What it says about its own sending.
        info: SenderInfo,
        /// What it says about what it receives.
        blocks: ReportBlocks<'a>,
    },
    /// RR, type 201.
    ReceiverReport {
        /// Who sends it.
        ssrc: u32,
        /// What it says about what it receives.
        blocks: ReportBlocks<'a>,
    },
    /// SDES, type 202: the CNAME of its first chunk that has one.
    SourceDescription {
        /// The source and its CNAME, if one was there.
        cname: Option<(u32, &'a [u8])>,
    },
    /// BYE, type 203.
    Bye {
        /// Who leaves: 4 bytes a source, at most 31.
        sources: &'a [u8],
        /// Why, as text, if it says so.
        reason: Option<&'a [u8]>,
    },
    /// APP, feedback and whatever else: its type and length were checked, no more.
    Other {
        /// The packet type.
        packet_type: u8,
    },
}

/// The sender's part of an SR (RFC 3550 6.4.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SenderInfo {
    /// When the report was sent.
    pub ntp: NtpTime,
    /// The same moment on the RTP clock.
    pub rtp_timestamp: u32,
    /// Packets sent since the stream began, modulo 2^32.
    pub packets: u32,
    /// Payload bytes sent since the stream began, modulo 2^32.
    pub bytes: u32,
}

/// One reception report block (RFC 3550 6.4.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReportBlock {
    /// The stream it is about.
    pub ssrc: u32,
    /// Share lost since the last report, in 1/256.
    pub fraction_lost: u8,
    /// Packets lost since the beginning, -2^23 to 2^23 - 1; negative with duplicates.
    pub cumulative_lost: i32,
    /// Cycles and highest sequence number received.
    pub highest_sequence: u32,
    /// Interarrival jitter in units of the codec's clock.
    pub jitter: u32,
    /// The middle 32 bits of the NTP time of the last SR from that stream; 0 if none came.
    pub last_sr: u32,
    /// Time since that SR came, in 1/65536 s; 0 if none came.
    pub delay_since_last_sr: u32,
}

impl ReportBlock {
    /// Round trip time, for the one whose SR the block answers: arrival of the
    /// block less LSR less DLSR (RFC 3550 6.4.1, figure 2). `None` if no SR
    /// was answered, or when the sum is negative or above 2^15 s (a peer whose numbers are wrong).
    #[must_use]
    pub fn round_trip(&self, arrival: NtpTime) -> Option<Duration> {
        if self.last_sr == 0 {
            return None;
        }
        let units = arrival.middle().wrapping_sub(self.last_sr).wrapping_sub(self.delay_since_last_sr);
        (units < 1 << 31).then(|| from_short(units))
    }
}

/// A 64-bit NTP timestamp: seconds since 1900 and 1/2^32 s.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct NtpTime(pub u64);

impl NtpTime {
    /// The NTP time of a wall time (RFC 3550 4); era rollover in 2036 wraps.
    #[must_use]
    pub fn from_wall(wall: WallTime) -> Self {
        let micros = wall.as_micros();
        let seconds = micros.div_euclid(1_000_000).wrapping_add(NTP_UNIX_OFFSET_S) as u64;
        let fraction = ((micros.rem_euclid(1_000_000) as u64) << 32) / 1_000_000;
        Self((seconds << 32) | fraction)
    }

    /// The middle 32 bits: 16 of seconds, 16 of fraction, as LSR has them.
    #[must_use]
    pub const fn middle(self) -> u32 {
        (self.0 >> 16) as u32
    }
}

/// Why bytes are no RTCP compound packet.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum RtcpError {
    /// The version of a packet is not 2.
    #[error("RTCP version 2 expected, got {version} at byte {at}")]
    Version {
        /// The version that came.
        version: u8,
        /// Where the packet starts.
        at: usize,
    },
    /// A packet is longer than what is left of the datagram, or shorter than its type needs.
    #[error("RTCP packet at byte {at} needs {needed} bytes and has {len}")]
    Length {
        /// Where the packet starts.
        at: usize,
        /// Bytes it would need.
        needed: usize,
        /// Bytes there are.
        len: usize,
    },
    /// The first packet is no report (RFC 3550 6.1); reduced size (RFC 5506) was not agreed.
    #[error("RTCP compound packet starts with type {packet_type}, not with a report")]
    FirstNotReport {
        /// The type that came first.
        packet_type: u8,
    },
    /// The padding count of the last packet does not fit, or another packet has padding.
    #[error("RTCP padding of {padding} bytes does not fit at byte {at}")]
    Padding {
        /// Where the packet starts.
        at: usize,
        /// The count in its last byte.
        padding: u8,
    },
}

/// A duration in units of 1/65536 s, as DLSR has it; saturates after 18 hours.
#[must_use]
pub fn to_short(duration: Duration) -> u32 {
    let units = (duration.as_nanos() << 16) / 1_000_000_000;
    u32::try_from(units).unwrap_or(u32::MAX)
}

/// The duration of `units` of 1/65536 s.
#[must_use]
pub fn from_short(units: u32) -> Duration {
    Duration::from_nanos((u64::from(units) * 1_000_000_000) >> 16)
}

const NTP_UNIX_OFFSET_S: i64 = 2_208_988_800;
const SENDER_REPORT: u8 = 200;
const RECEIVER_REPORT: u8 = 201;
const SOURCE_DESCRIPTION: u8 = 202;
const BYE: u8 = 203;
const SDES_CNAME: u8 = 1;
const BLOCK_LEN: usize = 24;
const SENDER_INFO_LEN: usize = 20;

#[cfg(test)]
mod tests;
