//! Who may be called back, and when it begins.

use clock::{AgentId, CallId, CallbackId, QueueId, WallTime};

use super::{Phase, Row};
use crate::acd::Acd;
use crate::contract::{
    Asker, Callback, CallbackRefusal, CallbackRequest, CallbackRules, CallbackSource, CallbackState, CallbackTaken,
    CommandError, Effect, Enqueue, Reply, State, StateCause, Step, WithdrawReason, WorkKind,
};
use crate::limits::{CALLBACKS_OF_AN_AGENT, PARTING_MAX};
use crate::order::Stamp;
use crate::waiting::Left;

/// The place that a callback takes.
#[derive(Clone, Debug)]
struct Place {
    stamp: Stamp,
    arrived: WallTime,
    seq: u64,
    priority: i32,
    /// What it asks of an agent.
    steps: Vec<Step>,
}

impl Acd {
    /// Somebody asks to be called back: he is answered once it is journaled.
    pub(crate) fn request_callback(&mut self, request: CallbackRequest) {
        let asker = request.asker;
        let result = self.take_callback(request);
        self.tell_callbacks();
        match asker {
            Asker::Client(request) => {
                let result = result.map(|taken| Reply::Callback(Box::new(taken))).map_err(CommandError::Callback);
                self.effects.push_back(Effect::Reply { request, result });
            }
            Asker::Caller { call, shard } => {
                if result == Err(CallbackRefusal::Limit) {
                    // He takes the way of a call that nobody answered.
                    self.end_offers_of(call, WithdrawReason::CallerGone);
                    self.leave(call, Left::TimedOut);
                }
                let result = result.map(|taken| (taken.callback.id, taken.is_duplicate));
                self.effects.push_back(Effect::CallbackAnswer { shard, call, result });
            }
        }
    }

    /// The checks, in the order that contact-centre.md section 5 gives: duplicate, limit, hours, lists.
    fn take_callback(&mut self, request: CallbackRequest) -> Result<CallbackTaken, CallbackRefusal> {
        let number = request.number.clone().ok_or(CallbackRefusal::NumberWithheld)?;
        if let Some(first) = self.first_request(&request, &number) {
            self.leave_for_callback(&request.asker);
            if request.source == CallbackSource::Key {
                self.part(first, &request.asker);
            }
            return Ok(self.taken(first, true));
        }
        let took_over = match request.asker {
            Asker::Caller { call, .. } => self.callbacks.took_over.contains_key(&call),
            Asker::Client(_) => false,
        };
        let rules = self.rules_for(&request)?;
        // Who has the place of his callback has its slot too: nobody else got it meanwhile.
        if !took_over && self.is_full_for(&request, &rules) {
            return Err(CallbackRefusal::Limit);
        }
        if !request.is_open {
            return Err(CallbackRefusal::Closed);
        }
        if let Some(rule) = request.denied_by {
            return Err(CallbackRefusal::Denied(rule));
        }
        let own_now = request.agent.filter(|_| request.due_at.is_none());
        if own_now.is_some_and(|agent| !self.is_reachable(agent)) {
            return Err(CallbackRefusal::NoDevice);
        }
        if self.callbacks.rows.len() >= self.limits.callbacks {
            self.refused += 1;
            return Err(CallbackRefusal::Full);
        }
        if self.caller_waits(&request, &number) {
            return Err(CallbackRefusal::CallerWaits);
        }
        let place = self.leave_for_callback(&request.asker);
        let id = self.admit_callback(request, number, &rules, place);
        Ok(self.taken(id, took_over))
    }

