//! Callbacks, and the internal do-not-call list, as the journal keeps them.

use std::collections::BTreeMap;

use clock::{AgentId, CallId, CallbackId, QueueId, SkillId, WallTime};
use serde::{Deserialize, Serialize};

/// All that is known of a callback.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallbackEntry {
    /// Its id.
    pub callback: CallbackId,
    /// Who works it off.
    pub owner: CallbackOwner,
    /// How far it has come.
    pub state: CallbackState,
    /// Whom to call, E.164.
    pub number: String,
    /// The queue whose agents serve it.
    pub queue: Option<QueueId>,
    /// The agent whose own it is.
    pub agent: Option<AgentId>,
    /// How it was asked for.
    pub source: CallbackSource,
    /// The call that it came of.
    pub related: Option<CallId>,
    /// The call of its newest attempt.
    pub call: Option<CallId>,
    /// The agent who serves it, or served it.
    pub served_by: Option<AgentId>,
    /// When it was asked for.
    pub requested_at: WallTime,
    /// What decides its place: the arrival of the call that it came of.
    pub arrived: WallTime,
    /// Decides among those that arrived together.
    pub seq: u64,
    /// Higher first.
    pub priority: i32,
    /// When it is to happen, if not as soon as possible.
    pub due_at: Option<WallTime>,
    /// When it comes again.
    pub next_at: Option<WallTime>,
    /// When it is given up.
    pub expires_at: WallTime,
    /// Times that the customer was called.
    pub attempts: u32,
    /// The phone that the agent chose: a contact of his registrations.
    pub device: Option<String>,
    /// The agent says that the number is the customer's.
    pub is_verified: bool,
    /// Stable word for how it ended, or why the newest attempt failed.
    pub why: Option<String>,
    /// When it became so.
    pub at: WallTime,
    /// What it asks of an agent, beside what its queue asks. Stands last: the first version had no such field.
    pub steps: Vec<SkillStep>,
}

/// What a call asks of an agent from some wait on, until the next step.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SkillStep {
    /// From this wait on, ms.
    pub after_ms: u64,
    /// Skills that he must have, each at least at this level.
    pub required: Vec<(SkillId, u8)>,
    /// Who has these better comes first.
    pub preferred: Vec<SkillId>,
    /// Agents above this level are not offered the call.
    pub level_max: Option<u8>,
}

/// Who works a callback off (DESIGN section 4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CallbackOwner {
    /// The call distributor: callbacks of queues and of agents.
    Acd,
    /// The dialer: callbacks of leads.
    Dialer,
}

/// State of a callback (data-model.md section 4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum CallbackState {
    /// Its time has not come.
    Requested,
    /// It waits in its queue, in its place.
    Queued,
    /// An agent is asked to take it.
    Reserved,
    /// The customer is being called.
    Dialing,
    /// Customer and agent talk. Terminal.
    Connected,
    /// Nobody answered: it comes again, in its old place.
    NoAnswer,
    /// Called as often as is allowed, or never to be reached. Terminal.
    Exhausted,
    /// Called off. Terminal.
    Cancelled,
    /// Too late. Terminal.
    Expired,
    /// The caller rang again himself and has the place. Terminal.
    Superseded,
}

impl CallbackState {
    /// Nothing follows it.
    #[must_use]
    pub const fn is_terminal(self) -> bool {
        matches!(self, Self::Connected | Self::Exhausted | Self::Cancelled | Self::Expired | Self::Superseded)
    }

    /// The stable word of the API and of events (`callback.<word>`).
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::Queued => "queued",
            Self::Reserved => "reserved",
            Self::Dialing => "dialing",
            Self::Connected => "connected",
            Self::NoAnswer => "no_answer",
            Self::Exhausted => "exhausted",
            Self::Cancelled => "cancelled",
            Self::Expired => "expired",
            Self::Superseded => "superseded",
        }
    }
}

/// How a callback was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CallbackSource {
    /// By key, by a caller in the queue.
    Key,
    /// By another program.
    Api,
    /// By an agent.
    Agent,
}

impl CallbackSource {
    /// The stable word of the API.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Key => "key",
            Self::Api => "api",
            Self::Agent => "agent",
        }
    }
}

/// Numbers and prefixes that are not to be called, each with why and since when.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DoNotCall {
    listed: BTreeMap<String, (Option<String>, WallTime)>,
}

impl DoNotCall {
    /// Lists a number or prefix, or takes it off. Of two additions the first stands.
    pub(crate) fn apply(&mut self, pattern: &str, listed: bool, reason: Option<&str>, at: WallTime) {
        if listed {
            self.listed.entry(pattern.to_owned()).or_insert_with(|| (reason.map(str::to_owned), at));
        } else {
            self.listed.remove(pattern);
        }
    }

    /// All entries: pattern, reason, since when.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Option<&str>, WallTime)> {
        self.listed.iter().map(|(pattern, (reason, at))| (pattern.as_str(), reason.as_deref(), *at))
    }
}

/// Open callbacks of all queues and agents: a centre that never gets to them loses none of this many.
pub const MAX_CALLBACKS: usize = 100_000;
