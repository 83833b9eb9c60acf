//! Asking restored contacts by OPTIONS whether they are still there (DESIGN section 4).

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
            let (agent, contact, peer) = (one.agent, one.contact, source);
            self.probes.waiting.push_back(Probe { agent, contact, call_id: one.call_id, cseq: one.cseq, peer });
        }
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
        if status == 408 {
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
