//! The verdicts: P1 to P6 and P8 of pacing.md section 8, by effects.

use acd::*;
use clock::*;

use super::{Alarm, Answer, Checker, Lease};

impl Checker {
    /// Judges what the ACD wants done after the inputs and timers so far. A judge who is not `thorough` leaves out what
    /// needs a scan of all calls and agents.
    pub(crate) fn judge(&mut self, effects: &[Effect], thorough: bool) {
        let mut answers = Vec::new();
        for effect in effects {
            match effect {
                Effect::Withdraw { offer, generation, reason, .. } => {
                    answers.push(Answer::Withdraw(*offer, *generation, *reason as u8));
                }
                Effect::ClaimGranted { offer, generation, .. } => answers.push(Answer::Grant(*offer, *generation)),
                Effect::ClaimRefused { offer, generation, .. } => answers.push(Answer::Refuse(*offer, *generation)),
                Effect::LeaveQueue { call, .. } => answers.push(Answer::Leave(*call)),
                Effect::Offer { .. } => self.judge_offer(effect, thorough),
                Effect::StateChanged { agent, state, call, .. } => self.told(*agent, *state, *call),
                Effect::Enqueued { call, arrived, .. } => {
                    if let Some(row) = self.calls.get_mut(call) {
                        row.told_arrival = *arrived;
                    }
                }
                Effect::Repaired { what, .. } => {
                    self.rule("facts and leases agree", false, || format!("an honest shard was corrected: {what}"));
                }
                Effect::StatusChanged { agent, status, .. } => {
                    let by_book = self.agents.get(agent).map(|person| person.status);
                    self.rule("status as chosen", by_book == Some(*status), || {
                        format!("{agent:?} {status:?}, by the book {by_book:?}")
                    });
                }
                Effect::Reply { .. }
                | Effect::CallbackChanged(_)
                | Effect::BeginCallback { .. }
                | Effect::EndCallback { .. }
                | Effect::CallbackAnswer { .. } => {}
            }
        }
        answers.sort();
        let mut expected = core::mem::take(&mut self.expected);
        expected.sort();
        self.rule("answers by the book", answers == expected, || format!("{answers:?}, by the book {expected:?}"));
        if thorough {
            self.judge_rest();
        }
    }

    fn told(&mut self, agent: AgentId, state: State, call: Option<CallId>) {
        if self.agents.contains_key(&agent) {
            let former = self.told.insert(agent, (state, call)).map_or(State::Offline, |(former, _)| former);
            self.coverage.hit(TRANSITIONS[former as usize][state as usize]);
        }
    }

    /// P1, P2: nobody has two offers. P4: the first call that anyone can take. P5: who is to get it of those who can.
    /// P6: nobody who is not free.
    fn judge_offer(&mut self, effect: &Effect, thorough: bool) {
        let Effect::Offer { offer, generation, call, agent, why, shard, queue, ring } = effect else { return };
        let (call, agent) = (*call, *agent);
        let is_new = self.offers.insert(*offer, agent).is_none();
        self.rule("an offer has an id of its own", is_new, || format!("{offer:?} was used before"));
        let Some(row) = self.calls.get(&call) else {
            return self.rule("P2 one live offer a call", false, || format!("{call} does not wait"));
        };
        let Some(person) = self.agents.get(&agent) else {
            return self.rule("P1 one live offer an agent", false, || format!("{agent:?} is no agent"));
        };
        let (is_quiet, is_free, state) = (row.ringing.is_empty(), person.is_free(), person.state());
        let config = &self.queues[&row.queue].config;
        let by_book = (row.shard, row.queue, config.ring, row.attempts + 1);
        let told = (*shard, *queue, *ring, why.attempt);
        self.rule("an offer says what is true", by_book == told, || format!("{told:?}, by the book {by_book:?}"));
        self.rule("P2 one live offer a call", is_quiet, || format!("{call} rings already"));
        self.rule("P1 one live offer an agent", is_free, || format!("{agent:?} is {state:?}, or rests"));
        if thorough {
            let first = self.first_to_serve();
            self.rule("P4 order of arrival", first == Some(call), || format!("{call}, by the book {first:?}"));
            let candidates = self.candidates(call);
            self.rule("P5 the strategy's choice", candidates.first() == Some(&agent), || {
                format!("{agent:?} of {candidates:?}")
            });
            let count = candidates.len();
            self.rule("an offer says what is true", why.candidates as usize == count, || {
                format!("{} candidates, by the book {count}", why.candidates)
            });
            self.coverage.hit(if count > 1 { "choice: of several agents" } else { "choice: of one agent" });
        }
        self.ring(call, agent, *offer, *generation);
    }

