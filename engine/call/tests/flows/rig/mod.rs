//! A call shard among phones, a media worker, an ACD and a journal that only
//! pretend, in virtual time: every test speaks to it as the world would.

pub(crate) mod acd;
pub(crate) mod media;
pub(crate) mod phone;
pub(crate) mod plan;

use core::net::SocketAddr;
use core::time::Duration;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use bytes::Bytes;
use call::{AgentFact, Contact, Counts, Effect, Input, Plan, Reply, Shard, ShardConfig, StandingStep, WaitingFact};
use clock::{AgentId, AttemptId, CallId, Instant, LegId, Now, OfferId, RequestId, Rng, ShardId, WallTime};
use dialer::contract::Report;
use journal_core::{CallEntry, CallEvent, CallRecord, CallStatus, Cause, Durability, Entry, Outcome, Step};
use sip::auth::{AuthConfig, DEFAULT_NONCE_LIFETIME};
use sip::digest::Algorithm;
use sip::ua::{Peer, Transport, UaConfig};
use sip::{Message, Source};

use acd::Acd;
use media::MediaWorker;
use phone::Phone;

pub(crate) const SHARD: &str = "127.0.0.1:5060";
pub(crate) const CARRIER: &str = "127.0.0.2:5080";

/// The world around one shard.
pub(crate) struct World {
    pub(crate) now: Now,
    pub(crate) shard: Shard,
    pub(crate) phones: Vec<Phone>,
    pub(crate) media: MediaWorker,
    pub(crate) acd: Acd,
    pub(crate) entries: Vec<Entry>,
    /// Messages of the shard: to whom, and how many entries it waited for.
    pub(crate) sent: Vec<(SocketAddr, Message, Option<u64>)>,
    pub(crate) dropped: Vec<&'static str>,
    /// Failed authentications, as location hears of them.
    pub(crate) auth_failed: Vec<(core::net::IpAddr, String)>,
    pub(crate) replies: Vec<Replied>,
    pub(crate) facts: Vec<(Vec<AgentFact>, Vec<WaitingFact>, Vec<OfferId>)>,
    /// Live legs of agents as the ACD hears of them.
    pub(crate) busy: BTreeMap<LegId, AgentId>,
    pub(crate) freed: Vec<(AgentId, CallId, bool)>,
    /// What it said to the ACD about callbacks.
    pub(crate) callbacks: Vec<Effect>,
    /// What it said to the dialer.
    pub(crate) reports: Vec<Report>,
    /// Attempts that are not over, as last told.
    pub(crate) attempts: Vec<AttemptId>,
    /// What it said to the ACD of standing legs.
    pub(crate) standing: Vec<(AgentId, StandingStep)>,
    /// Standing legs that are up, and that are being called, as last told.
    pub(crate) standing_facts: (Vec<AgentId>, Vec<AgentId>, Vec<AgentId>),
    pub(crate) owned: BTreeMap<String, u32>,
    pub(crate) drained: bool,
    /// Entries that the journal has written; messages that wait for more are held.
    pub(crate) journal_holds: bool,
    /// Chance that a message is lost, and that it comes twice.
    pub(crate) loss: f64,
    pub(crate) duplicate: f64,
    held: Vec<(SocketAddr, Bytes, u64)>,
    wire: VecDeque<(SocketAddr, SocketAddr, Bytes)>,
    pub(crate) rng: Rng,
}

/// An answer to REST: to which request, what, and what it waits for.
pub(crate) type Replied = (RequestId, Result<Reply, call::CommandError>, Option<(u64, Durability)>);

/// How a call ended, as its record has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ended {
    pub(crate) status: CallStatus,
    pub(crate) outcome: Outcome,
    pub(crate) cause: Cause,
}

impl World {
    pub(crate) fn new() -> Self {
        Self::with(plan::demo(), 7)
    }

    pub(crate) fn with(plan: Plan, seed: u64) -> Self {
        Self::starting(plan, seed, WallTime::from_micros(1_795_132_800_000_000))
    }

