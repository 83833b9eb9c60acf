//! Commands that come from outside (REST), each for exactly one owner, and their answers.

use acd::{AgentSnapshot, Status};
use clock::{AgentId, CallId};

/// A command of an outside client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Choose a status for an agent (to the ACD).
    SetAgentStatus {
        /// The agent.
        agent: AgentId,
        /// The status.
        status: Status,
        /// Pause reason, if any.
        reason: Option<String>,
    },
    /// Click-to-call: the agent's phone first, then the other side (to a shard).
    Originate {
        /// The agent who calls.
        from_agent: AgentId,
        /// Number or extension as typed.
        to: String,
    },
    /// End a call (to the shard that owns it).
    HangUp {
        /// The call.
        call: CallId,
    },
    /// Lift a ban (to location).
    LiftBan {
        /// Its number.
        ban: u64,
    },
}

/// A good answer; it is given when what it says is synced (DESIGN section 6).
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// The agent as he is now.
    Agent(AgentSnapshot),
    /// The call was created.
    Called(CallId),
    /// The call is being ended.
    HangingUp(CallId),
    /// The ban as it was: it is over.
    BanLifted(crate::Ban),
}

/// Why a command was not carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CommandError {
    /// No such agent.
    UnknownAgent,
    /// No such live call.
    UnknownCall,
    /// No such ban, or it is over.
    UnknownBan,
    /// The agent has no registered phone.
    NoDevice,
    /// The destination may not be dialed.
    Denied,
    /// The destination cannot be read as a number or extension.
    BadDestination,
    /// Limits, shutdown, a failing journal, an owner's full queue or a missed deadline: try again later.
    Unavailable {
        /// Stable word.
        reason: String,
    },
}
