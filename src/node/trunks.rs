//! What the trunk watcher must know of a configuration.

use centre::Directory;
use clock::{FlowId, TrunkId};
use sip::auth::ClientCredentials;
use sip::trunk::{Input, RegisterConfig, TrunkConfig};
use sip::ua::{Addresses, Listener, Transport};

use crate::config::{Config, Listen, Register, Trunk};

/// The listeners as configured, with the flow of those that are datagram sockets.
#[derive(Clone, Debug, Default)]
pub(super) struct Listeners(pub(super) Vec<(Listen, Option<FlowId>)>);

impl Listeners {
    fn flow(&self, listen: Listen) -> Option<FlowId> {
        self.0.iter().find(|(known, _)| *known == listen).and_then(|(_, flow)| *flow)
    }
}

/// Our addresses as each peer is told them. One that is bound to every address is told as that of RTP.
pub(super) fn addresses(config: &Config, bound: Vec<Listener>) -> Addresses {
    let told = |mut listener: Listener| {
        if listener.addr.ip().is_unspecified() {
            listener.addr.set_ip(config.rtp.address);
        }
        listener
    };
    Addresses {
        listeners: bound.into_iter().map(told).collect(),
        public: config.network.public_address,
        local: config.network.local_networks.clone(),
    }
}

/// All trunks, for the watcher.
pub(super) fn trunk_rules(config: &Config, directory: &Directory, listeners: &Listeners) -> Input {
    let rules = |trunk: &Trunk| Some(rules_of(trunk, id_of(directory, &trunk.name)?, listeners));
    Input::Configure(config.trunks.iter().filter_map(rules).collect())
}

fn rules_of(trunk: &Trunk, id: TrunkId, listeners: &Listeners) -> TrunkConfig {
    let mut destinations = trunk.destinations.clone();
    if let Some(Listen::Tcp(_)) = trunk.listener {
        // The listener's transport is the trunk's, where nothing else is said.
        destinations.iter_mut().for_each(|one| one.transport = one.transport.or(Some(Transport::Tcp)));
    }
    TrunkConfig {
        trunk: id,
        destinations,
        listener: trunk.listener.and_then(|listen| listeners.flow(listen)),
        register: trunk
            .register
            .as_ref()
            .zip(trunk.login.as_ref())
            .map(|(register, login)| registration(register, login)),
        health: trunk.health,
    }
}

fn registration(register: &Register, login: &ClientCredentials) -> RegisterConfig {
    RegisterConfig {
        aor: register.aor.clone(),
        registrar: register.registrar.clone(),
        credentials: login.clone(),
        expires: register.expires,
        contact_user: register.contact_user.clone(),
    }
}

fn id_of(directory: &Directory, name: &str) -> Option<TrunkId> {
    directory.trunks.iter().find(|(_, named)| named.name == name).map(|(id, _)| *id)
}
