//! What the node is configured with: its plan, queues, agents and users.

use core::net::SocketAddr;
use core::time::Duration;
use std::collections::BTreeMap;
use std::sync::Arc;

use call::{AgentPlan, CallLimits, NumberPlan, Plan, QueuePlan, RoutePlan, RouteSource, ShardConfig, Target};
use call::{TrunkAddress, TrunkPlan};
use clock::{AgentId, MessageId, QueueId, Rng, ShardId, TrunkId};
use sip::auth::{AuthConfig, DEFAULT_NONCE_LIFETIME};
use sip::digest::{Algorithm, AlgorithmChoice, Ha1};
use sip::location::{LocationConfig, User};
use sip::registrar::RegistrarConfig;
use sip::ua::{Peer, Transport, UaConfig};

use super::rules::{MAIN, MENU};
use super::{NODE_ADDR, NODE_IP};
use crate::scenario::{NOTICE, SAFE_HARBOUR, SAFE_HARBOUR_PROMPT, Scenario, TO_MACHINES};

/// All that a start of the node needs besides its journal.
#[derive(Clone, Debug)]
pub(crate) struct Setup {
    pub(crate) plan: Arc<Plan>,
    pub(crate) queues: Vec<acd::QueueConfig>,
    pub(crate) agents: Vec<acd::AgentConfig>,
    users: Vec<User>,
    trunks: Vec<core::net::IpAddr>,
    gateways: Vec<usize>,
}

impl Setup {
    /// The set-up of a scenario; `rng` decides who serves which queue.
    pub(crate) fn new(scenario: &Scenario, rng: &mut Rng) -> Self {
        let agents: Vec<AgentId> = (1..=scenario.agents).map(AgentId).collect();
        let queues: Vec<QueueId> = (1..=scenario.queues).map(QueueId).collect();
        let people = &scenario.people;
        let serves = queues.iter().map(|queue| {
            // Everyone serves one queue, some serve several; no queue is without agents.
            let home = |agent: &AgentId| agent.0 % scenario.queues == queue.0 % scenario.queues;
            let mut own: Vec<AgentId> = agents.iter().filter(|a| home(a) || rng.chance(0.4)).copied().collect();
            if own.is_empty() {
                own.clone_from(&agents);
            }
            acd::QueueConfig {
                queue: *queue,
                ring: people.ring,
                max_wait: people.max_wait,
                wrap_up: people.wrap_up,
                max_waiting: 50,
                rejoin: scenario.rules.rejoin,
                agents: own.into_iter().map(Into::into).collect(),
                callbacks: people.callbacks.as_ref().map(|callbacks| callbacks.rules).unwrap_or_default(),
                ..acd::QueueConfig::default()
            }
        });
        let mut serves: Vec<acd::QueueConfig> = serves.collect();
        let of_campaigns = campaign_queue(scenario, &mut serves, &agents);
        serves.extend(of_campaigns);
        let acd_agent = |agent: &AgentId| acd::AgentConfig {
            agent: *agent,
            max_missed: people.max_missed,
            ..acd::AgentConfig::default()
        };
        Self {
            queues: serves,
            plan: Arc::new(plan(scenario, &agents, &queues)),
            users: agents.iter().map(|agent| user(*agent)).collect(),
            agents: agents.iter().map(acd_agent).collect(),
            gateways: gateways(scenario).collect(),
            trunks: (0..scenario.carriers).map(|index| carrier_addr(index as usize).ip()).collect(),
        }
    }

    /// A shard's set-up in this life of the node.
    pub(crate) fn shard(&self, shard: ShardId, rng: &mut Rng) -> ShardConfig {
        ShardConfig {
            ua: UaConfig::at(NODE_ADDR, USER_AGENT),
            auth: auth(shard.0, rng),
            media: SocketAddr::from((NODE_IP, 20_000)),
            hold_music: "music".to_owned(),
        }
    }

    /// Location's set-up in this life of the node.
    pub(crate) fn location(&self, rng: &mut Rng) -> LocationConfig {
        LocationConfig {
            ua: UaConfig::at(NODE_ADDR, USER_AGENT),
            auth: auth(u16::MAX, rng),
            registrar: RegistrarConfig::default(),
            probing: sip::location::Probing::All,
        }
    }

