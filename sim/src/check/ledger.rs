//! A plain book of agents, waiting calls and offers, kept from the ACD's messages alone. Written from DESIGN
//! sections 4 and 9; it decides nothing, so that the rules can ask what was true.

use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};

use acd::{AgentFact, Effect, Input, OfferOutcome, QueueConfig, QueueTally, State, Status, WithdrawReason};
use acd::{MISSED_REST, REFUSED_REST, UNREACHABLE_REST};
use clock::{AgentId, CallId, CallbackId, Generation, Instant, LegId, Now, OfferId, QueueId, ShardId, WallTime};

/// The book.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    pub(crate) now: Now,
    pub(crate) queues: BTreeMap<QueueId, (QueueConfig, QueueTally)>,
    pub(crate) agents: BTreeMap<AgentId, Agent>,
    pub(crate) calls: BTreeMap<CallId, Caller>,
    pub(crate) offers: BTreeMap<OfferId, Offer>,
    /// Places that must be given back.
    pub(crate) places: BTreeMap<(QueueId, String), Place>,
    /// When callbacks were asked for, or their callers came.
    pub(super) arrivals: BTreeMap<(QueueId, WallTime), Arrival>,
    /// Places of callbacks that their callers took over in this step.
    pub(super) taken_over: BTreeMap<(QueueId, String), WallTime>,
    /// Under which call a callback waits.
    pub(super) works: BTreeMap<CallbackId, CallId>,
    reachable: BTreeSet<AgentId>,
    pub(super) next_seq: u64,
}

/// An agent.
#[derive(Debug)]
pub(crate) struct Agent {
    pub(crate) status: Status,
    pub(crate) reachable: bool,
    pub(crate) legs: Vec<Leg>,
    pub(crate) offer: Option<OfferId>,
    pub(crate) wrap_up: Option<Instant>,
    /// The call that it follows, or will.
    wraps_up: Option<CallId>,
    pub(crate) rest: Option<Instant>,
    pub(crate) missed: u32,
    pub(crate) max_missed: u32,
    /// His standing leg is up, and he is logged in with it.
    pub(crate) stands: bool,
    /// Since when he is idle by the strategy, in nanoseconds of the monotonic clock.
    pub(crate) idle_since: Instant,
    /// What the ACD last said of him.
    pub(crate) told: Option<(State, Option<CallId>)>,
    owed: Duration,
}

/// A live leg of an agent.
#[derive(Clone, Debug)]
pub(crate) struct Leg {
    pub(crate) leg: Option<LegId>,
    pub(crate) call: CallId,
    pub(crate) shard: ShardId,
    pub(crate) queue: Option<QueueId>,
}

/// A waiting call.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    pub(crate) shard: ShardId,
    pub(crate) queue: QueueId,
    pub(crate) number: Option<String>,
    pub(crate) priority: i32,
    /// Arrival on the monotonic clock in nanoseconds; negative for one before the node's start.
    pub(crate) arrived: i128,
    pub(crate) arrived_wall: WallTime,
    /// Its place among those who came in the same moment, where it is known.
    pub(crate) seq: Option<u64>,
    pub(crate) until: Instant,
    pub(crate) offer: Option<OfferId>,
    /// It has no place yet.
    pub(crate) is_new: bool,
    /// It is a callback's; begun on its shard, or not yet.
    pub(crate) callback: Option<Begun>,
}

/// When somebody came whose callback has his place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Arrival {
    /// As in `Caller`.
    pub(super) arrived: i128,
    /// None: several came to the queue in the same moment, and which of them is meant nothing says.
    pub(super) seq: Option<u64>,
}

/// Whether the call of a callback that waits has begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Begun(pub(crate) bool);

/// The place of a caller whom a restart cut off.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    pub(crate) arrived_wall: WallTime,
    /// As in `Caller`, fixed when the place was restored.
    arrived: i128,
    until: Instant,
}

/// An open offer.
#[derive(Clone, Debug)]
pub(crate) struct Offer {
    pub(crate) agent: AgentId,
    pub(crate) call: CallId,
    pub(crate) generation: Generation,
    pub(crate) deadline: Instant,
}

impl Agent {
    /// What is true of him (data-model: a leg comes before an offer, an offer before wrap-up).
    pub(crate) fn state(&self) -> State {
        if !self.legs.is_empty() {
            State::OnCall
        } else if self.offer.is_some() {
            State::Reserved
        } else if self.wrap_up.is_some() {
            State::WrapUp
        } else {
            match (self.status, self.reachable) {
                (Status::Offline, _) | (_, false) => State::Offline,
                (Status::Paused, true) => State::Paused,
                (Status::Ready, true) => State::Ready,
            }
        }
    }

