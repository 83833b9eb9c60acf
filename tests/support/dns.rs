//! A name server of the test's own: answers A and SRV from a table that the test may change.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// One record.
#[derive(Clone, Debug)]
pub(crate) enum Answer {
    /// A: address.
    A(Ipv4Addr),
    /// SRV: priority, weight, port, target.
    Srv(u16, u16, u16, &'static str),
}

/// A running name server.
pub(crate) struct NameServer {
    addr: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    zone: Mutex<BTreeMap<String, Vec<Answer>>>,
    asked: Mutex<Vec<String>>,
    fails: AtomicBool,
    over: AtomicBool,
}

impl NameServer {
    /// Starts one on loopback.
    pub(crate) fn start() -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").expect("a port on loopback");
        socket.set_read_timeout(Some(Duration::from_millis(50))).expect("a time-out can be set");
        let (addr, shared) = (socket.local_addr().expect("a bound socket"), Arc::<Shared>::default());
        let served = Arc::clone(&shared);
        std::thread::spawn(move || serve(&socket, &served));
        Self { addr, shared }
    }

    /// Where it listens.
    pub(crate) fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// What a name has from now.
    pub(crate) fn set(&self, name: &str, answers: &[Answer]) {
        self.shared.zone.lock().expect("no panic inside").insert(name.to_owned(), answers.to_vec());
    }

    /// Answers SERVFAIL from now, or no more.
    pub(crate) fn fail(&self, fails: bool) {
        self.shared.fails.store(fails, Ordering::SeqCst);
    }

    /// How often a name was asked for.
    pub(crate) fn asked(&self, name: &str) -> usize {
        self.shared.asked.lock().expect("no panic inside").iter().filter(|asked| *asked == name).count()
    }
}

impl Drop for NameServer {
    fn drop(&mut self) {
        self.shared.over.store(true, Ordering::SeqCst);
    }
}

fn serve(socket: &UdpSocket, shared: &Shared) {
    let mut buffer = [0; 512];
    while !shared.over.load(Ordering::SeqCst) {
        let Ok((length, from)) = socket.recv_from(&mut buffer) else { continue };
        if let Some(response) = respond(&buffer[..length], shared) {
            let _ = socket.send_to(&response, from);
        }
    }
}

/// RFC 1035 4: header, the question again, the answers that have its type.
fn respond(query: &[u8], shared: &Shared) -> Option<Vec<u8>> {
    let (name, end) = read_name(query.get(12..)?)?;
    let question = query.get(12..12 + end + 4)?;
    let kind = u16::from_be_bytes([question[end], question[end + 1]]);
    shared.asked.lock().expect("no panic inside").push(name.clone());
    let zone = shared.zone.lock().expect("no panic inside");
    let known = zone.get(&name);
    let fails = shared.fails.load(Ordering::SeqCst);
    let code = match (fails, known.is_some()) {
        (true, _) => SERVFAIL,
        (false, true) => 0,
        (false, false) => NXDOMAIN,
    };
    let mut answers = Vec::new();
    let mut count: u16 = 0;
    for answer in known.into_iter().flatten().filter(|_| !fails) {
        let (own, data) = match answer {
            Answer::A(ip) => (A, ip.octets().to_vec()),
            Answer::Srv(priority, weight, port, target) => {
                let numbers = [*priority, *weight, *port].into_iter().flat_map(u16::to_be_bytes);
                (SRV, numbers.chain(written(target)).collect())
            }
        };
        if own == kind {
            answers.extend_from_slice(&[0xC0, 12]);
            answers.extend(own.to_be_bytes().into_iter().chain(1_u16.to_be_bytes()));
            answers.extend(1_u32.to_be_bytes());
            answers.extend((data.len() as u16).to_be_bytes());
            answers.extend(data);
            count += 1;
        }
    }
    let mut response = query[..2].to_vec();
    response.extend([0x81, 0x80 | code, 0, 1]);
    response.extend(count.to_be_bytes());
    response.extend([0; 4]);
    response.extend_from_slice(question);
    response.extend(answers);
    Some(response)
}

/// A name in lower case and where it ends.
fn read_name(bytes: &[u8]) -> Option<(String, usize)> {
    let (mut labels, mut at) = (Vec::new(), 0);
    loop {
        let length = usize::from(*bytes.get(at)?);
        at += 1;
        if length == 0 {
            return Some((labels.join("."), at));
        }
        labels.push(String::from_utf8_lossy(bytes.get(at..at + length)?).to_lowercase());
        at += length;
    }
}

fn written(name: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    for label in name.split('.').filter(|label| !label.is_empty()) {
        bytes.push(label.len() as u8);
        bytes.extend(label.bytes());
    }
    bytes.push(0);
    bytes
}

const A: u16 = 1;
const SRV: u16 = 33;
const SERVFAIL: u8 = 2;
const NXDOMAIN: u8 = 3;
