//! What happens next.

use core::time::Duration;

use acd::*;
use clock::*;

use super::rules::QUEUES;
use super::{AGENTS, Storm};
use crate::checker::{Back, Person, Phase};

impl Storm {
    /// An input that the model can take, now and then one that it cannot.
    pub(super) fn any_input(&mut self) -> Input {
        if self.rng.chance(NONSENSE) {
            return self.nonsense();
        }
        if let Some(agent) = self.flapping.take().filter(|_| self.rng.chance(0.5)) {
            return Input::Reachable { agent, reachable: true };
        }
        loop {
            if self.rng.chance(CALLBACKS)
                && let Some(input) = self.callback()
            {
                return input;
            }
            if self.rng.chance(ORDERS)
                && let Some(order) = self.order()
            {
                return order;
            }
            let chosen = match self.rng.below(100) {
                0..22 => (!self.is_quiet || self.rng.chance(0.4)).then(|| self.arrival()),
                22..26 => self.some_call().map(|call| Input::CallerGone { call }),
                26..48 => self.some_offer().map(|(shard, offer, generation)| Input::Claim { shard, offer, generation }),
                48..58 => self.end_of_offer(),
                58..74 => self.end_of_leg(),
                74..79 => self.call_of_his_own(),
                79..84 => self.phone(),
                84..92 => self.status(),
                92..95 => self.again(),
                95 | 97 => Some(self.honest_facts()),
                96 => self.some_call().map(|call| Input::CallerMoved { call }),
                98 => Some(self.place()),
                _ => self.rng.chance(0.25).then(|| Input::ShardLost { shard: self.shard() }),
            };
            if let Some(input) = chosen {
                return input;
            }
        }
    }

    fn arrival(&mut self) -> Input {
        let open: Vec<QueueId> = self.checker.queues.keys().copied().collect();
        let rows = self.checker.queues.iter();
        let roomy = rows.filter(|(_, desk)| desk.waiting() < desk.config.max_waiting).map(|(queue, _)| *queue);
        let roomy: Vec<QueueId> = roomy.collect();
        let queue = pick(&mut self.rng, if roomy.is_empty() { &open } else { &roomy }).unwrap_or_default();
        self.calls += 1;
        let input = self.enqueue(CallId(self.calls), queue);
        if self.rng.chance(0.12) { self.rings_in(input) } else { input }
    }

    /// The same from somebody who is being called back at this moment.
    fn rings_in(&mut self, mut input: Input) -> Input {
        let is_called = |back: &&Back| matches!(back.phase, Phase::Claimed(_) | Phase::Waiting(true));
        let called = self.checker.backs.values().filter(is_called).map(|back| (back.queue, back.number.clone()));
        let called: Vec<(QueueId, String)> = called.collect();
        if let (Input::Enqueue(work), Some((queue, number))) = (&mut input, pick(&mut self.rng, &called)) {
            (work.queue, work.caller, work.kind) = (queue, Some(number), WorkKind::Inbound);
        }
        input
    }

    fn enqueue(&mut self, call: CallId, queue: QueueId) -> Input {
        let priority = if self.rng.chance(0.3) { self.rng.below(4) as i32 - 1 } else { 0 };
        let kind = if self.rng.chance(0.2) { WorkKind::Outbound } else { WorkKind::Inbound };
        let steps = if self.rng.chance(0.2) { self.steps() } else { Vec::new() };
        let arrived = self.rng.chance(0.05).then(|| {
            let ago = self.rng.below(20_000_000) as i64 - 1_000_000;
            WallTime::from_micros(self.checker.now.wall.as_micros() - ago)
        });
        let caller = self.rng.chance(0.3).then(|| self.caller());
        let preferred = self.rng.chance(0.2).then(|| AgentId(self.rng.below(u64::from(AGENTS) + 2) as u32));
        let shard = self.shard();
        let (is_let_in, max_wait) = (false, None);
        Input::Enqueue(Enqueue {
            call,
            shard,
            queue,
            caller,
            priority,
            kind,
            steps,
            preferred,
            arrived,
            is_let_in,
            max_wait,
        })
    }

