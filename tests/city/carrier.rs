//! The carrier behind the trunk: every number rings, answers, talks or fails by its fate.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use crate::fate::{Fate, Fates, Party};
use crate::numbers::Numbers;
use crate::streams::{Plays, Streams};
use crate::support::{Msg, response, unique};

/// A carrier in a thread of its own; it ends when this is dropped.
pub(crate) struct Carrier {
    /// Where it takes calls.
    pub(crate) addr: SocketAddr,
    /// What happens there, in order.
    pub(crate) told: Receiver<Told>,
    over: Arc<AtomicBool>,
}

/// Something that happened to a call.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    pub(crate) at: Instant,
    pub(crate) call_id: String,
    pub(crate) what: What,
}

/// What happened.
#[derive(Clone, Debug)]
pub(crate) enum What {
    /// The `nth` number was dialed.
    Dialed { nth: usize, fate: Fate },
    /// It was answered.
    Answered,
    /// The first sound of an agent.
    Heard { agent: u8 },
    /// It is over, whoever ended it.
    Over,
}

struct Exchange {
    socket: UdpSocket,
    streams: Streams,
    fates: Fates,
    numbers: Numbers,
    calls: BTreeMap<String, Call>,
    /// Whose RTP is whose.
    media: BTreeMap<SocketAddr, String>,
    timers: BinaryHeap<Reverse<(Instant, u64, String, Due)>>,
    armed: u64,
    told: Sender<Told>,
}

struct Call {
    invite: Msg,
    from: SocketAddr,
    tag: String,
    fate: Fate,
    state: State,
    /// What is sent again until it is answered.
    unanswered: String,
    media: Option<SocketAddr>,
    heard: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Dialed,
    Answered,
    Up,
    Ending,
    Refused,
    Over,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Due {
    Ring,
    Answer,
    Refuse(u16),
    /// The unanswered message again, for the nth time.
    Again(u32),
    /// Unless an agent talks.
    GiveUp,
    HangUp,
}

impl Carrier {
    /// Starts one.
    pub(crate) fn start(fates: Fates, numbers: Numbers) -> Self {
        let socket = UdpSocket::bind(("127.0.0.2", 0)).expect("a free port");
        socket.set_nonblocking(true).expect("a socket can be asked without waiting");
        let addr = socket.local_addr().expect("a bound socket");
        let (sender, told) = channel();
        let over = Arc::new(AtomicBool::new(false));
        let end = Arc::clone(&over);
        std::thread::spawn(move || {
            let mut exchange = Exchange {
                socket,
                streams: Streams::bind(addr.ip()),
                fates,
                numbers,
                calls: BTreeMap::new(),
                media: BTreeMap::new(),
                timers: BinaryHeap::new(),
                armed: 0,
                told: sender,
            };
            while !end.load(Ordering::SeqCst) {
                exchange.serve();
            }
        });
        Self { addr, told, over }
    }
}

impl Drop for Carrier {
    fn drop(&mut self) {
        self.over.store(true, Ordering::SeqCst);
    }
}

impl Exchange {
    /// A moment's work.
    fn serve(&mut self) {
        let mut buffer = [0; 8_192];
        while let Ok((length, from)) = self.socket.recv_from(&mut buffer) {
            if let Some(msg) = Msg::read(&buffer[..length]) {
                self.receive(&msg, from);
            }
        }
        let now = Instant::now();
        while self.timers.peek().is_some_and(|Reverse((at, ..))| *at <= now) {
            if let Some(Reverse((_, _, call_id, due))) = self.timers.pop() {
                self.due(&call_id, due);
            }
        }
        let mut marks = Vec::new();
        self.streams.hear(|from, agent| marks.push((from, agent)));
        marks.into_iter().for_each(|(from, agent)| self.heard(from, agent));
        self.streams.send(now);
        let idle = self.streams.next_at().saturating_duration_since(Instant::now());
        std::thread::sleep(idle.min(LOOK_EVERY));
    }

    fn receive(&mut self, msg: &Msg, from: SocketAddr) {
        let call_id = msg.call_id().to_owned();
        let known = self.calls.contains_key(&call_id);
        match msg.start.split(' ').next().unwrap_or_default() {
            "SIP/2.0" => self.answered_by_node(msg),
            "INVITE" if !known => self.dialed(msg, from),
            "INVITE" if msg.tag("To").is_empty() => self.again(&call_id),
            "ACK" => self.acknowledged(&call_id),
            "CANCEL" => {
                self.reply(msg, from, 200, "");
                if self.is_in(&call_id, State::Dialed) {
                    self.refuse(&call_id, 487);
                }
            }
            "BYE" => {
                self.reply(msg, from, if known { 200 } else { 481 }, "");
                self.over(&call_id);
            }
            "INVITE" | "UPDATE" => self.reply(msg, from, 200, &self.sdp()),
            _ => self.reply(msg, from, 200, ""),
        }
    }

