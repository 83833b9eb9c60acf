//! Very much at once, and time that goes back (pacing P11): all judges of the ACD watch.

use core::time::Duration;

use acd::{Acd, AgentConfig, Effect, Input, OfferOutcome, QueueConfig, Status};
use clock::{AgentId, CallId, Generation, LegId, Now, OfferId, QueueId, Rng, ShardId, WallTime};

use super::Trace;
use crate::chance::index;
use crate::watch::Seen;

const SHARD: ShardId = ShardId(0);
const AGENTS: u32 = 12;
const QUEUES: u32 = 3;
const EVENTS: u32 = 100_000;

/// A real ACD under random events, and what a shard would know of it.
struct Storm {
    acd: Acd,
    now: Now,
    trace: Trace,
    rng: Rng,
    waiting: Vec<CallId>,
    rings: Vec<(OfferId, Generation, CallId, AgentId)>,
    talks: Vec<(AgentId, CallId)>,
    calls: u128,
}

impl Storm {
    fn new() -> Self {
        let agents: Vec<AgentId> = (1..=AGENTS).map(AgentId).collect();
        let queue = |queue: u32| QueueConfig {
            queue: QueueId(queue),
            ring: Duration::from_secs(10),
            max_wait: Duration::from_secs(60),
            wrap_up: Duration::ZERO,
            max_waiting: 20,
            agents: agents.iter().filter(|agent| agent.0 % QUEUES != queue % QUEUES).map(|a| (*a).into()).collect(),
            ..QueueConfig::default()
        };
        let queues: Vec<QueueConfig> = (1..=QUEUES).map(queue).collect();
        let config = |agent: &AgentId| AgentConfig { agent: *agent, ..AgentConfig::default() };
        let configs: Vec<AgentConfig> = agents.iter().map(config).collect();
        let mut storm = Self {
            acd: Acd::new(acd::Limits::default(), Rng::new(11)),
            now: Now::default().plus(Duration::from_secs(1_000)),
            trace: Trace::new(&queues, &configs),
            rng: Rng::new(11),
            waiting: Vec::new(),
            rings: Vec::new(),
            talks: Vec::new(),
            calls: 0,
        };
        storm.say(Input::Configure { queues, agents: configs });
        for agent in agents {
            storm.say(Input::Reachable { agent, reachable: true });
        }
        storm
    }

    fn say(&mut self, input: Input) {
        self.trace.see(&Seen::AcdWoken { now: self.now });
        self.acd.handle_timeout(self.now);
        self.hear();
        self.trace.see(&Seen::AcdTold { now: self.now, input: &input });
        self.acd.handle(self.now, input);
        self.hear();
    }

    fn hear(&mut self) {
        while let Some(effect) = self.acd.poll_effect() {
            self.trace.see(&Seen::AcdSaid { effect: &effect });
            match effect {
                Effect::Offer { offer, generation, call, agent, .. } => {
                    self.rings.push((offer, generation, call, agent));
                }
                Effect::Withdraw { offer, .. } => self.rings.retain(|ring| ring.0 != offer),
                Effect::ClaimGranted { offer, .. } => {
                    let Some(at) = self.rings.iter().position(|ring| ring.0 == offer) else { continue };
                    let (_, _, call, agent) = self.rings.swap_remove(at);
                    self.waiting.retain(|waiting| *waiting != call);
                    self.talks.push((agent, call));
                }
                Effect::LeaveQueue { call, .. } => self.waiting.retain(|waiting| *waiting != call),
                _ => {}
            }
        }
        self.trace.see(&Seen::AcdSettled);
    }

    /// Something happens; what it needs that is not there makes it a new call.
    fn event(&mut self) {
        let ring = self.rings.get(index(&mut self.rng, self.rings.len())).copied();
        let talk = index(&mut self.rng, self.talks.len());
        let call = self.waiting.get(index(&mut self.rng, self.waiting.len())).copied();
        match (self.rng.below(8), ring, call) {
            (0 | 1, Some((offer, generation, ..)), _) => self.say(Input::Claim { shard: SHARD, offer, generation }),
            (2, Some((offer, generation, ..)), _) => {
                self.rings.retain(|ring| ring.0 != offer);
                self.say(Input::OfferEnded { offer, generation, outcome: OfferOutcome::Refused });
            }
            (3, _, Some(call)) if self.rings.iter().all(|ring| ring.2 != call) => {
                self.waiting.retain(|waiting| *waiting != call);
                self.say(Input::CallerGone { call });
            }
            (4 | 5, ..) if talk < self.talks.len() => {
                let (agent, call) = self.talks.swap_remove(talk);
                self.say(Input::AgentFree { agent, call, leg: LegId(1), talked: true });
            }
            (6, ..) => {
                let agent = AgentId(1 + self.rng.below(u64::from(AGENTS)) as u32);
                let status = if self.rng.chance(0.8) { Status::Ready } else { Status::Paused };
                self.say(Input::SetStatus { request: None, agent, status, reason: None });
            }
            _ => {
                self.calls += 1;
                let call = CallId(self.calls);
                let queue = QueueId(1 + self.rng.below(u64::from(QUEUES)) as u32);
                if self.waiting.len() < 40 {
                    self.waiting.push(call);
                    self.say(Input::Enqueue(acd::Enqueue { call, shard: SHARD, queue, ..acd::Enqueue::default() }));
                }
            }
        }
    }
}

#[test]
fn a_hundred_thousand_events_in_one_millisecond() {
    let mut storm = Storm::new();
    for event in 0..EVENTS {
        if event % (EVENTS / 1_000) == 0 {
            storm.now = storm.now.plus(Duration::from_micros(1));
        }
        storm.event();
    }
    storm.trace.assert_good();
    assert!(storm.calls > 5_000, "only {} calls came", storm.calls);
}

#[test]
fn a_wall_clock_that_jumps_back_and_forth() {
    let mut storm = Storm::new();
    for _ in 0..EVENTS / 10 {
        let step = Duration::from_millis(storm.rng.below(200));
        let wall = storm.now.wall.as_micros() + i64::try_from(storm.rng.below(7_200_000_000)).unwrap_or(0);
        storm.now = Now { wall: WallTime::from_micros(wall - 3_600_000_000), ..storm.now.plus(step) };
        storm.event();
    }
    storm.trace.assert_good();
}