    pub(crate) fn starting(plan: Plan, seed: u64, wall: WallTime) -> Self {
        let mut rng = Rng::new(seed);
        let now = Now { mono: Instant::from_nanos(1_000_000_000), wall };
        let config = ShardConfig {
            ua: UaConfig::at(SHARD.parse().unwrap(), "Trunkline"),
            auth: AuthConfig {
                realm: plan.domain.clone(),
                secret: [7; 32],
                instance: 0,
                algorithms: [Algorithm::Sha256, Algorithm::Md5].into_iter().collect(),
                nonce_lifetime: DEFAULT_NONCE_LIFETIME,
            },
            media: "127.0.0.1:20000".parse().unwrap(),
            hold_music: "default".to_owned(),
        };
        let mut shard = Shard::new(ShardId(0), config, rng.fork());
        shard.handle(now, Input::Configure(Arc::new(plan)));
        shard.handle(now, Input::DoNotCall(Arc::default()));
        Self {
            now,
            shard,
            phones: Vec::new(),
            media: MediaWorker::default(),
            acd: Acd::default(),
            entries: Vec::new(),
            sent: Vec::new(),
            dropped: Vec::new(),
            auth_failed: Vec::new(),
            replies: Vec::new(),
            facts: Vec::new(),
            busy: BTreeMap::new(),
            freed: Vec::new(),
            callbacks: Vec::new(),
            reports: Vec::new(),
            attempts: Vec::new(),
            standing: Vec::new(),
            standing_facts: Default::default(),
            owned: BTreeMap::new(),
            drained: false,
            journal_holds: false,
            loss: 0.0,
            duplicate: 0.0,
            held: Vec::new(),
            wire: VecDeque::new(),
            rng,
        }
    }

    /// The carrier: a trunk that calls in and is called.
    pub(crate) fn carrier(&mut self) -> usize {
        self.add_phone("carrier", CARRIER, None)
    }

    /// Any other peer at this address, without credentials.
    pub(crate) fn stranger(&mut self, addr: &str) -> usize {
        self.add_phone("stranger", addr, None)
    }

    /// Someone who has an agent's name and not his password.
    pub(crate) fn guesser(&mut self, extension: &str, addr: &str) -> usize {
        self.add_phone(extension, addr, Some("guess".to_owned()))
    }

    /// The registered phone of an agent.
    pub(crate) fn agent(&mut self, extension: &str) -> usize {
        let phone = self.unregistered(extension);
        self.register(extension, &[phone]);
        phone
    }

    /// A phone of an agent that location does not know.
    pub(crate) fn unregistered(&mut self, extension: &str) -> usize {
        let addr = format!("127.0.1.{}:{}", self.phones.len() + 1, 6000 + self.phones.len());
        self.add_phone(extension, &addr, Some(format!("demo-{extension}")))
    }

    pub(crate) fn register(&mut self, extension: &str, phones: &[usize]) {
        let contact = |phone: &usize| Contact {
            uri: format!("sip:{extension}@{}", self.phones[*phone].addr),
            peer: peer(self.phones[*phone].addr),
        };
        let contacts = phones.iter().map(contact).collect();
        let agent = plan::agent_id(extension);
        self.input(Input::Contacts { agent, contacts });
    }

    /// One input to the shard, and all that follows at this moment.
    pub(crate) fn input(&mut self, input: Input) {
        self.shard.handle(self.now, input);
        self.settle();
    }

    /// Delivers everything that is under way, until nothing more happens at this moment.
    pub(crate) fn settle(&mut self) {
        for _ in 0..MAX_STEPS {
            let mut moved = self.drain_shard();
            for index in 0..self.phones.len() {
                moved |= self.drain_phone(index);
            }
            moved |= self.deliver();
            for event in self.media.take_events() {
                self.shard.handle(self.now, Input::Media(event));
                moved = true;
            }
            for input in self.acd.take_inputs(self.now) {
                self.shard.handle(self.now, input);
                moved = true;
            }
            if !moved {
                return;
            }
        }
        panic!("the world does not come to rest");
    }

