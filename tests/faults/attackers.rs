//! Attackers: floods and connections that hold on, while calls come and go.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use crate::flood::{Kind, flood};
use crate::rounds;
use crate::steady::SteadyCalls;
use crate::support::{Call, ECHO, Node, Stream, until};

#[test]
fn floods_cost_no_call_and_no_packet() {
    let node = Node::demo();
    let site = Site::open(&node);
    let time = Duration::from_secs(u64::from(rounds(4, 60)));
    let per_s = u64::from(rounds(10_000, 50_000));
    let kinds = [Kind::Scan, Kind::Register, Kind::Invite, Kind::InDialog, Kind::Junk];
    let sent = flood(node.sip(), &kinds, per_s, time);
    site.close("all kinds at once", sent);
}

#[test]
fn huge_messages_cost_no_call_and_no_memory() {
    let node = Node::demo();
    let site = Site::open(&node);
    let sent = flood(node.sip(), &[Kind::Huge], u64::from(rounds(1_000, 5_000)), seconds(3, 30));
    site.close("huge messages", sent);
}

/// Each kind alone, so that none hides behind another's losses.
#[test]
fn in_full_each_flood_alone() {
    for kind in Kind::ALL {
        let node = Node::demo();
        let site = Site::open(&node);
        let sent = flood(node.sip(), &[kind], 50_000, Duration::from_secs(20));
        site.close(&format!("{kind:?}"), sent);
    }
}

#[test]
fn connections_that_hold_on_keep_nobody_out() {
    let node = Node::demo();
    let site = Site::open(&node);
    let count = rounds(400, 2_000);
    let held: Vec<TcpStream> = (0..count).filter_map(|number| hold_on(node.sip(), number)).collect();
    assert!(held.len() * 10 >= count as usize * 9, "the kernel takes connections: {}", held.len());
    // A trunk gets in all the same, and is served.
    let mut trunk = Stream::connect(node.sip(), [127, 0, 0, 2]);
    let addr = trunk.addr();
    trunk.send(format!(
        "OPTIONS sip:demo.local SIP/2.0\r\nVia: SIP/2.0/TCP {addr};branch=z9hG4bK1\r\nMax-Forwards: 70\r\n\
         From: <sip:x@demo.local>;tag=1\r\nTo: <sip:demo.local>\r\nCall-ID: trunk\r\nCSeq: 1 OPTIONS\r\n\
         Content-Length: 0\r\n\r\n"
    ));
    assert_eq!(trunk.expect_final("OPTIONS").status(), 200);
    drop(trunk);
    // Those who say nothing whole are gone after a while, however slowly they speak.
    let trickle = Instant::now();
    until(
        "the slow ones are cut off",
        || {
            if trickle.elapsed() < Duration::from_secs(14) {
                held.iter().step_by(3).for_each(|mut stream| drop(stream.write(b"x")));
            }
            node.open_files().saturating_sub(site.open_files)
        },
        |more| *more < 150,
    );
    let dropped = |reason: &str| node.http().metric(&format!("trunkline_drops_total{{reason=\"{reason}\"}}"));
    assert!(dropped("connection_slow") > 0.0);
    assert!(dropped("connections_address") > 0.0);
    site.close("connections", u64::from(count));
}

/// Opens a connection of a stranger, from a few addresses, that says nothing, little, or too much.
fn hold_on(server: SocketAddr, number: u32) -> Option<TcpStream> {
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).ok()?;
    socket.bind(&SocketAddr::from(([127, 0, 0, 80 + (number % 5) as u8], 0)).into()).ok()?;
    socket.connect(&server.into()).ok()?;
    let mut stream = TcpStream::from(socket);
    stream.set_nonblocking(true).ok()?;
    let head = format!("OPTIONS sip:demo.local SIP/2.0\r\nVia: SIP/2.0/TCP h;branch=z9hG4bK{number}\r\n");
    let text = match number % 4 {
        0 => String::new(),
        1 => head,
        2 => head + "Content-Length: 60000\r\n\r\nabc",
        _ => head + &"X-Fill: a\r\n".repeat(100),
    };
    let _ = stream.write(text.as_bytes());
    let _ = stream.read(&mut [0; 1]);
    Some(stream)
}

