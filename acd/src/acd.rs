//! The owner of agents, queues, waiting calls and offers.

use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

use clock::{AgentId, CallId, Instant, Now, OfferId, QueueId, Rng, ShardId};

use crate::agent::Agent;
use crate::callbacks::Callbacks;
use crate::calls::Calls;
use crate::class::Classes;
use crate::contract::{CommandError, Effect, Input, Lent, Owners, PauseRule, Reply, StateCause, TimerReason};
use crate::dispatch::Woken;
use crate::facts::Suspects;
use crate::fixed_map::FixedMap;
use crate::gone::Gone;
use crate::limits::{Limits, WHY_CALLS_MAX};
use crate::line::Line;
use crate::place::Places;
use crate::planted::Planted;
use crate::preferred::LastAgents;
use crate::profile::Profile;
use crate::queue::{HeldCalls, Queue};
use crate::table::Table;
use crate::timers::{Timer, Timers};

/// The automatic call distributor (DESIGN sections 3 and 4).
///
/// After every input it is work conserving: no waiting call and idle agent who
/// may take it under the rules in force are left together ([`Acd::why_waits`]
/// names the rule that holds a call back). Each offer joins the first waiting
/// call, over all queues, that an idle agent can take, with the one of them
/// whom the queue's strategy chooses.
#[derive(Clone, Debug)]
pub struct Acd {
    pub(crate) limits: Limits,
    pub(crate) now: Now,
    /// Slots change with new rules only, before `reindex`.
    pub(crate) agents: Table<AgentId, Agent>,
    /// What agents talk in whom the rules do not name any more.
    pub(crate) gone: Gone,
    pub(crate) queues: Table<QueueId, Queue>,
    pub(crate) calls: Calls,
    pub(crate) places: Places,
    pub(crate) callbacks: Callbacks,
    pub(crate) last_agents: LastAgents,
    /// Whose customers call from which numbers.
    pub(crate) owners: Owners,
    /// Skills that agents have for now.
    pub(crate) lent: Lent,
    pub(crate) rng: Rng,
    pub(crate) pauses: Vec<PauseRule>,
    /// How often phones of ready agents are asked whether they are still there.
    pub(crate) probe_every: Option<Duration>,
    /// Why states change just now.
    pub(crate) cause: StateCause,
    /// Agents with a phone, also such as are not configured yet: a phone may
    /// register before the configuration that names its agent arrives.
    pub(crate) reachable: BTreeSet<AgentId>,
    pub(crate) offers: FixedMap<OfferId, AgentId>,
    /// What follows is an index of the rows, built anew by `reindex`.
    pub(crate) profiles: Vec<Profile>,
    pub(crate) classes: Classes,
    /// Calls for which nobody rings.
    pub(crate) open: Line,
    /// Calls for which some ring, and one more may.
    pub(crate) joining: Line,
    /// Calls that are kept for one agent.
    pub(crate) held: BTreeMap<AgentId, HeldCalls>,
    pub(crate) timers: Timers,
    pub(crate) suspects: BTreeMap<ShardId, Suspects>,
    pub(crate) woken: Woken,
    pub(crate) effects: VecDeque<Effect>,
    pub(crate) changed_agents: FixedMap<AgentId, ()>,
    pub(crate) next_offer: u64,
    pub(crate) next_seq: u64,
    pub(crate) repaired: u64,
    pub(crate) refused: u64,
    /// A fault for tests, and at how many occasions it could have struck.
    #[cfg(feature = "planted-faults")]
    pub(crate) planted: Option<(crate::planted::Planted, u32)>,
}

/// How much is held: what a leak check compares.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Configured agents.
    pub agents: usize,
    /// Configured queues.
    pub queues: usize,
    /// Waiting calls.
    pub waiting: usize,
    /// Open offers.
    pub offers: usize,
    /// Live legs of agents, also of such as are not configured any more.
    pub legs: usize,
    /// Armed timers.
    pub timers: usize,
    /// Kept places.
    pub places: usize,
    /// Open callbacks.
    pub callbacks: usize,
    /// Differences that await a second report.
    pub suspects: usize,
    /// Differences repaired so far.
    pub repaired: u64,
    /// Things refused so far because a limit was reached.
    pub refused: u64,
}

impl Acd {
    /// An ACD without queues and agents. Chance begins the offer ids at a place of
    /// their own, so that no offer of an earlier life is mistaken for one of this,
    /// and draws agents where a queue's strategy says so.
    #[must_use]
    pub fn new(limits: Limits, mut rng: Rng) -> Self {
        Self {
            limits,
            now: Now::default(),
            agents: Table::default(),
            gone: Gone::default(),
            queues: Table::default(),
            calls: Calls::default(),
            places: Places::default(),
            callbacks: Callbacks::new(rng.fork()),
            last_agents: LastAgents::default(),
            owners: Owners::default(),
            lent: Lent::default(),
            reachable: BTreeSet::new(),
            offers: FixedMap::default(),
            profiles: Vec::new(),
            classes: Classes::default(),
            open: Line::default(),
            joining: Line::default(),
            held: BTreeMap::new(),
            timers: Timers::default(),
            suspects: BTreeMap::new(),
            woken: Woken::default(),
            effects: VecDeque::new(),
            changed_agents: FixedMap::default(),
            next_offer: rng.next_u64() >> 2,
            rng,
            pauses: Vec::new(),
            probe_every: None,
            cause: StateCause::default(),
            next_seq: 0,
            repaired: 0,
            refused: 0,
            #[cfg(feature = "planted-faults")]
            planted: None,
        }
    }