    fn dialed(&mut self, invite: &Msg, from: SocketAddr) {
        let Some(nth) = self.numbers.nth(invite.uri()) else {
            return self.reply(invite, from, 404, "");
        };
        self.reply(invite, from, 100, "");
        let (fate, call_id) = (self.fates.of(nth), invite.call_id().to_owned());
        self.tell(&call_id, What::Dialed { nth, fate: fate.clone() });
        self.arm(&call_id, fate.post_dial, Due::Ring);
        let (media, tag) = (invite.audio(), unique());
        let (state, unanswered, heard) = (State::Dialed, String::new(), false);
        self.calls.insert(call_id, Call { invite: invite.clone(), from, tag, fate, state, unanswered, media, heard });
    }

    fn due(&mut self, call_id: &str, due: Due) {
        let Some(call) = self.calls.get(call_id) else { return };
        match (due, call.state) {
            (Due::Ring, State::Dialed) => self.ring(call_id),
            (Due::Answer, State::Dialed) => self.answer(call_id),
            (Due::Refuse(status), State::Dialed) => self.refuse(call_id, status),
            (Due::Again(times), State::Answered | State::Ending | State::Refused) if !call.unanswered.is_empty() => {
                if times > AGAIN_MAX {
                    return self.over(call_id);
                }
                self.again(call_id);
                self.arm(call_id, T1 * (1 << times.min(3)), Due::Again(times + 1));
            }
            (Due::GiveUp, State::Up | State::Answered) if !call.heard => self.hang_up(call_id),
            (Due::HangUp, State::Up) => self.hang_up(call_id),
            _ => {}
        }
    }

    fn ring(&mut self, call_id: &str) {
        let Some(call) = self.calls.get(call_id) else { return };
        let (party, media) = (call.fate.party.clone(), call.media);
        let (after, due) = match &party {
            Party::Refused(status) => return self.refuse(call_id, *status),
            Party::Tone(tone, status) => {
                self.respond(call_id, 183, &self.sdp());
                let looped = Plays::Looped(Arc::clone(tone), 0);
                let once = Plays::Once(Arc::clone(tone), 0);
                let plays = if tone.file.contains("busy") { looped } else { once };
                self.play(call_id, media, plays);
                return self.arm(call_id, TONE_MAX, Due::Refuse(*status));
            }
            Party::Person { ring, .. } | Party::Machine { ring, .. } => (*ring, Due::Answer),
            Party::Nobody => (RING_MAX, Due::Refuse(480)),
        };
        self.respond(call_id, 180, "");
        self.arm(call_id, after, due);
    }

    fn answer(&mut self, call_id: &str) {
        let text = self.respond(call_id, 200, &self.sdp());
        let Some(call) = self.calls.get_mut(call_id) else { return };
        (call.state, call.unanswered) = (State::Answered, text);
        let media = call.media;
        let (voice, waits) = match &call.fate.party {
            Party::Person { voice, patience, .. } => (Arc::clone(voice), voice.greeting + *patience),
            Party::Machine { voice, .. } => {
                let whole = Duration::from_millis(20) * voice.frames.len() as u32;
                (Arc::clone(voice), whole + RECORDS)
            }
            _ => return,
        };
        self.play(call_id, media, Plays::Once(voice, 0));
        self.arm(call_id, T1, Due::Again(1));
        self.arm(call_id, waits, Due::GiveUp);
        self.tell(call_id, What::Answered);
    }

    /// The node acknowledged a final answer.
    fn acknowledged(&mut self, call_id: &str) {
        let Some(call) = self.calls.get_mut(call_id) else { return };
        call.unanswered.clear();
        match call.state {
            State::Answered => call.state = State::Up,
            State::Refused => self.over(call_id),
            _ => {}
        }
    }

    /// The node answered our BYE.
    fn answered_by_node(&mut self, msg: &Msg) {
        if msg.status() >= 200 && msg.method() == "BYE" && self.is_in(msg.call_id(), State::Ending) {
            self.over(msg.call_id());
        }
    }

    fn heard(&mut self, from: SocketAddr, agent: u8) {
        let Some(call_id) = self.media.get(&from).cloned() else { return };
        let Some(call) = self.calls.get_mut(&call_id).filter(|call| !call.heard) else { return };
        call.heard = true;
        let talk = match &call.fate.party {
            Party::Person { talk, .. } | Party::Machine { talk, .. } => *talk,
            _ => Duration::ZERO,
        };
        self.tell(&call_id, What::Heard { agent });
        self.arm(&call_id, talk, Due::HangUp);
    }

