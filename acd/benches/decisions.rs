//! How fast the ACD decides: 10,000 agents in 400 profiles over 500 queues,
//! 100,000 waiting calls (pacing.md section 8: at least 500,000 decisions a
//! second, p99 at most 5 us).
//!
//! Each agent who becomes free gets the first of the calls of his queues; the
//! claim follows and a new call arrives, so the load stays as it is.
#![allow(clippy::disallowed_methods, reason = "a benchmark reads the clock")]

use core::time::Duration;
use std::time::Instant as Clock;

use acd::*;
use clock::*;

fn main() {
    let mut rng = Rng::new(1);
    let mut acd = Acd::new(Limits::default(), rng.fork());
    let mut now = Now::default();
    let profiles: Vec<Vec<u32>> =
        (0..PROFILES).map(|_| (0..17).map(|_| rng.below(u64::from(QUEUES)) as u32).collect()).collect();
    configure(&mut acd, now, &profiles);
    for id in 0..AGENTS {
        let leg =
            AgentFact { shard: SHARD, agent: AgentId(id), call: CallId(id.into()), leg: LegId(id.into()), queue: None };
        acd.handle(now, Input::Reachable { agent: leg.agent, reachable: true });
        acd.handle(now, Input::AgentBusy(leg));
        drain(&mut acd);
    }
    let mut next = u128::from(AGENTS);
    while acd.counts().waiting < WAITING {
        next += 1;
        enqueue(&mut acd, &mut now, next, &mut rng);
        drain(&mut acd);
    }
    let mut on: Vec<CallId> = (0..AGENTS).map(|id| CallId(id.into())).collect();
    let (mut free, mut arrive) = (Vec::new(), Vec::new());
    let start = Clock::now();
    for _ in 0..ROUNDS {
        let agent = rng.below(u64::from(AGENTS)) as u32;
        let call = on[agent as usize];
        let begun = Clock::now();
        let input = Input::AgentFree { agent: AgentId(agent), call, leg: LegId(call.0 as u64), talked: true };
        acd.handle(now, input);
        free.push(begun.elapsed());
        let offered = drain(&mut acd);
        if let Some(Effect::Offer { offer, generation, call, .. }) = offered {
            acd.handle(now, Input::Claim { shard: SHARD, offer, generation });
            on[agent as usize] = call;
            drain(&mut acd);
        }
        next += 1;
        let begun = Clock::now();
        enqueue(&mut acd, &mut now, next, &mut rng);
        arrive.push(begun.elapsed());
        drain(&mut acd);
    }
    let whole = start.elapsed();
    println!("rounds of free, offer, claim, arrival: {:.0} a second", f64::from(ROUNDS) / whole.as_secs_f64());
    report("agent becomes idle", &mut free);
    report("call arrives", &mut arrive);
    println!("{:?}", acd.counts());
}

fn configure(acd: &mut Acd, now: Now, profiles: &[Vec<u32>]) {
    let queues = (0..QUEUES).map(|id| QueueConfig {
        queue: QueueId(id),
        ring: Duration::from_secs(15),
        max_wait: Duration::from_secs(86_400),
        wrap_up: Duration::ZERO,
        max_waiting: WAITING,
        agents: (0..AGENTS)
            .filter(|a| profiles[(a % PROFILES) as usize].contains(&id))
            .map(|a| AgentId(a).into())
            .collect(),
        ..QueueConfig::default()
    });
    let agents = (0..AGENTS).map(|id| AgentConfig { agent: AgentId(id), max_missed: 3, ..AgentConfig::default() });
    acd.handle(now, Input::Configure { queues: queues.collect(), agents: agents.collect() });
    drain(acd);
}

fn enqueue(acd: &mut Acd, now: &mut Now, call: u128, rng: &mut Rng) {
    *now = now.plus(Duration::from_micros(1));
    let queue = QueueId(rng.below(u64::from(QUEUES)) as u32);
    acd.handle(*now, Input::Enqueue(Enqueue { call: CallId(call), shard: SHARD, queue, ..Enqueue::default() }));
}

/// Drains the effects; the offer among them.
fn drain(acd: &mut Acd) -> Option<Effect> {
    core::iter::from_fn(|| acd.poll_effect()).filter(|effect| matches!(effect, Effect::Offer { .. })).last()
}

fn report(what: &str, times: &mut [Duration]) {
    times.sort();
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize];
    let mean = times.iter().sum::<Duration>() / times.len() as u32;
    println!("{what}: mean {mean:?}, p50 {:?}, p99 {:?}, p99.9 {:?}", at(0.5), at(0.99), at(0.999));
}

const SHARD: ShardId = ShardId(0);
const AGENTS: u32 = 10_000;
const PROFILES: u32 = 400;
const QUEUES: u32 = 500;
const WAITING: usize = 100_000;
const ROUNDS: u32 = 500_000;
