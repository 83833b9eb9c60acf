//! Reliable provisional responses and PRACK (RFC 3262).

use super::rig::{A, B, Pair, sdp};
use super::solo::{Solo, in_dialog, message, request};
use crate::{
    Message, Method,
    ua::{ClientCredentials, Counts, Event, SessionId},
};

fn value(message: &Message, name: &str) -> String {
    message.header(name).next().unwrap_or_default().to_owned()
}

/// A call of A that requires reliable responses; B's session.
fn required(pair: &mut Pair) -> SessionId {
    let mut params = pair.invite_params();
    params.reliable = true;
    params.headers.push(("Require", "100rel".into()));
    pair.uas[A].invite(pair.now, params);
    pair.secs(1);
    pair.incoming()
}

fn progress(pair: &Pair) -> Vec<u16> {
    let statuses = pair.events[A].iter().filter_map(|event| match event {
        Event::Progress { response, .. } => Some(response.status()),
        _ => None,
    });
    statuses.collect()
}

#[test]
fn required_ones_are_sent_one_after_the_other_and_acknowledged() {
    let mut pair = Pair::new(1);
    let b = required(&mut pair);
    pair.uas[B].provisional(pair.now, b, 180, None, vec![]);
    pair.uas[B].provisional(pair.now, b, 183, Some(sdp()), vec![]);
    pair.drain();
    assert!(pair.sent(B, "SIP/2.0 183").is_empty(), "the next waits for the PRACK of the first");
    pair.secs(1);
    assert_eq!(progress(&pair), [180, 183]);
    let first: u32 = value(pair.sent(B, "SIP/2.0 180")[0], "RSeq").parse().unwrap();
    let second = pair.sent(B, "SIP/2.0 183")[0];
    assert_eq!((value(second, "RSeq"), value(second, "Require")), ((first + 1).to_string(), "100rel".into()));
    let pracks: Vec<_> = pair.sent(A, "PRACK").iter().map(|p| (p.cseq().unwrap().0, value(p, "RAck"))).collect();
    assert_eq!(pracks, [(2, format!("{first} 1 INVITE")), (3, format!("{} 1 INVITE", first + 1))]);
    pair.uas[B].accept(pair.now, b, sdp(), vec![]);
    pair.secs(1);
    assert!(pair.has(A, |event| matches!(event, Event::Answered { .. })));
    assert_eq!(pair.sent(A, "ACK")[0].cseq().unwrap().0, 1);
    pair.uas[B].bye(pair.now, b, None);
    pair.settle();
    pair.assert_nothing_left();
}

#[test]
fn requests_after_the_answer_count_on_from_the_pracks() {
    let mut pair = Pair::new(2);
    let b = required(&mut pair);
    pair.uas[B].provisional(pair.now, b, 180, None, vec![]);
    pair.secs(1);
    pair.uas[B].accept(pair.now, b, sdp(), vec![]);
    pair.secs(1);
    let a = pair.find(A, |event| match event {
        Event::Answered { session, .. } => Some(*session),
        _ => None,
    });
    pair.uas[A].bye(pair.now, a.unwrap(), None);
    pair.secs(1);
    assert_eq!(pair.sent(A, "BYE")[0].cseq().unwrap().0, 3);
    assert_eq!(pair.end(B).as_deref(), Some("bye peer"));
}

#[test]
fn a_lost_one_comes_again_from_t1_on_doubling_and_is_told_once() {
    let mut pair = Pair::new(3);
    let b = required(&mut pair);
    pair.drop_next = vec![(B, "SIP/2.0 180", 3)];
    pair.uas[B].provisional(pair.now, b, 180, None, vec![]);
    pair.run(core::time::Duration::from_millis(3_400));
    assert_eq!(pair.sent(B, "SIP/2.0 180").len(), 3, "at 0, 0.5 and 1.5 s (RFC 3262 3)");
    pair.secs(10);
    assert_eq!((pair.sent(B, "SIP/2.0 180").len(), progress(&pair)), (4, vec![180]));
    // The same once more: passed over.
    pair.net.duplicate = 1.0;
    pair.uas[B].provisional(pair.now, b, 181, None, vec![]);
    pair.secs(10);
    assert_eq!((pair.sent(A, "PRACK").len(), progress(&pair)), (2, vec![180, 181]));
}

