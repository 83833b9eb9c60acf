//! Stays of calls in queues: from a call's steps, and in the database.
//!
//! Reports count them, so that each number can be listed call by call.

use std::fmt;
use std::str::FromStr;

use clock::{CallId, QueueId, WallTime};
use journal_core::{CallEntry, CallEvent, CallRecord, QueueLeft};

use crate::columns;
use crate::database::{Bind, Database, DatabaseUnavailable, Failure, Row, Transaction, Value, sql};
use crate::filter::BadCursor;
use crate::live::LiveCalls;
use crate::naming::Naming;
use crate::words::Word;

/// A call's stay in a queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueVisit {
    /// The call.
    pub call_id: CallId,
    /// The how-many-th stay of the call, from 1.
    pub ordinal: u32,
    /// Name of the queue.
    pub queue: String,
    /// When the call entered: its wait runs from here.
    pub entered_at: WallTime,
    /// When and how it left; `None` while it waits.
    pub left: Option<(WallTime, QueueLeft)>,
}

/// Which stays a report or a list is of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VisitFilter {
    /// The account; from the credential only.
    pub account: String,
    /// Any of these queues, by name; `None` for all.
    pub queues: Option<Vec<String>>,
    /// Entered at or after.
    pub from: WallTime,
    /// Entered before.
    pub to: WallTime,
    /// Go on behind this one.
    pub behind: Option<VisitPlace>,
    /// How many, 1 to [`MAX_VISITS_READ`].
    pub limit: usize,
}

/// The place of a stay in its list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct VisitPlace {
    /// When it began.
    pub entered_at: WallTime,
    /// The call.
    pub call_id: CallId,
    /// Which of its stays.
    pub ordinal: u32,
}

/// Folds the steps of one call into its stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct VisitFold {
    is_internal: bool,
    visits: Vec<(QueueId, WallTime, Option<Left>)>,
}

/// When and how a stay ended.
type Left = (WallTime, QueueLeft);

impl VisitFold {
    /// Of a call that begins; one between own parties has no stays.
    pub(crate) fn of(call: &CallRecord) -> Self {
        Self { is_internal: call.internal, visits: Vec::new() }
    }

    /// Takes the next step. The same rules as those of the live figures: another queue ends the stay before, and so
    /// does the end of the call; an attempt of a callback is no caller who waits.
    pub(crate) fn take(&mut self, step: &CallEntry) {
        if self.is_internal {
            return;
        }
        let open = self.visits.last_mut().filter(|(_, _, left)| left.is_none());
        match (&step.event, open) {
            (CallEvent::QueueEntered { queue, .. }, open) if !step.is_callback_place() => {
                if let Some((waits_in, _, left)) = open {
                    if waits_in == queue {
                        return;
                    }
                    *left = Some((step.at, QueueLeft::Moved));
                }
                if self.visits.len() < MAX_VISITS {
                    self.visits.push((*queue, step.at, None));
                }
            }
            (CallEvent::QueueLeft { queue, how }, Some((waits_in, _, left))) if waits_in == queue => {
                *left = Some((step.at, *how));
            }
            (CallEvent::Ended { .. }, Some((_, _, left))) => *left = Some((step.at, QueueLeft::Ended)),
            _ => {}
        }
    }

    /// The stays, with names.
    pub(crate) fn visits(&self, call_id: CallId, naming: &Naming) -> impl Iterator<Item = QueueVisit> {
        self.visits.iter().zip(1..).map(move |(&(queue, entered_at, left), ordinal)| {
            let queue = naming.queue(queue);
            QueueVisit { call_id, ordinal, queue, entered_at, left }
        })
    }
}

impl QueueVisit {
    /// Where it stands in a list.
    #[must_use]
    pub const fn place(&self) -> VisitPlace {
        VisitPlace { entered_at: self.entered_at, call_id: self.call_id, ordinal: self.ordinal }
    }
}

impl VisitFilter {
    /// Whether a stay is meant; its account is known to be the right one.
    pub(crate) fn matches(&self, visit: &QueueVisit) -> bool {
        (self.from..self.to).contains(&visit.entered_at)
            && self.queues.as_ref().is_none_or(|queues| queues.contains(&visit.queue))
            && self.behind.is_none_or(|behind| visit.place() > behind)
    }

    fn rows(&self) -> usize {
        self.limit.clamp(1, MAX_VISITS_READ)
    }
}

/// Stays that match, of live and of stored calls, in order of their beginning, and whether there are more.
///
/// # Errors
/// When the database is away: a report that lacks calls would be wrong.
pub async fn queue_visits(
    database: &Database,
    live: &LiveCalls,
    filter: &VisitFilter,
) -> Result<(Vec<QueueVisit>, bool), DatabaseUnavailable> {
    // Live ones first: a call that is stored meanwhile is in both, never in neither.
    let mut visits = live.visits(filter);
    visits.extend(database.visits(filter).await?);
    visits.sort_by_key(QueueVisit::place);
    visits.dedup_by_key(|visit| visit.place());
    let more = visits.len() > filter.rows();
    visits.truncate(filter.rows());
    Ok((visits, more))
}

