//! The call shard: one owner of calls, legs and bridges, as a pure core.

use core::net::SocketAddr;
use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use clock::{AgentId, AttemptId, CallId, Instant, LegId, Now, OfferId, Rng, ShardId, TimerQueue, TrunkId};
use journal_core::{Durability, Mark};
use media_graph::{Command, PlayerId, RecorderId};
use sip::auth::{AuthConfig, Authenticator};
use sip::location::Silences;
use sip::trunk::Targets;
use sip::ua::{SessionId, Ua, UaConfig};

use crate::call::{Call, Recording};
use crate::contract::{Contact, Effect, Input};
use crate::ids::{Ids, RingId};
use crate::leg::Leg;
use crate::limits::{Limits, Pace};
use crate::plan::Plan;
use crate::restore::Awaiting;
use crate::ring::{Lease, Ring};
use crate::snapshot::{Counts, Snapshot, TimerReason, TrunkUsage};

/// What a shard is set up with; all of it lasts as long as the shard.
#[derive(Clone)]
pub struct ShardConfig {
    /// Its user agent.
    pub ua: UaConfig,
    /// Its digest authentication; the realm is the SIP domain.
    pub auth: AuthConfig,
    /// An address of the media worker: offers of another address family are refused before a port is opened.
    pub media: SocketAddr,
    /// Music for a party on hold outside queue calls, by name.
    pub hold_music: String,
}

/// One call shard.
#[derive(Debug)]
pub struct Shard {
    /// An address of the media worker.
    pub(crate) media_address: SocketAddr,
    pub(crate) hold_music: String,
    pub(crate) plan: Arc<Plan>,
    pub(crate) rng: Rng,
    pub(crate) ids: Ids,
    pub(crate) ua: Ua,
    pub(crate) auth: Authenticator,
    /// Boxed, as are legs: a map leaves nearly half of its places empty when keys only grow.
    pub(crate) calls: BTreeMap<CallId, Box<Call>>,
    pub(crate) legs: BTreeMap<LegId, Box<Leg>>,
    pub(crate) rings: BTreeMap<RingId, Ring>,
    pub(crate) sessions: BTreeMap<SessionId, SessionUse>,
    /// Rings of offers, claimed ones included.
    pub(crate) offers: BTreeMap<OfferId, RingId>,
    /// Claims that the ACD has not answered; they outlive their legs and calls.
    pub(crate) claims: BTreeMap<OfferId, Claimed>,
    /// Live legs of agents.
    pub(crate) agent_legs: BTreeMap<AgentId, Vec<LegId>>,
    /// Calls of campaigns' attempts.
    pub(crate) attempts: BTreeMap<AttemptId, CallId>,
    /// Where standing legs are at home.
    pub(crate) homes: BTreeMap<AgentId, CallId>,
    pub(crate) contacts: BTreeMap<AgentId, Vec<Contact>>,
    /// Where the calls of each trunk go.
    pub(crate) targets: BTreeMap<TrunkId, Targets>,
    pub(crate) recordings: BTreeMap<RecorderId, Recording>,
    /// Players at the media worker.
    pub(crate) players: BTreeMap<PlayerId, CallId>,
    /// Legs whose ports the media worker has.
    pub(crate) ports: BTreeSet<LegId>,
    /// Call-IDs of dialogs from before a crash, while their ends are under way.
    pub(crate) restored: BTreeMap<CallId, Vec<String>>,
    /// Calls of a broken shard that end when their message is on the disk.
    pub(crate) awaiting: BTreeMap<RecorderId, Awaiting>,
    pub(crate) limits: Limits,
    pub(crate) options_pace: Pace,
    /// The internal do-not-call list.
    pub(crate) do_not_call: Arc<dialer::gate::Lists>,
    /// Who guessed passwords: location says so.
    pub(crate) silences: Silences,
    pub(crate) timers: TimerQueue<Timer>,
    pub(crate) effects: VecDeque<Effect>,
    /// How many entries were written.
    pub(crate) journaled: u64,
    pub(crate) journal_failing: bool,
    pub(crate) drain: DrainState,
    /// The moment of the input that is being handled.
    pub(crate) now: Now,
    pub(crate) facts_due: Option<Instant>,
    /// A fault for tests, and at how many occasions it could have struck.
    #[cfg(feature = "planted-faults")]
    pub(crate) planted: Option<(crate::planted::Planted, u32)>,
}