#[test]
fn no_prack_refuses_the_call_with_504_after_64_t1() {
    let mut pair = Pair::new(4);
    let b = required(&mut pair);
    pair.drop_next = vec![(A, "PRACK", usize::MAX)];
    pair.uas[B].provisional(pair.now, b, 180, None, vec![]);
    pair.secs(31);
    assert_eq!(pair.sent(B, "SIP/2.0 180").len(), 6, "at 0, 0.5, 1.5, 3.5, 7.5 and 15.5 s");
    pair.secs(2);
    assert_eq!((pair.end(B).as_deref(), pair.end(A).as_deref()), (Some("NoAck"), Some("rejected 504")));
    pair.settle();
    pair.assert_nothing_left();
}

#[test]
fn the_200_waits_for_the_prack_of_a_description_and_for_no_other() {
    for (body, waits) in [(Some(sdp()), true), (None, false)] {
        let mut pair = Pair::new(5);
        let b = required(&mut pair);
        pair.drop_next = vec![(B, "SIP/2.0 18", 1)];
        let status = if waits { 183 } else { 180 };
        pair.uas[B].provisional(pair.now, b, status, body, vec![]);
        pair.uas[B].accept(pair.now, b, sdp(), vec![]);
        pair.run(core::time::Duration::from_millis(400));
        assert_eq!(pair.sent(B, "SIP/2.0 200").is_empty(), waits);
        pair.secs(1);
        assert!(pair.has(A, |event| matches!(event, Event::Answered { .. })), "{waits}");
        assert!(pair.has(B, |event| matches!(event, Event::Acked { .. })));
        pair.uas[B].bye(pair.now, b, None);
        pair.settle();
        pair.assert_nothing_left();
    }
}

#[test]
fn a_call_may_be_cancelled_or_refused_while_its_200_waits() {
    for cancels in [true, false] {
        let mut pair = Pair::new(6);
        let b = required(&mut pair);
        pair.drop_next = vec![(A, "PRACK", usize::MAX)];
        pair.uas[B].provisional(pair.now, b, 183, Some(sdp()), vec![]);
        pair.uas[B].accept(pair.now, b, sdp(), vec![]);
        pair.secs(1);
        match cancels {
            true => {
                let a = *pair.uas[A].sessions.keys().next().unwrap();
                pair.uas[A].cancel(pair.now, a, None);
            }
            false => pair.uas[B].bye(pair.now, b, None),
        }
        pair.secs(1);
        let wanted = if cancels { "CancelledByPeer" } else { "refused 480" };
        assert_eq!(pair.end(B).as_deref(), Some(wanted));
        pair.settle();
        pair.assert_nothing_left();
    }
}

#[test]
fn a_wrong_rack_gets_481_and_none_400() {
    let mut solo = Solo::new();
    let head = "Require: 100rel\nContent-Type: application/sdp\n";
    let invite =
        request("INVITE", "sip:bob@127.0.0.1", "z9hG4bKr", head).replace("Length: 0\n\n", "Length: 4\n\nv=0\n");
    // A body of four bytes, line break included.
    let invite = message(&invite.replace("Length: 4", "Length: 5"));
    solo.receive(invite.clone());
    let session = *solo.ua.sessions.keys().next().unwrap();
    solo.ua.provisional(solo.now, session, 180, None, vec![]);
    solo.drain();
    let ringing = solo.sent.last().unwrap().1.clone();
    let rseq: u32 = value(&ringing, "RSeq").parse().unwrap();
    let right = format!("RAck: {rseq} 1 INVITE\n");
    for (cseq, rack, status) in [
        (2, String::new(), 400),
        (3, "RAck: x 1 INVITE\n".into(), 400),
        (4, format!("RAck: {} 1 INVITE\n", rseq + 1), 481),
        (5, format!("RAck: {rseq} 2 INVITE\n"), 481),
        (6, format!("RAck: {rseq} 1 UPDATE\n"), 481),
        (7, right.clone(), 200),
        (8, right, 481),
    ] {
        let got = solo.receive(in_dialog(&invite, &ringing, "PRACK", cseq, &rack)).remove(0).status();
        assert_eq!(got, status, "{rack}");
    }
}

