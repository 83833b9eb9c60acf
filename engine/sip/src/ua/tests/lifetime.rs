//! Session timers (RFC 4028): what is agreed on, refreshes, and what becomes of a session that gets none.

use core::time::Duration;

use super::rig::{A, B, Pair, sdp};
use super::solo::{Solo, in_dialog, request};
use crate::{
    Message,
    ua::{Event, SessionEnd, SessionId, SessionTimers},
};

fn timers(interval_s: Option<u64>, min_s: u64) -> SessionTimers {
    SessionTimers { interval: interval_s.map(Duration::from_secs), min: Duration::from_secs(min_s) }
}

fn value(message: &Message, name: &str) -> Option<String> {
    message.header(name).next().map(str::to_owned)
}

/// A core that was called with these headers and has answered: its 200, and the session.
fn answered(solo: &mut Solo, headers: &str) -> (Message, Message, SessionId) {
    let invite = super::solo::message(&request("INVITE", "sip:bob@127.0.0.1", "z9hG4bKt", headers));
    solo.receive(invite.clone());
    let session = solo.events.iter().find_map(|event| match event {
        Event::Invite { session, .. } => Some(*session),
        _ => None,
    });
    let session = session.expect("a call");
    solo.ua.accept(solo.now, session, sdp(), vec![]);
    solo.drain();
    let ok = solo.sent.last().unwrap().1.clone();
    solo.receive(in_dialog(&invite, &ok, "ACK", 1, ""));
    (invite, ok, session)
}

fn pass(solo: &mut Solo, seconds: u64) {
    let end = solo.now + Duration::from_secs(seconds);
    while let Some((at, _)) = solo.ua.poll_timeout().filter(|(at, _)| *at <= end) {
        solo.now = at;
        solo.ua.handle_timeout(at);
        solo.drain();
    }
    solo.now = end;
}

fn last(solo: &Solo) -> &Message {
    &solo.sent.last().unwrap().1
}

#[test]
fn the_2xx_says_who_refreshes_as_table_2_of_section_9_does() {
    let timer = Some("timer".to_owned());
    for (headers, expires, require) in [
        ("", None, None),
        ("Supported: timer\n", None, None),
        ("Supported: timer\nSession-Expires: 300\n", Some("300;refresher=uac"), timer.clone()),
        ("Supported: timer\nSession-Expires: 300;refresher=uac\n", Some("300;refresher=uac"), timer.clone()),
        ("Supported: timer\nx: 300 ;Refresher=UAS\n", Some("300;refresher=uas"), timer.clone()),
        ("Require: timer\nSession-Expires: 90\n", Some("90;refresher=uac"), timer.clone()),
        ("Session-Expires: 300\n", Some("300;refresher=uas"), None),
        ("Session-Expires: 30\n", Some("90;refresher=uas"), None),
        ("Supported: timer\nSession-Expires: 4294967295\n", Some("86400;refresher=uac"), timer.clone()),
        ("Supported: timer\nSession-Expires: soon\n", None, None),
    ] {
        let mut solo = Solo::new();
        let (_, ok, _) = answered(&mut solo, headers);
        assert_eq!(ok.status(), 200);
        assert_eq!((value(&ok, "Session-Expires").as_deref(), value(&ok, "Require")), (expires, require), "{headers}");
    }
}

#[test]
fn an_interval_too_small_gets_422_with_ours() {
    let mut solo = Solo::new();
    let small = request("INVITE", "sip:bob@127.0.0.1", "z9hG4bKs", "Supported: timer\nSession-Expires: 89\n");
    let refused = solo.send(&small).remove(0);
    assert_eq!((refused.status(), value(&refused, "Min-SE").as_deref()), (422, Some("90")));
    assert!(solo.ua.counts().sessions == 0 && solo.ua.counts().timers == 0, "nothing is remembered");
    let (invite, ok, _) = answered(&mut solo, "Supported: timer\nSession-Expires: 90\n");
    for (method, cseq) in [("INVITE", 2), ("UPDATE", 3)] {
        let small = in_dialog(&invite, &ok, method, cseq, "Supported: timer\nSession-Expires: 10\n");
        let refused = solo.receive(small).remove(0);
        assert_eq!((refused.status(), value(&refused, "Min-SE").as_deref()), (422, Some("90")), "{method}");
    }
}

