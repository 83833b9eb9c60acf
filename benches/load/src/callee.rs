//! The called side: 100, 180 and 200 at once, and 200 to every BYE.

use std::collections::{HashMap, VecDeque};
use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use crate::wire::{Head, NO_BODY, sdp, with_sdp};

/// Answers calls on one socket.
pub(crate) struct Callee {
    socket: UdpSocket,
    tail: String,
    legs: HashMap<String, Leg>,
    unacknowledged: VecDeque<(Instant, String, u32)>,
    /// INVITEs of new calls that nobody took note of.
    rung: VecDeque<Rung>,
    /// INVITEs of new calls.
    pub(crate) invited: u64,
    /// 200s sent again, and requests that came again.
    pub(crate) repeated: u64,
}

/// A new call that rang and was answered.
#[derive(Clone, Debug)]
pub(crate) struct Rung {
    /// User part of its request URI.
    pub(crate) user: String,
    /// User part of the URI in From: the caller's number.
    pub(crate) from: String,
    pub(crate) call_id: String,
    /// When its INVITE came.
    pub(crate) at: Instant,
}

struct Leg {
    ok: String,
    from: SocketAddr,
    acknowledged: bool,
    media: Option<SocketAddr>,
    /// What ends the call from this side.
    bye: String,
}

impl Callee {
    /// Answers with RTP at `media`.
    pub(crate) fn new(socket: UdpSocket, media: SocketAddr) -> std::io::Result<Self> {
        let tail = with_sdp(socket.local_addr()?, &sdp(media));
        let (legs, unacknowledged, rung) = (HashMap::new(), VecDeque::new(), VecDeque::new());
        Ok(Self { socket, tail, legs, unacknowledged, rung, invited: 0, repeated: 0 })
    }

    pub(crate) fn socket(&self) -> &UdpSocket {
        &self.socket
    }

    /// Where each live call's other side wants RTP.
    pub(crate) fn media(&self) -> impl Iterator<Item = SocketAddr> {
        self.legs.values().filter_map(|leg| leg.media)
    }

    /// The next new call that rang.
    pub(crate) fn next_rung(&mut self) -> Option<Rung> {
        self.rung.pop_front()
    }

    /// Calls that are up and acknowledged.
    pub(crate) fn connected(&self) -> usize {
        self.legs.values().filter(|leg| leg.acknowledged).count()
    }

    /// Ends an acknowledged call from this side; false when there is no such call.
    pub(crate) fn hang_up(&mut self, call_id: &str) -> bool {
        if !self.legs.get(call_id).is_some_and(|leg| leg.acknowledged) {
            return false;
        }
        let leg = self.legs.remove(call_id);
        leg.is_some_and(|leg| self.socket.send_to(leg.bye.as_bytes(), leg.from).is_ok())
    }

    /// Takes a message.
    pub(crate) fn receive(&mut self, datagram: &[u8], from: SocketAddr, now: Instant) {
        let Some(head) = Head::parse(datagram) else { return };
        let Some(call_id) = head.value("Call-ID").filter(|_| head.status().is_none()) else { return };
        match head.method() {
            "INVITE" => self.invite(&head, call_id, from, now),
            "ACK" => {
                if let Some(leg) = self.legs.get_mut(call_id) {
                    leg.acknowledged = true;
                }
            }
            method => {
                if method == "BYE" && self.legs.remove(call_id).is_none() {
                    self.repeated += 1;
                }
                self.send(&head.response("200 OK", "", NO_BODY), from);
            }
        }
    }

    fn invite(&mut self, head: &Head<'_>, call_id: &str, from: SocketAddr, now: Instant) {
        if let Some(leg) = self.legs.get(call_id) {
            self.repeated += 1;
            self.send(&leg.ok, from);
            return;
        }
        self.invited += 1;
        let tag = format!("b{}", self.invited);
        let contact = self.tail.split("Content-Type").next().unwrap_or_default();
        self.send(&head.response("100 Trying", "", NO_BODY), from);
        self.send(&head.response("180 Ringing", &tag, &format!("{contact}{NO_BODY}")), from);
        let ok = head.response("200 OK", &tag, &self.tail);
        self.send(&ok, from);
        if self.rung.len() < RUNG_MAX {
            let (user, from) = (head.called_user().to_owned(), head.calling_user().to_owned());
            self.rung.push_back(Rung { user, from, call_id: call_id.to_owned(), at: now });
        }
        let bye = head.bye(&tag, self.socket.local_addr().unwrap_or(from));
        self.legs.insert(call_id.to_owned(), Leg { ok, from, acknowledged: false, media: head.media(), bye });
        self.unacknowledged.push_back((now + AGAIN_AFTER, call_id.to_owned(), 1));
    }

    /// When something is due next.
    pub(crate) fn due(&self) -> Option<Instant> {
        self.unacknowledged.front().map(|(at, _, _)| *at)
    }

    /// Sends again what was not acknowledged.
    pub(crate) fn run_timers(&mut self, now: Instant) {
        while self.due().is_some_and(|at| at <= now) {
            let Some((_, call_id, tries)) = self.unacknowledged.pop_front() else { return };
            let Some(leg) = self.legs.get(&call_id).filter(|leg| !leg.acknowledged) else { continue };
            self.send(&leg.ok, leg.from);
            self.repeated += 1;
            if tries < TRIES_MAX {
                self.unacknowledged.push_back((now + AGAIN_AFTER, call_id, tries + 1));
            }
        }
    }

    fn send(&self, text: &str, to: SocketAddr) {
        let _ = self.socket.send_to(text.as_bytes(), to);
    }
}

/// Most measurements take no note of who rang.
const RUNG_MAX: usize = 4_096;
/// T1 (RFC 3261 13.3.1.4); not doubled, so that the queue stays in order.
const AGAIN_AFTER: Duration = Duration::from_millis(500);
/// 32 s, as 64 * T1.
const TRIES_MAX: u32 = 64;
