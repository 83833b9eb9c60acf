//! What the kernel sorts where, on real sockets.

use std::net::UdpSocket as Peer;

use clock::TrunkId;
use tokio::time::timeout;

use super::*;

const NOBODY: &str = "127.0.0.9";

/// Sends from `address`; true when it comes in on the socket of the known.
async fn is_known(listener: &UdpListener, address: &str) -> bool {
    let peer = Peer::bind((address, 0)).expect("an address of this machine");
    let mut server = listener.local_addr().expect("bound");
    if server.ip().is_unspecified() {
        server.set_ip(if address.contains(':') { "::1" } else { "127.0.0.1" }.parse().expect("an address"));
    }
    peer.send_to(b"x", server).expect("loopback takes it");
    let mut buffer = [0; 8];
    let strangers = listener.strangers.as_ref().expect("the kernel sorts");
    let (from, known) = timeout(Duration::from_secs(10), async {
        tokio::select! {
            got = listener.known.recv_from(&mut buffer) => (got.expect("a datagram").1, true),
            got = async { strangers.recv_from(&mut [0; 8]).await } => (got.expect("a datagram").1, false),
        }
    })
    .await
    .expect("it arrives");
    assert_eq!(from.port(), peer.local_addr().expect("bound").port());
    known
}

fn listener(addr: &str) -> UdpListener {
    UdpListener::bind(addr.parse().expect("an address")).expect("a free port")
}

fn addresses(list: &[&str]) -> Vec<IpAddr> {
    list.iter().map(|address| address.parse().expect("an address")).collect()
}

#[tokio::test]
async fn known_addresses_have_a_socket_of_their_own() {
    let listener = listener("127.0.0.1:0");
    assert!(!is_known(&listener, "127.0.0.2").await, "nobody is known at first");
    attach(&*listener.known, &addresses(&["127.0.0.2", "::1", "192.0.2.1"])).expect("the kernel takes it");
    assert!(is_known(&listener, "127.0.0.2").await);
    assert!(!is_known(&listener, NOBODY).await);
    attach(&*listener.known, &addresses(&[NOBODY])).expect("the kernel takes it");
    assert!(!is_known(&listener, "127.0.0.2").await, "a new program takes effect at once");
    assert!(is_known(&listener, NOBODY).await);
}

#[tokio::test]
async fn a_listener_for_both_versions_sorts_both() {
    let listener = listener("[::]:0");
    attach(&*listener.known, &addresses(&["::1", "127.0.0.2"])).expect("the kernel takes it");
    assert!(is_known(&listener, "::1").await);
    assert!(is_known(&listener, "127.0.0.2").await);
    assert!(!is_known(&listener, NOBODY).await);
    attach(&*listener.known, &addresses(&["::2", "127.0.0.2"])).expect("the kernel takes it");
    assert!(!is_known(&listener, "::1").await);
}

/// Neighbours of each, ends of the range, and both halves of the addresses: each is looked up right.
#[tokio::test]
async fn a_thousand_addresses_are_looked_up_right() {
    let listener = listener("127.0.0.1:0");
    let every_second = (0..498_u32).map(|number| IpAddr::from((0x7f00_0100 + 2 * number).to_be_bytes()));
    let elsewhere = (0..498_u32).map(|number| IpAddr::from((0xc000_0200 + 7 * number).to_be_bytes()));
    let mut known: Vec<IpAddr> = every_second.chain(elsewhere).collect();
    known.extend(addresses(&["0.0.0.0", "127.255.255.255", "128.0.0.0", "255.255.255.255"]));
    assert_eq!(known.len(), ADDRESSES_MAX);
    attach(&*listener.known, &known).expect("the kernel takes a thousand");
    for number in 0..498_u32 {
        let address = |bits: u32| IpAddr::from(bits.to_be_bytes()).to_string();
        assert!(is_known(&listener, &address(0x7f00_0100 + 2 * number)).await, "{number}");
        assert!(!is_known(&listener, &address(0x7f00_0101 + 2 * number)).await, "{number}");
    }
    let of_six = |number: u16| IpAddr::from([0x2001, 0xdb8, number, 7, 0, 0, 0, number]);
    let known: Vec<IpAddr> = (0..999).map(of_six).chain(addresses(&["::1"])).collect();
    let listener = self::listener("[::1]:0");
    attach(&*listener.known, &known).expect("the kernel takes a thousand of version 6");
    assert!(is_known(&listener, "::1").await);
    attach(&*listener.known, &known[..999]).expect("the kernel takes them");
    assert!(!is_known(&listener, "::1").await);
}

#[tokio::test]
async fn a_phone_is_known_soon_after_it_registers() {
    let (listener, admission) = (listener("127.0.0.1:0"), Admission::default());
    admission.set_destinations([(TrunkId(1), addresses(&["127.0.0.2"])[0])]);
    let sorting = tokio::spawn(listener.sort(&admission));
    for (phones, address, wanted) in [(&[][..], "127.0.0.2", true), (&[NOBODY], NOBODY, true), (&[], NOBODY, false)] {
        admission.set_phones(addresses(phones));
        timeout(Duration::from_secs(10), async { while is_known(&listener, address).await != wanted {} })
            .await
            .expect("it is sorted anew within seconds");
    }
    sorting.abort();
}

#[tokio::test]
async fn no_other_process_may_share_the_port() {
    let listener = listener("127.0.0.1:0");
    let error = UdpListener::bind(listener.local_addr().expect("bound")).expect_err("a second node");
    assert_eq!(error.kind(), io::ErrorKind::AddrInUse);
}

#[tokio::test]
async fn both_sockets_are_one_flow() {
    let listener = listener("127.0.0.1:0");
    let peer = Peer::bind("127.0.0.1:0").expect("a free port");
    listener.sender().writable().await.expect("it can send");
    listener.sender().try_send_to(b"answer", peer.local_addr().expect("bound")).expect("loopback takes it");
    let (_, from) = peer.recv_from(&mut [0; 8]).expect("it arrives");
    assert_eq!(from, listener.strangers.as_ref().expect("sorted").local_addr().expect("bound"));
}

#[tokio::test]
async fn buffers_have_the_room_that_the_system_grants() {
    let listener = listener("127.0.0.1:0");
    let room =
        |socket: &UdpSocket| socket2::SockRef::from(socket).recv_buffer_size().expect("an option of every socket");
    let strangers = listener.strangers.as_ref().expect("sorted");
    assert!(room(&listener.known) >= room(strangers));
    assert!(room(strangers) >= 100_000);
}
