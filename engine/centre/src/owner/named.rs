//! What an input names.

use clock::{AgentId, CallId, QueueId};

/// What an input names, and what is quarantined when the same input breaks its owner twice.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Named {
    /// A queue: its callers leave it by its time-out flow.
    Queue(QueueId),
    /// An agent: he is offered nothing.
    Agent(AgentId),
    /// A call.
    Call(CallId),
    /// A Call-ID header: requests with it get 500.
    SipCall(String),
}

impl Named {
    /// The word of `trunkline_quarantined{kind}`: `queue`, `agent` or `call`.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Queue(_) => "queue",
            Self::Agent(_) => "agent",
            Self::Call(_) | Self::SipCall(_) => "call",
        }
    }

    /// What an input of a shard names.
    pub(super) fn in_shard(input: &call::Input) -> Option<Self> {
        use call::Input;
        match input {
            Input::Received { message, .. } => message.call_id().ok().map(|id| Self::SipCall(id.to_owned())),
            Input::Contacts { agent, .. } | Input::Originate { from_agent: agent, .. } => Some(Self::Agent(*agent)),
            Input::Enqueued { call, .. }
            | Input::Offer { call, .. }
            | Input::LeaveQueue { call, .. }
            | Input::Steered { call, .. }
            | Input::Place { call, .. }
            | Input::HangUp { call, .. } => Some(Self::Call(*call)),
            _ => None,
        }
    }

    /// What an input of the ACD names; `acd` knows the calls of offers.
    pub(super) fn in_acd(input: &acd::Input, acd: &acd::Acd) -> Option<Self> {
        use acd::Input;
        match input {
            Input::Enqueue(acd::Enqueue { call, .. })
            | Input::CallerGone { call }
            | Input::CallerMoved { call }
            | Input::AskPlace { call } => Some(Self::Call(*call)),
            Input::Claim { offer, .. } | Input::OfferEnded { offer, .. } => {
                acd.offer_of(*offer).map(|(_, call)| Self::Call(call))
            }
            Input::AgentBusy(fact) => Some(Self::Agent(fact.agent)),
            Input::Steer(order) => Some(Self::Call(order.call)),
            Input::Dispose { disposed, .. } => Some(Self::Agent(disposed.agent)),
            Input::AgentFree { agent, .. }
            | Input::AgentHolds { agent, .. }
            | Input::Reachable { agent, .. }
            | Input::SetStatus { agent, .. }
            | Input::WhyIdle { agent, .. }
            | Input::Answers { agent, .. }
            | Input::ExtendWrapUp { agent, .. }
            | Input::SetStandingLeg { agent, .. }
            | Input::StandingLeg { agent, .. }
            | Input::ChooseQueues { agent, .. } => Some(Self::Agent(*agent)),
            _ => None,
        }
    }

    /// The same with the queue that a call enters: tests break at one or the other.
    #[cfg(feature = "fault-injection")]
    pub(super) fn all_in_acd(input: &acd::Input, acd: &acd::Acd) -> Vec<Self> {
        let queue = match input {
            acd::Input::Enqueue(acd::Enqueue { queue, .. }) => Some(Self::Queue(*queue)),
            _ => None,
        };
        Self::in_acd(input, acd).into_iter().chain(queue).collect()
    }

    /// What an input of location names.
    pub(super) fn in_location(input: &sip::location::Input) -> Option<Self> {
        match input {
            sip::location::Input::Received { message, .. } => {
                message.call_id().ok().map(|id| Self::SipCall(id.to_owned()))
            }
            _ => None,
        }
    }
}
