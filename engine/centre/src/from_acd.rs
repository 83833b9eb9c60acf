//! What the ACD's effects mean to the others.

use clock::{ShardId, WallTime};
use journal_core::{AgentState, AgentStatus, Durability, Entry, Mark};

use crate::routing::routing;
use crate::{Answer, CommandError, Delivery, callbacks, duty};

/// Turns the ACD's effects into deliveries, and numbers its journal entries.
#[derive(Debug, Default)]
pub struct AcdOutlet {
    entries: u64,
}

impl AcdOutlet {
    /// The outlet before the first entry.
    #[must_use]
    pub const fn new() -> Self {
        Self { entries: 0 }
    }

    /// Where `effect`, made at `wall`, goes. Answers wait until the entries before them are synced.
    pub fn route(&mut self, wall: WallTime, effect: acd::Effect) -> Delivery {
        use acd::Effect;
        match effect {
            Effect::StatusChanged { agent, status, reason } => {
                self.journal(Entry::AgentStatus { agent, status: agent_status(status), reason, at: wall })
            }
            Effect::StateChanged { agent, state, reason, call, at, cause } => {
                let (state, cause) = (agent_state(state), duty::cause(cause));
                self.journal(Entry::AgentStateChanged { agent, state, reason, call, at, cause })
            }
            Effect::Noted { agent, note } => self.journal(duty::step(agent, note, wall)),
            Effect::Disposed(said) => self.journal(duty::disposition(*said, wall)),
            Effect::PlaceKept { queue, caller, arrived, until } => {
                self.journal(Entry::PlaceKept { queue, caller, arrived, until })
            }
            Effect::Probe { agent } => Delivery::Location(sip::location::Input::Probe { agent }),
            Effect::Reply { request, result } => {
                // Explanations are reads: they wait for no disk (DESIGN section 6).
                let is_read = matches!(result, Ok(acd::Reply::WhyIdle(_) | acd::Reply::WhyWait(_)));
                let gate = Mark { entry: self.entries, durability: Durability::Synced };
                let result = result.map(answer).map_err(command_error);
                Delivery::Answer { request, result, gate: (!is_read).then_some(gate) }
            }
            Effect::CallbackChanged(callback) => {
                self.journal(Entry::Callback(callbacks::entry(*callback, wall).into()))
            }
            // The caller hears that he is called back when that is certain (DESIGN section 6).
            Effect::CallbackAnswer { shard, call, result } => Delivery::GatedShard {
                shard,
                input: call::Input::CallbackAnswer {
                    call,
                    result: result.map_err(|refusal| refusal.word().to_owned()),
                },
                gate: Mark { entry: self.entries, durability: Durability::Synced },
            },
            Effect::Repaired { what, .. } => Delivery::Repaired { what },
            for_shard => to_shard(for_shard),
        }
    }

    fn journal(&mut self, entry: Entry) -> Delivery {
        self.entries += 1;
        Delivery::Journal { number: self.entries, entry }
    }
}

fn to_shard(effect: acd::Effect) -> Delivery {
    use acd::Effect;
    use call::Input;
    match effect {
        Effect::Enqueued { call, shard, queue, arrived, priority } => {
            Delivery::Shard(shard, Input::Enqueued { call, queue, arrived, priority })
        }
        Effect::Offer { shard, offer, generation, call, queue, agent, ring, why } => {
            let routing = Some(routing(offer, queue, agent, *why));
            Delivery::Shard(shard, Input::Offer { offer, generation, call, queue, agent, ring, routing })
        }
        Effect::Withdraw { shard, offer, generation, reason } => {
            Delivery::Shard(shard, Input::Withdraw { offer, generation, reason: withdraw_reason(reason) })
        }
        Effect::ClaimGranted { shard, offer, generation } => {
            Delivery::Shard(shard, Input::ClaimGranted { offer, generation })
        }
        Effect::ClaimRefused { shard, offer, generation } => {
            Delivery::Shard(shard, Input::ClaimRefused { offer, generation })
        }
        Effect::BeginCallback { shard, order } => {
            Delivery::Shard(shard, call::Input::BeginCallback(Box::new(callbacks::order(*order))))
        }
        Effect::CallStandingLeg { agent } => Delivery::Shard(STANDING_SHARD, Input::CallStandingLeg { agent }),
        Effect::EndStandingLeg { agent } => Delivery::Shard(STANDING_SHARD, Input::EndStandingLeg { agent }),
        Effect::EndCallback { shard, call } => Delivery::Shard(shard, call::Input::EndCallback { call }),
        Effect::Steered { shard, request, call, queue, steering } => {
            Delivery::Shard(shard, Input::Steered { request, call, queue, steering: steering_of(steering) })
        }
        Effect::LeaveQueue { shard, call, queue, why } => {
            Delivery::Shard(shard, Input::LeaveQueue { call, queue, why: unserved(why) })
        }
        Effect::Place { shard, call, queue, position, wait } => {
            Delivery::Shard(shard, Input::Place { call, queue, position, wait })
        }
        other => unreachable!("routed before: {other:?}"),
    }
}

