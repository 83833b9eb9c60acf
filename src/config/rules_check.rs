//! Faults of menus, schedules and overflow: what is missing, what nothing leads to, what goes round for ever.

use std::collections::BTreeSet;

use call::menu::{MenuFault, faults};

use super::objects::TargetName;
use super::reader::Reader;
use super::rules::ExitName;
use super::{Config, GateName};

/// Notes every fault.
pub(super) fn check(config: &Config, reader: &mut Reader<'_>) {
    let missing = check_exits(config, reader) | check_schedules(config, reader);
    check_prompts(config, reader);
    if config.menus.is_empty() {
        return;
    }
    let plan = crate::ids::resolve(config, Vec::new(), &mut journal_core::Names::default()).plan;
    // What leads to a menu is not known while something leads nowhere.
    let is_known = |fault: &MenuFault| !missing || matches!(fault, MenuFault::Circle { .. });
    for fault in faults(&plan).into_iter().filter(is_known) {
        let (MenuFault::Unreachable { menu } | MenuFault::Circle { menu, .. }) = &fault;
        let name = plan.menus.get(menu).map(|menu| menu.name.as_str()).unwrap_or_default();
        reader.fault("menu", format!("\"{name}\": {fault}"));
    }
}

/// Every place that sends callers on, with its key in the file.
fn exits(config: &Config) -> Vec<(String, &ExitName)> {
    let mut all = Vec::new();
    for (at, number) in config.numbers.iter().enumerate() {
        gate_exits(&format!("number[{at}]"), number.gate.as_ref(), &mut all);
    }
    for (at, menu) in config.menus.iter().enumerate() {
        gate_exits(&format!("menu[{at}]"), menu.gate.as_ref(), &mut all);
        all.extend(menu.keys.iter().map(|(key, exit)| (format!("menu[{at}].keys.{key}"), exit)));
        all.push((format!("menu[{at}].default"), &menu.default));
    }
    for (at, queue) in config.queues.iter().enumerate() {
        all.extend(queue.rules.keys.iter().map(|(key, exit)| (format!("queue[{at}].keys.{key}"), exit)));
        let overflow = queue.rules.overflow.iter();
        all.extend(overflow.map(|(why, exit)| (format!("queue[{at}].overflow ({})", why.word()), exit)));
    }
    all
}

fn gate_exits<'a>(path: &str, gate: Option<&'a GateName>, all: &mut Vec<(String, &'a ExitName)>) {
    if let Some(gate) = gate {
        all.extend([(format!("{path}.closed"), &gate.closed), (format!("{path}.holiday"), &gate.holiday)]);
    }
}

fn check_exits(config: &Config, reader: &mut Reader<'_>) -> bool {
    let has_queue = |name: &str| config.queues.iter().any(|queue| queue.name == name);
    let by_key = |name: &str| config.queues.iter().any(|queue| queue.name == name && queue.callbacks.by_key.is_some());
    let mut any = config.numbers.iter().any(|number| match &number.target {
        TargetName::Menu(name) => !config.menus.iter().any(|menu| menu.name == *name),
        _ => false,
    });
    for (key, exit) in exits(config) {
        let missing = match exit {
            ExitName::Own(TargetName::Queue(name) | TargetName::Voicemail(name)) | ExitName::Callback(name)
                if !has_queue(name) =>
            {
                format!("queue \"{name}\"")
            }
            ExitName::Own(TargetName::Menu(name)) if !config.menus.iter().any(|menu| menu.name == *name) => {
                format!("menu \"{name}\"")
            }
            ExitName::Own(TargetName::Agent(name)) if !config.agents.iter().any(|agent| agent.extension == *name) => {
                format!("agent \"{name}\"")
            }
            ExitName::Callback(name) if !by_key(name) => {
                reader.fault(&key, format!("queue \"{name}\" has no callback_key: its callers cannot ask"));
                continue;
            }
            _ => continue,
        };
        any = true;
        reader.fault(&key, format!("there is no {missing}"));
    }
    any
}

