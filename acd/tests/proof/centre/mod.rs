//! Whole centres through the distributor: callers with patience who ring again, agents with shifts, breaks, calls of
//! their own and phones that fail, from one seed, as fast as it goes; judged as storms are.

mod laws;
mod scenario;

use core::cmp::Reverse;
use core::time::Duration;
use std::collections::BinaryHeap;

use acd::*;
use clock::*;

use crate::checker::Checker;
use scenario::{OWN_CALL, OWN_CALLS_APART, PATIENCE, PICK_UP, SHIFT, TALK};

pub(crate) use scenario::Scenario;

/// What came of a centre.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) calls: u64,
    pub(crate) answered: u64,
    pub(crate) abandoned: u64,
    pub(crate) left: u64,
    pub(crate) events: u64,
    /// Waits of those who were answered, milliseconds.
    pub(crate) waits_ms: Vec<u32>,
}

/// A centre at work.
pub(crate) struct Centre {
    scenario: Scenario,
    rng: Rng,
    acd: Acd,
    pub(crate) checker: Checker,
    agenda: BinaryHeap<Reverse<(Instant, u64, Event)>>,
    outcome: Outcome,
    legs: u64,
    noted: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    /// Somebody may ring; with a number, somebody who rings again.
    Arrival(Option<(QueueId, String)>),
    Patience(CallId),
    Phone(OfferId, Generation, u8),
    HangUp(AgentId, CallId, LegId),
    Begin(AgentId),
    Break(AgentId, bool),
    End(AgentId),
    OwnCall(AgentId),
    PhoneBack(AgentId),
}

impl Centre {
    pub(crate) fn new(scenario: Scenario) -> Self {
        let mut rng = Rng::new(scenario.seed);
        let limits = Limits { waiting: 100_000, ..Limits::default() };
        let acd = Acd::new(limits, rng.fork());
        let (queues, agents) = scenario.rules(&mut rng);
        let (checker, agenda, outcome) = (Checker::default(), BinaryHeap::new(), Outcome::default());
        let mut centre = Self { scenario, rng, acd, checker, agenda, outcome, legs: 0, noted: 0 };
        centre.checker.now = Now { mono: Instant::ZERO, wall: WallTime::from_micros(1_700_000_000_000_000) };
        centre.say(Input::Configure { queues, agents });
        for id in 0..centre.scenario.agents {
            centre.say(Input::Reachable { agent: AgentId(id), reachable: true });
            let begin = Duration::from_secs(centre.scenario.shift_begin(id));
            centre.note(begin, Event::Begin(AgentId(id)));
        }
        centre.next_arrival();
        centre
    }

    /// Runs its days, then until all have gone; stops at the first violation.
    pub(crate) fn run(mut self) -> (Outcome, Checker) {
        let end = Instant::ZERO + Duration::from_secs_f64(self.scenario.days * 86_400.0);
        let mut judged = Instant::ZERO;
        while self.checker.violations.is_empty() {
            let due = self.acd.poll_timeout().map(|(at, _)| at);
            let by_book = self.checker.next_due();
            if due != by_book {
                let what = format!("due {due:?}, by the book {by_book:?}");
                self.checker.violations.push(("P6 timers to one tick", what));
            }
            let planned = self.agenda.peek().map(|Reverse((at, _, _))| *at);
            let Some(at) = [due, planned].into_iter().flatten().min() else { break };
            self.checker.now = self.checker.now.plus(at.since(self.checker.now.mono));
            if due.is_some_and(|due| due <= at) {
                self.acd.handle_timeout(self.checker.now);
                self.checker.timeout();
                self.judge();
            } else if let Some(Reverse((_, _, event))) = self.agenda.pop() {
                self.happens(event, at < end);
            }
            if at.since(judged) > VIEW_EVERY {
                self.checker.judge_view(&self.acd);
                judged = at;
            }
        }
        self.checker.judge_view(&self.acd);
        let left = self.acd.counts();
        if self.checker.violations.is_empty() && (left.waiting, left.offers, left.legs, left.timers) != (0, 0, 0, 0) {
            self.checker.violations.push(("nothing stays behind", format!("{left:?}")));
        }
        (self.outcome, self.checker)
    }

