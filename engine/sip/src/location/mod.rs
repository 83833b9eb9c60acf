//! The location core: the owner of registrations, and the answer to requests outside calls.
//!
//! It has a user agent core of its own for REGISTER, OPTIONS and what nobody
//! serves, a digest authenticator and a registrar. It makes no calls.

mod ban;
mod config;
mod contract;
mod probe;
mod rate;
mod reach;
mod serve;
mod silence;

use core::net::IpAddr;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

use bytes::Bytes;
use clock::{AgentId, Instant, Now, Rng};

pub use ban::{Ban, BanTable};
pub use config::{Due, LocationConfig, Snapshot};
pub use contract::{Binding, Contact, Effect, Input, PROBE_CALL_ID_PREFIX, User};
pub use reach::Probing;
pub use silence::{Silence, Silences, claimed_user};

use crate::{
    Host, Message, Method, Source,
    auth::{AuthConfig, Authenticator},
    registrar::{self, Registrar},
    ua::{Event, Output, Peer, Sent, Transport, Ua},
};
use probe::Probes;
use rate::RateLimit;
use reach::Reach;

/// The owner of registrations.
#[derive(Debug)]
pub struct Location {
    ua: Ua,
    auth_config: AuthConfig,
    auth: Authenticator,
    registrar: Registrar<AgentId>,
    hosts: Vec<Host>,
    users: BTreeMap<String, User>,
    trunks: BTreeSet<IpAddr>,
    bans: BanTable,
    options: RateLimit,
    probes: Probes,
    probing: Probing,
    reach: Reach,
    rng: Rng,
    /// Contacts as last told, so that a refresh is no change.
    told: BTreeMap<AgentId, Vec<Contact>>,
    effects: VecDeque<Effect>,
}

impl Location {
    /// A location core that knows nobody yet.
    #[must_use]
    pub fn new(config: LocationConfig, mut rng: Rng) -> Self {
        Self {
            ua: Ua::new(config.ua, rng.fork()),
            auth: Authenticator::new(config.auth.clone()),
            auth_config: config.auth,
            registrar: Registrar::new(config.registrar),
            hosts: Vec::new(),
            users: BTreeMap::new(),
            trunks: BTreeSet::new(),
            bans: BanTable::new(),
            options: RateLimit::default(),
            probes: Probes::default(),
            probing: config.probing,
            reach: Reach::default(),
            rng,
            told: BTreeMap::new(),
            effects: VecDeque::new(),
        }
    }

    /// Takes one input.
    pub fn handle(&mut self, now: Now, input: Input) {
        match input {
            Input::Configure { domain, own_hosts, users, trunks } => {
                self.configure_realm(&domain, &own_hosts);
                self.configure_users(users, trunks);
            }
            Input::Restore(bindings) => self.restore(now, bindings),
            Input::Resume { bindings, bans } => {
                self.bans.resume(now, bans);
                self.resume(now, bindings);
            }
            Input::Received { peer, message } if serve::is_stateless(&message) => {
                self.ua.receive_stateless(peer, message);
            }
            Input::Received { peer, message } => self.ua.receive(now.mono, peer, message),
            Input::ReceivedBad { peer, error } => self.ua.receive_bad(now.mono, peer, &error),
            Input::TransportFailed { peer } => self.ua.transport_failed(now.mono, peer),
            Input::FlowGone(flow) => {
                self.ua.flow_gone(now.mono, flow);
                self.remove_where(|_, binding| binding.source.flow == Some(flow));
            }
            Input::AuthFailed { address, user } => self.note_failure(now, address, &user),
            Input::Probe { agent } => self.probe_agent(now, agent),
            Input::Release { request, ban } => {
                let lifted = self.bans.lift(now.mono, ban);
                if let Some(ban) = &lifted {
                    self.effects.push_back(Effect::Released { address: ban.address, user: ban.user.clone() });
                }
                self.effects.push_back(Effect::BanLifted { request, lifted });
            }
        }
        self.work(now);
    }

