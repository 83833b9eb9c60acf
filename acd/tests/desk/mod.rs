//! An ACD on a desk: inputs in, effects out, at times that the test names.
#![allow(dead_code, reason = "each test file uses its own part")]

pub(crate) mod callbacks;

use core::time::Duration;

use acd::*;
use clock::*;

pub(crate) const SHARD: ShardId = ShardId(0);
pub(crate) const SUPPORT: QueueId = QueueId(1);
pub(crate) const SALES: QueueId = QueueId(2);
pub(crate) const RING: Duration = Duration::from_secs(15);
pub(crate) const MAX_WAIT: Duration = Duration::from_secs(120);
pub(crate) const WRAP_UP: Duration = Duration::from_secs(2);

pub(crate) struct Desk {
    pub(crate) acd: Acd,
    pub(crate) now: Now,
    next_call: u128,
}

pub(crate) fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

pub(crate) fn queue(queue: QueueId, agents: &[u32]) -> QueueConfig {
    let agents = agents.iter().map(|id| AgentId(*id).into()).collect();
    QueueConfig { queue, ring: RING, max_wait: MAX_WAIT, wrap_up: WRAP_UP, agents, ..QueueConfig::default() }
}

pub(crate) fn agent(id: u32) -> AgentConfig {
    AgentConfig { agent: AgentId(id), max_missed: 3, ..AgentConfig::default() }
}

impl Desk {
    pub(crate) fn new(queues: &[QueueConfig], agents: &[u32]) -> Self {
        let now = Now { mono: Instant::from_nanos(1_000_000_000), wall: WallTime::from_micros(1_700_000_000_000_000) };
        let mut desk = Self { acd: Acd::new(Limits::default(), Rng::new(1)), now, next_call: 1 };
        desk.configure(queues, agents);
        for id in agents {
            desk.reachable(*id, true);
        }
        desk
    }

    pub(crate) fn configure(&mut self, queues: &[QueueConfig], agents: &[u32]) -> Vec<Effect> {
        let agents = agents.iter().map(|id| agent(*id)).collect();
        self.say(Input::Configure { queues: queues.to_vec(), agents })
    }

    pub(crate) fn say(&mut self, input: Input) -> Vec<Effect> {
        self.acd.handle(self.now, input);
        self.drain()
    }

    /// Lets time pass, with every timer at its own moment.
    pub(crate) fn pass(&mut self, by: Duration) -> Vec<Effect> {
        let end = self.now.plus(by);
        let mut effects = Vec::new();
        while let Some((at, _)) = self.acd.poll_timeout().filter(|(at, _)| *at <= end.mono) {
            self.now = self.now.plus(at - self.now.mono);
            self.acd.handle_timeout(self.now);
            effects.extend(self.drain());
        }
        self.now = end;
        self.acd.handle_timeout(end);
        effects.extend(self.drain());
        effects
    }

    fn drain(&mut self) -> Vec<Effect> {
        core::iter::from_fn(|| self.acd.poll_effect()).collect()
    }

    pub(crate) fn reachable(&mut self, id: u32, reachable: bool) -> Vec<Effect> {
        self.say(Input::Reachable { agent: AgentId(id), reachable })
    }

    pub(crate) fn status(&mut self, id: u32, status: Status) -> Vec<Effect> {
        let reason = (status == Status::Paused).then(|| "lunch".to_owned());
        self.say(Input::SetStatus { request: None, agent: AgentId(id), status, reason })
    }

    /// A new call, its id and what followed.
    pub(crate) fn call(&mut self, queue: QueueId) -> (CallId, Vec<Effect>) {
        self.call_from(queue, None, 0)
    }

    pub(crate) fn call_from(&mut self, queue: QueueId, caller: Option<&str>, priority: i32) -> (CallId, Vec<Effect>) {
        let call = CallId(self.next_call);
        self.next_call += 1;
        (call, self.enqueue(call, queue, caller, priority))
    }

    pub(crate) fn enqueue(&mut self, call: CallId, queue: QueueId, caller: Option<&str>, priority: i32) -> Vec<Effect> {
        let caller = caller.map(str::to_owned);
        self.say(Input::Enqueue(Enqueue { call, shard: SHARD, queue, caller, priority, ..Enqueue::default() }))
    }

    pub(crate) fn claim(&mut self, offer: Ringing) -> Vec<Effect> {
        self.say(Input::Claim { shard: SHARD, offer: offer.offer, generation: offer.generation })
    }

