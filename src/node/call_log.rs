//! One log line an event of a call, each with the call's id. Numbers and names of people are not in it: the record
//! has them, for those who may see it.

use clock::Instant;
use journal_core::{CallEntry, CallEvent, CallRecord};
use records::Word;

/// Writes the lines. What broke is a warning; all else shows with `calls=debug`.
#[derive(Debug, Default)]
pub(super) struct CallLog {
    second: Option<Instant>,
    warned: u32,
    left_out: u64,
}

impl CallLog {
    /// Something happened to a call; `record` is what is known of it by now.
    pub(super) fn write(&mut self, now: Instant, entry: &CallEntry, record: Option<&CallRecord>) {
        let CallEvent::Ended { cause, .. } = &entry.event else {
            tracing::debug!(target: TARGET, call = %entry.call, event = entry.event.type_word());
            return;
        };
        let status = record.map_or("unknown", |record| record.status.word());
        let (code, sip, sip_call_id) = (&*cause.code, cause.sip, record.and_then(|record| record.sip_call_ids.first()));
        if FAULTS.contains(&code) && self.may_warn(now) {
            tracing::warn!(target: TARGET, call = %entry.call, sip_call_id, status, code, sip, "a call failed");
        } else {
            tracing::debug!(target: TARGET, call = %entry.call, sip_call_id, status, code, sip, "a call ended");
        }
    }

    /// A fault that hits every call must not fill the disk with the same line.
    fn may_warn(&mut self, now: Instant) -> bool {
        if self.second.is_none_or(|second| now.since(second) >= A_SECOND) {
            if self.left_out > 0 {
                tracing::warn!(target: TARGET, calls = self.left_out, "more calls failed; not listed");
            }
            (self.second, self.warned, self.left_out) = (Some(now), 0, 0);
        }
        self.warned += 1;
        let may = self.warned <= WARNINGS_A_SECOND;
        self.left_out += u64::from(!may);
        may
    }
}

/// The part's name in filters.
const TARGET: &str = "calls";
/// Causes (docs/causes.md) that neither caller nor agent chose: something between us and them is broken.
const FAULTS: [&str; 7] =
    ["media_unavailable", "node_restart", "overload", "peer_gone", "rtp_timeout", "transport", "upstream"];
const WARNINGS_A_SECOND: u32 = 20;
const A_SECOND: std::time::Duration = std::time::Duration::from_secs(1);
