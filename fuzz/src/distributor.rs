//! The ACD with shards that follow no rule: an agent has one offer at a time, a call one claim, and every offer ends.

use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};

use acd::{
    Acd, AgentConfig, AgentFact, Effect, Enqueue, Input, Limits, OfferOutcome, QueueConfig, State, Status, WaitingFact,
};
use clock::{AgentId, CallId, Generation, Instant, LegId, Now, OfferId, QueueId, Rng, ShardId, WallTime};

use crate::script::Script;

/// Plays the decisions in `data`.
pub fn check(data: &[u8]) {
    let mut desk = Desk::new();
    let mut script = Script(data);
    desk.say(configuration());
    for agent in 1..=AGENTS {
        desk.say(Input::Reachable { agent: AgentId(agent), reachable: true });
    }
    while !script.is_over() {
        if script.byte() % 3 == 0 {
            desk.pass(Duration::from_millis(script.below(20_000)));
        }
        let input = desk.any_input(&mut script);
        desk.say(input);
    }
    desk.calm();
}

struct Desk {
    acd: Acd,
    now: Now,
    /// Open offers by agent, as the effects say.
    open: BTreeMap<OfferId, (Generation, AgentId)>,
    /// Every offer there was, for stale answers.
    made: Vec<(OfferId, Generation)>,
    granted: BTreeSet<(OfferId, Generation)>,
}

impl Desk {
    fn new() -> Self {
        let now = Now { mono: Instant::from_nanos(1), wall: WallTime::from_micros(1_700_000_000_000_000) };
        let acd = Acd::new(Limits::default(), Rng::new(1));
        Self { acd, now, open: BTreeMap::new(), made: Vec::new(), granted: BTreeSet::new() }
    }

    fn any_input(&self, script: &mut Script<'_>) -> Input {
        let agent = AgentId(script.byte() as u32 % (AGENTS + 1) + 1);
        let call = CallId(u128::from(script.byte() % 12) + 1);
        let queue = QueueId(u32::from(script.byte() % 3) + 1);
        let (leg, shard) = (LegId(u64::from(script.byte() % 16)), ShardId(u16::from(script.byte() % 2)));
        let nothing = (OfferId(999), Generation(1));
        let (offer, generation) =
            self.made.get(script.below(self.made.len().max(1) as u64) as usize).copied().unwrap_or(nothing);
        let fact = AgentFact { shard, agent, call, leg, queue: script.chance().then_some(queue) };
        let status = [Status::Ready, Status::Paused, Status::Offline][script.byte() as usize % 3];
        match script.byte() % 16 {
            0..4 => {
                let caller = Some(format!("+44{}", call.0));
                Input::Enqueue(Enqueue { call, shard, queue, caller, ..Enqueue::default() })
            }
            4 => Input::CallerGone { call },
            5 | 6 => Input::Claim { shard, offer, generation },
            7 | 8 => {
                let outcome = OUTCOMES[script.byte() as usize % OUTCOMES.len()];
                Input::OfferEnded { offer, generation, outcome }
            }
            9 => Input::AgentBusy(fact),
            10 => Input::AgentFree { agent, call, leg, talked: script.chance() },
            11 => Input::Reachable { agent, reachable: script.chance() },
            12 => Input::SetStatus { request: None, agent, status, reason: None },
            13 => {
                let waiting = WaitingFact { call, queue, arrived: self.now.wall, ..WaitingFact::default() };
                let waiting = if script.chance() { vec![waiting] } else { Vec::new() };
                let legs = if script.chance() { vec![fact] } else { Vec::new() };
                let offers = if script.chance() { vec![(offer, generation)] } else { Vec::new() };
                Input::Facts { shard, legs, waiting, offers }
            }
            14 if script.byte() % 4 == 0 => configuration(),
            14 => Input::ShardLost { shard },
            _ => {
                let priority = i32::from(script.byte());
                Input::Enqueue(Enqueue { call, shard, queue, priority, ..Enqueue::default() })
            }
        }
    }

    fn say(&mut self, input: Input) {
        self.acd.handle(self.now, input.clone());
        if let Input::OfferEnded { offer, generation, .. } = input
            && self.open.get(&offer).is_some_and(|(open, _)| *open == generation)
        {
            self.open.remove(&offer);
        }
        self.judge();
    }

    fn pass(&mut self, by: Duration) {
        let end = self.now.plus(by);
        while let Some((at, _)) = self.acd.poll_timeout().filter(|(at, _)| *at <= end.mono) {
            self.now = self.now.plus(at - self.now.mono);
            self.acd.handle_timeout(self.now);
            self.judge();
        }
        self.now = end;
    }

    fn judge(&mut self) {
        while let Some(effect) = self.acd.poll_effect() {
            match effect {
                Effect::Offer { offer, generation, agent, .. } => {
                    assert!(!self.made.contains(&(offer, generation)), "an offer is made once");
                    self.open.insert(offer, (generation, agent));
                    self.made.push((offer, generation));
                }
                Effect::Withdraw { offer, .. } => drop(self.open.remove(&offer)),
                Effect::ClaimGranted { offer, generation, .. } => {
                    assert!(self.granted.insert((offer, generation)), "a claim is granted once");
                    self.open.remove(&offer);
                }
                _ => {}
            }
        }
    }

    /// Everyone is gone, and time passes: nobody is left reserved or in a call, no offer open, nobody waiting.
    fn calm(&mut self) {
        for call in 1..=12 {
            self.say(Input::CallerGone { call: CallId(call) });
        }
        for shard in 0..2 {
            let (legs, waiting, offers) = (Vec::new(), Vec::new(), Vec::new());
            self.say(Input::Facts { shard: ShardId(shard), legs, waiting, offers });
        }
        self.pass(Duration::from_secs(600));
        for shard in 0..2 {
            self.say(Input::ShardLost { shard: ShardId(shard) });
        }
        self.pass(Duration::from_secs(600));
        let snapshot = self.acd.snapshot();
        for agent in &snapshot.agents {
            let is_stuck = matches!(agent.state, State::Reserved | State::OnCall | State::WrapUp);
            assert!(!is_stuck, "{agent:?} is stuck");
        }
        assert!(snapshot.queues.iter().all(|queue| queue.waiting.is_empty()), "nobody waits");
    }
}

fn configuration() -> Input {
    let queue = |number| QueueConfig {
        queue: QueueId(number),
        ring: Duration::from_secs(15),
        max_wait: Duration::from_secs(120),
        wrap_up: Duration::from_secs(2 * u64::from(number - 1)),
        max_waiting: 4,
        agents: (number..=AGENTS).map(|agent| AgentId(agent).into()).collect(),
        ..QueueConfig::default()
    };
    let agent = |number| AgentConfig { agent: AgentId(number), max_missed: number % 4, ..AgentConfig::default() };
    Input::Configure { queues: vec![queue(1), queue(2)], agents: (1..=AGENTS).map(agent).collect() }
}

const AGENTS: u32 = 5;
const OUTCOMES: [OfferOutcome; 5] = [
    OfferOutcome::NoAnswer,
    OfferOutcome::Refused,
    OfferOutcome::Unreachable,
    OfferOutcome::CallerGone,
    OfferOutcome::Withdrawn,
];
