//! Rules by name to rules by id: exits, schedules, menus, overflow.

use std::collections::BTreeMap;
use std::sync::Arc;

use call::{EntryPlan, Exit, Gate, MenuId, MenuPlan, Overflow, QueuePlan};
use hours::Schedule;

use super::{Known, target};
use crate::config::{Config, ExitName, GateName, Menu, Queue};

/// Where an exit leads; what is not there, which a checked configuration has not, ends the call.
fn exit(name: &ExitName, known: &Known<'_>) -> Exit {
    match name {
        ExitName::Own(name) => target(name, known).map_or(Exit::HangUp, Exit::Own),
        ExitName::Number(number) => Exit::Number(number.clone()),
        ExitName::Message(prompt) => Exit::Message(prompt.clone()),
        ExitName::Callback(queue) => {
            known.queues.get(queue.as_str()).map_or(Exit::HangUp, |queue| Exit::Callback(*queue))
        }
        ExitName::HangUp => Exit::HangUp,
    }
}

pub(super) fn schedule(config: &Config, name: &str) -> Option<Arc<Schedule>> {
    config.schedules.iter().find(|schedule| schedule.name == name).cloned()
}

fn gate(config: &Config, name: Option<&GateName>, known: &Known<'_>) -> Option<Gate> {
    let name = name?;
    let (closed, holiday) = (exit(&name.closed, known), exit(&name.holiday, known));
    Some(Gate { schedule: schedule(config, &name.schedule)?, closed, holiday })
}

/// Rules of numbers that have any.
pub(super) fn entries(config: &Config, known: &Known<'_>) -> BTreeMap<String, EntryPlan> {
    let entry = |number: &crate::config::Number| {
        let plan = EntryPlan { language: number.language.clone(), gate: gate(config, number.gate.as_ref(), known) };
        (plan != EntryPlan::default()).then(|| (number.number.clone(), plan))
    };
    config.numbers.iter().filter_map(entry).collect()
}

/// All menus.
pub(super) fn menus(config: &Config, known: &Known<'_>) -> BTreeMap<MenuId, MenuPlan> {
    let plan = |menu: &Menu| MenuPlan {
        name: menu.name.clone(),
        language: menu.language.clone(),
        gate: gate(config, menu.gate.as_ref(), known),
        prompts: menu.prompts.clone(),
        keys: menu.keys.iter().map(|(keys, name)| (keys.clone(), exit(name, known))).collect(),
        extensions: menu.extensions,
        wait: menu.wait,
        digit_wait: menu.digit_wait,
        retries: menu.retries,
        invalid_prompt: menu.invalid_prompt.clone(),
        silence_prompt: menu.silence_prompt.clone(),
        default: exit(&menu.default, known),
    };
    config.menus.iter().filter_map(|menu| Some((*known.menus.get(menu.name.as_str())?, plan(menu)))).collect()
}

/// A queue with its rules about callers whom no agent has.
pub(super) fn with_rules(config: &Config, queue: &Queue, known: &Known<'_>, plan: QueuePlan) -> QueuePlan {
    let rules = &queue.rules;
    let overflow = rules
        .overflow
        .iter()
        .map(|(why, name)| (*why, Overflow { to: exit(name, known), keeps_arrival: rules.overflow_keeps_arrival }));
    QueuePlan {
        schedule: rules.schedule.as_deref().and_then(|name| schedule(config, name)),
        leave_closed: rules.leave_closed,
        overflow: overflow.collect(),
        keys: rules.keys.iter().map(|(key, name)| (*key, exit(name, known))).collect(),
        announcements: rules.announcements.clone(),
        ..plan
    }
}
