//! How fast the ACD decides: 10,000 agents in 400 profiles, 500 skills, 100,000 waiting calls in 1,200 classes
//! (pacing.md section 8: at least 500,000 decisions a second, p99 at most 5 us).
//!
//! Busy: each agent who becomes free gets the first call that he can take; the claim follows and a new call arrives, so
//! the load stays as it is. Idle: half of the agents are free, each call that arrives gets one at once, and one who
//! talks becomes free.
//!
//! Rates are by the time that this thread had a processor, over batches without any look at a clock between decisions,
//! draining of what is decided included. Percentiles are by the clock on the wall, decision by decision: what else the
//! machine did in between is in them.
#![allow(clippy::disallowed_methods, reason = "a benchmark reads the clock")]

use core::time::Duration;
use std::time::Instant as Clock;

use acd::*;
use clock::*;

/// An ACD with its clock and its chance.
struct Bench {
    acd: Acd,
    now: Now,
    rng: Rng,
    calls: u128,
    /// The call that each agent is in.
    on: Vec<Option<CallId>>,
}

fn main() {
    let mut busy = Bench::new();
    let empty = memory_bytes();
    while busy.acd.counts().waiting < WAITING {
        busy.enqueue();
        busy.drain();
    }
    println!("memory: {} bytes a waiting call", (memory_bytes() - empty) / WAITING as u64);
    busy.rate_busy();
    busy.run_busy();
    let mut idle = Bench::new();
    idle.free_half();
    idle.rate_idle();
    idle.run_idle();
    println!("stolen by the host since the start of the machine: {:.2} %", stolen_percent());
}

impl Bench {
    /// All agents are signed on and in a call of their own.
    fn new() -> Self {
        let mut rng = Rng::new(1);
        let acd = Acd::new(Limits::default(), rng.fork());
        let (now, calls) = (Now::default(), u128::from(AGENTS));
        let mut bench = Self { acd, now, rng, calls, on: Vec::new() };
        bench.configure();
        for id in 0..AGENTS {
            let (agent, call, leg) = (AgentId(id), CallId(id.into()), LegId(id.into()));
            bench.acd.handle(now, Input::Reachable { agent, reachable: true });
            bench.acd.handle(now, Input::AgentBusy(AgentFact { shard: SHARD, agent, call, leg, queue: None }));
            bench.on.push(Some(call));
            bench.drain();
        }
        bench
    }

    /// Each profile serves a few queues and has more than a quarter of the skills.
    fn configure(&mut self) {
        let rng = &mut self.rng;
        let profiles: Vec<(Vec<u32>, Vec<Skill>)> = (0..PROFILES)
            .map(|_| {
                let queues = (0..QUEUES_SERVED).map(|_| rng.below(u64::from(QUEUES)) as u32).collect();
                let skills = (0..SKILLS).filter(|_| rng.chance(0.28));
                let skills = skills.map(|skill| Skill { skill: SkillId(skill), level: 1 + (skill % 5) as u8 });
                (queues, skills.collect())
            })
            .collect();
        let profile = |agent: u32| &profiles[(agent % PROFILES) as usize];
        let queues = (0..QUEUES).map(|id| QueueConfig {
            queue: QueueId(id),
            max_wait: Duration::from_secs(86_400),
            max_waiting: WAITING,
            priority_worth: Some(Duration::from_secs(60)),
            agents: (0..AGENTS).filter(|agent| profile(*agent).0.contains(&id)).map(|id| AgentId(id).into()).collect(),
            ..QueueConfig::default()
        });
        let agents = (0..AGENTS).map(|id| AgentConfig {
            agent: AgentId(id),
            skills: profile(id).1.clone(),
            ..AgentConfig::default()
        });
        self.acd.handle(self.now, Input::Configure { queues: queues.collect(), agents: agents.collect() });
        self.drain();
    }

    fn run_busy(&mut self) {
        let (mut free, mut arrive) = (Vec::new(), Vec::new());
        let mut decided = 0_u32;
        for _ in 0..ROUNDS {
            let agent = self.rng.below(u64::from(AGENTS)) as usize;
            let Some(call) = self.on[agent].take() else { continue };
            let input = self.free(agent, call);
            let begun = Clock::now();
            self.acd.handle(self.now, input);
            free.push(begun.elapsed());
            decided += u32::from(self.take_offer());
            let input = self.arrival();
            let begun = Clock::now();
            self.acd.handle(self.now, input);
            arrive.push(begun.elapsed());
            self.take_offer();
        }
        println!("busy: {decided} decisions of {} rounds; {:?}", free.len(), self.acd.counts());
        report("busy, agent becomes free and gets a call", &mut free);
        report("busy, call arrives and waits", &mut arrive);
    }

