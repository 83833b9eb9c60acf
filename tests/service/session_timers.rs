//! Session timers (RFC 4028) against the real binary: short ones, so that nobody has to wait half an hour.

use std::time::Duration;

use crate::support::{Call, Node, NodeConfig, PATIENCE};

const ECHO: &str = "+442071830003";
const TIMER: &str = "Supported: timer\r\n";

fn node() -> Node {
    Node::start(NodeConfig::demo().set("sip.session_min_s", 2).set("sip.session_expires_s", 4))
}

fn echo(node: &Node, headers: &[&str]) -> Call {
    Call::begin(&node.carrier, ECHO, headers)
}

#[test]
fn an_interval_too_small_is_refused_with_422_and_the_next_answered() {
    let node = Node::demo();
    let mut call = echo(&node, &[TIMER, "Session-Expires: 60\r\n"]);
    assert_eq!(call.expect_final(422).header("Min-SE"), "90");
    let mut call = echo(&node, &[TIMER, "Min-SE: 90\r\nSession-Expires: 90\r\n"]);
    let ok = call.expect_final(200);
    assert_eq!((ok.header("Session-Expires"), ok.header("Require")), ("90;refresher=uac", "timer"));
    assert!(ok.header("Allow").contains("UPDATE"));
    let update = call.request("UPDATE", &format!("{TIMER}Session-Expires: 90;refresher=uac\r\n"), "");
    assert_eq!((update.status(), update.header("Session-Expires")), (200, "90;refresher=uac"));
    call.bye();
    assert_eq!(node.http().record_of(&call.id)["status"], "completed");
}

#[test]
fn a_caller_who_stops_refreshing_is_hung_up_on() {
    let node = node();
    let mut call = echo(&node, &[TIMER, "Session-Expires: 3\r\n"]);
    call.expect_final(200);
    let bye = call.expect_bye_within(Duration::from_secs(5));
    assert!(bye.header("Reason").contains("408"), "{bye:?}");
    let record = node.http().record_of(&call.id);
    assert_eq!((&record["status"], &record["cause"]["code"]), (&"failed".into(), &"peer_gone".into()));
}

#[test]
fn the_refreshes_are_ours_when_the_caller_says_so() {
    let node = node();
    for (allow, method) in [("Allow: INVITE, UPDATE\r\n", "UPDATE"), ("Allow: INVITE\r\n", "INVITE")] {
        let mut call = echo(&node, &[TIMER, allow, "Session-Expires: 4;refresher=uas\r\n"]);
        call.expect_final(200);
        let first = call.remote_audio;
        for _ in 0..2 {
            let refresh = call.expect_request(method);
            assert_eq!(refresh.header("Session-Expires"), "4;refresher=uac");
            call.invite = Some(refresh.clone());
            match method {
                "INVITE" => {
                    assert_eq!(refresh.audio(), first, "nothing changes");
                    call.reply_with_sdp_and(200, "Session-Expires: 4;refresher=uac\r\n");
                    call.expect_request("ACK");
                }
                _ => call.respond(&refresh, 200, "Session-Expires: 4;refresher=uac\r\n", ""),
            }
        }
        call.bye();
        assert_eq!(node.http().record_of(&call.id)["status"], "completed");
    }
}

#[test]
fn a_trunk_is_asked_for_session_timers_and_answers_our_refresh() {
    let node = node();
    let phone = node.registered("1001");
    let mut call = phone.call("+442079460123");
    let outside = node.carrier.expect_call();
    let invite = outside.invite.clone().expect("an INVITE");
    assert!(invite.header("Supported").contains("timer"));
    assert_eq!(invite.header("Session-Expires"), "4");
    outside.reply_with_sdp_and(200, "Require: timer\r\nSession-Expires: 4;refresher=uac\r\nAllow: INVITE, UPDATE\r\n");
    outside.expect_request("ACK");
    call.expect_final(200);
    let refresh = outside.expect_request("UPDATE");
    outside.respond(&refresh, 200, "Session-Expires: 4;refresher=uac\r\n", "");
    let second = outside.endpoint.take(PATIENCE, |msg| msg.is_request("UPDATE") && msg.cseq() > refresh.cseq());
    outside.respond(&second.expect("the next one"), 481, "", "");
    outside.expect_bye();
    call.expect_bye();
}
