//! Callbacks: what may be asked, what comes of it, and what others see.

use core::time::Duration;

use clock::{AgentId, CallId, CallbackId, QueueId, RequestId, ShardId, WallTime};

use super::Step;
use crate::ewt::Estimate;

/// A queue's rules for callbacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallbackRules {
    /// Callbacks that wait or are being dialed at the same time; above, a request is refused. 0: no limit.
    pub max: u32,
    /// Times that the customer is called before it is given up; at least one.
    pub attempts_max: u32,
    /// Time between two of them.
    pub retry_after: Duration,
    /// Time from the request (or from when it was to happen) after which it is given up.
    pub expire_after: Duration,
    /// How long the customer's phone rings; never less than [`crate::MIN_RING`].
    pub ring: Duration,
    /// The customer is called first, and the agent when he has answered.
    pub customer_first: bool,
}

impl Default for CallbackRules {
    fn default() -> Self {
        Self {
            max: 2,
            attempts_max: 3,
            retry_after: Duration::from_secs(300),
            expire_after: Duration::from_secs(24 * 3600),
            ring: Duration::from_secs(30),
            customer_first: false,
        }
    }
}

/// How far a callback has come (contact-centre.md section 5).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum CallbackState {
    /// Its time has not come.
    #[default]
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
}

/// How a callback was asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum CallbackSource {
    /// By key, by a caller in the queue.
    #[default]
    Key,
    /// By another program.
    Api,
    /// By an agent.
    Agent,
}

/// A callback: all that is known of it, and all that a restart needs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Callback {
    /// Its id.
    pub id: CallbackId,
    /// How far it has come.
    pub state: CallbackState,
    /// Whom to call, E.164.
    pub number: String,
    /// The queue whose agents serve it.
    pub queue: Option<QueueId>,
    /// The agent whose own it is: nobody else serves it.
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
    /// What it ended with, or why the newest attempt failed: a stable word.
    pub why: Option<String>,
    /// What it asks of an agent, beside what its queue asks: that of the call that it came of.
    pub steps: Vec<Step>,
}

/// Who asks for a callback, and is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asker {
    /// A client, by [`crate::Reply::Callback`].
    Client(RequestId),
    /// A caller on the line, by [`crate::Effect::CallbackAnswer`]: he leaves his queue with it.
    Caller {
        /// His call.
        call: CallId,
        /// Its shard.
        shard: ShardId,
    },
}

/// A request to be called back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallbackRequest {
    /// Who asks.
    pub asker: Asker,
    /// Whom to call, E.164; none for a caller who withholds his number.
    pub number: Option<String>,
    /// The queue whose agents are to serve it.
    pub queue: Option<QueueId>,
    /// The agent whose own it is.
    pub agent: Option<AgentId>,
    /// How it was asked for.
    pub source: CallbackSource,
    /// The call that it comes of.
    pub related: Option<CallId>,
    /// When it is to happen, if not as soon as possible.
    pub due_at: Option<WallTime>,
    /// Higher first; a caller on the line keeps his own.
    pub priority: i32,
    /// The phone that the agent chose.
    pub device: Option<String>,
    /// The agent says that the number is the customer's.
    pub is_verified: bool,
    /// The queue is open, by its hours.
    pub is_open: bool,
    /// The rule of the dial gate that denies the number.
    pub denied_by: Option<&'static str>,
}

/// A callback that was taken, or was there already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallbackTaken {
    /// The callback.
    pub callback: Callback,
    /// The caller had asked before: the first is kept.
    pub is_duplicate: bool,
    /// How many are served before it in its queue, plus one; none while its time has not come.
    pub place: Option<u32>,
    /// How long it is expected to wait there; none also while nobody is on duty who serves its queue.
    pub expected: Option<Estimate>,
}

/// Why a callback was not taken. In the order in which it is checked, after the duplicate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CallbackRefusal {
    /// No such queue.
    #[error("a configured queue was expected, and there is none of this id")]
    UnknownQueue,
    /// No such agent.
    #[error("a configured agent was expected, and there is none of this id")]
    UnknownAgent,
    /// Neither a queue nor an agent is to serve it.
    #[error("a queue or an agent was expected, and neither was named")]
    Nobody,
    /// The call waits in that queue no more.
    #[error("a call that waits in the queue was expected, and it does not")]
    Gone,
    /// The caller withholds his number and typed none.
    #[error("a number was expected, and the caller withholds his")]
    NumberWithheld,
    /// Whose number it is waits on the line in that queue: he has his place, and his phone is busy.
    #[error("a number whose caller does not wait on the line was expected, and he does")]
    CallerWaits,
    /// As many as are allowed wait or are being dialed, in the queue or for the agent.
    #[error("fewer callbacks than the limit were expected to be open, and there are as many")]
    Limit,
    /// The queue is closed.
    #[error("an open queue was expected, and it is closed")]
    Closed,
    /// The dial gate denies the number.
    #[error("a number that may be called was expected, and rule {0} denies it")]
    Denied(&'static str),
    /// No phone of the agent is registered.
    #[error("a registered phone of the agent was expected, and there is none")]
    NoDevice,
    /// All that the ACD holds is in use.
    #[error("room for one more callback was expected, and there is none")]
    Full,
}

impl CallbackRefusal {
    /// The stable word of events and of the API.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::UnknownQueue => "unknown_queue",
            Self::UnknownAgent => "unknown_agent",
            Self::Nobody => "nobody",
            Self::Gone => "gone",
            Self::NumberWithheld => "number_withheld",
            Self::CallerWaits => "caller_waiting",
            Self::Limit => "limit",
            Self::Closed => "closed",
            Self::Denied(rule) => rule,
            Self::NoDevice => "no_active_device",
            Self::Full => "full",
        }
    }
}

/// What the shard says of a callback's call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CallbackStep {
    /// The customer's phone is being called.
    Dialing,
    /// Customer and agent talk.
    Connected,
    /// The call is over and they never talked.
    Failed {
        /// Another attempt may succeed.
        may_retry: bool,
        /// Stable word.
        why: String,
    },
}

/// Which callback is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CallbackPick {
    /// This one.
    Id(CallbackId),
    /// The open one of this caller.
    Of {
        /// In this queue.
        queue: QueueId,
        /// His number, E.164.
        number: String,
    },
}

/// What a shard needs to begin a callback's call. An [`crate::Effect::Offer`] follows, save for an agent's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallbackOrder {
    /// The call that begins.
    pub call: CallId,
    /// The callback.
    pub callback: CallbackId,
    /// Whom to call, E.164.
    pub number: String,
    /// The queue.
    pub queue: Option<QueueId>,
    /// The agent whose own it is: his phone is called at once.
    pub agent: Option<AgentId>,
    /// The phone that he chose.
    pub device: Option<String>,
    /// What decides its place.
    pub arrived: WallTime,
    /// Its priority.
    pub priority: i32,
    /// How long the customer's phone rings.
    pub ring: Duration,
    /// The customer is called before the agent's phone.
    pub customer_first: bool,
}

/// One callback as others see it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CallbackSnapshot {
    /// The callback.
    pub callback: Callback,
    /// Its place in its queue among all that wait there, from 1; none while it does not wait.
    pub place: Option<u32>,
}

/// Callbacks of a queue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CallbackCounts {
    /// Waiting in their place, or for their next attempt.
    pub waiting: u32,
    /// Being called.
    pub dialing: u32,
}
