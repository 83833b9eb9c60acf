//! The calling side: INVITE, ACK, talk, BYE, for as many calls as asked for.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use crate::wire::{Head, NO_BODY, sdp, with_sdp};

/// Calls from one socket, numbered from 0.
pub(crate) struct Caller {
    socket: UdpSocket,
    local: SocketAddr,
    target: SocketAddr,
    /// Callee's number; the user part of the request URI.
    number: String,
    run: String,
    tail: String,
    /// A BYE of the other side completes a call.
    others_hang_up: bool,
    calls: Vec<Call>,
    timers: BinaryHeap<Reverse<(Instant, u32, Due)>>,
    tally: Tally,
}

/// What became of the calls.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally {
    /// INVITEs of new calls.
    pub(crate) started: u64,
    /// Calls that were answered and whose ACK left.
    pub(crate) answered: u64,
    /// Calls that ended with a BYE, ours (answered with 200) or, where that is expected, the other side's.
    pub(crate) completed: u64,
    /// Calls that ended otherwise, by the reason.
    pub(crate) failed: BTreeMap<String, u64>,
    /// Requests sent again.
    pub(crate) retransmitted: u64,
    /// INVITE to 200, microseconds.
    pub(crate) setup_us: Vec<u32>,
}

impl Tally {
    /// Calls that ended otherwise than they should.
    pub(crate) fn failures(&self) -> u64 {
        self.failed.values().sum()
    }
}

struct Call {
    state: State,
    started: Instant,
    /// What is sent again until it is answered; then the ACK, for a 200 that comes again.
    last_sent: String,
    to: String,
    remote_target: String,
    routes: String,
    media: Option<SocketAddr>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Inviting,
    Talking,
    Ending,
    Completed,
    Failed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Due {
    /// Sends again for the nth time if still in this state (Inviting or Ending).
    AgainInvite(u32),
    AgainBye(u32),
    HangUp,
}

impl Caller {
    /// Calls `number` at `target`, with RTP at `media`. `run` makes Call-IDs unique.
    pub(crate) fn new(
        socket: UdpSocket,
        target: SocketAddr,
        media: SocketAddr,
        number: &str,
        run: &str,
    ) -> std::io::Result<Self> {
        let local = socket.local_addr()?;
        Ok(Self {
            socket,
            local,
            target,
            number: number.to_owned(),
            run: run.to_owned(),
            tail: with_sdp(local, &sdp(media)),
            others_hang_up: false,
            calls: Vec::new(),
            timers: BinaryHeap::new(),
            tally: Tally::default(),
        })
    }

    pub(crate) fn socket(&self) -> &UdpSocket {
        &self.socket
    }

    pub(crate) fn tally(&self) -> &Tally {
        &self.tally
    }

    /// From now on the other side ends calls: its BYE is no failure.
    pub(crate) fn others_hang_up(&mut self) {
        self.others_hang_up = true;
    }

    /// The number in From of the nth call; the numbers repeat after 10,000 calls.
    pub(crate) fn number_of(&self, nth: usize) -> String {
        format!("+44207946{:04}", nth % 10_000)
    }

    /// Calls that have not ended.
    pub(crate) fn live(&self) -> u64 {
        self.tally.started - self.tally.completed - self.tally.failures()
    }

    /// Whether the nth call ended as it should.
    pub(crate) fn is_completed(&self, nth: usize) -> bool {
        self.calls.get(nth).is_some_and(|call| call.state == State::Completed)
    }

    /// Call-ID of the nth call.
    pub(crate) fn call_id(&self, nth: usize) -> String {
        format!("{}-{nth}", self.run)
    }

    /// Where each answered call's other side wants RTP.
    pub(crate) fn media(&self) -> impl Iterator<Item = SocketAddr> {
        self.calls.iter().filter(|call| call.state == State::Talking).filter_map(|call| call.media)
    }

