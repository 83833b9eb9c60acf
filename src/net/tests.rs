//! Which owner and lane a message goes to, and what becomes of a connection that nobody reads.

use std::sync::Arc;

use admin_api::Metrics;
use bytes::Bytes;
use sip::ua::{Peer, Transport};
use tokio::net::UdpSocket;
use tokio::sync::{Notify, mpsc};

use super::admission::Admission;
use super::dispatch::{Dispatch, LocationLanes, ShardLanes, SipInput};
use super::flows::{Flows, SendFailure};
use super::{CallIdDirectory, Lane, LaneEnd, flows};

/// A dispatch for one shard, and the ends of its lanes.
struct Rig {
    dispatch: Dispatch,
    /// With the word for each.
    lanes: [(&'static str, LaneEnd); 6],
    flows: Arc<Flows>,
}

fn rig() -> Rig {
    let room = 1 << 20;
    let (calls, new_calls) = Lane::new(2, room);
    let (dialog, dialogs) = Lane::new(8, room);
    let (to_location, location) = Lane::new(8, room);
    let (strange_calls, strangers) = Lane::new(8, room);
    let (strange, strangers_to_location) = Lane::new(8, room);
    let (to_trunks, trunks) = Lane::new(8, room);
    let flows = Arc::new(Flows::default());
    let admission = Admission::default();
    admission.set_phones([nobody().addr.ip()]);
    let dispatch = Dispatch {
        directory: Arc::new(CallIdDirectory::new(1)),
        shards: vec![ShardLanes { new_calls: calls, dialogs: dialog, strangers: strange_calls }],
        location: LocationLanes { known: to_location, strangers: strange },
        trunks: to_trunks,
        admission: Arc::new(admission),
        flows: Arc::clone(&flows),
        metrics: Arc::new(Metrics::new("test").unwrap()),
    };
    let lanes = [
        ("new calls", new_calls),
        ("dialogs", dialogs),
        ("location", location),
        ("trunks", trunks),
        ("strangers", strangers),
        ("strangers to location", strangers_to_location),
    ];
    Rig { dispatch, lanes, flows }
}

impl Rig {
    /// Sends a request with this To parameter; where it went.
    async fn place(&mut self, peer: Peer, method: &str, to_tag: &str) -> &'static str {
        let text = format!(
            "{method} sip:1001@h SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:{};branch=z9hG4bK1\r\nFrom: <sip:a@h>;tag=1\r\n\
             To: <sip:1001@h>{to_tag}\r\nCall-ID: c\r\nCSeq: 1 {method}\r\nContent-Length: 0\r\n\r\n",
            peer.addr.port()
        );
        self.send(peer, text).await
    }

    async fn send(&mut self, peer: Peer, datagram: String) -> &'static str {
        let Some(standing) = self.dispatch.admit(peer, datagram.as_bytes()) else { return "dropped" };
        self.dispatch.datagram(peer, standing, Bytes::from(datagram)).await;
        let found = self.lanes.iter_mut().find_map(|(name, lane)| lane.try_recv().map(|_| *name));
        found.unwrap_or("nowhere")
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
async fn answers_to_the_trunk_watcher_reach_it() {
    let mut rig = rig();
    for (call_id, method, wanted) in [
        ("c", "REGISTER", "trunks"),
        ("trunk-1", "OPTIONS", "trunks"),
        ("c", "OPTIONS", "dialogs"),
        ("c", "INVITE", "dialogs"),
    ] {
        let text = format!(
            "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bK1\r\nFrom: <sip:a@h>;tag=1\r\n\
             To: <sip:a@h>;tag=2\r\nCall-ID: {call_id}\r\nCSeq: 1 {method}\r\nContent-Length: 0\r\n\r\n"
        );
        assert_eq!(rig.send(nobody(), text).await, wanted, "{call_id} {method}");
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
    let waiting = core::mem::replace(&mut rig.lanes[0].1, Lane::new(1, 1).1);
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

#[tokio::test]
async fn strangers_have_lanes_of_their_own_until_they_are_in_a_call() {
    let mut rig = rig();
    let stranger = Peer { addr: ([127, 0, 0, 9], 9).into(), ..nobody() };
    for method in ["INVITE", "CANCEL", "ACK", "BYE"] {
        assert_eq!(rig.place(stranger, method, "").await, "strangers", "{method}");
    }
    assert_eq!(rig.place(stranger, "INVITE", ";tag=2").await, "strangers");
    assert_eq!(rig.place(stranger, "REGISTER", "").await, "strangers to location");
    assert_eq!(rig.send(stranger, "junk".into()).await, "strangers to location");
    rig.dispatch.directory.set(clock::ShardId(0), "c".into(), true);
    assert_eq!(rig.place(stranger, "BYE", ";tag=2").await, "dialogs");
}

#[tokio::test]
async fn a_stranger_beyond_his_budget_is_dropped_but_not_his_call() {
    let mut rig = rig();
    let stranger = Peer { addr: ([127, 0, 0, 9], 9).into(), ..nobody() };
    let mut places = Vec::new();
    while places.last() != Some(&"dropped") && places.len() < 100_000 {
        places.push(rig.place(stranger, "REGISTER", "").await);
    }
    assert!((400..100_000).contains(&places.len()), "{}", places.len());
    assert_eq!(rig.place(nobody(), "REGISTER", "").await, "location", "others are not touched");
    rig.dispatch.directory.set(clock::ShardId(0), "c".into(), true);
    // The budget may have gained a message meanwhile; a hundred in a row it has not.
    for _ in 0..100 {
        assert_eq!(rig.place(stranger, "BYE", ";tag=2").await, "dialogs");
    }
}

#[tokio::test]
async fn a_lane_is_bounded_by_bytes_too() {
    let (lane, mut end) = Lane::new(1_000, 100_000);
    let input = |size_bytes| {
        let error = sip::Message::parse(Bytes::from_static(b"junk"), sip::Source::Datagram).unwrap_err();
        SipInput::Bad { peer: nobody(), error, size_bytes }
    };
    assert!(lane.try_send(input(60_000)).is_ok());
    assert!(lane.try_send(input(60_000)).is_err());
    assert!(lane.try_send(input(40_000)).is_ok());
    assert!(lane.try_send(input(0)).is_err());
    assert!(end.try_recv().is_some());
    assert!(lane.try_send(input(60_000)).is_ok());
}
