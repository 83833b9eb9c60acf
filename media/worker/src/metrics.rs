//! What the media threads count.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counters and gauges of all media threads. Read them at any time; nothing is ever reset.
#[derive(Debug, Default)]
pub struct MediaMetrics {
    /// RTP packets accepted from peers.
    pub packets_in: Count,
    /// RTP packets sent to peers.
    pub packets_out: Count,
    /// Packets that sequence numbers say were lost on the way to us.
    pub packets_lost: Count,
    /// RTCP packets accepted.
    pub rtcp_in: Count,
    /// RTCP packets sent.
    pub rtcp_out: Count,
    /// Packets refused by the system when sending.
    pub send_errors: Count,
    /// Reads that the system failed, other than "nothing there".
    pub receive_errors: Count,
    /// Legs with open ports (gauge).
    pub legs_open: Count,
    /// Ports bound now, RTP and RTCP (gauge).
    pub ports_in_use: Count,
    /// Ports that may be bound at once: the range, or what the file limit leaves of it (gauge).
    pub ports_usable: Count,
    /// Pairs skipped because a port of theirs could not be bound.
    pub ports_skipped: Count,
    /// Legs that got no ports.
    pub opens_failed: Count,
    /// Ticks that ran more than one period late.
    pub ticks_late: Count,
    /// Commands refused because a ring was full.
    pub ring_full: Count,
    /// Commands about what does not exist, or that the graph refused.
    pub commands_ignored: Count,
    /// Events that waited because the receiver was slow.
    pub events_delayed: Count,
    /// `Digit` events dropped because the receiver stayed slow.
    pub digits_dropped: Count,
    /// Recordings being written (gauge).
    pub recordings_active: Count,
    /// Recordings that failed.
    pub recordings_failed: Count,
    /// Batches of audio that the recording writer had no room for; each is a gap in a manifest.
    pub recording_gaps: Count,
    drops: [Count; DropReason::ALL.len()],
}

impl MediaMetrics {
    /// Packets dropped for `reason`.
    #[must_use]
    pub fn drops(&self, reason: DropReason) -> u64 {
        self.drops[reason as usize].value()
    }

    pub(crate) fn drop_packet(&self, reason: DropReason) {
        self.drops[reason as usize].add(1);
    }
}

/// Why a received packet went no further.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub enum DropReason {
    /// It came from an address that is not the peer's.
    Source,
    /// It is no RTP, or no RTCP on the RTCP port.
    Malformed,
    /// Its payload type was not negotiated.
    PayloadType,
    /// Nothing was negotiated yet, or the peer may not send (hold).
    NotNegotiated,
    /// The recording's batch was full: more packets than any codec makes.
    RecordFlood,
}

impl DropReason {
    /// All reasons, in the order of their numbers.
    pub const ALL: [Self; 5] =
        [Self::Source, Self::Malformed, Self::PayloadType, Self::NotNegotiated, Self::RecordFlood];

    /// The word for the label of a metric.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Source => "rtp_source",
            Self::Malformed => "rtp_malformed",
            Self::PayloadType => "rtp_payload_type",
            Self::NotNegotiated => "rtp_not_negotiated",
            Self::RecordFlood => "record_flood",
        }
    }
}

/// One number that threads share; relaxed, because nothing is ordered by it.
#[derive(Debug, Default)]
pub struct Count(AtomicU64);

impl Count {
    /// The value now.
    #[must_use]
    pub fn value(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    pub(crate) fn add(&self, by: u64) {
        self.0.fetch_add(by, Ordering::Relaxed);
    }

    pub(crate) fn sub(&self, by: u64) {
        self.0.fetch_sub(by, Ordering::Relaxed);
    }
}