    /// Takes one input. Timers that are due come first.
    pub fn handle(&mut self, now: Now, input: Input) {
        self.handle_timeout(now);
        self.take(input);
        self.dispatch();
        self.tell_callbacks();
    }

    fn take(&mut self, input: Input) {
        self.because(cause_of(&input));
        match input {
            Input::Configure { queues, agents } => self.configure(queues, agents),
            Input::Enqueue(work) => self.enqueue(work),
            Input::CallerGone { call } => self.caller_gone(call),
            Input::CallerMoved { call } => self.caller_moved(call),
            Input::AskPlace { call } => self.tell_place(call),
            Input::Claim { shard, offer, generation } => self.claim(shard, offer, generation),
            Input::OfferEnded { offer, generation, outcome } => self.offer_ended(offer, generation, outcome),
            Input::AgentBusy(fact) => self.agent_busy(fact),
            Input::AgentFree { agent, call, leg, talked } => self.agent_free(agent, call, leg, talked),
            Input::AgentHolds { agent, call, leg, holds } => self.agent_holds(agent, call, leg, holds),
            Input::Reachable { agent, reachable } => self.set_reachable(agent, reachable),
            Input::SetStatus { request, agent, status, reason } => {
                let known = self.set_status(agent, status, reason);
                self.dispatch();
                match known {
                    true => self.reply_with(request, agent),
                    false => self.reply(request, Err(CommandError::UnknownAgent)),
                }
            }
            Input::WhyIdle { request, agent } => {
                let result = self.why_idle(agent).map(Reply::WhyIdle).ok_or(CommandError::UnknownAgent);
                self.effects.push_back(Effect::Reply { request, result });
            }
            Input::WhyWait { request, calls } => {
                let waits = calls.iter().take(WHY_CALLS_MAX).filter_map(|call| self.waits(*call));
                let result = Ok(Reply::WhyWait(waits.collect()));
                self.effects.push_back(Effect::Reply { request, result });
            }
            Input::LastAgents(known) => known.iter().for_each(|(caller, agent)| self.learn(caller, *agent, None)),
            Input::Owners(owners) => self.set_owners(owners),
            Input::Lent(lent) => self.lend(lent),
            Input::Steer(order) => self.steer(order),
            Input::Answers { agent, answers } => self.set_answers(agent, answers),
            Input::Dispose { request, disposed } => self.dispose(request, *disposed),
            Input::ExtendWrapUp { request, agent, by } => self.extend_wrap_up(request, agent, by),
            Input::ChooseQueues { request, agent, queues } => self.choose_queues(request, agent, queues),
            Input::AgentRules { pauses, probe_every } => self.set_agent_rules(pauses, probe_every),
            Input::SetStandingLeg { request, agent, wanted } => self.set_standing_leg(request, agent, wanted),
            Input::StandingLeg { shard, agent, step } => self.standing_step(shard, agent, step),
            Input::StandingFacts { shard, up, held, calling } => self.standing_facts(shard, [&up, &held, &calling]),
            Input::Facts { shard, legs, waiting, offers } => self.reconcile(shard, &legs, waiting, &offers),
            Input::ShardLost { shard } => self.shard_lost(shard),
            Input::RestorePlace { queue, caller, arrived, until, ordered } => {
                self.restore_place(queue, caller, arrived, until, ordered);
            }
            Input::RequestCallback(request) => self.request_callback(*request),
            Input::CancelCallback { request, pick, why } => self.cancel_callback(request, &pick, why),
            Input::CallbackStep { call, step } => self.callback_step(call, step),
            Input::CallbackFacts { shard, calls } => self.callback_facts(shard, &calls),
            Input::RestoreCallback(callback) => self.restore_callback(*callback),
        }
    }