/// What a SIP session is to the shard; kept until the session is over.
#[derive(Clone, Debug, Default)]
pub(crate) struct SessionUse {
    /// Its leg; none once the leg has ended and only SIP goes on.
    pub(crate) leg: Option<LegId>,
    /// It made a call: responses above 100 wait for this entry.
    pub(crate) gate: Option<u64>,
    /// A Call-ID that the directory was told of.
    pub(crate) sip_call_id: Option<String>,
    /// Requests of ours in it wait for this.
    pub(crate) farewell: Option<Mark>,
    /// The entry by which a restart knows that our INVITE was answered: ACK and what follows wait for it.
    pub(crate) confirmed: Option<u64>,
    /// The call and offer whose ringing we cancelled: a 2xx that crosses it comes too late.
    pub(crate) late: Option<(CallId, Lease)>,
}

/// A claim on its way to the ACD and back.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Claimed {
    pub(crate) lease: Lease,
    pub(crate) call: CallId,
    pub(crate) leg: LegId,
    /// It is a standing leg, and nothing rings.
    pub(crate) stands: bool,
}

/// Whether the node shuts down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DrainState {
    Open,
    Draining,
    Drained,
}

/// Timers of the shard's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Timer {
    /// A ring has rung long enough.
    Ring(RingId),
    /// The ACD does not answer a claim.
    Claim(OfferId),
    /// The longest time of a call is over.
    CallMax(CallId),
    /// A leg without watched RTP is asked whether it lives.
    Ping(LegId),
    /// The media worker does not open a leg's ports.
    Open(LegId),
    /// A trunk's target says nothing.
    Target(LegId),
    /// A voicemail is long enough to be kept.
    VoicemailKept(CallId),
    /// A voicemail is as long as it may be.
    VoicemailMax(CallId),
    /// The media worker does not finish a recording.
    Recorder(RecorderId),
    /// An announcement has been heard long enough.
    Announced(CallId),
    /// An attempt has rung long enough to be cancelled, or nothing was heard in time.
    Attempt(CallId),
    /// A number was not typed in time.
    Typing(CallId),
    /// Nothing was pressed in a menu for its time.
    Menu(CallId),
    /// A waiting caller is to be told something.
    Announce(CallId),
    /// The queue of a waiting caller closes.
    Closing(CallId),
    /// The dialogs of a call from before a crash are through: its Call-IDs are released.
    Restored(CallId),
}

impl Shard {
    /// A shard without calls; the first input should be `Configure`. `rng` makes ids, tags, branches and nonces:
    /// its seed must be secret in production.
    #[must_use]
    pub fn new(id: ShardId, config: ShardConfig, mut rng: Rng) -> Self {
        Self {
            plan: Arc::new(Plan::default()),
            ids: Ids::new(id),
            ua: Ua::new(config.ua, rng.fork()),
            auth: Authenticator::new(config.auth),
            rng,
            media_address: config.media,
            hold_music: config.hold_music,
            calls: BTreeMap::new(),
            legs: BTreeMap::new(),
            rings: BTreeMap::new(),
            sessions: BTreeMap::new(),
            offers: BTreeMap::new(),
            claims: BTreeMap::new(),
            agent_legs: BTreeMap::new(),
            attempts: BTreeMap::new(),
            homes: BTreeMap::new(),
            contacts: BTreeMap::new(),
            targets: BTreeMap::new(),
            recordings: BTreeMap::new(),
            players: BTreeMap::new(),
            ports: BTreeSet::new(),
            restored: BTreeMap::new(),
            awaiting: BTreeMap::new(),
            limits: Limits::default(),
            options_pace: Pace::default(),
            do_not_call: Arc::new(dialer::gate::Lists::unknown()),
            silences: Silences::default(),
            timers: TimerQueue::new(),
            effects: VecDeque::new(),
            journaled: 0,
            journal_failing: false,
            drain: DrainState::Open,
            now: Now::default(),
            facts_due: None,
            #[cfg(feature = "planted-faults")]
            planted: None,
        }
    }

    /// The shard stands in for one that broke after `journaled` entries and gave out ids up to `last_id`: it numbers
    /// its entries from there, and no late word about a lost leg, player or recording is taken for one of its own.
    pub fn follow_on(&mut self, journaled: u64, last_id: u64) {
        self.journaled = journaled;
        self.ids.follow(last_id);
    }

    /// Takes one input; what follows from it comes out of `poll_effect`.
    pub fn handle(&mut self, now: Now, input: Input) {
        self.begin(now);
        self.take(input);
        self.finish();
    }

