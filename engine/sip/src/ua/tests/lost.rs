//! Messages that get lost, and peers that do.

use super::rig::{A, B, Pair, sdp};
use crate::ua::Event;

#[test]
fn a_lost_ack_makes_the_200_come_again_and_the_ack_with_it() {
    let mut pair = Pair::new(1);
    pair.drop_next = vec![(A, "ACK", 2)];
    pair.invite();
    pair.secs(1);
    let b = pair.incoming();
    pair.uas[B].accept(pair.now, b, sdp(), vec![]);
    pair.secs(5);
    let acks = pair.sent(A, "ACK");
    assert_eq!((acks.len(), pair.sent(B, "SIP/2.0 200").len()), (3, 3));
    assert_eq!(acks[0].bytes(), acks[2].bytes());
    assert_eq!(pair.events[B].iter().filter(|event| matches!(event, Event::Acked { .. })).count(), 1);
    assert_eq!(pair.events[A].iter().filter(|event| matches!(event, Event::Answered { .. })).count(), 1);
}

#[test]
fn no_ack_ends_the_call_with_bye_after_64_t1() {
    let mut pair = Pair::new(2);
    pair.drop_next = vec![(A, "ACK", usize::MAX)];
    pair.invite();
    pair.secs(1);
    let b = pair.incoming();
    pair.uas[B].accept(pair.now, b, sdp(), vec![]);
    pair.secs(31);
    assert_eq!(pair.end(B), None);
    // At 0, 0.5, 1.5, 3.5, 7.5 s, then every 4 s.
    assert_eq!(pair.sent(B, "SIP/2.0 200").len(), 10);
    pair.secs(2);
    assert_eq!(pair.end(B).as_deref(), Some("NoAck"));
    assert_eq!(pair.sent(B, "BYE")[0].header(crate::Name::Reason).next(), Some("SIP;cause=408;text=\"No ACK\""));
    assert_eq!(pair.end(A).as_deref(), Some("bye peer"));
    pair.settle();
    pair.assert_nothing_left();
}

#[test]
fn bye_waits_for_the_ack_of_our_200() {
    let mut pair = Pair::new(3);
    pair.drop_next = vec![(A, "ACK", 1)];
    pair.invite();
    pair.secs(1);
    let b = pair.incoming();
    pair.uas[B].accept(pair.now, b, sdp(), vec![]);
    pair.uas[B].bye(pair.now, b, None);
    pair.run(core::time::Duration::from_millis(400));
    assert!(pair.sent(B, "BYE").is_empty());
    pair.secs(1);
    assert_eq!(pair.end(B).as_deref(), Some("ByeLocal"));
    pair.settle();
    pair.assert_nothing_left();
}

#[test]
fn nobody_there() {
    let mut pair = Pair::new(4);
    pair.net.loss = 1.0;
    pair.invite();
    pair.secs(31);
    assert_eq!((pair.end(A), pair.sent(A, "INVITE").len()), (None, 6));
    pair.secs(2);
    assert_eq!(pair.end(A).as_deref(), Some("TimedOut"));
    pair.assert_nothing_left();
}

#[test]
fn a_transport_that_fails_ends_the_call_at_once() {
    let mut pair = Pair::new(5);
    pair.invite();
    pair.drain();
    let peer = pair.peer(B);
    pair.uas[A].transport_failed(pair.now, peer);
    pair.drain();
    assert_eq!(pair.end(A).as_deref(), Some("TransportFailed"));
    assert_eq!(pair.uas[A].counts().client_transactions, 0);
}

#[test]
fn a_dead_peer_is_found_by_ping_and_by_bye() {
    let mut pair = Pair::new(6);
    let [a, b] = pair.call();
    pair.uas[A].ping(pair.now, a);
    pair.uas[A].ping(pair.now, a);
    pair.secs(1);
    assert_eq!(pair.sent(A, "OPTIONS").len(), 1);
    assert!(pair.has(A, |event| matches!(event, Event::PingDone { alive: true, .. })));
    pair.net.loss = 1.0;
    pair.uas[A].ping(pair.now, a);
    pair.uas[B].bye(pair.now, b, None);
    pair.secs(33);
    assert!(pair.has(A, |event| matches!(event, Event::PingDone { alive: false, .. })));
    assert_eq!(pair.end(A).as_deref(), Some("Gone"));
    assert_eq!(pair.end(B).as_deref(), Some("ByeLocal"));
    pair.settle();
    pair.assert_nothing_left();
}

