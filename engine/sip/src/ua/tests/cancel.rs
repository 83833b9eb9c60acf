//! CANCEL and the ways it meets other messages (RFC 3261 9).

use super::rig::{A, B, Pair, sdp};
use crate::{
    Reason,
    ua::{Event, SessionEnd},
};

fn elsewhere() -> Option<Reason> {
    Some(Reason::sip(200, "Call completed elsewhere"))
}

#[test]
fn a_ringing_call_is_cancelled() {
    let mut pair = Pair::new(1);
    let a = pair.invite();
    pair.secs(1);
    let b = pair.incoming();
    pair.uas[B].provisional(pair.now, b, 180, None, vec![]);
    pair.secs(1);
    pair.uas[A].cancel(pair.now, a, elsewhere());
    pair.secs(1);
    assert_eq!(pair.end(A).as_deref(), Some("cancelled local, crossed false"));
    assert_eq!(pair.end(B).as_deref(), Some("CancelledByPeer"));
    let reason = pair.find(B, |event| match event {
        Event::Cancelled { reason, .. } => reason.clone(),
        _ => None,
    });
    assert_eq!(reason.as_deref(), Some("SIP;cause=200;text=\"Call completed elsewhere\""));
    let (invite, cancel) = (pair.sent(A, "INVITE")[0], pair.sent(A, "CANCEL")[0]);
    assert_eq!(cancel.top_via(), invite.top_via());
    assert_eq!(cancel.request_uri_text(), invite.request_uri_text());
    assert_eq!(cancel.cseq().unwrap().0, invite.cseq().unwrap().0);
    assert!(cancel.to().unwrap().tag().is_none());
    let refusals = pair.sent(B, "SIP/2.0 487");
    assert_eq!(refusals.len(), 1);
    assert_eq!(refusals[0].header("Reason").next(), Some("Q.850;cause=16;text=\"canceled\""));
    pair.settle();
    pair.assert_nothing_left();
}

#[test]
fn a_cancel_waits_for_the_first_provisional_response() {
    let mut pair = Pair::new(2);
    let a = pair.invite();
    pair.uas[A].bye(pair.now, a, elsewhere());
    pair.drain();
    assert!(pair.sent(A, "CANCEL").is_empty());
    pair.secs(1);
    assert_eq!(pair.sent(A, "CANCEL").len(), 1);
    assert_eq!(pair.end(A).as_deref(), Some("cancelled local, crossed false"));
    pair.settle();
    pair.assert_nothing_left();
}

#[test]
fn a_cancel_that_crosses_the_200_ends_in_ack_and_bye() {
    let mut pair = Pair::new(3);
    let a = pair.invite();
    pair.secs(1);
    let b = pair.incoming();
    pair.uas[B].accept(pair.now, b, sdp(), vec![]);
    pair.uas[A].cancel(pair.now, a, elsewhere());
    pair.secs(2);
    assert_eq!(pair.end(A).as_deref(), Some("cancelled local, crossed true"));
    assert_eq!(pair.end(B).as_deref(), Some("bye peer"));
    assert!(!pair.has(A, |event| matches!(event, Event::Answered { .. })));
    assert!(pair.has(B, |event| matches!(event, Event::CancelledTooLate { .. })));
    assert_eq!((pair.sent(A, "ACK").len(), pair.sent(A, "BYE").len()), (1, 1));
    pair.settle();
    pair.assert_nothing_left();
}

/// RFC 3261 9.1: the CANCEL did nothing, and its sender wants whoever answered.
#[test]
fn a_200_that_crosses_what_was_only_called_off_makes_a_session() {
    for was_silent in [false, true] {
        let mut pair = Pair::new(3);
        let a = pair.invite();
        if was_silent {
            pair.drop_next = vec![(B, "SIP/2.0 100", 1)];
            pair.uas[A].call_off(pair.now, a, elsewhere());
            pair.run(core::time::Duration::from_millis(6));
        } else {
            pair.secs(1);
        }
        let b = pair.incoming();
        pair.uas[B].accept(pair.now, b, sdp(), vec![]);
        pair.uas[A].call_off(pair.now, a, elsewhere());
        pair.secs(40);
        assert!(pair.has(A, |event| matches!(event, Event::Answered { .. })));
        assert_eq!((pair.sent(A, "ACK").len(), pair.sent(A, "BYE").len(), pair.end(A)), (1, 0, None));
        pair.uas[A].bye(pair.now, a, None);
        pair.secs(1);
        assert_eq!(pair.end(A).as_deref(), Some("ByeLocal"));
        pair.settle();
        pair.assert_nothing_left();
    }
    // Nobody answers: it is cancelled. Called off and then given up: the answer is ended with BYE.
    for is_given_up in [false, true] {
        let mut pair = Pair::new(4);
        let a = pair.invite();
        pair.secs(1);
        let b = pair.incoming();
        if is_given_up {
            pair.uas[B].accept(pair.now, b, sdp(), vec![]);
        }
        pair.uas[A].call_off(pair.now, a, None);
        if is_given_up {
            pair.uas[A].cancel(pair.now, a, None);
        }
        pair.secs(2);
        assert_eq!(pair.end(A), Some(format!("cancelled local, crossed {is_given_up}")));
        pair.settle();
        pair.assert_nothing_left();
    }
}