    /// The targets of the first carrier's trunk, as the trunk watcher would tell them; none for a carrier of one address.
    pub(crate) fn targets(&self) -> Option<sip::trunk::Targets> {
        let first = core::iter::once(0).filter(|_| !self.gateways.is_empty());
        let targets = first.chain(self.gateways.iter().copied()).map(|index| {
            let addr = carrier_addr(index);
            sip::trunk::Target {
                host: addr.to_string(),
                peer: Peer { transport: Transport::Udp, addr, flow: None },
                // The last two share the calls that the first cannot take.
                rank: u32::from(index > 0),
                weight: 1,
                up: true,
                reason: sip::trunk::Reason::Ok,
            }
        });
        let targets: Vec<_> = targets.collect();
        (!targets.is_empty()).then(|| sip::trunk::Targets {
            trunk: TrunkId(1),
            targets,
            sources: Vec::new(),
            contact_user: None,
        })
    }

    /// What location is told at each start.
    pub(crate) fn users(&self) -> sip::location::Input {
        sip::location::Input::Configure {
            domain: DOMAIN.to_owned(),
            own_hosts: self.plan.own_hosts.clone(),
            users: self.users.clone(),
            trunks: self.trunks.clone(),
        }
    }
}

/// The number of a queue.
pub(crate) fn queue_number(queue: QueueId) -> String {
    format!("+44207183{:04}", 1000 + queue.0)
}

/// An agent's extension.
pub(crate) fn extension(agent: AgentId) -> String {
    format!("{}", 1000 + agent.0)
}

/// An agent's password.
pub(crate) fn password(agent: AgentId) -> String {
    format!("secret-{}", agent.0)
}

/// Where a carrier sends from.
pub(crate) fn carrier_addr(index: usize) -> SocketAddr {
    SocketAddr::from(([10, 0, 1, u8::try_from(index + 1).unwrap_or(u8::MAX)], 5080))
}

/// Indices of the gateways, behind those of the carriers.
pub(crate) fn gateways(scenario: &Scenario) -> impl Iterator<Item = usize> + use<> {
    let first = scenario.carriers as usize;
    first..first + scenario.people.gateways as usize
}

/// Indices of all targets of the first carrier's trunk.
pub(crate) fn targets(scenario: &Scenario) -> Vec<usize> {
    core::iter::once(0).chain(gateways(scenario)).collect()
}

/// Where a phone sends from.
pub(crate) fn phone_addr(agent: AgentId) -> SocketAddr {
    SocketAddr::from(([10, 0, 2, u8::try_from(agent.0).unwrap_or(u8::MAX)], 5060))
}

/// The queue of the campaigns: agents with standing legs serve it, some of them nothing else.
fn campaign_queue(
    scenario: &Scenario,
    others: &mut [acd::QueueConfig],
    agents: &[AgentId],
) -> Option<acd::QueueConfig> {
    let queue = scenario.campaign_queue()?;
    let serves = |agent: AgentId| agent.0 % 2 == 1;
    let is_dedicated = scenario.campaigns.as_ref().is_some_and(|campaigns| campaigns.dedicated);
    for other in others.iter_mut().filter(|_| is_dedicated) {
        if other.agents.iter().any(|known| !serves(known.agent)) {
            other.agents.retain(|known| !serves(known.agent));
        }
    }
    Some(acd::QueueConfig {
        queue,
        standing_leg: true,
        wrap_up: scenario.people.wrap_up,
        agents: agents.iter().copied().filter(|agent| serves(*agent)).map(Into::into).collect(),
        ..acd::QueueConfig::default()
    })
}

fn plan(scenario: &Scenario, agents: &[AgentId], queues: &[QueueId]) -> Plan {
    let queue_dids = queues.iter().map(|queue| (queue_number(*queue), Target::Queue(*queue)));
    let first = queues.first().copied().unwrap_or_default();
    let box_of_first = Target::Voicemail(first);
    let services = [(ECHO, Target::Echo), (TONE, Target::Tone), (VOICEMAIL, box_of_first), (MENU, Target::Menu(MAIN))];
    let services = services.into_iter().map(|(number, target)| (number.to_owned(), target));
    let trunks = (0..scenario.carriers).map(|index| (TrunkId(index + 1), trunk(index as usize)));
    let route = RoutePlan { from: RouteSource::Agents, pattern: "+44".to_owned(), trunk: TrunkId(1) };
    Plan {
        dial_rules: Default::default(),
        domain: DOMAIN.to_owned(),
        own_hosts: vec![NODE_ADDR.ip().to_string()],
        numbers: numbers(),
        algorithms: AlgorithmChoice::Md5,
        dids: queue_dids.chain(services).collect(),
        needs: std::collections::BTreeMap::new(),
        extensions: agents.iter().map(|agent| (extension(*agent), Target::Agent(*agent))).collect(),
        agents: agents.iter().map(|agent| (*agent, agent_plan(*agent))).collect(),
        trunks: trunks.collect(),
        routes: vec![route],
        queues: queues
            .iter()
            .copied()
            .chain(scenario.campaign_queue())
            .map(|queue| (queue, queue_plan(queue, scenario)))
            .collect(),
        messages: messages(),
        menus: super::rules::menus(queues),
        limits: CallLimits { ring_max: Duration::from_secs(40), ..CallLimits::default() },
        ..Plan::default()
    }
}

