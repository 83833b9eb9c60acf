//! Who gets a queue's calls, as `[[queue]]`, `[[queue.step]]`, `[[agents]]` and `[[number]]` say it.

use std::collections::BTreeMap;
use std::time::Duration;

use acd::Strategy;

use super::objects::is_e164;
use super::range::extensions;
use super::reader::Reader;
use super::seconds;

/// A skill by name, with a level: `"german:3"`, or `"german"` for the least.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedSkill {
    /// Name.
    pub name: String,
    /// 1 to 255.
    pub level: u8,
}

/// An agent of a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rank {
    /// Lower levels come first.
    pub level: u8,
    /// Share of the calls with the strategy `weighted`.
    pub weight: u32,
}

/// What calls ask of an agent from some wait on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QueueStep {
    /// From this wait on.
    pub after: Duration,
    /// Skills that an agent must have.
    pub required: Vec<NamedSkill>,
    /// Skills by which agents are ordered.
    pub preferred: Vec<String>,
    /// Agents above this level are not asked.
    pub level_max: Option<u8>,
}

/// Callers who have an agent of their own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    /// Extension of their agent.
    pub agent: String,
    /// Their numbers, E.164.
    pub numbers: Vec<String>,
}

/// How a queue's calls find an agent.
#[derive(Clone, Debug)]
pub struct QueueRouting {
    /// Which of those who can take a call gets it.
    pub strategy: Strategy,
    /// Level and weight of agents for whom the file gives one.
    pub ranks: BTreeMap<String, Rank>,
    /// By rising wait.
    pub steps: Vec<QueueStep>,
    /// Added to the priority of each call.
    pub priority: i32,
    /// Waiting that one point of priority is worth; none: a higher priority always comes first.
    pub priority_worth: Option<Duration>,
    /// Service level target.
    pub service_level: Duration,
    /// Calls are ordered by when their target is missed.
    pub by_deadline: bool,
    /// How long a call is kept for its preferred agent; zero for nobody.
    pub preferred_for: Duration,
    /// Conversations at the same time; none: no limit.
    pub conversations_max: Option<u32>,
}

/// Reads what `[[queue]]` says of it, and the extensions of its agents.
pub(super) fn read_queue(reader: &mut Reader<'_>) -> (Vec<String>, QueueRouting) {
    let (agents, ranks) = read_queue_agents(reader);
    let routing = QueueRouting {
        strategy: read_strategy(reader),
        ranks,
        steps: read_steps(reader),
        priority: reader.number("priority", -1_000, 1_000, 0) as i32,
        priority_worth: Some(seconds(reader.number("priority_worth_s", 0, 86_400, 60)))
            .filter(|worth| !worth.is_zero()),
        service_level: seconds(reader.number("service_level_s", 1, 86_400, 20)),
        by_deadline: read_order(reader),
        preferred_for: seconds(reader.number("preferred_agent_s", 0, 86_400, 0)),
        conversations_max: Some(reader.number("conversations_max", 0, 100_000, 0) as u32).filter(|max| *max > 0),
    };
    (agents, routing)
}

/// What calls of a queue or number ask for at first, and from which wait on what instead.
pub(super) fn read_steps(reader: &mut Reader<'_>) -> Vec<QueueStep> {
    let first = read_step(reader, Duration::ZERO);
    let mut steps: Vec<QueueStep> = reader.each("step", |reader| {
        let after = seconds(reader.number("after_s", 1, 86_400, 30));
        read_step(reader, after)
    });
    if first != QueueStep::default() {
        steps.push(first);
    }
    steps.sort_by_key(|step| step.after);
    for pair in steps.windows(2).filter(|pair| pair[0].after == pair[1].after) {
        reader.fault("step", format!("stands twice for after_s = {}; expected rising waits", pair[0].after.as_secs()));
    }
    steps
}

/// `[[owner]]`: whose customers call from some numbers.
pub(super) fn read_owner(reader: &mut Reader<'_>) -> Owner {
    let right = "E.164 numbers, e.g. [\"+447700900123\"]";
    let numbers = reader.texts("numbers", right);
    for wrong in numbers.iter().filter(|number| !is_e164(number)) {
        reader.fault("numbers", format!("\"{wrong}\" is no number; expected {right}"));
    }
    Owner { agent: reader.text("agent", "the extension of an agent"), numbers }
}

/// Skills of agents.
pub(super) fn read_skills(reader: &mut Reader<'_>, key: &'static str) -> Vec<NamedSkill> {
    let right = "skills with a level from 1 to 255, e.g. [\"german:3\", \"billing\"]";
    let mut skills = Vec::new();
    for text in reader.texts(key, right) {
        let (name, level) = text.split_once(':').unwrap_or((&text, "1"));
        match level.parse::<u8>() {
            Ok(level @ 1..) if is_name(name) => skills.push(NamedSkill { name: name.to_owned(), level }),
            _ => reader.fault(key, format!("\"{text}\" is no skill; expected {right}")),
        }
    }
    skills
}

