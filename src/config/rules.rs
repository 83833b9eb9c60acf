//! `[[schedule]]` and `[[menu]]`, and where callers are sent by name: rules before and around a queue.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use call::{Announcements, Unserved};
use hours::Schedule;

use super::objects::TargetName;
use super::reader::Reader;
use super::seconds;

/// Where a caller is sent, by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExitName {
    /// What a number may reach too.
    Own(TargetName),
    /// `number:<digits>`
    Number(String),
    /// `message:<prompt>`
    Message(String),
    /// `callback:<queue>`
    Callback(String),
    /// `hang_up`
    HangUp,
}

/// A schedule by name, and where callers go when it is not open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GateName {
    /// Name of the `[[schedule]]`.
    pub schedule: String,
    /// Out of hours.
    pub closed: ExitName,
    /// On a holiday.
    pub holiday: ExitName,
}

/// `[[menu]]`
#[derive(Clone, Debug)]
pub struct Menu {
    /// Name.
    pub name: String,
    /// Language from here on.
    pub language: Option<String>,
    /// When it is open.
    pub gate: Option<GateName>,
    /// What is said.
    pub prompts: Vec<String>,
    /// What leads where.
    pub keys: BTreeMap<String, ExitName>,
    /// Extensions may be dialed.
    pub extensions: bool,
    /// Silence that counts as nothing pressed.
    pub wait: Duration,
    /// Silence after a key when more could follow.
    pub digit_wait: Duration,
    /// How often it is heard again.
    pub retries: u8,
    /// Said after what is not valid.
    pub invalid_prompt: String,
    /// Said after nothing.
    pub silence_prompt: String,
    /// Where to after the last try.
    pub default: ExitName,
}

/// Rules of a `[[queue]]` about callers whom no agent has.
#[derive(Clone, Debug, Default)]
pub struct QueueRules {
    /// Name of the schedule when it is open.
    pub schedule: Option<String>,
    /// Who waits when it closes leaves it.
    pub leave_closed: bool,
    /// Where callers go whom it does not serve.
    pub overflow: BTreeMap<Unserved, ExitName>,
    /// They keep the place of their arrival in another queue.
    pub overflow_keeps_arrival: bool,
    /// Where keys lead.
    pub keys: BTreeMap<char, ExitName>,
    /// What waiting callers are told.
    pub announcements: Announcements,
    /// Nobody joins while nobody is there.
    pub join_empty: Option<acd::Empty>,
    /// Callers leave when nobody is there.
    pub leave_empty: Option<acd::Empty>,
    /// After so long.
    pub leave_empty_after: Duration,
    /// A caller who gave up keeps his place for so long.
    pub rejoin: Duration,
    /// Agents serve it over standing legs alone.
    pub standing_leg: bool,
}

pub(super) fn read_schedule(reader: &mut Reader<'_>) -> Arc<Schedule> {
    let name = reader.text("name", "the schedule's name");
    let zone = reader.text("time_zone", "an IANA time zone, e.g. \"Europe/London\"");
    let open = reader.texts("open", "hours, e.g. [\"mon-fri 09:00-17:30\", \"sat 10:00-13:00\"]");
    let holidays = reader.texts("holidays", "days, e.g. [\"12-25 Christmas Day\", \"2026-04-03 Good Friday\"]");
    let zone = if zone.is_empty() { "UTC" } else { &zone };
    let schedule = Schedule::parse(&name, zone, &open, &holidays).unwrap_or_else(|faults| {
        for fault in faults {
            let key = match fault {
                hours::ScheduleFault::Zone(_) => "time_zone",
                hours::ScheduleFault::Holiday(_) => "holidays",
                _ => "open",
            };
            reader.fault(key, fault.to_string());
        }
        Schedule::always(&name)
    });
    Arc::new(schedule)
}

pub(super) fn read_menu(reader: &mut Reader<'_>) -> Menu {
    let keys = reader.pairs("keys", "a table of keys, e.g. { \"1\" = \"queue:sales\" }");
    let mut exits = BTreeMap::new();
    for (key, text) in keys {
        if !(1..=MENU_KEYS_MAX).contains(&key.len()) || !key.bytes().all(|byte| KEYS.contains(&byte)) {
            let right = "1 to 16 of 0-9, * and #";
            reader.fault("keys", format!("\"{key}\" is no key; expected {right}"));
        }
        exits.insert(key, exit_of(reader, "keys", &text));
    }
    Menu {
        name: reader.text("name", "the menu's name"),
        language: read_language(reader, "language"),
        gate: read_gate(reader),
        prompts: reader.texts("prompts", "names of files in prompts_dir, e.g. [\"welcome\", \"menu\"]"),
        keys: exits,
        extensions: reader.flag("extensions", false),
        wait: seconds(reader.number("timeout_s", 1, 60, 5)),
        digit_wait: seconds(reader.number("digit_timeout_s", 1, 30, 2)),
        retries: reader.number("retries", 0, 9, 2) as u8,
        invalid_prompt: prompt(reader, "invalid_prompt").unwrap_or_else(|| "invalid".into()),
        silence_prompt: prompt(reader, "timeout_prompt").unwrap_or_else(|| "nothing-pressed".into()),
        default: read_exit(reader, "default").unwrap_or_else(|| missing(reader, "default")),
    }
}

