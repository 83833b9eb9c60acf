//! `[lost_calls]`: what wins a lost call back, and when one is overdue.

use std::time::Duration;

use journal_core::{LostCallRules, Recovers};

use super::reader::Reader;

/// `[lost_calls]`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LostCalls {
    /// What wins a lost call back.
    pub rules: LostCallRules,
    /// How long one may wait to be called back; zero for ever.
    pub overdue: Duration,
}

pub(super) fn read_lost_calls(reader: &mut Reader<'_>) -> LostCalls {
    let recovers = reader.optional_text("recovers", "\"newest\", \"oldest\" or \"all\"");
    let recovers = match recovers.as_deref() {
        None | Some("newest") => Recovers::Newest,
        Some("oldest") => Recovers::Oldest,
        Some("all") => Recovers::All,
        Some(other) => {
            reader.fault("recovers", format!("\"{other}\" is not \"newest\", \"oldest\" or \"all\""));
            Recovers::Newest
        }
    };
    LostCalls {
        rules: LostCallRules {
            recovers,
            only_answered: reader.flag("only_answered", false),
            outbound_auto: reader.flag("outbound_auto", false),
            window_s: reader.number("window_s", 0, 366 * 86_400, 0) as u32,
        },
        overdue: read_overdue(reader, "overdue_s").unwrap_or(OVERDUE),
    }
}

/// How long a lost call may wait to be called back, where it is said.
pub(super) fn read_overdue(reader: &mut Reader<'_>, key: &'static str) -> Option<Duration> {
    let seconds = reader.number(key, 0, 7 * 86_400, NOT_SAID);
    u64::try_from(seconds).ok().map(Duration::from_secs)
}

const NOT_SAID: i64 = -1;
/// Who gave up an hour ago has called somebody else.
const OVERDUE: Duration = Duration::from_secs(3_600);
