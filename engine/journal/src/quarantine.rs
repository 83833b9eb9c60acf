//! What owners are spared, for those who follow the events. A restart releases all of it.

use clock::{AgentId, CallId, QueueId, WallTime};
use serde::{Deserialize, Serialize};

/// `quarantine.began` or `quarantine.released`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuarantineNote {
    /// When.
    pub at: WallTime,
    /// What.
    pub thing: QuarantinedThing,
    /// It is over.
    pub is_released: bool,
}

/// What inputs named that broke an owner twice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum QuarantinedThing {
    /// A queue.
    Queue(QueueId),
    /// An agent.
    Agent(AgentId),
    /// A call.
    Call(CallId),
    /// A Call-ID header.
    SipCall(String),
}

impl QuarantinedThing {
    /// Word of its kind.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Queue(_) => "queue",
            Self::Agent(_) => "agent",
            Self::Call(_) => "call",
            Self::SipCall(_) => "sip_call",
        }
    }
}