    /// Bytes from an address that no phone of the rig has made.
    pub(crate) fn raw(&mut self, from: &str, text: &str) {
        self.wire.push_back((from.parse().unwrap(), SHARD.parse().unwrap(), text.to_owned().into()));
        self.settle();
    }

    /// Moves time on, firing every timer at its moment.
    pub(crate) fn run(&mut self, by: Duration) {
        self.settle();
        let end = self.now.mono + by;
        for _ in 0..MAX_STEPS {
            let phones = self.phones.iter_mut().filter_map(|phone| phone.next_timeout());
            let shard = self.shard.poll_timeout().map(|(at, _)| at);
            let media = self.media.next_timeout();
            let next = phones.chain(shard).chain(media).min().filter(|at| *at <= end);
            let Some(next) = next else {
                let rest = end - self.now.mono;
                self.now = self.now.plus(rest);
                return;
            };
            let step = next.since(self.now.mono);
            self.now = self.now.plus(step);
            self.shard.handle_timeout(self.now);
            for phone in &mut self.phones {
                phone.handle_timeout(self.now.mono);
            }
            self.media.handle_timeout(self.now);
            self.settle();
        }
        panic!("the world does not come to rest");
    }

    pub(crate) fn secs(&mut self, seconds: u64) {
        self.run(Duration::from_secs(seconds));
    }

    pub(crate) fn millis(&mut self, millis: u64) {
        self.run(Duration::from_millis(millis));
    }

    /// The journal has written everything: what waited leaves.
    pub(crate) fn journal_writes(&mut self) {
        self.journal_holds = false;
        for (to, bytes, _) in core::mem::take(&mut self.held) {
            self.wire.push_back((SHARD.parse().unwrap(), to, bytes));
        }
        self.settle();
    }

    /// After everything ended and every transaction is through: nothing is left
    /// anywhere, and every call has exactly one `Ended`.
    pub(crate) fn assert_nothing_left(&mut self) {
        self.secs(200);
        assert_eq!(self.shard.counts(), Counts::default());
        assert!(self.busy.is_empty(), "agents stuck: {:?}", self.busy);
        assert!(self.owned.is_empty(), "Call-IDs stuck: {:?}", self.owned);
        assert!(self.media.is_idle(), "media stuck: {:?}", self.media);
        self.assert_one_end_each();
        self.assert_dialogs_over();
        for phone in &self.phones {
            assert!(phone.is_dead || phone.ua.counts().sessions == 0, "{} has a session left", phone.name);
        }
    }

    /// Sequence numbers without a gap, and one `Ended` for every call that began.
    pub(crate) fn assert_one_end_each(&self) {
        for call in self.calls() {
            let journey = self.journey(call);
            let seqs: Vec<u32> = journey.iter().map(|entry| entry.seq).collect();
            assert_eq!(seqs, (1..=seqs.len() as u32).collect::<Vec<_>>(), "gaps in {journey:#?}");
            assert!(matches!(journey[0].event, CallEvent::Started { .. }));
            let ends = journey.iter().filter(|entry| matches!(entry.event, CallEvent::Ended { .. })).count();
            assert_eq!(ends, 1, "{journey:#?}");
            self.assert_record_agrees(call);
        }
    }

    /// What the shard wrote into `Ended` is what everyone who reads the journey concludes.
    fn assert_record_agrees(&self, call: CallId) {
        let journey = self.journey(call);
        let mut record = CallRecord::start(journey[0]).expect("the first entry starts a record");
        let ended = self.ended(call);
        for entry in journey.iter().skip(1) {
            if matches!(entry.event, CallEvent::Ended { .. }) {
                let verdict = record.conclude(&ended.cause);
                assert_eq!((verdict.status, verdict.outcome), (ended.status, ended.outcome), "{journey:#?}");
            }
            assert_eq!(record.apply(entry), Step::Taken, "{entry:?}");
        }
        assert!(record.is_closed());
    }