fn check_schedules(config: &Config, reader: &mut Reader<'_>) -> bool {
    let mut any = false;
    let of_numbers = config
        .numbers
        .iter()
        .enumerate()
        .filter_map(|(at, number)| Some((format!("number[{at}].schedule"), &number.gate.as_ref()?.schedule)));
    let of_menus = config
        .menus
        .iter()
        .enumerate()
        .filter_map(|(at, menu)| Some((format!("menu[{at}].schedule"), &menu.gate.as_ref()?.schedule)));
    let of_queues = config
        .queues
        .iter()
        .enumerate()
        .filter_map(|(at, queue)| Some((format!("queue[{at}].schedule"), queue.rules.schedule.as_ref()?)));
    for (key, name) in of_numbers.chain(of_menus).chain(of_queues) {
        if !config.schedules.iter().any(|schedule| schedule.name == *name) {
            any = true;
            reader.fault(&key, format!("there is no schedule \"{name}\""));
        }
    }
    any
}

/// Every prompt must be there in each language that callers may have, or in none.
fn check_prompts(config: &Config, reader: &mut Reader<'_>) {
    let folder = &config.node.prompts_dir;
    if !folder.is_dir() {
        return;
    }
    let mut languages = BTreeSet::from([config.node.language.as_str()]);
    languages.extend(config.numbers.iter().filter_map(|number| number.language.as_deref()));
    languages.extend(config.menus.iter().filter_map(|menu| menu.language.as_deref()));
    for (key, prompt) in prompts(config) {
        if folder.join(format!("{prompt}.wav")).is_file() {
            continue;
        }
        let is_missing = |language: &&&str| !folder.join(language).join(format!("{prompt}.wav")).is_file();
        let missing: Vec<&str> = languages.iter().filter(is_missing).copied().collect();
        if !missing.is_empty() {
            let what = format!("there is no prompt \"{prompt}\" in {} nor in {}", missing.join(", "), folder.display());
            reader.fault(&key, format!("{what}; put an 8 kHz WAV there"));
        }
    }
}

fn prompts(config: &Config) -> Vec<(String, String)> {
    let mut all: Vec<(String, String)> = Vec::new();
    for (key, exit) in exits(config) {
        if let ExitName::Message(prompt) = exit {
            all.push((key, prompt.clone()));
        }
    }
    all.extend(config.dialing.messages.iter().map(|prompt| ("dialing.messages".to_owned(), prompt.clone())));
    for (at, menu) in config.menus.iter().enumerate() {
        if menu.prompts.is_empty() {
            all.push((format!("menu[{at}].prompts"), String::new()));
        }
        all.extend(menu.prompts.iter().map(|prompt| (format!("menu[{at}].prompts"), prompt.clone())));
        all.push((format!("menu[{at}].invalid_prompt"), menu.invalid_prompt.clone()));
        all.push((format!("menu[{at}].timeout_prompt"), menu.silence_prompt.clone()));
    }
    for (at, queue) in config.queues.iter().enumerate() {
        if let Some(plan) = &queue.callbacks.by_key {
            all.push((format!("queue[{at}].callback_agent_prompt"), plan.agent_prompt.clone()));
            let said = [&plan.registered_prompt, &plan.already_prompt, &plan.refused_prompt];
            let said = said.into_iter().chain([&plan.number_prompt, &plan.cancelled_prompt]);
            all.extend(said.map(|prompt| (format!("queue[{at}].callback_key"), prompt.clone())));
        }
        let rules = &queue.rules.announcements;
        all.extend(rules.welcome.iter().map(|prompt| (format!("queue[{at}].welcome_prompt"), prompt.clone())));
        all.extend(rules.messages.iter().map(|prompt| (format!("queue[{at}].comfort"), prompt.clone())));
        let said = |key: &str, names: &[&str]| {
            names.iter().map(|name| (format!("queue[{at}].{key}"), (*name).to_owned())).collect::<Vec<_>>()
        };
        if rules.position_max > 0 {
            all.extend(said(
                "announce_position_max",
                &["position-before", "position-after", "position-next", "number-2"],
            ));
        }
        if rules.wait {
            all.extend(said("announce_wait", &["wait-before", "wait-after", "wait-minute", "wait-long", "number-2"]));
        }
    }
    all
}