    /// May be offered a call now: ready and not resting.
    pub(crate) fn is_idle(&self) -> bool {
        self.state() == State::Ready && self.rest.is_none()
    }

    fn leg_index(&self, leg: LegId, call: CallId) -> Option<usize> {
        let by_id = self.legs.iter().position(|known| known.leg == Some(leg));
        by_id.or_else(|| self.legs.iter().position(|known| known.leg.is_none() && known.call == call))
    }

    /// Once the last leg has ended, what he owes begins.
    fn begin_wrap_up(&mut self, now: Instant) {
        if self.legs.is_empty() && self.owed > Duration::ZERO {
            let until = now + core::mem::take(&mut self.owed);
            self.wrap_up = Some(self.wrap_up.map_or(until, |running| running.max(until)));
        }
    }

    fn rest(&mut self, now: Instant, rest: Duration) {
        self.idle_since = now;
        self.rest = Some(now + rest);
    }
}

impl Caller {
    /// It is before another one, as far as that is known.
    pub(crate) fn is_before(&self, other: &Self) -> bool {
        let place = |row: &Self| (core::cmp::Reverse(row.priority), row.arrived);
        let in_turn = || self.seq.zip(other.seq).is_some_and(|(own, other)| own < other);
        place(self) < place(other) || (place(self) == place(other) && in_turn())
    }
}

impl Ledger {
    /// Time goes on: wrap-ups and rests that are over end.
    pub(crate) fn advance(&mut self, now: Now) {
        self.now = now;
        // Who was served meanwhile takes no place.
        self.taken_over.clear();
        for agent in self.agents.values_mut() {
            agent.wrap_up = agent.wrap_up.filter(|until| *until > now.mono);
            agent.rest = agent.rest.filter(|until| *until > now.mono);
        }
        self.places.retain(|_, place| place.until > now.mono);
    }

    /// The ACD takes an input.
    pub(crate) fn told(&mut self, input: &Input) {
        match input {
            Input::Configure { queues, agents } => self.configure(queues, agents),
            Input::Enqueue(work) => {
                self.enqueue(work);
            }
            Input::CallerGone { call } => {
                self.gave_up(*call);
                self.leave(*call, |tally| &mut tally.abandoned);
            }
            Input::CallerMoved { call } => self.leave(*call, |tally| &mut tally.moved),
            // What an order does is told by its effects; simulated supervisors give none about waiting calls.
            Input::Claim { .. } | Input::Steer(_) | Input::AskPlace { .. } => {}
            Input::ShardLost { shard } => self.shard_lost(*shard),
            Input::OfferEnded { offer, generation, outcome } => self.offer_ended(*offer, *generation, *outcome),
            Input::AgentBusy(fact) => {
                let ringing = self.call_of_offer(fact.agent) == Some(fact.call);
                let Some(agent) = self.agents.get_mut(&fact.agent).filter(|_| !ringing) else { return };
                if !agent.legs.iter().any(|known| known.leg == Some(fact.leg)) {
                    let AgentFact { shard, leg, call, queue, .. } = *fact;
                    agent.legs.push(Leg { leg: Some(leg), call, shard, queue });
                }
            }
            Input::AgentFree { agent, call, leg, talked } => self.leg_ended(*agent, *call, *leg, *talked),
            Input::Reachable { agent, reachable } => self.set_reachable(*agent, *reachable),
            Input::SetStatus { agent, status, .. } => self.set_status(*agent, *status),
            Input::Facts { legs, .. } => {
                for fact in legs {
                    let Some(agent) = self.agents.get_mut(&fact.agent) else { continue };
                    if let Some(at) = agent.leg_index(fact.leg, fact.call) {
                        agent.legs[at].leg = Some(fact.leg);
                    }
                }
            }
            Input::WhyIdle { .. } | Input::WhyWait { .. } | Input::LastAgents(_) => {}
            Input::Owners(_) | Input::Lent(_) => {}
            Input::RestorePlace { queue, caller, arrived, until, .. } => {
                self.keep_place((*queue, caller.clone()), *arrived, *until);
            }
            Input::RequestCallback(request) => self.note_arrival(request),
            Input::RestoreCallback(callback) => self.restore_callback(callback),
            // Whoever is not reached any more, or talks already, waits no more.
            Input::CallbackStep { call, step } if *step != acd::CallbackStep::Dialing => self.unplace(*call),
            Input::CancelCallback { .. } | Input::CallbackStep { .. } | Input::CallbackFacts { .. } => {}
            Input::Dispose { disposed, .. } => {
                let his = self.agents.get_mut(&disposed.agent);
                let about = his.filter(|row| row.wraps_up == Some(disposed.call));
                about.into_iter().for_each(|row| row.wrap_up = None);
            }
            // Nobody is probed, extends a wrap-up or chooses queues in the simulated centre, and a call on hold is a call.
            Input::AgentRules { .. }
            | Input::Answers { .. }
            | Input::AgentHolds { .. }
            | Input::ExtendWrapUp { .. }
            | Input::SetStandingLeg { .. }
            | Input::StandingLeg { .. }
            | Input::StandingFacts { .. }
            | Input::ChooseQueues { .. } => {}
        }
    }

