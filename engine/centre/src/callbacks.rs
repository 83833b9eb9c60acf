//! Callbacks in the words of the journal, of the ACD and of the shards.

use clock::{ShardId, WallTime};
use core::time::Duration;
use journal_core::{CallbackEntry, CallbackOwner, CallbackSource, CallbackState, SkillStep};

/// A callback as the journal keeps it.
pub(crate) fn entry(callback: acd::Callback, at: WallTime) -> CallbackEntry {
    CallbackEntry {
        callback: callback.id,
        owner: CallbackOwner::Acd,
        state: state(callback.state),
        number: callback.number,
        queue: callback.queue,
        agent: callback.agent,
        source: match callback.source {
            acd::CallbackSource::Key => CallbackSource::Key,
            acd::CallbackSource::Api => CallbackSource::Api,
            acd::CallbackSource::Agent => CallbackSource::Agent,
        },
        related: callback.related,
        call: callback.call,
        served_by: callback.served_by,
        requested_at: callback.requested_at,
        arrived: callback.arrived,
        seq: callback.seq,
        priority: callback.priority,
        due_at: callback.due_at,
        next_at: callback.next_at,
        expires_at: callback.expires_at,
        attempts: callback.attempts,
        device: callback.device,
        is_verified: callback.is_verified,
        why: callback.why,
        at,
        steps: callback.steps.iter().map(step_entry).collect(),
    }
}

fn step_entry(step: &acd::Step) -> SkillStep {
    SkillStep {
        after_ms: u64::try_from(step.after.as_millis()).unwrap_or(u64::MAX),
        required: step.required.iter().map(|need| (need.skill, need.level)).collect(),
        preferred: step.preferred.clone(),
        level_max: step.level_max,
    }
}

fn restored_step(step: &SkillStep) -> acd::Step {
    acd::Step {
        after: Duration::from_millis(step.after_ms),
        required: step.required.iter().map(|&(skill, level)| acd::Need { skill, level }).collect(),
        preferred: step.preferred.clone(),
        level_max: step.level_max,
    }
}

/// A callback as the ACD takes it back after a restart.
pub(crate) fn restored(entry: &CallbackEntry) -> acd::Callback {
    acd::Callback {
        id: entry.callback,
        state: state_of(entry.state),
        number: entry.number.clone(),
        queue: entry.queue,
        agent: entry.agent,
        source: match entry.source {
            CallbackSource::Key => acd::CallbackSource::Key,
            CallbackSource::Api => acd::CallbackSource::Api,
            CallbackSource::Agent => acd::CallbackSource::Agent,
        },
        related: entry.related,
        call: entry.call,
        served_by: entry.served_by,
        requested_at: entry.requested_at,
        arrived: entry.arrived,
        seq: entry.seq,
        priority: entry.priority,
        due_at: entry.due_at,
        next_at: entry.next_at,
        expires_at: entry.expires_at,
        attempts: entry.attempts,
        device: entry.device.clone(),
        is_verified: entry.is_verified,
        why: entry.why.clone(),
        steps: entry.steps.iter().map(restored_step).collect(),
    }
}

/// The journal's word for a state.
#[must_use]
pub const fn state(state: acd::CallbackState) -> CallbackState {
    match state {
        acd::CallbackState::Requested => CallbackState::Requested,
        acd::CallbackState::Queued => CallbackState::Queued,
        acd::CallbackState::Reserved => CallbackState::Reserved,
        acd::CallbackState::Dialing => CallbackState::Dialing,
        acd::CallbackState::Connected => CallbackState::Connected,
        acd::CallbackState::NoAnswer => CallbackState::NoAnswer,
        acd::CallbackState::Exhausted => CallbackState::Exhausted,
        acd::CallbackState::Cancelled => CallbackState::Cancelled,
        acd::CallbackState::Expired => CallbackState::Expired,
        acd::CallbackState::Superseded => CallbackState::Superseded,
    }
}

const fn state_of(state: CallbackState) -> acd::CallbackState {
    match state {
        CallbackState::Requested => acd::CallbackState::Requested,
        CallbackState::Queued => acd::CallbackState::Queued,
        CallbackState::Reserved => acd::CallbackState::Reserved,
        CallbackState::Dialing => acd::CallbackState::Dialing,
        CallbackState::Connected => acd::CallbackState::Connected,
        CallbackState::NoAnswer => acd::CallbackState::NoAnswer,
        CallbackState::Exhausted => acd::CallbackState::Exhausted,
        CallbackState::Cancelled => acd::CallbackState::Cancelled,
        CallbackState::Expired => acd::CallbackState::Expired,
        CallbackState::Superseded => acd::CallbackState::Superseded,
    }
}

/// What a shard needs to begin a callback's call.
pub(crate) fn order(order: acd::CallbackOrder) -> call::CallbackOrder {
    call::CallbackOrder {
        call: order.call,
        callback: order.callback,
        number: order.number,
        queue: order.queue,
        agent: order.agent,
        device: order.device,
        arrived: order.arrived,
        priority: order.priority,
        ring: order.ring,
        customer_first: order.customer_first,
    }
}

/// How far a shard says that a callback's call has come.
pub(crate) fn step(step: call::CallbackStep) -> acd::CallbackStep {
    match step {
        call::CallbackStep::Dialing => acd::CallbackStep::Dialing,
        call::CallbackStep::Connected => acd::CallbackStep::Connected,
        call::CallbackStep::Failed { may_retry, why } => acd::CallbackStep::Failed { may_retry, why },
    }
}

/// A caller on the line asks.
pub(crate) fn request(
    shard: ShardId,
    call: clock::CallId,
    queue: clock::QueueId,
    number: Option<String>,
    denied_by: Option<&'static str>,
) -> acd::Input {
    acd::Input::RequestCallback(Box::new(acd::CallbackRequest {
        asker: acd::Asker::Caller { call, shard },
        number,
        queue: Some(queue),
        agent: None,
        source: acd::CallbackSource::Key,
        related: Some(call),
        due_at: None,
        priority: 0,
        device: None,
        is_verified: false,
        // He waits in it: it let him in.
        is_open: true,
        denied_by,
    }))
}