    /// The same caller in the same queue: what he asked for first.
    fn first_request(&self, request: &CallbackRequest, number: &str) -> Option<CallbackId> {
        if request.due_at.is_some() {
            let same = |id: &CallbackId| {
                let row = self.callbacks.rows.get(id);
                row.is_some_and(|row| row.it.number == number && row.it.due_at == request.due_at)
            };
            return match (request.queue, request.agent) {
                (Some(queue), _) => self.callbacks.of_queue(queue).find(same),
                (None, Some(agent)) => self.callbacks.of_agent(agent).find(same),
                (None, None) => None,
            };
        }
        match (request.queue, request.agent) {
            (Some(queue), None) => self.callbacks.of_caller(queue, number),
            (_, Some(agent)) => {
                let same = |id: &CallbackId| {
                    let row = self.callbacks.rows.get(id);
                    row.is_some_and(|row| row.it.number == number && row.phase != Phase::NotDue)
                };
                self.callbacks.of_agent(agent).find(same)
            }
            (None, None) => None,
        }
    }

    /// Somebody asks for a caller who stands in that queue himself: two claims to one place. A look at each call that
    /// waits there: such requests come one by one, and callers have no index of their own.
    fn caller_waits(&self, request: &CallbackRequest, number: &str) -> bool {
        let (Asker::Client(_), None, None) = (request.asker, request.agent, request.due_at) else { return false };
        let Some(slot) = request.queue.and_then(|queue| self.queue_slot(queue)) else { return false };
        let mut calls = self.queues[slot].calls.values().filter_map(|call| self.calls.get(call));
        calls.any(|row| row.kind != WorkKind::Callback && row.caller.as_deref() == Some(number))
    }

    fn rules_for(&self, request: &CallbackRequest) -> Result<CallbackRules, CallbackRefusal> {
        if let Asker::Caller { call, .. } = request.asker
            && self.calls.get(&call).is_none_or(|row| Some(row.queue) != request.queue)
        {
            return Err(CallbackRefusal::Gone);
        }
        if let Some(agent) = request.agent {
            self.agent_slot(agent).ok_or(CallbackRefusal::UnknownAgent)?;
        }
        match request.queue {
            Some(queue) => self.callback_rules(queue).ok_or(CallbackRefusal::UnknownQueue),
            None if request.agent.is_some() => Ok(CallbackRules::default()),
            None => Err(CallbackRefusal::Nobody),
        }
    }

    /// As many are open as may be: of a queue, those that wait or are dialed, and the slots of callers who rang in while
    /// they waited for theirs and may press the key again; of an agent, his own.
    fn is_full_for(&self, request: &CallbackRequest, rules: &CallbackRules) -> bool {
        if request.due_at.is_some() {
            return false; // It is counted when its time has come, and is never refused then.
        }
        match (request.agent, request.queue) {
            (Some(agent), _) => {
                let slot = self.agent_slot(agent);
                let max = slot.and_then(|slot| self.agents[slot].callbacks_max).unwrap_or(CALLBACKS_OF_AN_AGENT);
                let own = self.callbacks.of_agent(agent).filter(|id| self.callbacks.is_due(*id)).count();
                max > 0 && own >= max as usize
            }
            (None, Some(queue)) => {
                let of_queue = self.callbacks.of_queue(queue).filter(|id| self.callbacks.is_due(*id)).count();
                let kept = self.callbacks.took_over.values().filter(|(_, over)| over.queue == Some(queue)).count();
                rules.max > 0 && of_queue + kept >= rules.max as usize
            }
            (None, None) => false,
        }
    }

    /// A caller on the line gives his place to his callback.
    fn leave_for_callback(&mut self, asker: &Asker) -> Option<Place> {
        let Asker::Caller { call, .. } = *asker else { return None };
        self.end_offers_of(call, WithdrawReason::CallerGone);
        let row = self.leave(call, Left::CalledBack)?;
        let (seq, priority, steps) = (row.key.seq, row.priority, row.steps.into_vec());
        Some(Place { stamp: row.since, arrived: row.arrived, seq, priority, steps })
    }