    /// The ACD says something; the rules have been asked.
    pub(crate) fn said(&mut self, effect: &Effect) {
        match effect {
            Effect::Enqueued { call, shard, queue, arrived, priority } if !self.calls.contains_key(call) => {
                self.place_callback(*call, *shard, *queue, *arrived, *priority);
            }
            Effect::Enqueued { call, .. } => {
                let Some(row) = self.calls.get_mut(call) else { return };
                let is_new = core::mem::replace(&mut row.is_new, false);
                let key = (row.queue, row.number.clone().unwrap_or_default());
                if let Some(arrived) = self.taken_over.remove(&key) {
                    row.arrived_wall = arrived;
                    if let Some(Arrival { arrived, seq }) = self.arrivals.get(&(row.queue, arrived)) {
                        (row.arrived, row.seq) = (*arrived, *seq);
                    }
                } else if let Some(place) = is_new.then(|| self.places.remove(&key)).flatten() {
                    (row.arrived_wall, row.arrived) = (place.arrived_wall, place.arrived);
                }
            }
            Effect::Offer { offer, generation, call, agent, ring, .. } => {
                let deadline = self.now.mono + *ring + acd::OFFER_GRACE + self.lease_extra(*call);
                let open = Offer { agent: *agent, call: *call, generation: *generation, deadline };
                self.offers.insert(*offer, open);
                if let Some(agent) = self.agents.get_mut(agent) {
                    agent.offer = Some(*offer);
                }
                if let Some(call) = self.calls.get_mut(call) {
                    call.offer = Some(*offer);
                }
            }
            Effect::Withdraw { offer, reason, .. } => {
                let now = self.now.mono;
                if let Some(agent) = self.close(*offer).and_then(|open| self.agents.get_mut(&open.agent))
                    && *reason == WithdrawReason::Overdue
                {
                    agent.rest(now, UNREACHABLE_REST);
                }
            }
            Effect::ClaimGranted { offer, .. } => {
                let Some(open) = self.close(*offer) else { return };
                let Some((shard, queue)) = self.calls.get(&open.call).map(|row| (row.shard, row.queue)) else { return };
                self.leave(open.call, |tally| &mut tally.answered);
                if let Some(agent) = self.agents.get_mut(&open.agent) {
                    agent.missed = 0;
                    agent.legs.push(Leg { leg: None, call: open.call, shard, queue: Some(queue) });
                }
            }
            Effect::LeaveQueue { call, .. } => self.leave(*call, |tally| &mut tally.timed_out),
            Effect::StateChanged { agent, state, call, .. } => {
                if let Some(agent) = self.agents.get_mut(agent) {
                    agent.told = Some((*state, *call));
                }
            }
            Effect::Noted { agent, note } => {
                if let (acd::Note::StandingLeg { leg, .. }, Some(row)) = (note, self.agents.get_mut(agent)) {
                    row.stands = *leg == acd::StandingLeg::Up;
                }
            }
            Effect::CallbackChanged(callback) => self.callback_changed(callback),
            Effect::BeginCallback { shard, order } => {
                self.works.insert(order.callback, order.call);
                if let Some(row) = self.calls.get_mut(&order.call) {
                    (row.shard, row.callback) = (*shard, Some(Begun(true)));
                }
            }
            Effect::CallbackAnswer { call, result: Ok((callback, is_known)), .. } => {
                self.leave(*call, |tally| &mut tally.called_back);
                if *is_known {
                    self.part(*callback);
                }
            }
            Effect::CallbackAnswer { call, result: Err(acd::CallbackRefusal::Limit), .. } => {
                self.leave(*call, |tally| &mut tally.timed_out);
            }
            Effect::Place { .. }
            | Effect::ClaimRefused { .. }
            | Effect::EndCallback { .. }
            | Effect::CallStandingLeg { .. }
            | Effect::EndStandingLeg { .. }
            | Effect::CallbackAnswer { .. }
            | Effect::StatusChanged { .. }
            | Effect::Disposed(_)
            | Effect::PlaceKept { .. }
            | Effect::Probe { .. }
            | Effect::Repaired { .. }
            | Effect::Steered { .. }
            | Effect::Reply { .. } => {}
        }
    }

