//! RFC 3261 10.3, step by step, and the contacts of RFC 4475.

use bytes::Bytes;
use clock::WallTime;

use super::*;
use crate::{Source, ua::Transport};

const MANY: ContactRule = ContactRule { max_contacts: 3, replace: false };

fn now(seconds: u64) -> Now {
    let start = Now { mono: Instant::ZERO, wall: WallTime::from_micros(1_700_000_000_000_000) };
    start.plus(Duration::from_secs(seconds))
}

fn source() -> Peer {
    Peer { transport: Transport::Udp, addr: ([127, 0, 0, 9], 5062).into(), flow: None }
}

fn register(call_id: &str, cseq: u32, headers: &str) -> Message {
    let text = format!(
        "REGISTER sip:demo.local SIP/2.0\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\nFrom: <sip:1001@demo.local>;tag=1\n\
         To: <sip:1001@demo.local>\nCall-ID: {call_id}\nCSeq: {cseq} REGISTER\n{headers}Content-Length: 0\n\n"
    );
    Message::parse(Bytes::from(text.replace('\n', "\r\n")), Source::Datagram).unwrap()
}

struct Desk(Registrar<u32>);

impl Desk {
    fn new() -> Self {
        Self(Registrar::new(RegistrarConfig::default()))
    }

    fn send(&mut self, at: u64, cseq: u32, headers: &str) -> Result<Registered, RegisterError> {
        self.with("c1", at, cseq, headers, MANY)
    }

    fn with(
        &mut self,
        call_id: &str,
        at: u64,
        cseq: u32,
        headers: &str,
        rule: ContactRule,
    ) -> Result<Registered, RegisterError> {
        self.0.register(now(at), 7, &register(call_id, cseq, headers), source(), rule)
    }

    fn fetch(&mut self, at: u64) -> Vec<String> {
        self.with("fetch", at, 1, "", MANY).unwrap().contacts
    }
}

#[test]
fn contacts_are_bound_refreshed_and_fetched() {
    let mut desk = Desk::new();
    let done = desk.send(0, 1, "Contact: <sip:a@192.0.2.1>;q=0.5, <sip:b@192.0.2.2>\nExpires: 100\n").unwrap();
    assert_eq!((done.set.len(), done.removed.len()), (2, 0));
    assert_eq!(done.contacts, ["<sip:a@192.0.2.1>;q=0.500;expires=100", "<sip:b@192.0.2.2>;expires=100"]);
    let done = desk.send(50, 2, "Contact: <sip:a@192.0.2.1>;expires=60\n").unwrap();
    assert_eq!(done.contacts, ["<sip:b@192.0.2.2>;expires=50", "<sip:a@192.0.2.1>;expires=60"]);
    assert_eq!(desk.fetch(60), ["<sip:b@192.0.2.2>;expires=40", "<sip:a@192.0.2.1>;expires=50"]);
    let best: Vec<_> = desk.0.bindings_of(7).iter().map(|binding| binding.contact.to_string()).collect();
    assert_eq!(best, ["sip:a@192.0.2.1", "sip:b@192.0.2.2"]);
}

#[test]
fn the_better_q_comes_first() {
    let mut desk = Desk::new();
    desk.send(0, 1, "Contact: <sip:a@h>;q=0.9, <sip:b@h>;q=0.1, <sip:c@h>\n").unwrap();
    let best: Vec<_> = desk.0.bindings_of(7).iter().map(|binding| binding.contact.to_string()).collect();
    assert_eq!(best, ["sip:c@h", "sip:a@h", "sip:b@h"]);
}

#[test]
fn time_is_the_contacts_own_then_the_headers_then_an_hour() {
    let mut desk = Desk::new();
    for (cseq, headers, left) in [
        (1, "Contact: <sip:a@h>;expires=90\nExpires: 100\n", 90),
        (2, "Contact: <sip:a@h>\nExpires: 100\n", 100),
        (3, "Contact: <sip:a@h>\n", 3_600),
        (4, "Contact: <sip:a@h>;expires=many\n", 3_600),
        (5, "Contact: <sip:a@h>;expires=4294967296\n", 7_200),
    ] {
        let done = desk.send(0, cseq, headers).unwrap();
        assert_eq!(done.contacts, [format!("<sip:a@h>;expires={left}")], "{headers}");
    }
    let refused = desk.send(0, 6, "Contact: <sip:a@h>;expires=29\n");
    assert_eq!(refused.unwrap_err(), RegisterError::TooBrief(30));
}

#[test]
fn bindings_expire_and_are_removed() {
    let mut desk = Desk::new();
    desk.send(0, 1, "Contact: <sip:a@h>;expires=60, <sip:b@h>;expires=90\n").unwrap();
    assert_eq!(desk.0.poll_timeout(), Some(now(60).mono));
    assert!(desk.0.expire(now(59).mono).is_empty());
    assert_eq!(desk.0.expire(now(60).mono).len(), 1);
    let done = desk.send(61, 2, "Contact: <sip:b@h>;expires=0\n").unwrap();
    assert_eq!((done.removed.len(), done.contacts.len()), (1, 0));
    assert_eq!(desk.0.poll_timeout(), None);
    assert!(desk.send(62, 3, "Contact: <sip:never@h>;expires=0\n").unwrap().removed.is_empty());
}

