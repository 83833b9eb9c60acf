//! Callbacks of the naive ACD (contact-centre.md section 5), for P7: no more open than the limit, one a caller, each in the
//! place of its arrival, and each ends in exactly one terminal state.

use std::collections::BTreeSet;

use acd::*;
use clock::*;
use core::time::Duration;

use super::{Alarm, Answer, Caller, Checker, nanos};

/// An open callback.
#[derive(Clone)]
pub(crate) struct Back {
    pub(crate) number: String,
    pub(crate) queue: QueueId,
    /// Known from the first that is told of it.
    pub(crate) id: Option<CallbackId>,
    /// The call that it waits and is dialled under: a name of our own until a shard is told to begin it.
    pub(crate) work: CallId,
    pub(crate) phase: Phase,
    /// The shard that was told.
    pub(crate) shard: Option<ShardId>,
    pub(super) wakes: Option<Instant>,
    /// Who took it last.
    taken_by: Option<AgentId>,
    attempts: u32,
    stamp: i64,
    arrived: WallTime,
    seq: u64,
    priority: i32,
    steps: Vec<Step>,
    due_at: Option<WallTime>,
    next_at: Option<WallTime>,
    expires_at: WallTime,
    /// The call in which its caller rang in while its call was being made; false once that one was served.
    rang_in: Option<(CallId, bool)>,
}

impl Back {
    /// Its caller rang in while he was called, and an agent took that call.
    pub(crate) fn is_through(&self) -> bool {
        self.rang_in.is_some_and(|(_, waits)| !waits)
    }
}

/// Where it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    NotDue,
    /// Is the customer being called?
    Waiting(bool),
    /// The same, and an agent has it.
    Claimed(bool),
    Resting,
}

impl Checker {
    pub(super) fn request(&mut self, request: &CallbackRequest) {
        let (queue, line) = (request.queue.unwrap_or_default(), caller_of(request));
        let verdict = self.verdict(request);
        let number = request.number.clone().unwrap_or_default();
        let is_known = verdict == Ok(true) && self.open_of(queue, &number, request.due_at).is_some();
        self.coverage.hit(match verdict {
            Ok(_) if is_known => "callback: asked for again, the first is kept",
            Ok(_) if request.due_at.is_some() => "callback: asked for, for a time of its own",
            Ok(_) if line.is_some() => "callback: asked for by a caller on the line",
            Ok(_) => "callback: asked for by a client",
            Err(CallbackRefusal::CallerWaits) => "callback: refused, its caller waits on the line",
            Err(CallbackRefusal::Limit) => "callback: refused, as many as may be are open",
            Err(CallbackRefusal::Closed) => "callback: refused, the queue is closed",
            Err(CallbackRefusal::Denied(_)) => "callback: refused by the dial gate",
            Err(_) => "callback: refused otherwise",
        });
        self.accepted = verdict.is_ok();
        self.expected.push(Answer::Asked(verdict.map_err(CallbackRefusal::word)));
        let row = line.and_then(|call| self.calls.get(&call).cloned());
        if let (Some(call), Err(CallbackRefusal::Limit)) = (line, verdict) {
            self.remove(call, WithdrawReason::CallerGone, |tally| &mut tally.timed_out);
        }
        if verdict.is_err() {
            return;
        }
        if let Some(call) = line {
            self.remove(call, WithdrawReason::CallerGone, |tally| &mut tally.called_back);
        }
        if !is_known {
            self.take(request, number, row);
        }
    }

