//! Hold, resume, and re-INVITEs that meet (RFC 3261 14).

use super::rig::{A, B, Pair, sdp};
use crate::ua::{Body, Event};

fn hold() -> Body {
    Body::sdp("v=0\r\na=sendonly\r\n")
}

/// How many re-INVITEs of this side are done, and with which statuses.
fn done(pair: &Pair, side: usize) -> Vec<u16> {
    let done = pair.events[side].iter().filter_map(|event| match event {
        Event::ReinviteDone { response, .. } => Some(response.as_ref().map_or(0, crate::Message::status)),
        _ => None,
    });
    done.collect()
}

#[test]
fn hold_and_resume() {
    let mut pair = Pair::new(1);
    let [a, b] = pair.call();
    for (side, session, body) in [(A, a, hold()), (A, a, sdp()), (B, b, hold()), (B, b, sdp())] {
        let other = 1 - side;
        let answering = [a, b][other];
        pair.events.iter_mut().for_each(std::collections::VecDeque::clear);
        pair.uas[side].reinvite(pair.now, session, body.clone());
        pair.secs(1);
        let offer = pair.find(other, |event| match event {
            Event::Reinvite { request, .. } => Some(request.body().clone()),
            _ => None,
        });
        assert_eq!(offer, Some(body.bytes));
        pair.uas[other].answer_reinvite(pair.now, answering, 200, Some(sdp()));
        pair.secs(1);
        assert_eq!(done(&pair, side), [200]);
        assert!(pair.has(other, |event| matches!(event, Event::Acked { .. })));
    }
    let cseqs: Vec<u32> = pair.sent(A, "INVITE").iter().map(|invite| invite.cseq().unwrap().0).collect();
    assert_eq!(cseqs, [1, 2, 3]);
    pair.uas[A].bye(pair.now, a, None);
    pair.settle();
    pair.assert_nothing_left();
}

#[test]
fn two_that_meet_get_491_and_are_tried_again() {
    for seed in 0..10 {
        let mut pair = Pair::new(seed);
        let [a, b] = pair.call();
        pair.uas[A].reinvite(pair.now, a, hold());
        pair.uas[B].reinvite(pair.now, b, hold());
        for _ in 0..60 {
            pair.run(core::time::Duration::from_millis(100));
            for (side, session) in [(A, a), (B, b)] {
                pair.uas[side].answer_reinvite(pair.now, session, 200, Some(sdp()));
            }
        }
        assert_eq!((done(&pair, A), done(&pair, B)), (vec![200], vec![200]), "seed {seed}");
        assert_eq!((pair.sent(A, "SIP/2.0 491").len(), pair.sent(B, "SIP/2.0 491").len()), (1, 1));
        pair.uas[A].bye(pair.now, a, None);
        pair.settle();
        pair.assert_nothing_left();
    }
}

#[test]
fn a_second_one_before_the_answer_gets_500() {
    let mut pair = Pair::new(3);
    let [a, b] = pair.call();
    pair.uas[A].reinvite(pair.now, a, hold());
    pair.secs(1);
    let (invite, ok) = (pair.sent(A, "INVITE")[0].clone(), pair.sent(B, "SIP/2.0 200")[0].clone());
    let second = super::solo::in_dialog(&invite, &ok, "INVITE", 3, "Contact: <sip:alice@127.0.0.2:5060>\n");
    let peer = pair.peer(A);
    pair.uas[B].receive(pair.now, peer, second);
    pair.drain();
    let refused = pair.sent(B, "SIP/2.0 500")[0];
    assert!(refused.has("Retry-After"));
    pair.uas[B].answer_reinvite(pair.now, b, 488, None);
    pair.secs(1);
    assert_eq!(done(&pair, A), [488]);
    assert!(pair.end(A).is_none() && pair.end(B).is_none(), "a refused change leaves the call as it was");
}

#[test]
fn cseq_that_falls_gets_500_and_unknown_methods_405() {
    let mut pair = Pair::new(4);
    pair.call();
    let (invite, ok) = (pair.sent(A, "INVITE")[0].clone(), pair.sent(B, "SIP/2.0 200")[0].clone());
    let peer = pair.peer(A);
    for (method, cseq, wanted) in [
        ("INFO", 9, 200),
        ("INFO", 8, 500),
        ("MESSAGE", 10, 405),
        ("UPDATE", 11, 200),
        ("OPTIONS", 12, 200),
        ("NOTIFY", 13, 489),
    ] {
        let request = super::solo::in_dialog(&invite, &ok, method, cseq, "");
        pair.trace.clear();
        pair.uas[B].receive(pair.now, peer, request);
        pair.drain();
        assert_eq!(pair.trace[0].message.status(), wanted, "{method} {cseq}");
    }
    assert!(pair.has(B, |event| matches!(event, Event::Info { .. })));
}

#[test]
fn one_asked_for_too_early_waits_for_the_ack() {
    let mut pair = Pair::new(5);
    pair.drop_next = vec![(A, "ACK", 1)];
    pair.invite();
    pair.secs(1);
    let b = pair.incoming();
    pair.uas[B].accept(pair.now, b, sdp(), vec![]);
    pair.uas[B].reinvite(pair.now, b, hold());
    pair.uas[B].reinvite(pair.now, b, sdp());
    pair.run(core::time::Duration::from_millis(300));
    assert!(pair.sent(B, "INVITE").is_empty());
    pair.secs(1);
    let sent = pair.sent(B, "INVITE");
    assert_eq!((sent.len(), sent[0].body()), (1, &sdp().bytes), "the newest alone");
}

#[test]
fn no_answer_to_a_reinvite_ends_the_call() {
    let mut pair = Pair::new(6);
    let [a, b] = pair.call();
    pair.uas[A].reinvite(pair.now, a, hold());
    pair.secs(33);
    assert_eq!(done(&pair, A), [0], "100 came, and nothing more");
    assert_eq!(pair.end(A).as_deref(), Some("Gone"));
    assert_eq!(pair.end(B).as_deref(), Some("bye peer"));
    pair.uas[B].answer_reinvite(pair.now, b, 200, Some(sdp()));
    pair.settle();
    pair.assert_nothing_left();
}

#[test]
fn bye_while_a_reinvite_is_under_way() {
    let mut pair = Pair::new(7);
    let [a, _] = pair.call();
    pair.uas[A].reinvite(pair.now, a, hold());
    pair.secs(1);
    pair.uas[A].bye(pair.now, a, None);
    pair.secs(1);
    assert_eq!(pair.end(A).as_deref(), Some("ByeLocal"));
    assert_eq!(pair.end(B).as_deref(), Some("bye peer"));
    assert_eq!(pair.sent(B, "SIP/2.0 487").len(), 1);
    pair.settle();
    pair.assert_nothing_left();
}
