//! One trunk: its destinations, its targets, its registration.

use core::net::IpAddr;

use clock::{Instant, Now, Rng, WallTime};

use super::health::Health;
use super::names::Names;
use super::place::{Place, Resolved};
use super::registration::Registration;
use super::view::{RegistrationView, TargetView, TrunkView};
use super::{Reason, Target, Targets, TrunkConfig};
use crate::ua::{ClientRequestId, Transport};

/// One trunk as the watcher keeps it.
#[derive(Debug)]
pub(super) struct Trunk {
    pub(super) config: TrunkConfig,
    pub(super) targets: Vec<Watched>,
    pub(super) registration: Option<Registration>,
    destinations: Vec<Resolved>,
    /// What the shards were told last.
    told: Option<Targets>,
    /// What the log was told last, and when.
    state: Option<(bool, Reason)>,
    since: WallTime,
}

/// One target and the request it is asked by.
#[derive(Debug)]
pub(super) struct Watched {
    pub(super) place: Place,
    pub(super) rank: u32,
    pub(super) health: Health,
    pub(super) next_probe: Instant,
    /// The OPTIONS under way, and until when its answer counts.
    pub(super) probe: Option<(ClientRequestId, Instant)>,
}

impl Trunk {
    pub(super) fn new(config: TrunkConfig, now: Now, rng: &mut Rng) -> Self {
        Self {
            destinations: config.destinations.iter().cloned().map(Resolved::new).collect(),
            registration: config.register.clone().map(|register| Registration::new(register, now.mono, rng)),
            targets: Vec::new(),
            told: None,
            state: None,
            since: now.wall,
            config,
        }
    }

    /// Looks all its names up again: a target that stays keeps what is known of it.
    pub(super) fn resolve(&mut self, now: Now, names: &mut Names) {
        let mut former = core::mem::take(&mut self.targets);
        for (at, destination) in self.destinations.iter_mut().enumerate() {
            destination.refresh(now.mono, names, self.config.listener);
            for place in destination.places() {
                if self.targets.len() >= MAX_TARGETS || self.targets.iter().any(|one| one.place.peer == place.peer) {
                    continue;
                }
                let rank = (at as u32) << 16 | u32::from(place.priority);
                let known = former.iter().position(|one| one.place.peer == place.peer);
                let mut target = match known {
                    Some(at) => former.swap_remove(at),
                    None => Watched {
                        place: place.clone(),
                        rank,
                        health: Health::new(now.wall, self.config.health.is_some()),
                        next_probe: now.mono,
                        probe: None,
                    },
                };
                (target.place, target.rank) = (place.clone(), rank);
                self.targets.push(target);
            }
        }
        if let Some(registrar) = self.registration.as_mut().and_then(|one| one.registrar.as_mut()) {
            registrar.refresh(now.mono, names, self.config.listener);
        }
    }

    /// Addresses of the registrar, and why there are none.
    pub(super) fn registrar(&self) -> (&[Place], Reason) {
        let own = self.registration.as_ref().and_then(|registration| registration.registrar.as_ref());
        let resolved = own.or_else(|| self.destinations.iter().find(|one| !one.places().is_empty()));
        let resolved = resolved.or_else(|| self.destinations.first());
        resolved.map_or((&[], Reason::NoAddress), |one| (one.places(), one.reason()))
    }

    /// What the shards are to be told, when it is new.
    pub(super) fn tell(&mut self) -> Option<Targets> {
        let targets = self.targets.iter().map(|one| Target {
            host: one.place.host.clone(),
            peer: one.place.peer,
            rank: one.rank,
            weight: one.place.weight,
            up: one.health.up,
            reason: one.health.reason,
        });
        let mut targets: Vec<Target> = targets.collect();
        targets.sort_by_key(|target| target.rank);
        let places = self.targets.iter().map(|one| &one.place);
        let registrar = self.registration.iter().flat_map(|_| self.registrar().0);
        let mut sources: Vec<IpAddr> = places.chain(registrar).map(|place| place.peer.addr.ip()).collect();
        sources.sort_unstable();
        sources.dedup();
        let contact_user = self.registration.as_ref().map(|one| one.config.contact_user.clone());
        let fresh = Targets { trunk: self.config.trunk, targets, sources, contact_user };
        if self.told.as_ref() == Some(&fresh) {
            return None;
        }
        self.told = Some(fresh.clone());
        Some(fresh)
    }

    /// Whether it is up and why, when that is new.
    pub(super) fn change(&mut self, now: Now, is_stopping: bool) -> Option<(bool, Reason)> {
        let state = if is_stopping { (false, Reason::Stopping) } else { self.judge(now.mono) };
        if self.state.replace(state) == Some(state) {
            return None;
        }
        self.since = now.wall;
        Some(state)
    }

    pub(super) fn view(&self, now: Instant) -> TrunkView {
        let target = |one: &Watched| TargetView {
            host: one.place.host.clone(),
            addr: one.place.peer.addr,
            transport: match one.place.peer.transport {
                Transport::Udp => "udp",
                Transport::Tcp => "tcp",
            },
            up: one.health.up,
            reason: one.health.reason,
            since: one.health.since,
        };
        let mut targets: Vec<&Watched> = self.targets.iter().collect();
        targets.sort_by_key(|one| one.rank);
        let registration = self.registration.as_ref().map(|one| RegistrationView {
            registered: one.is_registered(now),
            reason: one.reason,
            status: one.status,
            registrar: one.peer.map(|peer| peer.addr),
            expires_at: one.expires_at(),
            seen_as: one.seen_as,
        });
        let (up, reason) = self.state.unwrap_or((false, Reason::Resolving));
        TrunkView {
            trunk: self.config.trunk,
            up,
            reason,
            since: self.since,
            registration,
            targets: targets.into_iter().map(target).collect(),
        }
    }

    fn judge(&self, now: Instant) -> (bool, Reason) {
        let reasons = || self.targets.iter().map(|one| one.health.reason);
        let up = self.targets.iter().filter(|one| one.health.up);
        let Some(best) = up.map(|one| one.health.reason).min() else {
            let Some(first) = reasons().next() else {
                return (false, self.destinations.first().map_or(Reason::NoAddress, Resolved::reason));
            };
            let same = reasons().all(|reason| reason == first);
            return (false, if same { first } else { Reason::NoTargetUp });
        };
        match &self.registration {
            Some(registration) if !registration.is_registered(now) => (false, registration.reason),
            _ => (true, best),
        }
    }
}

/// Targets of one trunk: more than a caller would wait for.
const MAX_TARGETS: usize = 32;
