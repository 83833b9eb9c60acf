//! The verdicts: P1 to P6 and P8 of pacing.md section 8, by effects.

use acd::*;
use clock::*;

use super::{Checker, Lease, Person, nanos};

impl Checker {
    /// Judges what the ACD wants done after the inputs and timers so far.
    pub(crate) fn judge(&mut self, effects: &[Effect]) {
        let mut answers = Vec::new();
        for effect in effects {
            match effect {
                Effect::Withdraw { offer, generation, reason, .. } => {
                    answers.push(format!("withdraw {offer:?} {generation:?} {reason:?}"));
                }
                Effect::ClaimGranted { offer, generation, .. } => {
                    answers.push(format!("grant {offer:?} {generation:?}"))
                }
                Effect::ClaimRefused { offer, generation, .. } => {
                    answers.push(format!("refuse {offer:?} {generation:?}"));
                }
                Effect::LeaveQueue { call, .. } => answers.push(format!("leave {call}")),
                Effect::Offer { offer, generation, call, agent, why, shard, queue, ring } => {
                    assert_eq!(*shard, self.calls[call].shard);
                    assert_eq!((*queue, *ring), (self.calls[call].queue, self.queues[queue].0.ring));
                    self.judge_offer(*offer, *generation, *call, *agent, *why);
                }
                Effect::StateChanged { agent, state, call, .. } => {
                    if self.agents.contains_key(agent) {
                        self.told.insert(*agent, (*state, *call));
                    }
                }
                Effect::Enqueued { call, arrived, .. } => {
                    if let Some(row) = self.calls.get_mut(call) {
                        row.told_arrival = *arrived;
                    }
                }
                Effect::Repaired { what, .. } => panic!("an honest shard was corrected: {what}"),
                Effect::StatusChanged { agent, status, .. } => {
                    assert_eq!(self.agents[agent].status, *status, "{agent:?}");
                }
                Effect::Reply { .. } => {}
            }
        }
        answers.sort();
        self.expected.sort();
        assert_eq!(answers, core::mem::take(&mut self.expected), "answers of the ACD, and those by the book");
        self.judge_rest();
    }

    /// P1, P2: nobody has two offers. P4: the first call that anyone can take.
    /// P5: the longest idle of those who can. P6: nobody who is not free.
    fn judge_offer(&mut self, offer: OfferId, generation: Generation, call: CallId, agent: AgentId, why: Why) {
        assert!(self.seen_offers.insert(offer), "an offer id was used twice");
        let first = self.open_calls().into_iter().find(|call| !self.candidates(*call).is_empty());
        assert_eq!(Some(call), first, "P4: the first waiting call that has an idle agent");
        let candidates = self.candidates(call);
        assert_eq!(Some(&agent), candidates.first(), "P5: the longest idle agent");
        assert_eq!(why.candidates as usize, candidates.len());
        let ring = self.queues[&self.calls[&call].queue].0.ring;
        let deadline = self.now.mono + ring + OFFER_GRACE;
        if let Some(row) = self.calls.get_mut(&call) {
            row.attempts += 1;
            assert_eq!((generation, why.attempt), (Generation(row.attempts), row.attempts));
            let lease = Lease { offer, generation, call, shard: row.shard, deadline };
            self.person(agent).offer = Some(lease);
        }
    }

    /// P3: no pair is left; and what was told of each agent is true.
    fn judge_rest(&self) {
        for call in self.open_calls() {
            assert_eq!(self.candidates(call), [], "P3: {call} waits beside an idle agent");
        }
        for (agent, person) in &self.agents {
            let (state, call) = self.told.get(agent).copied().unwrap_or((State::Offline, None));
            assert_eq!(state, person.state(), "{agent:?}");
            let expected = person.legs.first().map(|talk| talk.call).or(person.offer.map(|lease| lease.call));
            assert_eq!(call, expected, "{agent:?}");
        }
    }

    /// P8 and the view: snapshots and counts are what effects say.
    pub(crate) fn judge_view(&self, acd: &Acd) {
        let view = acd.snapshot();
        assert_eq!(view.agents.len(), self.agents.len());
        for agent in &view.agents {
            let person = &self.agents[&agent.agent];
            assert_eq!((agent.state, agent.status, agent.missed), (person.state(), person.status, person.missed));
            assert_eq!(agent.reachable, person.reachable);
        }
        assert_eq!(view.queues.len(), self.queues.len());
        for queue in &view.queues {
            let (config, tally) = &self.queues[&queue.queue];
            assert_eq!(queue.tally, *tally);
            let gone = tally.answered + tally.abandoned + tally.timed_out + tally.moved;
            assert_eq!(tally.entered, gone + queue.waiting.len() as u64, "P8: conservation");
            let by_book: Vec<(CallId, WallTime)> = self
                .in_order()
                .into_iter()
                .filter(|call| self.calls[call].queue == queue.queue)
                .map(|call| (call, self.calls[&call].told_arrival))
                .collect();
            assert_eq!(queue.waiting, by_book);
            let ours = config.agents.iter().filter_map(|one| self.agents.get(&one.agent));
            let mut states = [0; 6];
            ours.for_each(|person| states[person.state() as usize] += 1);
            assert_eq!(queue.agents, states);
        }
        let counts = acd.counts();
        assert_eq!(counts.offers, self.agents.values().filter(|person| person.offer.is_some()).count());
        assert_eq!(counts.legs, self.agents.values().map(|person| person.legs.len()).sum::<usize>());
        assert_eq!((counts.places, counts.timers), (self.places.len(), self.timers().1));
    }

    /// Waiting calls in the order in which they are to be served.
    fn in_order(&self) -> Vec<CallId> {
        let mut all: Vec<CallId> = self.calls.keys().copied().collect();
        all.sort_by_key(|call| {
            let row = &self.calls[call];
            (core::cmp::Reverse(row.priority), row.arrived, row.seq)
        });
        all
    }

    /// Those of them that do not ring anywhere.
    fn open_calls(&self) -> Vec<CallId> {
        self.in_order().into_iter().filter(|call| self.agent_of(*call).is_none()).collect()
    }

    /// Agents who can take a call now, longest idle first.
    fn candidates(&self, call: CallId) -> Vec<AgentId> {
        let queue = &self.queues[&self.calls[&call].queue].0;
        let free = |person: &Person| person.state() == State::Ready && person.rest.is_none();
        let mut ids: Vec<AgentId> =
            self.agents.iter().filter(|(id, person)| free(person) && queue.has(**id)).map(|(id, _)| *id).collect();
        ids.sort_by_key(|id| (nanos(self.agents[id].idle), *id));
        ids
    }
}
