//! The core of the trunk watcher.

use core::time::Duration;
use std::collections::{BTreeMap, VecDeque};

use bytes::Bytes;
use clock::{Instant, Now, Rng, TrunkId};

use super::health::patience;
use super::names::Names;
use super::registration::KEEP_ALIVE_EVERY;
use super::state::{Trunk, Watched};
use super::{Effect, Input, TRUNK_CALL_ID_PREFIX, TrunkConfig, TrunkView};
use crate::{
    Message, Method,
    ua::{ClientRequestId, Event, Output, Peer, RequestParams, Sent, Transport, Ua, UaConfig},
};

/// Looks after all trunks: names, registrations, health.
#[derive(Debug)]
pub struct Watcher {
    ua: Ua,
    /// Our own name in OPTIONS.
    domain: String,
    names: Names,
    trunks: BTreeMap<TrunkId, Trunk>,
    asked: BTreeMap<ClientRequestId, Asked>,
    rng: Rng,
    /// While the node stops: until when registrars may answer.
    stopping: Option<Instant>,
    stopped: bool,
    effects: VecDeque<Effect>,
}

/// What a request under way is for.
#[derive(Clone, Copy, Debug)]
enum Asked {
    Options(TrunkId),
    Register(TrunkId),
    Leave,
}

impl Watcher {
    /// A watcher that knows no trunk yet. `domain` is our own SIP domain.
    #[must_use]
    pub fn new(ua: UaConfig, domain: &str, mut rng: Rng) -> Self {
        Self {
            ua: Ua::new(ua, rng.fork()),
            domain: domain.to_owned(),
            names: Names::default(),
            trunks: BTreeMap::new(),
            asked: BTreeMap::new(),
            rng,
            stopping: None,
            stopped: false,
            effects: VecDeque::new(),
        }
    }

    /// Takes one input.
    pub fn handle(&mut self, now: Now, input: Input) {
        match input {
            Input::Configure(trunks) => self.configure(now, trunks),
            Input::Resolved { query, records, ttl } => {
                self.names.resolved(now.mono, &query, records, ttl);
                self.resolve(now);
            }
            Input::ResolveFailed { query } => {
                self.names.failed(now.mono, &query, &mut self.rng);
                self.resolve(now);
            }
            Input::Received { peer, message } => {
                self.note_flow(peer, &message);
                self.ua.receive(now.mono, peer, message);
            }
            Input::TransportFailed { peer } => self.ua.transport_failed(now.mono, peer),
            Input::FlowGone(flow) => {
                self.ua.flow_gone(now.mono, flow);
                for registration in self.trunks.values_mut().filter_map(|trunk| trunk.registration.as_mut()) {
                    registration.flow_gone(now.mono, flow);
                }
            }
            Input::Stop => self.stop(now),
        }
        self.work(now);
    }

    /// Does what is due; early calls do nothing.
    pub fn handle_timeout(&mut self, now: Now) {
        self.ua.handle_timeout(now.mono);
        self.work(now);
    }

    /// The next thing to do; drained before the next input.
    pub fn poll_effect(&mut self) -> Option<Effect> {
        self.effects.pop_front()
    }

    /// When to call `handle_timeout` again.
    pub fn poll_timeout(&mut self) -> Option<Instant> {
        let ua = self.ua.poll_timeout().map(|(at, _)| at);
        if let Some(stopping) = self.stopping {
            return ua.into_iter().chain((!self.stopped).then_some(stopping)).min();
        }
        let targets = self.trunks.values().filter(|trunk| trunk.config.health.is_some()).flat_map(|one| &one.targets);
        let probes = targets.map(|target| target.probe.map_or(target.next_probe, |(_, until)| until));
        let registrations = self.trunks.values().filter(|trunk| !trunk.registrar().0.is_empty());
        let registrations = registrations.filter_map(|trunk| trunk.registration.as_ref()?.due());
        ua.into_iter().chain(self.names.due()).chain(probes).chain(registrations).min()
    }

    /// What others may see: all trunks, by id.
    #[must_use]
    pub fn snapshot(&self, now: Now) -> Vec<TrunkView> {
        self.trunks.values().map(|trunk| trunk.view(now.mono)).collect()
    }

