//! Callbacks of a queue, and what the dial gate goes by.

use acd::CallbackRules;
use call::CallbackPlan;
use dialer::gate::{Choice, Pattern, PinRule, RuleSet, Rules, Verified};

use super::reader::Reader;
use super::seconds;

/// Callbacks of one `[[queue]]`.
#[derive(Clone, Debug, Default)]
pub struct Callbacks {
    /// What the ACD goes by.
    pub rules: CallbackRules,
    /// How callers ask by key; none: they cannot.
    pub by_key: Option<CallbackPlan>,
}

/// The `callback_…` keys of a queue.
pub(super) fn read(reader: &mut Reader<'_>) -> Callbacks {
    let fallback = CallbackRules::default();
    let secs = |duration: std::time::Duration| i64::try_from(duration.as_secs()).unwrap_or(i64::MAX);
    let first = "\"agent\" or \"customer\"";
    let customer_first = match reader.optional_text("callback_first", first).as_deref() {
        None | Some("agent") => false,
        Some("customer") => true,
        Some(other) => {
            reader.fault("callback_first", format!("is \"{other}\"; expected {first}"));
            false
        }
    };
    let rules = CallbackRules {
        max: reader.number("callback_max", 0, 1_000_000, i64::from(fallback.max)) as u32,
        attempts_max: reader.number("callback_attempts_max", 1, 100, i64::from(fallback.attempts_max)) as u32,
        retry_after: seconds(reader.number("callback_retry_s", 1, 86_400, secs(fallback.retry_after))),
        expire_after: seconds(reader.number("callback_expire_s", 60, 31_536_000, secs(fallback.expire_after))),
        ring: seconds(reader.number("callback_ring_s", secs(acd::MIN_RING), 300, secs(fallback.ring))),
        customer_first,
    };
    let prompts = CallbackPlan::default();
    let key = read_key(reader, "callback_key");
    let cancel_key = read_key(reader, "callback_cancel_key").or(prompts.cancel_key);
    let agent_prompt = reader
        .optional_text("callback_agent_prompt", "the name of a file in prompts_dir")
        .unwrap_or_else(|| prompts.agent_prompt.clone());
    let by_key = key.map(|key| CallbackPlan { key, cancel_key, agent_prompt, ..prompts });
    Callbacks { rules, by_key }
}

/// `[dialing]`: calls that agents make from a screen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dialing {
    /// What the dial gate goes by.
    pub gate: Rules,
    /// Conversations of agents' own callbacks are recorded.
    pub recording: bool,
    /// Prompts that campaigns may play: to machines, to people instead of an agent, and as safe harbour.
    pub messages: Vec<String>,
    /// A campaign is approved by another person than who wrote or submitted it.
    pub four_eyes: bool,
}

/// The company's black and white list, countries, what takes a PIN, and whether it is recorded.
pub(super) fn read_dialing(reader: &mut Reader<'_>) -> Dialing {
    let blacklist = patterns(reader, "blacklist");
    let whitelist = patterns(reader, "whitelist");
    let countries = reader.texts("countries", "country codes, e.g. [\"44\", \"353\"]");
    let mut prefixes = Vec::new();
    for code in countries {
        match Pattern::prefix(&format!("+{code}")) {
            Ok(prefix) => prefixes.push(prefix),
            Err(_) => reader.fault("countries", format!("\"{code}\" is no country code, e.g. \"44\"")),
        }
    }
    let numbers = patterns(reader, "pin_for");
    let pin = reader.optional_secret("pin", "4 to 20 digits");
    let pin = match (pin, numbers.is_empty()) {
        (None, true) => None,
        (Some(pin), false) if (4..=20).contains(&pin.len()) && pin.bytes().all(|b| b.is_ascii_digit()) => {
            Some(PinRule { numbers, pin })
        }
        _ => {
            reader.fault("pin", "goes with `pin_for`, and has 4 to 20 digits");
            None
        }
    };
    let recording = reader.flag("recording", false);
    let rule_set = read_rule_set(reader);
    let verified = read_verified(reader);
    let messages = reader.texts("messages", "names of files in prompts_dir, e.g. [\"safe-harbour\"]");
    let four_eyes = reader.flag("four_eyes", true);
    let gate = Rules { blacklist, whitelist, countries: prefixes, pin, outbound: None, rule_set, verified };
    Dialing { gate, recording, messages, four_eyes }
}

fn read_rule_set(reader: &mut Reader<'_>) -> Choice {
    let right = "\"neutral\", \"us\", \"uk\", \"canada\" or \"by_number\"";
    let Some(text) = reader.optional_text("rule_set", right) else { return Choice::default() };
    text.parse().unwrap_or_else(|_| {
        reader.fault("rule_set", format!("is \"{text}\"; expected {right}"));
        Choice::default()
    })
}

/// Who compared which clause with the text of its source.
fn read_verified(reader: &mut Reader<'_>) -> Vec<Verified> {
    let mut verified = Vec::new();
    for (clause, by) in reader.pairs("verified", "clauses with who compared them with their source, and when") {
        let is_known = RuleSet::ALL.iter().flat_map(|set| set.clauses).any(|known| known.id == clause);
        if is_known && !by.trim().is_empty() {
            verified.push(Verified { clause, by });
        } else {
            reader.fault("verified", format!("\"{clause}\" is no clause of a rule set, or nobody stands beside it"));
        }
    }
    verified.sort_by(|a, b| a.clause.cmp(&b.clause));
    verified
}

pub(super) fn patterns(reader: &mut Reader<'_>, key: &'static str) -> Vec<Pattern> {
    let right = "numbers like \"+442071234567\" and prefixes like \"+4479*\"";
    let mut read = Vec::new();
    for text in reader.texts(key, right) {
        match text.parse() {
            Ok(pattern) => read.push(pattern),
            Err(_) => reader.fault(key, format!("\"{text}\" is neither; expected {right}")),
        }
    }
    read
}

fn read_key(reader: &mut Reader<'_>, key: &'static str) -> Option<char> {
    let right = "one key of a phone: 0 to 9, * or #";
    let text = reader.optional_text(key, right)?;
    let mut chars = text.chars();
    match (chars.next(), chars.next()) {
        (Some(digit @ ('0'..='9' | '*' | '#')), None) => Some(digit),
        _ => {
            reader.fault(key, format!("is \"{text}\"; expected {right}"));
            None
        }
    }
}
