//! Calls over the trunk, both ways.

use serde_json::json;

use crate::queue_calls::{assert_louder, from_of};
use crate::support::{Endpoint, Node, SUPPORT};

#[test]
fn an_agent_calls_a_number_abroad_of_the_house() {
    let node = Node::demo();
    let phone = node.registered("1001");
    let mut call = phone.call("02079460123");
    let outside = node.carrier.expect_call();
    assert_eq!(from_of(&outside).1, "+442071830000");
    assert!(outside.invite.as_ref().is_some_and(|invite| invite.uri().contains("+442079460123")));
    outside.reply(180);
    call.expect_provisional(180);
    outside.answer();
    call.expect_final(200);
    call.talk(1_000.0);
    outside.talk(440.0);
    let (first, second) = (outside.rtp.wait_packets(60), call.rtp.wait_packets(60));
    assert_louder(&outside.rtp.samples(first), 1_000.0, 440.0);
    assert_louder(&call.rtp.samples(second), 440.0, 1_000.0);
    node.http().wait_agent("1001", "on_call");
    call.bye();
    outside.expect_bye();
    let record = node.http().record_of(&call.id);
    for (field, value) in [
        ("direction", json!("outbound_dial")),
        ("internal", json!(false)),
        ("status", json!("completed")),
        ("from", json!("1001")),
        ("to", json!("+442079460123")),
        ("agent", json!("1001")),
        ("sip_call_ids", json!([call.id, outside.id])),
    ] {
        assert_eq!(record[field], value, "{field} of {record:#}");
    }
    node.http().wait_agent("1001", "ready");
}

#[test]
fn early_media_and_refusals_pass_through() {
    let node = Node::demo();
    let phone = node.registered("1001");
    let mut call = phone.call("+442079460123");
    let outside = node.carrier.expect_call();
    outside.reply_with_sdp(183);
    let progress = call.expect_provisional(183);
    assert!(progress.audio().is_some(), "early media: {progress:?}");
    outside.reject(486);
    call.expect_final(486);
    for status in [404, 480, 503, 603] {
        let mut call = phone.call("+442079460123");
        node.carrier.expect_call().reject(status);
        call.expect_final(status);
        assert_eq!(node.http().record_of(&call.id)["cause"]["sip"], status);
    }
}

#[test]
fn the_callee_hangs_up() {
    let node = Node::demo();
    let phone = node.registered("1001");
    let mut call = phone.call("+442079460123");
    let mut outside = node.carrier.expect_call();
    outside.answer();
    call.expect_final(200);
    outside.bye();
    call.expect_bye();
    let record = node.http().record_of(&call.id);
    assert_eq!((&record["status"], &record["cause"]["who"]), (&"completed".into(), &"callee".into()));
    assert_eq!(record["cause"]["q850"], 16);
}

#[test]
fn numbers_abroad_are_denied() {
    let node = Node::demo();
    let phone = node.registered("1001");
    for abroad in ["+33142685300", "0033142685300", "+12125550100"] {
        let mut call = phone.call(abroad);
        call.expect_final(403);
        assert!(node.http().calls(&format!("&sip_call_id={}", call.id)).is_empty(), "403 makes metrics only");
    }
    assert!(!node.carrier.has(|msg| msg.is_request("INVITE")));
}

#[test]
fn the_trunk_dials_our_numbers_only() {
    let node = Node::demo();
    let phone = node.registered("1001");
    for elsewhere in ["1001", "+442079460123", "+33142685300", "nobody"] {
        let mut call = node.carrier.call(elsewhere);
        call.expect_final(404);
        let record = node.http().record_of(&call.id);
        assert_eq!((&record["status"], &record["cause"]["code"]), (&"failed".into(), &"unknown_number".into()));
        assert_eq!(record["is_lost"], false, "a number that we do not have is never a lost call");
    }
    assert!(!phone.has(|msg| msg.is_request("INVITE")));
    for written in ["00442071830003", "442071830003", "02071830003", "+442071830003"] {
        let mut call = node.carrier.call(written);
        call.expect_final(200);
        call.bye();
    }
}

#[test]
fn who_is_neither_trunk_nor_agent_is_challenged() {
    let node = Node::demo();
    let stranger = Endpoint::stranger([127, 0, 0, 3], node.sip(), "+447700900123", "nothing");
    let call = crate::support::Call::prepare(&stranger, SUPPORT, crate::support::Rtp::bind([127, 0, 0, 3].into()));
    let mut call = call;
    call.invite_again("", "");
    let challenge = call.expect_final(401);
    assert!(challenge.header("WWW-Authenticate").contains("realm=\"demo.local\""), "{challenge:?}");
    assert!(node.http().calls(&format!("&sip_call_id={}", call.id)).is_empty(), "401 makes metrics only");
}
