//! Faults of the ACD: its real messages, with one of them dropped, doubled or bent on the way to the judges.

use core::time::Duration;

use acd::{Acd, AgentConfig, Effect, Input, OfferOutcome, QueueConfig, Status};
use clock::{AgentId, CallId, LegId, Now, QueueId, Rng, ShardId};

use super::Trace;
use crate::watch::Seen;

const QUEUE: QueueId = QueueId(1);
const SHARD: ShardId = ShardId(0);

/// A real ACD whose words pass through a liar.
struct Desk {
    acd: Acd,
    now: Now,
    trace: Trace,
    lie: fn(Effect) -> Vec<Effect>,
    last_offer: Option<Effect>,
}

fn honest(effect: Effect) -> Vec<Effect> {
    vec![effect]
}

impl Desk {
    /// So many agents, who are ready and have a phone.
    fn new(agents: u32) -> Self {
        let ids = (1..=agents).map(AgentId);
        let configs = ids.clone().map(|agent| AgentConfig { agent, max_missed: 3, ..AgentConfig::default() });
        let (configs, ids): (Vec<_>, Vec<_>) = (configs.collect(), ids.collect());
        let queue = QueueConfig {
            queue: QUEUE,
            ring: Duration::from_secs(15),
            max_wait: Duration::from_secs(60),
            wrap_up: Duration::from_secs(5),
            max_waiting: 10,
            agents: ids.iter().copied().map(Into::into).collect(),
            ..QueueConfig::default()
        };
        let mut desk = Self {
            acd: Acd::new(acd::Limits::default(), Rng::new(1)),
            now: Now::default().plus(Duration::from_secs(100)),
            trace: Trace::new(core::slice::from_ref(&queue), &configs),
            lie: honest,
            last_offer: None,
        };
        desk.say(Input::Configure { queues: vec![queue], agents: configs });
        for agent in ids {
            desk.pass(1);
            desk.say(Input::Reachable { agent, reachable: true });
        }
        desk
    }

    fn say(&mut self, input: Input) {
        self.trace.see(&Seen::AcdWoken { now: self.now });
        self.acd.handle_timeout(self.now);
        self.tell();
        self.trace.see(&Seen::AcdTold { now: self.now, input: &input });
        self.acd.handle(self.now, input);
        self.tell();
    }

    fn tell(&mut self) {
        while let Some(effect) = self.acd.poll_effect() {
            if matches!(effect, Effect::Offer { .. }) {
                self.last_offer = Some(effect.clone());
            }
            for told in (self.lie)(effect) {
                self.trace.see(&Seen::AcdSaid { effect: &told });
            }
        }
        self.trace.see(&Seen::AcdSettled);
    }

    fn pass(&mut self, secs: u64) {
        let end = self.now.plus(Duration::from_secs(secs));
        while let Some((at, _)) = self.acd.poll_timeout().filter(|(at, _)| *at <= end.mono) {
            self.now = self.now.plus(at.since(self.now.mono));
            self.trace.see(&Seen::AcdWoken { now: self.now });
            self.acd.handle_timeout(self.now);
            self.tell();
        }
        self.now = end;
    }

    fn enqueue(&mut self, call: u128) {
        let call = CallId(call);
        self.say(Input::Enqueue(acd::Enqueue { call, shard: SHARD, queue: QUEUE, ..acd::Enqueue::default() }));
    }

    /// The claim of the last offer; the agent and the call.
    fn claim(&mut self) -> (AgentId, CallId) {
        let Some(Effect::Offer { offer, generation, agent, call, .. }) = self.last_offer else {
            panic!("an offer was made")
        };
        self.say(Input::Claim { shard: SHARD, offer, generation });
        (agent, call)
    }

    fn free(&mut self, (agent, call): (AgentId, CallId)) {
        self.say(Input::AgentFree { agent, call, leg: LegId(1), talked: true });
    }
}

#[test]
fn an_honest_acd_breaks_nothing() {
    let mut desk = Desk::new(2);
    for call in 1..=4 {
        desk.enqueue(call);
    }
    let first = desk.claim();
    desk.pass(2);
    desk.free(first);
    desk.pass(70);
    desk.trace.assert_good();
}