#[test]
fn star_removes_all_and_only_with_expires_0() {
    let mut desk = Desk::new();
    desk.send(0, 5, "Contact: <sip:a@h>, <sip:b@h>\n").unwrap();
    assert_eq!(desk.send(1, 6, "Contact: *\n").unwrap_err(), RegisterError::StarWithoutZero);
    assert_eq!(desk.send(1, 6, "Contact: *\nExpires: 60\n").unwrap_err(), RegisterError::StarWithoutZero);
    assert_eq!(desk.send(1, 6, "Contact: *, <sip:a@h>\nExpires: 0\n").unwrap_err().status(), 400);
    assert_eq!(desk.send(1, 5, "Contact: *\nExpires: 0\n").unwrap_err(), RegisterError::OutOfOrder);
    assert_eq!(desk.send(1, 6, "Contact: *\nExpires: 0\n").unwrap().removed.len(), 2);
    assert_eq!(desk.0.poll_timeout(), None);
}

#[test]
fn cseq_must_rise_within_a_call_id_and_nothing_is_done_by_halves() {
    let mut desk = Desk::new();
    desk.send(0, 5, "Contact: <sip:a@h>\n").unwrap();
    let late = desk.send(1, 4, "Contact: <sip:new@h>, <sip:a@h>;expires=0\n");
    assert_eq!(late.unwrap_err().status(), 500);
    assert_eq!(desk.fetch(1).len(), 1);
    assert_eq!(desk.send(1, 5, "Contact: <sip:a@h>\n").unwrap_err(), RegisterError::OutOfOrder);
    desk.with("c2", 2, 1, "Contact: <sip:a@h>;expires=60\n", MANY).unwrap();
    assert_eq!(desk.fetch(2), ["<sip:a@h>;expires=60"]);
}

#[test]
fn there_is_room_for_some_contacts_or_for_the_newest() {
    let mut desk = Desk::new();
    for (cseq, name) in (1..).zip(["a", "b", "c", "d"]) {
        desk.send(0, cseq, &format!("Contact: <sip:{name}@h>\n")).unwrap();
    }
    let mut left = desk.fetch(0);
    left.sort();
    assert_eq!(left, ["<sip:b@h>;expires=3600", "<sip:c@h>;expires=3600", "<sip:d@h>;expires=3600"]);
    let four = "Contact: <sip:a@h>, <sip:b@h>, <sip:c@h>, <sip:d@h>\n";
    assert_eq!(desk.send(1, 9, four).unwrap_err(), RegisterError::TooMany(3));
    let one = ContactRule { max_contacts: 1, replace: true };
    let done = desk.with("c1", 2, 10, "Contact: <sip:e@h>\n", one).unwrap();
    assert_eq!((done.removed.len(), done.contacts.len()), (3, 1));
    let done = desk.with("c1", 3, 11, "Contact: <sip:e@h>\n", one).unwrap();
    assert!(done.removed.is_empty(), "a refresh replaces nobody");
}

#[test]
fn parameters_stay_where_they_stood() {
    let mut desk = Desk::new();
    // RFC 4475 3.3.12, 3.3.13, 3.3.14: without brackets a parameter is the header's; inside them, and escaped
    // headers too, the URI's.
    let outside = desk.send(0, 1, "Contact: sip:+19725552222@gw1.example.net;unknownparam\n").unwrap();
    assert_eq!(outside.set[0].contact.as_str(), "sip:+19725552222@gw1.example.net");
    let inside = desk.send(0, 2, "Contact: <sip:+19725552222@gw1.example.net;unknownparam>\n").unwrap();
    assert_eq!(inside.set[0].contact.as_str(), "sip:+19725552222@gw1.example.net;unknownparam");
    let escaped = "sip:user@example.com?Route=%3Csip:sip.example.com%3E";
    desk.send(0, 3, &format!("Contact: <{escaped}>\n")).unwrap();
    assert!(desk.fetch(0).contains(&format!("<{escaped}>;expires=3600")));
}

#[test]
fn what_a_restart_brings_back() {
    let mut desk = Desk::new();
    let restored = |end| Binding::restored(now(100), "sip:a@h", ("c1", 4), now(end).wall, source()).unwrap();
    assert!(!desk.0.restore(7, restored(100), now(100).mono));
    assert!(desk.0.restore(7, restored(160), now(100).mono));
    assert_eq!(desk.fetch(130), ["<sip:a@h>;expires=30"]);
    assert_eq!(desk.send(131, 4, "Contact: <sip:a@h>\n").unwrap_err(), RegisterError::OutOfOrder);
    assert_eq!(desk.0.remove_where(|_, binding| binding.source == source()).len(), 1);
    assert_eq!(desk.0.poll_timeout(), None);
}