    fn admit_callback(
        &mut self,
        request: CallbackRequest,
        number: String,
        rules: &CallbackRules,
        place: Option<Place>,
    ) -> CallbackId {
        let now = self.now;
        let place = place.unwrap_or_else(|| {
            let seq = self.next_seq;
            self.next_seq += 1;
            Place { stamp: Stamp::at(now.mono), arrived: now.wall, seq, priority: request.priority, steps: Vec::new() }
        });
        let id = CallbackId::mint(now.wall, &mut self.callbacks.rng);
        let rng = self.callbacks.rng.fork();
        let it = Callback {
            id,
            number,
            queue: request.queue.filter(|_| request.agent.is_none()),
            agent: request.agent,
            source: request.source,
            related: request.related,
            requested_at: now.wall,
            arrived: request.due_at.unwrap_or(place.arrived),
            seq: place.seq,
            priority: place.priority,
            due_at: request.due_at,
            expires_at: self.opens(request.queue, request.due_at.unwrap_or(now.wall).max(now.wall))
                + rules.expire_after,
            device: request.device,
            is_verified: request.is_verified,
            steps: place.steps,
            ..Callback::default()
        };
        self.callbacks.insert(Row::new(it, place.stamp, now.wall, rng));
        match (request.asker, request.source) {
            (asker @ Asker::Caller { .. }, CallbackSource::Key) => self.part(id, &asker),
            _ => self.callback_due(id),
        }
        id
    }

    /// A caller on the line is not called back before his call is over; nobody has begun to.
    fn part(&mut self, id: CallbackId, asker: &Asker) {
        let Asker::Caller { call, .. } = *asker else { return };
        let Some(row) = self.callbacks.rows.get(&id) else { return };
        let rings = self.calls.get(&row.work).is_some_and(|work| !work.ringing.is_empty());
        let is_early = matches!(row.phase, Phase::NotDue | Phase::Shelved | Phase::Waiting { is_dialing: false });
        if rings || row.shard.is_some() || !is_early {
            return;
        }
        self.leave_quietly(row.work);
        let until = self.now.mono + PARTING_MAX;
        if let Some(row) = self.callbacks.rows.get_mut(&id) {
            row.phase = Phase::Parting { call, until };
        }
        self.callbacks.parting.insert(call, id);
        self.callbacks.touch(id);
        self.time_callback(id);
    }

    /// A call is over: was it that of a caller who is to be called back, he waits for that from now.
    pub(crate) fn parted(&mut self, call: CallId) {
        if let Some(id) = self.callbacks.parting.get(&call) {
            self.place_callback(*id);
        }
    }

    /// Its time has come, or is looked at again; one whose time has not come waits on.
    pub(crate) fn callback_due(&mut self, id: CallbackId) {
        let Some(row) = self.callbacks.rows.get(&id) else { return };
        let now = self.now.wall;
        if row.it.expires_at <= now {
            self.finish_callback(id, CallbackState::Expired, None);
            return;
        }
        let is_due = match row.phase {
            Phase::NotDue => row.it.next_at.or(row.it.due_at).is_none_or(|at| at <= now),
            // The rest is a span of time: a wall clock that is set back makes it no longer (pacing.md P11).
            Phase::Resting => {
                let is_over = row.wakes_at.is_some_and(|at| at <= self.now.mono);
                is_over || row.it.next_at.is_none_or(|at| at <= now)
            }
            Phase::Parting { until, .. } => until <= self.now.mono,
            Phase::Waiting { .. } | Phase::Shelved | Phase::Claimed { .. } => false,
        };
        match (is_due, row.it.agent) {
            (false, _) => self.time_callback(id),
            (true, Some(agent)) => self.begin_own(id, agent),
            (true, None) => self.place_callback(id),
        }
    }