#[test]
fn a_peer_that_forgot_the_dialog() {
    let mut pair = Pair::new(7);
    let [a, _] = pair.call();
    // The other side restarts.
    pair.uas[B] = crate::ua::Ua::new(crate::ua::UaConfig::at(super::rig::addr(B), "New"), clock::Rng::new(9));
    pair.uas[A].ping(pair.now, a);
    pair.secs(1);
    assert_eq!(pair.sent(B, "SIP/2.0 481").len(), 2, "to OPTIONS, and to the BYE that makes sure");
    assert_eq!(pair.end(A).as_deref(), Some("Gone"));
    pair.settle();
    pair.assert_nothing_left();
}

#[test]
fn calls_survive_a_bad_network() {
    for seed in 0..40 {
        let mut pair = Pair::new(seed);
        pair.net.loss = 0.2;
        pair.net.duplicate = 0.2;
        pair.net.jitter = core::time::Duration::from_millis(300);
        let a = pair.invite();
        pair.secs(10);
        let b = pair.incoming();
        pair.uas[B].provisional(pair.now, b, 180, None, vec![]);
        pair.secs(2);
        pair.uas[B].accept(pair.now, b, sdp(), vec![]);
        pair.secs(30);
        assert!(pair.has(A, |event| matches!(event, Event::Answered { .. })), "seed {seed}");
        assert!(pair.has(B, |event| matches!(event, Event::Acked { .. })), "seed {seed}");
        pair.uas[A].bye(pair.now, a, None);
        pair.settle();
        assert_eq!(pair.end(A).as_deref(), Some("ByeLocal"), "seed {seed}");
        assert_eq!(pair.end(B).as_deref(), Some("bye peer"), "seed {seed}");
        pair.assert_nothing_left();
    }
}

#[test]
fn a_reinvite_stands_in_for_a_lost_ack() {
    for bye_wanted in [false, true] {
        let mut pair = Pair::new(8);
        pair.drop_next = vec![(A, "ACK", usize::MAX)];
        let a = pair.invite();
        pair.secs(1);
        let b = pair.incoming();
        pair.uas[B].accept(pair.now, b, sdp(), vec![]);
        pair.run(core::time::Duration::from_millis(20));
        if bye_wanted {
            pair.uas[B].bye(pair.now, b, None);
        }
        pair.uas[A].reinvite(pair.now, a, sdp());
        pair.run(core::time::Duration::from_millis(20));
        assert!(pair.has(B, |event| matches!(event, Event::Acked { .. })));
        assert_eq!(pair.has(B, |event| matches!(event, Event::Reinvite { .. })), !bye_wanted);
        assert_eq!(pair.sent(B, "BYE").len(), usize::from(bye_wanted));
        pair.uas[B].answer_reinvite(pair.now, b, 488, None);
        pair.uas[B].bye(pair.now, b, None);
        pair.settle();
        assert_eq!(pair.end(B).as_deref(), Some("ByeLocal"));
        assert_eq!(pair.end(A).as_deref(), Some("bye peer"));
        pair.assert_nothing_left();
    }
}

#[test]
fn a_closed_connection_fails_requests_and_leaves_calls() {
    use crate::ua::{Output, Transport};
    let mut pair = Pair::new(9);
    pair.transport = Transport::Tcp;
    pair.flow = Some(clock::FlowId(3));
    let [a, _] = pair.call();
    pair.uas[A].ping(pair.now, a);
    pair.drain();
    pair.uas[A].flow_gone(pair.now, clock::FlowId(4));
    pair.drain();
    assert!(pair.events[A].is_empty());
    pair.uas[A].flow_gone(pair.now, clock::FlowId(3));
    let mut sent = Vec::new();
    while let Some(output) = pair.uas[A].poll_output() {
        if let Output::Transmit { peer, .. } = output {
            sent.push(peer);
        }
    }
    assert_eq!(sent.len(), 1, "the ping failed: BYE over a new connection to the peer's Contact");
    assert_eq!((sent[0].flow, sent[0].addr), (None, super::rig::addr(B)));
}
