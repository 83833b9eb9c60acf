//! Nothing stays behind: calls, ports, sockets.

use crate::queue_calls::talk;
use crate::support::{ECHO, Node, NodeConfig, SUPPORT, until};

#[test]
fn after_many_calls_nothing_is_left() {
    let node = Node::start(NodeConfig::demo().queue_times(15, 120, 0));
    let (phone, other) = (node.registered("1001"), node.registered("1002"));
    // Once before counting: pools and files that stay open are opened by the first calls.
    all_kinds(&node, &phone, &other);
    let (files, ports) = (settled_files(&node), node.udp_ports());
    for _ in 0..3 {
        all_kinds(&node, &phone, &other);
    }
    until("open files as before", || node.open_files(), |count| *count <= files);
    until("every RTP port closed", || node.udp_ports(), |now| *now == ports);
    for metric in ["trunkline_calls_active", "trunkline_queue_waiting{queue=\"support\"}"] {
        until(metric, || node.http().metric(metric), |value| *value == 0.0);
    }
    let live = node.http().calls("&status=queued,ringing,answered");
    assert!(live.is_empty(), "{live:#?}");
    for extension in ["1001", "1002"] {
        assert!(node.http().wait_agent(extension, "ready")["call_id"].is_null());
    }
    assert!(!node.log().contains("panicked"), "{}", node.log());
}

/// One call of every kind and end.
fn all_kinds(node: &Node, phone: &crate::support::Endpoint, other: &crate::support::Endpoint) {
    let mut echo = node.carrier.call(ECHO);
    echo.expect_final(200);
    echo.bye();
    let mut inside = phone.call("1002");
    let ringing = other.expect_call();
    ringing.answer();
    inside.expect_final(200);
    inside.bye();
    ringing.expect_bye();
    let mut given_up = phone.call("02079460123");
    let outside = node.carrier.expect_call();
    outside.reply(180);
    given_up.expect_provisional(180);
    given_up.cancel();
    outside.expect_cancel();
    phone.call("02079460123").expect_busy(node);
    for extension in ["1001", "1002"] {
        node.http().wait_agent(extension, "ready");
    }
    let paused = serde_json::json!({"state": "paused"});
    assert_eq!(node.http().put("/v1/agents/1002/state", &paused).status, 200);
    let (mut caller, mut agent) = talk(node, phone);
    agent.reinvite("sendonly");
    agent.reinvite("sendrecv");
    caller.bye();
    agent.expect_bye();
    node.http().wait_agent("1001", "ready");
    assert_eq!(node.http().put("/v1/agents/1001/state", &paused).status, 200);
    let mut waiting = node.carrier.call(SUPPORT);
    waiting.expect_final(200);
    waiting.bye();
    let ready = serde_json::json!({"state": "ready"});
    for extension in ["1001", "1002"] {
        assert_eq!(node.http().put(&format!("/v1/agents/{extension}/state"), &ready).status, 200);
        node.http().wait_agent(extension, "ready");
    }
}

impl crate::support::Call {
    fn expect_busy(mut self, node: &Node) {
        node.carrier.expect_call().reject(486);
        self.expect_final(486);
    }
}

/// Open files once the last call's are closed.
fn settled_files(node: &Node) -> usize {
    until("no live call", || node.http().metric("trunkline_calls_active"), |calls| *calls == 0.0);
    // Recordings are closed after their call: the count stands still when two looks a tick apart agree.
    let mut last = node.open_files();
    until(
        "a steady count of open files",
        || {
            let (before, now) = (last, node.open_files());
            last = now;
            (before, now, node.udp_ports().len())
        },
        |(before, now, udp)| before == now && *udp == 1,
    )
    .1
}
