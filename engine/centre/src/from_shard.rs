//! What a shard's effects mean to the others.

use clock::ShardId;

use crate::{Answer, CommandError, Delivery, callbacks};

/// Turns the effects of one shard into deliveries, and numbers its journal entries.
#[derive(Debug)]
pub struct ShardOutlet {
    shard: ShardId,
    entries: u64,
}

impl ShardOutlet {
    /// The outlet of `shard`, before its first entry.
    #[must_use]
    pub const fn new(shard: ShardId) -> Self {
        Self { shard, entries: 0 }
    }

    /// How many entries it has numbered.
    #[must_use]
    pub const fn entries(&self) -> u64 {
        self.entries
    }

    /// Where `effect` goes.
    pub fn route(&mut self, effect: call::Effect) -> Delivery {
        use call::Effect;
        match effect {
            Effect::Transmit { peer, bytes, gate, again } => Delivery::Transmit { peer, bytes, gate, again },
            Effect::Media(command) => Delivery::Media(command),
            Effect::Journal(entry) => {
                self.entries += 1;
                Delivery::Journal { number: self.entries, entry }
            }
            Effect::CallIdOwned { sip_call_id, owned } => Delivery::CallIdOwned { sip_call_id, owned },
            Effect::Dropped { reason } => Delivery::Dropped { reason },
            Effect::AuthFailed { address, user } => {
                Delivery::Location(sip::location::Input::AuthFailed { address, user })
            }
            Effect::Attempt(report) => Delivery::Attempt(report),
            Effect::AttemptFacts { attempts } => Delivery::AttemptFacts { shard: self.shard, attempts },
            Effect::Drained => Delivery::Drained(self.shard),
            Effect::Reply { request, result, gate } => {
                Delivery::Answer { request, result: result.map(answer).map_err(command_error), gate }
            }
            for_acd => Delivery::Acd(self.to_acd(for_acd)),
        }
    }

    fn to_acd(&self, effect: call::Effect) -> acd::Input {
        use call::Effect;
        let shard = self.shard;
        match effect {
            Effect::Enqueue { call, queue, caller, needs, since: arrived, is_let_in, dialed } => {
                let (priority, steps) = (needs.priority, steps(&needs));
                acd::Input::Enqueue(acd::Enqueue {
                    call,
                    shard,
                    queue,
                    caller,
                    priority,
                    steps,
                    arrived,
                    is_let_in,
                    max_wait: dialed,
                    kind: dialed.map_or(acd::WorkKind::Inbound, |_| acd::WorkKind::Outbound),
                    ..acd::Enqueue::default()
                })
            }
            Effect::AskCallback { call, queue, number, denied_by } => {
                callbacks::request(shard, call, queue, number, denied_by)
            }
            Effect::CancelCallback { queue, number } => acd::Input::CancelCallback {
                request: None,
                pick: acd::CallbackPick::Of { queue, number },
                why: "caller",
            },
            Effect::CallbackStep { call, step } => acd::Input::CallbackStep { call, step: callbacks::step(step) },
            Effect::CallbackFacts { calls } => acd::Input::CallbackFacts { shard, calls },
            Effect::CallerGone { call } => acd::Input::CallerGone { call },
            Effect::CallerMoved { call } => acd::Input::CallerMoved { call },
            Effect::AskPlace { call } => acd::Input::AskPlace { call },
            Effect::Claim { offer, generation } => acd::Input::Claim { shard, offer, generation },
            Effect::OfferEnded { offer, generation, outcome } => {
                acd::Input::OfferEnded { offer, generation, outcome: offer_outcome(outcome) }
            }
            Effect::AgentBusy(fact) => acd::Input::AgentBusy(agent_fact(shard, fact)),
            Effect::AgentFree { agent, call, leg, talked } => acd::Input::AgentFree { agent, call, leg, talked },
            Effect::AgentHolds { agent, call, leg, holds } => acd::Input::AgentHolds { agent, call, leg, holds },
            Effect::StandingLeg { agent, step } => acd::Input::StandingLeg { shard, agent, step: standing_step(step) },
            Effect::StandingFacts { up, held, calling } => acd::Input::StandingFacts { shard, up, held, calling },
            Effect::Facts { legs, waiting, offers } => acd::Input::Facts {
                shard,
                legs: legs.into_iter().map(|fact| agent_fact(shard, fact)).collect(),
                waiting: waiting.into_iter().map(waiting_fact).collect(),
                offers,
            },
            other => unreachable!("routed before: {other:?}"),
        }
    }
}

fn answer(reply: call::Reply) -> Answer {
    match reply {
        call::Reply::Called(new) => Answer::Called(new.call),
        call::Reply::HangingUp(call) => Answer::HangingUp(call),
        call::Reply::Steered(call) => Answer::Steered(call),
    }
}

fn command_error(error: call::CommandError) -> CommandError {
    match error {
        call::CommandError::UnknownAgent => CommandError::UnknownAgent,
        call::CommandError::NoDevice => CommandError::NoDevice,
        call::CommandError::Denied => CommandError::Denied,
        call::CommandError::BadDestination => CommandError::BadDestination,
        call::CommandError::UnknownCall => CommandError::UnknownCall,
        call::CommandError::NotWaiting => CommandError::NotWaiting,
        call::CommandError::Unavailable(cause) => CommandError::Unavailable { reason: cause.code },
    }
}

fn standing_step(step: call::StandingStep) -> acd::StandingStep {
    match step {
        call::StandingStep::Up { is_his_doing } => acd::StandingStep::Up { is_his_doing },
        call::StandingStep::Held { is_held } => acd::StandingStep::Held { is_held },
        call::StandingStep::Down { is_his_doing, why } => acd::StandingStep::Down { is_his_doing, why },
    }
}

fn offer_outcome(outcome: call::OfferOutcome) -> acd::OfferOutcome {
    match outcome {
        call::OfferOutcome::NoAnswer => acd::OfferOutcome::NoAnswer,
        call::OfferOutcome::Refused => acd::OfferOutcome::Refused,
        call::OfferOutcome::Unreachable => acd::OfferOutcome::Unreachable,
        call::OfferOutcome::CallerGone => acd::OfferOutcome::CallerGone,
        call::OfferOutcome::Withdrawn => acd::OfferOutcome::Withdrawn,
    }
}

fn agent_fact(shard: ShardId, fact: call::AgentFact) -> acd::AgentFact {
    acd::AgentFact { shard, agent: fact.agent, call: fact.call, leg: fact.leg, queue: fact.queue }
}

/// What a call asks for itself.
fn steps(needs: &call::CallNeeds) -> Vec<acd::Step> {
    let step = |step: &call::CallStep| acd::Step {
        after: step.after,
        required: step.required.iter().map(|(skill, level)| acd::Need { skill: *skill, level: *level }).collect(),
        preferred: step.preferred.clone(),
        level_max: step.level_max,
    };
    needs.steps.iter().map(step).collect()
}

fn waiting_fact(fact: call::WaitingFact) -> acd::WaitingFact {
    acd::WaitingFact {
        call: fact.call,
        queue: fact.queue,
        caller: fact.caller,
        priority: fact.needs.priority,
        arrived: fact.arrived,
        steps: steps(&fact.needs),
        ..acd::WaitingFact::default()
    }
}