    fn happens(&mut self, event: Event, is_open: bool) {
        match event {
            Event::Arrival(_) if !is_open => {}
            Event::Arrival(again) => self.arrival(again),
            Event::Patience(call) => {
                let Some(row) = self.checker.calls.get(&call) else { return };
                let queue = row.queue;
                self.outcome.abandoned += 1;
                self.say(Input::CallerGone { call });
                if self.rng.chance(0.3) {
                    let pause = laws::Law::Exp(120.0).draw(&mut self.rng);
                    self.note(pause, Event::Arrival(Some((queue, number(call)))));
                }
            }
            Event::Phone(offer, generation, reaction) => self.phone(offer, generation, reaction),
            Event::HangUp(agent, call, leg) => self.say(Input::AgentFree { agent, call, leg, talked: true }),
            Event::Begin(_) if !is_open => {}
            Event::Begin(agent) => self.begin(agent),
            Event::Break(agent, begins) => {
                self.status(agent, if begins { Status::Paused } else { Status::Ready });
                if begins {
                    self.note(Duration::from_secs(900), Event::Break(agent, false));
                }
            }
            Event::End(agent) => {
                self.status(agent, Status::Offline);
                self.note(Duration::from_secs(86_400) - SHIFT, Event::Begin(agent));
            }
            Event::OwnCall(agent) => self.own_call(agent, is_open),
            Event::PhoneBack(agent) => self.say(Input::Reachable { agent, reachable: true }),
        }
    }

    fn next_arrival(&mut self) {
        let apart = laws::Law::Exp(1.0 / self.scenario.rate_max()).draw(&mut self.rng);
        self.note(apart, Event::Arrival(None));
    }

    /// Arrivals are thinned from the highest rate to the rate of the moment.
    fn arrival(&mut self, again: Option<(QueueId, String)>) {
        let is_new = again.is_none();
        if is_new {
            self.next_arrival();
            let second = self.checker.now.mono.as_nanos() as f64 / 1e9;
            if !self.rng.chance(self.scenario.rate(second) / self.scenario.rate_max()) {
                return;
            }
        }
        self.outcome.calls += 1;
        let call = CallId(self.outcome.calls.into());
        let queue = QueueId(self.rng.below(self.scenario.queues.into()) as u32);
        let (queue, caller) = again.unwrap_or_else(|| (queue, number(call)));
        let shard = ShardId((call.0 % 4) as u16);
        let priority = if call.0.is_multiple_of(10) { 2 } else { 0 };
        let work = Enqueue { call, shard, queue, caller: Some(caller), priority, ..Enqueue::default() };
        self.say(Input::Enqueue(work));
        let patience = PATIENCE.draw(&mut self.rng);
        self.note(patience, Event::Patience(call));
    }

    /// What the agent whose phone rings does about it, and when.
    fn rings(&mut self, offer: OfferId, generation: Generation, ring: Duration) {
        let (after, reaction) = match self.rng.below(1_000) {
            0..20 => (ring, MISSES),
            20..30 => (Duration::from_millis(800), REFUSES),
            30..32 => (Duration::from_millis(200), FAILS),
            _ => (PICK_UP.draw(&mut self.rng).min(ring), ANSWERS),
        };
        self.note(after, Event::Phone(offer, generation, reaction));
    }

    fn phone(&mut self, offer: OfferId, generation: Generation, reaction: u8) {
        let Some(lease) = self.checker.lease(offer, generation).map(|(_, lease)| lease) else { return };
        let outcome = match reaction {
            ANSWERS => return self.say(Input::Claim { shard: lease.shard, offer, generation }),
            MISSES => OfferOutcome::NoAnswer,
            REFUSES => OfferOutcome::Refused,
            _ => OfferOutcome::Unreachable,
        };
        self.say(Input::OfferEnded { offer, generation, outcome });
    }

