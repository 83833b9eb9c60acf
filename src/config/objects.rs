//! Objects that the file may declare: keys, routes, agents, queues, numbers. Trunks have a page of their own.

use std::time::Duration;

use sip::digest::AlgorithmChoice;

use super::callback::{self, Callbacks};
use super::duty::QueueDuty;
use super::range::extensions;
use super::reader::Reader;
use super::routing::{self, NamedSkill, QueueRouting, QueueStep};
use super::rules::{GateName, QueueRules, read_gate, read_language, read_queue_rules};
use super::seconds;

/// `[[key]]`: a REST key with all rights.
#[derive(Clone)]
pub struct ApiKey {
    /// Name, for logs.
    pub name: String,
    /// Bearer secret.
    pub secret: String,
}

impl std::fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ApiKey").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Whose calls a route takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RouteFrom {
    /// Agents'.
    Agents,
    /// Those that came in on the trunk of that name.
    Trunk(String),
}

/// `[[route]]`
#[derive(Clone, Debug)]
pub struct Route {
    /// Whose calls.
    pub from: RouteFrom,
    /// E.164 prefix, or `*`.
    pub pattern: String,
    /// Name of the trunk.
    pub trunk: String,
}

/// One agent of `[[agents]]`.
#[derive(Clone)]
pub struct Agent {
    /// Extension.
    pub extension: String,
    /// What people call him.
    pub name: Option<String>,
    /// SIP password.
    pub password: String,
    /// Status to begin with.
    pub status: acd::Status,
    /// What follows offers that he does not take.
    pub not_taken: acd::OfferRules,
    /// Calls at the same time, one active and the others held.
    pub lines: usize,
    /// Contacts that ring together; 1: a new one replaces the former.
    pub contacts_max: usize,
    /// Missed rings in a row that pause him; 0 for never.
    pub missed_max: u32,
    /// May dial numbers through trunks.
    pub may_dial_out: bool,
    /// Outbound calls a day; 0 for no cap.
    pub calls_per_day_max: u32,
    /// Numbers that he himself does not dial, and the only ones that he does.
    pub personal: dialer::gate::Personal,
    /// His own number, for trunks that show it.
    pub caller_id: Option<String>,
    /// Callbacks of his own that may be due at the same time; 0 for no limit.
    pub callbacks_max: u32,
    /// Digest algorithms that his phone is asked for.
    pub algorithms: AlgorithmChoice,
    /// What he can do.
    pub skills: Vec<NamedSkill>,
    /// Which kinds of work he takes.
    pub blend: acd::Blend,
}

impl std::fmt::Debug for Agent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Agent").field("extension", &self.extension).finish_non_exhaustive()
    }
}

/// `[[queue]]`
#[derive(Clone, Debug)]
pub struct Queue {
    /// Name.
    pub name: String,
    /// Its own number, for trunks that show it.
    pub caller_id: Option<String>,
    /// Extensions of its agents, in their order.
    pub agents: Vec<String>,
    /// How its calls find one of them.
    pub routing: QueueRouting,
    /// Ring time of an offer.
    pub ring: Duration,
    /// Maximum wait.
    pub wait_max: Duration,
    /// Wrap-up; zero for none.
    pub wrap_up: Duration,
    /// How it ends, and what follows offers that are not taken.
    pub duty: QueueDuty,
    /// Waiting calls at most.
    pub waiting_max: usize,
    /// Record conversations.
    pub recording: bool,
    /// Music while waiting.
    pub music: String,
    /// Prompt of its voicemail box.
    pub voicemail_prompt: String,
    /// Longest voicemail.
    pub voicemail_max: Duration,
    /// Voicemail for callers whom it does not serve, where its rules say nothing else.
    pub voicemail_on_timeout: bool,
    /// What it is measured by.
    pub measured: centre::QueueRules,
    /// Its callbacks.
    pub callbacks: Callbacks,
    /// How long a lost call of it may wait to be called back; as `[lost_calls]` says without.
    pub lost_overdue: Option<Duration>,
    /// Hours, overflow, announcements, and who must be there.
    pub rules: QueueRules,
}

/// What a number reaches, by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TargetName {
    /// `queue:<name>`
    Queue(String),
    /// `voicemail:<queue>`
    Voicemail(String),
    /// `agent:<extension>`
    Agent(String),
    /// `echo`
    Echo,
    /// `tone`
    Tone,
    /// `standing_leg`
    StandingLeg,
    /// `menu:<name>`
    Menu(String),
}

impl TargetName {
    /// As the configuration writes it.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        match text.split_once(':') {
            Some(("queue", name)) => Some(Self::Queue(name.to_owned())),
            Some(("voicemail", name)) => Some(Self::Voicemail(name.to_owned())),
            Some(("agent", extension)) => Some(Self::Agent(extension.to_owned())),
            Some(("menu", name)) => Some(Self::Menu(name.to_owned())),
            None if text == "echo" => Some(Self::Echo),
            None if text == "tone" => Some(Self::Tone),
            None if text == "standing_leg" => Some(Self::StandingLeg),
            _ => None,
        }
    }
}

