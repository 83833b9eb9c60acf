//! The one place that turns names into the integer ids of the cores and back (DESIGN section 5).
//!
//! An id is given once and journaled, so that entries keep their meaning when
//! the configuration changes its order.

mod rules;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use admin_api::Phones;
use call::{AgentPlan, CallLimits, MenuId, Plan, QueuePlan, RoutePlan, RouteSource, Target, TrunkDigest, TrunkPlan};
use centre::{Directory, NamedAgent, NamedQueue, NamedTrunk};
use clock::{AgentId, QueueId, SkillId, TrunkId};
use journal_core::{Entry, NameKind, Names};
use sip::HostPort;
use sip::auth::ClientCredentials;
use sip::digest::{Algorithm, Ha1};
use sip::trunk::Destination;
use sip::ua::Transport;

use crate::config::{Agent, Config, NamedSkill, QueueStep, RouteFrom, TargetName};
use crate::config::{destination_text, first_address, number_plan, premium_prefixes};

/// What the cores work by, all made from one configuration.
pub(crate) struct Resolved {
    /// For shards.
    pub(crate) plan: Arc<Plan>,
    /// For the ACD.
    pub(crate) queues: Vec<acd::QueueConfig>,
    /// For the ACD; status and reason are the configured defaults.
    pub(crate) agents: Vec<acd::AgentConfig>,
    /// For the ACD: whose customers call from which numbers.
    pub(crate) owners: acd::Owners,
    /// For REST and records.
    pub(crate) directory: Arc<Directory>,
    /// `Name` entries to be journaled before anything else.
    pub(crate) new_names: Vec<Entry>,
}

impl Resolved {
    /// Agents who are users bear their names. Barred phones lose their secrets: they can neither register nor call.
    pub(crate) fn give_to(&mut self, phones: &Phones) {
        let Phones { barred, names } = phones;
        if barred.is_empty() && names.is_empty() {
            return;
        }
        for agent in Arc::make_mut(&mut self.plan).agents.values_mut() {
            if barred.contains(&agent.extension) {
                agent.ha1_md5.clear();
                agent.ha1_sha256.clear();
            }
            if let Some(name) = names.get(&agent.extension) {
                agent.name = Some(name.clone());
            }
        }
        for agent in Arc::make_mut(&mut self.directory).agents.values_mut() {
            if let Some(name) = names.get(&agent.extension) {
                agent.name = Some(name.clone());
            }
        }
    }
}

/// Resolves a checked configuration; `names` holds the ids given so far and learns the new ones.
pub(crate) fn resolve(config: &Config, own_hosts: Vec<String>, names: &mut Names) -> Resolved {
    let mut ids = Ids { account: &config.node.account, names, new_names: Vec::new() };
    let agents: BTreeMap<&str, AgentId> = config
        .agents
        .iter()
        .map(|agent| (agent.extension.as_str(), AgentId(ids.id(NameKind::Agent, &agent.extension))))
        .collect();
    let queues: BTreeMap<&str, QueueId> = config
        .queues
        .iter()
        .map(|queue| (queue.name.as_str(), QueueId(ids.id(NameKind::Queue, &queue.name))))
        .collect();
    let trunks: BTreeMap<&str, TrunkId> = config
        .trunks
        .iter()
        .map(|trunk| (trunk.name.as_str(), TrunkId(ids.id(NameKind::Trunk, &trunk.name))))
        .collect();
    let skills: BTreeMap<&str, SkillId> =
        skill_names(config).into_iter().map(|name| (name, SkillId(ids.id(NameKind::Skill, name)))).collect();
    let menus: BTreeMap<&str, MenuId> =
        config.menus.iter().map(|menu| (menu.name.as_str(), MenuId(ids.id(NameKind::Menu, &menu.name)))).collect();
    let new_names = ids.new_names;
    let known = Known { agents, queues, trunks, skills, menus };
    let plan = plan(config, own_hosts, &known);
    Resolved {
        directory: Arc::new(directory(config, &known, &plan)),
        plan: Arc::new(plan),
        queues: acd_queues(config, &known),
        agents: acd_agents(config, &known),
        owners: Arc::new(owners(config, &known)),
        new_names,
    }
}

