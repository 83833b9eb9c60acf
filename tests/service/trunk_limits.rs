//! Limits of a trunk: calls at a time, and new calls a second.

use crate::support::{ECHO, Node, NodeConfig};

#[test]
fn calls_at_a_time() {
    let node = Node::start(NodeConfig::demo().set("trunk.0.calls_max", 2));
    let mut calls: Vec<_> = (0..2).map(|_| node.carrier.call(ECHO)).collect();
    for call in &mut calls {
        call.expect_final(200);
    }
    let mut third = node.carrier.call(ECHO);
    let refusal = third.expect_final(503);
    assert!(refusal.header("Retry-After").parse::<u32>().is_ok_and(|s| s > 0), "{refusal:?}");
    assert!(node.http().calls(&format!("&sip_call_id={}", third.id)).is_empty(), "503 makes metrics only");
    assert!(node.http().metric("trunkline_drops_total{reason=\"trunk_limit\"}") >= 1.0);
    let phone = node.registered("1001");
    phone.call("+442079460123").expect_final(503);
    calls[0].bye();
    let mut fourth = node.carrier.call(ECHO);
    fourth.expect_final(200);
    fourth.bye();
    calls[1].bye();
}

#[test]
fn new_calls_a_second() {
    let node = Node::start(NodeConfig::demo().set("trunk.0.calls_per_second_max", 3));
    let mut calls: Vec<_> = (0..8).map(|_| node.carrier.call(ECHO)).collect();
    let statuses: Vec<u16> = calls
        .iter_mut()
        .map(|call| {
            let answer = call.final_response();
            call.acknowledge(&answer);
            answer.status()
        })
        .collect();
    let taken = statuses.iter().filter(|status| **status == 200).count();
    let refused = statuses.iter().filter(|status| **status == 503).count();
    assert_eq!(taken + refused, 8, "{statuses:?}");
    // They came within one second, or within two on a machine that stood still in between.
    assert!((3..=6).contains(&taken), "{statuses:?}");
}
