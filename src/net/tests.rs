//! Which owner and lane a message goes to, and what becomes of a connection that nobody reads.

use std::sync::Arc;

use admin_api::Metrics;
use bytes::Bytes;
use sip::ua::{Peer, Transport};
use tokio::net::UdpSocket;
use tokio::sync::{Notify, mpsc};

use super::dispatch::{Dispatch, ShardLanes, SipInput};
use super::flows::{Flows, SendFailure};
use super::{CallIdDirectory, flows};

/// A dispatch for one shard, and the ends of its lanes.
struct Rig {
    dispatch: Dispatch,
    new_calls: mpsc::Receiver<SipInput>,
    dialogs: mpsc::Receiver<SipInput>,
    location: mpsc::Receiver<SipInput>,
    flows: Arc<Flows>,
}

fn rig() -> Rig {
    let (calls, new_calls) = mpsc::channel(2);
    let (dialog, dialogs) = mpsc::channel(8);
    let (to_location, location) = mpsc::channel(8);
    let flows = Arc::new(Flows::default());
    let dispatch = Dispatch {
        directory: Arc::new(CallIdDirectory::new(1)),
        shards: vec![ShardLanes { new_calls: calls, dialogs: dialog }],
        location: to_location,
        flows: Arc::clone(&flows),
        metrics: Arc::new(Metrics::new("test").unwrap()),
    };
    Rig { dispatch, new_calls, dialogs, location, flows }
}

impl Rig {
    /// Sends a request with this To parameter; where it went.
    async fn place(&mut self, peer: Peer, method: &str, to_tag: &str) -> &'static str {
        let text = format!(
            "{method} sip:1001@h SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:{};branch=z9hG4bK1\r\nFrom: <sip:a@h>;tag=1\r\n\
             To: <sip:1001@h>{to_tag}\r\nCall-ID: c\r\nCSeq: 1 {method}\r\nContent-Length: 0\r\n\r\n",
            peer.addr.port()
        );
        self.dispatch.datagram(peer, Bytes::from(text)).await;
        if !self.new_calls.is_empty() {
            return self.new_calls.try_recv().map_or("?", |_| "new calls");
        }
        if self.dialogs.try_recv().is_ok() {
            return "dialogs";
        }
        self.location.try_recv().map_or("nowhere", |_| "location")
    }
}

fn nobody() -> Peer {
    Peer { transport: Transport::Udp, addr: ([127, 0, 0, 1], 9).into(), flow: None }
}

#[tokio::test]
async fn every_request_has_its_owner_and_lane() {
    let mut rig = rig();
    for (method, to_tag, wanted) in [
        ("INVITE", "", "new calls"),
        ("CANCEL", "", "new calls"),
        ("INVITE", ";tag=2", "dialogs"),
        ("CANCEL", ";tag=2", "dialogs"),
        ("ACK", "", "dialogs"),
        ("BYE", ";tag=2", "dialogs"),
        ("REFER", ";tag=2", "dialogs"),
        ("REFER", "", "location"),
        ("OPTIONS", "", "location"),
        ("REGISTER", "", "location"),
        ("REGISTER", ";tag=2", "location"),
        ("DANCE", "", "location"),
    ] {
        assert_eq!(rig.place(nobody(), method, to_tag).await, wanted, "{method} {to_tag}");
    }
}

#[tokio::test]
async fn a_full_lane_refuses_calls_and_lets_a_cancel_by() {
    let mut rig = rig();
    let socket = Arc::new(UdpSocket::bind("127.0.0.1:0").await.unwrap());
    let caller = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    // Sending without waiting needs to know first that the socket can send.
    socket.writable().await.unwrap();
    rig.flows.add_udp(socket);
    let peer = Peer { addr: caller.local_addr().unwrap(), ..nobody() };
    for _ in 0..2 {
        rig.dispatch.shards[0].new_calls.try_send(SipInput::TransportFailed(nobody())).unwrap();
    }
    let waiting = core::mem::replace(&mut rig.new_calls, mpsc::channel(1).1);
    assert_eq!(rig.place(peer, "CANCEL", "").await, "dialogs");
    assert_eq!(rig.place(peer, "INVITE", "").await, "nowhere");
    let mut buffer = [0; 2_048];
    let length = caller.recv(&mut buffer).await.unwrap();
    let refusal = core::str::from_utf8(&buffer[..length]).unwrap();
    assert!(refusal.starts_with("SIP/2.0 503 "), "{refusal}");
    assert!(refusal.contains("Retry-After: ") && refusal.contains("\r\nTo: <sip:1001@h>;tag="), "{refusal}");
    drop(waiting);
}

#[tokio::test]
async fn a_writer_that_is_full_closes_its_connection() {
    let flows = Flows::default();
    let (writer, queue) = mpsc::channel(flows::WRITER_QUEUE);
    let close = Arc::new(Notify::new());
    let addr = ([127, 0, 0, 1], 9).into();
    let flow = flows.add_tcp(addr, writer, Arc::clone(&close));
    let peer = Peer { transport: Transport::Tcp, addr, flow: Some(flow) };
    for _ in 0..flows::WRITER_QUEUE {
        assert_eq!(flows.send(peer, Bytes::from_static(b"x")), Ok(()));
    }
    assert_eq!(flows.send(peer, Bytes::from_static(b"x")), Err(SendFailure::Full));
    close.notified().await;
    drop(queue);
}
