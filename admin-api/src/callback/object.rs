//! A callback as JSON.

use std::collections::BTreeMap;

use acd::Estimate;
use centre::{Directory, Snapshot, callback_state};
use clock::{CallbackId, WallTime};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::queue::millis;
use crate::time::{rfc3339, wall_now};

/// Somebody who is to be called back.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Callback {
    /// Its id.
    #[schema(example = "callback_0190f5a2b6d07c3a9d1e4f5061728394")]
    pub(crate) id: String,
    /// Whom to call.
    #[schema(example = "+442071838750")]
    pub(crate) number: String,
    /// The queue whose agents serve it.
    #[schema(example = "support")]
    pub(crate) queue: Option<String>,
    /// How far it has come.
    pub(crate) state: CallbackState,
    /// When it was asked for.
    #[schema(format = DateTime)]
    requested_at: String,
    /// Its place in its queue among all who wait there, callers on the line included, from 1; null while it does not
    /// wait.
    position: Option<u32>,
    /// How much longer it is expected to wait for an agent, ms: the mean; null while it does not wait in its place, and
    /// while nobody is on duty.
    ewt_ms: Option<u64>,
    /// Three of four callbacks wait no longer than this, ms.
    ewt_upper_ms: Option<u64>,
    /// When it is expected to be served; of one that waits for a time of its own or for its next attempt, that time.
    #[schema(format = DateTime)]
    expected_at: Option<String>,
    /// The caller had asked before: this is the first request, which is kept.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    duplicate: bool,
    /// What decides its place: the arrival of the call that it came of.
    #[schema(format = DateTime)]
    arrived_at: String,
    /// When it is to happen, if not as soon as possible.
    #[schema(format = DateTime)]
    due_at: Option<String>,
    /// When it comes again after an attempt that failed.
    #[schema(format = DateTime)]
    next_at: Option<String>,
    /// When it is given up.
    #[schema(format = DateTime)]
    expires_at: String,
    /// Times that the customer was called.
    attempts: u32,
    /// Extension of the agent whose own it is.
    #[schema(example = "1001")]
    agent: Option<String>,
    /// Extension of the agent who serves it, or served it.
    #[schema(example = "1001")]
    served_by: Option<String>,
    /// How it was asked for: `key`, `api` or `agent`.
    #[schema(example = "api")]
    source: String,
    /// An agent said that the number is the customer's.
    verified: bool,
    /// The call that it came of.
    pub(crate) related_call_id: Option<String>,
    /// The call of its newest attempt.
    call_id: Option<String>,
    /// How it ended, or why the newest attempt failed: a stable word.
    reason: Option<String>,
}

/// How far a callback has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum CallbackState {
    /// Its time has not come.
    Requested,
    /// It waits in its queue, in its place.
    Queued,
    /// An agent is asked to take it.
    Reserved,
    /// The customer is being called.
    Dialing,
    /// Customer and agent talked.
    Connected,
    /// Nobody answered: it comes again, in its old place.
    NoAnswer,
    /// Called as often as is allowed, or never to be reached.
    Exhausted,
    /// Called off.
    Cancelled,
    /// Too late.
    Expired,
    /// The caller rang again himself and has the place.
    Superseded,
}

/// All open callbacks.
pub(super) fn open<'a>(snapshot: &'a Snapshot, directory: &'a Directory) -> impl Iterator<Item = Callback> + 'a {
    let is_ours = |callback: &acd::Callback| {
        let queue = callback.queue.is_some_and(|id| directory.queues.contains_key(&id));
        queue || callback.agent.is_some_and(|id| directory.agents.contains_key(&id))
    };
    let open = snapshot.acd.callbacks.iter().filter(move |known| is_ours(&known.callback));
    let waits = expected(snapshot);
    open.map(move |known| {
        let outlook = Outlook {
            now: snapshot.acd.now.wall,
            place: known.place,
            expected: waits.get(&known.callback.id).copied().flatten(),
        };
        Callback::of(&known.callback, outlook, directory)
    })
}

/// The expected wait of each callback that waits in its place: one walk along each line that has any.
fn expected(snapshot: &Snapshot) -> BTreeMap<CallbackId, Option<Estimate>> {
    let queues = snapshot.acd.queues.iter().filter(|queue| !queue.called_back.is_empty());
    let lines = queues.flat_map(|queue| snapshot.acd.line(queue.queue));
    lines.filter_map(|one| Some((one.waiting.callback?, one.expected))).collect()
}

/// Where a callback stands in its queue, and how long it is expected to stand there.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Outlook {
    /// When this was so.
    pub(super) now: WallTime,
    pub(super) place: Option<u32>,
    pub(super) expected: Option<Estimate>,
}

impl Outlook {
    /// When it is expected to be served; what waits for a time of its own has that.
    fn served_at(&self, callback: &acd::Callback) -> Option<WallTime> {
        let planned = || match callback.state {
            acd::CallbackState::Requested => callback.next_at.or(callback.due_at),
            acd::CallbackState::NoAnswer => callback.next_at,
            _ => None,
        };
        self.expected.map(|estimate| self.now + estimate.mean).or_else(planned)
    }
}