    /// Does what is due at `now`; early calls do nothing.
    pub fn handle_timeout(&mut self, now: Now) {
        self.begin(now);
        self.ua.handle_timeout(now.mono);
        while let Some(timer) = self.timers.pop_due(now.mono) {
            self.on_timer(timer);
        }
        if self.facts_due.is_some_and(|due| due <= now.mono) {
            self.facts_due = Some(now.mono + FACTS_EVERY);
            self.tell_facts();
        }
        self.finish();
    }

    /// The next thing to do; drained before the next input.
    pub fn poll_effect(&mut self) -> Option<Effect> {
        self.effects.pop_front()
    }

    /// When to call `handle_timeout` again, and for what.
    pub fn poll_timeout(&mut self) -> Option<(Instant, TimerReason)> {
        let sip = self.ua.poll_timeout().map(|(at, _)| (at, TimerReason::Sip));
        let own = self.timers.peek().map(|(at, timer)| (at, timer.reason()));
        let facts = self.facts_due.map(|at| (at, TimerReason::Facts));
        [sip, own, facts].into_iter().flatten().min()
    }

    /// How much of everything it holds.
    #[must_use]
    pub fn counts(&self) -> Counts {
        Counts {
            calls: self.calls.len(),
            legs: self.legs.len(),
            rings: self.rings.len(),
            sessions: self.sessions.len().max(self.ua.counts().sessions),
            claims: self.claims.len(),
            ports: self.ports.len(),
            players: self.players.len(),
            recorders: self.recordings.len() + self.awaiting.len(),
            timers: self.timers.len(),
        }
    }

