//! What a receiver knows about one incoming stream: sequence validation,
//! loss, jitter (RFC 3550 A.1, A.3, A.8) and the report block made of them.

use core::time::Duration;

use clock::Instant;

use crate::packet::Header;
use crate::rtcp::{NtpTime, ReportBlock, to_short};

/// What a packet is to its stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// The first packet of a source, or a second in sequence is still awaited.
    Probation,
    /// In sequence; `missing` packets were skipped before it.
    InOrder {
        /// Packets that have not come, 0 to 2,999.
        missing: u16,
    },
    /// Duplicate or reordered: at most 99 behind the newest.
    Behind,
    /// A jump too large to believe until the next packet confirms it.
    Jump,
    /// The sender restarted its numbers, or a new SSRC took over: counting began again.
    Restarted,
}

/// Reception of the streams that came on one port, one source at a time.
///
/// Totals ([`Self::received`], [`Self::lost`]) cover all sources, the report
/// block only the current one.
#[derive(Clone, Debug)]
pub struct ReceptionStats {
    clock_rate_hz: u32,
    source: Option<Source>,
    earlier_received: u64,
    earlier_lost: u64,
    earlier_expected: u64,
}

/// RFC 3550 A.1 `source`, with 64-bit counters.
#[derive(Clone, Debug)]
struct Source {
    ssrc: u32,
    probation: u8,
    base: u16,
    max: u16,
    cycles: u32,
    /// The number that would confirm a jump.
    bad_next: Option<u16>,
    received: u64,
    expected_prior: u64,
    received_prior: u64,
    transit: Option<(u32, u32)>,
    /// Jitter times 16, in clock units (A.8).
    jitter_x16: u32,
    last_sr: Option<(NtpTime, Instant)>,
}

impl ReceptionStats {
    /// Nothing received yet; `clock_rate_hz` is the codec's RTP clock.
    #[must_use]
    pub fn new(clock_rate_hz: u32) -> Self {
        Self { clock_rate_hz, source: None, earlier_received: 0, earlier_lost: 0, earlier_expected: 0 }
    }

    /// Takes the header of a packet that came at `now`.
    pub fn on_packet(&mut self, header: &Header, now: Instant) -> Arrival {
        let rate = self.clock_rate_hz;
        let arrival = match &mut self.source {
            Some(source) if source.ssrc == header.ssrc => source.update(header.sequence),
            None => {
                self.source = Some(Source::new(header));
                Arrival::Probation
            }
            Some(_) => Arrival::Restarted,
        };
        if arrival == Arrival::Restarted {
            self.restart(header);
        }
        if let Some(source) = self.source.as_mut().filter(|_| arrival != Arrival::Jump) {
            source.update_jitter(header.timestamp, now, rate);
        }
        arrival
    }

    /// Takes the NTP time of a sender report of source `ssrc`.
    pub fn on_sender_report(&mut self, ssrc: u32, ntp: NtpTime, now: Instant) {
        if let Some(source) = self.source.as_mut().filter(|s| s.ssrc == ssrc) {
            source.last_sr = Some((ntp, now));
        }
    }

    /// The report block about the current source; also begins the next
    /// reporting interval. `None` before the source is past probation.
    pub fn report_block(&mut self, now: Instant) -> Option<ReportBlock> {
        self.source.as_mut().filter(|s| s.probation == 0).map(|s| s.report_block(now))
    }

    /// The current source.
    #[must_use]
    pub fn ssrc(&self) -> Option<u32> {
        self.source.as_ref().map(|s| s.ssrc)
    }

    /// Packets received, of all sources.
    #[must_use]
    pub fn received(&self) -> u64 {
        self.earlier_received + self.source.as_ref().map_or(0, |s| s.received)
    }

    /// Packets lost, of all sources; duplicates do not make it negative.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.earlier_lost + self.source.as_ref().map_or(0, |s| s.expected().saturating_sub(s.received))
    }

    /// Packets that should have come, of all sources.
    #[must_use]
    pub fn expected(&self) -> u64 {
        self.earlier_expected + self.source.as_ref().map_or(0, Source::expected)
    }

    /// Interarrival jitter of the current source (RFC 3550 6.4.1).
    #[must_use]
    pub fn jitter(&self) -> Duration {
        let units = self.source.as_ref().map_or(0, |s| s.jitter_x16 >> 4);
        let nanos = u64::from(units) * 1_000_000_000 / u64::from(self.clock_rate_hz.max(1));
        Duration::from_nanos(nanos)
    }

    fn restart(&mut self, header: &Header) {
        self.earlier_received = self.received();
        self.earlier_lost = self.lost();
        self.earlier_expected = self.expected();
        self.source = Some(Source::new(header));
    }
}

