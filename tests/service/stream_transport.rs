//! SIP over TCP: split and glued messages, keep-alives, phones on connections.

use crate::support::{ECHO, Node, NodeConfig, Stream, unique};

#[test]
fn messages_split_at_every_byte_and_glued_together() {
    let node = Node::demo();
    let mut stream = Stream::connect(node.sip(), [127, 0, 0, 2]);
    for byte in options(&stream).as_bytes() {
        stream.send([*byte]);
    }
    assert_eq!(stream.expect_final("OPTIONS").status(), 200);
    let glued: Vec<String> = (0..10).map(|_| options(&stream)).collect();
    stream.send(glued.concat());
    for text in &glued {
        let answer = stream.expect_final("OPTIONS");
        assert_eq!(answer.status(), 200);
        assert!(text.contains(answer.call_id()));
    }
    // The end of one with the beginning of the next.
    let (first, second) = (options(&stream), options(&stream));
    let (head, rest) = first.split_at(40);
    stream.send(head);
    stream.send([rest, &second[..60]].concat());
    stream.send(&second[60..]);
    assert_eq!(stream.expect_final("OPTIONS").status(), 200);
    assert_eq!(stream.expect_final("OPTIONS").status(), 200);
}

#[test]
fn a_keep_alive_is_answered_and_stray_line_breaks_are_not() {
    let node = Node::demo();
    let mut stream = Stream::connect(node.sip(), [127, 0, 0, 2]);
    // RFC 5626 3.5.1: two line breaks ask, one answers.
    stream.send("\r\n\r\n");
    assert_eq!(stream.read_exact(2), b"\r\n");
    let text = format!("\r\n{}", options(&stream));
    stream.send(text);
    assert_eq!(stream.expect_final("OPTIONS").status(), 200);
}

#[test]
fn a_call_over_tcp() {
    let node = Node::demo();
    let mut stream = Stream::connect(node.sip(), [127, 0, 0, 2]);
    let call_id = unique();
    let invite = request(&stream, "INVITE", ECHO, &call_id, 1, "", "Content-Type: application/sdp\r\n", OFFER);
    stream.send(invite);
    let answer = stream.expect_final("INVITE");
    assert_eq!(answer.status(), 200);
    let tag = answer.tag("To").to_owned();
    let ack = request(&stream, "ACK", ECHO, &call_id, 1, &tag, "", "");
    let bye = request(&stream, "BYE", ECHO, &call_id, 2, &tag, "", "");
    stream.send(ack + &bye);
    assert_eq!(stream.expect_final("BYE").status(), 200);
    assert_eq!(node.http().record_of(&call_id)["status"], "completed");
}

#[test]
fn a_call_outlives_its_connection_and_no_more() {
    let node = Node::start(NodeConfig::demo().set("rtp.silence_s", 1));
    let mut stream = Stream::connect(node.sip(), [127, 0, 0, 2]);
    let call_id = unique();
    let invite = request(&stream, "INVITE", ECHO, &call_id, 1, "", "Content-Type: application/sdp\r\n", OFFER);
    stream.send(invite);
    let answer = stream.expect_final("INVITE");
    let ack = request(&stream, "ACK", ECHO, &call_id, 1, answer.tag("To"), "", "");
    stream.send(ack);
    drop(stream);
    let record = node.http().record_of(&call_id);
    assert_eq!(record["status"], "failed", "{record:#}");
    assert!(["rtp_timeout", "transport"].contains(&record["cause"]["code"].as_str().unwrap_or_default()), "{record:#}");
}

#[test]
fn a_call_over_tcp_is_told_when_its_shard_breaks() {
    let node = Node::demo();
    let mut stream = Stream::connect(node.sip(), [127, 0, 0, 2]);
    let call_id = unique();
    let invite = request(&stream, "INVITE", ECHO, &call_id, 1, "", "Content-Type: application/sdp\r\n", OFFER);
    stream.send(invite);
    let answer = stream.expect_final("INVITE");
    let ack = request(&stream, "ACK", ECHO, &call_id, 1, answer.tag("To"), "", "");
    stream.send(ack);
    node.break_once("shard 0");
    let bye = std::iter::from_fn(|| stream.read()).find(|msg| msg.is_request("BYE")).expect("a BYE on its connection");
    assert_eq!(bye.call_id(), call_id);
    assert!(bye.header("Reason").contains("Q.850"), "{bye:?}");
    assert_eq!(node.http().record_of(&call_id)["cause"]["code"], "shard_restart");
    // The connection serves the next one.
    stream.send(options(&stream));
    assert_eq!(stream.expect_final("OPTIONS").status(), 200);
}

#[test]
fn bytes_that_cannot_be_a_message_close_the_connection_and_nothing_else() {
    let node = Node::demo();
    let mut stream = Stream::connect(node.sip(), [127, 0, 0, 9]);
    stream.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    while stream.read().is_some() {}
    let mut endless = Stream::connect(node.sip(), [127, 0, 0, 9]);
    endless.send("INVITE sip:x@demo.local SIP/2.0\r\nContent-Length: 99999999\r\nVia: SIP/2.0/TCP x\r\n\r\n");
    while endless.read().is_some() {}
    node.carrier.assert_alive();
}

fn options(stream: &Stream) -> String {
    request(stream, "OPTIONS", "nobody", &unique(), 1, "", "", "")
}

#[allow(clippy::too_many_arguments, reason = "the parts of a request")]
fn request(
    stream: &Stream,
    method: &str,
    user: &str,
    call_id: &str,
    cseq: u32,
    tag: &str,
    headers: &str,
    body: &str,
) -> String {
    let addr = stream.addr();
    let tag = if tag.is_empty() { String::new() } else { format!(";tag={tag}") };
    format!(
        "{method} sip:{user}@demo.local SIP/2.0\r\nVia: SIP/2.0/TCP {addr};branch=z9hG4bK{}\r\nMax-Forwards: 70\r\n\
         From: <sip:+447700900123@demo.local>;tag=t{call_id}\r\nTo: <sip:{user}@demo.local>{tag}\r\n\
         Call-ID: {call_id}\r\nCSeq: {cseq} {method}\r\nContact: <sip:{addr};transport=tcp>\r\n{headers}\
         Content-Length: {}\r\n\r\n{body}",
        unique(),
        body.len(),
    )
}

const OFFER: &str =
    "v=0\r\no=- 1 1 IN IP4 127.0.0.2\r\ns=-\r\nc=IN IP4 127.0.0.2\r\nt=0 0\r\nm=audio 41000 RTP/AVP 8\r\n";
