//! Calls of the naive ACD: they come, move and leave.

use acd::*;
use clock::*;
use core::time::Duration;

use super::figures::how;
use super::{Alarm, Answer, Back, Caller, Checker, nanos};

impl Checker {
    pub(super) fn enqueue(&mut self, work: &Enqueue) {
        let Enqueue { call, shard, queue, priority, .. } = *work;
        let former = self.calls.get(&call).cloned();
        if let Some(row) = former.as_ref().filter(|row| row.queue == queue).cloned() {
            self.coverage.hit("call: enqueued again in its queue");
            let key = self.key(queue, priority, row.arrived, row.key.2);
            self.calls.insert(call, Caller { work: work.clone(), shard, key, placed_by: self.placing(queue), ..row });
            self.hold_on(call);
            return self.arm_step(call);
        }
        self.remove(call, WithdrawReason::Moved, |tally| &mut tally.moved);
        let seq = former.as_ref().map_or(self.next_seq, |row| row.key.2);
        self.next_seq += 1;
        let inside = self.in_queue(queue);
        let Some(desk) = self.queues.get_mut(&queue) else {
            self.accepted = false;
            self.visit_refused(call, queue);
            return self.expected.push(Answer::Leave(call));
        };
        let is_full = inside >= desk.config.max_waiting;
        desk.tally.entered += 1;
        if is_full {
            desk.tally.timed_out += 1;
            self.coverage.hit("call: queue full");
            self.visit_refused(call, queue);
            return self.expected.push(Answer::Leave(call));
        }
        let until = self.now.mono + desk.config.max_wait;
        let (mut work, mut seq) = (work.clone(), seq);
        let arrived = match former.is_none().then(|| self.supersede(&work)).flatten() {
            Some((stamp, its_seq, its_priority)) => {
                (seq, work.priority) = (its_seq, its_priority);
                stamp
            }
            None => self.arrival(&work, former),
        };
        let priority = work.priority;
        let key = self.key(queue, priority, arrived, seq);
        let held = self.held_for(&work, arrived);
        let row = Caller {
            queue,
            shard,
            work,
            arrived,
            told_arrival: self.now.wall,
            ringing: Vec::new(),
            held,
            key,
            placed_by: self.placing(queue),
            until,
            attempts: 0,
            joins: 0,
            next_join: None,
            next_step: None,
        };
        self.calls.insert(call, row);
        self.visit(call, queue);
        self.hold_on(call);
        if self.calls[&call].held.is_some() {
            self.coverage.hit("preferred: call kept for its agent");
        }
        self.alarm(until, Alarm::Wait(call));
        self.arm_step(call);
    }

    /// The time that decides a call's place: that of its former queue, the one it is told, the one that was kept, or now.
    fn arrival(&mut self, work: &Enqueue, former: Option<Caller>) -> i64 {
        if let Some(row) = former {
            self.coverage.hit("call: moved, keeps its arrival");
            return row.arrived;
        }
        if let Some(wall) = work.arrived {
            self.coverage.hit("call: enters with an arrival of its own");
            return self.long_ago(wall);
        }
        let kept = work.caller.clone().and_then(|caller| self.places.remove(&(work.queue, caller)));
        self.coverage.hit(if kept.is_some() { "call: enters, gets its old place" } else { "call: enters" });
        kept.map_or(nanos(self.now.mono), |(stamp, ..)| stamp)
    }

    /// The point of the monotonic clock at which the wall clock showed this; what lies ahead is now.
    pub(super) fn long_ago(&self, wall: WallTime) -> i64 {
        nanos(self.now.mono) - (self.now.wall.as_micros() - wall.as_micros()).max(0) * 1000
    }