    fn configure(&mut self, now: Now, trunks: Vec<TrunkConfig>) {
        let mut former = core::mem::take(&mut self.trunks);
        for config in trunks.into_iter().take(MAX_TRUNKS) {
            let trunk = match former.remove(&config.trunk) {
                Some(known) if known.config == config => known,
                Some(mut changed) => {
                    self.leave(now, &mut changed);
                    Trunk::new(config, now, &mut self.rng)
                }
                None => Trunk::new(config, now, &mut self.rng),
            };
            self.trunks.insert(trunk.config.trunk, trunk);
        }
        for mut gone in former.into_values() {
            self.leave(now, &mut gone);
        }
        self.resolve(now);
    }

    fn resolve(&mut self, now: Now) {
        self.names.sweep();
        for trunk in self.trunks.values_mut() {
            trunk.resolve(now, &mut self.names);
        }
    }

    /// Carries on with what came out, then does what is due and tells what changed.
    fn work(&mut self, now: Now) {
        self.drain(now);
        if self.stopping.is_none() {
            while let Some(query) = self.names.poll(now.mono, &mut self.rng) {
                self.effects.push_back(Effect::Resolve(query));
            }
            let ids: Vec<TrunkId> = self.trunks.keys().copied().collect();
            for id in ids {
                self.probe(now, id);
                self.register(now, id);
            }
            self.drain(now);
        }
        for (id, trunk) in &mut self.trunks {
            if let Some(targets) = trunk.tell() {
                self.effects.push_back(Effect::Targets(targets));
            }
            if let Some((up, reason)) = trunk.change(now, self.stopping.is_some()) {
                self.effects.push_back(Effect::Changed { trunk: *id, up, reason });
            }
        }
        self.end_if_left(now);
    }

    fn drain(&mut self, now: Now) {
        while let Some(output) = self.ua.poll_output() {
            match output {
                Output::Transmit { peer, bytes, sent } => {
                    let again = matches!(sent, Sent::Retransmission { .. });
                    self.effects.push_back(Effect::Transmit { peer, bytes, again });
                }
                Output::Event(Event::Response { id, response }) => self.answered(now, id, response.as_ref()),
                Output::Event(Event::Dropped { reason }) => self.effects.push_back(Effect::Dropped { reason }),
                Output::Event(_) => {}
            }
        }
    }

    fn answered(&mut self, now: Now, id: ClientRequestId, response: Option<&Message>) {
        let status = response.map(Message::status);
        if status.is_some_and(|status| status < 200) {
            return;
        }
        match self.asked.remove(&id) {
            Some(Asked::Options(trunk)) => {
                let Some(trunk) = self.trunks.get_mut(&trunk) else { return };
                let Some(health) = trunk.config.health else { return };
                let probed = |one: &&mut Watched| one.probe.is_some_and(|(probe, _)| probe == id);
                if let Some(target) = trunk.targets.iter_mut().find(probed) {
                    target.probe = None;
                    target.health.take(now.wall, &health, status);
                }
            }
            Some(Asked::Register(trunk)) => {
                let Some(trunk) = self.trunks.get_mut(&trunk) else { return };
                let places = trunk.registrar().0.len();
                if let Some(registration) = &mut trunk.registration
                    && registration.request == Some(id)
                {
                    registration.take(now, response, places, &mut self.rng);
                }
            }
            Some(Asked::Leave) | None => {}
        }
    }

    /// Asks the targets of a trunk that are due; an answer that takes too long is none.
    fn probe(&mut self, now: Now, id: TrunkId) {
        let Some(trunk) = self.trunks.get_mut(&id) else { return };
        let Some(health) = trunk.config.health else { return };
        for target in &mut trunk.targets {
            if let Some((_, until)) = target.probe
                && until <= now.mono
            {
                target.probe = None;
                target.health.take(now.wall, &health, None);
            }
            if target.probe.is_some() || target.next_probe > now.mono {
                continue;
            }
            let params = options(&self.domain, target, &mut self.rng);
            let request = self.ua.request(now.mono, params);
            self.asked.insert(request, Asked::Options(id));
            target.probe = Some((request, now.mono + patience(&health)));
            // A tenth more or less, so that many targets are not asked in the same moment for ever.
            let tenth = health.interval / 10;
            let spread = self.rng.below(2 * u64::try_from(tenth.as_micros()).unwrap_or(0) + 1);
            target.next_probe = now.mono + (health.interval - tenth) + Duration::from_micros(spread);
        }
    }

