//! Floods: datagrams at a steady rate from many addresses, bounded in number and time, to a node of the test's own.

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

/// What is sent.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    /// OPTIONS and INVITE as a well-known scanner sends them.
    Scan,
    /// REGISTER of many users.
    Register,
    /// INVITE, each of a call of its own.
    Invite,
    /// Requests that look as if they were inside a dialog, and responses to nothing.
    InDialog,
    /// Random bytes, half messages, keep-alives.
    Junk,
    /// Messages of 60 KB.
    Huge,
}

impl Kind {
    pub(crate) const ALL: [Self; 6] =
        [Self::Scan, Self::Register, Self::Invite, Self::InDialog, Self::Junk, Self::Huge];

    fn datagram(self, number: u64, from: SocketAddr) -> Vec<u8> {
        let head = |method: &str, to: &str| {
            format!(
                "{method} sip:{to}@demo.local SIP/2.0\r\nVia: SIP/2.0/UDP {from};branch=z9hG4bK{number};rport\r\n\
                 From: <sip:{number}@demo.local>;tag=f{number}\r\nTo: <sip:{to}@demo.local>\r\nMax-Forwards: 70\r\n\
                 Call-ID: flood-{number}-{}\r\nCSeq: 1 {method}\r\nContact: <sip:{number}@{from}>\r\n",
                from.port()
            )
        };
        let end = "Content-Length: 0\r\n\r\n";
        match self {
            Self::Scan if number.is_multiple_of(2) => head("OPTIONS", "100") + "User-Agent: friendly-scanner\r\n" + end,
            Self::Scan => head("INVITE", &(number % 10_000).to_string()) + "User-Agent: friendly-scanner\r\n" + end,
            Self::Register => head("REGISTER", &format!("{}", 1_000 + number % 100)) + "Expires: 3600\r\n" + end,
            Self::Invite => head("INVITE", "+442071830001") + end,
            Self::InDialog if number.is_multiple_of(3) => {
                format!(
                    "SIP/2.0 200 OK\r\n{}{end}",
                    head("INVITE", "x").split_once("\r\n").map_or("", |(_, rest)| rest)
                )
            }
            Self::InDialog => head("BYE", "1001").replace("\r\nMax", ";tag=nobody\r\nMax") + end,
            Self::Junk => return junk(number),
            Self::Huge => head("INVITE", "1001") + &format!("X-Fill: {}\r\n", "a".repeat(60_000)) + end,
        }
        .into_bytes()
    }
}

/// Sends `kinds` in turn at `per_s` for `time`; how many left.
pub(crate) fn flood(server: SocketAddr, kinds: &[Kind], per_s: u64, time: Duration) -> u64 {
    let bind = |last: u8| UdpSocket::bind((Ipv4Addr::new(127, 0, 0, last), 0)).expect("a free port");
    let sockets: Vec<UdpSocket> = (60..76).map(bind).collect();
    for socket in &sockets {
        socket.set_nonblocking(true).expect("an option of every socket");
    }
    // Made before, so that the rate is that of sending.
    let prepared: Vec<(usize, Vec<u8>)> = (0..PREPARED)
        .map(|number| {
            let socket = (number % sockets.len() as u64) as usize;
            let kind = kinds[(number / sockets.len() as u64) as usize % kinds.len()];
            (socket, kind.datagram(number, sockets[socket].local_addr().expect("bound")))
        })
        .collect();
    let start = Instant::now();
    let mut sent = 0_u64;
    while start.elapsed() < time {
        let due = (start.elapsed().as_secs_f64() * per_s as f64) as u64;
        while sent < due {
            let (socket, datagram) = &prepared[(sent % PREPARED) as usize];
            // What the kernel does not take is lost, as on any network.
            let _ = sockets[*socket].send_to(datagram, server);
            sent += 1;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    sent
}

fn junk(number: u64) -> Vec<u8> {
    let mut state = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    match number % 4 {
        0 => b"\r\n\r\n".to_vec(),
        1 => Kind::Invite.datagram(number, SocketAddr::from(([127, 0, 0, 60], 5_060)))[..60].to_vec(),
        2 => (0..200).map(|_| (next() & 0xff) as u8).collect(),
        _ => (0..12).map(|_| (next() & 0xff) as u8).chain([0; 40]).collect(),
    }
}

/// Different datagrams: more Call-IDs than any table of one second.
const PREPARED: u64 = 8_192;