#[test]
fn a_caller_asks_for_half_an_hour_and_refreshes_by_update() {
    let mut pair = Pair::new(1);
    let [a, _] = pair.call();
    let invite = pair.sent(A, "INVITE")[0];
    assert_eq!(
        (value(invite, "Supported").as_deref(), value(invite, "Session-Expires").as_deref()),
        (Some("timer"), Some("1800"))
    );
    for refreshes in 1..=3 {
        pair.secs(900);
        assert_eq!((pair.sent(A, "UPDATE").len(), pair.sent(B, "UPDATE").len()), (refreshes, 0));
    }
    let update = pair.sent(A, "UPDATE")[0];
    assert_eq!(value(update, "Session-Expires").as_deref(), Some("1800;refresher=uac"));
    assert!(update.body().is_empty() && update.has("Contact"));
    let ok = pair.sent(B, "SIP/2.0 200")[1];
    assert_eq!(value(ok, "Session-Expires").as_deref(), Some("1800;refresher=uac"));
    assert!(pair.events.iter().all(|events| events.is_empty()), "no owner hears of it");
    pair.uas[A].bye(pair.now, a, None);
    pair.settle();
    pair.assert_nothing_left();
}

#[test]
fn no_refresh_ends_the_call_with_bye_a_little_before_its_time() {
    // Interval, and the second of the BYE: a third of it before, 32 s at most (RFC 4028 10).
    for (interval, bye_at) in [(90, 60), (1800, 1768)] {
        let mut solo = Solo::new();
        answered(&mut solo, &format!("Supported: timer\nSession-Expires: {interval}\n"));
        pass(&mut solo, bye_at - 1);
        assert_eq!(last(&solo).status(), 200, "nothing yet");
        pass(&mut solo, 1);
        assert_eq!(last(&solo).method(), Some(&crate::Method::Bye));
        assert_eq!(value(last(&solo), "Reason").as_deref(), Some("SIP;cause=408;text=\"Session expired\""));
        assert!(matches!(solo.events.last(), Some(Event::Ended { how: SessionEnd::Gone, .. })));
        pass(&mut solo, 100);
        assert_eq!(solo.ua.counts(), crate::ua::Counts::default());
    }
}

#[test]
fn a_refresh_of_the_peer_gives_it_its_time_anew() {
    let mut solo = Solo::new();
    let (invite, ok, _) = answered(&mut solo, "Supported: timer\nSession-Expires: 90\n");
    for round in 0..5 {
        pass(&mut solo, 50);
        let refresh = "Supported: timer\nSession-Expires: 90;refresher=uac\nContact: <sip:c@127.0.0.2:5080>\n";
        let answer = solo.receive(in_dialog(&invite, &ok, "UPDATE", 2 + round, refresh)).remove(0);
        assert_eq!((answer.status(), value(&answer, "Session-Expires").as_deref()), (200, Some("90;refresher=uac")));
        assert!(answer.has("Contact"));
    }
    let without = solo.receive(in_dialog(&invite, &ok, "UPDATE", 9, "Supported: timer\n")).remove(0);
    assert_eq!((without.status(), value(&without, "Session-Expires")), (200, None));
    pass(&mut solo, 100_000);
    assert_eq!(solo.ua.counts().sessions, 1, "a refresh that asks for no limit takes it away");
}

