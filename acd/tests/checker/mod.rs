//! A naive ACD to judge the real one by: rows in maps, every decision a scan,
//! written from DESIGN sections 4 and 9 and pacing.md section 8, sharing no code
//! with the crate. It sees inputs and effects only.

mod judge;

use std::collections::{BTreeMap, BTreeSet};

use acd::*;
use clock::*;
use core::time::Duration;

/// All that the naive ACD knows.
#[derive(Default)]
pub(crate) struct Checker {
    pub(crate) now: Now,
    pub(crate) queues: BTreeMap<QueueId, (QueueConfig, QueueTally)>,
    pub(crate) agents: BTreeMap<AgentId, Person>,
    pub(crate) calls: BTreeMap<CallId, Caller>,
    pub(crate) places: BTreeMap<(QueueId, String), (i64, Instant)>,
    phones: BTreeSet<AgentId>,
    seen_offers: BTreeSet<OfferId>,
    told: BTreeMap<AgentId, (State, Option<CallId>)>,
    expected: Vec<String>,
    next_seq: u64,
}

/// An agent.
pub(crate) struct Person {
    pub(crate) status: Status,
    pub(crate) reachable: bool,
    pub(crate) legs: Vec<Talk>,
    pub(crate) offer: Option<Lease>,
    pub(crate) max_missed: u32,
    pub(crate) missed: u32,
    owed: Duration,
    wrap_up: Option<Instant>,
    rest: Option<Instant>,
    idle: Instant,
}

/// A live leg.
#[derive(Clone)]
pub(crate) struct Talk {
    pub(crate) leg: Option<LegId>,
    pub(crate) call: CallId,
    pub(crate) shard: ShardId,
    pub(crate) queue: Option<QueueId>,
    pub(crate) offer: Option<OfferId>,
}

/// An open offer.
#[derive(Clone, Copy)]
pub(crate) struct Lease {
    pub(crate) offer: OfferId,
    pub(crate) generation: Generation,
    pub(crate) call: CallId,
    pub(crate) shard: ShardId,
    deadline: Instant,
}

/// A waiting call.
#[derive(Clone)]
pub(crate) struct Caller {
    pub(crate) queue: QueueId,
    pub(crate) shard: ShardId,
    pub(crate) priority: i32,
    pub(crate) arrived: i64,
    pub(crate) told_arrival: WallTime,
    seq: u64,
    until: Instant,
    attempts: u32,
}

impl Checker {
    /// Applies an input by the book; effects that must follow are expected.
    pub(crate) fn input(&mut self, input: &Input) {
        match input.clone() {
            Input::Configure { queues, agents } => self.configure(queues, agents),
            Input::Enqueue(work) => self.enqueue(work),
            Input::CallerGone { call } => self.remove(call, WithdrawReason::CallerGone, |tally| &mut tally.abandoned),
            Input::Claim { shard, offer, generation } => self.claim(shard, offer, generation),
            Input::OfferEnded { offer, generation, outcome } => self.ended(offer, generation, outcome),
            Input::AgentBusy(fact) => self.busy(fact),
            Input::AgentFree { agent, call, leg, talked } => {
                if let Some(index) = self.agents.get(&agent).and_then(|person| person.find(leg, call)) {
                    self.end_leg(agent, index, talked, talked);
                }
            }
            Input::Reachable { agent, reachable } => self.reachable(agent, reachable),
            Input::SetStatus { agent, status, .. } => self.status(agent, status),
            Input::Facts { legs, .. } => {
                for fact in legs {
                    self.busy_known(fact);
                }
            }
            Input::ShardLost { shard } => self.shard_lost(shard),
            Input::RestorePlace { queue, caller, arrived, until } => {
                let left = until.as_micros() - self.now.wall.as_micros();
                if left > 0 {
                    let age = (self.now.wall.as_micros() - arrived.as_micros()).max(0) * 1000;
                    let stamp = nanos(self.now.mono) - age;
                    let until = self.now.mono + Duration::from_micros(left as u64);
                    let kept = self.places.get(&(queue, caller.clone()));
                    if kept.is_none_or(|(earlier, _)| *earlier > stamp) {
                        self.places.insert((queue, caller), (stamp, until));
                    }
                }
            }
        }
    }