    /// A call that waits is moved, or gets another priority.
    fn again(&mut self) -> Option<Input> {
        let call = self.some_call()?;
        let queue = QueueId(self.rng.below(u64::from(QUEUES)) as u32 + 1);
        Some(self.enqueue(call, queue))
    }

    fn end_of_offer(&mut self) -> Option<Input> {
        let (_, offer, generation) = self.some_offer()?;
        let outcome = pick(&mut self.rng, &OUTCOMES)?;
        Some(Input::OfferEnded { offer, generation, outcome })
    }

    fn end_of_leg(&mut self) -> Option<Input> {
        let here = self.checker.agents.iter().map(|(id, person)| (id, &person.legs));
        let live = here.chain(&self.checker.gone).flat_map(|(id, legs)| legs.iter().map(|talk| (*id, talk)));
        let live: Vec<_> = live.map(|(id, talk)| (id, talk.call, talk.leg)).collect();
        let (agent, call, leg) = pick(&mut self.rng, &live)?;
        self.legs += 1;
        Some(Input::AgentFree { agent, call, leg: leg.unwrap_or(LegId(self.legs)), talked: self.rng.chance(0.8) })
    }

    fn call_of_his_own(&mut self) -> Option<Input> {
        let agent = self.some_agent()?;
        if self.checker.agents[&agent].legs.len() > 2 {
            return None;
        }
        self.legs += 1;
        let queue = self.rng.chance(0.2).then_some(QueueId(1));
        let (shard, call) = (self.shard(), CallId(1 << 100 | u128::from(self.legs)));
        Some(Input::AgentBusy(AgentFact { shard, agent, call, leg: LegId(self.legs), queue }))
    }

    fn phone(&mut self) -> Option<Input> {
        let of_interest = |(_, person): &(&AgentId, &Person)| !person.reachable || person.rests();
        let few: Vec<AgentId> = self.checker.agents.iter().filter(of_interest).map(|(id, _)| *id).collect();
        let one = pick(&mut self.rng, &few).filter(|_| self.rng.chance(0.6));
        let agent = one.or_else(|| self.some_agent())?;
        let reachable = !self.checker.agents[&agent].reachable;
        self.flapping = (!reachable && self.checker.agents[&agent].rests()).then_some(agent);
        (reachable || self.flapping.is_some() || self.rng.chance(0.4)).then_some(Input::Reachable { agent, reachable })
    }

    fn status(&mut self) -> Option<Input> {
        let awaited: Vec<AgentId> = self.checker.calls.values().filter_map(|row| Some(row.held?.0)).collect();
        if let Some(agent) = pick(&mut self.rng, &awaited).filter(|_| self.rng.chance(0.1)) {
            return Some(Input::SetStatus { request: None, agent, status: Status::Offline, reason: None });
        }
        let agent = self.some_agent()?;
        let wanted = [Status::Ready, Status::Ready, Status::Ready, Status::Paused, Status::Offline];
        let status = pick(&mut self.rng, &wanted)?;
        let is_news =
            self.checker.agents[&agent].status != status || self.checker.agents[&agent].state() == State::WrapUp;
        let reason = Some("lunch".to_owned());
        (is_news || self.rng.chance(0.1)).then_some(Input::SetStatus { request: None, agent, status, reason })
    }

    fn place(&mut self) -> Input {
        let arrived = self.checker.now.wall.as_micros() - self.rng.below(60_000_000) as i64 + 5_000_000;
        let until = self.checker.now.wall + Duration::from_nanos(self.rng.below(30_000_000_000) + 1_000);
        let queue = QueueId(self.rng.below(u64::from(QUEUES)) as u32 + 1);
        Input::RestorePlace {
            queue,
            caller: self.caller(),
            arrived: WallTime::from_micros(arrived),
            until,
            ordered: None,
        }
    }