#[test]
fn a_peer_without_update_is_refreshed_by_the_owners_reinvite() {
    let mut solo = Solo::new();
    let allow = "Supported: timer\nAllow: INVITE, ACK, BYE\nSession-Expires: 120;refresher=uas\n";
    let (_, _, session) = answered(&mut solo, allow);
    pass(&mut solo, 59);
    assert!(!solo.events.iter().any(|event| matches!(event, Event::RefreshDue { .. })));
    pass(&mut solo, 1);
    assert!(matches!(solo.events.last(), Some(Event::RefreshDue { session: due }) if *due == session));
    solo.ua.reinvite(solo.now, session, sdp());
    solo.drain();
    let refresh = last(&solo).clone();
    assert_eq!((refresh.method(), refresh.body()), (Some(&crate::Method::Invite), &sdp().bytes));
    assert_eq!(value(&refresh, "Session-Expires").as_deref(), Some("120;refresher=uac"));
    let ok = response_to(&refresh, "200 OK", "Session-Expires: 120;refresher=uac\n");
    solo.receive(ok);
    pass(&mut solo, 81);
    assert!(!solo.sent.iter().any(|(_, sent)| sent.method() == Some(&crate::Method::Bye)), "refreshed");
    pass(&mut solo, 20);
    assert_eq!(last(&solo).method(), Some(&crate::Method::Bye), "our own refresh failed to come too");
}

#[test]
fn an_update_that_is_refused_becomes_a_reinvite_and_one_that_is_lost_the_end() {
    let due = |solo: &Solo| solo.events.iter().any(|event| matches!(event, Event::RefreshDue { .. }));
    let over = |solo: &Solo| solo.events.iter().any(|event| matches!(event, Event::Ended { .. }));
    for (status, refresh_due, ended) in [
        (Some("405 No"), true, false),
        (Some("500 Later"), false, false),
        (Some("481 Gone"), false, true),
        (None, false, true),
    ] {
        let mut solo = Solo::new();
        let allow = "Supported: timer\nAllow: INVITE, UPDATE\nSession-Expires: 600;refresher=uas\n";
        answered(&mut solo, allow);
        pass(&mut solo, 300);
        let update = last(&solo).clone();
        assert_eq!(update.method(), Some(&crate::Method::Update));
        match status {
            Some(status) => drop(solo.receive(response_to(&update, status, ""))),
            None => pass(&mut solo, 33),
        }
        assert_eq!((due(&solo), over(&solo)), (refresh_due, ended), "{status:?}");
    }
}

#[test]
fn a_422_is_met_with_a_longer_interval() {
    let mut pair = Pair::new(2);
    pair.uas[A].config.session_timers = timers(Some(100), 90);
    pair.uas[B].config.session_timers = timers(None, 600);
    pair.call();
    let invites = pair.sent(A, "INVITE");
    let said: Vec<_> =
        invites.iter().map(|m| (m.cseq().unwrap().0, value(m, "Session-Expires"), value(m, "Min-SE"))).collect();
    assert_eq!(said, [(1, Some("100".into()), None), (2, Some("600".into()), Some("600".into()))]);
    assert_eq!(invites[0].call_id(), invites[1].call_id());
    assert_eq!(invites[1].body(), &sdp().bytes);
    pair.secs(400);
    assert_eq!(pair.sent(A, "UPDATE").len(), 1);
}

#[test]
fn a_peer_that_calls_every_interval_too_small_is_given_up() {
    let mut solo = Solo::new();
    let params = Pair::new(1).invite_params();
    solo.ua.invite(solo.now, params);
    solo.drain();
    for min in [2_000, 3_000, 4_000] {
        let invite = last(&solo).clone();
        solo.receive(response_to(&invite, "422 Small", &format!("Min-SE: {min}\n")));
        assert_eq!(value(last(&solo), "Session-Expires"), Some(min.to_string()));
    }
    let invite = last(&solo).clone();
    solo.receive(response_to(&invite, "422 Small", "Min-SE: 5000\n"));
    assert!(matches!(solo.events.last(), Some(Event::Ended { how: SessionEnd::Rejected { .. }, .. })));
}

/// The peer's response to a request of ours.
fn response_to(request: &Message, status: &str, more: &str) -> Message {
    let tag = if request.to().unwrap().tag().is_some() { "" } else { ";tag=t1" };
    super::solo::message(&format!(
        "SIP/2.0 {status}\nVia: {}\nFrom: {}\nTo: {}{tag}\nCall-ID: {}\nCSeq: {} {}\n{more}Content-Length: 0\n\n",
        request.top_via().unwrap(),
        request.from().unwrap(),
        request.to().unwrap(),
        request.call_id().unwrap(),
        request.cseq().unwrap().0,
        request.method().unwrap(),
    ))
}