    /// Registers where it is due, and keeps the way to the registrar open.
    fn register(&mut self, now: Now, id: TrunkId) {
        let Some(trunk) = self.trunks.get_mut(&id) else { return };
        let (places, reason) = trunk.registrar();
        let places = places.to_vec();
        let Some(registration) = &mut trunk.registration else { return };
        registration.expire(now.mono);
        if let (Some(at), Some(peer)) = (registration.keep_alive, registration.peer)
            && at <= now.mono
        {
            registration.keep_alive = Some(now.mono + KEEP_ALIVE_EVERY);
            let bytes = Bytes::from_static(KEEP_ALIVE);
            self.effects.push_back(Effect::Transmit { peer, bytes, again: false });
        }
        if registration.request.is_some() || registration.next > now.mono {
            return;
        }
        let Some(place) = registration.choose(&places) else {
            registration.reason = reason;
            return;
        };
        let contact = self.ua.contact(Some(&registration.config.contact_user), place.peer);
        let params = registration.params(place, &contact, false);
        let request = self.ua.request(now.mono, params);
        registration.request = Some(request);
        self.asked.insert(request, Asked::Register(id));
    }

    /// Ends a registration: one that is being made too, as its request may arrive.
    fn leave(&mut self, now: Now, trunk: &mut Trunk) {
        let places = trunk.registrar().0.to_vec();
        let Some(registration) = &mut trunk.registration else { return };
        if !registration.is_registered(now.mono) && registration.request.is_none() {
            return;
        }
        let at = registration.peer;
        let place = places.iter().find(|place| at.is_some_and(|peer| peer.addr == place.peer.addr));
        let Some(place) = place.or(registration.choose(&places)) else { return };
        let contact = self.ua.contact(Some(&registration.config.contact_user), place.peer);
        let params = registration.params(place, &contact, true);
        registration.until = None;
        let request = self.ua.request(now.mono, params);
        self.asked.insert(request, Asked::Leave);
    }

    fn stop(&mut self, now: Now) {
        if self.stopping.is_some() {
            return;
        }
        self.stopping = Some(now.mono + LEAVE_PATIENCE);
        let mut trunks = core::mem::take(&mut self.trunks);
        for trunk in trunks.values_mut() {
            self.leave(now, trunk);
        }
        self.trunks = trunks;
    }

    /// While the node stops: says so once everyone has answered, or time is over.
    fn end_if_left(&mut self, now: Now) {
        let Some(until) = self.stopping.filter(|_| !self.stopped) else { return };
        let is_left = !self.asked.values().any(|asked| matches!(asked, Asked::Leave));
        if is_left || until <= now.mono {
            self.stopped = true;
            self.effects.push_back(Effect::Stopped);
        }
    }

    /// A registration over a connection lives as long as it.
    fn note_flow(&mut self, peer: Peer, message: &Message) {
        if peer.transport != Transport::Tcp || !matches!(message.cseq(), Ok((_, Method::Register))) {
            return;
        }
        let registrations = self.trunks.values_mut().filter_map(|trunk| trunk.registration.as_mut());
        let made_there = registrations.filter_map(|one| one.peer.as_mut()).filter(|known| known.addr == peer.addr);
        for known in made_there.filter(|known| known.transport == Transport::Tcp) {
            known.flow = peer.flow;
        }
    }
}

fn options(domain: &str, target: &Watched, rng: &mut Rng) -> RequestParams {
    let transport = match target.place.peer.transport {
        Transport::Udp => "",
        Transport::Tcp => ";transport=tcp",
    };
    let uri = format!("sip:{}{transport}", target.place.host);
    RequestParams {
        method: Method::Options,
        peer: target.place.peer,
        transport_fixed: true,
        from: format!("<sip:{domain}>"),
        to: format!("<{uri}>"),
        request_uri: uri,
        call_id: Some(format!("{TRUNK_CALL_ID_PREFIX}{:016x}", rng.next_u64())),
        cseq: None,
        body: None,
        headers: vec![("Accept", "application/sdp".to_owned())],
        auth: None,
    }
}

/// Trunks of one node: more than any operator has contracts.
const MAX_TRUNKS: usize = 1_000;
/// What a stopping node waits for its registrars: one round trip and a retransmission or two.
const LEAVE_PATIENCE: Duration = Duration::from_secs(2);
/// A double CRLF asks a registrar for nothing but keeps the mapping (RFC 5626 4.4.1).
const KEEP_ALIVE: &[u8] = b"\r\n\r\n";
