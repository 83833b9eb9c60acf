//! What a `[[queue]]` is measured by: its service level, and when its supervisors are alerted.

use acd::measure::{Goal, Thresholds};
use centre::QueueRules;

use super::reader::Reader;
use super::seconds;

pub(super) fn read(reader: &mut Reader<'_>) -> QueueRules {
    let goal = Goal {
        within: seconds(reader.number("service_level_s", 1, 3_600, 20)),
        share: percent(reader, "service_level_percent").unwrap_or(0.8),
        short: seconds(reader.number("short_abandon_s", 0, 600, 5)),
    };
    let number = |reader: &mut Reader<'_>, key, max| u32::try_from(reader.number(key, 0, max, NOT_SAID)).ok();
    let thresholds = Thresholds {
        waiting: number(reader, "alert_waiting", 1_000_000),
        longest_wait: number(reader, "alert_longest_wait_s", 86_400).map(|s| seconds(s.into())),
        service_level: percent(reader, "alert_service_level_percent"),
        abandoned: percent(reader, "alert_abandoned_percent"),
        no_agent_ready: number(reader, "alert_no_agent_ready_s", 86_400).map(|s| seconds(s.into())),
    };
    QueueRules { goal, thresholds }
}

/// A part of 1, written in per cent.
fn percent(reader: &mut Reader<'_>, key: &'static str) -> Option<f64> {
    u8::try_from(reader.number(key, 0, 100, NOT_SAID)).ok().map(|percent| f64::from(percent) / 100.0)
}

const NOT_SAID: i64 = -1;
