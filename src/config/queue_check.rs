//! Faults of a queue that would take its configuration and never do what it says.

use std::collections::BTreeSet;

use acd::{Strategy, WrapUpMode};
use call::Unserved;

use super::objects::{Number, Queue, TargetName};
use super::reader::Reader;
use super::routing::QueueStep;
use super::rules::ExitName;
use super::{Agent, Config};

/// Notes every fault.
pub(super) fn check(config: &Config, reader: &mut Reader<'_>) {
    for (at, queue) in config.queues.iter().enumerate() {
        let mut fault = |key: &str, what: String| reader.fault(&format!("queue[{at}].{key}"), what);
        check_name(queue, &mut fault);
        check_agents(config, queue, &mut fault);
        check_keys(queue, &mut fault);
        check_overflow(config, queue, &mut fault);
        check_times(queue, &mut fault);
    }
    for (at, number) in config.numbers.iter().enumerate() {
        let leads_on = matches!(number.target, TargetName::Queue(_) | TargetName::Menu(_));
        if !leads_on && (!number.steps.is_empty() || number.priority != 0) {
            let what = "has skills or a priority, but its target is neither a queue nor a menu: they would do nothing";
            reader.fault(&format!("number[{at}].target"), what);
        }
        check_number(config, number, &mut |what| reader.fault(&format!("number[{at}].skills"), what));
    }
}

/// What a number asks for in the end, somebody must have in each queue that its callers may come to.
fn check_number(config: &Config, number: &Number, fault: &mut impl FnMut(String)) {
    let Some(last) = number.steps.last() else { return };
    let (mut queues, mut menus) = (BTreeSet::new(), BTreeSet::new());
    let mut next = vec![&number.target];
    while let Some(target) = next.pop() {
        match target {
            TargetName::Queue(name) => drop(queues.insert(name.as_str())),
            TargetName::Menu(name) if menus.insert(name.as_str()) => {
                let menu = config.menus.iter().filter(|menu| menu.name == *name);
                let exits = menu.flat_map(|menu| menu.keys.values().chain([&menu.default]));
                next.extend(exits.filter_map(|exit| match exit {
                    ExitName::Own(target) => Some(target),
                    _ => None,
                }));
            }
            _ => {}
        }
    }
    for queue in config.queues.iter().filter(|queue| queues.contains(queue.name.as_str())) {
        let own = queue.routing.steps.last();
        let of_queue = |agent: &&Agent| queue.agents.contains(&agent.extension);
        let mut agents = config.agents.iter().filter(of_queue).peekable();
        let does = |agent: &Agent| serves(queue, agent, last) && own.is_none_or(|own| serves(queue, agent, own));
        if agents.peek().is_some() && !agents.any(does) {
            let asked = words_of(last);
            fault(format!(
                "ask in the end for {asked}, which no agent of queue \"{}\" has beside what it asks",
                queue.name
            ));
        }
    }
}

fn check_name(queue: &Queue, fault: &mut impl FnMut(&str, String)) {
    let chars = queue.name.chars().count();
    if chars > NAME_CHARS_MAX || queue.name.chars().any(char::is_control) {
        fault("name", format!("has {chars} characters; expected at most {NAME_CHARS_MAX}, none of them a line end"));
    }
}

fn check_agents(config: &Config, queue: &Queue, fault: &mut impl FnMut(&str, String)) {
    let mut seen = BTreeSet::new();
    for extension in queue.agents.iter().filter(|extension| !seen.insert(extension.as_str())) {
        fault("agents", format!("names \"{extension}\" twice; an agent has one level and weight in a queue"));
    }
    // The last step is what a call asks for in the end; nobody ever takes it when nobody of the queue has that.
    let Some(last) = queue.routing.steps.last() else { return };
    let known = config.agents.iter().filter(|agent| seen.contains(agent.extension.as_str()));
    let agents: Vec<&Agent> = known.collect();
    if !agents.is_empty() && !agents.iter().any(|agent| serves(queue, agent, last)) {
        let asked = words_of(last);
        fault(
            "skills",
            format!("ask in the end for {asked}, which no agent of the queue has: nobody would take a call"),
        );
    }
}