    /// Is it a second request of the same caller? Or why it is refused, in the order of the checks.
    fn verdict(&self, request: &CallbackRequest) -> Result<bool, CallbackRefusal> {
        let number = request.number.as_ref().ok_or(CallbackRefusal::NumberWithheld)?;
        let queue = request.queue.unwrap_or_default();
        if self.open_of(queue, number, request.due_at).is_some() {
            return Ok(true);
        }
        let line = caller_of(request);
        if line.is_some_and(|call| self.calls.get(&call).is_none_or(|row| row.queue != queue)) {
            return Err(CallbackRefusal::Gone);
        }
        let max = self.queues.get(&queue).ok_or(CallbackRefusal::UnknownQueue)?.config.callbacks.max as usize;
        let has_the_place = line.is_some_and(|call| self.took_over.contains_key(&call));
        let open = self.backs.values().filter(|back| back.queue == queue && back.phase != Phase::NotDue).count();
        let in_place = self.took_over.keys().filter_map(|call| self.calls.get(call));
        let open = open + in_place.filter(|row| row.queue == queue).count();
        match request.denied_by {
            _ if !has_the_place && request.due_at.is_none() && max > 0 && open >= max => Err(CallbackRefusal::Limit),
            _ if !request.is_open => Err(CallbackRefusal::Closed),
            Some(rule) => Err(CallbackRefusal::Denied(rule)),
            None if line.is_none() && request.due_at.is_none() && self.is_on_the_line(queue, number) => {
                Err(CallbackRefusal::CallerWaits)
            }
            None => Ok(has_the_place),
        }
    }

    fn is_on_the_line(&self, queue: QueueId, number: &str) -> bool {
        let waits = |row: &Caller| row.queue == queue && row.work.kind != WorkKind::Callback;
        self.calls.values().any(|row| waits(row) && row.work.caller.as_deref() == Some(number))
    }

    fn open_of(&self, queue: QueueId, number: &str, due_at: Option<WallTime>) -> Option<u64> {
        let same = |back: &Back| (back.queue, back.number.as_str(), back.due_at) == (queue, number, due_at);
        self.backs.iter().find(|(_, back)| same(back)).map(|(nth, _)| *nth)
    }

    /// The callback that waits or is dialled under this call.
    pub(super) fn back_of(&self, work: CallId) -> Option<u64> {
        self.backs.iter().find(|(_, back)| back.work == work).map(|(nth, _)| *nth)
    }

    fn take(&mut self, request: &CallbackRequest, number: String, row: Option<Caller>) {
        let now = self.now;
        self.next_seq += 1;
        let (stamp, told, seq, priority, steps) = match row {
            Some(row) => (row.arrived, row.told_arrival, row.key.2, row.work.priority, row.work.steps),
            None => (nanos(now.mono), now.wall, self.next_seq - 1, request.priority, Vec::new()),
        };
        let queue = request.queue.unwrap_or_default();
        let from = request.due_at.unwrap_or(now.wall).max(now.wall);
        let back = Back {
            number,
            queue,
            id: None,
            work: CallId::default(),
            phase: Phase::NotDue,
            shard: None,
            wakes: None,
            taken_by: None,
            attempts: 0,
            stamp,
            arrived: request.due_at.unwrap_or(told),
            seq,
            priority,
            steps,
            due_at: request.due_at,
            next_at: None,
            expires_at: from + self.queues[&queue].config.callbacks.expire_after,
            rang_in: None,
        };
        self.next_back += 1;
        self.backs.insert(self.next_back, back);
        self.look_at(self.next_back);
    }

    /// Queues are removed: what waits for them, rests or is not due is over, and who has an agent is served.
    pub(super) fn drop_backs(&mut self, kept: &BTreeSet<QueueId>) {
        let is_over = |back: &Back| !matches!(back.phase, Phase::Claimed(_)) && !kept.contains(&back.queue);
        for nth in self.backs.iter().filter(|(_, back)| is_over(back)).map(|(nth, _)| *nth).collect::<Vec<_>>() {
            self.coverage.hit("callback: its queue is removed");
            self.finish(nth, CallbackState::Cancelled);
        }
    }

    /// Its time has come, or is looked at again.
    pub(super) fn look_at(&mut self, nth: u64) {
        let (back, now) = (&self.backs[&nth], self.now.wall);
        let awaited = match back.phase {
            _ if back.expires_at <= now => return self.finish(nth, CallbackState::Expired),
            Phase::NotDue => back.next_at.or(back.due_at),
            // The rest is a span of time, and over: a wall clock that was set back makes it no longer.
            Phase::Resting => None,
            Phase::Waiting(_) | Phase::Claimed(_) => return self.wake(nth),
        };
        if awaited.is_some_and(|at| at > now) {
            return self.wake(nth);
        }
        match (back.phase, back.due_at) {
            (Phase::Resting, _) => self.coverage.hit("callback: tried again"),
            (_, Some(_)) => self.coverage.hit("callback: its time has come"),
            (_, None) => {}
        }
        self.stand_in_line(nth);
    }

