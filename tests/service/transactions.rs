//! Loss on the wire as peers see it: repeated requests, lost responses, lost ACKs.

use std::time::Duration;

use crate::support::{Call, ECHO, Node, Rtp, SUPPORT, sdp, until};

#[test]
fn a_repeated_invite_makes_one_call_and_gets_the_same_answer() {
    let node = Node::demo();
    let rtp = Rtp::bind([127, 0, 0, 2].into());
    let mut call = Call::prepare(&node.carrier, ECHO, rtp);
    let body = sdp(&call.rtp, "sendrecv");
    let contact = format!("Contact: <sip:{}>\r\nContent-Type: application/sdp\r\n", node.carrier.addr());
    let invite = call.text("INVITE", &contact, &body);
    for _ in 0..5 {
        node.carrier.send(&invite);
    }
    call.expect_final(200);
    call.bye();
    let tags = node.carrier.datagrams(|text| text.starts_with("SIP/2.0 200") && text.contains(&call.id));
    assert!(tags >= 2, "one 200 to the INVITE, one to the BYE, perhaps repeated: {tags}");
    node.http().record_of(&call.id);
    assert_eq!(node.http().calls("").len(), 1);
    let counted = "trunkline_sip_retransmissions_total";
    let text = node.http().get("/metrics").text();
    assert!(text.lines().any(|line| line.starts_with(counted)), "{counted}");
}

#[test]
fn without_rport_the_answer_goes_to_the_port_in_via() {
    let node = Node::demo();
    let other = node.phone("1001");
    let head = node.phone("1002").head("OPTIONS", "sip:demo.local", "sip:demo.local", "by-via", 1);
    let (before, after) = head.split_once("Via: SIP/2.0/UDP ").expect("a Via");
    let parameters = after.split_once(';').expect("a branch").1.replacen(";rport", "", 1);
    // RFC 3261 18.2.2: the source's address, the port that Via names.
    let text = format!(
        "{before}Via: SIP/2.0/UDP somewhere.example:{};{parameters}Content-Length: 0\r\n\r\n",
        other.addr().port()
    );
    node.phone("1003").send(text);
    let answer = other.expect("the answer", |msg| msg.call_id() == "by-via");
    assert_eq!(answer.status(), 200);
    assert!(answer.header("Via").contains("received=127.0.0.1"), "{answer:?}");
}

#[test]
fn the_200_is_repeated_until_its_ack_and_the_call_ends_without_one() {
    let node = Node::demo();
    let mut call = node.carrier.call(ECHO);
    call.expect_final_unacknowledged(200);
    let copies = || node.carrier.datagrams(|text| text.starts_with("SIP/2.0 200") && text.contains(&call.id));
    // RFC 3261 13.3.1.4: after T1, then twice that, up to T2.
    until("a third copy of the 200", copies, |count| *count >= 3);
    let bye = node.carrier.take(Duration::from_secs(45), |msg| msg.is_request("BYE"));
    let bye = bye.expect("BYE after 64*T1");
    call.respond(&bye, 200, "", "");
    let record = node.http().record_of(&call.id);
    assert_eq!((&record["status"], &record["cause"]["code"]), (&"failed".into(), &"no_ack".into()));
}

#[test]
fn a_repeated_bye_gets_the_same_answer() {
    let node = Node::demo();
    let mut call = node.carrier.call(ECHO);
    call.expect_final(200);
    let bye = call.text("BYE", "", "");
    node.carrier.send(&bye);
    node.carrier.send(&bye);
    let answers = || node.carrier.datagrams(|text| text.starts_with("SIP/2.0 200") && text.contains("CSeq: 2 BYE"));
    until("two answers to two BYEs", answers, |count| *count == 2);
    assert_eq!(node.http().record_of(&call.id)["status"], "completed");
    assert_eq!(call.request("BYE", "", "").status(), 481, "the dialog is over");
}

#[test]
fn an_invite_of_ours_is_repeated_until_it_is_heard_and_a_late_answer_still_counts() {
    let node = Node::demo();
    let phone = node.registered("1001");
    let mut call = phone.call("02079460123");
    let outside = node.carrier.expect_call();
    let copies = || node.carrier.datagrams(|text| text.starts_with("INVITE"));
    until("a second INVITE", copies, |count| *count >= 2);
    outside.reply(180);
    call.expect_provisional(180);
    outside.answer();
    call.expect_final(200);
    // A repeated 200 gets a repeated ACK.
    outside.reply_with_sdp(200);
    until("a second ACK", || node.carrier.datagrams(|text| text.starts_with("ACK")), |count| *count >= 2);
    call.bye();
    outside.expect_bye();
}

#[test]
fn a_200_that_crosses_our_cancel_is_acknowledged_and_ended() {
    let node = Node::demo();
    let phone = node.registered("1001");
    let mut call = phone.call("02079460123");
    let outside = node.carrier.expect_call();
    outside.reply(180);
    call.expect_provisional(180);
    call.send_cancel();
    call.expect_final(487);
    let cancel = outside.expect_request("CANCEL");
    outside.reply_with_sdp(200);
    outside.respond(&cancel, 200, "", "");
    outside.expect_request("ACK");
    outside.expect_bye();
    assert_eq!(node.http().record_of(&call.id)["status"], "canceled");
}

#[test]
fn a_forked_answer_keeps_the_first_and_ends_the_second() {
    let node = Node::demo();
    let phone = node.registered("1001");
    let mut call = phone.call("02079460123");
    let first = node.carrier.expect_call();
    let second = Call::incoming(&node.carrier, first.invite.clone().expect("an INVITE"));
    first.reply(180);
    second.reply(180);
    first.reply_with_sdp(200);
    call.expect_final(200);
    first.expect_request("ACK");
    second.reply_with_sdp(200);
    second.expect_request("ACK");
    second.expect_bye();
    node.http().wait_agent("1001", "on_call");
    call.bye();
    first.expect_bye();
}

#[test]
fn a_peer_that_answers_no_bye_does_not_keep_the_call() {
    let node = Node::demo();
    let phone = node.registered("1001");
    let (mut caller, agent) = crate::queue_calls::talk(&node, &phone);
    phone.mute();
    caller.bye();
    let record = node.http().record_of(&caller.id);
    assert_eq!(record["status"], "completed");
    drop(agent);
    let mut next = node.carrier.call(SUPPORT);
    next.expect_final(200);
    next.bye();
}
