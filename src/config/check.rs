//! What must hold between the parts of a configuration.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::country::number_plan;
use super::objects::{RouteFrom, TargetName};
use super::reader::Reader;
use super::{Config, Listen};

/// Notes every contradiction between the parts of `config`.
pub(super) fn check(config: &Config, reader: &mut Reader<'_>) {
    check_node(config, reader);
    check_listeners(config, reader);
    check_rtp(config, reader);
    check_names(config, reader);
    check_references(config, reader);
    check_owners(config, reader);
    super::rules_check::check(config, reader);
    super::queue_check::check(config, reader);
    check_standing_legs(config, reader);
    check_trunks(config, reader);
    check_demo_secrets(config, reader);
    super::duty::check(config, reader);
}

fn check_node(config: &Config, reader: &mut Reader<'_>) {
    let country = &config.node.home_country;
    if !country.is_empty() && number_plan(country).is_none() {
        reader.fault("node.home_country", format!("is \"{country}\"; expected a two-letter country code, e.g. \"GB\""));
    }
    for (at, code) in config.node.allowed_countries.iter().enumerate() {
        // ITU-T E.164 6.1: one to three digits.
        if code.is_empty() || code.len() > 3 || !code.bytes().all(|byte| byte.is_ascii_digit()) {
            let what = format!("is \"{code}\"; expected a country code without +, e.g. \"33\"");
            reader.fault(&format!("node.allowed_countries[{at}]"), what);
        }
    }
    let prompts = &config.node.prompts_dir;
    if !prompts.as_os_str().is_empty() && !prompts.is_dir() {
        reader.fault("node.prompts_dir", format!("is \"{}\", which is no folder", prompts.display()));
        return;
    }
    for (at, queue) in config.queues.iter().enumerate() {
        let music = prompts.join("music").join(format!("{}.wav", queue.music));
        let voicemail = prompts.join(format!("{}.wav", queue.voicemail_prompt));
        for (key, prompt, file) in
            [("music", &queue.music, music), ("voicemail_prompt", &queue.voicemail_prompt, voicemail)]
        {
            if !file.is_file() {
                let what = format!("is \"{prompt}\", but {} is missing; put an 8 kHz WAV there", file.display());
                reader.fault(&format!("queue[{at}].{key}"), what);
            }
        }
    }
}

/// A standing leg and the calls that are bridged to it are one shard's, and on one media thread (decision 0019).
fn check_standing_legs(config: &Config, reader: &mut Reader<'_>) {
    let is_code = |target: &TargetName| matches!(target, TargetName::StandingLeg);
    for (at, number) in config.numbers.iter().enumerate().filter(|(_, one)| is_code(&one.target)) {
        if !super::objects::is_short(&number.number) {
            let what =
                format!("is \"{}\"; a code for standing legs is 1 to 6 digits, which agents dial", number.number);
            reader.fault(&format!("number[{at}].number"), what);
        }
    }
    if !config.queues.iter().any(|queue| queue.rules.standing_leg) {
        return;
    }
    for (key, number) in [("node.shards", usize::from(config.node.shards)), ("rtp.threads", config.rtp.threads)] {
        if number > 1 {
            reader.fault(key, format!("is {number}; queues with standing_leg need 1"));
        }
    }
}

fn check_listeners(config: &Config, reader: &mut Reader<'_>) {
    if !config.sip.listen.iter().any(|listen| matches!(listen, Listen::Udp(_))) {
        reader.fault("sip.listen", "names no UDP listener; expected at least one, e.g. \"udp:127.0.0.1:5060\"");
    }
    for (at, one) in config.sip.listen.iter().enumerate() {
        if config.sip.listen[..at].contains(one) && one.addr().port() != 0 {
            reader.fault("sip.listen", format!("names {} twice", one.addr()));
        }
    }
}

fn check_rtp(config: &Config, reader: &mut Reader<'_>) {
    let (first, last) = (config.rtp.first_port, config.rtp.last_port);
    if last <= first {
        reader.fault("rtp.last_port", format!("is {last}; expected a port above first_port ({first})"));
    }
    for listen in &config.sip.listen {
        let port = listen.addr().port();
        if matches!(listen, Listen::Udp(_)) && (first..=last).contains(&port) {
            reader.fault("rtp.first_port", format!("the range {first}-{last} contains the SIP port {port}"));
        }
    }
    if config.rtp.address.is_unspecified() {
        reader.fault("rtp.address", "must be an address that peers can send to, not the unspecified one");
    }
}

fn check_names(config: &Config, reader: &mut Reader<'_>) {
    unique(reader, "agents", "extension", config.agents.iter().map(|agent| agent.extension.as_str()));
    unique(reader, "queue", "name", config.queues.iter().map(|queue| queue.name.as_str()));
    if config.queues.iter().any(|queue| queue.name == records::NONE) {
        reader.fault("queue", "name \"none\" stands for calls of no queue; give it another name".to_owned());
    }
    unique(reader, "trunk", "name", config.trunks.iter().map(|trunk| trunk.name.as_str()));
    unique(reader, "number", "number", config.numbers.iter().map(|number| number.number.as_str()));
    unique(reader, "schedule", "name", config.schedules.iter().map(|schedule| schedule.name.as_str()));
    unique(reader, "menu", "name", config.menus.iter().map(|menu| menu.name.as_str()));
    unique(reader, "key", "name", config.keys.iter().map(|key| key.name.as_str()));
}