    /// It waits in the place of its arrival.
    fn stand_in_line(&mut self, nth: u64) {
        let now = self.now.mono;
        let long_ago = self.long_ago(self.backs[&nth].arrived);
        self.works += 1;
        let call = CallId(UNBOUND | self.works);
        let Some(back) = self.backs.get_mut(&nth) else { return };
        if back.phase == Phase::NotDue && back.due_at.is_some() {
            back.stamp = long_ago;
        }
        (back.work, back.phase, back.next_at, back.shard) = (call, Phase::Waiting(false), None, None);
        let Back { queue, stamp, seq, priority, .. } = *back;
        let (caller, steps, kind) = (Some(back.number.clone()), back.steps.clone(), WorkKind::Callback);
        let told_arrival = back.arrived;
        if !self.queues.contains_key(&queue) {
            return self.finish(nth, CallbackState::Cancelled);
        }
        let work = Enqueue { call, queue, caller, priority, kind, steps, ..Enqueue::default() };
        let row = Caller {
            queue,
            shard: ShardId::default(),
            held: self.held_for(&work, stamp),
            work,
            arrived: stamp,
            told_arrival,
            ringing: Vec::new(),
            key: self.key(queue, priority, stamp, seq),
            placed_by: self.placing(queue),
            until: now + NEVER,
            attempts: 0,
            joins: 0,
            next_join: None,
            next_step: None,
        };
        self.calls.insert(call, row);
        self.hold_on(call);
        self.alarm(now + NEVER, Alarm::Wait(call));
        self.arm_step(call);
        self.wake(nth);
    }

    /// When it is looked at next: an agent's is not.
    fn wake(&mut self, nth: u64) {
        let now = self.now;
        let Some(back) = self.backs.get_mut(&nth) else { return };
        let at = match back.phase {
            Phase::NotDue => back.next_at.or(back.due_at).unwrap_or(back.expires_at).min(back.expires_at),
            Phase::Resting => back.next_at.unwrap_or(back.expires_at).min(back.expires_at),
            Phase::Waiting(_) => back.expires_at,
            Phase::Claimed(_) => return back.wakes = None,
        };
        let left = Duration::from_micros((at.as_micros() - now.wall.as_micros()).max(1_000) as u64);
        back.wakes = Some(now.mono + left);
        self.alarm(now.mono + left, Alarm::Back(nth));
    }

    /// An agent has it.
    pub(super) fn back_claimed(&mut self, work: CallId, agent: AgentId) {
        let Some(nth) = self.back_of(work) else { return };
        let Some(back) = self.backs.get_mut(&nth) else { return };
        back.phase = Phase::Claimed(back.phase == Phase::Waiting(true));
        back.wakes = None;
        back.taken_by = Some(agent);
        self.coverage.hit("callback: an agent has it");
    }

    /// The shard says how far its call has come.
    pub(super) fn back_step(&mut self, work: CallId, step: &CallbackStep) {
        let Some(nth) = self.back_of(work) else {
            self.accepted = false;
            return;
        };
        match step {
            CallbackStep::Dialing => {
                let Some(back) = self.backs.get_mut(&nth).filter(|back| back.shard.is_some()) else { return };
                back.attempts += 1;
                let is_waiting = matches!(back.phase, Phase::Waiting(_));
                back.phase = if is_waiting { Phase::Waiting(true) } else { Phase::Claimed(true) };
                let names = ["callback: dialled, an agent has it", "callback: dialled before an agent is asked"];
                self.coverage.hit(names[usize::from(is_waiting)]);
            }
            CallbackStep::Connected => {
                // Now they know each other.
                let back = &self.backs[&nth];
                let agent = back.taken_by.filter(|_| matches!(back.phase, Phase::Claimed(_)));
                self.last.extend(agent.map(|agent| (back.number.clone(), (agent, work))));
                self.finish(nth, CallbackState::Connected);
            }
            CallbackStep::Failed { may_retry, .. } => {
                self.coverage.hit("callback: failed");
                self.remove(work, WithdrawReason::CallerGone, |tally| &mut tally.moved);
                self.back_failed(nth, *may_retry);
            }
        }
    }

