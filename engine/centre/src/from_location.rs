//! What location's effects mean to the others.

use clock::ShardId;
use journal_core::{Binding, Durability, Entry, Mark};
use sip::location::Effect;

use crate::{Answer, CommandError, Delivery};

/// Turns location's effects into deliveries, and numbers its journal entries.
#[derive(Debug, Default)]
pub struct LocationOutlet {
    entries: u64,
}

impl LocationOutlet {
    /// The outlet before the first entry.
    #[must_use]
    pub const fn new() -> Self {
        Self { entries: 0 }
    }

    /// Where `effect` goes; contacts go to every one of `shards` and to the ACD.
    pub fn route(&mut self, shards: impl Iterator<Item = ShardId>, effect: Effect) -> Vec<Delivery> {
        match effect {
            Effect::Transmit { peer, bytes, again, binds } => {
                let written = Mark { entry: self.entries, durability: Durability::Written };
                vec![Delivery::Transmit { peer, bytes, gate: binds.then_some(written), again }]
            }
            Effect::BindingSet(binding) => vec![self.journal(Entry::BindingSet(journaled(binding)))],
            Effect::BindingRemoved { agent, contact } => vec![self.journal(Entry::BindingRemoved { agent, contact })],
            Effect::Silenced(silence) => {
                shards.map(|shard| Delivery::Shard(shard, call::Input::Silenced(silence.clone()))).collect()
            }
            Effect::Released { address, user } => {
                let released = |user| call::Input::Released { address, user };
                shards.map(|shard| Delivery::Shard(shard, released(user.clone()))).collect()
            }
            Effect::BanLifted { request, lifted } => {
                let result = lifted.map(Answer::BanLifted).ok_or(CommandError::UnknownBan);
                // A ban is not journaled: nothing to wait for.
                vec![Delivery::Answer { request, result, gate: None }]
            }
            Effect::Answers { agent, answers } => vec![Delivery::Acd(acd::Input::Answers { agent, answers })],
            Effect::Dropped { reason } => vec![Delivery::Dropped { reason }],
            Effect::Contacts { agent, contacts } => {
                let reachable = !contacts.is_empty();
                let contacts: Vec<_> = contacts
                    .into_iter()
                    .map(|contact| call::Contact { uri: contact.uri, peer: contact.peer })
                    .collect();
                let to_shard =
                    |shard| Delivery::Shard(shard, call::Input::Contacts { agent, contacts: contacts.clone() });
                let mut deliveries: Vec<_> = shards.map(to_shard).collect();
                // Shards first: an offer that follows finds the contact there.
                deliveries.push(Delivery::Acd(acd::Input::Reachable { agent, reachable }));
                deliveries
            }
        }
    }

    fn journal(&mut self, entry: Entry) -> Delivery {
        self.entries += 1;
        Delivery::Journal { number: self.entries, entry }
    }
}

fn journaled(binding: sip::location::Binding) -> Binding {
    Binding {
        agent: binding.agent,
        contact: binding.contact,
        call_id: binding.call_id,
        cseq: binding.cseq,
        expires_at: binding.expires_at,
        source: binding.source,
        stream: binding.stream,
    }
}

/// A journaled binding as location takes it back.
#[must_use]
pub fn binding_of(binding: &Binding) -> sip::location::Binding {
    sip::location::Binding {
        agent: binding.agent,
        contact: binding.contact.clone(),
        call_id: binding.call_id.clone(),
        cseq: binding.cseq,
        expires_at: binding.expires_at,
        source: binding.source,
        stream: binding.stream,
    }
}

#[cfg(test)]
mod tests;
