//! The numbers that a campaign dials: each rings at once, and is busy, unknown, or answers and hangs up.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::net::{SocketAddr, UdpSocket};
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use crate::wire::{Head, NO_BODY, sdp, with_sdp};

/// The carrier of dialed numbers, on one socket.
pub(crate) struct Dialed {
    socket: UdpSocket,
    local: SocketAddr,
    tail: String,
    calls: HashMap<String, Call>,
    due: BinaryHeap<Reverse<(Instant, String, Due)>>,
    /// When each number was dialed, in order.
    pub(crate) dialed: Vec<(Instant, String)>,
    /// Messages sent again.
    pub(crate) repeated: u64,
}

struct Call {
    /// Its place among all that were dialed.
    nth: usize,
    invite: Vec<u8>,
    from: SocketAddr,
    tag: String,
    /// Sent again until it is acknowledged or answered.
    last_sent: String,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Rings,
    Refused,
    Answered,
    Up,
    Ending,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Due {
    Decide,
    HangUp,
    /// For the nth time.
    Again(u32),
}

impl Dialed {
    /// Answers with RTP at `media`.
    pub(crate) fn new(socket: UdpSocket, media: SocketAddr) -> std::io::Result<Self> {
        let local = socket.local_addr()?;
        let tail = with_sdp(local, &sdp(media));
        let (calls, due, dialed) = (HashMap::new(), BinaryHeap::new(), Vec::new());
        Ok(Self { socket, local, tail, calls, due, dialed, repeated: 0 })
    }

    /// Calls that are not over.
    pub(crate) fn live(&self) -> usize {
        self.calls.len()
    }

    /// Serves until `until`.
    pub(crate) fn serve_until(&mut self, until: Instant) {
        let mut buffer = [0; DATAGRAM_BYTES_MAX];
        loop {
            let now = Instant::now();
            while self.due.peek().is_some_and(|Reverse((at, ..))| *at <= now) {
                let Some(Reverse((_, call_id, due))) = self.due.pop() else { break };
                self.happen(&call_id, due, now);
            }
            if now >= until {
                return;
            }
            let next = self.due.peek().map_or(until, |Reverse((at, ..))| (*at).min(until));
            let wait_ms = next.saturating_duration_since(now).as_micros().div_ceil(1_000).min(WAIT_MS_MAX) as u16;
            let mut ready = [PollFd::new(self.socket.as_fd(), PollFlags::POLLIN)];
            if poll(&mut ready, PollTimeout::from(wait_ms)).unwrap_or(0) == 0 {
                continue;
            }
            for _ in 0..DRAIN_MAX {
                let Ok((length, from)) = self.socket.recv_from(&mut buffer) else { break };
                self.receive(&buffer[..length], from);
            }
        }
    }

    fn receive(&mut self, datagram: &[u8], from: SocketAddr) {
        let Some(head) = Head::parse(datagram) else { return };
        let Some(call_id) = head.value("Call-ID").map(str::to_owned) else { return };
        let state = self.calls.get(&call_id).map(|call| call.state);
        match (head.status(), head.method(), state) {
            (Some(200..), "BYE", Some(State::Ending)) => self.forget(&call_id),
            (Some(_), ..) => {}
            (None, "INVITE", None) => self.rings(&head, datagram, &call_id, from),
            (None, "INVITE", Some(_)) => self.again(&call_id),
            (None, "ACK", Some(State::Refused)) => self.forget(&call_id),
            (None, "ACK", Some(State::Answered)) => {
                if let Some(call) = self.calls.get_mut(&call_id) {
                    call.state = State::Up;
                }
                self.due.push(Reverse((Instant::now() + TALK, call_id, Due::HangUp)));
            }
            (None, "ACK", _) => {}
            (None, "CANCEL", Some(State::Rings)) => {
                self.send(&head.response("200 OK", "", NO_BODY), from);
                self.refuse(&call_id, "487 Request Terminated");
            }
            (None, method, _) => {
                self.send(&head.response("200 OK", "", NO_BODY), from);
                if method == "BYE" {
                    self.forget(&call_id);
                }
            }
        }
    }