fn words_of(step: &QueueStep) -> String {
    let asked = step.required.iter().map(|skill| format!("{}:{}", skill.name, skill.level));
    let level = step.level_max.map(|level| format!("level {level} at most"));
    asked.chain(level).collect::<Vec<_>>().join(", ")
}

fn serves(queue: &Queue, agent: &Agent, step: &QueueStep) -> bool {
    let level = queue.routing.ranks.get(&agent.extension).map_or(1, |rank| rank.level);
    let has = |name: &str, least: u8| agent.skills.iter().any(|skill| skill.name == name && skill.level >= least);
    step.level_max.is_none_or(|max| level <= max) && step.required.iter().all(|skill| has(&skill.name, skill.level))
}

fn check_keys(queue: &Queue, fault: &mut impl FnMut(&str, String)) {
    let Some(plan) = &queue.callbacks.by_key else { return };
    if queue.rules.keys.contains_key(&plan.key) {
        fault("keys", format!("leads \"{}\" on, but that is the callback_key; take another", plan.key));
    }
    if plan.cancel_key == Some(plan.key) {
        fault("callback_cancel_key", format!("is \"{}\", as is callback_key; take another", plan.key));
    }
}

fn check_overflow(config: &Config, queue: &Queue, fault: &mut impl FnMut(&str, String)) {
    for (why, exit) in &queue.rules.overflow {
        let is_of_hours = matches!(why, Unserved::Closed | Unserved::Holiday);
        let key = key_of(*why);
        if is_of_hours && queue.rules.schedule.is_none() {
            fault(key, "has no effect: the queue has no schedule, so it is always open".to_owned());
        }
        // After its longest wait a caller may well begin anew; a queue that was full or closed a moment ago still is.
        if *why != Unserved::TimedOut && comes_back(config, queue, *why, exit) {
            fault(key, format!("leads back to \"{}\" for the same reason", queue.name));
        }
    }
}

/// Whether callers whom nobody serves for this reason go in a circle.
fn comes_back(config: &Config, queue: &Queue, why: Unserved, exit: &ExitName) -> bool {
    let mut next = Some(exit);
    for _ in 0..=config.queues.len() {
        let Some(ExitName::Own(TargetName::Queue(name))) = next else { return false };
        if *name == queue.name {
            return true;
        }
        let there = config.queues.iter().find(|other| other.name == *name);
        next = there.and_then(|other| other.rules.overflow.get(&why));
    }
    false
}

fn check_times(queue: &Queue, fault: &mut impl FnMut(&str, String)) {
    let rules = &queue.rules.announcements;
    let says = rules.wait || rules.position_max > 0 || !rules.messages.is_empty();
    if says && rules.every.is_zero() {
        fault("announce_every_s", "is 0, so nothing is ever announced; expected the seconds between two".to_owned());
    }
    let runs_out = matches!(queue.duty.wrap_up_mode, WrapUpMode::Timed | WrapUpMode::Strict);
    if runs_out && queue.wrap_up.is_zero() {
        fault("wrap_up_s", "is 0, but wrap_up is a time that must pass; expected its length".to_owned());
    }
    if let Strategy::ProgressiveRing { every } = queue.routing.strategy
        && every >= queue.ring
    {
        let what =
            format!("is {}: the ring of {} s is over before anybody joins", every.as_secs(), queue.ring.as_secs());
        fault("join_every_s", what);
    }
}

fn key_of(why: Unserved) -> &'static str {
    match why {
        Unserved::TimedOut => "overflow_timeout",
        Unserved::Full => "overflow_full",
        Unserved::Empty => "overflow_empty",
        Unserved::Closed => "overflow_closed",
        Unserved::Holiday => "overflow_holiday",
    }
}

/// As in lists and in the header that a phone shows.
const NAME_CHARS_MAX: usize = 64;