    /// Runs every timer that is due.
    pub(crate) fn timeout(&mut self) {
        let now = self.now.mono;
        let over: Vec<CallId> = self.calls.iter().filter(|(_, row)| row.until <= now).map(|(call, _)| *call).collect();
        for call in over {
            self.wait_over(call);
        }
        let ids: Vec<AgentId> = self.agents.keys().copied().collect();
        for id in ids {
            if self.agents[&id].offer.is_some_and(|lease| lease.deadline <= now) {
                self.withdraw(id, WithdrawReason::Overdue);
                self.person(id).leave_alone(now, UNREACHABLE_REST);
            }
            let person = self.person(id);
            person.wrap_up = person.wrap_up.filter(|until| *until > now);
            person.rest = person.rest.filter(|until| *until > now);
        }
        self.places.retain(|_, (_, until)| *until > now);
    }

    /// When the next timer must be due, and how many there must be.
    pub(crate) fn timers(&self) -> (Option<Instant>, usize) {
        let of_agents = self.agents.values().flat_map(|p| [p.offer.map(|lease| lease.deadline), p.wrap_up, p.rest]);
        let of_calls = self.calls.values().map(|row| Some(row.until));
        let of_places = self.places.values().map(|(_, until)| Some(*until));
        let all: Vec<Instant> = of_agents.chain(of_calls).chain(of_places).flatten().collect();
        (all.iter().min().copied(), all.len())
    }

    fn configure(&mut self, queues: Vec<QueueConfig>, agents: Vec<AgentConfig>) {
        let kept: BTreeSet<QueueId> = queues.iter().map(|config| config.queue).collect();
        let orphans: Vec<CallId> =
            self.calls.iter().filter(|(_, row)| !kept.contains(&row.queue)).map(|(call, _)| *call).collect();
        for call in orphans {
            self.wait_over(call);
        }
        self.queues.retain(|queue, _| kept.contains(queue));
        let kept: BTreeSet<AgentId> = agents.iter().map(|config| config.agent).collect();
        let gone: Vec<AgentId> = self.agents.keys().filter(|agent| !kept.contains(agent)).copied().collect();
        for agent in gone {
            self.withdraw(agent, WithdrawReason::Offline);
            self.agents.remove(&agent);
            self.told.remove(&agent);
        }
        for config in queues {
            let row = self.queues.entry(config.queue).or_insert_with(|| (config.clone(), QueueTally::default()));
            row.0 = config;
        }
        for config in agents {
            let (idle, reachable) = (self.now.mono, self.phones.contains(&config.agent));
            let person = self.agents.entry(config.agent).or_insert(Person::new(config.status, reachable, idle));
            person.max_missed = config.max_missed;
        }
    }

    fn enqueue(&mut self, work: Enqueue) {
        let Enqueue { call, shard, queue, caller, priority, .. } = work;
        let former = self.calls.get(&call).cloned();
        if let Some(row) = former.as_ref().filter(|row| row.queue == queue).cloned() {
            self.calls.insert(call, Caller { priority, shard, ..row });
            return;
        }
        self.remove(call, WithdrawReason::Moved, |tally| &mut tally.moved);
        let seq = former.as_ref().map_or(self.next_seq, |row| row.seq);
        self.next_seq += 1;
        let waiting = self.calls.values().filter(|row| row.queue == queue).count();
        let Some((config, tally)) = self.queues.get_mut(&queue) else {
            self.expected.push(format!("leave {call}"));
            return;
        };
        tally.entered += 1;
        if waiting >= config.max_waiting {
            tally.timed_out += 1;
            self.expected.push(format!("leave {call}"));
            return;
        }
        let kept = caller.filter(|_| former.is_none()).and_then(|caller| self.places.remove(&(queue, caller)));
        let arrived = former.map(|row| row.arrived).or(kept.map(|(stamp, _)| stamp));
        let arrived = arrived.unwrap_or(nanos(self.now.mono));
        let (until, told_arrival) = (self.now.mono + config.max_wait, self.now.wall);
        let row = Caller { queue, shard, priority, arrived, told_arrival, seq, until, attempts: 0 };
        self.calls.insert(call, row);
    }