    pub(super) fn restore_place(
        &mut self,
        queue: QueueId,
        caller: String,
        arrived: WallTime,
        until: WallTime,
        name: &'static str,
    ) {
        let left = until.as_micros() - self.now.wall.as_micros();
        if left <= 0 {
            self.accepted = false;
            return;
        }
        let stamp = self.long_ago(arrived);
        let until = self.now.mono + Duration::from_micros(left as u64);
        let kept = self.places.get(&(queue, caller.clone()));
        let same = kept.filter(|(_, _, since)| *since == arrived);
        let stands = match same {
            Some((_, former, _)) => *former < until,
            None => kept.is_none_or(|(earlier, ..)| *earlier > stamp),
        };
        if stands {
            let stamp = same.map_or(stamp, |(known, ..)| *known);
            self.coverage.hit(name);
            self.places.insert((queue, caller.clone()), (stamp, until, arrived));
            self.alarm(until, Alarm::Place(queue, caller));
        }
    }

    /// The call leaves its queue, and its offers are withdrawn.
    pub(super) fn remove(&mut self, call: CallId, reason: WithdrawReason, count: fn(&mut QueueTally) -> &mut u64) {
        for agent in self.calls.get(&call).map(|row| row.ringing.clone()).unwrap_or_default() {
            self.withdraw(agent, reason);
        }
        self.took_over.remove(&call);
        if let Some(row) = self.calls.remove(&call)
            && row.work.kind != WorkKind::Callback
            && let Some(desk) = self.queues.get_mut(&row.queue)
        {
            let before = desk.tally;
            *count(&mut desk.tally) += 1;
            let is_served = desk.tally.answered > before.answered;
            self.line_left(call, is_served);
            let Some(desk) = self.queues.get(&row.queue) else { return };
            if let Some(how) = how(&before, &desk.tally) {
                self.visit_ends(call, how);
            }
        }
    }

    /// The caller hung up; where the queue keeps places he has his again. A callback's call is tried again.
    pub(super) fn gives_up(&mut self, call: CallId) {
        let row = self.calls.get(&call).cloned();
        self.remove(call, WithdrawReason::CallerGone, |tally| &mut tally.abandoned);
        let Some(row) = row else { return };
        if row.work.kind == WorkKind::Callback {
            return self.back_of(call).into_iter().for_each(|nth| self.back_failed(nth, true));
        }
        let kept_for = self.queues.get(&row.queue).map_or(Duration::ZERO, |desk| desk.config.rejoin);
        if let Some(caller) = row.work.caller.filter(|_| !kept_for.is_zero()) {
            let until = self.now.wall + kept_for;
            self.restore_place(row.queue, caller, row.told_arrival, until, "place: kept for one who gave up");
        }
    }

    pub(super) fn wait_over(&mut self, call: CallId) {
        self.expected.push(Answer::Leave(call));
        self.remove(call, WithdrawReason::WaitOver, |tally| &mut tally.timed_out);
    }

    pub(super) fn hit_if_waiting(&mut self, call: CallId) {
        if let Some(row) = self.calls.get(&call) {
            self.coverage.hit(if row.ringing.is_empty() { "call: abandoned" } else { "call: abandoned while ringing" });
        }
    }

    pub(super) fn shard_lost(&mut self, shard: ShardId) {
        let of_shard = |row: &Caller| row.shard == shard && row.work.kind != WorkKind::Callback;
        let gone: Vec<CallId> = self.calls.iter().filter(|(_, row)| of_shard(row)).map(|(call, _)| *call).collect();
        let promised: Vec<Back> = gone.iter().filter_map(|call| self.took_over.get(call).cloned()).collect();
        for call in gone {
            self.coverage.hit("call: shard lost");
            self.gives_up(call);
        }
        promised.into_iter().for_each(|back| self.give_back(back));
        self.backs_lost(shard);
        for id in self.gone.keys().copied().collect::<Vec<_>>() {
            self.free_gone(id, |talk| talk.shard == shard);
        }
        let ids: Vec<AgentId> = self.agents.keys().copied().collect();
        for id in ids {
            while let Some(index) = self.agents[&id].legs.iter().position(|talk| talk.shard == shard) {
                self.coverage.hit("agent: leg lost with its shard");
                self.end_leg(id, index, false, true);
            }
        }
    }
}