impl Source {
    fn new(header: &Header) -> Self {
        Self {
            ssrc: header.ssrc,
            probation: MIN_SEQUENTIAL - 1,
            base: header.sequence,
            max: header.sequence,
            cycles: 0,
            bad_next: None,
            received: 1,
            expected_prior: 0,
            received_prior: 0,
            transit: None,
            jitter_x16: 0,
            last_sr: None,
        }
    }

    /// RFC 3550 A.1 `update_seq`, save that packets on probation count, so
    /// that no total misses one that was forwarded.
    fn update(&mut self, sequence: u16) -> Arrival {
        let ahead = sequence.wrapping_sub(self.max);
        if self.probation > 0 {
            return self.update_on_probation(sequence, ahead);
        }
        match ahead {
            1..MAX_DROPOUT => {
                self.advance(sequence);
                Arrival::InOrder { missing: ahead - 1 }
            }
            0 => self.behind(),
            _ if ahead > u16::MAX - MAX_MISORDER => self.behind(),
            _ if self.bad_next == Some(sequence) => Arrival::Restarted,
            _ => {
                self.bad_next = Some(sequence.wrapping_add(1));
                self.received += 1;
                Arrival::Jump
            }
        }
    }

    fn update_on_probation(&mut self, sequence: u16, ahead: u16) -> Arrival {
        if ahead == 1 {
            self.probation -= 1;
            self.advance(sequence);
            return if self.probation == 0 { Arrival::InOrder { missing: 0 } } else { Arrival::Probation };
        }
        self.probation = MIN_SEQUENTIAL - 1;
        (self.base, self.max, self.received) = (sequence, sequence, 1);
        Arrival::Probation
    }

    fn advance(&mut self, sequence: u16) {
        if sequence < self.max {
            self.cycles = self.cycles.wrapping_add(1);
        }
        self.max = sequence;
        self.bad_next = None;
        self.received += 1;
    }

    fn behind(&mut self) -> Arrival {
        self.received += 1;
        Arrival::Behind
    }

    fn extended_max(&self) -> u64 {
        (u64::from(self.cycles) << 16) + u64::from(self.max)
    }

    fn expected(&self) -> u64 {
        (self.extended_max() + 1).saturating_sub(u64::from(self.base))
    }

    /// A.8. Packets with the timestamp of their predecessor are skipped: the
    /// updates of one key press carry its start (RFC 4733 2.3).
    fn update_jitter(&mut self, timestamp: u32, now: Instant, rate_hz: u32) {
        let arrival = (u128::from(now.as_nanos()) * u128::from(rate_hz) / 1_000_000_000) as u32;
        let transit = arrival.wrapping_sub(timestamp);
        match self.transit {
            Some((_, last)) if last == timestamp => return,
            Some((earlier, _)) => {
                let change = (transit.wrapping_sub(earlier) as i32).unsigned_abs();
                // One wild timestamp must not spoil the figure for minutes.
                if change < rate_hz.saturating_mul(MAX_TRANSIT_CHANGE_S) {
                    let decay = (self.jitter_x16 + 8) >> 4;
                    self.jitter_x16 = (self.jitter_x16 + change).saturating_sub(decay);
                }
            }
            None => {}
        }
        self.transit = Some((transit, timestamp));
    }

    /// A.3.
    fn report_block(&mut self, now: Instant) -> ReportBlock {
        let expected = self.expected();
        let expected_interval = expected - self.expected_prior.min(expected);
        let received_interval = self.received - self.received_prior;
        (self.expected_prior, self.received_prior) = (expected, self.received);
        let lost_interval = expected_interval.saturating_sub(received_interval);
        let fraction = (lost_interval << 8).checked_div(expected_interval).unwrap_or(0).min(255);
        let lost = i64::try_from(expected).unwrap_or(i64::MAX) - i64::try_from(self.received).unwrap_or(i64::MAX);
        ReportBlock {
            ssrc: self.ssrc,
            fraction_lost: fraction as u8,
            cumulative_lost: lost.clamp(-(1 << 23), (1 << 23) - 1) as i32,
            highest_sequence: self.extended_max() as u32,
            jitter: self.jitter_x16 >> 4,
            last_sr: self.last_sr.map_or(0, |(ntp, _)| ntp.middle()),
            delay_since_last_sr: self.last_sr.map_or(0, |(_, at)| to_short(now.since(at))),
        }
    }
}

/// Packets in sequence that make a source valid (RFC 3550 A.1).
const MIN_SEQUENTIAL: u8 = 2;
/// A gap below this is loss (A.1: one minute at 50 packets a second).
const MAX_DROPOUT: u16 = 3_000;
/// A packet less than this behind is late (A.1).
const MAX_MISORDER: u16 = 100;
/// A transit time that changes by more is a changed clock, not jitter.
const MAX_TRANSIT_CHANGE_S: u32 = 5;

#[cfg(test)]
mod tests;
