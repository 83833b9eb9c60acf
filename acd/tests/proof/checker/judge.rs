//! The verdicts: P1 to P9 of pacing.md section 8, by effects.

use acd::*;
use clock::*;

use super::callbacks::is_minted;
use super::{Answer, Caller, Checker};

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
                // Of a callback's queue that is gone: it is told by its end.
                Effect::LeaveQueue { call, .. } if is_minted(*call) => {}
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
                // Where somebody stands decides nothing.
                Effect::Steered { call, .. } => answers.push(Answer::Steered(*call)),
                Effect::BeginCallback { shard, order } => self.begun(*shard, order),
                Effect::EndCallback { call, .. } => answers.push(Answer::EndCall(*call)),
                Effect::CallbackChanged(told) => answers.extend(self.back_told(told)),
                Effect::CallbackAnswer { result, .. } => {
                    let said = result.map(|(_, is_known)| is_known).map_err(CallbackRefusal::word);
                    answers.push(Answer::Asked(said));
                }
                Effect::Reply { result: Ok(Reply::Callback(taken)), .. } => {
                    answers.push(Answer::Asked(Ok(taken.is_duplicate)));
                }
                Effect::Reply { result: Err(CommandError::Callback(why)), .. } => {
                    answers.push(Answer::Asked(Err(why.word())));
                }
                Effect::Reply { .. }
                | Effect::Place { .. }
                | Effect::Noted { .. }
                | Effect::Disposed(_)
                | Effect::PlaceKept { .. }
                | Effect::Probe { .. }
                | Effect::CallStandingLeg { .. }
                | Effect::EndStandingLeg { .. } => {}
            }
        }
        answers.sort();
        let mut expected = core::mem::take(&mut self.expected);
        expected.sort();
        let is_claim = |answer: &Answer| matches!(answer, Answer::Grant(..) | Answer::Refuse(..));
        let (claims, others): (Vec<_>, Vec<_>) = answers.into_iter().partition(is_claim);
        let (claims_by_book, by_book): (Vec<_>, Vec<_>) = expected.into_iter().partition(is_claim);
        let what = || format!("{claims:?}, by the book {claims_by_book:?}");
        self.rule("P2 one winner a call", claims == claims_by_book, what);
        self.rule("every offer and wait ends", others == by_book, || format!("{others:?}, by the book {by_book:?}"));
        let is_carried_out = self.pulled.take().is_none();
        self.rule("orders are carried out", is_carried_out, || "no offer to whom it was pulled to".to_owned());
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

    /// P1, P2: nobody has two offers, and as many ring for a call as may. P4: the first call that anyone can take. P5: who is
    /// to get it of those who can. P6: nobody who is not free.
    fn judge_offer(&mut self, effect: &Effect, thorough: bool) {
        let Effect::Offer { offer, generation, call, agent, why, shard, queue, ring } = effect else { return };
        let (call, agent) = (*call, *agent);
        let is_new = self.offers.insert(*offer, agent).is_none();
        self.rule("an offer has an id of its own", is_new, || format!("{offer:?} was used before"));
        let Some(row) = self.calls.get(&call).cloned() else {
            return self.rule("P2 one live offer a call", false, || format!("{call} does not wait"));
        };
        let Some(person) = self.agents.get(&agent) else {
            return self.rule("P1 one live offer an agent", false, || format!("{agent:?} is no agent"));
        };
        let (may_ring, is_free, state) = (self.may_ring(&row), person.is_free(), person.state());
        let is_kept = row.held.is_some();
        let by_book = (row.shard, row.queue, self.queues[&row.queue].config.ring, row.attempts + 1, is_kept);
        let told = (*shard, *queue, *ring, why.attempt, why.preferred);
        self.rule("an offer says what is true", by_book == told, || format!("{told:?}, by the book {by_book:?}"));
        self.rule("P2 one live offer a call", may_ring, || format!("{call} rings already"));
        // A supervisor may pull to one who rests after an offer, out of order.
        let is_pulled = self.pulled.take_if(|pulled| *pulled == (call, agent)).is_some();
        let is_free = is_free || is_pulled && state == State::Ready;
        self.rule("P1 one live offer an agent", is_free, || format!("{agent:?} is {state:?}, or rests"));
        if thorough && !is_pulled {
            self.judge_order(call, &row);
            self.judge_choice(agent, &row, why);
        }
        self.ring(call, agent, *offer, *generation);
    }

    fn judge_order(&mut self, call: CallId, row: &Caller) {
        let order = self.to_serve();
        let first = order.first().copied();
        if first != Some(call) {
            let what = [Some(call), first].map(|call| call.and_then(|call| self.words(call)));
            self.rule("P4 order of service", false, || {
                format!("{}; by the book {:?}", what[0].clone().unwrap_or_default(), what[1])
            });
        }
        self.judge_starvation(row, &order);
        let Some(other) = order.get(1).and_then(|other| self.calls.get(other)) else { return };
        let priority = |row: &Caller| row.work.priority + self.queues[&row.queue].config.priority;
        let name = match () {
            () if other.ringing.is_empty() != row.ringing.is_empty() => "order: who does not ring yet first",
            () if other.key < row.key => "order: the agent's kind of work first",
            () if priority(other) > priority(row) => "order: the longer wait before a higher priority",
            () if priority(other) < priority(row) && other.arrived < row.arrived => "order: a higher priority first",
            () if other.arrived < row.arrived => "order: the earlier deadline first",
            () => "order: the earlier arrival first",
        };
        self.coverage.hit(name);
    }

    /// P9: where waiting is worth priority, nobody is overtaken by one who came later than his priority is worth. So a
    /// wait is bounded by that of first come, first served and the worth of the highest priority.
    fn judge_starvation(&mut self, row: &Caller, order: &[CallId]) {
        let Some(worth) = row.placed_by.0 else { return };
        let free = self.free_agents();
        let rank = |row: &Caller| {
            self.takers(row, &free).iter().filter_map(|agent| self.agents[agent].blend.rank(row.work.kind)).min()
        };
        let alike =
            |other: &&Caller| (other.queue, other.placed_by, rank(other)) == (row.queue, row.placed_by, rank(row));
        let overtaken = order.iter().filter_map(|call| self.calls.get(call)).filter(alike).filter(|other| {
            let worth = worth.as_nanos() as i64 * i64::from(row.work.priority - other.work.priority);
            other.ringing.is_empty() && row.ringing.is_empty() && row.arrived - other.arrived > worth.max(0)
        });
        let overtaken: Vec<CallId> = overtaken.map(|other| other.work.call).collect();
        let call = row.work.call;
        self.rule("P9 no starvation", overtaken.is_empty(), || format!("{call} before {overtaken:?}"));
    }

    /// A call in the words of the rules.
    fn words(&self, call: CallId) -> Option<String> {
        let row = self.calls.get(&call)?;
        let takers = self.takers(row, &self.free_agents());
        let rank = takers.iter().filter_map(|agent| self.agents[agent].blend.rank(row.work.kind)).min();
        let Caller { queue, key, held, ringing, .. } = row;
        let kind = row.work.kind;
        Some(format!("{call} {kind:?} {queue:?} {key:?} {held:?} rings {ringing:?} for {takers:?} rank {rank:?}"))
    }

    fn judge_choice(&mut self, agent: AgentId, row: &Caller, why: &Why) {
        let takers = self.takers(row, &self.free_agents());
        let ranked = self.ranked(row, &takers);
        let strategy = self.queues[&row.queue].config.strategy;
        let Some(first) = ranked.first().copied() else { return };
        let level: Vec<AgentId> =
            ranked.iter().filter(|rank| rank.is_level_with(&first)).map(|rank| rank.agent).collect();
        let is_right = if strategy == Strategy::Random { level.contains(&agent) } else { first.agent == agent };
        self.rule("P5 the strategy's choice", is_right, || format!("{agent:?} by {strategy:?} of {ranked:?}"));
        let count = takers.len() as u32;
        self.rule("an offer says what is true", (why.candidates, why.strategy) == (count, strategy), || {
            format!("{} candidates, by the book {count}", why.candidates)
        });
        self.coverage.hit(match (ranked.len(), level.len()) {
            (1, _) => "choice: one could take it",
            (_, 1) => "choice: the lower level, or more of the preferred skills",
            _ => CHOICES[index(strategy)],
        });
    }

    /// P3: no pair is left; and what was told of each agent is true.
    fn judge_rest(&mut self) {
        let left = self.to_serve();
        if !left.is_empty() {
            let words: Vec<_> = left.iter().filter_map(|call| self.words(*call)).collect();
            self.rule("P3 work conserving", false, || format!("beside an agent who can take it waits {words:?}"));
        }
        let mut wrong = Vec::new();
        for (agent, person) in &self.agents {
            let told = self.told.get(agent).copied().unwrap_or((State::Offline, None));
            let call = person.legs.first().map(|talk| talk.call).or(person.offer.map(|lease| lease.call));
            if told != (person.state(), call) {
                wrong.push(format!("{agent:?} is {told:?}, by the book {:?} {call:?}", person.state()));
            }
        }
        self.rule("P6 states as they are", wrong.is_empty(), || wrong.join("; "));
        self.judge_backs();
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

fn index(strategy: Strategy) -> usize {
    match strategy {
        Strategy::LongestIdle => 0,
        Strategy::RingAll => 1,
        Strategy::RoundRobin => 2,
        Strategy::FewestCalls => 3,
        Strategy::LeastTalk => 4,
        Strategy::TopDown => 5,
        Strategy::Random => 6,
        Strategy::Weighted => 7,
        Strategy::ProgressiveRing { .. } => 8,
    }
}

/// By [`index`].
const CHOICES: [&str; 9] = [
    "choice: longest idle",
    "choice: ring all",
    "choice: round robin",
    "choice: fewest calls",
    "choice: least talk time",
    "choice: top down",
    "choice: random",
    "choice: weighted",
    "choice: progressive ring",
];