struct Ids<'a> {
    account: &'a str,
    names: &'a mut Names,
    new_names: Vec<Entry>,
}

impl Ids<'_> {
    fn id(&mut self, kind: NameKind, name: &str) -> u32 {
        if let Some(id) = self.names.id(kind, self.account, name) {
            return id;
        }
        let id = self.names.free_id(kind);
        self.names.insert(kind, id, self.account, name);
        let (account, name) = (self.account.to_owned(), name.to_owned());
        self.new_names.push(Entry::Name { kind, id, account, name });
        id
    }
}

struct Known<'a> {
    agents: BTreeMap<&'a str, AgentId>,
    queues: BTreeMap<&'a str, QueueId>,
    trunks: BTreeMap<&'a str, TrunkId>,
    skills: BTreeMap<&'a str, SkillId>,
    menus: BTreeMap<&'a str, MenuId>,
}

fn plan(config: &Config, own_hosts: Vec<String>, known: &Known<'_>) -> Plan {
    let domain = config.node.domain.clone();
    let mut numbers = number_plan(&config.node.home_country).unwrap_or_default();
    numbers.allowed_countries = config.node.allowed_countries.clone();
    let denied = config.node.denied_prefixes.clone();
    numbers.denied_prefixes = denied.unwrap_or_else(|| premium_prefixes(&config.node.home_country));
    let is_short = |number: &str| crate::config::objects::is_short(number);
    let short = config.numbers.iter().filter(|one| is_short(&one.number));
    let short = short.filter_map(|number| Some((number.number.clone(), target(&number.target, known)?)));
    let extensions = known.agents.iter().map(|(extension, id)| ((*extension).to_owned(), Target::Agent(*id)));
    let dids = config.numbers.iter().filter(|one| !is_short(&one.number));
    let dids = dids.filter_map(|number| Some((number.number.clone(), target(&number.target, known)?)));
    let agents = config.agents.iter().filter_map(|agent| {
        let plan = AgentPlan {
            extension: agent.extension.clone(),
            name: agent.name.clone(),
            ha1_md5: ha1_of(Algorithm::Md5, agent, &domain),
            ha1_sha256: ha1_of(Algorithm::Sha256, agent, &domain),
            algorithms: agent.algorithms,
            caller_id: agent.caller_id.clone(),
            may_dial_out: agent.may_dial_out,
            calls_per_day_max: agent.calls_per_day_max,
            personal: agent.personal.clone(),
        };
        Some((*known.agents.get(agent.extension.as_str())?, plan))
    });
    let messages = config.dialing.messages.iter();
    let mut plan = Plan {
        algorithms: config.sip.algorithms,
        needs: number_needs(config, known),
        extensions: extensions.chain(short).collect(),
        dids: dids.collect(),
        agents: agents.collect(),
        trunks: trunk_plans(config, known),
        routes: route_plans(config, known),
        queues: queue_plans(config, known),
        dial_rules: config.dialing.gate.clone(),
        records_callbacks: config.dialing.recording,
        messages: messages.map(|name| (admin_api::campaign_message(name), name.clone())).collect(),
        menus: rules::menus(config, known),
        entries: rules::entries(config, known),
        language: config.node.language.clone(),
        limits: CallLimits {
            calls_max: config.limits.calls_max,
            rtp_silence: config.rtp.silence,
            ping_every: config.limits.ping_every,
            ring_max: config.limits.ring_max,
            call_max: config.limits.call_max,
            ..CallLimits::default()
        },
        domain,
        own_hosts,
        numbers,
    };
    plan.dial_rules.outbound = Some(Arc::new(plan.outbound()));
    plan
}