#[test]
fn a_double_offer() {
    let mut desk = Desk::new(1);
    desk.lie = |effect| match effect {
        Effect::Offer { .. } => vec![effect.clone(), effect],
        other => vec![other],
    };
    desk.enqueue(1);
    desk.trace.assert_broken("P1 one live offer, one call");
    desk.trace.assert_broken("P2 one live offer a call");
    desk.trace.assert_broken("offers are new");
}

#[test]
fn an_offer_withheld() {
    let mut desk = Desk::new(1);
    desk.lie = |effect| match effect {
        Effect::Offer { .. } | Effect::StateChanged { .. } => Vec::new(),
        other => vec![other],
    };
    desk.enqueue(1);
    desk.trace.assert_broken("P3 work conserving");
}

#[test]
fn the_later_caller_first() {
    let mut desk = Desk::new(1);
    for call in 1..=3 {
        desk.enqueue(call);
        desk.pass(1);
    }
    let first = desk.claim();
    desk.lie = |effect| match effect {
        Effect::Offer { shard, offer, generation, queue, agent, ring, why, .. } => {
            vec![Effect::Offer { shard, offer, generation, call: CallId(3), queue, agent, ring, why }]
        }
        other => vec![other],
    };
    desk.free(first);
    desk.pass(6);
    desk.trace.assert_broken("P4 order of arrival");
}

#[test]
fn the_agent_who_was_idle_less_long() {
    let mut desk = Desk::new(2);
    desk.enqueue(1);
    let first = desk.claim();
    desk.pass(3);
    desk.free(first);
    desk.pass(10);
    desk.lie = |effect| match effect {
        Effect::Offer { shard, offer, generation, call, queue, ring, why, .. } => {
            vec![Effect::Offer { shard, offer, generation, call, queue, agent: AgentId(1), ring, why }]
        }
        other => vec![other],
    };
    desk.enqueue(2);
    desk.trace.assert_broken("P5 longest idle");
}

#[test]
fn an_offer_in_wrap_up() {
    let mut desk = Desk::new(1);
    desk.enqueue(1);
    let first = desk.claim();
    desk.free(first);
    let early = desk.last_offer.clone();
    desk.enqueue(2);
    if let Some(Effect::Offer { shard, offer, generation, queue, agent, ring, why, .. }) = early {
        let call = CallId(2);
        let early = Effect::Offer { shard, offer, generation, call, queue, agent, ring, why };
        desk.trace.see(&Seen::AcdSaid { effect: &early });
    }
    desk.trace.assert_broken("P6 pause, wrap-up and rest are respected");
}

#[test]
fn a_wrap_up_that_is_skipped() {
    let mut desk = Desk::new(1);
    desk.enqueue(1);
    let first = desk.claim();
    desk.lie = |effect| match effect {
        Effect::StateChanged { agent, reason, call, state: acd::State::WrapUp, at, cause } => {
            vec![Effect::StateChanged { agent, state: acd::State::Ready, reason, call, at, cause }]
        }
        other => vec![other],
    };
    desk.free(first);
    desk.trace.assert_broken("busy exactly while a leg or wrap-up says so");
}

#[test]
fn a_claim_without_an_answer_and_one_with_two() {
    let mut desk = Desk::new(1);
    desk.enqueue(1);
    desk.lie = |effect| match effect {
        Effect::ClaimGranted { .. } => Vec::new(),
        other => vec![other],
    };
    desk.claim();
    desk.trace.assert_broken("every claim is answered");

    let mut desk = Desk::new(1);
    desk.enqueue(1);
    desk.lie = |effect| match effect {
        Effect::ClaimGranted { .. } => vec![effect.clone(), effect],
        other => vec![other],
    };
    desk.claim();
    desk.trace.assert_broken("answers follow claims");
    desk.trace.assert_broken("only an open offer is granted");
}