    /// The call leaves its queue, and its offer is withdrawn.
    fn remove(&mut self, call: CallId, reason: WithdrawReason, count: fn(&mut QueueTally) -> &mut u64) {
        if let Some(agent) = self.agent_of(call) {
            self.withdraw(agent, reason);
        }
        if let Some(row) = self.calls.remove(&call)
            && let Some((_, tally)) = self.queues.get_mut(&row.queue)
        {
            *count(tally) += 1;
        }
    }

    fn wait_over(&mut self, call: CallId) {
        self.expected.push(format!("leave {call}"));
        self.remove(call, WithdrawReason::WaitOver, |tally| &mut tally.timed_out);
    }

    fn withdraw(&mut self, agent: AgentId, reason: WithdrawReason) {
        if let Some(lease) = self.person(agent).offer.take() {
            self.expected.push(format!("withdraw {:?} {:?} {reason:?}", lease.offer, lease.generation));
        }
    }

    fn claim(&mut self, shard: ShardId, offer: OfferId, generation: Generation) {
        let open = self.agents.iter().find_map(|(id, person)| {
            let lease = person.offer.filter(|lease| (lease.offer, lease.generation) == (offer, generation))?;
            Some((*id, lease))
        });
        let Some((agent, lease)) = open else {
            if !self.agents.values().any(|person| person.legs.iter().any(|talk| talk.offer == Some(offer))) {
                self.expected.push(format!("refuse {offer:?} {generation:?}"));
            }
            return;
        };
        self.expected.push(format!("grant {offer:?} {generation:?}"));
        let queue = self.calls[&lease.call].queue;
        let person = self.person(agent);
        person.offer = None;
        person.missed = 0;
        person.legs.push(Talk { leg: None, call: lease.call, shard, queue: Some(queue), offer: Some(offer) });
        self.remove(lease.call, WithdrawReason::CallerGone, |tally| &mut tally.answered);
    }

    fn ended(&mut self, offer: OfferId, generation: Generation, outcome: OfferOutcome) {
        let now = self.now.mono;
        let open = self.agents.iter_mut().find(|(_, person)| {
            person.offer.is_some_and(|lease| (lease.offer, lease.generation) == (offer, generation))
        });
        let Some((_, person)) = open else { return };
        let Some(lease) = person.offer.take() else { return };
        match outcome {
            OfferOutcome::NoAnswer => {
                person.leave_alone(now, MISSED_REST);
                person.missed += 1;
                if person.max_missed > 0 && person.missed >= person.max_missed {
                    person.status = Status::Paused;
                }
            }
            OfferOutcome::Refused => person.leave_alone(now, REFUSED_REST),
            OfferOutcome::Unreachable | OfferOutcome::Withdrawn => person.leave_alone(now, UNREACHABLE_REST),
            OfferOutcome::CallerGone => {
                self.remove(lease.call, WithdrawReason::CallerGone, |tally| &mut tally.abandoned);
            }
        }
    }

    fn busy(&mut self, fact: AgentFact) {
        let Some(person) = self.agents.get(&fact.agent) else { return };
        if person.offer.is_some_and(|lease| lease.call == fact.call) {
            return;
        }
        let known = self.person(fact.agent).legs.iter().any(|talk| talk.leg == Some(fact.leg));
        if !known || !self.busy_known(fact) {
            let AgentFact { call, leg, queue, shard, .. } = fact;
            self.person(fact.agent).legs.push(Talk { leg: Some(leg), call, shard, queue, offer: None });
        }
        self.withdraw(fact.agent, WithdrawReason::Busy);
    }

    /// A leg that we know is named: its id and shard are known from now.
    fn busy_known(&mut self, fact: AgentFact) -> bool {
        let Some(person) = self.agents.get_mut(&fact.agent) else { return false };
        let Some(index) = person.find(fact.leg, fact.call) else { return false };
        person.legs[index].leg = Some(fact.leg);
        person.legs[index].shard = fact.shard;
        true
    }

