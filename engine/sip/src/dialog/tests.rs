//! Dialogs as RFC 3261 12 describes them.

use bytes::Bytes;

use super::*;
use crate::Source;

fn message(text: &str) -> Message {
    let wire = text.replace('\n', "\r\n");
    Message::parse(Bytes::from(wire), Source::Datagram).unwrap()
}

fn invite(more: &str) -> Message {
    message(&format!(
        "INVITE sip:bob@b.example SIP/2.0\nVia: SIP/2.0/UDP a.example;branch=z9hG4bK1\nMax-Forwards: 70\n\
         From: \"Alice\" <sip:alice@a.example>;tag=a1\nTo: <sip:bob@b.example>\nCall-ID: c1\nCSeq: 7 INVITE\n\
         Contact: <sip:alice@192.0.2.1:5062>\n{more}Content-Length: 0\n\n"
    ))
}

fn ok(more: &str) -> Message {
    message(&format!(
        "SIP/2.0 200 OK\nVia: SIP/2.0/UDP a.example;branch=z9hG4bK1\nFrom: \"Alice\" <sip:alice@a.example>;tag=a1\n\
         To: <sip:bob@b.example>;tag=b1\nCall-ID: c1\nCSeq: 7 INVITE\nContact: <sip:bob@192.0.2.9>\n{more}\
         Content-Length: 0\n\n"
    ))
}

const ROUTES: &str = "Record-Route: <sip:p2.example;lr>, <sip:p1.example;lr>\n";

#[test]
fn both_sides_make_mirrored_dialogs() {
    let server = Dialog::of_server(&invite(ROUTES), "b1").unwrap();
    let client = Dialog::of_client(&invite(""), &ok(ROUTES)).unwrap();
    assert_eq!((client.local.tag(), client.remote.tag()), (Some("a1"), Some("b1")));
    assert_eq!((server.local.tag(), server.remote.tag()), (Some("b1"), Some("a1")));
    assert_eq!((client.local_cseq, client.remote_cseq), (7, None));
    assert_eq!((server.local_cseq, server.remote_cseq), (0, Some(7)));
    assert_eq!(client.target.as_str(), "sip:bob@192.0.2.9");
    assert_eq!(server.target.as_str(), "sip:alice@192.0.2.1:5062");
    let hosts = |dialog: &Dialog| dialog.routes.iter().map(|r| r.uri.host().unwrap().to_string()).collect::<Vec<_>>();
    assert_eq!(hosts(&server), ["p2.example", "p1.example"]);
    assert_eq!(hosts(&client), ["p1.example", "p2.example"]);
    assert!(server.is_of("c1", Some("a1"), Some("b1")));
    assert!(!server.is_of("C1", Some("a1"), Some("b1")) && !server.is_of("c1", Some("a2"), Some("b1")));
}

#[test]
fn loose_routers_keep_the_target_as_request_uri() {
    let dialog = Dialog::of_server(&invite(ROUTES), "b1").unwrap();
    let addressing = dialog.addressing();
    assert_eq!(addressing.request_uri.as_str(), "sip:alice@192.0.2.1:5062");
    assert_eq!(addressing.next_hop.as_str(), "sip:p2.example;lr");
    assert_eq!(addressing.routes.len(), 2);
}

#[test]
fn a_strict_router_becomes_the_request_uri() {
    let strict = "Record-Route: <sip:p2.example?Subject=x>\nRecord-Route: <sip:p1.example;lr>\n";
    let addressing = Dialog::of_server(&invite(strict), "b1").unwrap().addressing();
    assert_eq!(addressing.request_uri.as_str(), "sip:p2.example");
    let routes: Vec<_> = addressing.routes.iter().map(|route| route.uri.as_str().to_owned()).collect();
    assert_eq!(routes, ["sip:p1.example;lr", "sip:alice@192.0.2.1:5062"]);
}

#[test]
fn no_routes_and_no_contact() {
    let without = message(
        "INVITE sip:bob@b.example SIP/2.0\nVia: SIP/2.0/UDP a.example\nFrom: <sip:alice@a.example>\n\
         To: <sip:bob@b.example>\nCall-ID: c1\nCSeq: 7 INVITE\n\n",
    );
    let dialog = Dialog::of_server(&without, "b1").unwrap();
    assert_eq!(dialog.addressing().request_uri.as_str(), "sip:alice@a.example");
    assert!(dialog.is_of("c1", None, Some("b1")));
}

#[test]
fn cseq_may_jump_but_not_fall() {
    let mut dialog = Dialog::of_server(&invite(""), "b1").unwrap();
    assert!(dialog.accept_cseq(9));
    assert!(dialog.accept_cseq(9));
    assert!(!dialog.accept_cseq(8));
    assert_eq!(dialog.remote_cseq, Some(9));
    assert_eq!((dialog.next_cseq(), dialog.next_cseq()), (1, 2));
}

#[test]
fn a_target_refresh_moves_the_target_only() {
    let mut dialog = Dialog::of_client(&invite(""), &ok(ROUTES)).unwrap();
    dialog.refresh_target(&message("SIP/2.0 200 OK\nContact: <sip:bob@192.0.2.77:5070>\n\n"));
    assert_eq!(dialog.target.as_str(), "sip:bob@192.0.2.77:5070");
    assert_eq!(dialog.routes.len(), 2);
    dialog.refresh_target(&message("SIP/2.0 200 OK\nContact: <tel:+1>\n\n"));
    assert_eq!(dialog.target.as_str(), "sip:bob@192.0.2.77:5070");
}
