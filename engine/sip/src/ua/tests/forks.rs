//! One INVITE, several phones: the first answer counts (RFC 3261 13.2.2.4).

use super::rig::{A, B, Pair};
use crate::{
    Message,
    ua::{Event, SessionEnd},
};

/// A response of a fork: the INVITE's own headers and a To tag.
fn response(invite: &Message, status: &str, tag: &str, more: &str) -> Message {
    super::solo::message(&format!(
        "SIP/2.0 {status}\nVia: {}\nFrom: {}\nTo: {};tag={tag}\nCall-ID: {}\nCSeq: 1 INVITE\n\
         Contact: <sip:{tag}@127.0.0.3:5060>\n{more}Content-Length: 0\n\n",
        invite.top_via().unwrap(),
        invite.from().unwrap(),
        invite.to().unwrap(),
        invite.call_id().unwrap(),
    ))
}

#[test]
fn the_first_answer_counts_the_second_gets_ack_and_bye() {
    let mut pair = Pair::new(1);
    pair.net.loss = 1.0;
    let a = pair.invite();
    pair.drain();
    let invite = pair.sent(A, "INVITE")[0].clone();
    let peer = pair.peer(B);
    let arrive = |pair: &mut Pair, status: &str, tag: &str| {
        pair.uas[A].receive(pair.now, peer, response(&invite, status, tag, ""));
        pair.drain();
    };
    arrive(&mut pair, "180 Ringing", "one");
    arrive(&mut pair, "180 Ringing", "two");
    assert_eq!(pair.uas[A].counts().dialogs, 2);
    arrive(&mut pair, "200 OK", "two");
    assert_eq!(pair.uas[A].counts().dialogs, 1);
    arrive(&mut pair, "200 OK", "one");
    arrive(&mut pair, "200 OK", "one");
    arrive(&mut pair, "200 OK", "two");
    let acks: Vec<_> = pair.sent(A, "ACK").iter().map(|ack| ack.request_uri_text().to_owned()).collect();
    let (one, two) = ("sip:one@127.0.0.3:5060", "sip:two@127.0.0.3:5060");
    assert_eq!(acks, [two, one, one, two]);
    let byes = pair.sent(A, "BYE");
    assert_eq!(byes.iter().map(|bye| bye.request_uri_text()).collect::<Vec<_>>(), [one]);
    assert_eq!(byes[0].to().unwrap().tag(), Some("one"));
    assert!(byes[0].has("Reason"));
    let answers = pair.events[A].iter().filter(|event| matches!(event, Event::Answered { .. })).count();
    assert_eq!(answers, 1);
    pair.uas[A].bye(pair.now, a, None);
    pair.secs(33);
    assert_eq!(pair.end(A).as_deref(), Some("ByeLocal"));
    pair.secs(33);
    pair.assert_nothing_left();
}

#[test]
fn an_answer_after_the_end_still_gets_ack_and_bye() {
    let mut pair = Pair::new(2);
    pair.net.loss = 1.0;
    let a = pair.invite();
    pair.drain();
    let invite = pair.sent(A, "INVITE")[0].clone();
    let peer = pair.peer(B);
    pair.uas[A].receive(pair.now, peer, response(&invite, "200 OK", "one", ""));
    pair.uas[A].bye(pair.now, a, None);
    pair.secs(1);
    pair.uas[A].receive(pair.now, peer, response(&invite, "200 OK", "late", ""));
    pair.drain();
    assert!(pair.sent(A, "BYE").iter().any(|bye| bye.to().unwrap().tag() == Some("late")));
    pair.secs(70);
    pair.assert_nothing_left();
}

#[test]
fn routes_and_target_come_from_the_answer() {
    let mut pair = Pair::new(3);
    pair.net.loss = 1.0;
    let a = pair.invite();
    pair.drain();
    let invite = pair.sent(A, "INVITE")[0].clone();
    let peer = pair.peer(B);
    let routes = "Record-Route: <sip:127.0.0.3:5060;lr;x=2>\nRecord-Route: <sip:127.0.0.3;lr;x=1>\n";
    pair.uas[A].receive(pair.now, peer, response(&invite, "200 OK", "one", routes));
    pair.drain();
    let ack = pair.sent(A, "ACK")[0];
    assert_eq!(ack.header("Route").collect::<Vec<_>>(), ["<sip:127.0.0.3;lr;x=1>", "<sip:127.0.0.3:5060;lr;x=2>"]);
    let state = pair.uas[A].dialog(a).unwrap();
    assert_eq!((state.target.as_str(), state.routes.len(), state.invite_cseq), ("sip:one@127.0.0.3:5060", 2, 1));
}

#[test]
fn a_redirection_ends_the_session() {
    let mut pair = Pair::new(4);
    pair.net.loss = 1.0;
    pair.invite();
    pair.drain();
    let invite = pair.sent(A, "INVITE")[0].clone();
    let peer = pair.peer(B);
    pair.uas[A].receive(pair.now, peer, response(&invite, "302 Moved", "one", ""));
    pair.drain();
    let is_302 = |event: &Event| match event {
        Event::Ended { how: SessionEnd::Rejected { response }, .. } => response.status() == 302,
        _ => false,
    };
    assert!(pair.has(A, is_302));
    assert_eq!(pair.sent(A, "ACK").len(), 1);
}