/// `[[number]]`
#[derive(Clone, Debug)]
pub struct Number {
    /// E.164.
    pub number: String,
    /// What it reaches.
    pub target: TargetName,
    /// What its calls ask of an agent in a queue, whatever the queue asks for; by rising wait.
    pub steps: Vec<QueueStep>,
    /// Added to the priority of its calls in a queue.
    pub priority: i32,
    /// Language of its callers.
    pub language: Option<String>,
    /// When it is open.
    pub gate: Option<GateName>,
}

pub(super) fn read_key(reader: &mut Reader<'_>) -> ApiKey {
    let name = reader.text("name", "a name for the log");
    let secret = reader.optional_text("secret", "a text of at least 12 characters").unwrap_or_default();
    if secret.len() < SECRET_CHARS_MIN {
        reader.fault("secret", format!("has {} characters; expected at least {SECRET_CHARS_MIN}", secret.len()));
    }
    ApiKey { name, secret }
}

pub(super) fn read_route(reader: &mut Reader<'_>) -> Route {
    let right = "\"agents\" or \"trunk:<name>\"";
    let from = reader.text("from", right);
    let from = match from.split_once(':') {
        None if from == "agents" || from.is_empty() => RouteFrom::Agents,
        Some(("trunk", name)) if !name.is_empty() => RouteFrom::Trunk(name.to_owned()),
        _ => {
            reader.fault("from", format!("is \"{from}\"; expected {right}"));
            RouteFrom::Agents
        }
    };
    let pattern = reader.text("pattern", "an E.164 prefix, e.g. \"+44\", or \"*\"");
    let well_formed = pattern == "*" || pattern.is_empty() || is_prefix(&pattern);
    if !well_formed {
        reader.fault("pattern", format!("is \"{pattern}\"; expected an E.164 prefix, e.g. \"+44\", or \"*\""));
    }
    Route { from, pattern, trunk: reader.text("trunk", "the name of a [[trunk]]") }
}

/// The name of an agent: it goes into SIP headers and journeys.
fn read_name(reader: &mut Reader<'_>) -> Option<String> {
    let right = "a name of at most 64 characters; {extension} stands for the extension";
    let name = reader.optional_text("name", right)?;
    if name.is_empty() || name.chars().count() > NAME_CHARS_MAX || name.chars().any(char::is_control) {
        reader.fault("name", format!("is \"{}\"; expected {right}", name.escape_debug()));
    }
    Some(name)
}

pub(super) fn read_agents(reader: &mut Reader<'_>) -> Vec<Agent> {
    let right = "an extension (\"1001\") or a range (\"1001-1050\")";
    let text = reader.text("extensions", right);
    let named = extensions(&text).unwrap_or_else(|| {
        if !text.is_empty() {
            reader.fault("extensions", format!("is \"{text}\"; expected {right}"));
        }
        Vec::new()
    });
    let password = reader.optional_text("password", "a text; {extension} stands for the extension").unwrap_or_default();
    if password.len() < PASSWORD_CHARS_MIN {
        reader.fault("password", format!("has {} characters; expected at least {PASSWORD_CHARS_MIN}", password.len()));
    }
    let status = match reader.optional_text("status", "\"ready\", \"paused\" or \"offline\"").as_deref() {
        None | Some("ready") => acd::Status::Ready,
        Some("paused") => acd::Status::Paused,
        Some("offline") => acd::Status::Offline,
        Some(other) => {
            reader.fault("status", format!("is \"{other}\"; expected \"ready\", \"paused\" or \"offline\""));
            acd::Status::Ready
        }
    };
    let name = read_name(reader);
    let contacts_max = reader.number("contacts_max", 1, 20, 5) as usize;
    let not_taken = super::duty::read_not_taken(reader);
    let lines = reader.number("lines", 1, 8, 1) as usize;
    let missed_max = reader.number("missed_max", 0, 100, 3) as u32;
    let may_dial_out = reader.flag("may_dial_out", true);
    let calls_per_day_max = reader.number("calls_per_day_max", 0, 100_000, 0) as u32;
    let personal = dialer::gate::Personal {
        blacklist: callback::patterns(reader, "dial_blacklist"),
        whitelist: callback::patterns(reader, "dial_whitelist"),
    };
    let caller_id = read_e164(reader, "caller_id");
    let callbacks_max = reader.number("callbacks_max", 0, 1_000, i64::from(acd::CALLBACKS_OF_AN_AGENT)) as u32;
    let algorithms = read_algorithms(reader).unwrap_or_default();
    let skills = routing::read_skills(reader, "skills");
    let blend = routing::read_blend(reader);
    let agent = |extension: String| Agent {
        password: password.replace("{extension}", &extension),
        name: name.as_ref().map(|name| name.replace("{extension}", &extension)),
        extension,
        status,
        contacts_max,
        missed_max,
        not_taken,
        lines,
        may_dial_out,
        calls_per_day_max,
        personal: personal.clone(),
        caller_id: caller_id.clone(),
        callbacks_max,
        algorithms,
        skills: skills.clone(),
        blend,
    };
    named.into_iter().map(agent).collect()
}