fn ha1_of(algorithm: Algorithm, agent: &Agent, realm: &str) -> String {
    ha1(algorithm, &agent.extension, realm, &agent.password)
}

fn ha1(algorithm: Algorithm, user: &str, realm: &str, password: &str) -> String {
    Ha1::new(algorithm, user, realm, password).as_str().to_owned()
}

fn target(name: &TargetName, known: &Known<'_>) -> Option<Target> {
    match name {
        TargetName::Queue(name) => known.queues.get(name.as_str()).map(|id| Target::Queue(*id)),
        TargetName::Voicemail(name) => known.queues.get(name.as_str()).map(|id| Target::Voicemail(*id)),
        TargetName::Agent(name) => known.agents.get(name.as_str()).map(|id| Target::Agent(*id)),
        TargetName::Echo => Some(Target::Echo),
        TargetName::Tone => Some(Target::Tone),
        TargetName::StandingLeg => Some(Target::StandingLeg),
        TargetName::Menu(name) => known.menus.get(name.as_str()).map(|id| Target::Menu(*id)),
    }
}

fn trunk_plans(config: &Config, known: &Known<'_>) -> BTreeMap<TrunkId, TrunkPlan> {
    let realm = &config.node.domain;
    let digest = |login: &ClientCredentials| TrunkDigest {
        user: login.user.clone(),
        ha1_md5: ha1(Algorithm::Md5, &login.user, realm, &login.password),
        ha1_sha256: ha1(Algorithm::Sha256, &login.user, realm, &login.password),
        algorithms: login.algorithms,
    };
    let plan = |trunk: &crate::config::Trunk| TrunkPlan {
        name: trunk.name.clone(),
        sources: trunk.sources.clone(),
        destination: first_address(trunk),
        tcp: trunk.destinations.first().is_some_and(|first| first.transport == Some(Transport::Tcp)),
        login: trunk.login.clone(),
        digest: trunk.inbound.as_ref().map(digest),
        target_silence_max: trunk.target_silence_max,
        target_ring_start_max: trunk.target_ring_start_max,
        reliable_provisionals: trunk.reliable_provisionals,
        caller_id: trunk.caller_id.clone(),
        identity: trunk.identity.clone(),
        calls_max: trunk.calls_max,
        calls_per_second_max: trunk.calls_per_second_max,
    };
    config.trunks.iter().filter_map(|trunk| Some((*known.trunks.get(trunk.name.as_str())?, plan(trunk)))).collect()
}

fn route_plans(config: &Config, known: &Known<'_>) -> Vec<RoutePlan> {
    let plan = |route: &crate::config::Route| {
        let from = match &route.from {
            RouteFrom::Agents => RouteSource::Agents,
            RouteFrom::Trunk(name) => RouteSource::Trunk(*known.trunks.get(name.as_str())?),
        };
        let trunk = *known.trunks.get(route.trunk.as_str())?;
        Some(RoutePlan { from, pattern: route.pattern.clone(), trunk })
    };
    config.routes.iter().filter_map(plan).collect()
}

fn queue_plans(config: &Config, known: &Known<'_>) -> BTreeMap<QueueId, QueuePlan> {
    let plan = |queue: &crate::config::Queue| QueuePlan {
        name: queue.name.clone(),
        caller_id: queue.caller_id.clone(),
        music: queue.music.clone(),
        recording: queue.recording,
        voicemail_prompt: queue.voicemail_prompt.clone(),
        voicemail_max: queue.voicemail_max,
        voicemail_on_timeout: queue.voicemail_on_timeout,
        callback: queue.callbacks.by_key.clone().map(Box::new),
        ..QueuePlan::default()
    };
    let queues = config.queues.iter();
    let planned = queues.filter_map(|queue| {
        Some((*known.queues.get(queue.name.as_str())?, rules::with_rules(config, queue, known, plan(queue))))
    });
    planned.collect()
}