    fn end_leg(&mut self, agent: AgentId, index: usize, talked: bool, contact: bool) {
        let now = self.now.mono;
        let talk = self.person(agent).legs.remove(index);
        let wrap_up = talk.queue.and_then(|queue| self.queues.get(&queue)).map_or(Duration::ZERO, |(c, _)| c.wrap_up);
        let person = self.person(agent);
        if talk.queue.is_some() && contact {
            person.idle = now;
        }
        if talk.queue.is_some() && talked {
            person.owed = person.owed.max(wrap_up);
        }
        if person.legs.is_empty() && person.owed > Duration::ZERO {
            person.wrap_up = person.wrap_up.max(Some(now + person.owed));
            person.owed = Duration::ZERO;
        }
    }

    fn reachable(&mut self, agent: AgentId, reachable: bool) {
        if reachable {
            self.phones.insert(agent)
        } else {
            self.phones.remove(&agent)
        };
        let Some(person) = self.agents.get_mut(&agent) else { return };
        if reachable && !person.reachable {
            person.rest = None;
        }
        person.reachable = reachable;
        if !reachable {
            self.withdraw(agent, WithdrawReason::Offline);
        }
    }

    fn status(&mut self, agent: AgentId, status: Status) {
        let Some(person) = self.agents.get_mut(&agent) else { return };
        person.status = status;
        match status {
            Status::Ready => {
                if person.state() == State::WrapUp {
                    person.wrap_up = None;
                }
                person.missed = 0;
                person.rest = None;
            }
            Status::Paused => self.withdraw(agent, WithdrawReason::Paused),
            Status::Offline => self.withdraw(agent, WithdrawReason::Offline),
        }
    }

    fn shard_lost(&mut self, shard: ShardId) {
        let gone: Vec<CallId> =
            self.calls.iter().filter(|(_, row)| row.shard == shard).map(|(call, _)| *call).collect();
        for call in gone {
            self.remove(call, WithdrawReason::CallerGone, |tally| &mut tally.abandoned);
        }
        let ids: Vec<AgentId> = self.agents.keys().copied().collect();
        for id in ids {
            while let Some(index) = self.agents[&id].legs.iter().position(|talk| talk.shard == shard) {
                self.end_leg(id, index, false, true);
            }
        }
    }

    fn agent_of(&self, call: CallId) -> Option<AgentId> {
        self.agents.iter().find(|(_, p)| p.offer.is_some_and(|lease| lease.call == call)).map(|(id, _)| *id)
    }

    fn person(&mut self, agent: AgentId) -> &mut Person {
        self.agents.get_mut(&agent).expect("an agent of ours")
    }
}

impl Person {
    fn new(status: Status, reachable: bool, idle: Instant) -> Self {
        let (legs, offer, max_missed, missed) = (Vec::new(), None, 0, 0);
        let (owed, wrap_up, rest) = (Duration::ZERO, None, None);
        Self { status, reachable, legs, offer, max_missed, missed, owed, wrap_up, rest, idle }
    }

    fn find(&self, leg: LegId, call: CallId) -> Option<usize> {
        let exact = self.legs.iter().position(|talk| talk.leg == Some(leg));
        exact.or(self.legs.iter().position(|talk| talk.leg.is_none() && talk.call == call))
    }

    fn leave_alone(&mut self, now: Instant, rest: Duration) {
        self.idle = now;
        self.rest = Some(now + rest);
    }

    pub(crate) fn state(&self) -> State {
        match self {
            _ if !self.legs.is_empty() => State::OnCall,
            _ if self.offer.is_some() => State::Reserved,
            _ if self.wrap_up.is_some() => State::WrapUp,
            _ if self.status == Status::Offline || !self.reachable => State::Offline,
            _ if self.status == Status::Paused => State::Paused,
            _ => State::Ready,
        }
    }
}

fn nanos(instant: Instant) -> i64 {
    instant.as_nanos() as i64
}