    fn rings(&mut self, head: &Head<'_>, datagram: &[u8], call_id: &str, from: SocketAddr) {
        let now = Instant::now();
        let nth = self.dialed.len();
        let tag = format!("d{nth}");
        let contact = self.tail.split("Content-Type").next().unwrap_or_default();
        self.send(&head.response("100 Trying", "", NO_BODY), from);
        self.send(&head.response("180 Ringing", &tag, &format!("{contact}{NO_BODY}")), from);
        self.dialed.push((now, head.called_user().to_owned()));
        let (invite, last_sent, state) = (datagram.to_vec(), String::new(), State::Rings);
        self.calls.insert(call_id.to_owned(), Call { nth, invite, from, tag, last_sent, state });
        self.due.push(Reverse((now + RING, call_id.to_owned(), Due::Decide)));
    }

    fn happen(&mut self, call_id: &str, due: Due, now: Instant) {
        let Some(call) = self.calls.get_mut(call_id) else { return };
        match (due, call.state) {
            // Of four numbers two are busy, one is unknown, one answers.
            (Due::Decide, State::Rings) => match call.nth % 4 {
                0 | 1 => self.refuse(call_id, "486 Busy Here"),
                2 => self.refuse(call_id, "404 Not Found"),
                _ => self.answer(call_id),
            },
            (Due::HangUp, State::Up) => {
                let bye = Head::parse(&call.invite).map(|head| head.bye(&call.tag, self.local)).unwrap_or_default();
                (call.state, call.last_sent) = (State::Ending, bye);
                self.first(call_id);
            }
            (Due::Again(times), State::Refused | State::Answered | State::Ending) => {
                if times > TIMES_MAX {
                    return self.forget(call_id);
                }
                self.again(call_id);
                self.due.push(Reverse((now + AGAIN_AFTER, call_id.to_owned(), Due::Again(times + 1))));
            }
            _ => {}
        }
    }

    fn refuse(&mut self, call_id: &str, status: &str) {
        let Some(call) = self.calls.get_mut(call_id) else { return };
        let Some(head) = Head::parse(&call.invite) else { return };
        (call.last_sent, call.state) = (head.response(status, &call.tag, NO_BODY), State::Refused);
        self.first(call_id);
    }

    fn answer(&mut self, call_id: &str) {
        let Some(call) = self.calls.get_mut(call_id) else { return };
        let Some(head) = Head::parse(&call.invite) else { return };
        (call.last_sent, call.state) = (head.response("200 OK", &call.tag, &self.tail), State::Answered);
        self.first(call_id);
    }

    /// Sends for the first time what is sent again until somebody says that it came.
    fn first(&mut self, call_id: &str) {
        let Some(call) = self.calls.get(call_id) else { return };
        self.send(&call.last_sent, call.from);
        self.due.push(Reverse((Instant::now() + AGAIN_AFTER, call_id.to_owned(), Due::Again(1))));
    }

    fn again(&mut self, call_id: &str) {
        let Some(call) = self.calls.get(call_id).filter(|call| !call.last_sent.is_empty()) else { return };
        self.send(&call.last_sent, call.from);
        self.repeated += 1;
    }

    fn forget(&mut self, call_id: &str) {
        self.calls.remove(call_id);
    }

    fn send(&self, text: &str, to: SocketAddr) {
        let _ = self.socket.send_to(text.as_bytes(), to);
    }
}

/// From the INVITE to what becomes of it.
const RING: Duration = Duration::from_millis(500);
/// From the answer to the end: within what a person waits for an agent.
const TALK: Duration = Duration::from_millis(500);
/// T1 (RFC 3261 17.1.1.1); not doubled.
const AGAIN_AFTER: Duration = Duration::from_millis(500);
/// 32 s, as 64 * T1.
const TIMES_MAX: u32 = 64;
/// Longer than any message of the program under test.
const DATAGRAM_BYTES_MAX: usize = 8_192;
/// Datagrams before timers have their turn.
const DRAIN_MAX: usize = 64;
/// Nothing waits longer for a datagram.
const WAIT_MS_MAX: u128 = 1_000;