    /// Sends the INVITE of a new call.
    pub(crate) fn call(&mut self, now: Instant) {
        let nth = self.calls.len();
        let to = format!("<sip:{}@{}>", self.number, self.target);
        let head = format!("INVITE sip:{}@{} SIP/2.0\r\n", self.number, self.target);
        let last_sent = self.request(nth, &head, "", &to, "1 INVITE", &self.tail);
        self.send(&last_sent);
        self.calls.push(Call {
            state: State::Inviting,
            started: now,
            last_sent,
            to,
            remote_target: String::new(),
            routes: String::new(),
            media: None,
        });
        self.tally.started += 1;
        self.timers.push(Reverse((now + T1, nth as u32, Due::AgainInvite(1))));
    }

    /// Ends a talking call; does nothing to others.
    pub(crate) fn hang_up(&mut self, nth: usize, now: Instant) {
        let Some(call) = self.calls.get(nth).filter(|call| call.state == State::Talking) else { return };
        let head = format!("BYE {} SIP/2.0\r\n", call.remote_target);
        let bye = self.request(nth, &head, &call.routes, &call.to, "2 BYE", NO_BODY);
        self.send(&bye);
        let call = &mut self.calls[nth];
        (call.state, call.last_sent) = (State::Ending, bye);
        self.timers.push(Reverse((now + T1, nth as u32, Due::AgainBye(1))));
    }

    /// When something is due next.
    pub(crate) fn due(&self) -> Option<Instant> {
        self.timers.peek().map(|Reverse((at, _, _))| *at)
    }

    /// Does what is due.
    pub(crate) fn run_timers(&mut self, now: Instant) {
        while let Some(Reverse((at, nth, due))) = self.timers.peek().copied() {
            if at > now {
                return;
            }
            self.timers.pop();
            match due {
                Due::HangUp => self.hang_up(nth as usize, now),
                Due::AgainInvite(tries) => self.again(nth, now, State::Inviting, tries),
                Due::AgainBye(tries) => self.again(nth, now, State::Ending, tries),
            }
        }
    }

    /// Takes a message; an answered call hangs up after `talk`, when given.
    pub(crate) fn receive(&mut self, datagram: &[u8], from: SocketAddr, now: Instant, talk: Option<Duration>) {
        let Some(head) = Head::parse(datagram) else { return };
        let Some(status) = head.status() else {
            // The other side may ask or end; the generator agrees with everything.
            let _ = self.socket.send_to(head.response("200 OK", "", NO_BODY).as_bytes(), from);
            if head.method() == "BYE"
                && let Some(nth) = self.nth(&head)
            {
                self.ended(nth);
            }
            return;
        };
        let Some(nth) = self.nth(&head) else { return };
        match (self.calls[nth].state, head.method(), status) {
            (_, _, 100..200) => {}
            (State::Inviting, "INVITE", 200..300) => self.answered(nth, &head, now, talk),
            (State::Talking, "INVITE", 200..300) => self.send(&self.calls[nth].last_sent),
            (State::Inviting, "INVITE", _) => {
                let line = format!("ACK sip:{}@{} SIP/2.0\r\n", self.number, self.target);
                let to = head.value("To").unwrap_or_default();
                self.send(&self.request(nth, &line, "", to, "1 ACK", NO_BODY));
                self.fail(nth, format!("{status} to INVITE"));
            }
            (State::Ending, "BYE", 200..300) => {
                self.calls[nth].state = State::Completed;
                self.calls[nth].last_sent = String::new();
                self.tally.completed += 1;
            }
            (State::Ending, "BYE", _) => self.fail(nth, format!("{status} to BYE")),
            _ => {}
        }
    }

    /// The other side ended a call.
    fn ended(&mut self, nth: usize) {
        let call = &mut self.calls[nth];
        if self.others_hang_up && call.state == State::Talking {
            (call.state, call.last_sent) = (State::Completed, String::new());
            self.tally.completed += 1;
        } else {
            self.fail(nth, "ended by the other side".to_owned());
        }
    }