    /// Does what is due; early calls do nothing.
    pub fn handle_timeout(&mut self, now: Now) {
        self.ua.handle_timeout(now.mono);
        let expired = self.registrar.expire(now.mono);
        self.tell_removed(expired);
        self.run_out_of_patience(now);
        self.work(now);
    }

    /// The next thing to do; drained before the next input.
    pub fn poll_effect(&mut self) -> Option<Effect> {
        self.effects.pop_front()
    }

    /// When to call `handle_timeout` again, and for what.
    pub fn poll_timeout(&mut self) -> Option<(Instant, Due)> {
        let ua = self.ua.poll_timeout().map(|(at, reason)| (at, Due::Ua(reason)));
        let expiry = self.registrar.poll_timeout().map(|at| (at, Due::Expiry));
        let silence = self.reach.poll_timeout().map(|at| (at, Due::Silence));
        ua.into_iter().chain(expiry).chain(silence).min_by_key(|(at, _)| *at)
    }

    /// What others may see, and a restart needs.
    #[must_use]
    pub fn snapshot(&self, now: Now) -> Snapshot {
        let bindings = self.registrar.iter().map(|(agent, binding)| stored(agent, binding)).collect();
        Snapshot { bindings, bans: self.bans.list(now.mono) }
    }

    /// Who is silenced now.
    #[must_use]
    pub fn bans(&self, now: Instant) -> Vec<Ban> {
        self.bans.list(now)
    }

    /// Transactions and timers of its user agent core, for leak tests.
    #[must_use]
    pub fn counts(&self) -> crate::ua::Counts {
        self.ua.counts()
    }

    /// Takes over what a broken location held. One over a stream whose connection nobody knows cannot be called: it is
    /// said to be removed, and its phone registers again.
    fn resume(&mut self, now: Now, bindings: Vec<(Binding, Option<Peer>)>) {
        for (one, way) in bindings {
            let source = way.unwrap_or_else(|| source_of(&one));
            let identity = (one.call_id.as_str(), one.cseq);
            let restored = registrar::Binding::restored(now, &one.contact, identity, one.expires_at, source);
            let is_known = self.users.values().any(|user| user.agent == one.agent);
            let can_be_called = !one.stream || source.flow.is_some();
            let is_kept = is_known
                && can_be_called
                && restored.is_ok_and(|binding| self.registrar.restore(one.agent, binding, now.mono));
            match is_kept {
                true => {
                    self.tell_contacts(one.agent);
                    self.resume_reach(one.agent);
                }
                false => {
                    let Binding { agent, contact, .. } = one;
                    self.effects.push_back(Effect::BindingRemoved { agent, contact });
                }
            }
        }
    }

    /// Carries on with what the user agent core gave out.
    fn work(&mut self, now: Now) {
        self.start_probes(now);
        while let Some(output) = self.ua.poll_output() {
            match output {
                Output::Transmit { peer, bytes, sent } => {
                    let again = matches!(sent, Sent::Retransmission { .. });
                    let binds = tells_of_bindings(sent, &bytes);
                    self.effects.push_back(Effect::Transmit { peer, bytes, again, binds });
                }
                Output::Event(event) => self.on_event(now, event),
            }
        }
    }

    fn on_event(&mut self, now: Now, event: Event) {
        match event {
            Event::Request { token, request, peer } => self.serve(now, token, &request, peer),
            Event::Stateless { request, peer } => self.serve_stateless(now, &request, peer),
            Event::Response { id, response } => self.on_probe_done(now, id, response.as_ref()),
            Event::Dropped { reason } => self.dropped(reason),
            // Calls belong to the shards; one that strays here is told so.
            Event::Invite { session, .. } => self.ua.reject(now.mono, session, 404, Vec::new()),
            _ => {}
        }
    }