impl Database {
    async fn visits(&self, filter: &VisitFilter) -> Result<Vec<QueueVisit>, DatabaseUnavailable> {
        let mut query = sql("SELECT call_id, ordinal, queue, entered_at, left_at, how FROM queue_visits");
        query.push(" WHERE account = ").push_bind(filter.account.as_str());
        query.push(" AND entered_at >= ").push_bind(filter.from);
        query.push(" AND entered_at < ").push_bind(filter.to);
        match filter.queues.as_deref() {
            Some([]) => return Ok(Vec::new()),
            Some(queues) => _ = query.push(" AND queue IN ").push_list(queues.iter().map(String::as_str)),
            None => {}
        }
        if let Some(VisitPlace { entered_at, call_id, ordinal }) = filter.behind {
            let behind = [entered_at.value(), call_id.value(), ordinal.value()];
            query.push(" AND (entered_at, call_id, ordinal) > ").push_list(behind);
        }
        query.push(" ORDER BY entered_at, call_id, ordinal LIMIT ").push_bind(filter.rows() as u64 + 1);
        let rows = self.rows(query).await?;
        Ok(rows.iter().map(visit).collect::<Result<_, _>>()?)
    }
}

/// Writes the stays of calls once.
pub(crate) async fn write(to: &mut Transaction, visits: &[(&str, &QueueVisit)]) -> Result<(), Failure> {
    let rows = visits.iter().filter_map(|(account, visit)| row(account, visit));
    to.insert(INSERT, rows.collect(), " ON CONFLICT (call_id, ordinal) DO NOTHING").await
}

/// In the order of `INSERT`; none for a stay that is not over, which an ended call has not.
fn row(account: &str, visit: &QueueVisit) -> Option<Vec<Value>> {
    let (left_at, how) = visit.left?;
    Some(vec![
        visit.call_id.value(),
        visit.ordinal.value(),
        account.value(),
        visit.queue.as_str().value(),
        visit.entered_at.value(),
        left_at.value(),
        how.word().value(),
    ])
}

fn visit(row: &Row) -> Result<QueueVisit, sqlx::Error> {
    Ok(QueueVisit {
        call_id: columns::call_id(row, 0)?,
        ordinal: u32::try_from(columns::optional_count(row, 1)?.unwrap_or(0)).unwrap_or(u32::MAX),
        queue: row.try_get(2)?,
        entered_at: columns::time(row, 3)?,
        left: Some((columns::time(row, 4)?, columns::word(row, 5)?)),
    })
}

impl fmt::Display for VisitPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}{:032x}{:08x}", self.entered_at.as_micros(), self.call_id.0, self.ordinal)
    }
}

impl FromStr for VisitPlace {
    type Err = BadCursor;

    fn from_str(text: &str) -> Result<Self, BadCursor> {
        let is_hexadecimal = text.len() == 56 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        let part = |from: usize, to: usize| text.get(from..to).filter(|_| is_hexadecimal).ok_or(BadCursor);
        let entered_at = u64::from_str_radix(part(0, 16)?, 16).map_err(|_| BadCursor)?;
        Ok(Self {
            entered_at: WallTime::from_micros(entered_at.cast_signed()),
            call_id: CallId(u128::from_str_radix(part(16, 48)?, 16).map_err(|_| BadCursor)?),
            ordinal: u32::from_str_radix(part(48, 56)?, 16).map_err(|_| BadCursor)?,
        })
    }
}

/// Stays read at once: a few megabytes.
pub const MAX_VISITS_READ: usize = 10_000;
const INSERT: &str = "INSERT INTO queue_visits (call_id, ordinal, account, queue, entered_at, left_at, how) VALUES";
/// Stays of one call: a caller who is moved this often has other sorrows.
const MAX_VISITS: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;
    use journal_core::{CallStatus, Cause, Outcome, Who};

    fn step(at: i64, event: CallEvent) -> CallEntry {
        CallEntry { call: CallId(1), seq: at as u32 + 2, at: WallTime::from_micros(at), event }
    }

    fn entered(at: i64, queue: u32) -> CallEntry {
        step(at, CallEvent::QueueEntered { queue: QueueId(queue), arrived: WallTime::from_micros(0), priority: 0 })
    }

    #[test]
    fn steps_fold_into_stays() {
        let cause = Cause { who: Who::System, q850: None, sip: None, code: "node_restart".to_owned() };
        let ended = CallEvent::Ended { status: CallStatus::Failed, outcome: Outcome::Error, cause };
        let left = |queue, how| CallEvent::QueueLeft { queue: QueueId(queue), how };
        let steps = [
            entered(0, 9),
            entered(1, 7),
            entered(2, 7),
            step(3, left(8, QueueLeft::Abandoned)),
            entered(4, 8),
            step(5, left(8, QueueLeft::TimedOut)),
            step(6, left(8, QueueLeft::Abandoned)),
            entered(7, 7),
            step(8, ended),
        ];
        let mut fold = VisitFold::default();
        steps.iter().for_each(|step| fold.take(step));
        let at = WallTime::from_micros;
        let expected = [
            (QueueId(7), at(1), Some((at(4), QueueLeft::Moved))),
            (QueueId(8), at(4), Some((at(5), QueueLeft::TimedOut))),
            (QueueId(7), at(7), Some((at(8), QueueLeft::Ended))),
        ];
        assert_eq!(fold.visits, expected, "the first is the place of a callback");
    }

    #[test]
    fn places_read_back() {
        let place = VisitPlace { entered_at: WallTime::from_micros(7), call_id: CallId(u128::MAX), ordinal: 3 };
        assert_eq!(place.to_string().parse(), Ok(place));
        assert_eq!("7".parse::<VisitPlace>(), Err(BadCursor));
    }
}
