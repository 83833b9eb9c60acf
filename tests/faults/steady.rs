//! A steady stream of short calls from the carrier, which sends again what is not answered, as carriers do.

use std::collections::BTreeMap;
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::support::{ECHO, Msg, unique};

/// Calls that go on until asked how they fared.
pub(crate) struct SteadyCalls {
    over: Arc<AtomicBool>,
    thread: Option<JoinHandle<Tally>>,
}

/// How they fared.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tally {
    pub(crate) begun: usize,
    pub(crate) completed: usize,
    /// Requests sent again.
    pub(crate) again: usize,
}

struct OneCall {
    stage: Stage,
    request: String,
    first_at: Instant,
    next_at: Instant,
    pause: Duration,
    to: String,
}

#[derive(PartialEq)]
enum Stage {
    Inviting,
    Talking,
    Leaving,
}

struct Carrier {
    socket: UdpSocket,
    server: SocketAddr,
    calls: BTreeMap<String, OneCall>,
    tally: Tally,
}

impl SteadyCalls {
    /// Calls the echo service so many times a second; each call lasts a second.
    pub(crate) fn start(server: SocketAddr, per_s: u32) -> Self {
        let over = Arc::new(AtomicBool::new(false));
        let end = Arc::clone(&over);
        let socket = UdpSocket::bind("127.0.0.2:0").expect("a free port");
        socket.set_read_timeout(Some(Duration::from_millis(5))).expect("a time-out can be set");
        let carrier = Carrier { socket, server, calls: BTreeMap::new(), tally: Tally::default() };
        Self { over, thread: Some(std::thread::spawn(move || carrier.run(per_s, &end))) }
    }

    /// Begins no more, gives those under way the time of a transaction, and tells.
    pub(crate) fn finish(mut self) -> Tally {
        self.over.store(true, Ordering::SeqCst);
        self.thread.take().expect("it was started").join().expect("the caller does not panic")
    }
}

impl Carrier {
    fn run(mut self, per_s: u32, over: &AtomicBool) -> Tally {
        let start = Instant::now();
        let mut ended_at = None;
        let mut buffer = vec![0; 65_536];
        loop {
            let due = (start.elapsed().as_secs_f64() * f64::from(per_s)) as usize;
            if over.load(Ordering::SeqCst) {
                ended_at.get_or_insert_with(Instant::now);
            } else {
                (self.tally.begun..due).for_each(|_| self.invite());
            }
            if ended_at.is_some_and(|at| self.calls.is_empty() || at.elapsed() > LAST_CALLS) {
                return self.tally;
            }
            while let Ok((length, _)) = self.socket.recv_from(&mut buffer) {
                if let Some(msg) = Msg::read(&buffer[..length]) {
                    self.take(&msg);
                }
                if self.tally.begun < due {
                    break;
                }
            }
            self.send_due();
        }
    }

    fn invite(&mut self) {
        let (id, addr) = (unique(), self.socket.local_addr().expect("bound"));
        let body = format!(
            "v=0\r\no=- 1 1 IN IP4 127.0.0.2\r\ns=-\r\nc=IN IP4 127.0.0.2\r\nt=0 0\r\nm=audio {} RTP/AVP 8\r\n",
            addr.port() | 1
        );
        let request = self.request("INVITE", &id, 1, &unique(), "");
        let request = request.replace("Content-Length: 0\r\n\r\n", "Content-Type: application/sdp\r\n")
            + &format!("Contact: <sip:{addr}>\r\nContent-Length: {}\r\n\r\n{body}", body.len());
        self.tally.begun += 1;
        self.begin(id, Stage::Inviting, request, String::new());
    }

    fn begin(&mut self, id: String, stage: Stage, request: String, to: String) {
        let now = Instant::now();
        self.send(&request);
        self.calls.insert(id, OneCall { stage, request, first_at: now, next_at: now + T1, pause: T1, to });
    }

    fn take(&mut self, msg: &Msg) {
        let id = msg.call_id().to_owned();
        let Some(call) = self.calls.get(&id) else { return };
        match (msg.method(), msg.status()) {
            ("INVITE", 200) => {
                let to = msg.tag("To").to_owned();
                let ack = self.request("ACK", &id, 1, &unique(), &to);
                self.send(&ack);
                if self.calls.get(&id).is_some_and(|call| call.stage == Stage::Inviting) {
                    let now = Instant::now();
                    let talk = OneCall {
                        stage: Stage::Talking,
                        request: String::new(),
                        first_at: now,
                        next_at: now + TALK,
                        pause: T1,
                        to,
                    };
                    self.calls.insert(id, talk);
                }
            }
            ("INVITE", 300..) => drop(self.calls.remove(&id)),
            ("BYE", 200) if call.stage == Stage::Leaving => {
                self.calls.remove(&id);
                self.tally.completed += 1;
            }
            _ => {}
        }
    }

    fn send_due(&mut self) {
        let now = Instant::now();
        let due: Vec<String> =
            self.calls.iter().filter(|(_, call)| call.next_at <= now).map(|(id, _)| id.clone()).collect();
        for id in due {
            let Some(call) = self.calls.get_mut(&id) else { continue };
            if call.stage == Stage::Talking {
                let to = call.to.clone();
                let bye = self.request("BYE", &id, 2, &unique(), &to);
                self.begin(id, Stage::Leaving, bye, to);
            } else if call.first_at.elapsed() > LAST_CALLS {
                self.calls.remove(&id);
            } else {
                call.pause *= 2;
                call.next_at = now + call.pause;
                let request = call.request.clone();
                self.tally.again += 1;
                self.send(&request);
            }
        }
    }

    fn send(&self, text: &str) {
        let _ = self.socket.send_to(text.as_bytes(), self.server);
    }

    fn request(&self, method: &str, id: &str, cseq: u32, branch: &str, to_tag: &str) -> String {
        let addr = self.socket.local_addr().expect("bound");
        let tag = if to_tag.is_empty() { String::new() } else { format!(";tag={to_tag}") };
        format!(
            "{method} sip:{ECHO}@demo.local SIP/2.0\r\nVia: SIP/2.0/UDP {addr};branch=z9hG4bK{branch};rport\r\n\
             Max-Forwards: 70\r\nFrom: <sip:+447700900123@demo.local>;tag=s{id}\r\nTo: <sip:{ECHO}@demo.local>{tag}\r\n\
             Call-ID: {id}\r\nCSeq: {cseq} {method}\r\nContent-Length: 0\r\n\r\n"
        )
    }
}

/// RFC 3261 17.1.1.1.
const T1: Duration = Duration::from_millis(500);
const TALK: Duration = Duration::from_secs(1);
/// 32 times T1: most of what a carrier waits.
const LAST_CALLS: Duration = Duration::from_secs(16);