    fn talks(&mut self, agent: AgentId, call: CallId) {
        let talk = TALK.draw(&mut self.rng);
        self.legs += 1;
        self.note(talk, Event::HangUp(agent, call, LegId(self.legs)));
        if self.rng.chance(0.03) {
            // He asks a colleague meanwhile: a leg of its own, in no queue.
            self.legs += 1;
            let (leg, consultation) = (LegId(self.legs), CallId(1 << 100 | u128::from(self.legs)));
            let shard = ShardId(0);
            self.say(Input::AgentBusy(AgentFact { shard, agent, call: consultation, leg, queue: None }));
            let asked = talk.mul_f64(self.rng.unit() * 1.5);
            self.note(asked, Event::HangUp(agent, consultation, leg));
        }
    }

    fn begin(&mut self, agent: AgentId) {
        self.status(agent, Status::Ready);
        for hours in [2, 4, 6] {
            let at = Duration::from_secs(hours * 3600 + self.rng.below(1_800));
            self.note(at, Event::Break(agent, true));
        }
        self.note(SHIFT, Event::End(agent));
        let own = OWN_CALLS_APART.draw(&mut self.rng);
        self.note(own, Event::OwnCall(agent));
        if self.rng.chance(0.05) {
            self.say(Input::Reachable { agent, reachable: false });
            self.note(Duration::from_secs(30), Event::PhoneBack(agent));
        }
    }

    fn own_call(&mut self, agent: AgentId, is_open: bool) {
        let status = self.checker.agents[&agent].status;
        if !is_open || status == Status::Offline {
            return;
        }
        let next = OWN_CALLS_APART.draw(&mut self.rng);
        self.note(next, Event::OwnCall(agent));
        if self.checker.agents[&agent].state() == State::OnCall {
            return;
        }
        self.legs += 1;
        let (leg, call) = (LegId(self.legs), CallId(1 << 100 | u128::from(self.legs)));
        self.say(Input::AgentBusy(AgentFact { shard: ShardId(0), agent, call, leg, queue: None }));
        let talk = OWN_CALL.draw(&mut self.rng);
        self.note(talk, Event::HangUp(agent, call, leg));
    }

    fn status(&mut self, agent: AgentId, status: Status) {
        self.say(Input::SetStatus { request: None, agent, status, reason: None });
    }

    fn say(&mut self, input: Input) {
        self.acd.handle(self.checker.now, input.clone());
        self.checker.input(&input);
        self.judge();
    }

    /// Everything cheap each time; what scans all calls and agents as often as it costs the same.
    fn judge(&mut self) {
        self.outcome.events += 1;
        let rows = u64::from(self.scenario.agents) + self.acd.counts().waiting as u64;
        let is_thorough = self.outcome.events.is_multiple_of((rows / SCANNED_EACH).max(1));
        let effects: Vec<Effect> = core::iter::from_fn(|| self.acd.poll_effect()).collect();
        self.checker.judge(&effects, is_thorough);
        for effect in effects {
            match effect {
                Effect::Offer { offer, generation, ring, .. } => self.rings(offer, generation, ring),
                Effect::ClaimGranted { offer, .. } => {
                    let Some((agent, call, waited)) = self.checker.answered(offer) else { continue };
                    self.outcome.answered += 1;
                    self.outcome.waits_ms.push(u32::try_from(waited.as_millis()).unwrap_or(u32::MAX));
                    self.talks(agent, call);
                }
                Effect::LeaveQueue { .. } => self.outcome.left += 1,
                _ => {}
            }
        }
    }

    fn note(&mut self, after: Duration, event: Event) {
        self.noted += 1;
        self.agenda.push(Reverse((self.checker.now.mono + after, self.noted, event)));
    }
}

fn number(call: CallId) -> String {
    format!("+4477{:08}", call.0)
}

const ANSWERS: u8 = 0;
const MISSES: u8 = 1;
const REFUSES: u8 = 2;
const FAILS: u8 = 3;
/// Rows that a judge looks through, on average, after an event.
const SCANNED_EACH: u64 = 60;
const VIEW_EVERY: Duration = Duration::from_secs(600);