    /// It waits from now, in the place of its arrival.
    pub(crate) fn place_callback(&mut self, id: CallbackId) {
        if self.callbacks.rows.get(&id).is_some_and(|row| row.it.call == Some(row.work) || row.shard.is_some()) {
            self.callbacks.renew_work(id, self.now.wall);
        }
        let shard = self.callbacks.shard_for(id);
        let Some(row) = self.callbacks.rows.get_mut(&id) else { return };
        let Some(queue) = row.it.queue else { return };
        if row.phase == Phase::NotDue && row.it.due_at.is_some() {
            row.stamp = Stamp::of_wall(self.now, row.it.arrived);
        }
        if let Phase::Parting { call, .. } = row.phase {
            self.callbacks.parting.remove(&call);
        }
        if !self.is_open(queue) {
            return self.shelve(id);
        }
        let Some(row) = self.callbacks.rows.get_mut(&id) else { return };
        row.phase = Phase::Waiting { is_dialing: false };
        row.it.next_at = None;
        let work = Enqueue {
            call: row.work,
            shard,
            queue,
            caller: Some(row.it.number.clone()),
            priority: row.it.priority,
            kind: WorkKind::Callback,
            steps: row.it.steps.clone(),
            ..Enqueue::default()
        };
        let (since, seq) = ((row.stamp, row.it.arrived), row.it.seq);
        if self.queue_slot(queue).is_none() {
            return self.end_with_queue(id);
        }
        self.enter(work, Some(since), Some(seq));
        self.callbacks.touch(id);
        self.time_callback(id);
        self.watch_hours(queue);
    }

    /// An agent's own: his phone is called now, or as soon as he is ready.
    fn begin_own(&mut self, id: CallbackId, agent: AgentId) {
        let Some(row) = self.callbacks.rows.get(&id) else { return };
        let is_planned = row.it.due_at.is_some() || row.it.attempts > 0 || row.it.next_at.is_some();
        if is_planned && !self.is_ready(agent) {
            self.callbacks.await_agent(id);
            return self.time_callback(id);
        }
        self.callbacks.await_no_more(id);
        self.callbacks.renew_work(id, self.now.wall);
        let Some(row) = self.callbacks.rows.get_mut(&id) else { return };
        row.phase = Phase::Claimed { is_dialing: false };
        row.it.served_by = Some(agent);
        row.it.next_at = None;
        self.time_callback(id);
        let shard = self.callbacks.shard_for(id);
        self.order_call(id, shard);
        self.because(StateCause::Offer);
        self.follow_own(agent);
    }

    /// Agents who became ready have their own callbacks that are due before any call of a queue: it was promised to the
    /// customer for a time, and nobody else may keep the promise.
    pub(crate) fn begin_owed(&mut self) {
        while let Some(agent) = self.callbacks.freed.pop_first() {
            if let Some(id) = self.callbacks.first_awaiting(agent).filter(|_| self.is_ready(agent)) {
                self.begin_own(id, agent);
            }
        }
    }

    /// One of an agent's own callbacks began or is over: while his phone rings for one it rings for nothing else.
    pub(crate) fn follow_own(&mut self, agent: AgentId) {
        let Some(slot) = self.agent_slot(agent) else { return };
        self.agents[slot].own = self.callbacks.begun_own(agent);
        self.settle(slot);
    }

    fn is_ready(&self, agent: AgentId) -> bool {
        self.agent_slot(agent).is_some_and(|slot| self.agents[slot].shown.state == State::Ready)
    }

    fn taken(&self, id: CallbackId, is_duplicate: bool) -> CallbackTaken {
        let row = self.callbacks.rows.get(&id);
        let callback = row.map(|row| {
            let (state, served_by) = self.callback_state(row);
            Callback { state, served_by, ..row.it.clone() }
        });
        CallbackTaken {
            callback: callback.unwrap_or_default(),
            is_duplicate,
            place: row.and_then(|row| self.place_of(row)),
            expected: row.and_then(|row| self.expected(row.work)),
        }
    }

    fn is_reachable(&self, agent: AgentId) -> bool {
        self.reachable.contains(&agent)
    }

    pub(crate) fn callback_rules(&self, queue: QueueId) -> Option<CallbackRules> {
        self.queue_slot(queue).map(|slot| self.queues[slot].config.callbacks)
    }
}
