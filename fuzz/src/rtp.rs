//! RTP, and whatever else comes to its port: what is read is written as the same, and a stream of it keeps every count.

use clock::Instant;
use core::time::Duration;
use rtp_core::address_learning::AddressLearning;
use rtp_core::packet::{Header, Packet, is_rtcp};
use rtp_core::stats::ReceptionStats;

/// A datagram after each length byte.
pub fn check(data: &[u8]) {
    let mut stats = ReceptionStats::new(8_000);
    let mut learning = AddressLearning::new(([127, 0, 0, 1], 20_000).into(), Instant::ZERO);
    let (mut rest, mut now, mut read) = (data, Instant::ZERO, 0_u64);
    while let Some((length, after)) = rest.split_first() {
        let (datagram, after) = after.split_at(usize::from(*length).min(after.len()));
        rest = after;
        now += Duration::from_millis(u64::from(*length));
        if is_rtcp(datagram) {
            continue;
        }
        let Ok(packet) = Packet::parse(datagram) else { continue };
        judge(datagram, &packet);
        let from = ([127, 0, 0, 1], 20_000 + u16::from(*length % 3)).into();
        let _ = learning.on_packet(from, &packet.header, now);
        let _ = stats.on_packet(&packet.header, now);
        read += 1;
        assert!(stats.received() <= read);
        let _ = (stats.report_block(now), stats.lost(), stats.expected(), stats.jitter());
    }
}

fn judge(datagram: &[u8], packet: &Packet<'_>) {
    let sizes = packet.csrc.len() + packet.extension.map_or(0, |extension| 4 + extension.data.len());
    assert_eq!(
        12 + sizes + packet.payload.len() + usize::from(packet.padding),
        datagram.len(),
        "every byte has a place"
    );
    let mut copy = datagram.to_vec();
    let header = Header { sequence: packet.header.sequence.wrapping_add(1), ..packet.header };
    assert!(header.rewrite(&mut copy));
    let again = Packet::parse(&copy).expect("a rewritten packet is one");
    assert_eq!((again.header, again.payload, again.csrc), (header, packet.payload, packet.csrc));
}