    fn answered(&mut self, nth: usize, head: &Head<'_>, now: Instant, talk: Option<Duration>) {
        let routes: Vec<&str> = head.values("Record-Route").collect();
        let routes: String = routes.iter().rev().map(|route| format!("Route: {route}\r\n")).collect();
        let remote_target = head.contact().unwrap_or_default().to_owned();
        let to = head.value("To").unwrap_or_default().to_owned();
        let line = format!("ACK {remote_target} SIP/2.0\r\n");
        let ack = self.request(nth, &line, &routes, &to, "1 ACK", NO_BODY);
        self.send(&ack);
        let call = &mut self.calls[nth];
        let setup = now.saturating_duration_since(call.started).as_micros();
        self.tally.setup_us.push(u32::try_from(setup).unwrap_or(u32::MAX));
        self.tally.answered += 1;
        (call.state, call.last_sent, call.media) = (State::Talking, ack, head.media());
        (call.to, call.remote_target, call.routes) = (to, remote_target, routes);
        if let Some(talk) = talk {
            self.timers.push(Reverse((now + talk, nth as u32, Due::HangUp)));
        }
    }

    fn again(&mut self, nth: u32, now: Instant, state: State, tries: u32) {
        let Some(call) = self.calls.get(nth as usize).filter(|call| call.state == state) else { return };
        if tries > TRIES_MAX {
            self.fail(nth as usize, format!("no answer while {state:?}"));
            return;
        }
        self.send(&call.last_sent);
        self.tally.retransmitted += 1;
        let due = if state == State::Inviting { Due::AgainInvite(tries + 1) } else { Due::AgainBye(tries + 1) };
        self.timers.push(Reverse((now + T1 * (1 << tries.min(3)), nth, due)));
    }

    fn fail(&mut self, nth: usize, reason: String) {
        if !matches!(self.calls[nth].state, State::Completed | State::Failed) {
            self.calls[nth].state = State::Failed;
            *self.tally.failed.entry(reason).or_default() += 1;
        }
    }

    fn nth(&self, head: &Head<'_>) -> Option<usize> {
        let nth = head.value("Call-ID")?.strip_prefix(self.run.as_str())?.strip_prefix('-')?.parse().ok()?;
        (nth < self.calls.len()).then_some(nth)
    }

    fn request(&self, nth: usize, line: &str, routes: &str, to: &str, cseq: &str, tail: &str) -> String {
        let (run, local) = (&self.run, self.local);
        let (number, method) = cseq.split_once(' ').unwrap_or((cseq, ""));
        // An ACK to a failure has the INVITE's branch (RFC 3261 17.1.1.3), one to a 200 its own.
        let branch = if method == "ACK" && routes.is_empty() && line.contains(self.number.as_str()) {
            format!("z9hG4bK{run}-{nth}-INVITE")
        } else {
            format!("z9hG4bK{run}-{nth}-{method}")
        };
        format!(
            "{line}Via: SIP/2.0/UDP {local};branch={branch};rport\r\n{routes}Max-Forwards: 70\r\n\
             From: <sip:{}@{}>;tag={run}{nth}\r\nTo: {to}\r\nCall-ID: {run}-{nth}\r\n\
             CSeq: {number} {method}\r\n{tail}",
            self.number_of(nth),
            local.ip(),
        )
    }

    fn send(&self, text: &str) {
        // What the kernel does not take is sent again like any lost datagram.
        let _ = self.socket.send_to(text.as_bytes(), self.target);
    }
}

/// RFC 3261 17.1.1.1.
const T1: Duration = Duration::from_millis(500);
/// 0.5, 1, 2, 4 and 4 s: who says nothing for 11.5 s does not complete the call.
const TRIES_MAX: u32 = 4;