    /// They did not come together.
    pub(super) fn back_failed(&mut self, nth: u64, may_retry: bool) {
        let rules = |queue| self.queues.get(&queue).map(|desk| desk.config.callbacks).unwrap_or_default();
        let rules = rules(self.backs[&nth].queue);
        let now = self.now.wall;
        let Some(back) = self.backs.get_mut(&nth) else { return };
        let was_dialled = matches!(back.phase, Phase::Waiting(true) | Phase::Claimed(true));
        back.shard = None;
        match back.rang_in {
            Some((_, false)) => {
                self.coverage.hit("callback: its caller got through while he was called");
                return self.finish(nth, CallbackState::Superseded);
            }
            Some((call, true)) => return self.hand_over(nth, call),
            None => {}
        }
        let Some(back) = self.backs.get_mut(&nth) else { return };
        if !self.queues.contains_key(&back.queue) {
            self.coverage.hit("callback: fails, its queue is removed");
            return self.finish(nth, CallbackState::Cancelled);
        }
        if !may_retry || (was_dialled && back.attempts >= rules.attempts_max.max(1)) {
            return self.finish(nth, CallbackState::Exhausted);
        }
        back.phase = Phase::Resting;
        back.next_at = Some(now + if was_dialled { rules.retry_after } else { BEGIN_AGAIN });
        self.coverage.hit(if was_dialled {
            "callback: rests until its next attempt"
        } else {
            "callback: begins again"
        });
        self.wake(nth);
    }

    /// The shards' calls are gone with them.
    pub(super) fn backs_lost(&mut self, shard: ShardId) {
        let of_shard = |(_, back): &(&u64, &Back)| back.shard == Some(shard);
        for nth in self.backs.iter().filter(of_shard).map(|(nth, _)| *nth).collect::<Vec<_>>() {
            self.coverage.hit("callback: lost with its shard");
            self.expected.push(Answer::EndCall(self.backs[&nth].work));
            self.remove(self.backs[&nth].work, WithdrawReason::CallerGone, |tally| &mut tally.moved);
            self.back_failed(nth, true);
        }
    }

    pub(super) fn cancel(&mut self, pick: &CallbackPick) {
        let found = match pick {
            CallbackPick::Id(id) => self.backs.iter().find(|(_, back)| back.id == Some(*id)).map(|(nth, _)| *nth),
            CallbackPick::Of { queue, number } => self.open_of(*queue, number, None),
        };
        match found {
            Some(nth) => self.finish(nth, CallbackState::Cancelled),
            None => self.accepted = false,
        }
    }

    /// It is over.
    pub(super) fn finish(&mut self, nth: u64, state: CallbackState) {
        self.remove(self.backs[&nth].work, WithdrawReason::CallerGone, |tally| &mut tally.moved);
        let Some(back) = self.backs.remove(&nth) else { return };
        if back.shard.is_some() && state != CallbackState::Connected {
            self.expected.push(Answer::EndCall(back.work));
        }
        self.expected.push(Answer::Over(back.id, state));
        self.coverage.hit(match state {
            CallbackState::Connected => "callback: answered, they talk",
            CallbackState::Exhausted => "callback: given up",
            CallbackState::Cancelled => "callback: cancelled",
            CallbackState::Expired => "callback: expired",
            _ => "callback: its caller rang again and has the place",
        });
    }

    /// A caller rings while his callback waits: stamp, sequence and priority of the place that is his now.
    pub(super) fn supersede(&mut self, work: &Enqueue) -> Option<(i64, u64, i32)> {
        let caller = work.caller.as_ref().filter(|_| work.kind == WorkKind::Inbound)?;
        let nth = self.open_of(work.queue, caller, None)?;
        let back = self.backs[&nth].clone();
        let Back { phase, stamp, seq, priority, .. } = back;
        if !matches!(phase, Phase::Waiting(false) | Phase::Resting) {
            self.backs.entry(nth).and_modify(|back| back.rang_in = Some((work.call, true)));
            return None;
        }
        self.finish(nth, CallbackState::Superseded);
        self.took_over.insert(work.call, back);
        Some((stamp, seq, priority))
    }