    /// The agent serves this queue.
    pub(crate) fn serves(&self, agent: AgentId, queue: QueueId) -> bool {
        let stands = self.agents.get(&agent).is_some_and(|row| row.stands);
        self.queues.get(&queue).is_some_and(|(config, _)| config.has(agent) && (stands || !config.standing_leg))
    }

    fn configure(&mut self, queues: &[QueueConfig], agents: &[acd::AgentConfig]) {
        for queue in queues {
            let tally = self.queues.get(&queue.queue).map(|(_, tally)| *tally).unwrap_or_default();
            self.queues.insert(queue.queue, (queue.clone(), tally));
        }
        for config in agents {
            let reachable = self.reachable.contains(&config.agent);
            self.agents.entry(config.agent).or_insert_with(|| Agent {
                status: config.status,
                reachable,
                legs: Vec::new(),
                offer: None,
                wrap_up: None,
                wraps_up: None,
                rest: None,
                missed: 0,
                max_missed: config.max_missed,
                stands: false,
                idle_since: self.now.mono,
                told: None,
                owed: Duration::ZERO,
            });
        }
    }

    /// A call that is moved keeps its arrival; in its own queue it keeps everything.
    fn enqueue(&mut self, work: &acd::Enqueue) {
        let acd::Enqueue { call, shard, queue, priority, .. } = *work;
        let number = work.caller.clone();
        let Some((config, tally)) = self.queues.get_mut(&queue) else { return };
        let former = self.calls.get(&call).cloned();
        if let Some(row) = self.calls.get_mut(&call).filter(|row| row.queue == queue) {
            row.priority = priority;
            return;
        }
        tally.entered += 1;
        let until = self.now.mono + work.max_wait.unwrap_or(config.max_wait);
        if former.is_some() {
            self.leave(call, |tally| &mut tally.moved);
        }
        self.next_seq += 1;
        let is_new = former.is_none() && work.arrived.is_none();
        // An arrival that is given is reckoned by the wall clock, as of now.
        let given = work.arrived.unwrap_or(self.now.wall);
        let new = (self.arrived_at(given), given, Some(self.next_seq));
        let (arrived, arrived_wall, seq) = former.map_or(new, |row| (row.arrived, row.arrived_wall, row.seq));
        let offer = None;
        let callback = None;
        let row = Caller { shard, queue, number, priority, arrived, arrived_wall, seq, until, offer, is_new, callback };
        self.calls.insert(call, row);
    }

    /// He has his place again if he rings in time, where the queue keeps places.
    fn gave_up(&mut self, call: CallId) {
        let Some(row) = self.calls.get(&call) else { return };
        let kept_for = self.queues.get(&row.queue).map_or(Duration::ZERO, |(config, _)| config.rejoin);
        let Some(number) = row.number.clone().filter(|_| !kept_for.is_zero()) else { return };
        self.keep_place((row.queue, number), row.arrived_wall, self.now.wall + kept_for);
    }

    /// Of two places of one caller the earlier stands, and of one that is kept twice the longer time.
    fn keep_place(&mut self, key: (QueueId, String), arrived_wall: WallTime, until: WallTime) {
        let now = self.now;
        let left = until.as_micros() - now.wall.as_micros();
        let Ok(left @ 1..) = u64::try_from(left) else { return };
        let arrived = self.arrived_at(arrived_wall);
        let place = Place { arrived_wall, arrived, until: now.mono + Duration::from_micros(left) };
        let kept = self.places.entry(key).or_insert(place);
        if kept.arrived_wall == arrived_wall {
            kept.until = kept.until.max(place.until);
        } else if arrived < kept.arrived {
            *kept = place;
        }
    }

    /// An arrival on the monotonic clock: its age by the wall clock, as of now; what the clock does later moves nobody.
    pub(super) fn arrived_at(&self, wall: WallTime) -> i128 {
        let age = i128::from(self.now.wall.as_micros() - wall.as_micros()).max(0) * 1_000;
        i128::from(self.now.mono.as_nanos()) - age
    }

