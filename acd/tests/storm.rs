//! Storms of random events, each step judged by a naive ACD (pacing.md section 8).

mod checker;

use core::time::Duration;

use acd::*;
use checker::Checker;
use clock::*;

/// Random carriers, phones, people and clocks around one ACD.
struct Storm {
    rng: Rng,
    acd: Acd,
    checker: Checker,
    /// Every offer ever made, to be named again when it is stale.
    offers: Vec<(OfferId, Generation)>,
    calls: u128,
    legs: u64,
    events: u64,
    answered: u64,
}

#[test]
fn storms_break_no_rule() {
    let (mut events, mut answered) = (0, 0);
    for seed in 0..SEEDS {
        println!("seed {seed}");
        let mut storm = Storm::new(seed);
        for step in 0..STEPS {
            storm.step();
            if step % VIEW_EVERY == 0 {
                storm.checker.judge_view(&storm.acd);
            }
        }
        storm.calm();
        events += storm.events;
        answered += storm.answered;
    }
    assert!(events >= 100_000, "{events} events");
    assert!(answered * 30 >= events, "{answered} calls answered in {events} events: the storm drowns the rules");
}

#[test]
fn the_same_seed_gives_the_same_effects() {
    let run = || {
        let mut storm = Storm::new(7);
        (0..2_000).flat_map(|_| storm.step()).collect::<Vec<Effect>>()
    };
    let (one, two) = (run(), run());
    assert!(one.len() > 1_000);
    assert!(one == two);
}

impl Storm {
    fn new(seed: u64) -> Self {
        let mut rng = Rng::new(seed);
        let acd = Acd::new(Limits::default(), rng.fork());
        let (offers, calls, legs, events, answered) = (Vec::new(), 1, 1, 0, 0);
        let mut storm = Self { rng, acd, checker: Checker::default(), offers, calls, legs, events, answered };
        storm.checker.now = Now { mono: Instant::from_nanos(17), wall: WallTime::from_micros(1_700_000_000_000_000) };
        storm.configure();
        for id in 1..=AGENTS {
            storm.say(Input::Reachable { agent: AgentId(id), reachable: true });
        }
        storm
    }

    /// Some time, often none, then one event.
    fn step(&mut self) -> Vec<Effect> {
        let mut effects = Vec::new();
        if self.rng.chance(0.4) {
            let by = Duration::from_nanos(self.rng.below(3_000_000_000));
            effects.extend(self.pass(by));
        }
        if self.rng.chance(0.02) {
            let jump = self.rng.below(7_200_000_000) as i64 - 3_600_000_000;
            let wall = self.checker.now.wall.as_micros() + jump;
            self.checker.now.wall = WallTime::from_micros(wall);
        }
        if self.rng.chance(0.002) {
            self.acd = Acd::restore(self.acd.checkpoint(), self.checker.now);
        }
        if self.rng.chance(0.002) {
            effects.extend(self.configure());
        }
        let input = self.any_input();
        effects.extend(self.say(input));
        effects
    }

    fn say(&mut self, input: Input) -> Vec<Effect> {
        self.events += 1;
        self.acd.handle(self.checker.now, input.clone());
        self.checker.input(&input);
        self.judge()
    }

    /// Lets time pass; each timer must be due exactly when the book says.
    fn pass(&mut self, by: Duration) -> Vec<Effect> {
        let end = self.checker.now.plus(by);
        let mut effects = Vec::new();
        loop {
            let due = self.acd.poll_timeout().map(|(at, _)| at);
            assert_eq!(due, self.checker.timers().0, "P6: timers are exact");
            let Some(at) = due.filter(|at| *at <= end.mono) else { break };
            self.checker.now = self.checker.now.plus(at - self.checker.now.mono);
            self.acd.handle_timeout(self.checker.now);
            self.checker.timeout();
            effects.extend(self.judge());
        }
        self.checker.now = end;
        effects
    }

    fn judge(&mut self) -> Vec<Effect> {
        let effects: Vec<Effect> = core::iter::from_fn(|| self.acd.poll_effect()).collect();
        self.checker.judge(&effects);
        for effect in &effects {
            match effect {
                Effect::Offer { offer, generation, .. } => self.offers.push((*offer, *generation)),
                Effect::ClaimGranted { .. } => self.answered += 1,
                _ => {}
            }
        }
        effects
    }

