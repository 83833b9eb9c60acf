//! The checks of DESIGN section 7 in their order, and what else meets a request before its session.

use bytes::Bytes;

use super::solo::{Solo, message, request};
use crate::{
    Message, Source,
    ua::{Event, Ua, UaLimits},
};

const US: &str = "sip:100@127.0.0.1";

#[test]
fn one_status_for_each_check_and_the_first_counts() {
    for (text, wanted) in [
        (request("INVITE", "sip:1@h", "z9hG4bKa", "From: <sip:twice@h>;tag=2\n"), 400),
        (request("INVITE", "foo:1@h", "z9hG4bKb", "Require: precondition\n"), 416),
        (request("INVITE", "tel:+442071830001", "z9hG4bKb2", "Require: precondition\n"), 420),
        (request("DANCE", US, "z9hG4bKc", "Require: precondition\n"), 501),
        (request("DANCE", "foo:1", "z9hG4bKd", ""), 416),
        (request("INVITE", US, "z9hG4bKe", "Require: precondition, replaces\n"), 420),
        (request("OPTIONS", US, "z9hG4bKf", "").replace("CSeq: 1 OPTIONS", "CSeq: 1 INVITE"), 400),
        (request("NEWMETHOD", US, "z9hG4bKg", "").replace("CSeq: 1 NEWMETHOD", "CSeq: 8 INVITE"), 501),
        (request("REGISTER", "sip:h", "z9hG4bKh", "").replace("To: <sip:h>", "To: <isbn:2983792873>"), 400),
        (request("BYE", US, "z9hG4bKi", ""), 481),
        (request("CANCEL", US, "z9hG4bKj", "Require: x\n"), 481),
        (request("PRACK", US, "z9hG4bKk", ""), 481),
        (request("OPTIONS", US, "z9hG4bKl", "").replace("To: <sip:100@127.0.0.1>", "To: <sip:100@h>;tag=no"), 481),
    ] {
        let mut solo = Solo::new();
        assert_eq!(solo.statuses(&text), [wanted], "{text}");
        assert!(!solo.events.iter().any(|event| matches!(event, Event::Invite { .. } | Event::Request { .. })));
    }
}

#[test]
fn refusals_say_what_would_be_right() {
    let mut solo = Solo::new();
    let refused = solo.send(&request("INVITE", US, "z9hG4bKa", "Require: precondition, 100rel, replaces\n"));
    assert_eq!(refused[0].header("Unsupported").collect::<Vec<_>>(), ["precondition, replaces"]);
    let refused = solo.send(&request("DANCE", US, "z9hG4bKb", ""));
    assert!(refused[0].has("Allow"));
    let refused = solo.send(&request("INVITE", US, "z9hG4bKc", "CSeq: 1 INVITE\n"));
    assert!(refused[0].header("Reason").any(|reason| reason.contains("CSeq stands more than once")));
}

#[test]
fn a_refusal_without_state_is_the_same_each_time() {
    let mut solo = Solo::new();
    let text = request("INVITE", "foo:1", "z9hG4bKa", "");
    let (one, two) = (solo.send(&text), solo.send(&text));
    assert_eq!(one[0].bytes(), two[0].bytes());
    assert!(one[0].to().unwrap().tag().is_some());
    let ack = text.replace("INVITE", "ACK");
    assert!(solo.send(&ack).is_empty());
    assert_eq!(solo.ua.counts(), crate::ua::Counts::default());
}

#[test]
fn unreadable_bytes_are_refused_or_dropped() {
    let mut solo = Solo::new();
    let bad = |text: &str| Message::parse(Bytes::from(text.replace('\n', "\r\n")), Source::Datagram).unwrap_err();
    let version = bad(&request("OPTIONS", US, "z9hG4bKa", "").replace("SIP/2.0\nVia", "SIP/7.0\nVia"));
    let short = bad(&request("INVITE", US, "z9hG4bKb", "").replace("Content-Length: 0", "Content-Length: 99"));
    for (error, wanted) in [(version, Some(505)), (short, Some(400)), (bad("not sip at all\n\n"), None)] {
        solo.ua.receive_bad(solo.now, Solo::peer(), &error);
        solo.drain();
        assert_eq!(solo.sent.pop().map(|(_, response)| response.status()), wanted, "{error}");
    }
}