    /// By call and leg, as a replay of the journal has them.
    fn assert_dialogs_over(&self) {
        let mut open: BTreeMap<(CallId, LegId), ()> = BTreeMap::new();
        for entry in &self.entries {
            match entry {
                Entry::Dialog(dialog) => drop(open.insert((dialog.call, dialog.leg), ())),
                Entry::DialogOver { call, leg } => drop(open.remove(&(*call, *leg))),
                _ => {}
            }
        }
        assert!(open.is_empty(), "dialogs never over: {open:?}");
    }

    /// Every call that began, in order.
    pub(crate) fn calls(&self) -> Vec<CallId> {
        let mut calls: Vec<CallId> = Vec::new();
        for entry in &self.entries {
            if let Entry::Call(entry) = entry
                && !calls.contains(&entry.call)
            {
                calls.push(entry.call);
            }
        }
        calls
    }

    /// The only call there was.
    pub(crate) fn call(&self) -> CallId {
        let calls = self.calls();
        assert_eq!(calls.len(), 1, "{calls:?}");
        calls[0]
    }

    pub(crate) fn journey(&self, call: CallId) -> Vec<&CallEntry> {
        let entries = self.entries.iter().filter_map(|entry| match entry {
            Entry::Call(entry) => Some(entry),
            _ => None,
        });
        entries.filter(|entry| entry.call == call).collect()
    }

    pub(crate) fn events(&self, call: CallId) -> Vec<&CallEvent> {
        self.journey(call).into_iter().map(|entry| &entry.event).collect()
    }

    pub(crate) fn has(&self, call: CallId, matches: impl Fn(&CallEvent) -> bool) -> bool {
        self.events(call).into_iter().any(matches)
    }

    pub(crate) fn ended(&self, call: CallId) -> Ended {
        let end = self.events(call).into_iter().find_map(|event| match event {
            CallEvent::Ended { status, outcome, cause } => {
                Some(Ended { status: *status, outcome: *outcome, cause: cause.clone() })
            }
            _ => None,
        });
        end.unwrap_or_else(|| panic!("not ended: {:#?}", self.events(call)))
    }

    /// Status and cause word of the only call.
    pub(crate) fn verdict(&self) -> (CallStatus, String) {
        let ended = self.ended(self.call());
        (ended.status, ended.cause.code)
    }

    /// What the shard sent to a phone, as start lines.
    pub(crate) fn lines_to(&self, phone: usize) -> Vec<String> {
        let addr = self.phones[phone].addr;
        self.sent.iter().filter(|(to, ..)| *to == addr).map(|(_, message, _)| start_line(message)).collect()
    }

    /// The last message to a phone whose start line begins so.
    pub(crate) fn last_to(&self, phone: usize, line: &str) -> &Message {
        let addr = self.phones[phone].addr;
        let found =
            self.sent.iter().rev().find(|(to, message, _)| *to == addr && start_line(message).starts_with(line));
        &found.unwrap_or_else(|| panic!("no {line} in {:?}", self.lines_to(phone))).1
    }

    fn add_phone(&mut self, name: &str, addr: &str, password: Option<String>) -> usize {
        let rng = self.rng.fork();
        self.phones.push(Phone::new(name, addr, password, rng));
        self.phones.len() - 1
    }

    fn drain_shard(&mut self) -> bool {
        let mut moved = false;
        while let Some(effect) = self.shard.poll_effect() {
            moved = true;
            self.carry_out(effect);
        }
        moved
    }

