//! The words of a call as a whole: its direction, what became of it, and why.

use serde::{Deserialize, Serialize};

/// Direction of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Direction {
    /// From a trunk.
    Inbound,
    /// Dialed by a person or for him.
    OutboundDial,
    /// Dialed by a campaign.
    OutboundAuto,
}

/// Status of a call (data-model.md section 2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum CallStatus {
    /// Not ringing yet, or waiting in a queue.
    Queued,
    /// An agent or the callee rings.
    Ringing,
    /// Talking.
    Answered,
    /// Ended after a conversation or a voicemail.
    Completed,
    /// The caller hung up before the answer.
    Canceled,
    /// Nobody answered.
    NoAnswer,
    /// Technical failure.
    Failed,
}

/// Outcome of a call (data-model.md section 2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    /// Outbound, not answered yet.
    Initiated,
    /// Inbound or talking.
    InProgress,
    /// A conversation.
    Successful,
    /// Ended without one.
    NoAnswer,
    /// A voicemail was taken.
    Voicemail,
    /// Failed.
    Error,
    /// The caller is called back.
    Callback,
}

/// Who ended or caused something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Who {
    /// Who called.
    Caller,
    /// An agent.
    Agent,
    /// The called party.
    Callee,
    /// We.
    System,
}

/// Why a call or leg ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cause {
    /// Who.
    pub who: Who,
    /// Q.850 cause, where one applies.
    pub q850: Option<u8>,
    /// SIP status, where one was sent or received.
    pub sip: Option<u16>,
    /// Stable word: `normal`, `canceled`, `busy`, `rona`, `node_restart` …
    pub code: String,
}
