//! RTP that stops, and peers that die: the call ends with a cause.

use crate::queue_calls::talk;
use crate::support::{Node, NodeConfig};

#[test]
fn a_side_that_falls_silent_ends_the_call() {
    let node = Node::start(NodeConfig::demo().queue_times(15, 120, 0).set("rtp.silence_s", 2));
    let phone = node.registered("1001");
    let (caller, agent) = talk(&node, &phone);
    caller.talk(1_000.0);
    agent.talk(440.0);
    agent.rtp.wait_packets(150);
    assert_eq!(node.http().agent("1001")["state"], "on_call", "both send: the call is up after 3 s");
    caller.rtp.hush();
    caller.expect_bye();
    agent.expect_bye();
    let record = node.http().record_of(&caller.id);
    assert_eq!((&record["status"], &record["cause"]["code"]), (&"failed".into(), &"rtp_timeout".into()));
    node.http().wait_agent("1001", "ready");
}

#[test]
fn a_side_on_hold_may_be_silent() {
    let config = NodeConfig::demo().queue_times(15, 120, 0).set("rtp.silence_s", 1).set("limits.ping_every_s", 1);
    let node = Node::start(config);
    let phone = node.registered("1001");
    let (caller, mut agent) = talk(&node, &phone);
    caller.talk(1_000.0);
    agent.reinvite("inactive");
    // Music goes on for three times the limit, while the dialog is asked whether it lives.
    caller.rtp.wait_packets(150);
    assert!(phone.has(|msg| msg.is_request("OPTIONS")), "watched by OPTIONS inside the dialog");
    assert_eq!(node.http().agent("1001")["state"], "on_call");
    // The held phone dies: the call ends with a cause.
    phone.mute();
    let bye = caller.expect_bye_within(std::time::Duration::from_secs(60));
    assert!(bye.header("Reason").contains("Q.850"), "{bye:?}");
    let record = node.http().record_of(&caller.id);
    assert_eq!((&record["status"], &record["cause"]["code"]), (&"failed".into(), &"peer_gone".into()));
}