fn acd_queues(config: &Config, known: &Known<'_>) -> Vec<acd::QueueConfig> {
    let rules = |queue: &crate::config::Queue| {
        Some(acd::QueueConfig {
            queue: *known.queues.get(queue.name.as_str())?,
            ring: queue.ring,
            max_wait: queue.wait_max,
            wrap_up: queue.wrap_up,
            wrap_up_mode: queue.duty.wrap_up_mode,
            wrap_up_extension: queue.duty.wrap_up_extension,
            expects_disposition: config.dispositions.iter().any(|one| one.is_for(Some(&queue.name))),
            not_taken: queue.duty.not_taken,
            max_waiting: queue.waiting_max,
            agents: queue_agents(queue, known),
            callbacks: queue.callbacks.rules,
            join_empty: queue.rules.join_empty,
            leave_empty: queue.rules.leave_empty,
            leave_empty_after: queue.rules.leave_empty_after,
            rejoin: queue.rules.rejoin,
            hours: queue.rules.schedule.as_deref().and_then(|name| rules::schedule(config, name)),
            standing_leg: queue.rules.standing_leg,
            ..queue_routing(&queue.routing, known)
        })
    };
    config.queues.iter().filter_map(rules).collect()
}

fn queue_agents(queue: &crate::config::Queue, known: &Known<'_>) -> Vec<acd::QueueAgent> {
    let ranks = &queue.routing.ranks;
    let agent = |extension: &String| {
        let agent = *known.agents.get(extension.as_str())?;
        let rank = ranks.get(extension);
        let (level, weight) = rank.map_or((1, 1), |rank| (rank.level, rank.weight));
        Some(acd::QueueAgent { agent, level, weight })
    };
    queue.agents.iter().filter_map(agent).collect()
}

fn queue_routing(routing: &crate::config::QueueRouting, known: &Known<'_>) -> acd::QueueConfig {
    let step = |step: &QueueStep| {
        let call::CallStep { after, required, preferred, level_max } = call_step(step, known);
        let required = required.into_iter().map(|(skill, level)| acd::Need { skill, level }).collect();
        acd::Step { after, required, preferred, level_max }
    };
    acd::QueueConfig {
        strategy: routing.strategy,
        steps: routing.steps.iter().map(step).collect(),
        priority: routing.priority,
        priority_worth: routing.priority_worth,
        service_level: routing.service_level,
        by_deadline: routing.by_deadline,
        preferred_for: routing.preferred_for,
        max_conversations: routing.conversations_max,
        ..acd::QueueConfig::default()
    }
}

fn needs<'a>(skills: &'a [NamedSkill], known: &'a Known<'_>) -> impl Iterator<Item = (SkillId, u8)> + 'a {
    skills.iter().filter_map(|one| Some((*known.skills.get(one.name.as_str())?, one.level)))
}

/// What calls to some numbers ask of an agent.
fn number_needs(config: &Config, known: &Known<'_>) -> BTreeMap<String, call::CallNeeds> {
    let asking = config.numbers.iter().filter(|number| !number.steps.is_empty() || number.priority != 0);
    let needs_of = |number: &crate::config::Number| call::CallNeeds {
        steps: number.steps.iter().map(|step| call_step(step, known)).collect(),
        priority: number.priority,
    };
    asking.map(|number| (number.number.clone(), needs_of(number))).collect()
}

fn call_step(step: &QueueStep, known: &Known<'_>) -> call::CallStep {
    call::CallStep {
        after: step.after,
        required: needs(&step.required, known).collect(),
        preferred: step.preferred.iter().filter_map(|name| known.skills.get(name.as_str()).copied()).collect(),
        level_max: step.level_max,
    }
}

fn owners(config: &Config, known: &Known<'_>) -> BTreeMap<Box<str>, AgentId> {
    let owned =
        config.owners.iter().filter_map(|owner| Some((known.agents.get(owner.agent.as_str())?, &owner.numbers)));
    owned.flat_map(|(agent, numbers)| numbers.iter().map(|number| (number.as_str().into(), *agent))).collect()
}