/// The owner ends the session at once; the peer's own BYE comes first, and ours only if his does not.
#[test]
fn a_cancel_that_crossed_the_200_is_left_its_own_bye() {
    for (lost, byes_of_b) in [(0, 0), (usize::MAX, 1)] {
        let mut pair = Pair::new(5);
        let a = pair.invite();
        pair.secs(1);
        let b = pair.incoming();
        pair.drop_next = vec![(A, "BYE", lost)];
        pair.uas[B].accept(pair.now, b, sdp(), vec![]);
        pair.uas[A].cancel(pair.now, a, None);
        pair.run(core::time::Duration::from_millis(15));
        assert!(pair.has(B, |event| matches!(event, Event::CancelledTooLate { .. })));
        pair.uas[B].bye(pair.now, b, None);
        pair.secs(3);
        assert_eq!(pair.sent(B, "BYE").len(), byes_of_b);
        pair.settle();
        pair.assert_nothing_left();
    }
}

#[test]
fn a_200_right_after_a_wanted_cancel_is_a_crossing_too() {
    let mut pair = Pair::new(4);
    let a = pair.invite();
    pair.drop_next = vec![(B, "SIP/2.0 100", 1)];
    pair.uas[A].cancel(pair.now, a, None);
    pair.run(core::time::Duration::from_millis(6));
    let b = pair.incoming();
    pair.uas[B].accept(pair.now, b, sdp(), vec![]);
    pair.secs(2);
    assert_eq!(pair.end(A).as_deref(), Some("cancelled local, crossed true"));
    pair.settle();
    pair.assert_nothing_left();
}

#[test]
fn a_peer_that_answers_neither_invite_nor_cancel_is_given_up() {
    let mut pair = Pair::new(5);
    let a = pair.invite();
    pair.secs(1);
    pair.net.loss = 1.0;
    pair.uas[A].cancel(pair.now, a, None);
    pair.secs(31);
    assert_eq!(pair.end(A), None);
    pair.secs(2);
    assert_eq!(pair.end(A).as_deref(), Some("TimedOut"));
    assert_eq!(pair.uas[A].counts().client_transactions, 0);
}

#[test]
fn bye_of_the_caller_ends_a_ringing_call() {
    let mut pair = Pair::new(6);
    pair.invite();
    pair.secs(1);
    let b = pair.incoming();
    pair.uas[B].provisional(pair.now, b, 180, None, vec![]);
    pair.secs(1);
    // RFC 3261 15: the caller may send BYE in an early dialog; the INVITE then gets 487.
    let (invite, ringing) = (pair.sent(A, "INVITE")[0].clone(), pair.sent(B, "SIP/2.0 180")[0].clone());
    let bye = super::solo::in_dialog(&invite, &ringing, "BYE", 2, "Reason: Q.850;cause=16\n");
    let peer = pair.peer(A);
    pair.uas[B].receive(pair.now, peer, bye);
    pair.drain();
    assert_eq!(pair.end(B).as_deref(), Some("bye peer"));
    assert_eq!((pair.sent(B, "SIP/2.0 200").len(), pair.sent(B, "SIP/2.0 487").len()), (1, 1));
}

#[test]
fn bye_refuses_a_call_that_was_not_answered_yet() {
    let mut pair = Pair::new(7);
    pair.invite();
    pair.secs(1);
    let b = pair.incoming();
    pair.uas[B].bye(pair.now, b, elsewhere());
    pair.secs(1);
    assert_eq!(pair.end(A).as_deref(), Some("rejected 480"));
    let has_reason = pair.find(A, |event| match event {
        Event::Ended { how: SessionEnd::Rejected { response }, .. } => Some(response.has("Reason")),
        _ => None,
    });
    assert_eq!(has_reason, Some(true));
    assert_eq!(pair.end(B).as_deref(), Some("refused 480"));
}