    /// In batches: agents become free and get calls; as many calls arrive and wait.
    fn rate_busy(&mut self) {
        let (mut free, mut arrive, mut decided) = (0, 0, 0);
        for _ in 0..BATCHES {
            let inputs = self.become_free(BATCH);
            let (spent, offers) = self.timed(inputs);
            (free, decided) = (free + spent, decided + offers.len());
            self.claim(offers);
            let inputs = (0..BATCH).map(|_| self.arrival_with_time()).collect();
            arrive += self.timed(inputs).0;
        }
        let arrived = BATCHES * BATCH;
        println!(
            "busy, agent becomes free and gets a call: {} decisions a second of its time",
            per_second(decided, free)
        );
        println!("busy, call arrives and waits: {} decisions a second of its time", per_second(arrived, arrive));
        println!("busy, both: {} decisions a second of its time", per_second(decided + arrived, free + arrive));
    }

    /// In batches: calls arrive and are offered; as many agents become free.
    fn rate_idle(&mut self) {
        let (mut arrive, mut free, mut decided, mut freed) = (0, 0, 0, 0);
        for _ in 0..BATCHES {
            let inputs = (0..BATCH).map(|_| self.arrival_with_time()).collect();
            let (spent, offers) = self.timed(inputs);
            (arrive, decided) = (arrive + spent, decided + offers.len());
            let taken = offers.len();
            self.claim(offers);
            let inputs = self.become_free(taken);
            freed += inputs.len();
            let (spent, offers) = self.timed(inputs);
            free += spent;
            self.claim(offers);
        }
        println!("idle, call arrives and is offered: {} decisions a second of its time", per_second(decided, arrive));
        println!("idle, agent becomes free and stays so: {} a second of its time", per_second(freed, free));
    }

    /// Takes a batch of inputs; the time that it had a processor, in nanoseconds, and the offers.
    fn timed(&mut self, inputs: Vec<(Now, Input)>) -> (u64, Vec<Effect>) {
        let mut offers = Vec::with_capacity(inputs.len());
        let begun = processor_nanos();
        for (now, input) in inputs {
            self.acd.handle(now, input);
            while let Some(effect) = self.acd.poll_effect() {
                if matches!(effect, Effect::Offer { .. }) {
                    offers.push(effect);
                }
            }
        }
        (processor_nanos() - begun, offers)
    }

    fn claim(&mut self, offers: Vec<Effect>) {
        for effect in offers {
            let Effect::Offer { offer, generation, call, agent, .. } = effect else { continue };
            self.acd.handle(self.now, Input::Claim { shard: SHARD, offer, generation });
            self.drain();
            self.on[agent.0 as usize] = Some(call);
        }
    }

    /// So many of those who talk.
    fn become_free(&mut self, count: usize) -> Vec<(Now, Input)> {
        let mut inputs = Vec::with_capacity(count);
        while inputs.len() < count {
            let agent = self.rng.below(u64::from(AGENTS)) as usize;
            if let Some(call) = self.on[agent].take() {
                let input = self.free(agent, call);
                inputs.push((self.now, input));
            }
        }
        inputs
    }

    fn arrival_with_time(&mut self) -> (Now, Input) {
        let input = self.arrival();
        (self.now, input)
    }

    /// Half of the agents hang up.
    fn free_half(&mut self) {
        for agent in 0..AGENTS as usize / 2 {
            let Some(call) = self.on[agent].take() else { continue };
            let input = self.free(agent, call);
            self.acd.handle(self.now, input);
            self.drain();
        }
    }

