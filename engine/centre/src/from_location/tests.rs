use std::net::SocketAddr;

use bytes::Bytes;
use clock::AgentId;
use sip::ua::{Peer, Transport};

use super::*;

fn sent(outlet: &mut LocationOutlet, binds: bool) -> Option<Mark> {
    let addr: SocketAddr = "127.0.0.7:5060".parse().unwrap();
    let peer = Peer { transport: Transport::Udp, addr, flow: None };
    let effect = Effect::Transmit { peer, bytes: Bytes::new(), again: false, binds };
    match outlet.route([ShardId(0)].into_iter(), effect).pop() {
        Some(Delivery::Transmit { gate, .. }) => gate,
        other => panic!("{other:?}"),
    }
}

/// A phone that was told that it is bound is found after a crash.
#[test]
fn what_tells_of_bindings_waits_for_them_and_nothing_else_does() {
    let mut outlet = LocationOutlet::new();
    for _ in 0..2 {
        let removed = Effect::BindingRemoved { agent: AgentId(1), contact: "sip:1001@127.0.0.7".to_owned() };
        outlet.route([ShardId(0)].into_iter(), removed);
    }
    assert_eq!(sent(&mut outlet, true), Some(Mark { entry: 2, durability: Durability::Written }));
    assert_eq!(sent(&mut outlet, false), None);
}