/// Every skill that the file names.
fn skill_names(config: &Config) -> BTreeSet<&str> {
    let of_queues = || config.queues.iter().flat_map(|queue| &queue.routing.steps);
    let steps = || of_queues().chain(config.numbers.iter().flat_map(|number| &number.steps));
    let named = config.agents.iter().flat_map(|agent| &agent.skills);
    let named = named.chain(steps().flat_map(|step| &step.required)).map(|skill| skill.name.as_str());
    named.chain(steps().flat_map(|step| &step.preferred).map(String::as_str)).collect()
}

fn acd_agents(config: &Config, known: &Known<'_>) -> Vec<acd::AgentConfig> {
    let rules = |agent: &crate::config::Agent| {
        Some(acd::AgentConfig {
            agent: *known.agents.get(agent.extension.as_str())?,
            status: agent.status,
            max_missed: agent.missed_max,
            not_taken: agent.not_taken,
            lines: agent.lines,
            callbacks_max: Some(agent.callbacks_max),
            skills: needs(&agent.skills, known).map(|(skill, level)| acd::Skill { skill, level }).collect(),
            blend: agent.blend,
            ..acd::AgentConfig::default()
        })
    };
    config.agents.iter().filter_map(rules).collect()
}

fn directory(config: &Config, known: &Known<'_>, plan: &Plan) -> Directory {
    let mut directory = Directory {
        pause_reasons: config.pause_reasons.clone(),
        dispositions: config.dispositions.clone(),
        dial_rules: plan.dial_rules.clone(),
        messages: config.dialing.messages.clone(),
        own_numbers: own_numbers(config),
        ..Directory::default()
    };
    for (extension, id) in &known.agents {
        let serves = |queue: &&crate::config::Queue| queue.agents.iter().any(|agent| agent == extension);
        let queues = config.queues.iter().filter(serves);
        let queues = queues.filter_map(|queue| known.queues.get(queue.name.as_str()).copied()).collect();
        let agent = config.agents.iter().find(|agent| agent.extension == **extension);
        let name = agent.and_then(|agent| agent.name.clone());
        directory.agents.insert(*id, NamedAgent { extension: (*extension).to_owned(), name, queues });
    }
    directory.skills = known.skills.iter().map(|(name, id)| (*id, (*name).to_owned())).collect();
    for queue in &config.queues {
        let Some(id) = known.queues.get(queue.name.as_str()) else { continue };
        directory.queues.insert(*id, NamedQueue { name: queue.name.clone(), rules: queue.measured });
    }
    for trunk in &config.trunks {
        let Some(id) = known.trunks.get(trunk.name.as_str()) else { continue };
        let source = |source: &call::TrunkAddress| match source.port {
            Some(port) => std::net::SocketAddr::from((source.ip, port)).to_string(),
            None => source.ip.to_string(),
        };
        let named = NamedTrunk {
            name: trunk.name.clone(),
            sources: trunk.sources.iter().map(source).collect(),
            destination: trunk.destinations.first().map_or(String::new(), destination_uri),
            destinations: trunk.destinations.iter().map(destination_text).collect(),
        };
        directory.trunks.insert(*id, named);
    }
    directory
}

/// What called phones may be shown; a service's code is no number.
fn own_numbers(config: &Config) -> BTreeSet<String> {
    let numbers = config.numbers.iter().map(|number| &number.number).filter(|number| number.starts_with('+'));
    let shown = config.trunks.iter().filter_map(|trunk| trunk.caller_id.as_ref());
    let of_queues = config.queues.iter().filter_map(|queue| queue.caller_id.as_ref());
    numbers.chain(shown).chain(of_queues).cloned().collect()
}

/// As a SIP URI.
fn destination_uri(destination: &Destination) -> String {
    let host_port = HostPort { host: destination.host.clone(), port: destination.port };
    let transport = if destination.transport == Some(Transport::Tcp) { ";transport=tcp" } else { "" };
    format!("sip:{host_port}{transport}")
}
