//! Pairs are bound, skipped, rested and capped; real sockets on loopback.

use super::*;

const LOOPBACK: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

/// A range of `pairs` pairs above an even port that the system just gave out,
/// so that tests that run at once seldom meet.
fn free_range(pairs: u16) -> RangeInclusive<u16> {
    loop {
        let probe = UdpPort::bind(SocketAddr::new(LOOPBACK, 0)).unwrap();
        let first = probe.local_port().unwrap() & !1;
        drop(probe);
        if let Some(last) = first.checked_add(pairs * 2 - 1)
            && (first..=last).step_by(2).all(|port| bind_pair(LOOPBACK, port).is_ok())
        {
            return first..=last;
        }
    }
}

fn pool(range: &RangeInclusive<u16>, usable: usize, rest: Duration) -> (PortPool, Arc<MediaMetrics>) {
    let metrics = Arc::new(MediaMetrics::default());
    (PortPool::new(LOOPBACK, range, usable, rest, &mut Rng::new(1), Arc::clone(&metrics)), metrics)
}

fn at(seconds: u64) -> Instant {
    Instant::ZERO + Duration::from_secs(seconds)
}

#[test]
fn a_pair_is_even_and_odd_and_rests_after_use() {
    let range = free_range(1);
    let (mut pool, metrics) = pool(&range, 10, Duration::from_secs(5));
    let pair = pool.open(at(0)).expect("the only pair");
    assert_eq!(pair.port % 2, 0);
    assert_eq!(pair.rtcp.local_port().unwrap(), pair.rtp.local_port().unwrap() + 1);
    assert_eq!(metrics.ports_in_use.value(), 2);
    assert!(pool.open(at(0)).is_none(), "nothing left");
    pool.close(pair, at(10));
    assert_eq!(metrics.ports_in_use.value(), 0);
    assert!(pool.open(at(14)).is_none(), "it rests");
    assert!(pool.open(at(15)).is_some(), "rested");
}

#[test]
fn a_pair_that_cannot_be_bound_is_skipped_and_counted() {
    let range = free_range(2);
    let blocker = UdpPort::bind(SocketAddr::new(LOOPBACK, range.start() + 1)).unwrap();
    let (mut pool, metrics) = pool(&range, 10, Duration::ZERO);
    let pair = pool.open(at(0)).expect("the other pair");
    assert_eq!(pair.port, range.start() + 2);
    assert!(pool.open(at(0)).is_none());
    assert_eq!(metrics.ports_skipped.value(), 1);
    drop(blocker);
    assert!(pool.open(at(59)).is_none(), "set aside for a minute");
    pool.close(pair, at(59));
    assert!(pool.open(at(59)).is_some(), "a pair set aside does not hide the one behind it");
    assert!(pool.open(at(60)).is_some(), "the blocked one is tried again");
}

#[test]
fn no_more_than_the_usable_pairs_are_bound() {
    let range = free_range(3);
    let (mut pool, _) = pool(&range, 1, Duration::ZERO);
    let first = pool.open(at(0)).expect("one is allowed");
    assert!(pool.open(at(0)).is_none());
    pool.close(first, at(1));
    assert!(pool.open(at(1)).is_some());
}
