//! What a called party sees of the caller: From, privacy and asserted identity.

use clock::{CallId, TrunkId};
use sip::ua::Headers;
use sip::{HostPort, NameAddr, Uri};

use crate::shard::Shard;

/// The caller as one party sees him.
#[derive(Clone, Debug)]
pub(crate) struct Identity {
    /// From, without tag.
    pub(crate) from: String,
    /// Headers that go with it.
    pub(crate) headers: Headers,
}

impl Shard {
    /// What the called party sees: the caller's extension and name, or his number; a trunk may prescribe another.
    pub(crate) fn identity(&self, call: CallId, trunk: Option<TrunkId>) -> Identity {
        let prescribed = trunk.and_then(|trunk| self.plan.trunks.get(&trunk)?.caller_id.as_deref());
        if let Some(number) = prescribed {
            return Identity::plain(self.address(None, number));
        }
        let from = self.calls.get(&call).map(|call| call.from.as_str()).unwrap_or_default();
        let agent = self.agent_with(from).and_then(|agent| self.plan.agents.get(&agent));
        Identity::plain(self.address(agent.and_then(|agent| agent.name.as_deref()).filter(|_| trunk.is_none()), from))
    }

    /// A From of ours: display name, user part and the SIP domain.
    pub(crate) fn address(&self, display: Option<&str>, user: &str) -> String {
        let host = sip::Host::parse(&self.plan.domain).ok();
        let host_port = host.map(|host| HostPort { host, port: None });
        let uri = host_port.and_then(|host_port| Uri::sip(Some(user), &host_port).ok());
        let address = uri.and_then(|uri| NameAddr::new(display, &uri).ok());
        address.map_or_else(|| "<sip:anonymous@anonymous.invalid>".to_owned(), |address| address.to_string())
    }
}

impl Identity {
    /// A From and nothing else.
    pub(crate) fn plain(from: String) -> Self {
        Self { from, headers: Headers::new() }
    }
}