/// The kinds of work that agents take, and whether they come in the order given.
pub(super) fn read_blend(reader: &mut Reader<'_>) -> acd::Blend {
    let right = "a list of \"inbound\", \"callback\" and \"outbound\"";
    let kinds = reader.optional_texts("work", right);
    let in_order = reader.flag("work_in_order", false);
    let Some(kinds) = kinds else { return acd::Blend::default() };
    if kinds.is_empty() {
        reader.fault("work", format!("is empty, so its agents would take nothing; expected {right}"));
    }
    let mut blend = acd::Blend { inbound: None, callback: None, outbound: None };
    for (kind, place) in kinds.iter().zip(0_u8..) {
        let rank = Some(if in_order { place } else { 0 });
        match kind.as_str() {
            "inbound" => blend.inbound = rank,
            "callback" => blend.callback = rank,
            "outbound" => blend.outbound = rank,
            other => reader.fault("work", format!("\"{other}\" is no kind of work; expected {right}")),
        }
    }
    blend
}

/// `"1001"`, `"1001-1010"`, `"1011-1020 level=2 weight=3"`.
fn read_queue_agents(reader: &mut Reader<'_>) -> (Vec<String>, BTreeMap<String, Rank>) {
    let right = "extensions and ranges with level and weight, e.g. [\"1001-1010\", \"1011-1030 level=2 weight=3\"]";
    let (mut agents, mut ranks) = (Vec::new(), BTreeMap::new());
    for text in reader.texts("agents", right) {
        let mut words = text.split_whitespace();
        let named = words.next().and_then(extensions);
        let rank = words.try_fold(Rank { level: 1, weight: 1 }, |rank, word| match word.split_once('=')? {
            ("level", level) => Some(Rank { level: level.parse().ok().filter(|level| *level > 0)?, ..rank }),
            ("weight", weight) => Some(Rank { weight: weight.parse().ok().filter(|weight| *weight > 0)?, ..rank }),
            _ => None,
        });
        match (named, rank) {
            (Some(named), Some(rank)) => {
                ranks.extend(named.iter().map(|extension| (extension.clone(), rank)));
                agents.extend(named);
            }
            _ => reader.fault("agents", format!("\"{text}\" is not as expected: {right}")),
        }
    }
    (agents, ranks)
}

fn read_step(reader: &mut Reader<'_>, after: Duration) -> QueueStep {
    let required = read_skills(reader, "skills");
    let right = "names of skills, e.g. [\"german\"]";
    let preferred = reader.texts("skills_preferred", right);
    if let Some(wrong) = preferred.iter().find(|name| !is_name(name)) {
        reader.fault("skills_preferred", format!("\"{wrong}\" is no name; expected {right}"));
    }
    let level_max = Some(reader.number("level_max", 0, 255, 0) as u8).filter(|max| *max > 0);
    QueueStep { after, required, preferred, level_max }
}

fn read_strategy(reader: &mut Reader<'_>) -> Strategy {
    let right = "\"longest_idle\", \"ring_all\", \"round_robin\", \"fewest_calls\", \"least_talk\", \"top_down\", \
                 \"random\", \"weighted\" or \"progressive_ring\"";
    let every = seconds(reader.number("join_every_s", 1, 600, 10));
    match reader.optional_text("strategy", right).as_deref() {
        None | Some("longest_idle") => Strategy::LongestIdle,
        Some("ring_all") => Strategy::RingAll,
        Some("round_robin") => Strategy::RoundRobin,
        Some("fewest_calls") => Strategy::FewestCalls,
        Some("least_talk") => Strategy::LeastTalk,
        Some("top_down") => Strategy::TopDown,
        Some("random") => Strategy::Random,
        Some("weighted") => Strategy::Weighted,
        Some("progressive_ring") => Strategy::ProgressiveRing { every },
        Some(other) => {
            reader.fault("strategy", format!("is \"{other}\"; expected {right}"));
            Strategy::LongestIdle
        }
    }
}

fn read_order(reader: &mut Reader<'_>) -> bool {
    let right = "\"arrival\" or \"deadline\"";
    match reader.optional_text("order", right).as_deref() {
        None | Some("arrival") => false,
        Some("deadline") => true,
        Some(other) => {
            reader.fault("order", format!("is \"{other}\"; expected {right}"));
            false
        }
    }
}

fn is_name(name: &str) -> bool {
    (1..=NAME_CHARS_MAX).contains(&name.chars().count()) && !name.chars().any(|c| c.is_control() || c == ':')
}

/// Characters of a skill's name: it is shown in lists and sentences.
const NAME_CHARS_MAX: usize = 64;
