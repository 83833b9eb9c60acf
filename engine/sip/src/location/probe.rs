//! Asking contacts by OPTIONS whether they are still there: restored ones (DESIGN section 4), and those that the ACD
//! asks about.

use std::collections::{BTreeMap, VecDeque};

use clock::{AgentId, Now};

use super::{Binding, Effect, Location, PROBE_CALL_ID_PREFIX, source_of};
use crate::{
    Message, Method, registrar,
    ua::{ClientRequestId, Peer, RequestParams},
};

/// Contacts being asked, and those that wait for their turn.
#[derive(Debug, Default)]
pub(super) struct Probes {
    waiting: VecDeque<Probe>,
    running: BTreeMap<ClientRequestId, Probe>,
}

#[derive(Debug)]
struct Probe {
    agent: AgentId,
    contact: String,
    call_id: String,
    cseq: u32,
    peer: Peer,
    purpose: Purpose,
}

/// What an answer, or none, is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// The binding is of before a restart: it goes when nobody answers.
    Restored,
    /// The ACD wants to know; the binding stays.
    Reach,
}

impl Location {
    /// Bindings over UDP live on and are asked; those over streams died with their connections.
    pub(super) fn restore(&mut self, now: Now, bindings: Vec<Binding>) {
        for one in bindings {
            let source = source_of(&one);
            let identity = (one.call_id.as_str(), one.cseq);
            let restored = registrar::Binding::restored(now, &one.contact, identity, one.expires_at, source);
            let is_known = self.users.values().any(|user| user.agent == one.agent);
            let is_kept = is_known
                && !one.stream
                && restored.is_ok_and(|binding| self.registrar.restore(one.agent, binding, now.mono));
            if !is_kept {
                self.effects.push_back(Effect::BindingRemoved { agent: one.agent, contact: one.contact });
                continue;
            }
            self.tell_contacts(one.agent);
            let (agent, contact, peer, purpose) = (one.agent, one.contact, source, Purpose::Restored);
            self.probes.waiting.push_back(Probe {
                agent,
                contact,
                call_id: one.call_id,
                cseq: one.cseq,
                peer,
                purpose,
            });
        }
    }

    pub(super) fn queue_probe(&mut self, agent: AgentId, binding: &registrar::Binding, purpose: Purpose) {
        let (contact, call_id) = (binding.contact.to_string(), binding.call_id.clone());
        let (cseq, peer) = (binding.cseq, binding.source);
        self.probes.waiting.push_back(Probe { agent, contact, call_id, cseq, peer, purpose });
    }

    /// Whose contact a running probe asks.
    pub(super) fn probe_of(&self, id: ClientRequestId) -> Option<(AgentId, String)> {
        self.probes.running.get(&id).map(|probe| (probe.agent, probe.contact.clone()))
    }

    pub(super) fn start_probes(&mut self, now: Now) {
        while self.probes.running.len() < MAX_RUNNING {
            let Some(probe) = self.probes.waiting.pop_front() else { return };
            let own = format!("<sip:{}>", self.auth.realm());
            let params = RequestParams {
                method: Method::Options,
                peer: probe.peer,
                transport_fixed: true,
                request_uri: probe.contact.clone(),
                from: own,
                to: format!("<{}>", probe.contact),
                call_id: Some(format!("{PROBE_CALL_ID_PREFIX}{:016x}", self.rng.next_u64())),
                cseq: None,
                body: None,
                headers: vec![("Accept", "application/sdp".to_owned())],
                auth: None,
            };
            let id = self.ua.request(now.mono, params);
            if probe.purpose == Purpose::Reach {
                self.reach.asked(now.mono, id);
            }
            self.probes.running.insert(id, probe);
        }
    }

    /// Any answer but 408 means that the phone is there; silence, that it is not.
    pub(super) fn on_probe_done(&mut self, now: Now, id: ClientRequestId, response: Option<&Message>) {
        let status = response.map_or(408, Message::status);
        if status < 200 {
            return;
        }
        let Some(probe) = self.probes.running.remove(&id) else { return };
        if probe.purpose == Purpose::Reach {
            self.on_reach_probe_done(id, probe.agent, &probe.contact, response.is_some());
        } else if status != 408 {
            self.reach.takes_options(probe.agent, &probe.contact);
        } else {
            // Refreshed meanwhile, it is another binding: Call-ID or CSeq differ.
            self.remove_where(|agent, binding| {
                *agent == probe.agent
                    && binding.contact.as_str() == probe.contact
                    && binding.call_id == probe.call_id
                    && binding.cseq == probe.cseq
            });
            self.dropped("probe_unanswered");
        }
        self.start_probes(now);
    }
}

/// Probes under way at a time: a thousand phones are asked within a few round trips, and those that are gone hold up
/// the others for 32 s at most.
const MAX_RUNNING: usize = 200;