    /// Its caller waits in this call, and was called in vain: the place of his callback is his.
    fn hand_over(&mut self, nth: u64, call: CallId) {
        let back = self.backs[&nth].clone();
        self.coverage.hit("callback: its caller waits while he is called, and has the place");
        self.finish(nth, CallbackState::Superseded);
        self.put_in_place(call, &back);
        self.took_over.insert(call, back);
    }

    /// A broken shard cut its caller, who had its place: it is his again, or that of another call in which he waits.
    pub(super) fn give_back(&mut self, back: Back) {
        if !self.queues.contains_key(&back.queue) || self.open_of(back.queue, &back.number, None).is_some() {
            return;
        }
        let is_his = |row: &Caller| {
            let work = &row.work;
            (row.queue, work.kind, work.caller.as_ref()) == (back.queue, WorkKind::Inbound, Some(&back.number))
        };
        let waiting = self.calls.iter().filter(|(_, row)| is_his(row)).min_by_key(|(_, row)| row.key);
        if let Some(call) = waiting.map(|(call, _)| *call) {
            self.put_in_place(call, &back);
            self.took_over.entry(call).or_insert(back);
            return;
        }
        self.coverage.hit("callback: given back, a shard cut its caller");
        self.backs_over.retain(|id| back.id != Some(*id));
        let (phase, shard, wakes, next_at, rang_in) = (Phase::NotDue, None, None, None, None);
        self.next_back += 1;
        self.backs.insert(self.next_back, Back { phase, shard, wakes, next_at, rang_in, ..back });
        match self.backs[&self.next_back].expires_at <= self.now.wall {
            true => self.finish(self.next_back, CallbackState::Expired),
            false => self.stand_in_line(self.next_back),
        }
    }

    fn put_in_place(&mut self, call: CallId, back: &Back) {
        let Back { stamp, arrived, seq, priority, queue, .. } = *back;
        let (key, placed_by) = (self.key(queue, priority, stamp, seq), self.placing(queue));
        // One that he had kept from an earlier call may be better.
        let Some(row) = self.calls.get_mut(&call).filter(|row| key < row.key) else { return };
        (row.arrived, row.told_arrival, row.work.priority) = (stamp, arrived, priority);
        (row.key, row.placed_by) = (key, placed_by);
        self.hold_on(call);
        self.arm_step(call);
    }

    /// A call left its queue, to an agent or not.
    pub(super) fn line_left(&mut self, call: CallId, is_served: bool) {
        for back in self.backs.values_mut().filter(|back| back.rang_in == Some((call, true))) {
            back.rang_in = is_served.then_some((call, false));
        }
    }

    /// A shard is told to begin a call: from now it waits under that call's name.
    pub(super) fn begun(&mut self, shard: ShardId, order: &CallbackOrder) {
        let found = self.backs.iter_mut().find(|(_, back)| back.id == Some(order.callback));
        let Some((_, back)) = found.filter(|(_, back)| back.shard.is_none()) else {
            return self.rule("P7 callbacks", false, || format!("{order:?} is begun and does not wait"));
        };
        let told = (&order.number, order.queue, order.arrived, order.priority);
        let is_right = told == (&back.number, Some(back.queue), back.arrived, back.priority);
        back.shard = Some(shard);
        let former = core::mem::replace(&mut back.work, order.call);
        self.rule("P7 callbacks", is_right, || format!("{order:?}"));
        self.coverage.hit("callback: its call begins with an offer");
        let Some(mut row) = self.calls.remove(&former) else { return };
        (row.shard, row.work.call) = (shard, order.call);
        let (until, next_step) = (row.until, row.next_step);
        self.calls.insert(order.call, row);
        self.alarm(until, Alarm::Wait(order.call));
        if let Some(at) = next_step {
            self.alarm(at, Alarm::Step(order.call));
        }
    }

