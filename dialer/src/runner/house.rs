//! What the configuration has that campaigns depend on.

use std::collections::{BTreeMap, BTreeSet};

use clock::{AgentId, MessageId, QueueId};

use crate::campaign::{Definition, Service};
use crate::contract::OnMachine;
use crate::gate::Personal;

/// What the configuration has that campaigns depend on, whole, after each change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct House {
    /// The own black and white lists of those agents who have any.
    pub personal: BTreeMap<AgentId, Personal>,
    /// Its queues.
    pub queues: BTreeSet<QueueId>,
    /// The messages that campaigns may play.
    pub messages: BTreeSet<MessageId>,
}

impl House {
    /// The own lists of the agent for whom a number is dialed; none: he has none, or nobody knows yet who he will be.
    #[must_use]
    pub fn personal(&self, agent: Option<AgentId>) -> Option<&Personal> {
        self.personal.get(&agent?)
    }

    /// What a campaign names and the configuration has no more, as a sentence; none: everything is there.
    #[must_use]
    pub fn lacks(&self, definition: &Definition) -> Option<String> {
        let queue = |queue: &QueueId| !self.queues.contains(queue);
        let message = |message: &MessageId| !self.messages.contains(message);
        let what = match (definition.service, definition.detection.on_machine, definition.abandon.message) {
            (Service::Queue(of_people), ..) if queue(&of_people) => "Its queue",
            (Service::Message(to_people), ..) if message(&to_people) => "Its message",
            (_, OnMachine::Message(to_machines), _) if message(&to_machines) => "Its message for machines",
            (_, OnMachine::Queue(of_machines), _) if queue(&of_machines) => "Its queue for machines",
            (.., Some(harbour)) if message(&harbour) => "Its message for people whom no agent takes",
            _ => return None,
        };
        Some(format!("{what} is gone from the configuration."))
    }
}
