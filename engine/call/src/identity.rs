//! What a called party sees of the caller: From, privacy and asserted identity.

use clock::{CallId, TrunkId};
use sip::ua::Headers;
use sip::{HostPort, Message, NameAddr, Uri};

use crate::plan::{IdentityPlan, ShownNumber, TrunkPlan};
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
    /// What the called party sees: on a phone of ours the caller's extension and name, or his number; over a trunk
    /// what its policy says.
    pub(crate) fn identity(&self, call: CallId, trunk: Option<TrunkId>) -> Identity {
        if let Some(plan) = trunk.and_then(|trunk| self.plan.trunks.get(&trunk)) {
            return self.identity_over(call, plan);
        }
        let from = self.calls.get(&call).map(|call| call.from.as_str()).unwrap_or_default();
        let agent = self.agent_with(from).and_then(|agent| self.plan.agents.get(&agent));
        Identity::plain(self.address(agent.and_then(|agent| agent.name.as_deref()), from))
    }

    /// RFC 3325 5 and 9.3: who asks not to be shown has an anonymous From; a trunk within our trust domain still
    /// learns who it is, and is asked to keep it.
    fn identity_over(&self, call: CallId, trunk: &TrunkPlan) -> Identity {
        let policy = &trunk.identity;
        let candidates = [self.shown_number(call, trunk), trunk.caller_id.clone()];
        let number = candidates.into_iter().flatten().find(|number| policy.allows(number));
        let written = number.as_deref().map(|number| self.plan.numbers.write(number, policy.calling));
        let known = self.calls.get(&call);
        let is_callers = number.as_deref().is_none_or(|number| known.is_some_and(|call| call.from == number));
        let by_agent = known.is_some_and(|call| self.agent_with(&call.from).is_some());
        let asked = known.is_some_and(|call| call.hidden && (is_callers || by_agent));
        let is_number = number.as_deref().is_some_and(|number| number.starts_with('+'));
        let asserted =
            written.as_deref().filter(|_| policy.trusted && is_number).map(|number| self.address(None, number));
        let mut headers: Headers = asserted.into_iter().map(|address| ("P-Asserted-Identity", address)).collect();
        match written {
            Some(number) if !(policy.restricted || asked) => Identity { from: self.address(None, &number), headers },
            _ => {
                headers.push(("Privacy", "id".to_owned()));
                Identity { from: ANONYMOUS.to_owned(), headers }
            }
        }
    }

    /// Whose number the trunk's policy would show, before it is looked up among those that may be.
    fn shown_number(&self, call: CallId, trunk: &TrunkPlan) -> Option<String> {
        let call = self.calls.get(&call)?;
        // A campaign says what it shows, within what the trunk may.
        if let Some(number) = call.dialed.as_ref().and_then(|dialed| dialed.order.caller_id.clone()) {
            return Some(number);
        }
        let agent = self.agent_with(&call.from).and_then(|agent| self.plan.agents.get(&agent));
        let queue = call.queue.and_then(|queue| self.plan.queues.get(&queue));
        let own = agent.and_then(|agent| agent.caller_id.clone());
        let callers = || own.clone().or_else(|| trunk.caller_id.clone().filter(|_| agent.is_some()));
        match trunk.identity.shown {
            ShownNumber::Trunk if trunk.caller_id.is_some() => trunk.caller_id.clone(),
            ShownNumber::Trunk | ShownNumber::Caller => callers().or_else(|| Some(call.from.clone())),
            ShownNumber::Agent => own.clone().or_else(|| queue?.caller_id.clone()).or_else(|| trunk.caller_id.clone()),
        }
    }

    /// A From of ours: display name, user part and the SIP domain.
    pub(crate) fn address(&self, display: Option<&str>, user: &str) -> String {
        let host = sip::Host::parse(&self.plan.domain).ok();
        let host_port = host.map(|host| HostPort { host, port: None });
        let uri = host_port.and_then(|host_port| Uri::sip(Some(user), &host_port).ok());
        let address = uri.and_then(|uri| NameAddr::new(display, &uri).ok());
        address.map_or_else(|| ANONYMOUS.to_owned(), |address| address.to_string())
    }
}

impl Identity {
    /// A From and nothing else.
    pub(crate) fn plain(from: String) -> Self {
        Self { from, headers: Headers::new() }
    }
}

impl IdentityPlan {
    /// Whether this number may be shown: one of the list, or one that begins as an entry with `*` does.
    fn allows(&self, number: &str) -> bool {
        let is_it = |entry: &String| match entry.strip_suffix('*') {
            Some(beginning) => number.starts_with(beginning),
            None => number == entry,
        };
        self.allowed.as_ref().is_none_or(|allowed| allowed.iter().any(is_it))
    }
}

/// Whether the caller asks not to be shown (RFC 3323 4.2, RFC 3325 9.3).
pub(crate) fn wants_privacy(request: &Message) -> bool {
    let mut levels = request.header("Privacy").flat_map(|line| line.split([';', ',']));
    levels.any(|level| ["id", "user", "header"].iter().any(|known| level.trim().eq_ignore_ascii_case(known)))
}

/// Nobody: RFC 3323 4.1.1.3, and a host that no name server has.
const ANONYMOUS: &str = "\"Anonymous\" <sip:anonymous@anonymous.invalid>";