    /// What is told of a callback is true, and nothing is told after its end.
    pub(super) fn back_told(&mut self, told: &Callback) -> Option<Answer> {
        if told.state.is_terminal() {
            let is_first = self.backs_over.insert(told.id);
            self.rule("P7 callbacks", is_first, || format!("ends once more: {told:?}"));
            return Some(Answer::Over(Some(told.id), told.state));
        }
        let is_over = self.backs_over.contains(&told.id);
        let same =
            |back: &&mut Back| (&back.number, Some(back.queue), back.due_at) == (&told.number, told.queue, told.due_at);
        let mut known = self.backs.values_mut().filter(|back| back.id.is_none_or(|id| id == told.id)).filter(same);
        let by_book = known.next().map(|back| {
            back.id = Some(told.id);
            (back.arrived, back.attempts, back.priority, back.expires_at)
        });
        let is_right = by_book == Some((told.arrived, told.attempts, told.priority, told.expires_at)) && !is_over;
        self.rule("P7 callbacks", is_right, || format!("{told:?}, by the book {by_book:?}"));
        self.backs_told.insert(told.id, told.state);
        None
    }

    /// All that is open was told, as it stands.
    pub(super) fn judge_backs(&mut self) {
        let mut wrong = Vec::new();
        for back in self.backs.values() {
            let by_book = self.back_state(back);
            let told = back.id.and_then(|id| self.backs_told.get(&id).copied());
            if told != Some(by_book) {
                wrong.push(format!("{} is {told:?}, by the book {by_book:?}", back.number));
            }
        }
        self.rule("P7 callbacks", wrong.is_empty(), || wrong.join("; "));
    }

    fn back_state(&self, back: &Back) -> CallbackState {
        match back.phase {
            Phase::NotDue => CallbackState::Requested,
            Phase::Resting => CallbackState::NoAnswer,
            Phase::Waiting(false) if self.calls[&back.work].ringing.is_empty() => CallbackState::Queued,
            Phase::Waiting(false) => CallbackState::Reserved,
            Phase::Waiting(true) | Phase::Claimed(_) => CallbackState::Dialing,
        }
    }

    /// How much longer than the agent's ring an offer of this call stands: with the customer first, his ring.
    pub(super) fn more_ring(&self, call: CallId) -> Duration {
        let rules = self.calls.get(&call).filter(|row| row.work.kind == WorkKind::Callback);
        let rules = rules.map(|row| self.queues[&row.queue].config.callbacks).filter(|rules| rules.customer_first);
        rules.map_or(Duration::ZERO, |rules| rules.ring.max(MIN_RING))
    }

    /// Callbacks of a queue that wait and that are dialled.
    pub(super) fn back_counts(&self, queue: QueueId) -> CallbackCounts {
        let of_queue = || self.backs.values().filter(|back| back.queue == queue).map(|back| back.phase);
        let count = |phases: &[Phase]| of_queue().filter(|phase| phases.contains(phase)).count() as u32;
        CallbackCounts {
            waiting: count(&[Phase::Waiting(false), Phase::Resting]),
            dialing: count(&[Phase::Waiting(true), Phase::Claimed(true), Phase::Claimed(false)]),
        }
    }
}

/// A call whose name is ours: its real one is not told yet.
pub(super) const fn is_unbound(call: CallId) -> bool {
    call.0 >> 96 == UNBOUND >> 96
}

/// A name that the ACD made: neither a caller's nor an agent's own call.
pub(super) const fn is_minted(call: CallId) -> bool {
    call.0 >> 102 != 0
}

fn caller_of(request: &CallbackRequest) -> Option<CallId> {
    match request.asker {
        Asker::Caller { call, .. } => Some(call),
        Asker::Client(_) => None,
    }
}

const UNBOUND: u128 = 1 << 101;
/// As long as work of this kind stays in its line.
const NEVER: Duration = Duration::from_secs(10 * 365 * 24 * 3600);
/// An agent hung up before the customer was called.
const BEGIN_AGAIN: Duration = Duration::from_secs(5);