impl Callback {
    /// A callback as its owner has it.
    pub(super) fn of(callback: &acd::Callback, outlook: Outlook, directory: &Directory) -> Self {
        let agent = |id: &clock::AgentId| directory.agents.get(id).map(|agent| agent.extension.clone());
        Self {
            id: callback.id.to_string(),
            number: callback.number.clone(),
            queue: callback.queue.and_then(|id| directory.queues.get(&id)).map(|queue| queue.name.clone()),
            state: callback_state(callback.state).into(),
            requested_at: rfc3339(callback.requested_at),
            position: outlook.place,
            ewt_ms: outlook.expected.map(|estimate| millis(estimate.mean)),
            ewt_upper_ms: outlook.expected.map(|estimate| millis(estimate.upper)),
            expected_at: outlook.served_at(callback).map(rfc3339),
            duplicate: false,
            arrived_at: rfc3339(callback.arrived),
            due_at: callback.due_at.map(rfc3339),
            next_at: callback.next_at.map(rfc3339),
            expires_at: rfc3339(callback.expires_at),
            attempts: callback.attempts,
            agent: callback.agent.as_ref().and_then(agent),
            served_by: callback.served_by.as_ref().and_then(agent),
            source: match callback.source {
                acd::CallbackSource::Key => "key",
                acd::CallbackSource::Api => "api",
                acd::CallbackSource::Agent => "agent",
            }
            .to_owned(),
            verified: callback.is_verified,
            related_call_id: callback.related.map(|id| id.to_string()),
            call_id: callback.call.map(|id| id.to_string()),
            reason: callback.why.clone(),
        }
    }

    /// True for the own callback of this agent; of any, without one.
    pub(super) fn is_of(&self, own: Option<&str>) -> bool {
        own.is_none_or(|own| self.agent.as_deref() == Some(own))
    }

    /// The answer to whoever asked for it.
    pub(super) fn taken(taken: &acd::CallbackTaken, directory: &Directory) -> Self {
        let outlook = Outlook { now: wall_now(), place: taken.place, expected: taken.expected };
        Self { duplicate: taken.is_duplicate, ..Self::of(&taken.callback, outlook, directory) }
    }

    /// By queue, then by place; those without a place behind, by their arrival.
    pub(super) fn order(&self) -> String {
        let queue = self.queue.as_deref().unwrap_or("\u{10FFFF}");
        format!("{queue}\u{0}{:010}{}{}", self.position.unwrap_or(u32::MAX), self.arrived_at, self.id)
    }
}

impl From<records::Callback> for Callback {
    fn from(stored: records::Callback) -> Self {
        Self {
            id: stored.id.to_string(),
            number: stored.number,
            queue: stored.queue,
            state: stored.state.into(),
            requested_at: rfc3339(stored.requested_at),
            position: None,
            ewt_ms: None,
            ewt_upper_ms: None,
            expected_at: None,
            duplicate: false,
            arrived_at: rfc3339(stored.arrived_at),
            due_at: stored.due_at.map(rfc3339),
            next_at: stored.next_at.map(rfc3339),
            expires_at: rfc3339(stored.expires_at),
            attempts: stored.attempts,
            agent: stored.agent,
            served_by: stored.served_by,
            source: stored.source.word().to_owned(),
            verified: stored.is_verified,
            related_call_id: stored.related_call_id.map(|id| id.to_string()),
            call_id: stored.call_id.map(|id| id.to_string()),
            reason: stored.why,
        }
    }
}

impl CallbackState {
    /// Nothing follows it: the database tells of it.
    pub(super) fn is_terminal(self) -> bool {
        journal_core::CallbackState::from(self).is_terminal()
    }
}

impl From<journal_core::CallbackState> for CallbackState {
    fn from(state: journal_core::CallbackState) -> Self {
        use journal_core::CallbackState as Source;
        match state {
            Source::Requested => Self::Requested,
            Source::Queued => Self::Queued,
            Source::Reserved => Self::Reserved,
            Source::Dialing => Self::Dialing,
            Source::Connected => Self::Connected,
            Source::NoAnswer => Self::NoAnswer,
            Source::Exhausted => Self::Exhausted,
            Source::Cancelled => Self::Cancelled,
            Source::Expired => Self::Expired,
            Source::Superseded => Self::Superseded,
        }
    }
}

impl From<CallbackState> for journal_core::CallbackState {
    fn from(state: CallbackState) -> Self {
        match state {
            CallbackState::Requested => Self::Requested,
            CallbackState::Queued => Self::Queued,
            CallbackState::Reserved => Self::Reserved,
            CallbackState::Dialing => Self::Dialing,
            CallbackState::Connected => Self::Connected,
            CallbackState::NoAnswer => Self::NoAnswer,
            CallbackState::Exhausted => Self::Exhausted,
            CallbackState::Cancelled => Self::Cancelled,
            CallbackState::Expired => Self::Expired,
            CallbackState::Superseded => Self::Superseded,
        }
    }
}