    fn run_idle(&mut self) {
        let (mut arrive, mut decided) = (Vec::new(), 0_u32);
        let mut talking: Vec<usize> = (0..AGENTS as usize).filter(|agent| self.on[*agent].is_some()).collect();
        for _ in 0..ROUNDS {
            let input = self.arrival();
            let begun = Clock::now();
            self.acd.handle(self.now, input);
            arrive.push(begun.elapsed());
            let taker = self.next_offer();
            decided += u32::from(taker.is_some());
            talking.extend(taker);
            let at = self.rng.below(talking.len() as u64) as usize;
            let agent = talking.swap_remove(at);
            if let Some(call) = self.on[agent].take() {
                let input = self.free(agent, call);
                self.acd.handle(self.now, input);
                talking.extend(self.next_offer());
            }
        }
        println!("idle: {decided} decisions of {} rounds; {:?}", arrive.len(), self.acd.counts());
        report("idle, call arrives and is offered", &mut arrive);
    }

    fn free(&mut self, agent: usize, call: CallId) -> Input {
        self.now = self.now.plus(Duration::from_micros(1));
        Input::AgentFree { agent: AgentId(agent as u32), call, leg: LegId(call.0 as u64), talked: true }
    }

    fn enqueue(&mut self) {
        let input = self.arrival();
        self.acd.handle(self.now, input);
    }

    /// A call of one of the classes: a queue, and one of the skills that are asked for there.
    fn arrival(&mut self) -> Input {
        self.now = self.now.plus(Duration::from_micros(1));
        self.calls += 1;
        let queue = self.rng.below(u64::from(QUEUES)) as u32;
        let skill = SkillId((queue * ASKS + self.rng.below(u64::from(ASKS)) as u32) % SKILLS);
        let step = Step { required: vec![Need { skill, level: 1 }], ..Step::default() };
        let (call, queue, priority) = (CallId(self.calls), QueueId(queue), self.rng.below(3) as i32);
        Input::Enqueue(Enqueue { call, shard: SHARD, queue, priority, steps: vec![step], ..Enqueue::default() })
    }

    /// Claims the offer that was made, if one was.
    fn take_offer(&mut self) -> bool {
        self.next_offer().is_some()
    }

    fn next_offer(&mut self) -> Option<usize> {
        let offer = self.drain()?;
        let Effect::Offer { offer, generation, call, agent, .. } = offer else { return None };
        self.acd.handle(self.now, Input::Claim { shard: SHARD, offer, generation });
        self.drain();
        self.on[agent.0 as usize] = Some(call);
        Some(agent.0 as usize)
    }

    /// Drains the effects; the offer among them.
    fn drain(&mut self) -> Option<Effect> {
        core::iter::from_fn(|| self.acd.poll_effect()).filter(|effect| matches!(effect, Effect::Offer { .. })).last()
    }
}

fn report(what: &str, times: &mut [Duration]) {
    times.sort();
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize];
    println!("{what}: p50 {:?}, p99 {:?}, p99.9 {:?}", at(0.5), at(0.99), at(0.999));
}

fn per_second(decisions: usize, nanos: u64) -> u64 {
    decisions as u64 * 1_000_000_000 / nanos.max(1)
}

/// How long this thread has had a processor. Giving it up for a moment brings the system's count up to date.
fn processor_nanos() -> u64 {
    std::thread::yield_now();
    let times = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    times.split(' ').next().and_then(|nanos| nanos.parse().ok()).unwrap_or(0)
}

/// What the host took of all processors.
fn stolen_percent() -> f64 {
    let times = std::fs::read_to_string("/proc/stat").unwrap_or_default();
    let all: Vec<f64> = times.lines().next().unwrap_or("").split_whitespace().filter_map(|n| n.parse().ok()).collect();
    all.get(7).map_or(0.0, |stolen| stolen / all.iter().sum::<f64>() * 100.0)
}

/// What the process holds in memory; 0 where the system does not say.
fn memory_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    resident.and_then(|text| text.trim().trim_end_matches(" kB").parse::<u64>().ok()).unwrap_or(0) * 1024
}

const SHARD: ShardId = ShardId(0);
const AGENTS: u32 = 10_000;
const PROFILES: u32 = 400;
const QUEUES: u32 = 60;
const QUEUES_SERVED: u32 = 3;
const SKILLS: u32 = 500;
/// Skills that calls of one queue ask for: 60 queues make 1,200 classes.
const ASKS: u32 = 20;
const WAITING: usize = 100_000;
const ROUNDS: u32 = 300_000;
/// Decisions between two looks at the time.
const BATCH: usize = 1_000;
const BATCHES: usize = 300;