#[test]
fn a_call_granted_to_two_agents() {
    let mut desk = Desk::new(2);
    desk.enqueue(1);
    desk.claim();
    let Some(Effect::Offer { shard, queue, ring, why, .. }) = desk.last_offer.clone() else { panic!("offered") };
    let (call, agent) = (CallId(1), AgentId(2));
    let (offer, generation) = (clock::OfferId(77), clock::Generation(1));
    desk.trace
        .see(&Seen::AcdSaid { effect: &Effect::Offer { shard, offer, generation, call, queue, agent, ring, why } });
    desk.trace.assert_broken("P2 offer of a waiting call");
    desk.trace.see(&Seen::AcdTold { now: desk.now, input: &Input::Claim { shard, offer, generation } });
    desk.trace.see(&Seen::AcdSaid { effect: &Effect::ClaimGranted { shard, offer, generation } });
    desk.trace.assert_broken("exactly one claim is granted a call");
}

#[test]
fn a_claim_refused_though_the_offer_is_open() {
    let mut desk = Desk::new(1);
    desk.enqueue(1);
    desk.lie = |effect| match effect {
        Effect::ClaimGranted { shard, offer, generation } => {
            vec![Effect::ClaimRefused { shard, offer, generation }]
        }
        other => vec![other],
    };
    desk.claim();
    desk.trace.assert_broken("a claim of an open offer is granted");
}

#[test]
fn an_offer_that_never_ends_and_a_wait_that_is_too_long() {
    let mut desk = Desk::new(1);
    desk.enqueue(1);
    desk.now = desk.now.plus(Duration::from_secs(61));
    desk.trace.see(&Seen::AcdWoken { now: desk.now });
    desk.trace.assert_broken("every offer ends");
    desk.trace.see(&Seen::AcdSettled);

    let mut desk = Desk::new(1);
    desk.say(Input::SetStatus { request: None, agent: AgentId(1), status: Status::Paused, reason: None });
    desk.enqueue(1);
    desk.now = desk.now.plus(Duration::from_secs(61));
    desk.trace.see(&Seen::AcdWoken { now: desk.now });
    desk.trace.see(&Seen::AcdSettled);
    desk.trace.assert_broken("P6 timers to one tick");
}

#[test]
fn an_agent_busy_without_a_leg() {
    let mut desk = Desk::new(1);
    desk.enqueue(1);
    desk.lie = |effect| match effect {
        Effect::StateChanged { state: acd::State::WrapUp | acd::State::Ready, .. } => Vec::new(),
        other => vec![other],
    };
    let first = desk.claim();
    desk.free(first);
    desk.trace.assert_broken("busy exactly while a leg or wrap-up says so");
    desk.trace.see(&Seen::End);
    desk.trace.assert_broken("no agent gets stuck");
}

#[test]
fn a_rest_that_is_not_kept() {
    let mut desk = Desk::new(1);
    desk.enqueue(1);
    let Some(Effect::Offer { offer, generation, .. }) = desk.last_offer.clone() else { panic!("offered") };
    desk.say(Input::OfferEnded { offer, generation, outcome: OfferOutcome::Refused });
    let again = desk.last_offer.clone().map(|last| match last {
        Effect::Offer { shard, call, queue, agent, ring, why, .. } => {
            let (offer, generation) = (clock::OfferId(5), clock::Generation(2));
            Effect::Offer { shard, offer, generation, call, queue, agent, ring, why }
        }
        other => other,
    });
    desk.trace.assert_good();
    if let Some(again) = &again {
        desk.trace.see(&Seen::AcdSaid { effect: again });
    }
    desk.trace.assert_broken("P6 pause, wrap-up and rest are respected");
}

#[test]
fn counters_that_do_not_add_up() {
    let mut desk = Desk::new(1);
    desk.enqueue(1);
    desk.claim();
    let good = desk.acd.snapshot().queues[0].tally;
    desk.trace.see(&Seen::Tally { queue: QUEUE, tally: good });
    desk.trace.assert_good();
    let bad = acd::QueueTally { answered: 0, abandoned: 1, ..good };
    desk.trace.see(&Seen::Tally { queue: QUEUE, tally: bad });
    desk.trace.assert_broken("P8 conservation");
}

#[test]
fn a_repair() {
    let mut desk = Desk::new(1);
    desk.trace.see(&Seen::Repaired { what: "an agent was kept busy without a leg" });
    desk.trace.assert_broken("facts and leases agree");
}