fn answer(reply: acd::Reply) -> Answer {
    match reply {
        acd::Reply::Agent(agent) => Answer::Agent(agent),
        acd::Reply::Callback(taken) => Answer::Callback(taken),
        acd::Reply::WhyIdle(why) => Answer::WhyIdle(why),
        acd::Reply::WhyWait(waits) => Answer::WhyWait(waits),
        acd::Reply::Steered(call) => Answer::Steered(call),
    }
}

fn command_error(error: acd::CommandError) -> CommandError {
    match error {
        acd::CommandError::UnknownAgent => CommandError::UnknownAgent,
        acd::CommandError::NoWrapUp => CommandError::NoWrapUp,
        acd::CommandError::WrapUpExtensionOver { left_s } => CommandError::WrapUpExtensionOver { left_s },
        acd::CommandError::UnknownCallback => CommandError::UnknownCallback,
        acd::CommandError::Callback(refusal) => CommandError::Callback(refusal),
        acd::CommandError::UnknownQueue => CommandError::UnknownQueue,
        acd::CommandError::NotWaiting => CommandError::NotWaiting,
        acd::CommandError::QueueFull => CommandError::QueueFull,
        acd::CommandError::AgentNotReady => CommandError::AgentNotReady,
    }
}

fn steering_of(steering: acd::Steering) -> journal_core::Steering {
    use journal_core::Steering;
    match steering {
        acd::Steering::Move { queue, keep_arrival } => Steering::Moved { to: queue, keep_arrival },
        acd::Steering::Prioritise { priority } => Steering::Prioritised { priority },
        acd::Steering::Pull { agent } => Steering::Pulled { agent },
        acd::Steering::Requeue { keep_arrival } => Steering::Requeued { keep_arrival },
    }
}

const fn unserved(why: acd::LeaveReason) -> call::Unserved {
    match why {
        acd::LeaveReason::TimedOut => call::Unserved::TimedOut,
        acd::LeaveReason::Full => call::Unserved::Full,
        acd::LeaveReason::Empty => call::Unserved::Empty,
    }
}

fn withdraw_reason(reason: acd::WithdrawReason) -> call::WithdrawReason {
    match reason {
        acd::WithdrawReason::Paused => call::WithdrawReason::Paused,
        acd::WithdrawReason::Offline => call::WithdrawReason::Offline,
        acd::WithdrawReason::WaitOver => call::WithdrawReason::WaitOver,
        acd::WithdrawReason::Overdue => call::WithdrawReason::Overdue,
        acd::WithdrawReason::CallerGone => call::WithdrawReason::CallerGone,
        acd::WithdrawReason::Busy => call::WithdrawReason::Busy,
        acd::WithdrawReason::Moved => call::WithdrawReason::Moved,
        acd::WithdrawReason::AnsweredElsewhere => call::WithdrawReason::AnsweredElsewhere,
    }
}

/// The journal's word for a status.
#[must_use]
pub const fn agent_status(status: acd::Status) -> AgentStatus {
    match status {
        acd::Status::Ready => AgentStatus::Ready,
        acd::Status::Paused => AgentStatus::Paused,
        acd::Status::Offline => AgentStatus::Offline,
    }
}

/// The ACD's word for a journaled status.
#[must_use]
pub const fn status_of(status: AgentStatus) -> acd::Status {
    match status {
        AgentStatus::Ready => acd::Status::Ready,
        AgentStatus::Paused => acd::Status::Paused,
        AgentStatus::Offline => acd::Status::Offline,
    }
}

pub(crate) const fn agent_state(state: acd::State) -> AgentState {
    match state {
        acd::State::Offline => AgentState::Offline,
        acd::State::Ready => AgentState::Ready,
        acd::State::Reserved => AgentState::Reserved,
        acd::State::OnCall => AgentState::OnCall,
        acd::State::WrapUp => AgentState::WrapUp,
        acd::State::Paused => AgentState::Paused,
    }
}

/// The shard that has standing legs, and the calls that are bridged to them: a node with them has one (decision 0019).
pub(crate) const STANDING_SHARD: ShardId = ShardId(0);