    fn leave(&mut self, call: CallId, count: impl Fn(&mut QueueTally) -> &mut u64) {
        let Some(row) = self.calls.remove(&call) else { return };
        if let Some((_, tally)) = self.queues.get_mut(&row.queue).filter(|_| row.callback.is_none()) {
            *count(tally) += 1;
        }
    }

    fn offer_ended(&mut self, offer: OfferId, generation: Generation, outcome: OfferOutcome) {
        if self.offers.get(&offer).is_none_or(|open| open.generation != generation) {
            return;
        }
        let Some(open) = self.close(offer) else { return };
        let now = self.now.mono;
        let Some(agent) = self.agents.get_mut(&open.agent) else { return };
        match outcome {
            OfferOutcome::NoAnswer => {
                agent.rest(now, MISSED_REST);
                agent.missed += 1;
                if agent.max_missed > 0 && agent.missed >= agent.max_missed {
                    agent.status = Status::Paused;
                }
            }
            OfferOutcome::Refused => agent.rest(now, REFUSED_REST),
            OfferOutcome::Unreachable | OfferOutcome::Withdrawn => agent.rest(now, UNREACHABLE_REST),
            OfferOutcome::CallerGone => {
                self.gave_up(open.call);
                self.leave(open.call, |tally| &mut tally.abandoned);
            }
        }
    }

    fn leg_ended(&mut self, agent: AgentId, call: CallId, leg: LegId, talked: bool) {
        let now = self.now.mono;
        let Some(row) = self.agents.get_mut(&agent) else { return };
        let Some(at) = row.leg_index(leg, call) else { return };
        let ended = row.legs.remove(at);
        if let (true, Some(queue)) = (talked, ended.queue) {
            let wrap_up = self.queues.get(&queue).map_or(Duration::ZERO, |(config, _)| config.wrap_up);
            row.idle_since = now;
            row.owed = row.owed.max(wrap_up);
            row.wraps_up = Some(call);
        }
        row.begin_wrap_up(now);
    }

    /// All that a shard held is gone: its callers, and the legs of its agents, without wrap-up for these.
    fn shard_lost(&mut self, shard: ShardId) {
        let now = self.now.mono;
        // A callback whose call has not begun is nowhere but in its queue.
        let is_lost = |row: &Caller| row.shard == shard && row.callback != Some(Begun(false));
        let gone: Vec<CallId> = self.calls.iter().filter(|(_, row)| is_lost(row)).map(|(id, _)| *id).collect();
        for call in gone {
            self.gave_up(call);
            self.leave(call, |tally| &mut tally.abandoned);
        }
        for agent in self.agents.values_mut() {
            let lost = |leg: &Leg| leg.shard == shard;
            if agent.legs.iter().any(lost) {
                if agent.legs.iter().any(|leg| lost(leg) && leg.queue.is_some()) {
                    agent.idle_since = now;
                }
                agent.legs.retain(|leg| !lost(leg));
                agent.begin_wrap_up(now);
            }
        }
    }

    fn set_reachable(&mut self, agent: AgentId, reachable: bool) {
        if reachable {
            self.reachable.insert(agent);
        } else {
            self.reachable.remove(&agent);
        }
        let Some(row) = self.agents.get_mut(&agent).filter(|row| row.reachable != reachable) else { return };
        row.reachable = reachable;
        if reachable {
            row.rest = None;
        }
    }

    fn set_status(&mut self, agent: AgentId, status: Status) {
        let Some(row) = self.agents.get_mut(&agent) else { return };
        let in_wrap_up = row.state() == State::WrapUp;
        row.status = status;
        if status == Status::Ready {
            row.missed = 0;
            row.rest = None;
            if in_wrap_up {
                row.wrap_up = None;
            }
        }
    }

    fn close(&mut self, offer: OfferId) -> Option<Offer> {
        let open = self.offers.remove(&offer)?;
        if let Some(agent) = self.agents.get_mut(&open.agent).filter(|agent| agent.offer == Some(offer)) {
            agent.offer = None;
        }
        if let Some(call) = self.calls.get_mut(&open.call).filter(|call| call.offer == Some(offer)) {
            call.offer = None;
        }
        Some(open)
    }

    fn call_of_offer(&self, agent: AgentId) -> Option<CallId> {
        let offer = self.agents.get(&agent)?.offer?;
        self.offers.get(&offer).map(|open| open.call)
    }
}