    fn carry_out(&mut self, effect: Effect) {
        match effect {
            Effect::Transmit { peer, bytes, gate, .. } => self.transmit(peer, bytes, gate.map(|mark| mark.entry)),
            Effect::Media(command) => self.media.take(command, self.now),
            Effect::Journal(entry) => self.entries.push(entry),
            Effect::AgentBusy(fact) => {
                let before = self.busy.insert(fact.leg, fact.agent);
                assert_eq!(before, None, "busy twice");
            }
            // It changes nothing of who is busy.
            Effect::AgentHolds { .. } => {}
            Effect::AgentFree { agent, call, leg, talked } => {
                self.busy.remove(&leg);
                self.freed.push((agent, call, talked));
                self.acd.agent_free(agent);
            }
            Effect::Facts { legs, waiting, offers } => {
                let offers = offers.into_iter().map(|(offer, _)| offer).collect();
                self.facts.push((legs, waiting, offers));
            }
            Effect::Reply { request, result, gate } => {
                self.replies.push((request, result, gate.map(|mark| (mark.entry, mark.durability))));
            }
            Effect::CallbackFacts { .. } => {}
            Effect::Attempt(report) => self.reports.push(*report),
            Effect::AttemptFacts { attempts } => self.attempts = attempts,
            Effect::StandingLeg { agent, step } => self.standing.push((agent, step)),
            Effect::StandingFacts { up, held, calling } => self.standing_facts = (up, held, calling),
            said @ (Effect::AskCallback { .. } | Effect::CancelCallback { .. } | Effect::CallbackStep { .. }) => {
                self.callbacks.push(said);
            }
            Effect::CallIdOwned { sip_call_id, owned: true } => *self.owned.entry(sip_call_id).or_default() += 1,
            Effect::CallIdOwned { sip_call_id, owned: false } => drop(self.owned.remove(&sip_call_id)),
            Effect::Dropped { reason } => self.dropped.push(reason),
            Effect::AuthFailed { address, user } => self.auth_failed.push((address, user)),
            Effect::Drained => {
                assert!(!self.drained, "drained twice");
                self.drained = true;
            }
            other => self.acd.take(other),
        }
    }

    fn transmit(&mut self, peer: Peer, bytes: Bytes, gate: Option<u64>) {
        let message = Message::parse(bytes.clone(), Source::Datagram).expect("the shard's messages are readable");
        self.sent.push((peer.addr, message, gate));
        if let Some(gate) = gate {
            assert!(gate <= self.entries.len() as u64, "a gate names an entry that was written");
        }
        match gate.filter(|_| self.journal_holds) {
            Some(gate) => self.held.push((peer.addr, bytes, gate)),
            None => self.wire.push_back((SHARD.parse().unwrap(), peer.addr, bytes)),
        }
    }

    fn drain_phone(&mut self, index: usize) -> bool {
        let addr = self.phones[index].addr;
        let sent = self.phones[index].drain(self.now.mono);
        let moved = !sent.is_empty();
        self.wire.extend(sent.into_iter().map(|(to, bytes)| (addr, to, bytes)));
        moved
    }

    fn deliver(&mut self) -> bool {
        let Some((from, to, bytes)) = self.wire.pop_front() else { return false };
        if self.rng.chance(self.loss) {
            return true;
        }
        if self.rng.chance(self.duplicate) {
            self.wire.push_back((from, to, bytes.clone()));
        }
        let message = Message::parse(bytes, Source::Datagram).expect("our own messages are readable");
        if to == SHARD.parse().unwrap() {
            self.shard.handle(self.now, Input::Received { peer: peer(from), message });
        } else if let Some(phone) = self.phones.iter_mut().find(|phone| phone.addr == to) {
            phone.receive(self.now.mono, peer(from), message);
        }
        true
    }
}

pub(crate) fn peer(addr: SocketAddr) -> Peer {
    Peer { transport: Transport::Udp, addr, flow: None }
}

pub(crate) fn start_line(message: &Message) -> String {
    match message.method() {
        Some(method) => format!("{method} {}", message.request_uri_text()),
        None => format!("{} {}", message.status(), message.reason()),
    }
}

/// Far more than any test needs at one moment or in one run.
const MAX_STEPS: usize = 100_000;
