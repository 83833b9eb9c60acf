//! Requests that must be refused: the right status, in the order of the checks, with a Reason.

use crate::support::{Call, ECHO, Endpoint, Msg, Node, Rtp, SUPPORT, sdp};

#[test]
fn each_refusal_has_its_status() {
    let node = Node::demo();
    let ask = |method: &str, uri: &str, headers: &str| {
        let answer = node.carrier.request(method, uri, headers);
        if method == "INVITE" {
            acknowledge(&node.carrier, &answer);
        }
        answer
    };
    let own = format!("sip:{ECHO}@demo.local");
    assert_eq!(ask("DANCE", &own, "").status(), 501);
    let required = ask("INVITE", &own, "Require: nothingSupportsThis\r\n");
    assert_eq!((required.status(), required.header("Unsupported")), (420, "nothingSupportsThis"));
    assert_eq!(ask("OPTIONS", "nobodyKnowsThisScheme:totallyopaque", "").status(), 416);
    assert_eq!(ask("INVITE", "sip:+442071830003@elsewhere.example", "").status(), 404);
    assert_eq!(ask("INVITE", "sip:+442071839999@demo.local", "").status(), 404);
    assert_eq!(ask("SUBSCRIBE", &own, "Event: presence\r\n").status() / 100, 4);
    node.carrier.assert_alive();
}

#[test]
fn bodies_that_cannot_be_answered() {
    let node = Node::demo();
    let refused = |kind: &str, body: &str, headers: &str| {
        let mut call = Call::prepare(&node.carrier, SUPPORT, Rtp::bind([127, 0, 0, 2].into()));
        let contact = format!("Contact: <sip:{}>\r\n", node.carrier.addr());
        let text = call.text("INVITE", &format!("{contact}Content-Type: {kind}\r\n{headers}"), body);
        node.carrier.send(text);
        let answer = call.final_response();
        call.acknowledge(&answer);
        answer
    };
    let unknown = refused("application/unknownformat", "<audio/>", "");
    assert_eq!(unknown.status(), 415);
    assert!(unknown.header("Accept").contains("application/sdp"), "{unknown:?}");
    let offer = sdp(&Rtp::bind([127, 0, 0, 2].into()), "sendrecv");
    assert_eq!(refused("application/sdp", &offer, "Accept: text/nobodyKnowsThis\r\n").status(), 406);
    assert_eq!(refused("application/sdp", &offer, "Content-Encoding: gzip\r\n").status(), 415);
    assert_eq!(refused("application/sdp", "v=1\r\nnonsense", "").status() / 100, 4);
    let video = "v=0\r\no=- 1 1 IN IP4 127.0.0.2\r\ns=-\r\nc=IN IP4 127.0.0.2\r\nt=0 0\r\nm=audio 9 RTP/AVP 96\r\na=rtpmap:96 opus/48000/2\r\n";
    let unusable = refused("application/sdp", video, "");
    assert_eq!(unusable.status(), 488, "{unusable:?}");
    assert!(unusable.header("Reason").contains("Q.850"), "{unusable:?}");
    assert!(unusable.header("Warning").starts_with("3"), "{unusable:?}");
}

#[test]
fn syntax_faults_say_what_is_wrong() {
    let node = Node::demo();
    let head =
        |call_id: &str| node.carrier.head("INVITE", &format!("sip:{ECHO}@demo.local"), "sip:x@demo.local", call_id, 1);
    let answer = |text: String, call_id: &str| {
        node.carrier.send(text);
        node.carrier.expect("an answer", |msg| msg.call_id() == call_id && msg.status() >= 200)
    };
    let bad_length = answer(head("bad-length") + "Content-Length: 9999\r\n\r\nshort", "bad-length");
    assert_eq!(bad_length.status(), 400);
    assert!(bad_length.header("Reason").contains("cause=400"), "{bad_length:?}");
    let version = head("version").replace(" SIP/2.0\r\nVia", " SIP/7.0\r\nVia") + "Content-Length: 0\r\n\r\n";
    assert_eq!(answer(version, "version").status(), 505);
    let cseq = head("cseq").replace("CSeq: 1 INVITE", "CSeq: 1 OPTIONS") + "Content-Length: 0\r\n\r\n";
    assert_eq!(answer(cseq, "cseq").status(), 400);
}

#[test]
fn requests_outside_a_dialog_are_481_and_strays_are_dropped() {
    let node = Node::demo();
    let in_dialog = |method: &str| {
        let call_id = crate::support::unique();
        let head = node.carrier.head(method, &format!("sip:{ECHO}@demo.local"), "sip:x@demo.local", &call_id, 7);
        let text = head.replace("To: <sip:x@demo.local>", "To: <sip:x@demo.local>;tag=nobody");
        node.carrier.send(text + "Content-Length: 0\r\n\r\n");
        call_id
    };
    for method in ["BYE", "INVITE", "INFO", "CANCEL"] {
        let call_id = in_dialog(method);
        let answer = node.carrier.expect("an answer", |msg| msg.call_id() == call_id && msg.status() >= 200);
        assert_eq!(answer.status(), 481, "{method}");
        if method == "INVITE" {
            acknowledge(&node.carrier, &answer);
        }
    }
    let stray = in_dialog("ACK");
    for junk in [&b"\x00\x01\x02\xff"[..], b"SIP/2.0 200 OK\r\n\r\n", b"\r\n", b"INVITE", &[b'A'; 60_000]] {
        node.carrier.send(junk);
    }
    node.carrier.assert_alive();
    assert!(!node.carrier.has(|msg| msg.call_id() == stray), "an ACK is never answered");
}

#[test]
fn a_request_that_came_back_to_us_is_a_loop() {
    let node = Node::demo();
    let phone = node.registered("1001");
    let mut call = phone.call("02079460123");
    let outside = node.carrier.expect_call();
    let invite = outside.invite.clone().expect("an INVITE");
    let via = invite.header("Via").to_owned();
    let head = node.carrier.head("INVITE", &format!("sip:{ECHO}@demo.local"), "sip:x@demo.local", invite.call_id(), 1);
    let looped = head.replacen("Max-Forwards", &format!("Via: {via}\r\nMax-Forwards"), 1);
    node.carrier.send(looped + "Content-Length: 0\r\n\r\n");
    let answer = node.carrier.expect("482", |msg| msg.status() >= 200 && msg.method() == "INVITE");
    assert_eq!(answer.status(), 482);
    call.cancel();
    outside.reply(180);
    outside.expect_cancel();
}

#[test]
fn options_is_answered_to_anyone() {
    let node = Node::demo();
    let stranger = Endpoint::stranger([127, 0, 0, 7], node.sip(), "anyone", "none");
    let answer = stranger.request("OPTIONS", "sip:demo.local", "");
    assert_eq!(answer.status(), 200);
    for header in ["Allow", "Accept"] {
        assert!(answer.names().iter().any(|name| name.eq_ignore_ascii_case(header)), "{header} in {answer:?}");
    }
}

fn acknowledge(endpoint: &Endpoint, answer: &Msg) {
    let via = answer.header("Via").split(";received").next().unwrap_or_default().to_owned();
    endpoint.send(format!(
        "ACK sip:x@demo.local SIP/2.0\r\nVia: {via}\r\nMax-Forwards: 70\r\nFrom: {}\r\nTo: {}\r\nCall-ID: {}\r\n\
         CSeq: {} ACK\r\nContent-Length: 0\r\n\r\n",
        answer.header("From"),
        answer.header("To"),
        answer.call_id(),
        answer.cseq(),
    ));
}