    fn hang_up(&mut self, call_id: &str) {
        let Some(call) = self.calls.get_mut(call_id) else { return };
        let local = self.socket.local_addr().expect("a bound socket");
        let bye = format!(
            "BYE {} SIP/2.0\r\nVia: SIP/2.0/UDP {local};branch=z9hG4bK{};rport\r\nMax-Forwards: 70\r\nFrom: {};tag={}\r\n\
             To: {}\r\nCall-ID: {call_id}\r\nCSeq: 1 BYE\r\nContent-Length: 0\r\n\r\n",
            call.invite.contact(),
            unique(),
            call.invite.header("To"),
            call.tag,
            call.invite.header("From"),
        );
        let _ = self.socket.send_to(bye.as_bytes(), call.from);
        (call.state, call.unanswered) = (State::Ending, bye);
        // He is gone, whether the node hears of it or not.
        self.stop(call_id);
        self.tell(call_id, What::Over);
        self.arm(call_id, T1, Due::Again(1));
    }

    fn refuse(&mut self, call_id: &str, status: u16) {
        let text = self.respond(call_id, status, "");
        let Some(call) = self.calls.get_mut(call_id) else { return };
        (call.state, call.unanswered) = (State::Refused, text);
        self.stop(call_id);
        self.tell(call_id, What::Over);
        self.arm(call_id, T1, Due::Again(1));
    }

    fn over(&mut self, call_id: &str) {
        let Some(call) = self.calls.get_mut(call_id) else { return };
        let former = std::mem::replace(&mut call.state, State::Over);
        self.stop(call_id);
        if matches!(former, State::Dialed | State::Answered | State::Up) {
            self.tell(call_id, What::Over);
        }
    }

    fn play(&mut self, call_id: &str, media: Option<SocketAddr>, plays: Plays) {
        let Some(media) = media else { return };
        self.streams.open(media, plays);
        self.media.insert(media, call_id.to_owned());
    }

    /// Sends and hears no more of a call; its port may be another call's by now.
    fn stop(&mut self, call_id: &str) {
        let Some(media) = self.calls.get(call_id).and_then(|call| call.media) else { return };
        if self.media.get(&media).is_some_and(|owner| owner == call_id) {
            self.streams.close(media);
            self.media.remove(&media);
        }
    }

    fn again(&self, call_id: &str) {
        let Some(call) = self.calls.get(call_id).filter(|call| !call.unanswered.is_empty()) else { return };
        let _ = self.socket.send_to(call.unanswered.as_bytes(), call.from);
    }

    /// Answers the INVITE of a call; what was sent.
    fn respond(&self, call_id: &str, status: u16, sdp: &str) -> String {
        let Some(call) = self.calls.get(call_id) else { return String::new() };
        let text = response(&call.invite, status, &call.tag, &self.headers(sdp), sdp);
        let _ = self.socket.send_to(text.as_bytes(), call.from);
        text
    }

    fn reply(&self, request: &Msg, to: SocketAddr, status: u16, sdp: &str) {
        let text = response(request, status, &unique(), &self.headers(sdp), sdp);
        let _ = self.socket.send_to(text.as_bytes(), to);
    }

    fn headers(&self, sdp: &str) -> String {
        let local = self.socket.local_addr().expect("a bound socket");
        let kind = if sdp.is_empty() { "" } else { "Content-Type: application/sdp\r\n" };
        format!("Contact: <sip:carrier@{local}>\r\n{kind}")
    }

    fn sdp(&self) -> String {
        sdp(self.streams.addr())
    }

    fn is_in(&self, call_id: &str, state: State) -> bool {
        self.calls.get(call_id).is_some_and(|call| call.state == state)
    }

    fn arm(&mut self, call_id: &str, after: Duration, due: Due) {
        self.armed += 1;
        self.timers.push(Reverse((Instant::now() + after, self.armed, call_id.to_owned(), due)));
    }

    fn tell(&self, call_id: &str, what: What) {
        // Nobody listens any more when the test is over.
        let _ = self.told.send(Told { at: Instant::now(), call_id: call_id.to_owned(), what });
    }
}

/// An answer of G.711 u-law at `addr`.
pub(crate) fn sdp(addr: SocketAddr) -> String {
    let (ip, port) = (addr.ip(), addr.port());
    format!(
        "v=0\r\no=city 1 1 IN IP4 {ip}\r\ns=-\r\nc=IN IP4 {ip}\r\nt=0 0\r\nm=audio {port} RTP/AVP 0\r\n\
         a=rtpmap:0 PCMU/8000\r\na=ptime:20\r\na=sendrecv\r\n"
    )
}

const LOOK_EVERY: Duration = Duration::from_millis(4);
/// RFC 3261 17.1.1.1.
const T1: Duration = Duration::from_millis(500);
/// 35 s: a node that was killed is back by then.
const AGAIN_MAX: u32 = 10;
/// A network says what it has to say no longer.
const TONE_MAX: Duration = Duration::from_secs(12);
/// Longer than anybody lets it ring.
const RING_MAX: Duration = Duration::from_secs(90);
/// A machine listens for so long after its greeting.
const RECORDS: Duration = Duration::from_secs(5);