    /// Two or three queues and most of the agents, drawn anew.
    fn configure(&mut self) -> Vec<Effect> {
        let mut queues = Vec::new();
        for id in 1..=self.rng.below(2) as u32 + 2 {
            let agents = (1..=AGENTS).filter(|_| self.rng.chance(0.6)).map(|id| AgentId(id).into()).collect();
            queues.push(QueueConfig {
                queue: QueueId(id),
                ring: Duration::from_nanos(7_001_000_003 + u64::from(id)),
                max_wait: Duration::from_nanos(37_000_700_011 + u64::from(id)),
                wrap_up: Duration::from_nanos(self.rng.below(3) * 2_000_110_017),
                max_waiting: 12,
                agents,
                ..QueueConfig::default()
            });
        }
        let ids: Vec<u32> = (1..=AGENTS).filter(|_| self.rng.chance(0.95)).collect();
        let agents =
            ids.into_iter().map(|id| AgentConfig { agent: AgentId(id), max_missed: id % 4, ..AgentConfig::default() });
        let agents = agents.collect();
        self.say(Input::Configure { queues, agents })
    }

    fn any_input(&mut self) -> Input {
        let agent = AgentId(self.rng.below(u64::from(AGENTS) + 2) as u32);
        match self.rng.below(100) {
            0..24 => self.some_enqueue(),
            24..30 => Input::CallerGone { call: self.some_call() },
            30..52 => {
                let (offer, generation) = self.some_offer();
                Input::Claim { shard: ShardId(self.rng.below(2) as u16), offer, generation }
            }
            52..64 => {
                let (offer, generation) = self.some_offer();
                let outcomes = [
                    OfferOutcome::NoAnswer,
                    OfferOutcome::NoAnswer,
                    OfferOutcome::Refused,
                    OfferOutcome::Unreachable,
                    OfferOutcome::CallerGone,
                    OfferOutcome::Withdrawn,
                ];
                let outcome = outcomes[self.rng.below(6) as usize];
                Input::OfferEnded { offer, generation, outcome }
            }
            64..69 => Input::AgentBusy(self.some_fact(agent)),
            69..84 => self.some_free(agent),
            84..87 => Input::Reachable { agent, reachable: self.rng.chance(0.7) },
            87..94 => {
                let status = [Status::Ready, Status::Ready, Status::Ready, Status::Paused, Status::Offline];
                let status = status[self.rng.below(5) as usize];
                Input::SetStatus { request: None, agent, status, reason: Some("lunch".to_owned()) }
            }
            94..97 => self.honest_facts(),
            97..99 => {
                let arrived = self.checker.now.wall.as_micros() - self.rng.below(60_000_000) as i64 + 5_000_000;
                let until = self.checker.now.wall + Duration::from_nanos(self.rng.below(30_000_000_000));
                let (queue, caller) = (QueueId(self.rng.below(4) as u32), self.some_caller());
                Input::RestorePlace { queue, caller, arrived: WallTime::from_micros(arrived), until }
            }
            _ if self.rng.chance(0.1) => Input::ShardLost { shard: ShardId(self.rng.below(2) as u16) },
            _ => Input::CallerGone { call: CallId(0) },
        }
    }

    fn some_enqueue(&mut self) -> Input {
        let again = self.rng.chance(0.15);
        let call = if again { self.some_call() } else { CallId(self.calls) };
        self.calls += 1;
        let queue = QueueId(self.rng.below(3) as u32 + u32::from(!self.rng.chance(0.02)));
        let priority = if self.rng.chance(0.1) { self.rng.below(3) as i32 - 1 } else { 0 };
        let caller = self.rng.chance(0.3).then(|| self.some_caller());
        let shard = ShardId(self.rng.below(2) as u16);
        Input::Enqueue(Enqueue { call, shard, queue, caller, priority, ..Enqueue::default() })
    }

    fn some_caller(&mut self) -> String {
        format!("+44770090000{}", self.rng.below(5))
    }