    fn ring(&mut self, call: CallId, agent: AgentId, offer: OfferId, generation: Generation) {
        let Some(row) = self.calls.get_mut(&call) else { return };
        row.attempts += 1;
        row.ringing.push(agent);
        let (shard, queue, attempts) = (row.shard, row.queue, row.attempts);
        self.coverage.hit(if attempts > 1 { "offer: another one" } else { "offer: the first" });
        let deadline = self.now.mono + self.queues[&queue].config.ring + OFFER_GRACE;
        self.person(agent).offer = Some(Lease { offer, generation, call, shard, deadline });
        self.alarm(deadline, Alarm::Offer(agent));
    }

    /// P3: no pair is left; and what was told of each agent is true.
    fn judge_rest(&mut self) {
        let left = self.first_to_serve();
        self.rule("P3 work conserving", left.is_none(), || format!("{left:?} waits beside an agent who can take it"));
        let mut wrong = Vec::new();
        for (agent, person) in &self.agents {
            let told = self.told.get(agent).copied().unwrap_or((State::Offline, None));
            let call = person.legs.first().map(|talk| talk.call).or(person.offer.map(|lease| lease.call));
            if told != (person.state(), call) {
                wrong.push(format!("{agent:?} is {told:?}, by the book {:?} {call:?}", person.state()));
            }
        }
        self.rule("P6 states as they are", wrong.is_empty(), || wrong.join("; "));
    }

    /// P8 and the view: snapshots and counts are what effects say.
    pub(crate) fn judge_view(&mut self, acd: &Acd) {
        let view = acd.snapshot();
        let mut wrong = Vec::new();
        for agent in &view.agents {
            let Some(person) = self.agents.get(&agent.agent) else {
                wrong.push(format!("{:?} is not ours", agent.agent));
                continue;
            };
            let by_book = (person.state(), person.status, person.missed, person.reachable);
            let seen = (agent.state, agent.status, agent.missed, agent.reachable);
            if by_book != seen {
                wrong.push(format!("{:?} is {seen:?}, by the book {by_book:?}", agent.agent));
            }
        }
        let in_order = self.in_order();
        for queue in &view.queues {
            let Some(desk) = self.queues.get(&queue.queue) else {
                wrong.push(format!("{:?} is not ours", queue.queue));
                continue;
            };
            let tally = desk.tally;
            let gone = tally.answered + tally.abandoned + tally.timed_out + tally.moved + tally.called_back;
            let mine = in_order.iter().filter(|call| self.calls[call].queue == queue.queue);
            let by_book: Vec<(CallId, WallTime)> = mine.map(|call| (*call, self.calls[call].told_arrival)).collect();
            let mut states = [0; 6];
            for agent in &desk.config.agents {
                self.agents.get(&agent.agent).into_iter().for_each(|person| states[person.state() as usize] += 1);
            }
            let is_right = queue.tally == tally && tally.entered == gone + queue.waiting.len() as u64;
            if !is_right || queue.waiting != by_book || queue.agents != states {
                wrong.push(format!("{queue:?}, by the book {tally:?} {by_book:?} {states:?}"));
            }
        }
        if (view.agents.len(), view.queues.len()) != (self.agents.len(), self.queues.len()) {
            wrong.push("a queue or an agent is missing".to_owned());
        }
        let (counts, timers) = (acd.counts(), self.timers());
        let offers = self.agents.values().filter(|person| person.offer.is_some()).count();
        let legs = self.agents.values().map(|person| person.legs.len()).sum::<usize>();
        if (counts.offers, counts.legs, counts.places, counts.timers) != (offers, legs, self.places.len(), timers) {
            wrong.push(format!("{counts:?}, by the book {offers} offers, {legs} legs, {timers} timers"));
        }
        self.rule("P8 conservation", wrong.is_empty(), || wrong.join("; "));
    }
}

/// From and to, by [`State`].
const TRANSITIONS: [[&str; 6]; 6] = [
    [
        "offline > offline",
        "offline > ready",
        "offline > reserved",
        "offline > on_call",
        "offline > wrap_up",
        "offline > paused",
    ],
    ["ready > offline", "ready > ready", "ready > reserved", "ready > on_call", "ready > wrap_up", "ready > paused"],
    [
        "reserved > offline",
        "reserved > ready",
        "reserved > reserved",
        "reserved > on_call",
        "reserved > wrap_up",
        "reserved > paused",
    ],
    [
        "on_call > offline",
        "on_call > ready",
        "on_call > reserved",
        "on_call > on_call",
        "on_call > wrap_up",
        "on_call > paused",
    ],
    [
        "wrap_up > offline",
        "wrap_up > ready",
        "wrap_up > reserved",
        "wrap_up > on_call",
        "wrap_up > wrap_up",
        "wrap_up > paused",
    ],
    [
        "paused > offline",
        "paused > ready",
        "paused > reserved",
        "paused > on_call",
        "paused > wrap_up",
        "paused > paused",
    ],
];
