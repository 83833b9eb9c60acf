//! The whole way of a decoded side: tone, G.711, packets, a bad network,
//! jitter buffer, mix. What was said must still be heard.

use clock::{Instant, Rng};
use rtp_core::g711::Law;
use rtp_core::jitter::{JitterBuffer, Popped};
use rtp_core::packet::{HEADER_LEN, Header, Packet};
use rtp_core::stats::ReceptionStats;
use rtp_core::tone::Tone;
use rtp_core::{FRAME_SAMPLES, goertzel, mix};

const PACKETS: u64 = 1_500;
const TICK_NS: u64 = 20_000_000;

/// A network: packets with their arrival times in order of arrival.
fn network(jitter_ms: u64, loss_percent: u64) -> Vec<(u64, Vec<u8>)> {
    let mut rng = Rng::new(11);
    let mut arrivals = Vec::new();
    for n in 0..PACKETS {
        let mut samples = [0; FRAME_SAMPLES];
        Tone::Milliwatt.fill(n * 160, &mut samples);
        let header = Header {
            marker: n == 0,
            payload_type: Law::A.payload_type(),
            sequence: 65_000u16.wrapping_add(n as u16),
            timestamp: 0xffff_0000u32.wrapping_add(n as u32 * 160),
            ssrc: 0x5eed,
        };
        let mut bytes = vec![0; HEADER_LEN + FRAME_SAMPLES];
        header.write(&mut bytes).expect("room for a header");
        Law::A.encode_into(&samples, &mut bytes[HEADER_LEN..]);
        if rng.below(100) >= loss_percent {
            arrivals.push((n * TICK_NS + rng.below(jitter_ms * 1_000_000 + 1), bytes));
        }
    }
    arrivals.sort();
    arrivals
}

/// Plays the network; what was heard, and the longest silence in it in ticks.
fn hear(arrivals: Vec<(u64, Vec<u8>)>) -> (Vec<i16>, usize, ReceptionStats) {
    let mut buffer = JitterBuffer::new();
    let mut stats = ReceptionStats::new(8_000);
    let (mut heard, mut silence, mut longest) = (Vec::new(), 0, 0);
    let mut arrivals = arrivals.into_iter().peekable();
    for tick in 1..PACKETS {
        let now = tick * TICK_NS + 3_000_000;
        while let Some((at, bytes)) = arrivals.next_if(|(at, _)| *at <= now) {
            let packet = Packet::parse(&bytes).expect("our own packet");
            let mut samples = [0; FRAME_SAMPLES];
            Law::A.decode_into(packet.payload, &mut samples);
            stats.on_packet(&packet.header, Instant::from_nanos(at));
            buffer.push(&packet.header, &samples, Instant::from_nanos(at));
        }
        let mut frame = [0; FRAME_SAMPLES];
        silence = if buffer.pop(Instant::from_nanos(now), &mut frame) == Popped::Gap { silence + 1 } else { 0 };
        longest = longest.max(silence);
        heard.extend_from_slice(&mix::sum([&frame, &[0; FRAME_SAMPLES]]));
    }
    (heard, longest, stats)
}

#[test]
fn a_clean_network_gives_the_tone_without_a_hole() {
    let (heard, longest, stats) = hear(network(0, 0));
    let start = heard.iter().position(|s| *s != 0).expect("sound");
    assert!(start <= 2 * FRAME_SAMPLES && longest <= 1, "from {start}, {longest} ticks of silence");
    assert!(goertzel::ratio_db(&heard[start..], 1_004.0, 440.0) > 40.0);
    assert_eq!(stats.lost(), 0);
}

#[test]
fn a_bad_network_leaves_the_tone_20_db_above_another() {
    let (heard, longest, mut stats) = hear(network(40, 3));
    assert!(longest <= 3, "{longest} ticks of silence");
    let second = 8_000;
    for (at, part) in heard.chunks_exact(second).enumerate().skip(1) {
        let ratio = goertzel::ratio_db(part, 1_004.0, 440.0);
        assert!(ratio > 20.0, "{ratio} dB in second {at}");
    }
    let block = stats.report_block(Instant::from_nanos(PACKETS * TICK_NS)).expect("a valid source");
    assert!((20..80).contains(&block.cumulative_lost) && block.jitter > 20, "{block:?}");
}