#[test]
fn without_require_or_without_an_offer_nothing_is_sent_reliably() {
    for (head, statuses) in [("Supported: 100rel\n", vec![100, 180]), ("Require: 100rel\n", vec![100])] {
        let mut solo = Solo::new();
        solo.send(&request("INVITE", "sip:bob@127.0.0.1", "z9hG4bKn", head));
        let session = *solo.ua.sessions.keys().next().unwrap();
        solo.ua.provisional(solo.now, session, 180, None, vec![]);
        solo.drain();
        let sent: Vec<u16> = solo.sent.iter().map(|(_, sent)| sent.status()).collect();
        assert_eq!(sent, statuses, "{head}");
        assert!(solo.sent.iter().all(|(_, sent)| !sent.has("RSeq")));
    }
}

#[test]
fn a_prack_that_is_challenged_goes_out_again_with_the_next_cseq() {
    let mut solo = Solo::new();
    let mut params = Pair::new(1).invite_params();
    params.auth = Some(ClientCredentials::new("1001", "demo-1001"));
    solo.ua.invite(solo.now, params);
    solo.drain();
    let invite = solo.sent[0].1.clone();
    assert_eq!(value(&invite, "Supported"), "timer", "only where it was asked for");
    let respond = |request: &Message, status: &str, more: &str| {
        let tag = if request.to().unwrap().tag().is_some() { "" } else { ";tag=t1" };
        let (cseq, method) = request.cseq().unwrap();
        message(&format!(
            "SIP/2.0 {status}\nVia: {}\nFrom: {}\nTo: {}{tag}\nCall-ID: {}\nCSeq: {cseq} {method}\n\
             Contact: <sip:bob@127.0.0.2:5080>\n{more}Content-Length: 0\n\n",
            request.top_via().unwrap(),
            request.from().unwrap(),
            request.to().unwrap(),
            request.call_id().unwrap(),
        ))
    };
    let prack = solo.receive(respond(&invite, "180 Ringing", "Require: 100rel\nRSeq: 7\n")).remove(0);
    assert_eq!((prack.method(), prack.cseq().unwrap().0), (Some(&Method::Prack), 2));
    assert!(solo.receive(respond(&invite, "180 Ringing", "Require: 100rel\nRSeq: 9\n")).is_empty(), "8 is missing");
    let challenge = "WWW-Authenticate: Digest realm=\"x\", nonce=\"n\", qop=\"auth\"\n";
    let again = solo.receive(respond(&prack, "401 Who", challenge)).remove(0);
    assert_eq!((again.cseq().unwrap().0, value(&again, "RAck")), (3, "7 1 INVITE".into()));
    assert!(again.has("Authorization"));
    solo.receive(respond(&again, "200 OK", ""));
    let next = solo.receive(respond(&invite, "183 More", "Require: 100rel\nRSeq: 8\n")).remove(0);
    assert_eq!((next.cseq().unwrap().0, next.has("Authorization")), (4, true));
    solo.receive(respond(&next, "200 OK", ""));
    solo.receive(respond(&invite, "486 Busy", ""));
    solo.now += core::time::Duration::from_secs(100);
    solo.ua.handle_timeout(solo.now);
    assert_eq!(solo.ua.counts(), Counts::default());
}