fn unique<'a>(reader: &mut Reader<'_>, list: &str, what: &str, names: impl Iterator<Item = &'a str>) {
    let mut seen = BTreeSet::new();
    for name in names.filter(|name| !name.is_empty()) {
        if !seen.insert(name) {
            reader.fault(list, format!("{what} \"{name}\" stands twice; names are unique within the account"));
        }
    }
}

fn check_references(config: &Config, reader: &mut Reader<'_>) {
    let has_queue = |name: &str| config.queues.iter().any(|queue| queue.name == name);
    let has_trunk = |name: &str| config.trunks.iter().any(|trunk| trunk.name == name);
    let extensions: BTreeSet<&str> = config.agents.iter().map(|agent| agent.extension.as_str()).collect();
    for (at, number) in config.numbers.iter().enumerate() {
        if extensions.contains(number.number.as_str()) {
            reader.fault(&format!("number[{at}].number"), format!("\"{}\" is an agent's extension", number.number));
        }
        let missing = match &number.target {
            TargetName::Queue(name) | TargetName::Voicemail(name) if !has_queue(name) => format!("queue \"{name}\""),
            TargetName::Menu(name) if !config.menus.iter().any(|menu| menu.name == *name) => format!("menu \"{name}\""),
            TargetName::Agent(name) if !extensions.contains(name.as_str()) => format!("agent \"{name}\""),
            _ => continue,
        };
        reader.fault(&format!("number[{at}].target"), format!("there is no {missing}"));
    }
    for (at, queue) in config.queues.iter().enumerate() {
        for extension in queue.agents.iter().filter(|extension| !extensions.contains(extension.as_str())) {
            reader.fault(&format!("queue[{at}].agents"), format!("there is no agent \"{extension}\""));
        }
    }
    for (at, route) in config.routes.iter().enumerate() {
        if !route.trunk.is_empty() && !has_trunk(&route.trunk) {
            reader.fault(&format!("route[{at}].trunk"), format!("there is no trunk \"{}\"", route.trunk));
        }
        if let RouteFrom::Trunk(name) = &route.from
            && !has_trunk(name)
        {
            reader.fault(&format!("route[{at}].from"), format!("there is no trunk \"{name}\""));
        }
    }
}

fn check_owners(config: &Config, reader: &mut Reader<'_>) {
    let mut owned = BTreeSet::new();
    for (at, owner) in config.owners.iter().enumerate() {
        if !owner.agent.is_empty() && !config.agents.iter().any(|agent| agent.extension == owner.agent) {
            reader.fault(&format!("owner[{at}].agent"), format!("there is no agent \"{}\"", owner.agent));
        }
        let keeps =
            |queue: &super::Queue| queue.agents.contains(&owner.agent) && !queue.routing.preferred_for.is_zero();
        if config.agents.iter().any(|agent| agent.extension == owner.agent) && !config.queues.iter().any(keeps) {
            let what =
                "serves no queue that keeps calls for an agent (preferred_agent_s): the owner would have no effect";
            reader.fault(&format!("owner[{at}].agent"), what);
        }
        for number in owner.numbers.iter().filter(|number| !owned.insert(number.as_str())) {
            reader.fault(&format!("owner[{at}].numbers"), format!("\"{number}\" stands twice; a number has one owner"));
        }
    }
    let most = acd::Limits::default().owners;
    if owned.len() > most {
        reader.fault("owner", format!("names {} numbers; expected at most {most}", owned.len()));
    }
}

fn check_trunks(config: &Config, reader: &mut Reader<'_>) {
    let inbound = |trunk: &super::Trunk| trunk.inbound.as_ref().map(|login| login.user.clone());
    for (at, trunk) in config.trunks.iter().enumerate() {
        if let Some(listener) = trunk.listener.filter(|listener| !config.sip.listen.contains(listener)) {
            reader.fault(&format!("trunk[{at}].listener"), format!("{} is not in sip.listen", listener.addr()));
        }
        let Some(user) = inbound(trunk) else { continue };
        if config.agents.iter().any(|agent| agent.extension == user) {
            reader.fault(&format!("trunk[{at}].inbound_username"), format!("\"{user}\" is an agent's extension too"));
        }
        if config.trunks[..at].iter().filter_map(inbound).any(|other| other == user) {
            reader.fault(&format!("trunk[{at}].inbound_username"), format!("\"{user}\" is another trunk's too"));
        }
    }
}

/// Secrets that stand in a public repository are refused where others can reach us (DESIGN section 7).
fn check_demo_secrets(config: &Config, reader: &mut Reader<'_>) {
    let open = |ip: IpAddr| !ip.is_loopback();
    if open(config.http.listen.ip()) && config.keys.iter().any(|key| key.secret == DEMO_KEY) {
        reader.fault("key", format!("the demo's public key on {}; put a secret of your own", config.http.listen));
    }
    let open_sip = config.sip.listen.iter().map(|listen| listen.addr()).find(|addr| open(addr.ip()));
    let demo_password = config.agents.iter().find(|agent| agent.password == format!("demo-{}", agent.extension));
    if let (Some(addr), Some(agent)) = (open_sip, demo_password) {
        let what = format!("agent {} has the demo's public password on {addr}; choose another", agent.extension);
        reader.fault("agents", what);
    }
}

const DEMO_KEY: &str = "demo-admin-key";