fn messages() -> BTreeMap<MessageId, String> {
    let all = [(NOTICE, "notice"), (TO_MACHINES, "to-machines"), (SAFE_HARBOUR, SAFE_HARBOUR_PROMPT)];
    all.into_iter().map(|(message, prompt)| (message, prompt.to_owned())).collect()
}

fn numbers() -> NumberPlan {
    NumberPlan {
        country_code: "44".to_owned(),
        trunk_prefix: "0".to_owned(),
        international_prefix: "00".to_owned(),
        national_digits: (9, 10),
        allowed_countries: Vec::new(),
        denied_prefixes: vec!["+449".to_owned()],
        emergency: BTreeMap::new(),
    }
}

fn trunk(index: usize) -> TrunkPlan {
    let addr = carrier_addr(index);
    TrunkPlan {
        sources: vec![TrunkAddress { ip: addr.ip(), port: None }],
        caller_id: Some("+442071830000".to_owned()),
        ..TrunkPlan::new(format!("carrier{index}"), addr)
    }
}

fn agent_plan(agent: AgentId) -> AgentPlan {
    let User { ha1_md5, ha1_sha256, extension, .. } = user(agent);
    AgentPlan {
        extension,
        name: None,
        ha1_md5,
        ha1_sha256,
        algorithms: AlgorithmChoice::Md5,
        caller_id: None,
        may_dial_out: true,
        calls_per_day_max: 0,
        personal: Default::default(),
    }
}

fn queue_plan(queue: QueueId, scenario: &Scenario) -> QueuePlan {
    QueuePlan {
        name: format!("queue{}", queue.0),
        caller_id: None,
        music: "music".to_owned(),
        recording: queue.0 % 2 == 1,
        voicemail_prompt: "voicemail".to_owned(),
        voicemail_max: Duration::from_secs(10),
        voicemail_on_timeout: queue.0 % 3 != 2,
        callback: scenario.people.callbacks.as_ref().map(|_| Box::default()),
        keys: super::rules::keys(queue, scenario.queues),
        announcements: super::rules::announcements(scenario.rules.announce),
        ..QueuePlan::default()
    }
}

fn user(agent: AgentId) -> User {
    let (extension, password) = (extension(agent), password(agent));
    let ha1 = |algorithm| Ha1::new(algorithm, &extension, DOMAIN, &password).as_str().to_owned();
    User {
        agent,
        ha1_md5: ha1(Algorithm::Md5),
        ha1_sha256: ha1(Algorithm::Sha256),
        algorithms: AlgorithmChoice::Md5,
        extension,
        contacts_max: 1,
    }
}

fn auth(instance: u16, rng: &mut Rng) -> AuthConfig {
    let mut secret = [0; 32];
    for chunk in secret.as_chunks_mut::<8>().0 {
        *chunk = rng.next_u64().to_le_bytes();
    }
    AuthConfig {
        realm: DOMAIN.to_owned(),
        secret,
        instance,
        algorithms: [Algorithm::Md5].into_iter().collect(),
        nonce_lifetime: DEFAULT_NONCE_LIFETIME,
    }
}

/// The SIP domain.
pub(crate) const DOMAIN: &str = "demo.local";
/// Number of the echo service.
pub(crate) const ECHO: &str = "+442071839001";
/// Number of the test tone.
pub(crate) const TONE: &str = "+442071839002";
/// Number of the first queue's voicemail box.
pub(crate) const VOICEMAIL: &str = "+442071839003";
const USER_AGENT: &str = "Trunkline";