    /// What others may see.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        let usage = |(trunk, used): (_, &crate::limits::TrunkUse)| TrunkUsage {
            trunk,
            calls: used.calls,
            refused: used.refused,
        };
        Snapshot { counts: self.counts(), trunks: self.limits.trunks().map(usage).collect() }
    }

    fn begin(&mut self, now: Now) {
        self.now = now;
        self.ids.begin(now.wall);
        self.facts_due.get_or_insert(now.mono + FACTS_EVERY);
    }

    /// Handles what the user agent says, which may make it say more.
    fn finish(&mut self) {
        while let Some(output) = self.ua.poll_output() {
            self.on_sip(output);
        }
        self.tell_if_drained();
    }

    fn take(&mut self, input: Input) {
        let mono = self.now.mono;
        match input {
            Input::Configure(plan) => self.configure(plan),
            Input::Received { peer, message } if self.silences.covers(mono, peer.addr.ip(), &message) => {
                self.dropped("banned");
            }
            Input::Received { peer, message } if self.is_to_be_challenged(&message, peer) => {
                self.ua.receive_stateless(peer, message);
            }
            Input::Received { peer, message } => self.ua.receive(mono, peer, message),
            Input::ReceivedBad { peer, error } => self.ua.receive_bad(mono, peer, &error),
            Input::TransportFailed { peer } => self.ua.transport_failed(mono, peer),
            Input::FlowGone(flow) => self.ua.flow_gone(mono, flow),
            Input::Silenced(silence) => self.silences.begin(mono, silence),
            Input::Released { address, user } => self.silences.release(address, user.as_deref()),
            Input::TrunkTargets(targets) => {
                self.targets.insert(targets.trunk, targets);
            }
            Input::Media(event) => self.on_media(event),
            Input::Contacts { agent, contacts } => self.set_contacts(agent, contacts),
            Input::Enqueued { call, queue, arrived, priority } => self.enqueued(call, queue, arrived, priority),
            Input::Offer { offer, generation, call, queue, agent, ring, routing } => {
                self.offer(call, Lease { offer, generation, agent, queue }, ring, routing);
            }
            Input::Withdraw { offer, generation, reason } => self.withdraw(offer, generation, reason),
            Input::ClaimGranted { offer, generation } => self.claim_granted(offer, generation),
            Input::ClaimRefused { offer, generation } => self.claim_refused(offer, generation),
            Input::LeaveQueue { call, queue, why } => self.leave_queue(call, queue, why),
            Input::Place { call, queue, position, wait } => self.place_told(call, queue, position, wait),
            Input::Originate { request, from_agent, to, pin } => {
                self.originate(request, from_agent, &to, pin.as_deref());
            }
            Input::HangUp { request, call } => self.hang_up(request, call),
            Input::BeginCallback(order) => self.begin_callback(*order),
            Input::EndCallback { call } => self.end_callback(call),
            Input::CallbackAnswer { call, result } => self.callback_answer(call, result),
            Input::DoNotCall(lists) => self.do_not_call = lists,
            Input::Steered { request, call, queue, steering } => self.steered(request, call, queue, steering),
            Input::Dial(order) => self.dial_attempt(*order),
            Input::CancelDial { attempt } => self.cancel_attempt(attempt),
            Input::CallStandingLeg { agent } => self.call_standing_leg(agent),
            Input::EndStandingLeg { agent } => self.end_standing_leg(agent),
            Input::JournalFailing(failing) => self.journal_failing = failing,
            Input::ResponseRefused(response) => self.response_refused(&response),
            Input::Restore(calls) => self.restore(calls),
            Input::Recover(lost) => self.recover(lost),
            Input::Dialed(dials) => self.limits.dialed(&dials, self.now),
            Input::TellFacts => self.tell_facts(),
            Input::Drain => self.start_drain(),
            Input::EndAll => self.end_all(),
        }
    }

    fn on_timer(&mut self, timer: Timer) {
        match timer {
            Timer::Ring(ring) => self.rang_out(ring),
            Timer::Claim(offer) => self.claim_unanswered(offer),
            Timer::CallMax(call) => self.call_max_reached(call),
            Timer::Ping(leg) => self.ping(leg),
            Timer::Open(leg) => self.ports_failed(leg),
            Timer::Target(leg) => self.target_silent(leg),
            Timer::VoicemailKept(call) => self.voicemail_kept(call),
            Timer::VoicemailMax(call) => self.voicemail_full(call),
            Timer::Recorder(recorder) => self.recorder_overdue(recorder),
            Timer::Announced(call) => self.announced(call),
            Timer::Attempt(call) => self.attempt_due(call),
            Timer::Typing(call) => self.typing_over(call),
            Timer::Menu(call) => self.menu_heard(call, crate::menu::Heard::TimeOut),
            Timer::Announce(call) => self.announcement_due(call),
            Timer::Closing(call) => self.closing_due(call),
            Timer::Restored(call) => self.release_restored(call),
        }
    }

    fn set_contacts(&mut self, agent: AgentId, contacts: Vec<Contact>) {
        if contacts.is_empty() {
            self.contacts.remove(&agent);
        } else {
            self.contacts.insert(agent, contacts);
        }
    }

    pub(crate) fn media(&mut self, command: Command) {
        match command {
            Command::Play { player, call, .. } => {
                self.players.insert(player, call);
            }
            Command::StopPlay { player } => {
                self.players.remove(&player);
            }
            _ => {}
        }
        self.effects.push_back(Effect::Media(command));
    }

    pub(crate) fn dropped(&mut self, reason: &'static str) {
        self.effects.push_back(Effect::Dropped { reason });
    }

    pub(crate) fn arm(&mut self, timer: Timer, after: Duration) {
        self.timers.set(timer, self.now.mono + after.max(TICK));
    }

    /// The gate of what must not leave before the journal has it.
    pub(crate) fn written(&self, entry: u64) -> Option<Mark> {
        Some(Mark { entry, durability: Durability::Written })
    }
}

impl Timer {
    fn reason(&self) -> TimerReason {
        match self {
            Self::Ring(_) => TimerReason::Ring,
            Self::Claim(_) => TimerReason::Claim,
            Self::CallMax(_) => TimerReason::CallMax,
            Self::Ping(_) => TimerReason::Ping,
            Self::Open(_) => TimerReason::Open,
            Self::Target(_) => TimerReason::Target,
            Self::VoicemailKept(_) | Self::VoicemailMax(_) => TimerReason::Voicemail,
            Self::Recorder(_) => TimerReason::Recorder,
            Self::Announced(_) | Self::Typing(_) => TimerReason::Callback,
            Self::Attempt(_) => TimerReason::Attempt,
            Self::Menu(_) => TimerReason::Menu,
            Self::Announce(_) => TimerReason::Announce,
            Self::Closing(_) => TimerReason::Closing,
            Self::Restored(_) => TimerReason::Restored,
        }
    }
}

/// How often owners compare live legs with leases (DESIGN section 4).
const FACTS_EVERY: Duration = Duration::from_secs(5);
/// A timer set anew while it fires must lie in the future, whatever a configuration says.
const TICK: Duration = Duration::from_millis(1);
