//! Blind transfer (RFC 3515).

use super::rig::{A, B, Pair};
use crate::{
    Message, Name,
    ua::{Event, RequestToken},
};

fn token(pair: &Pair) -> RequestToken {
    pair.find(B, |event| match event {
        Event::Refer { token, .. } => Some(*token),
        _ => None,
    })
    .expect("B got the REFER")
}

fn fragments(pair: &Pair) -> Vec<(String, bool)> {
    let notified = pair.events[A].iter().filter_map(|event| match event {
        Event::Notify { request, .. } => Some(request),
        _ => None,
    });
    let read = |request: &Message| {
        let line = String::from_utf8_lossy(request.body()).trim().to_owned();
        (line, request.subscription_state().unwrap().unwrap().is_terminated())
    };
    notified.map(read).collect()
}

#[test]
fn a_transfer_is_accepted_and_reported() {
    let mut pair = Pair::new(1);
    let [a, b] = pair.call();
    pair.uas[A].refer(pair.now, a, "<sip:1002@demo.local>");
    pair.secs(1);
    let refer = pair.sent(A, "REFER")[0];
    assert_eq!(refer.refer_to().unwrap().unwrap().uri.as_str(), "sip:1002@demo.local");
    assert!(refer.has("Referred-By"));
    let token = token(&pair);
    pair.uas[B].respond(pair.now, token, 202, vec![], None);
    for (status, terminated) in [(100, false), (180, false), (200, true)] {
        pair.uas[B].notify_refer(pair.now, b, status, None, terminated);
    }
    pair.secs(1);
    let accepted = pair.find(A, |event| match event {
        Event::ReferDone { response, .. } => response.as_ref().map(Message::status),
        _ => None,
    });
    assert_eq!(accepted, Some(202));
    let wanted = [("SIP/2.0 100 Trying", false), ("SIP/2.0 180 Ringing", false), ("SIP/2.0 200 OK", true)]
        .map(|(l, t)| (l.to_owned(), t));
    assert_eq!(fragments(&pair), wanted);
    let notify = pair.sent(B, "NOTIFY")[0];
    assert_eq!(notify.header(Name::Event).collect::<Vec<_>>(), ["refer"]);
    assert_eq!(notify.header(Name::SubscriptionState).collect::<Vec<_>>(), ["active;expires=60"]);
    assert_eq!(notify.header(Name::ContentType).collect::<Vec<_>>(), ["message/sipfrag;version=2.0"]);
    pair.uas[B].bye(pair.now, b, None);
    pair.settle();
    pair.assert_nothing_left();
}

#[test]
fn notifications_never_overtake_each_other() {
    for seed in 0..20 {
        let mut pair = Pair::new(seed);
        let [a, b] = pair.call();
        pair.net.loss = 0.2;
        pair.net.jitter = core::time::Duration::from_millis(400);
        pair.uas[A].refer(pair.now, a, "sip:1002@demo.local");
        pair.secs(20);
        let token = token(&pair);
        pair.uas[B].respond(pair.now, token, 202, vec![], None);
        pair.uas[B].notify_refer(pair.now, b, 100, None, false);
        pair.uas[B].notify_refer(pair.now, b, 486, Some("Busy"), true);
        pair.secs(60);
        let last = fragments(&pair).pop();
        assert_eq!(last, Some(("SIP/2.0 486 Busy".to_owned(), true)), "seed {seed}");
        assert!(pair.end(A).is_none(), "seed {seed}");
    }
}

#[test]
fn the_last_word_goes_out_before_bye() {
    let mut pair = Pair::new(3);
    let [a, b] = pair.call();
    pair.uas[A].refer(pair.now, a, "sip:1002@demo.local");
    pair.secs(1);
    let token = token(&pair);
    pair.uas[B].respond(pair.now, token, 202, vec![], None);
    pair.uas[B].notify_refer(pair.now, b, 100, None, false);
    pair.uas[B].notify_refer(pair.now, b, 200, None, true);
    pair.uas[B].bye(pair.now, b, None);
    pair.drain();
    let order: Vec<_> =
        pair.trace.iter().filter(|wire| wire.from == B).map(|wire| super::rig::start_line(&wire.message)).collect();
    let tail: Vec<_> = order.iter().rev().take(3).map(|line| line.split(' ').next().unwrap_or_default()).collect();
    assert_eq!(tail, ["BYE", "NOTIFY", "NOTIFY"]);
    pair.settle();
    pair.assert_nothing_left();
}

#[test]
fn what_is_no_transfer() {
    let mut pair = Pair::new(4);
    let [_, b] = pair.call();
    let (invite, ok) = (pair.sent(A, "INVITE")[0].clone(), pair.sent(B, "SIP/2.0 200")[0].clone());
    let peer = pair.peer(A);
    let none = super::solo::in_dialog(&invite, &ok, "REFER", 5, "Contact: <sip:alice@127.0.0.2>\n");
    pair.uas[B].receive(pair.now, peer, none);
    pair.uas[B].notify_refer(pair.now, b, 100, None, false);
    let refused = super::solo::in_dialog(&invite, &ok, "REFER", 6, "Refer-To: <sip:1@h>\n");
    pair.uas[B].receive(pair.now, peer, refused);
    pair.drain();
    let token = token(&pair);
    pair.uas[B].respond(pair.now, token, 403, vec![], None);
    pair.uas[B].notify_refer(pair.now, b, 100, None, false);
    pair.drain();
    assert_eq!((pair.sent(B, "SIP/2.0 400").len(), pair.sent(B, "SIP/2.0 403").len()), (1, 1));
    assert!(pair.sent(B, "NOTIFY").is_empty());
}
