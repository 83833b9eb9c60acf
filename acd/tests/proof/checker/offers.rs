//! Offers of the naive ACD: rung, claimed, ended.

use acd::*;
use clock::*;
use core::time::Duration;

use super::{Alarm, Answer, Checker, Lease, Talk, nanos};

impl Checker {
    pub(super) fn claim(&mut self, shard: ShardId, offer: OfferId, generation: Generation) {
        let Some((agent, lease)) = self.lease(offer, generation) else {
            self.accepted = false;
            let legs = self.agents.values().map(|person| &person.legs).chain(self.gone.values());
            if legs.flatten().any(|talk| talk.offer == Some(offer)) {
                self.coverage.hit("claim: twice, passed over");
            } else {
                self.coverage.hit("claim: too late, refused");
                self.expected.push(Answer::Refuse(offer, generation));
            }
            return;
        };
        self.coverage.hit("claim: granted");
        self.expected.push(Answer::Grant(offer, generation));
        let (call, queue, since) = (lease.call, self.calls[&lease.call].queue, self.now.mono);
        let waited = nanos(since) - self.calls[&call].arrived;
        self.granted = Some((offer, agent, call, Duration::from_nanos(waited.max(0) as u64)));
        let person = self.person(agent);
        person.offer = None;
        person.missed = 0;
        person.figures.answered += 1;
        let in_queue = person.figures.by_queue.entry(queue).or_default();
        *in_queue = in_queue.saturating_add(1);
        person.legs.push(Talk { leg: None, call, shard, queue: Some(queue), offer: Some(offer), since });
        self.rings_no_more(call, agent);
        self.back_claimed(call, agent);
        let work = &self.calls[&call].work;
        if let Some(caller) = work.caller.clone().filter(|_| work.kind != WorkKind::Callback) {
            self.last.insert(caller, (agent, call));
        }
        self.remove(call, WithdrawReason::AnsweredElsewhere, |tally| &mut tally.answered);
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
                self.gives_up(lease.call);
            }
        }
    }

    /// An open offer and who has it.
    pub(crate) fn lease(&self, offer: OfferId, generation: Generation) -> Option<(AgentId, Lease)> {
        let agent = *self.offers.get(&offer)?;
        let lease = self.agents.get(&agent)?.offer?;
        ((lease.offer, lease.generation) == (offer, generation)).then_some((agent, lease))
    }

    /// An offer was made.
    pub(super) fn ring(&mut self, call: CallId, agent: AgentId, offer: OfferId, generation: Generation) {
        let Some(row) = self.calls.get_mut(&call) else { return };
        let is_first = row.ringing.is_empty();
        row.attempts += 1;
        row.ringing.push(agent);
        let (shard, queue, attempts) = (row.shard, row.queue, row.attempts);
        let now = self.now.mono;
        let Some(desk) = self.queues.get_mut(&queue) else { return };
        let position = desk.config.agents.iter().position(|one| one.agent == agent);
        desk.cursor = position.map_or(desk.cursor, |position| position as i64);
        let (ring, strategy) = (desk.config.ring, desk.config.strategy);
        if let (true, Strategy::ProgressiveRing { every }) = (is_first, strategy) {
            self.calls.entry(call).and_modify(|row| row.next_join = Some(now + every));
            self.alarm(now + every, Alarm::Join(call));
        }
        self.coverage.hit(match (is_first, attempts) {
            (false, _) => "ring group: another joins",
            (true, 1) => "offer: the first",
            (true, _) => "offer: another one",
        });
        let deadline = now + ring + self.more_ring(call) + OFFER_GRACE;
        self.person(agent).offer = Some(Lease { offer, generation, call, shard, deadline });
        self.alarm(deadline, Alarm::Offer(agent));
    }

    /// One more agent may join those who ring for a call.
    pub(super) fn join_due(&mut self, call: CallId) {
        let now = self.now.mono;
        let Some(row) = self.calls.get_mut(&call) else { return };
        row.joins += 1;
        row.next_join = match self.queues[&row.queue].config.strategy {
            Strategy::ProgressiveRing { every } if row.joins < RING_GROUP_MAX => Some(now + every),
            _ => None,
        };
        let next = row.next_join;
        self.coverage.hit("ring group: widened");
        if let Some(at) = next {
            self.alarm(at, Alarm::Join(call));
        }
    }

    /// This agent's phone does not ring for the call any more; it is kept for nobody from now.
    pub(super) fn rings_no_more(&mut self, call: CallId, agent: AgentId) {
        let Some(row) = self.calls.get_mut(&call) else { return };
        row.ringing.retain(|known| *known != agent);
        if row.ringing.is_empty() {
            (row.joins, row.next_join) = (0, None);
        }
        if row.held.take().is_some() {
            self.coverage.hit("preferred: did not take it");
            self.arm_step(call);
        }
    }
}

/// Agents who ring for one call.
pub(super) const RING_GROUP_MAX: usize = 50;
