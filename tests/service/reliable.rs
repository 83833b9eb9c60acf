//! Reliable provisional responses and PRACK (RFC 3262) against the real binary.

use crate::support::{Call, Node, NodeConfig, eventually};

/// Agent 1001 has dialed a number: his call, and what the carrier got.
fn dialed(config: NodeConfig, headers: &[&str]) -> (Node, Call, Call) {
    let node = Node::start(config);
    let phone = node.registered("1001");
    let call = Call::begin(&phone, "+442079460123", headers);
    let outside = node.carrier.expect_call();
    (node, call, outside)
}

#[test]
fn a_caller_who_requires_100rel_is_served() {
    let (node, mut call, outside) = dialed(NodeConfig::demo(), &["Require: 100rel\r\n"]);
    outside.reply_with_sdp(183);
    let early = call.expect_provisional(183);
    assert!(early.header("Require").contains("100rel") && early.audio().is_some(), "{early:?}");
    let rseq = early.header("RSeq").to_owned();
    let sendings = || call.endpoint.datagrams(|text| text.starts_with("SIP/2.0 183") && text.contains(&call.id));
    eventually("it comes again until it is acknowledged", || (sendings() >= 2).then_some(()));
    call.in_early_dialog(&early);
    let invite_cseq = early.cseq();
    let wrong =
        call.request("PRACK", &format!("RAck: {} {invite_cseq} INVITE\r\n", rseq.parse::<u32>().unwrap() + 1), "");
    assert_eq!(wrong.status(), 481);
    outside.answer();
    let prack = call.request("PRACK", &format!("RAck: {rseq} {invite_cseq} INVITE\r\n"), "");
    assert_eq!(prack.status(), 200);
    call.expect_final(200);
    call.bye();
    outside.expect_bye();
    assert_eq!(node.http().record_of(&call.id)["status"], "completed");
}

#[test]
fn a_trunk_is_asked_for_100rel_where_its_configuration_says_so_and_gets_prack() {
    let (_node, call, outside) = dialed(NodeConfig::demo(), &[]);
    assert!(!outside.invite.as_ref().expect("an INVITE").header("Supported").contains("100rel"));
    drop((call, outside));
    let config = NodeConfig::demo().set("trunk.0.reliable_provisionals", true);
    let (node, mut call, outside) = dialed(config, &[]);
    let invite = outside.invite.clone().expect("an INVITE");
    assert!(invite.header("Supported").contains("100rel"));
    for (status, rseq) in [(180, 41), (183, 42)] {
        outside.reply_with_sdp_and(status, &format!("Require: 100rel\r\nRSeq: {rseq}\r\n"));
        let prack = outside.expect_request("PRACK");
        assert_eq!(prack.header("RAck"), format!("{rseq} {} INVITE", invite.cseq()));
        outside.respond(&prack, 200, "", "");
    }
    assert!(call.expect_provisional(183).audio().is_some(), "early media as ever");
    outside.answer();
    call.expect_final(200);
    call.bye();
    let bye = outside.expect_bye();
    assert_eq!(bye.cseq(), invite.cseq() + 3, "after two PRACKs");
    assert_eq!(node.http().record_of(&call.id)["status"], "completed");
}