    pub(crate) fn ended(&mut self, offer: Ringing, outcome: OfferOutcome) -> Vec<Effect> {
        self.say(Input::OfferEnded { offer: offer.offer, generation: offer.generation, outcome })
    }

    pub(crate) fn gone(&mut self, call: CallId) -> Vec<Effect> {
        self.say(Input::CallerGone { call })
    }

    pub(crate) fn busy(&mut self, id: u32, call: u128, leg: u64) -> Vec<Effect> {
        self.say(Input::AgentBusy(fact(id, CallId(call), leg, None)))
    }

    pub(crate) fn free(&mut self, id: u32, call: CallId, leg: u64, talked: bool) -> Vec<Effect> {
        self.say(Input::AgentFree { agent: AgentId(id), call, leg: LegId(leg), talked })
    }

    pub(crate) fn facts(&mut self, legs: &[AgentFact], waiting: &[WaitingFact], offers: &[Ringing]) -> Vec<Effect> {
        let offers = offers.iter().map(|ringing| (ringing.offer, ringing.generation)).collect();
        self.say(Input::Facts { shard: SHARD, legs: legs.to_vec(), waiting: waiting.to_vec(), offers })
    }

    /// One call that this agent takes and talks in.
    pub(crate) fn talk(&mut self, queue: QueueId) -> (CallId, u32) {
        let (call, effects) = self.call(queue);
        let ringing = offered(&effects);
        self.claim(ringing);
        (call, ringing.agent)
    }

    pub(crate) fn state(&self, id: u32) -> State {
        self.acd.agent_snapshot(AgentId(id)).map_or(State::Offline, |agent| agent.state)
    }

    pub(crate) fn reason(&self, id: u32) -> Option<String> {
        self.acd.agent_snapshot(AgentId(id)).and_then(|agent| agent.reason)
    }

    pub(crate) fn waiting(&self, queue: QueueId) -> Vec<CallId> {
        let queue = self.acd.queue_snapshot(queue);
        queue.map(|queue| queue.waiting.iter().map(|call| call.call).collect()).unwrap_or_default()
    }
}

/// An offer as the shard has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ringing {
    pub(crate) offer: OfferId,
    pub(crate) generation: Generation,
    pub(crate) call: CallId,
    pub(crate) agent: u32,
}

pub(crate) fn offers(effects: &[Effect]) -> Vec<Ringing> {
    let ringing = effects.iter().filter_map(|effect| match effect {
        Effect::Offer { offer, generation, call, agent, .. } => {
            Some(Ringing { offer: *offer, generation: *generation, call: *call, agent: agent.0 })
        }
        _ => None,
    });
    ringing.collect()
}

/// The one offer among these effects.
#[track_caller]
pub(crate) fn offered(effects: &[Effect]) -> Ringing {
    let all = offers(effects);
    assert_eq!(all.len(), 1, "one offer expected: {effects:?}");
    all[0]
}

pub(crate) fn withdrawn(effects: &[Effect]) -> Vec<(OfferId, WithdrawReason)> {
    let all = effects.iter().filter_map(|effect| match effect {
        Effect::Withdraw { offer, reason, .. } => Some((*offer, *reason)),
        _ => None,
    });
    all.collect()
}

pub(crate) fn granted(effects: &[Effect]) -> usize {
    effects.iter().filter(|effect| matches!(effect, Effect::ClaimGranted { .. })).count()
}

pub(crate) fn refused(effects: &[Effect]) -> usize {
    effects.iter().filter(|effect| matches!(effect, Effect::ClaimRefused { .. })).count()
}

pub(crate) fn left(effects: &[Effect]) -> Vec<CallId> {
    let all = effects.iter().filter_map(|effect| match effect {
        Effect::LeaveQueue { call, .. } => Some(*call),
        _ => None,
    });
    all.collect()
}

pub(crate) fn repairs(effects: &[Effect]) -> usize {
    effects.iter().filter(|effect| matches!(effect, Effect::Repaired { .. })).count()
}

pub(crate) fn fact(id: u32, call: CallId, leg: u64, queue: Option<QueueId>) -> AgentFact {
    AgentFact { shard: SHARD, agent: AgentId(id), call, leg: LegId(leg), queue }
}

pub(crate) fn waits(desk: &Desk, call: CallId, queue: QueueId) -> WaitingFact {
    WaitingFact { call, queue, arrived: desk.now.wall, ..WaitingFact::default() }
}
