//! Whether phones still answer: asked by OPTIONS when the ACD wants to know (RFC 3261 11).
//!
//! Any answer will do, also a refusal: a phone that refuses OPTIONS is there. An
//! agent is taken for silent when each of his contacts that was asked left its
//! last probe without an answer for [`PATIENCE`]; he is heard again with the
//! next answer of one of them, late ones too, and with each registration.

use core::time::Duration;
use std::collections::BTreeMap;

use clock::{AgentId, Instant, Now, TimerQueue};

use super::probe::Purpose;
use super::{Effect, Location};
use crate::ua::ClientRequestId;
use crate::{Message, registrar};

/// Which phones are asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Probing {
    /// None.
    Off,
    /// Those that named OPTIONS in `Allow` of their REGISTER, or answered a probe after a restart. Load generators and
    /// other programs that would be upset do neither.
    #[default]
    Declared,
    /// All.
    All,
}

/// What is known of the contacts of all agents.
#[derive(Debug, Default)]
pub(super) struct Reach {
    agents: BTreeMap<AgentId, AgentReach>,
    /// Probes that have not been answered, by when they count as silence.
    patience: TimerQueue<ClientRequestId>,
}

#[derive(Debug, Default)]
struct AgentReach {
    contacts: BTreeMap<String, ContactReach>,
    /// As the ACD was told last.
    told_silent: Option<bool>,
}

#[derive(Clone, Copy, Debug, Default)]
struct ContactReach {
    takes_options: bool,
    is_silent: bool,
    is_asked: bool,
}

impl Reach {
    /// When a probe counts as silence next.
    pub(super) fn poll_timeout(&mut self) -> Option<Instant> {
        self.patience.peek().map(|(at, _)| at)
    }

    /// A probe of the ACD left.
    pub(super) fn asked(&mut self, now: Instant, id: ClientRequestId) {
        self.patience.set(id, now + PATIENCE);
    }

    /// A contact answers OPTIONS, as a probe after a restart showed.
    pub(super) fn takes_options(&mut self, agent: AgentId, contact: &str) {
        self.contact(agent, contact).takes_options = true;
    }

    fn contact(&mut self, agent: AgentId, contact: &str) -> &mut ContactReach {
        self.agents.entry(agent).or_default().contacts.entry(contact.to_owned()).or_default()
    }
}

impl Location {
    /// The ACD wants to know whether an agent's phone is still there.
    pub(super) fn probe_agent(&mut self, now: Now, agent: AgentId) {
        if self.probing == Probing::Off {
            return;
        }
        let bindings: Vec<registrar::Binding> = self.registrar.bindings_of(agent).into_iter().cloned().collect();
        for binding in bindings.iter().filter(|binding| binding.contact.is_sip()) {
            let known = self.reach.contact(agent, binding.contact.as_str());
            if known.is_asked || !(known.takes_options || self.probing == Probing::All) {
                continue;
            }
            known.is_asked = true;
            self.queue_probe(agent, binding, Purpose::Reach);
        }
        self.start_probes(now);
    }

    /// Nothing was heard for long enough: silence, until an answer comes after all.
    pub(super) fn run_out_of_patience(&mut self, now: Now) {
        while let Some(id) = self.reach.patience.pop_due(now.mono) {
            if let Some((agent, contact)) = self.probe_of(id) {
                self.heard(agent, &contact, false);
            }
        }
    }

    /// A probe of the ACD is over, with any answer or none.
    pub(super) fn on_reach_probe_done(&mut self, id: ClientRequestId, agent: AgentId, contact: &str, answered: bool) {
        self.reach.patience.cancel(&id);
        if let Some(known) = self.reach.agents.get_mut(&agent).and_then(|known| known.contacts.get_mut(contact)) {
            known.is_asked = false;
            self.heard(agent, contact, answered);
        }
    }

    /// A phone registered: it is there.
    pub(super) fn on_reach_registered(&mut self, agent: AgentId, request: &Message, contacts: &[registrar::Binding]) {
        let takes_options = request.allow().is_ok_and(|methods| methods.contains(&"OPTIONS"));
        for binding in contacts {
            let known = self.reach.contact(agent, binding.contact.as_str());
            known.takes_options |= takes_options;
            known.is_silent = false;
        }
        self.tell_reach(agent);
    }

    /// Contacts that are gone are forgotten, and agents without any.
    pub(super) fn forget_reach(&mut self, agent: AgentId) {
        let Some(known) = self.reach.agents.get_mut(&agent) else { return };
        let bindings = self.registrar.bindings_of(agent);
        known.contacts.retain(|contact, _| bindings.iter().any(|binding| binding.contact.as_str() == contact));
        match known.contacts.is_empty() {
            // Without a phone there is nothing to be silent: the next registration speaks.
            true => _ = self.reach.agents.remove(&agent),
            false => self.tell_reach(agent),
        }
    }

    /// After a break nothing is known of silence, so nobody is silent.
    pub(super) fn resume_reach(&mut self, agent: AgentId) {
        self.effects.push_back(Effect::Answers { agent, answers: true });
    }

    fn heard(&mut self, agent: AgentId, contact: &str, answered: bool) {
        let known = self.reach.agents.get_mut(&agent).and_then(|known| known.contacts.get_mut(contact));
        if let Some(known) = known {
            known.is_silent = !answered;
            self.tell_reach(agent);
        }
    }

    /// Tells the ACD when it is not what it was told last.
    fn tell_reach(&mut self, agent: AgentId) {
        let Some(known) = self.reach.agents.get_mut(&agent) else { return };
        let is_silent = known.contacts.values().all(|contact| contact.is_silent);
        if known.told_silent.unwrap_or(false) != is_silent {
            self.effects.push_back(Effect::Answers { agent, answers: !is_silent });
        }
        known.told_silent = Some(is_silent);
    }
}

/// How long an answer is waited for: five sendings of a request that is lost each time (RFC 3261 17.1.2.2: at 0, 0.5,
/// 1.5, 3.5 and 7.5 s).
const PATIENCE: Duration = Duration::from_secs(8);