#[test]
fn bodies_are_judged_by_the_owner() {
    let judge = |more: &str, body: &str| {
        let text = request("INVITE", US, "z9hG4bKa", more);
        let text = text.replace("Content-Length: 0\n\n", &format!("Content-Length: {}\n\n{body}", body.len()));
        Ua::check_body(&message(&text)).map_err(|refusal| (refusal.status, refusal.headers[0].0))
    };
    assert_eq!(judge("", ""), Ok(()));
    assert_eq!(judge("Content-Type: application/sdp\nAccept: text/plain, application/*\n", "v=0"), Ok(()));
    assert_eq!(judge("Content-Type: application/unknown\n", "?"), Err((415, "Accept")));
    assert_eq!(judge("", "?"), Err((415, "Accept")));
    assert_eq!(judge("Content-Type: application/sdp\nContent-Encoding: gzip\n", "?"), Err((415, "Accept-Encoding")));
    assert_eq!(judge("Accept: text/plain\n", ""), Err((406, "Warning")));
}

#[test]
fn answers_go_where_the_request_came_from() {
    let mut solo = Solo::new();
    let plain = request("OPTIONS", "foo:1", "z9hG4bKa", "").replace("127.0.0.2:5080;", "10.9.8.7:5099;");
    let refused = solo.send(&plain);
    assert_eq!(refused[0].top_via().unwrap().received(), Some([127, 0, 0, 2].into()));
    assert_eq!(solo.sent[0].0.addr, ([127, 0, 0, 2], 5099).into(), "to the port of sent-by");
    let refused = solo.send(&plain.replace("branch=", "rport;branch=x"));
    assert_eq!(refused[0].top_via().unwrap().rport(), Some(5080));
    assert_eq!(solo.sent[1].0.addr, Solo::peer().addr, "rport: to where it came from");
}

#[test]
fn the_same_request_over_two_paths_and_our_own_coming_back() {
    let mut solo = Solo::new();
    let first = request("INVITE", US, "z9hG4bKa", "");
    assert_eq!(solo.statuses(&first), [100]);
    assert_eq!(solo.statuses(&first), [100], "a retransmission gets the last response");
    let second = first.replace("branch=z9hG4bKa", "branch=z9hG4bKother");
    assert_eq!(solo.statuses(&second), [482]);
    let another = second.replace("To: <sip:100@", "To: <sip:101@").replace("z9hG4bKother", "z9hG4bKthird");
    assert_eq!(solo.statuses(&another), [100], "to someone else: not the same request");
    assert_eq!(solo.events.iter().filter(|event| matches!(event, Event::Invite { .. })).count(), 2);

    let session = solo.events.iter().find_map(|event| match event {
        Event::Invite { session, .. } => Some(*session),
        _ => None,
    });
    solo.ua.reject(solo.now, session.unwrap(), 404, vec![]);
    solo.drain();
    let third = first.replace("branch=z9hG4bKa", "branch=z9hG4bKthird");
    assert_eq!(solo.statuses(&third), [100], "refused already: nothing to be merged with");

    let mut pair = super::rig::Pair::new(1);
    pair.invite();
    pair.drain();
    let ours = pair.sent(0, "INVITE")[0].clone();
    let via = format!("Via: {}\n", ours.top_via().unwrap());
    let back = request("INVITE", "sip:1@127.0.0.2", "z9hG4bKproxy", &via);
    let back = message(&back.replace(";branch=z9hG4bKproxy", ";rport;branch=z9hG4bKproxy"));
    let peer = pair.peer(1);
    pair.uas[0].receive(pair.now, peer, back);
    pair.drain();
    assert_eq!(pair.sent(0, "SIP/2.0 482").len(), 1);
}