pub(super) fn read_queue(reader: &mut Reader<'_>) -> Queue {
    let (agents, routing) = routing::read_queue(reader);
    Queue {
        name: reader.text("name", "the queue's name"),
        caller_id: read_e164(reader, "caller_id"),
        agents,
        routing,
        ring: seconds(reader.number("ring_s", 1, 600, 15)),
        wait_max: seconds(reader.number("wait_max_s", 1, 86_400, 120)),
        duty: super::duty::read_queue_duty(reader),
        wrap_up: seconds(reader.number("wrap_up_s", 0, 86_400, 0)),
        waiting_max: reader.number("waiting_max", 1, 1_000_000, 10_000) as usize,
        recording: reader.flag("recording", false),
        music: reader.optional_text("music", "the name of a file in prompts_dir").unwrap_or_else(|| "music".into()),
        voicemail_prompt: reader
            .optional_text("voicemail_prompt", "the name of a file in prompts_dir")
            .unwrap_or_else(|| "voicemail".into()),
        voicemail_max: seconds(reader.number("voicemail_max_s", 1, 3_600, 180)),
        voicemail_on_timeout: reader.flag("voicemail_on_timeout", true),
        measured: super::measured::read(reader),
        callbacks: callback::read(reader),
        lost_overdue: super::lost_calls::read_overdue(reader, "lost_overdue_s"),
        rules: read_queue_rules(reader),
    }
}

pub(super) fn read_number(reader: &mut Reader<'_>) -> Number {
    let right = "an E.164 number, e.g. \"+442071830001\", or a short one of up to 6 digits, e.g. \"600\"";
    let number = reader.text("number", right);
    if !number.is_empty() && !is_e164(&number) && !is_short(&number) {
        reader.fault("number", format!("is \"{number}\"; expected {right}"));
    }
    if EMERGENCY.contains(&number.as_str()) {
        reader.fault("number", format!("is \"{number}\", which calls for help in many countries; take another"));
    }
    let right = "\"queue:<name>\", \"menu:<name>\", \"voicemail:<queue>\", \"agent:<extension>\", \"echo\", \"tone\" or \"standing_leg\"";
    let text = reader.text("target", right);
    let target = TargetName::parse(&text).unwrap_or_else(|| {
        if !text.is_empty() {
            reader.fault("target", format!("is \"{text}\"; expected {right}"));
        }
        TargetName::Echo
    });
    let steps = routing::read_steps(reader);
    let priority = reader.number("priority", -1_000, 1_000, 0) as i32;
    let (language, gate) = (read_language(reader, "language"), read_gate(reader));
    Number { number, target, steps, priority, language, gate }
}

/// A number that may be missing.
pub(super) fn read_e164(reader: &mut Reader<'_>, key: &'static str) -> Option<String> {
    let right = "an E.164 number, e.g. \"+442071830000\"";
    let number = reader.optional_text(key, right)?;
    if !is_e164(&number) {
        reader.fault(key, format!("is \"{number}\"; expected {right}"));
    }
    Some(number)
}

/// Digest algorithms, where they are given.
pub(super) fn read_algorithms(reader: &mut Reader<'_>) -> Option<AlgorithmChoice> {
    let right = "\"md5\", \"sha-256\" or \"both\"";
    let text = reader.optional_text("algorithms", right)?;
    let choice = AlgorithmChoice::parse(&text);
    if choice.is_none() {
        reader.fault("algorithms", format!("is \"{text}\"; expected {right}"));
    }
    choice
}

pub(super) fn is_e164(text: &str) -> bool {
    is_prefix(text) && text.len() >= 8
}

/// A number that only phones of ours can dial.
pub(crate) fn is_short(text: &str) -> bool {
    (1..=6).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_prefix(text: &str) -> bool {
    let digits = text.strip_prefix('+').unwrap_or_default();
    (1..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// Numbers that nothing of ours may stand in the way of.
const EMERGENCY: [&str; 9] = ["000", "110", "111", "112", "118", "119", "911", "995", "999"];
/// 256-bit keys are the rule; the demo's fixed key has 14.
const SECRET_CHARS_MIN: usize = 12;
/// Phones show less of a name.
const NAME_CHARS_MAX: usize = 64;
/// Shorter ones are guessed within the limit of five tries a minute.
const PASSWORD_CHARS_MIN: usize = 6;
