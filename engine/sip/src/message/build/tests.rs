use super::*;
use crate::Source;

const INVITE: &str = "INVITE sip:1001@demo.local SIP/2.0\r\n\
Via: SIP/2.0/UDP 10.0.0.1:5062;rport;branch=z9hG4bKa, SIP/2.0/UDP 10.0.0.2;branch=z9hG4bKb\r\n\
v: SIP/2.0/TCP 10.0.0.3\r\n\
Record-Route: <sip:p1;lr>\r\n\
From: \"A\" <sip:a@demo.local>;tag=1\r\n\
To: <sip:1001@demo.local>\r\n\
Timestamp: 54\r\n\
Call-ID: c1\r\nCSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n";

fn invite() -> Message {
    Message::parse(Bytes::from_static(INVITE.as_bytes()), Source::Datagram).unwrap()
}

fn reread(message: &Message) -> Message {
    let again = Message::parse(message.bytes().clone(), Source::Stream).unwrap();
    assert!(again.headers().eq(message.headers()));
    assert_eq!((again.status(), again.reason(), again.body()), (message.status(), message.reason(), message.body()));
    assert_eq!(again.method(), message.method());
    assert_eq!(again.request_uri_text(), message.request_uri_text());
    again
}

#[test]
fn a_response_takes_what_the_rfc_says() {
    let response = ResponseBuilder::reply_to(&invite(), 200, "OK")
        .source("192.0.2.9:4711".parse().unwrap())
        .to_tag("t")
        .record_routes()
        .header(Name::Contact, "<sip:us@h>")
        .body("application/sdp", Bytes::from_static(b"v=0\r\n"))
        .build();
    let expected = "SIP/2.0 200 OK\r\n\
Via: SIP/2.0/UDP 10.0.0.1:5062;branch=z9hG4bKa;received=192.0.2.9;rport=4711, SIP/2.0/UDP 10.0.0.2;branch=z9hG4bKb\r\n\
Via: SIP/2.0/TCP 10.0.0.3\r\n\
From: \"A\" <sip:a@demo.local>;tag=1\r\n\
To: <sip:1001@demo.local>;tag=t\r\n\
Call-ID: c1\r\nCSeq: 1 INVITE\r\n\
Record-Route: <sip:p1;lr>\r\n\
Contact: <sip:us@h>\r\n\
Content-Type: application/sdp\r\nContent-Length: 5\r\n\r\nv=0\r\n";
    assert_eq!(core::str::from_utf8(response.bytes()).unwrap(), expected);
    reread(&response);
    assert_eq!(response.vias().unwrap().len(), 3);
    assert_eq!(response.to().unwrap().tag(), Some("t"));
    let trying = reread(&ResponseBuilder::reply_to(&invite(), 100, "Trying").build());
    assert_eq!(trying.header(Name::Timestamp).next(), Some("54"));
    assert_eq!(trying.top_via().unwrap().rport(), None);
}

#[test]
fn a_request_reads_back() {
    let uri = Uri::parse("sip:a@b;lr?Subject=x").unwrap();
    let request = RequestBuilder::new(&Method::Options, &uri)
        .header(Name::Via, Via::parse("SIP/2.0/UDP h;branch=z9hG4bKx").unwrap())
        .header("x-custom", 7)
        .copy(&invite(), Name::From)
        .build();
    assert_eq!(request.request_uri_text(), "sip:a@b;lr");
    let again = reread(&request);
    assert_eq!(again.header("X-Custom").next(), Some("7"));
    assert_eq!(again.from().unwrap().tag(), Some("1"));
}

#[test]
fn nothing_written_starts_a_header_of_its_own() {
    let evil = "a\r\nEvil: 1\r\n\r\nbody\0";
    let request = RequestBuilder::new(&Method::Invite, &Uri::parse("sip:a@b").unwrap())
        .header(Name::Subject, evil)
        .header("X: y\r\nEvil", "1")
        .header("", "nameless")
        .build();
    assert_eq!(reread(&request).header("Evil").count(), 0);
    assert_eq!(request.headers().count(), 3);
    let response = ResponseBuilder::reply_to(&invite(), 486, evil).to_tag("a;b\r\nEvil: 2").build();
    assert_eq!(reread(&response).header("Evil").count(), 0);
    assert_eq!(response.to().unwrap().tag(), None);
}

#[test]
fn what_is_beyond_the_bounds_is_left_out() {
    let long = "x".repeat(MAX_LINE_BYTES);
    let mut builder = RequestBuilder::new(&Method::Invite, &Uri::parse("sip:a@b").unwrap()).header("X-Long", &long);
    for _ in 0..20 {
        builder = builder.header("X-Fill", &long[..4_000]);
    }
    let request = builder.build();
    assert!(request.bytes().len() <= MAX_HEAD_BYTES + 40);
    assert_eq!(request.header("X-Long").count(), 0);
}