pub(super) fn read_queue_rules(reader: &mut Reader<'_>) -> QueueRules {
    let overflow = [
        (Unserved::TimedOut, "overflow_timeout"),
        (Unserved::Full, "overflow_full"),
        (Unserved::Empty, "overflow_empty"),
        (Unserved::Closed, "overflow_closed"),
        (Unserved::Holiday, "overflow_holiday"),
    ];
    let mut keys = BTreeMap::new();
    for (key, text) in reader.pairs("keys", "a table of keys, e.g. { \"0\" = \"voicemail:support\" }") {
        match key.as_bytes() {
            [byte] if KEYS.contains(byte) => drop(keys.insert(char::from(*byte), exit_of(reader, "keys", &text))),
            _ => reader.fault("keys", format!("\"{key}\" is no key; expected one of 0-9, * and #")),
        }
    }
    let every = seconds(reader.number("announce_every_s", 0, 3_600, 0));
    let schedule = reader.optional_text("schedule", "the name of a [[schedule]]");
    let leave_closed = reader.flag("leave_closed", false);
    if leave_closed && schedule.is_none() {
        reader.fault("leave_closed", "needs the name of a [[schedule]] in schedule: without one it never closes");
    }
    QueueRules {
        schedule,
        leave_closed,
        overflow: overflow.into_iter().filter_map(|(why, key)| Some((why, read_exit(reader, key)?))).collect(),
        overflow_keeps_arrival: reader.flag("overflow_keeps_arrival", false),
        keys,
        announcements: Announcements {
            welcome: prompt(reader, "welcome_prompt"),
            first: seconds(reader.number("announce_first_s", 0, 3_600, 15)),
            every,
            position_max: reader.number("announce_position_max", 0, 60, 0) as u32,
            wait: reader.flag("announce_wait", false),
            messages: reader.texts("comfort", "names of files in prompts_dir, e.g. [\"comfort\"]"),
        },
        join_empty: read_empty(reader, "join_empty"),
        leave_empty: read_empty(reader, "leave_empty"),
        leave_empty_after: seconds(reader.number("leave_empty_after_s", 0, 86_400, 0)),
        rejoin: seconds(reader.number("rejoin_s", 0, 3_600, 0)),
        standing_leg: reader.flag("standing_leg", false),
    }
}

/// `schedule`, `closed` and `holiday` of a number or menu.
pub(super) fn read_gate(reader: &mut Reader<'_>) -> Option<GateName> {
    let schedule = reader.optional_text("schedule", "the name of a [[schedule]]");
    let closed = read_exit(reader, "closed");
    let holiday = read_exit(reader, "holiday");
    let Some(schedule) = schedule else {
        if closed.is_some() || holiday.is_some() {
            reader.fault("schedule", "is missing; closed and holiday need the name of a [[schedule]]");
        }
        return None;
    };
    let closed = closed.unwrap_or_else(|| missing(reader, "closed"));
    Some(GateName { schedule, holiday: holiday.unwrap_or_else(|| closed.clone()), closed })
}

/// The folder of a language.
pub(super) fn read_language(reader: &mut Reader<'_>, key: &'static str) -> Option<String> {
    let right = "a folder of prompts_dir, e.g. \"en\"";
    let language = reader.optional_text(key, right)?;
    let is_name = language.len() <= 16 && language.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    if !is_name {
        reader.fault(key, format!("is \"{language}\"; expected {right}"));
    }
    Some(language)
}

/// An exit as the configuration writes it.
pub(crate) fn parse_exit(text: &str) -> Option<ExitName> {
    let dialed = |number: &str| number.strip_prefix('+').unwrap_or(number).bytes().all(|byte| byte.is_ascii_digit());
    match text.split_once(':') {
        Some(("number", number)) if (2..=20).contains(&number.len()) && dialed(number) => {
            Some(ExitName::Number(number.to_owned()))
        }
        Some(("message", prompt)) if !prompt.is_empty() => Some(ExitName::Message(prompt.to_owned())),
        Some(("callback", queue)) if !queue.is_empty() => Some(ExitName::Callback(queue.to_owned())),
        None if text == "hang_up" => Some(ExitName::HangUp),
        _ => TargetName::parse(text).map(ExitName::Own),
    }
}

fn read_exit(reader: &mut Reader<'_>, key: &'static str) -> Option<ExitName> {
    let text = reader.optional_text(key, EXITS)?;
    Some(exit_of(reader, key, &text))
}

fn exit_of(reader: &mut Reader<'_>, key: &str, text: &str) -> ExitName {
    parse_exit(text).unwrap_or_else(|| {
        reader.fault(key, format!("\"{text}\" leads nowhere; expected {EXITS}"));
        ExitName::HangUp
    })
}

fn missing(reader: &mut Reader<'_>, key: &str) -> ExitName {
    reader.fault(key, format!("is missing; expected {EXITS}"));
    ExitName::HangUp
}

fn prompt(reader: &mut Reader<'_>, key: &'static str) -> Option<String> {
    reader.optional_text(key, "the name of a file in prompts_dir")
}

fn read_empty(reader: &mut Reader<'_>, key: &'static str) -> Option<acd::Empty> {
    let right = "\"never\", \"offline\" (all agents offline), \"paused\" (or paused) or \"not_ready\" (none ready)";
    match reader.optional_text(key, right)?.as_str() {
        "never" => None,
        "offline" => Some(acd::Empty::Offline),
        "paused" => Some(acd::Empty::Paused),
        "not_ready" => Some(acd::Empty::NotReady),
        other => {
            reader.fault(key, format!("is \"{other}\"; expected {right}"));
            None
        }
    }
}

const EXITS: &str = "\"queue:<name>\", \"menu:<name>\", \"agent:<extension>\", \"number:<number>\", \
                     \"voicemail:<queue>\", \"callback:<queue>\", \"message:<prompt>\" or \"hang_up\"";
const KEYS: &[u8] = b"0123456789*#";
/// As many as a phone number has, and one.
const MENU_KEYS_MAX: usize = 16;
