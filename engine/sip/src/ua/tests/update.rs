//! UPDATE of the peer (RFC 3311).

use super::rig::{A, B, Pair, sdp};
use super::solo::{in_dialog, message};
use crate::{
    Message, Method,
    ua::{Event, SessionId},
};

/// An UPDATE of A with an offer.
fn offer(invite: &Message, response: &Message, cseq: u32) -> Message {
    let bare = in_dialog(invite, response, "UPDATE", cseq, "Contact: <sip:alice@127.0.0.2:5060>\n");
    let text = String::from_utf8(bare.bytes().to_vec()).unwrap().replace("\r\n", "\n");
    let body = String::from_utf8(sdp().bytes.to_vec()).unwrap();
    let head = format!("Content-Type: application/sdp\nContent-Length: {}\n\n", body.len());
    message(&(text.replace("Content-Length: 0\n\n", &head) + &body.replace("\r\n", "\n")))
}

/// What B answers to a message of A.
fn answers(pair: &mut Pair, message: Message) -> Vec<Message> {
    let (peer, before) = (pair.peer(A), pair.trace.len());
    pair.uas[B].receive(pair.now, peer, message);
    pair.drain();
    pair.trace[before..].iter().filter(|wire| wire.from == B).map(|wire| wire.message.clone()).collect()
}

fn talking(seed: u64) -> (Pair, [SessionId; 2], Message, Message) {
    let mut pair = Pair::new(seed);
    let sessions = pair.call();
    let (invite, ok) = (pair.sent(A, "INVITE")[0].clone(), pair.sent(B, "SIP/2.0 200")[0].clone());
    (pair, sessions, invite, ok)
}

#[test]
fn an_offer_is_the_owners_and_its_200_needs_no_ack() {
    let (mut pair, [_, b], invite, ok) = talking(1);
    assert!(answers(&mut pair, offer(&invite, &ok, 2)).is_empty(), "the owner answers");
    let offered = pair.find(B, |event| match event {
        Event::Reinvite { session, request } => Some((*session, request.body().clone())),
        _ => None,
    });
    assert_eq!(offered, Some((b, sdp().bytes)));
    pair.uas[B].answer_reinvite(pair.now, b, 200, Some(sdp()));
    pair.secs(40);
    let answers = pair.sent(B, "SIP/2.0 200");
    let answer = answers.last().unwrap();
    assert_eq!((answer.cseq().unwrap(), answer.body()), ((2, Method::Update), &sdp().bytes));
    assert!(answer.has("Contact") && answers.len() == 2, "sent once");
    assert!(pair.end(B).is_none(), "and the call goes on without an ACK");
    assert!(answers_to_refused(&mut pair, b, &invite, &ok), "one that is refused leaves the call as it was");
}

fn answers_to_refused(pair: &mut Pair, b: SessionId, invite: &Message, ok: &Message) -> bool {
    answers(pair, offer(invite, ok, 3));
    pair.uas[B].refuse_reinvite(pair.now, b, 488, &vec![]);
    pair.secs(1);
    pair.sent(B, "SIP/2.0 488").len() == 1 && pair.end(B).is_none()
}

#[test]
fn offers_that_meet_get_491_or_500_and_a_bare_refresh_200() {
    // Our own offer is under way.
    let (mut pair, [_, b], invite, ok) = talking(2);
    pair.drop_next = vec![(B, "INVITE", usize::MAX)];
    pair.uas[B].reinvite(pair.now, b, sdp());
    assert_eq!(answers(&mut pair, offer(&invite, &ok, 2)).last().unwrap().status(), 491);
    assert_eq!(answers(&mut pair, in_dialog(&invite, &ok, "UPDATE", 3, "")).last().unwrap().status(), 200);
    // An earlier one of the peer is not answered yet.
    let (mut pair, [_, b], invite, ok) = talking(3);
    answers(&mut pair, offer(&invite, &ok, 2));
    let refused = answers(&mut pair, offer(&invite, &ok, 3)).remove(0);
    assert!(refused.status() == 500 && refused.has("Retry-After"));
    // Ours waits for it, then.
    pair.uas[B].reinvite(pair.now, b, sdp());
    pair.drain();
    assert!(pair.sent(B, "INVITE").is_empty());
    pair.uas[B].answer_reinvite(pair.now, b, 200, Some(sdp()));
    pair.drain();
    assert_eq!(pair.sent(B, "INVITE").len(), 1);
}

#[test]
fn before_the_answer_an_offer_has_to_wait() {
    let mut pair = Pair::new(4);
    pair.invite();
    pair.secs(1);
    let b = pair.incoming();
    pair.uas[B].provisional(pair.now, b, 180, None, vec![]);
    pair.secs(1);
    let (invite, ringing) = (pair.sent(A, "INVITE")[0].clone(), pair.sent(B, "SIP/2.0 180")[0].clone());
    let refused = answers(&mut pair, offer(&invite, &ringing, 2)).remove(0);
    assert!(refused.status() == 500 && refused.has("Retry-After"), "we owe an answer");
    assert_eq!(answers(&mut pair, in_dialog(&invite, &ringing, "UPDATE", 3, "")).remove(0).status(), 200);
    assert!(pair.uas[B].counts().sessions == 1);
}

#[test]
fn its_contact_moves_the_target_and_a_second_sending_gets_the_same_answer() {
    let (mut pair, [_, b], invite, ok) = talking(5);
    let update = in_dialog(&invite, &ok, "UPDATE", 2, "Contact: <sip:moved@127.0.0.2:5060>\n");
    let first = answers(&mut pair, update.clone());
    let again = answers(&mut pair, update);
    assert_eq!(first[0].bytes(), again[0].bytes());
    pair.uas[B].bye(pair.now, b, None);
    pair.drain();
    assert_eq!(pair.sent(B, "BYE")[0].request_uri_text(), "sip:moved@127.0.0.2:5060");
}

#[test]
fn bye_while_one_waits_for_its_answer() {
    let (mut pair, [a, b], invite, ok) = talking(6);
    answers(&mut pair, offer(&invite, &ok, 2));
    pair.uas[B].bye(pair.now, b, None);
    pair.secs(1);
    assert_eq!(pair.sent(B, "SIP/2.0 487").len(), 1);
    pair.uas[A].bye(pair.now, a, None);
    pair.settle();
    pair.assert_nothing_left();
}