#[test]
fn a_branch_of_rfc_2543_is_matched_by_the_rest() {
    let mut solo = Solo::new();
    for branch in ["z9hG4bK", "1"] {
        let first = request("INVITE", US, branch, "");
        assert_eq!(solo.statuses(&first), [100]);
        assert_eq!(solo.statuses(&first), [100]);
        let other_call = first.replace("Call-ID: solo", "Call-ID: other");
        assert_eq!(solo.statuses(&other_call), [100], "not merged with an unrelated request");
        let sessions: Vec<_> = solo
            .events
            .drain(..)
            .filter_map(|event| match event {
                Event::Invite { session, .. } => Some(session),
                _ => None,
            })
            .collect();
        assert_eq!(sessions.len(), 2);
        solo.ua.reject(solo.now, sessions[0], 486, vec![]);
        solo.drain();
        let refused = solo.sent.last().unwrap().1.clone();
        let ack =
            first.replace("INVITE", "ACK").replace(&format!("To: <{US}>"), &format!("To: {}", refused.to().unwrap()));
        assert!(solo.send(&ack).is_empty());
        solo.now += core::time::Duration::from_secs(2);
        solo.ua.handle_timeout(solo.now);
        solo.drain();
        let again = solo.sent.iter().filter(|(_, sent)| sent.bytes() == refused.bytes()).count();
        assert_eq!(again, 1, "the ACK was matched, the 486 is not repeated");
        solo.ua.reject(solo.now, sessions[1], 486, vec![]);
        solo.drain();
    }
}

#[test]
fn a_full_core_refuses_without_remembering() {
    let limits = UaLimits { sessions: 1, server_transactions: 3, ..UaLimits::default() };
    let mut solo = Solo::with(limits);
    assert_eq!(solo.statuses(&request("INVITE", US, "z9hG4bKa", "")), [100]);
    let full = solo.send(&request("INVITE", US, "z9hG4bKb", ""));
    assert_eq!((full[0].status(), full[0].has("Retry-After")), (503, true));
    assert_eq!(solo.statuses(&request("OPTIONS", US, "z9hG4bKc", "")), [0u16; 0]);
    assert_eq!(solo.statuses(&request("OPTIONS", US, "z9hG4bKd", "")), [0u16; 0]);
    assert_eq!(solo.statuses(&request("OPTIONS", US, "z9hG4bKe", "")), [503]);
    assert_eq!(solo.ua.counts().server_transactions, 3);
}

#[test]
fn a_request_that_the_owner_forgets_does_not_stay() {
    let mut solo = Solo::new();
    solo.send(&request("OPTIONS", US, "z9hG4bKa", ""));
    assert_eq!(solo.ua.counts().waiting_requests, 1);
    solo.now += core::time::Duration::from_secs(33);
    solo.ua.handle_timeout(solo.now);
    assert_eq!(solo.ua.counts(), crate::ua::Counts::default());
}

#[test]
fn responses_that_are_not_ours_are_dropped() {
    let mut solo = Solo::new();
    let response = "SIP/2.0 200 OK\nVia: SIP/2.0/UDP 127.0.0.1:5060;branch=z9hG4bKnone\nFrom: <sip:a@h>;tag=1\n\
                    To: <sip:b@h>;tag=2\nCall-ID: x\nCSeq: 1 INVITE\nContent-Length: 0\n\n";
    assert!(solo.send(response).is_empty());
    assert!(solo.send(&response.replace("CSeq: 1", "CSeq: 9292394834772304023312")).is_empty());
    let reasons: Vec<_> = solo
        .events
        .iter()
        .map(|event| match event {
            Event::Dropped { reason } => *reason,
            _ => "?",
        })
        .collect();
    assert_eq!(reasons, ["response_unmatched", "response_invalid"]);
}

#[test]
fn large_requests_meet_a_bound_of_bytes_first() {
    let limits = UaLimits { server_bytes: 3_000, ..UaLimits::default() };
    let mut solo = Solo::with(limits);
    let large = |branch: &str| {
        let id = format!("Subject: {}\n", "x".repeat(1_500));
        request("OPTIONS", US, branch, &id).replace("Call-ID: ", &format!("Call-ID: {branch}"))
    };
    assert!(solo.statuses(&large("z9hG4bKa")).is_empty(), "left to the owner");
    assert!(solo.statuses(&large("z9hG4bKb")).is_empty());
    assert_eq!(solo.statuses(&large("z9hG4bKc")), [503]);
    solo.now += core::time::Duration::from_secs(200);
    solo.ua.handle_timeout(solo.now);
    assert!(solo.statuses(&large("z9hG4bKd")).is_empty(), "what is over counts no more");
}
