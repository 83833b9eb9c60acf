//! SIGTERM: new calls are refused, those that are up may end, the rest is ended.

use std::time::Duration;

use crate::queue_calls::talk;
use crate::support::{ECHO, Node, NodeConfig, SUPPORT, until};

#[test]
fn it_waits_for_the_calls_that_are_up() {
    let mut node = Node::start(NodeConfig::demo().queue_times(15, 120, 0).set("node.drain_s", 60));
    let phone = node.registered("1001");
    let (mut caller, agent) = talk(&node, &phone);
    node.terminate();
    refused(&node);
    assert_eq!(node.http().agent("1001")["state"], "on_call", "REST answers while it drains");
    caller.talk(1_000.0);
    agent.rtp.wait_packets(50);
    caller.bye();
    agent.expect_bye();
    assert_eq!(node.wait(Duration::from_secs(30)).code(), Some(0), "{}", node.log());
    node.restart();
    let record = node.http().record_of(&caller.id);
    assert_eq!((&record["status"], &record["cause"]["code"]), (&"completed".into(), &"normal".into()));
}

#[test]
fn calls_that_do_not_end_are_ended() {
    let mut node = Node::start(NodeConfig::demo().queue_times(15, 120, 0).set("node.drain_s", 1));
    let phone = node.registered("1001");
    let (caller, agent) = talk(&node, &phone);
    let mut waiting = node.carrier.call(SUPPORT);
    waiting.expect_final(200);
    node.http().wait_waiting("support", 1);
    node.terminate();
    for call in [&caller, &agent, &waiting] {
        let bye = call.expect_bye();
        assert!(bye.header("Reason").contains("Q.850"), "{bye:?}");
    }
    assert_eq!(node.wait(Duration::from_secs(30)).code(), Some(0), "{}", node.log());
    node.restart();
    for (call, answered) in [(&caller, true), (&waiting, false)] {
        let record = node.http().record_of(&call.id);
        assert_eq!((&record["status"], &record["cause"]["code"]), (&"failed".into(), &"shutdown".into()), "{record:#}");
        assert_eq!(!record["answered_at"].is_null(), answered);
    }
    node.http().wait_agent("1001", "ready");
}

#[test]
fn without_calls_it_ends_at_once() {
    let mut node = Node::start(NodeConfig::demo().set("node.drain_s", 60));
    let mut call = node.carrier.call(ECHO);
    call.expect_final(200);
    call.bye();
    node.http().record_of(&call.id);
    node.terminate();
    assert_eq!(node.wait(Duration::from_secs(15)).code(), Some(0), "{}", node.log());
}

fn refused(node: &Node) {
    let status = || {
        let mut call = node.carrier.call(ECHO);
        let answer = call.final_response();
        call.acknowledge(&answer);
        if answer.status() == 200 {
            call.bye();
        }
        (answer.status(), answer.header("Retry-After").to_owned())
    };
    let (_, retry_after) = until("new calls refused", status, |(status, _)| *status == 503);
    assert!(retry_after.parse::<u32>().is_ok_and(|s| s > 0), "{retry_after}");
}
