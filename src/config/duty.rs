//! The rules of agents' duty: `[[pause_reason]]`, `[[disposition]]`, and what queues and agents say of wrap-up, lines and
//! offers that are not taken.

use std::time::Duration;

use acd::{AtLimit, NotTaken, OfferRules, PauseRule, WrapUpMode};
use centre::{DispositionRule, PauseReason};

use super::reader::Reader;
use super::{Config, seconds};

/// What a queue says of the time after its calls, and of offers.
#[derive(Clone, Copy, Debug)]
pub struct QueueDuty {
    /// How its wrap-up ends.
    pub wrap_up_mode: WrapUpMode,
    /// By how much in all an agent may make it longer.
    pub wrap_up_extension: Duration,
    /// Its own rules for offers that are not taken.
    pub not_taken: Option<OfferRules>,
}

pub(super) fn read_pause_reason(reader: &mut Reader<'_>) -> PauseReason {
    let reason = reader.text("name", "a word for the reason, e.g. \"lunch\"");
    let label = reader.optional_text("label", "what people read").unwrap_or_else(|| reason.clone());
    let right = "\"break\" or \"other\"";
    let is_break = match reader.optional_text("kind", right).as_deref() {
        None | Some("other") => false,
        Some("break") => true,
        Some(other) => {
            reader.fault("kind", format!("is \"{other}\"; expected {right}"));
            false
        }
    };
    let limit = |reader: &mut Reader<'_>, key| Some(reader.number(key, 0, 86_400, 0)).filter(|limit| *limit > 0);
    let (of_pause, of_day) = (limit(reader, "limit_s").map(seconds), limit(reader, "day_limit_s").map(seconds));
    let right = "\"warn\", \"ready\" or \"sign_off\"";
    let at_limit = match reader.optional_text("at_limit", right).as_deref() {
        None | Some("warn") => AtLimit::Warn,
        Some("ready") => AtLimit::Ready,
        Some("sign_off") => AtLimit::SignOff,
        Some(other) => {
            reader.fault("at_limit", format!("is \"{other}\"; expected {right}"));
            AtLimit::Warn
        }
    };
    PauseReason { label, is_break, rule: PauseRule { reason, limit: of_pause, day_limit: of_day, at_limit } }
}

pub(super) fn read_disposition(reader: &mut Reader<'_>) -> DispositionRule {
    let code = reader.text("code", "a word for what came of a call, e.g. \"sold\"");
    if code == acd::NOT_SET {
        reader.fault("code", format!("is \"{code}\", which stands for a wrap-up that ended without one"));
    }
    DispositionRule {
        label: reader.optional_text("label", "what people read").unwrap_or_else(|| code.clone()),
        hotkey: Some(reader.number("hotkey", 0, 9, 0) as u8).filter(|key| *key > 0),
        is_success: reader.flag("is_success", false),
        requires_note: reader.flag("requires_note", false),
        requires_callback: reader.flag("requires_callback", false),
        queues: reader.optional_texts("queues", "names of [[queue]]").unwrap_or_default(),
        code,
    }
}

pub(super) fn read_queue_duty(reader: &mut Reader<'_>) -> QueueDuty {
    let right = "\"optional\", \"timed\", \"strict\" or \"mandatory\"";
    let wrap_up_mode = match reader.optional_text("wrap_up", right).as_deref() {
        None | Some("optional") => WrapUpMode::Optional,
        Some("timed") => WrapUpMode::Timed,
        Some("strict") => WrapUpMode::Strict,
        Some("mandatory") => WrapUpMode::Mandatory,
        Some(other) => {
            reader.fault("wrap_up", format!("is \"{other}\"; expected {right}"));
            WrapUpMode::Optional
        }
    };
    let wrap_up_extension = seconds(reader.number("wrap_up_extension_s", 0, 86_400, 0));
    let own = reader.flag("own_offer_rules", false);
    let not_taken = read_not_taken(reader);
    if !own && not_taken != OfferRules::default() {
        reader.fault("own_offer_rules", "is not true, so the queue's rules for offers not taken would do nothing");
    }
    QueueDuty { wrap_up_mode, wrap_up_extension, not_taken: own.then_some(not_taken) }
}

/// What follows offers that are not taken, of an agent or a queue.
pub(super) fn read_not_taken(reader: &mut Reader<'_>) -> OfferRules {
    let defaults = OfferRules::default();
    let mut rule = |keys: [&'static str; 3], default: NotTaken| NotTaken {
        rest: seconds(reader.number(keys[0], 0, 3_600, default.rest.as_secs() as i64)),
        pause_after: Some(reader.number(keys[1], 0, 100, -1)).filter(|count| *count >= 0).map(|count| count as u32),
        sign_off_after: reader.number(keys[2], 0, 100, 0) as u32,
    };
    OfferRules {
        missed: rule(["missed_rest_s", "missed_pause_after", "missed_sign_off_after"], defaults.missed),
        refused: rule(["refused_rest_s", "refused_pause_after", "refused_sign_off_after"], defaults.refused),
        unreachable: rule(
            ["unreachable_rest_s", "unreachable_pause_after", "unreachable_sign_off_after"],
            defaults.unreachable,
        ),
    }
}

pub(super) fn check(config: &Config, reader: &mut Reader<'_>) {
    for (at, one) in config.pause_reasons.iter().enumerate() {
        if config.pause_reasons[..at].iter().any(|known| known.rule.reason == one.rule.reason) {
            reader.fault(&format!("pause_reason[{at}].name"), format!("\"{}\" is there twice", one.rule.reason));
        }
    }
    for (at, one) in config.dispositions.iter().enumerate() {
        let is_twice = config.dispositions[..at].iter().any(|known| known.code == one.code);
        if is_twice {
            reader.fault(&format!("disposition[{at}].code"), format!("\"{}\" is there twice", one.code));
        }
        let shares = |known: &&DispositionRule| {
            known.queues.is_empty()
                || one.queues.is_empty()
                || known.queues.iter().any(|name| one.queues.contains(name))
        };
        let by_key = |known: &&DispositionRule| known.hotkey.is_some() && known.hotkey == one.hotkey;
        if let Some(other) = config.dispositions[..at].iter().filter(shares).find(by_key) {
            reader.fault(&format!("disposition[{at}].hotkey"), format!("is that of \"{}\" too", other.code));
        }
        for queue in one.queues.iter().filter(|name| !config.queues.iter().any(|queue| queue.name == **name)) {
            reader.fault(&format!("disposition[{at}].queues"), format!("names \"{queue}\", which is no [[queue]]"));
        }
    }
    for (at, queue) in config.queues.iter().enumerate() {
        let is_mandatory = queue.duty.wrap_up_mode == WrapUpMode::Mandatory;
        if is_mandatory && !config.dispositions.iter().any(|one| one.is_for(Some(&queue.name))) {
            let what = "is \"mandatory\", but no [[disposition]] is for this queue; add one";
            reader.fault(&format!("queue[{at}].wrap_up"), what.to_owned());
        }
        if is_mandatory && queue.wrap_up.is_zero() {
            reader
                .fault(&format!("queue[{at}].wrap_up_s"), "is 0; expected how long agents may take at most".to_owned());
        }
    }
}