    /// Runs the timers that are due, all of one moment before any new offer;
    /// early calls do nothing.
    pub fn handle_timeout(&mut self, now: Now) {
        // A monotonic clock that steps back would be its owner's fault; time stands still then.
        self.now = Now { mono: now.mono.max(self.now.mono), wall: now.wall };
        while let Some(timer) = self.timers.pop_due(self.now.mono) {
            match timer {
                _ if self.strikes(Planted::MissedTimer) => {}
                Timer::MaxWait(call) => self.wait_over(call),
                Timer::Step(call) => self.step_due(call),
                Timer::Join(call) => self.join_due(call),
                Timer::Offer(agent) => {
                    self.because(StateCause::OfferEnded);
                    self.offer_overdue(agent);
                }
                Timer::WrapUp(agent) => {
                    self.because(StateCause::WrapUpOver);
                    self.wrap_up_over(agent);
                }
                Timer::Pause(agent) => {
                    self.because(StateCause::PauseLimit);
                    self.pause_due(agent);
                }
                Timer::Probe(agent) => self.probe_due(agent),
                Timer::Standing(agent) => self.standing_retry_due(agent),
                Timer::Rest(agent) => self.rest_over(agent),
                Timer::Place(id) => self.places.expire(id),
                Timer::Callback(id) => self.callback_due(id),
                Timer::Empty(queue) => self.empty_too_long(queue),
                Timer::Hours(queue) => self.follow_hours(queue),
            }
        }
        self.dispatch();
        self.tell_callbacks();
    }

    /// The next thing to be done; drained before the next input.
    pub fn poll_effect(&mut self) -> Option<Effect> {
        self.effects.pop_front()
    }

    /// When to call `handle_timeout`, and what for.
    pub fn poll_timeout(&mut self) -> Option<(Instant, TimerReason)> {
        self.timers.peek().map(|(at, timer)| (at, timer.reason()))
    }

    /// The agent and the call whose timer is due next.
    pub fn due(&mut self) -> Option<(Option<AgentId>, Option<CallId>)> {
        match self.timers.peek()?.1 {
            Timer::MaxWait(call) | Timer::Step(call) | Timer::Join(call) => Some((None, Some(call))),
            Timer::Offer(agent)
            | Timer::WrapUp(agent)
            | Timer::Rest(agent)
            | Timer::Pause(agent)
            | Timer::Standing(agent)
            | Timer::Probe(agent) => Some((Some(agent), None)),
            Timer::Place(_) | Timer::Callback(_) | Timer::Empty(_) | Timer::Hours(_) => None,
        }
    }

    /// The agent and the call of an open offer.
    #[must_use]
    pub fn offer_of(&self, offer: OfferId) -> Option<(AgentId, CallId)> {
        let agent = &self.agents[self.agent_slot(*self.offers.get(&offer)?)?];
        agent.offer.as_ref().map(|open| (agent.agent, open.call))
    }

    /// Shard and queue of a call that waits.
    #[must_use]
    pub fn waits_in(&self, call: CallId) -> Option<(ShardId, QueueId)> {
        self.calls.get(&call).map(|row| (row.shard, row.queue))
    }

    /// How much is held.
    #[must_use]
    pub fn counts(&self) -> Counts {
        Counts {
            agents: self.agents.len(),
            queues: self.queues.len(),
            waiting: self.calls.len(),
            offers: self.offers.len(),
            legs: self.agents.iter().map(|agent| &agent.legs).chain(self.gone.values()).map(Vec::len).sum(),
            timers: self.timers.len(),
            places: self.places.len(),
            callbacks: self.callbacks.rows.len(),
            suspects: self.suspects.values().map(Suspects::len).sum(),
            repaired: self.repaired,
            refused: self.refused,
        }
    }

    /// The slot of an agent.
    pub(crate) fn agent_slot(&self, agent: AgentId) -> Option<usize> {
        self.agents.slot(agent)
    }

    /// The slot of a queue.
    pub(crate) fn queue_slot(&self, queue: QueueId) -> Option<usize> {
        self.queues.slot(queue)
    }

    /// New rules of pauses and probes.
    fn set_agent_rules(&mut self, pauses: Vec<PauseRule>, probe_every: Option<Duration>) {
        (self.pauses, self.probe_every) = (pauses, probe_every);
        for slot in 0..self.agents.len() {
            self.arm_pause(slot);
            self.follow_probe(slot);
        }
    }

    /// Counts and reports a difference that was repaired.
    pub(crate) fn repaired(&mut self, what: &'static str, agent: Option<AgentId>, call: Option<CallId>) {
        self.repaired += 1;
        self.effects.push_back(Effect::Repaired { what, agent, call });
    }
}

/// Why states change that this input changes.
fn cause_of(input: &Input) -> StateCause {
    match input {
        Input::Claim { .. } => StateCause::Answered,
        Input::OfferEnded { .. }
        | Input::CallerGone { .. }
        | Input::Enqueue(_)
        | Input::Steer(_)
        | Input::CallbackStep { .. }
        | Input::CancelCallback { .. } => StateCause::OfferEnded,
        Input::AgentBusy(_) | Input::AgentHolds { .. } => StateCause::Call,
        Input::AgentFree { .. } => StateCause::CallEnded,
        Input::Reachable { .. } => StateCause::Device,
        Input::Answers { .. } => StateCause::Probe,
        Input::SetStatus { .. }
        | Input::SetStandingLeg { .. }
        | Input::ChooseQueues { .. }
        | Input::ExtendWrapUp { .. } => StateCause::Chosen,
        Input::Dispose { .. } => StateCause::Disposed,
        Input::Facts { .. } | Input::ShardLost { .. } => StateCause::Repaired,
        _ => StateCause::Configured,
    }
}
