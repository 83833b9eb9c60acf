//! Calls of the naive ACD: they come, move and leave.

use acd::*;
use clock::*;
use core::time::Duration;

use super::{Alarm, Answer, Caller, Checker, nanos};

impl Checker {
    pub(super) fn enqueue(&mut self, work: &Enqueue) {
        let Enqueue { call, shard, queue, priority, .. } = *work;
        let former = self.calls.get(&call).cloned();
        if let Some(row) = former.as_ref().filter(|row| row.queue == queue).cloned() {
            self.coverage.hit("call: enqueued again in its queue");
            self.calls.insert(call, Caller { priority, shard, ..row });
            return;
        }
        self.remove(call, WithdrawReason::Moved, |tally| &mut tally.moved);
        let seq = former.as_ref().map_or(self.next_seq, |row| row.seq);
        self.next_seq += 1;
        let Some(desk) = self.queues.get_mut(&queue) else {
            self.accepted = false;
            return self.expected.push(Answer::Leave(call));
        };
        let is_full = desk.waiting() >= desk.config.max_waiting;
        desk.tally.entered += 1;
        if is_full {
            desk.tally.timed_out += 1;
            self.coverage.hit("call: queue full");
            return self.expected.push(Answer::Leave(call));
        }
        let until = self.now.mono + desk.config.max_wait;
        let caller = work.caller.clone().filter(|_| former.is_none() && work.arrived.is_none());
        let kept = caller.and_then(|caller| self.places.remove(&(queue, caller)));
        self.coverage.hit(match (&former, &kept) {
            (Some(_), _) => "call: moved, keeps its arrival",
            (None, Some(_)) => "call: enters, gets its old place",
            (None, None) => "call: enters",
        });
        let arrived = former.map(|row| row.arrived).or(kept.map(|(stamp, _)| stamp));
        let arrived = arrived.unwrap_or(nanos(self.now.mono));
        let told_arrival = self.now.wall;
        let ringing = Vec::new();
        let row = Caller { queue, shard, priority, arrived, told_arrival, ringing, seq, until, attempts: 0 };
        self.calls.insert(call, row);
        self.alarm(until, Alarm::Wait(call));
    }

    pub(super) fn restore_place(&mut self, queue: QueueId, caller: String, arrived: WallTime, until: WallTime) {
        let left = until.as_micros() - self.now.wall.as_micros();
        if left <= 0 {
            self.accepted = false;
            return;
        }
        let age = (self.now.wall.as_micros() - arrived.as_micros()).max(0) * 1000;
        let stamp = nanos(self.now.mono) - age;
        let until = self.now.mono + Duration::from_micros(left as u64);
        let kept = self.places.get(&(queue, caller.clone()));
        if kept.is_none_or(|(earlier, _)| *earlier > stamp) {
            self.coverage.hit("place: kept over a restart");
            self.places.insert((queue, caller.clone()), (stamp, until));
            self.alarm(until, Alarm::Place(queue, caller));
        }
    }

    /// The call leaves its queue, and its offers are withdrawn.
    pub(super) fn remove(&mut self, call: CallId, reason: WithdrawReason, count: fn(&mut QueueTally) -> &mut u64) {
        for agent in self.calls.get(&call).map(|row| row.ringing.clone()).unwrap_or_default() {
            self.withdraw(agent, reason);
        }
        if let Some(row) = self.calls.remove(&call)
            && let Some(desk) = self.queues.get_mut(&row.queue)
        {
            *count(&mut desk.tally) += 1;
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

    pub(super) fn claim(&mut self, shard: ShardId, offer: OfferId, generation: Generation) {
        let Some((agent, lease)) = self.lease(offer, generation) else {
            self.accepted = false;
            if self.agents.values().any(|person| person.legs.iter().any(|talk| talk.offer == Some(offer))) {
                self.coverage.hit("claim: twice, passed over");
            } else {
                self.coverage.hit("claim: too late, refused");
                self.expected.push(Answer::Refuse(offer, generation));
            }
            return;
        };
        self.coverage.hit("claim: granted");
        self.expected.push(Answer::Grant(offer, generation));
        let queue = self.calls[&lease.call].queue;
        let person = self.person(agent);
        person.offer = None;
        person.missed = 0;
        person.legs.push(super::Talk { leg: None, call: lease.call, shard, queue: Some(queue), offer: Some(offer) });
        let waited = nanos(self.now.mono) - self.calls[&lease.call].arrived;
        self.granted = Some((offer, agent, lease.call, Duration::from_nanos(waited.max(0) as u64)));
        self.rings_no_more(lease.call, agent);
        self.remove(lease.call, WithdrawReason::CallerGone, |tally| &mut tally.answered);
    }

    /// Agent, call and wait of an offer whose claim was just granted.
    pub(crate) fn answered(&self, offer: OfferId) -> Option<(AgentId, CallId, Duration)> {
        self.granted.filter(|granted| granted.0 == offer).map(|(_, agent, call, waited)| (agent, call, waited))
    }

    pub(super) fn ended(&mut self, offer: OfferId, generation: Generation, outcome: OfferOutcome) {
        let Some((agent, lease)) = self.lease(offer, generation) else {
            self.accepted = false;
            return;
        };
        self.rings_no_more(lease.call, agent);
        self.person(agent).offer = None;
        match outcome {
            OfferOutcome::NoAnswer => {
                self.leave_alone(agent, MISSED_REST);
                let person = self.person(agent);
                person.missed += 1;
                let is_rona = person.max_missed > 0 && person.missed >= person.max_missed;
                if is_rona {
                    person.status = Status::Paused;
                }
                self.coverage.hit(if is_rona { "offer: missed, paused by rona" } else { "offer: missed" });
            }
            OfferOutcome::Refused => {
                self.leave_alone(agent, REFUSED_REST);
                self.coverage.hit("offer: refused");
            }
            OfferOutcome::Unreachable | OfferOutcome::Withdrawn => {
                self.leave_alone(agent, UNREACHABLE_REST);
                self.coverage.hit("offer: unreachable");
            }
            OfferOutcome::CallerGone => {
                self.coverage.hit("offer: caller gone");
                self.remove(lease.call, WithdrawReason::CallerGone, |tally| &mut tally.abandoned);
            }
        }
    }

    pub(super) fn shard_lost(&mut self, shard: ShardId) {
        let gone: Vec<CallId> =
            self.calls.iter().filter(|(_, row)| row.shard == shard).map(|(call, _)| *call).collect();
        for call in gone {
            self.coverage.hit("call: shard lost");
            self.remove(call, WithdrawReason::CallerGone, |tally| &mut tally.abandoned);
        }
        let ids: Vec<AgentId> = self.agents.keys().copied().collect();
        for id in ids {
            while let Some(index) = self.agents[&id].legs.iter().position(|talk| talk.shard == shard) {
                self.coverage.hit("agent: leg lost with its shard");
                self.end_leg(id, index, false, true);
            }
        }
    }

    /// An open offer and who has it.
    pub(crate) fn lease(&self, offer: OfferId, generation: Generation) -> Option<(AgentId, super::Lease)> {
        let agent = *self.offers.get(&offer)?;
        let lease = self.agents.get(&agent)?.offer?;
        ((lease.offer, lease.generation) == (offer, generation)).then_some((agent, lease))
    }

    pub(super) fn rings_no_more(&mut self, call: CallId, agent: AgentId) {
        if let Some(row) = self.calls.get_mut(&call) {
            row.ringing.retain(|known| *known != agent);
        }
    }
}
