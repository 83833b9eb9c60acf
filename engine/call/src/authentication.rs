//! Who an agent is: digest with the SIP domain as realm (DESIGN section 7).

use clock::AgentId;
use sip::auth::Verdict;
use sip::digest::{Algorithm, Credentials, Ha1};
use sip::ua::{Headers, Peer};
use sip::{Message, Method, Name};

use crate::contract::Effect;
use crate::plan::{Plan, Target};
use crate::shard::Shard;

impl Shard {
    /// The agent whose password the request proves, or the headers of a 401.
    pub(crate) fn authenticate(&mut self, request: &Message, peer: Peer) -> Result<AgentId, Headers> {
        let method = request.method().unwrap_or(&Method::Invite);
        let read = |value| Credentials::parse(value).ok().flatten();
        let credentials: Vec<Credentials> = request.header(Name::Authorization).filter_map(read).collect();
        let plan = self.plan.clone();
        let lookup = |user: &str, algorithm: Algorithm| secret(&plan, user, algorithm);
        let stale = match self.auth.check(self.now.wall, method, &credentials, lookup) {
            Verdict::Granted { user } => match self.agent_with(&user) {
                Some(agent) => return Ok(agent),
                None => false,
            },
            Verdict::Challenge { stale } => stale,
            Verdict::Failure { user } => {
                self.dropped("auth_failed");
                self.effects.push_back(Effect::AuthFailed { address: peer.addr.ip(), user });
                false
            }
        };
        let challenges = self.auth.challenges(self.now.wall, stale);
        Err(challenges.iter().map(|challenge| ("WWW-Authenticate", challenge.to_string())).collect())
    }
}

fn secret(plan: &Plan, user: &str, algorithm: Algorithm) -> Option<Ha1> {
    let Some(Target::Agent(agent)) = plan.extensions.get(user) else { return None };
    let agent = plan.agents.get(agent)?;
    match algorithm {
        Algorithm::Md5 => Ha1::from_hex(algorithm, &agent.ha1_md5),
        Algorithm::Sha256 => Ha1::from_hex(algorithm, &agent.ha1_sha256),
        _ => None,
    }
}
