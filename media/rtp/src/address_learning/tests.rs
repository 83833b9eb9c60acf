use super::*;
use proptest::prelude::*;

const SDP: &str = "192.168.1.5:7000";
const NAT: &str = "198.51.100.7:40000";
const EVIL: &str = "203.0.113.66:9";

fn addr(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

fn at(ms: u64) -> Instant {
    Instant::from_nanos(ms * 1_000_000)
}

fn start() -> AddressLearning {
    AddressLearning::new(addr(SDP), at(0))
}

/// `n` packets 20 ms apart from `from`; the verdicts.
fn send(learning: &mut AddressLearning, from: &str, ssrc: u32, from_ms: u64, n: u16) -> Vec<Verdict> {
    (0..n)
        .map(|i| {
            let header = Header { ssrc, sequence: i.wrapping_add((from_ms / 20) as u16), ..Header::default() };
            learning.on_packet(addr(from), &header, at(from_ms + 20 * u64::from(i)))
        })
        .collect()
}

use Verdict::{Accept, Candidate as Awaited, Learned, Stranger};

#[test]
fn the_sdp_address_is_heard_at_once_and_for_ever() {
    let mut learning = start();
    assert_eq!(send(&mut learning, SDP, 1, 60_000, 2), [Accept, Accept]);
    assert_eq!(learning.target(), addr(SDP));
}

#[test]
fn a_phone_behind_a_nat_is_learned_after_five_packets() {
    let mut learning = start();
    assert_eq!(send(&mut learning, NAT, 1, 100, 6), [Awaited, Awaited, Awaited, Awaited, Learned, Accept]);
    assert_eq!(learning.target(), addr(NAT));
    assert_eq!(send(&mut learning, NAT, 1, 60_000, 1), [Accept]);
}

#[test]
fn an_outsider_never_moves_a_confirmed_source() {
    for confirmed in [SDP, NAT] {
        let mut learning = start();
        send(&mut learning, confirmed, 1, 0, 5);
        for ms in (100..10_000).step_by(20) {
            let verdict = send(&mut learning, EVIL, 1, ms + 1, 1);
            assert!(matches!(verdict[0], Awaited | Stranger), "{verdict:?} at {ms}");
            assert_eq!(send(&mut learning, confirmed, 1, ms, 1), [Accept]);
        }
        assert_eq!(learning.target(), addr(confirmed));
    }
}

#[test]
fn nobody_is_learned_after_the_window() {
    let mut learning = start();
    assert_eq!(send(&mut learning, EVIL, 1, 5_001, 50), [Stranger; 50]);
    assert_eq!(learning.target(), addr(SDP));
    assert_eq!(send(&mut learning, SDP, 1, 7_000, 1), [Accept]);
}

#[test]
fn a_source_silent_after_the_window_is_not_replaced() {
    let mut learning = start();
    send(&mut learning, NAT, 1, 0, 5);
    assert_eq!(send(&mut learning, EVIL, 1, 20_000, 10), [Stranger; 10]);
}

#[test]
fn the_sdp_address_beats_a_learned_one_within_the_window() {
    let mut learning = start();
    send(&mut learning, EVIL, 1, 0, 5);
    assert_eq!(learning.target(), addr(EVIL));
    assert_eq!(send(&mut learning, SDP, 2, 200, 2), [Learned, Accept]);
    assert_eq!(learning.target(), addr(SDP));
}

#[test]
fn changing_ssrc_or_gaps_do_not_add_up() {
    let mut learning = start();
    for i in 0..20u16 {
        let header = Header { ssrc: u32::from(i), sequence: i, ..Header::default() };
        assert_eq!(learning.on_packet(addr(EVIL), &header, at(u64::from(i))), Awaited);
    }
    for i in 0..20u16 {
        let header = Header { ssrc: 1, sequence: i * 7, ..Header::default() };
        assert_eq!(learning.on_packet(addr(EVIL), &header, at(u64::from(i))), Awaited);
    }
}

#[test]
fn a_new_offer_with_the_same_address_lets_a_moved_nat_in_once_the_old_is_silent() {
    let mut learning = start();
    send(&mut learning, NAT, 1, 0, 50);
    learning.on_offer(addr(SDP), at(60_000));
    assert_eq!(learning.target(), addr(NAT));
    let moved = send(&mut learning, "198.51.100.7:41000", 1, 60_100, 5);
    assert_eq!(moved.last(), Some(&Learned));
    assert_eq!(learning.target(), addr("198.51.100.7:41000"));
}

#[test]
fn a_new_offer_does_not_let_an_outsider_in_while_the_source_is_on_hold() {
    let mut learning = start();
    send(&mut learning, NAT, 77, 0, 5);
    learning.on_offer(addr(SDP), at(60_000));
    assert_eq!(send(&mut learning, EVIL, 1, 60_100, 50), [Stranger; 50]);
    assert_eq!(send(&mut learning, EVIL, 77, 62_000, 5).last(), Some(&Learned), "only its SSRC could tell");
}

#[test]
fn a_new_offer_does_not_let_an_outsider_displace_who_sends() {
    let mut learning = start();
    send(&mut learning, NAT, 1, 0, 5);
    learning.on_offer(addr(SDP), at(60_000));
    for ms in (60_000..66_000).step_by(20) {
        assert_eq!(send(&mut learning, NAT, 1, ms, 1), [Accept]);
        assert_ne!(send(&mut learning, EVIL, 1, ms + 3, 1), [Learned]);
    }
    assert_eq!(learning.target(), addr(NAT));
}

#[test]
fn a_new_address_starts_over_and_the_former_source_stays_out() {
    let mut learning = start();
    send(&mut learning, NAT, 1, 0, 5);
    learning.on_offer(addr("192.0.2.9:8000"), at(1_000));
    assert_eq!(learning.target(), addr("192.0.2.9:8000"));
    assert_eq!(send(&mut learning, NAT, 1, 1_000, 20), [Stranger; 20]);
    assert_eq!(send(&mut learning, "192.0.2.9:8000", 5, 1_500, 1), [Accept]);
}

#[test]
fn mapped_addresses_are_the_same_source() {
    let mut learning = AddressLearning::new(addr("127.0.0.1:4000"), at(0));
    assert_eq!(send(&mut learning, "[::ffff:127.0.0.1]:4000", 1, 0, 1), [Accept]);
    assert!(learning.accepts_rtcp(addr("127.0.0.1:4001")));
    assert!(!learning.accepts_rtcp(addr(EVIL)));
}

proptest! {
    /// Whatever outsiders send among its packets, a phone that started first
    /// and sends every 20 ms keeps its leg.
    #[test]
    fn no_storm_moves_a_phone_that_sends(
        storm in prop::collection::vec((0u16..6, 0u32..3, any::<u16>(), 1u64..20), 1..400),
        offers in prop::collection::vec(0usize..400, 0..4),
    ) {
        let mut learning = start();
        send(&mut learning, SDP, 1, 0, 2);
        for (i, (port, ssrc, sequence, offset)) in storm.into_iter().enumerate() {
            let ms = 40 + 20 * i as u64;
            if offers.contains(&i) {
                learning.on_offer(addr(SDP), at(ms));
            }
            send(&mut learning, SDP, 1, ms, 1);
            let from = SocketAddr::new(addr(EVIL).ip(), 9 + port);
            let header = Header { ssrc, sequence, ..Header::default() };
            let verdict = learning.on_packet(from, &header, at(ms + offset));
            prop_assert!(matches!(verdict, Awaited | Stranger));
            prop_assert_eq!(learning.target(), addr(SDP));
        }
    }
}
