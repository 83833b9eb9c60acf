//! RTCP of a leg (RFC 3550 6): our reports every five seconds or so, what the
//! peer reports, and BYE.

use std::time::Duration;

use clock::{Now, Rng};
use rtp_core::rtcp::{self, MAX_OWN_LEN, NtpTime, Packet, SenderInfo, Writer};

use super::Leg;
use crate::metrics::{DropReason, MediaMetrics};
use crate::socket::{Destination, Received};

/// The reporting state of a leg.
#[derive(Debug)]
pub(super) struct Reports {
    /// Random, so that it says nothing about us (RFC 7022 4.2).
    cname: u64,
    /// Where the peer's RTCP comes from, once it did.
    came_from: Option<Destination>,
    round_trip: Option<Duration>,
    /// Packets sent at the last report: a sender is who sent since (RFC 3550 6.4).
    sent_before: u64,
}

impl Reports {
    pub(super) fn new(rng: &mut Rng) -> Self {
        Self { cname: rng.next_u64(), came_from: None, round_trip: None, sent_before: 0 }
    }

    pub(super) fn round_trip(&self) -> Option<Duration> {
        self.round_trip
    }
}

impl Leg {
    /// Reads one datagram from the RTCP socket; false when none was there.
    pub(crate) fn receive_rtcp(&mut self, buffer: &mut [u8], now: Now, metrics: &MediaMetrics) -> bool {
        let (len, from) = match self.pair.rtcp.receive(buffer) {
            Received::Datagram(len, from) => (len, from),
            Received::Nothing => return false,
            Received::Failed => {
                metrics.receive_errors.add(1);
                return false;
            }
        };
        let Some(remote) = &self.remote else {
            metrics.drop_packet(DropReason::NotNegotiated);
            return true;
        };
        if !remote.learning.accepts_rtcp(from) {
            metrics.drop_packet(DropReason::Source);
            return true;
        }
        let Ok(packets) = rtcp::parse(&buffer[..len.min(buffer.len())]) else {
            metrics.drop_packet(DropReason::Malformed);
            return true;
        };
        metrics.rtcp_in.add(1);
        self.reports.came_from = Some(Destination::from(from));
        for packet in packets {
            self.on_report(&packet, now);
        }
        true
    }

    /// Sends a report, if anything was agreed and anything went or came.
    pub(crate) fn send_report(&mut self, now: Now, metrics: &MediaMetrics) {
        self.send_compound(now, false, metrics);
    }

    /// Sends the last report, with BYE (RFC 3550 6.3.7).
    pub(crate) fn send_bye(&mut self, now: Now, metrics: &MediaMetrics) {
        self.send_compound(now, true, metrics);
    }

    fn on_report(&mut self, packet: &Packet<'_>, now: Now) {
        let blocks = match packet {
            Packet::SenderReport { ssrc, info, blocks } => {
                self.reception.on_sender_report(*ssrc, info.ntp, now.mono);
                blocks
            }
            Packet::ReceiverReport { blocks, .. } => blocks,
            _ => return,
        };
        let about_us = blocks.about(self.out.ssrc());
        if let Some(trip) = about_us.and_then(|block| block.round_trip(NtpTime::from_wall(now.wall))) {
            self.reports.round_trip = Some(trip);
        }
    }

    fn send_compound(&mut self, now: Now, bye: bool, metrics: &MediaMetrics) {
        let Some(remote) = &self.remote else { return };
        if self.sent == 0 && self.last_packet.is_none() {
            return;
        }
        let target = self.reports.came_from.clone().unwrap_or_else(|| Destination::from(remote.media.rtcp));
        let block = self.reception.report_block(now.mono);
        let sender = self.sent > self.reports.sent_before;
        self.reports.sent_before = self.sent;
        let (packets, bytes) = self.out.totals();
        let info = SenderInfo {
            ntp: NtpTime::from_wall(now.wall),
            rtp_timestamp: self.out.timestamp_at(now.mono),
            packets,
            bytes,
        };
        let ssrc = self.out.ssrc();
        let mut out = [0; MAX_OWN_LEN];
        let mut writer = Writer::new(&mut out);
        let written = if sender {
            writer.sender_report(ssrc, &info, block.as_slice())
        } else {
            writer.receiver_report(ssrc, block.as_slice())
        };
        let named = written.and_then(|()| writer.cname(ssrc, format!("{:016x}", self.reports.cname).as_bytes()));
        let complete = if bye { named.and_then(|()| writer.bye(ssrc, b"")) } else { named };
        if complete.is_none() {
            return;
        }
        match self.pair.rtcp.send(writer.finish(), &target) {
            Ok(()) => metrics.rtcp_out.add(1),
            Err(_) => metrics.send_errors.add(1),
        }
    }
}

/// The time to the next report: 5 s, by half shorter or longer, so that the
/// reports of many legs do not fall together (RFC 3550 6.2, 6.3.1).
pub(crate) fn report_interval(rng: &mut Rng) -> Duration {
    Duration::from_millis(2_500 + rng.below(5_001))
}