fn seconds(quick: u32, full: u32) -> Duration {
    Duration::from_secs(u64::from(rounds(quick, full)))
}

/// What must not suffer: steady calls, calls with audio, memory.
struct Site<'a> {
    node: &'a Node,
    steady: SteadyCalls,
    talking: Vec<Call>,
    heard: Vec<usize>,
    drops: BTreeMap<u16, u64>,
    rss_kb: u64,
    open_files: usize,
}

impl<'a> Site<'a> {
    fn open(node: &'a Node) -> Self {
        let talking: Vec<Call> = (0..5)
            .map(|_| {
                let mut call = node.carrier.call(ECHO);
                call.expect_final(200);
                call.talk(440.0);
                call
            })
            .collect();
        for call in &talking {
            call.rtp.wait_packets(25);
        }
        let heard = talking.iter().map(|call| call.rtp.packets().len()).collect();
        let steady = SteadyCalls::start(node.sip(), 20);
        let open_files = node.open_files();
        Self { node, steady, talking, heard, drops: kernel_drops(), rss_kb: rss_kb(node.pid()), open_files }
    }

    fn close(self, what: &str, sent: u64) {
        let rss_kb = rss_kb(self.node.pid());
        // The last packets of the flood's time are on their way.
        for call in &self.talking {
            call.rtp.wait_packets(25);
        }
        let missing: u64 = self.talking.iter().zip(&self.heard).map(|(call, from)| gaps(call, *from)).sum();
        let lost = self.node.http().metric("trunkline_rtp_lost_total") as u64;
        let ports = self.node.udp_ports();
        let sip = self.node.sip().port();
        let now = kernel_drops();
        let since = |port: &u16| {
            now.get(port).unwrap_or(&0) - self.drops.get(port).unwrap_or(&0).min(now.get(port).unwrap_or(&0))
        };
        let of_media: u64 = ports.iter().filter(|port| **port != sip).map(since).sum();
        let of_peers: u64 = self.talking.iter().map(|call| since(&call.rtp.addr().port())).sum();
        let tally = self.steady.finish();
        println!(
            "{what}: {sent} sent; calls {tally:?}; RTP lost {lost}, missing {missing}, dropped by the kernel {of_media} \
             and {of_peers}; SIP datagrams dropped by the kernel {}; memory {} -> {rss_kb} KB",
            since(&sip),
            self.rss_kb
        );
        assert!(tally.completed * 10 >= tally.begun * 9, "{what}: 9 of 10 calls complete: {tally:?}");
        assert!(lost + missing <= of_media + of_peers, "{what}: no packet is lost beyond what the kernel dropped");
        assert!(rss_kb < self.rss_kb + GROWTH_MAX_KB, "{what}: memory {} -> {rss_kb} KB", self.rss_kb);
        for mut call in self.talking {
            call.bye();
        }
        self.node.carrier.assert_alive();
    }
}

/// Packets that a call did not hear among those it did, by their sequence numbers.
fn gaps(call: &Call, from: usize) -> u64 {
    let sequences: Vec<u16> = call.rtp.packets().iter().skip(from).map(|packet| packet.sequence).collect();
    sequences.windows(2).map(|pair| u64::from(pair[1].wrapping_sub(pair[0]).saturating_sub(1))).sum()
}

/// Datagrams that the kernel dropped for want of room, by local port.
fn kernel_drops() -> BTreeMap<u16, u64> {
    let table = std::fs::read_to_string("/proc/net/udp").unwrap_or_default();
    let drops_of = |line: &str| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let port = u16::from_str_radix(fields.get(1)?.split_once(':')?.1, 16).ok()?;
        Some((port, fields.last()?.parse::<u64>().ok()?))
    };
    let mut by_port = BTreeMap::new();
    for (port, drops) in table.lines().filter_map(drops_of) {
        *by_port.entry(port).or_default() += drops;
    }
    by_port
}

fn rss_kb(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).expect("our own child");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|rest| rest.trim().split(' ').next()?.parse().ok()).expect("VmRSS")
}

/// The lanes, full of the largest messages, and the transactions and nonces of strangers (docs/security.md).
const GROWTH_MAX_KB: u64 = 150_000;