    fn some_call(&mut self) -> CallId {
        let all: Vec<CallId> = self.checker.calls.keys().copied().collect();
        pick(&mut self.rng, &all).unwrap_or(CallId(3))
    }

    /// An open offer, at times one that is stale or of another generation.
    fn some_offer(&mut self) -> (OfferId, Generation) {
        let open = self.checker.agents.values().filter_map(|person| person.offer);
        let open: Vec<_> = open.map(|lease| (lease.offer, lease.generation)).collect();
        let source = if self.rng.chance(0.8) { &open } else { &self.offers };
        let (offer, generation) = pick(&mut self.rng, source).unwrap_or_default();
        let other = u32::from(self.rng.chance(0.05));
        (offer, Generation(generation.0 + other))
    }

    fn some_fact(&mut self, agent: AgentId) -> AgentFact {
        self.legs += 1;
        let queue = self.rng.chance(0.2).then_some(QueueId(1));
        let (shard, call) = (ShardId(self.rng.below(2) as u16), CallId(1 << 100 | u128::from(self.legs)));
        AgentFact { shard, agent, call, leg: LegId(self.legs), queue }
    }

    /// A leg that lives ends; at times one that does not.
    fn some_free(&mut self, anyone: AgentId) -> Input {
        let live = self.checker.agents.iter().flat_map(|(id, person)| person.legs.iter().map(|talk| (*id, talk)));
        let live: Vec<_> = live.map(|(id, talk)| (id, talk.call, talk.leg)).collect();
        self.legs += 1;
        let unknown = (anyone, CallId(9), None);
        let chosen = pick(&mut self.rng, &live).filter(|_| !self.rng.chance(0.05));
        let (agent, call, leg) = chosen.unwrap_or(unknown);
        Input::AgentFree { agent, call, leg: leg.unwrap_or(LegId(self.legs)), talked: self.rng.chance(0.8) }
    }

    /// What a shard without fault reports of itself.
    fn honest_facts(&mut self) -> Input {
        let shard = ShardId(self.rng.below(2) as u16);
        let mut legs = Vec::new();
        for (agent, person) in &self.checker.agents {
            for talk in person.legs.iter().filter(|talk| talk.shard == shard) {
                self.legs += 1;
                let leg = talk.leg.unwrap_or(LegId(self.legs));
                legs.push(AgentFact { shard, agent: *agent, call: talk.call, leg, queue: talk.queue });
            }
        }
        let waiting = self.checker.calls.iter().filter(|(_, row)| row.shard == shard);
        let waiting = waiting.map(|(call, row)| WaitingFact {
            call: *call,
            queue: row.queue,
            priority: row.priority,
            arrived: row.told_arrival,
            ..WaitingFact::default()
        });
        let open = self.checker.agents.values().filter_map(|person| person.offer);
        let offers = open.filter(|lease| lease.shard == shard).map(|lease| (lease.offer, lease.generation));
        Input::Facts { shard, legs, waiting: waiting.collect(), offers: offers.collect() }
    }

    /// The storm ends: nothing may stay behind (liveness and leaks).
    fn calm(&mut self) {
        while let Some(call) = self.checker.calls.keys().next().copied() {
            self.say(Input::CallerGone { call });
        }
        for shard in [ShardId(0), ShardId(1)] {
            self.say(Input::ShardLost { shard });
        }
        self.pass(Duration::from_secs(3600));
        self.checker.judge_view(&self.acd);
        let counts = self.acd.counts();
        assert_eq!((counts.timers, counts.offers, counts.waiting, counts.legs, counts.places), (0, 0, 0, 0, 0));
        assert_eq!((counts.suspects, counts.repaired), (0, 0));
        assert!(
            self.checker.agents.values().all(|p| !matches!(p.state(), State::Reserved | State::OnCall | State::WrapUp))
        );
    }
}

fn pick<T: Clone>(rng: &mut Rng, from: &[T]) -> Option<T> {
    from.get(rng.below(from.len() as u64) as usize).cloned()
}

const SEEDS: u64 = 24;
const STEPS: u32 = 5_000;
const AGENTS: u32 = 9;
const VIEW_EVERY: u32 = 20;