    /// A new realm makes all nonces given out so far void.
    fn configure_realm(&mut self, domain: &str, own_hosts: &[String]) {
        let hosts = own_hosts.iter().map(String::as_str).chain([domain]);
        self.hosts = hosts.filter_map(|host| Host::parse(host).ok()).collect();
        if self.auth_config.realm != domain {
            self.auth_config.realm = domain.to_owned();
            self.auth = Authenticator::new(self.auth_config.clone());
        }
    }

    /// Users who are no longer there lose their bindings.
    fn configure_users(&mut self, users: Vec<User>, trunks: Vec<IpAddr>) {
        let agents: BTreeSet<AgentId> = users.iter().map(|user| user.agent).collect();
        self.users = users.into_iter().map(|user| (user.extension.clone(), user)).collect();
        let former = core::mem::replace(&mut self.trunks, trunks.into_iter().collect());
        let new: Vec<IpAddr> = self.trunks.difference(&former).copied().collect();
        new.into_iter().for_each(|address| self.release_trusted(address));
        self.remove_where(|agent, _| !agents.contains(agent));
    }

    /// An address that is trusted from now on has no bans.
    fn release_trusted(&mut self, address: IpAddr) {
        self.bans.release(address);
        self.effects.push_back(Effect::Released { address, user: None });
    }

    fn remove_where(&mut self, is_gone: impl Fn(&AgentId, &registrar::Binding) -> bool) {
        let removed = self.registrar.remove_where(is_gone);
        self.tell_removed(removed);
    }

    fn tell_removed(&mut self, removed: Vec<(AgentId, registrar::Binding)>) {
        let agents: BTreeSet<AgentId> = removed.iter().map(|(agent, _)| *agent).collect();
        for (agent, binding) in removed {
            self.effects.push_back(Effect::BindingRemoved { agent, contact: binding.contact.to_string() });
        }
        for agent in agents {
            self.tell_contacts(agent);
        }
    }

    /// Tells an agent's contacts when they are not those told last. Only sip contacts can be called.
    fn tell_contacts(&mut self, agent: AgentId) {
        self.forget_reach(agent);
        let bindings = self.registrar.bindings_of(agent);
        let callable = bindings.into_iter().filter(|binding| binding.contact.is_sip());
        let contacts: Vec<Contact> = callable
            .map(|binding| Contact { uri: binding.contact.without_headers().to_string(), peer: binding.source })
            .collect();
        if self.told.get(&agent).map(Vec::as_slice).unwrap_or_default() == contacts {
            return;
        }
        match contacts.is_empty() {
            true => self.told.remove(&agent),
            false => self.told.insert(agent, contacts.clone()),
        };
        self.effects.push_back(Effect::Contacts { agent, contacts });
    }

    fn dropped(&mut self, reason: &'static str) {
        self.effects.push_back(Effect::Dropped { reason });
    }
}

fn stored(agent: AgentId, binding: &registrar::Binding) -> Binding {
    Binding {
        agent,
        contact: binding.contact.to_string(),
        call_id: binding.call_id.clone(),
        cseq: binding.cseq,
        expires_at: binding.expires_at,
        source: binding.source.addr,
        stream: binding.source.transport == Transport::Tcp,
    }
}

/// The 200 of a REGISTER, also when it is sent again.
fn tells_of_bindings(sent: Sent, bytes: &Bytes) -> bool {
    let (Sent::Response { status } | Sent::Retransmission { status: Some(status), .. }) = sent else { return false };
    let is_of_register = |message: Message| message.cseq().is_ok_and(|(_, method)| method == Method::Register);
    (200..300).contains(&status) && Message::parse(bytes.clone(), Source::Datagram).is_ok_and(is_of_register)
}

/// Where a stored binding's requests go.
fn source_of(binding: &Binding) -> Peer {
    let transport = if binding.stream { Transport::Tcp } else { Transport::Udp };
    Peer { transport, addr: binding.source, flow: None }
}

#[cfg(test)]
mod tests;