    /// What a shard without fault reports of itself.
    fn honest_facts(&mut self) -> Input {
        let shard = self.shard();
        let mut legs = Vec::new();
        let here = self.checker.agents.iter().map(|(id, person)| (id, &person.legs));
        for (agent, talks) in here.chain(&self.checker.gone) {
            for talk in talks.iter().filter(|talk| talk.shard == shard) {
                self.legs += 1;
                let leg = talk.leg.unwrap_or(LegId(self.legs));
                legs.push(AgentFact { shard, agent: *agent, call: talk.call, leg, queue: talk.queue });
            }
        }
        let waiting = self.checker.calls.iter();
        let waiting = waiting.filter(|(_, row)| row.shard == shard && row.work.kind != WorkKind::Callback);
        let waiting = waiting.map(|(call, row)| WaitingFact {
            call: *call,
            queue: row.queue,
            caller: None,
            priority: row.work.priority,
            arrived: row.told_arrival,
            ..WaitingFact::default()
        });
        let open = self.checker.agents.values().filter_map(|person| person.offer);
        let offers = open.filter(|lease| lease.shard == shard).map(|lease| (lease.offer, lease.generation));
        Input::Facts { shard, legs, waiting: waiting.collect(), offers: offers.collect() }
    }

    /// Words that come too late, twice, or of what nobody knows.
    fn nonsense(&mut self) -> Input {
        let (offer, generation) = pick(&mut self.rng, &self.offers).unwrap_or_default();
        let generation = Generation(generation.0 + u32::from(self.rng.chance(0.2)));
        let stranger = AgentId(AGENTS + 1 + self.rng.below(2) as u32);
        let shard = self.shard();
        let granted = self.checker.agents.values().flat_map(|person| &person.legs).filter_map(|talk| talk.offer);
        let granted: Vec<OfferId> = granted.collect();
        match self.rng.below(9) {
            0 | 1 => Input::Claim { shard, offer, generation },
            8 => Input::Claim { shard, offer: pick(&mut self.rng, &granted).unwrap_or(offer), generation },
            2 | 3 => {
                Input::OfferEnded { offer, generation, outcome: pick(&mut self.rng, &OUTCOMES).unwrap_or(OUTCOMES[0]) }
            }
            4 => Input::CallerGone { call: CallId(self.rng.below(self.calls as u64).into()) },
            5 => Input::AgentFree {
                agent: self.some_agent().unwrap_or(stranger),
                call: CallId(9),
                leg: LegId(0),
                talked: true,
            },
            6 => {
                Input::SetStatus { request: Some(RequestId(1)), agent: stranger, status: Status::Paused, reason: None }
            }
            _ => self.enqueue(CallId(0), QueueId(QUEUES + 1)),
        }
    }

    pub(super) fn shard(&mut self) -> ShardId {
        ShardId(self.rng.below(2) as u16)
    }

    pub(super) fn caller(&mut self) -> String {
        format!("+44770090000{}", self.rng.below(5))
    }

    fn some_agent(&mut self) -> Option<AgentId> {
        let all: Vec<AgentId> = self.checker.agents.keys().copied().collect();
        pick(&mut self.rng, &all)
    }

    /// One on the line: callbacks have inputs of their own.
    pub(super) fn some_call(&mut self) -> Option<CallId> {
        let all = self.checker.calls.iter().filter(|(_, row)| row.work.kind != WorkKind::Callback);
        pick(&mut self.rng, &all.map(|(call, _)| *call).collect::<Vec<_>>())
    }

    fn some_offer(&mut self) -> Option<(ShardId, OfferId, Generation)> {
        let open = self.checker.agents.values().filter_map(|person| person.offer);
        let open: Vec<_> = open.map(|lease| (lease.shard, lease.offer, lease.generation)).collect();
        pick(&mut self.rng, &open)
    }
}

pub(super) fn pick<T: Clone>(rng: &mut Rng, from: &[T]) -> Option<T> {
    from.get(rng.below(from.len() as u64) as usize).cloned()
}

const OUTCOMES: [OfferOutcome; 6] = [
    OfferOutcome::NoAnswer,
    OfferOutcome::NoAnswer,
    OfferOutcome::Refused,
    OfferOutcome::Unreachable,
    OfferOutcome::CallerGone,
    OfferOutcome::Withdrawn,
];
/// Share of what has to do with callbacks.
const CALLBACKS: f64 = 0.14;
/// And with supervisors.
const ORDERS: f64 = 0.035;
/// Share of words that are stale or make no sense.
const NONSENSE: f64 = 0.08;
