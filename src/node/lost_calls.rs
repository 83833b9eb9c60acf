//! Tells when a lost call is overdue, and when a call out won one back: each once a call, also over restarts.
//!
//! What was told is a journal entry, which live events are made of, and which the projector notes in the rows. Before
//! the rows are asked again, all that the journal has is in them.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use admin_api::Metrics;
use clock::{CallId, WallTime};
use journal::Journal;
use journal_core::{Durability, Entry, Position, RecoveredCall};
use records::{Database, DatabaseUnavailable, LostCall, OverdueCall, Resolved};
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use super::entries::NodeEntries;
use crate::clock_source::wall_now;
use crate::config::Config;

/// How long lost calls may wait to be called back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Patience {
    /// Those of queues that are not named; zero for ever.
    others: Duration,
    /// Those of each of these queues.
    queues: Vec<(String, Duration)>,
}

/// What it takes to look for overdue calls.
pub(super) struct LostCallWatch {
    pub(super) account: String,
    pub(super) database: Database,
    pub(super) journal: Journal,
    pub(super) entries: NodeEntries,
    /// The last entry whose rows are in the database.
    pub(super) applied: watch::Receiver<Position>,
    pub(super) patience: watch::Receiver<Patience>,
    pub(super) metrics: Arc<Metrics>,
}

/// What was told in this process and may be in no row yet.
#[derive(Debug, Default)]
struct Told {
    overdue: BTreeSet<CallId>,
    recovered: BTreeSet<CallId>,
}

impl Patience {
    pub(super) fn of(config: &Config) -> Self {
        let named = config.queues.iter().filter_map(|queue| Some((queue.name.clone(), queue.lost_overdue?)));
        Self { others: config.lost_calls.overdue, queues: named.collect() }
    }

    /// Which lost calls are overdue at a moment.
    fn overdue_at(&self, now: WallTime) -> impl Iterator<Item = OverdueCall> {
        let each = self.queues.iter().map(|(queue, patience)| (Some(queue.clone()), *patience));
        each.chain([(None, self.others)]).filter(|(_, patience)| !patience.is_zero()).map(move |(queue, patience)| {
            OverdueCall { queue, ended_after: earlier(now, LOOK_BACK), ended_by: earlier(now, patience) }
        })
    }
}

impl LostCallWatch {
    /// Looks as long as the node runs.
    pub(super) async fn run(mut self) {
        let mut told = Told::default();
        for round in 0_u64.. {
            sleep(EVERY).await;
            match self.look(&mut told).await {
                Ok(()) => {}
                Err(away) => tracing::debug!(%away, "overdue lost calls are looked for later"),
            }
            if round.is_multiple_of(ROUNDS_A_COUNT) {
                self.count().await;
            }
        }
    }

    async fn look(&mut self, told: &mut Told) -> Result<(), DatabaseUnavailable> {
        let written = self.journal.reached(Durability::Written);
        let caught_up = timeout(CATCH_UP_MAX, self.applied.wait_for(|applied| *applied >= written)).await;
        if !caught_up.is_ok_and(|applied| applied.is_ok()) {
            return Ok(());
        }
        let now = wall_now();
        let overdue = self.overdue(now).await?;
        self.tell(&mut told.overdue, overdue);
        let recovered = self.recovered(now).await?;
        self.tell(&mut told.recovered, recovered);
        Ok(())
    }

    async fn overdue(&self, now: WallTime) -> Result<Vec<(CallId, Entry)>, DatabaseUnavailable> {
        let patience = self.patience.borrow().clone();
        let named: Vec<String> = patience.queues.iter().map(|(queue, _)| queue.clone()).collect();
        let mut found = Vec::new();
        for which in patience.overdue_at(now) {
            let calls = self.database.overdue_lost_calls(&self.account, &which, &named, AT_ONCE).await?;
            found.extend(calls.into_iter().map(|call| {
                let LostCall { id, account, number, queue, agent, ended_at: lost_at, .. } = call;
                (id, Entry::LostCallOverdue { call: id, account, number, queue, agent, lost_at, at: now })
            }));
        }
        Ok(found)
    }

    async fn recovered(&self, now: WallTime) -> Result<Vec<(CallId, Entry)>, DatabaseUnavailable> {
        let calls = self.database.untold_recoveries(&self.account, earlier(now, LOOK_BACK), AT_ONCE).await?;
        let told = calls.into_iter().filter_map(|call| {
            let Resolved { at: recovered_at, by, .. } = call.state.recovered()?;
            let LostCall { id, account, number, queue, agent, ended_at: lost_at, .. } = call;
            let told = RecoveredCall { call: id, account, number, queue, agent, lost_at, by, recovered_at, at: now };
            Some((id, Entry::CallRecovered(Box::new(told))))
        });
        Ok(told.collect())
    }

    /// Journals what was not told yet in this process; `told` then holds what was told and may be in no row.
    fn tell(&self, told: &mut BTreeSet<CallId>, found: Vec<(CallId, Entry)>) {
        told.retain(|call| found.iter().any(|(known, _)| known == call));
        for (call, entry) in found {
            if !told.contains(&call) && self.entries.try_append(entry).is_ok() {
                told.insert(call);
            }
        }
    }

    async fn count(&self) {
        let since = earlier(wall_now(), LOOK_BACK);
        if let Ok(counts) = self.database.lost_call_counts(&self.account, since).await {
            let set = |state, count: u64| self.metrics.set_lost_calls(state, i64::try_from(count).unwrap_or(i64::MAX));
            set("open", counts.open);
            set("overdue", counts.overdue);
        }
    }
}

fn earlier(at: WallTime, by: Duration) -> WallTime {
    WallTime::from_micros(at.as_micros().saturating_sub(i64::try_from(by.as_micros()).unwrap_or(i64::MAX)))
}

/// One is told this much late at most.
const EVERY: Duration = Duration::from_secs(1);
/// Open lost calls are counted every ten seconds.
const ROUNDS_A_COUNT: u64 = 10;
/// A database that is away or behind is waited for in the next round.
const CATCH_UP_MAX: Duration = Duration::from_secs(10);
/// Older ones are nobody's to be told of: no threshold is longer.
const LOOK_BACK: Duration = Duration::from_secs(8 * 86_400);
/// Told in one round, of each threshold: the rest follows a second later.
const AT_ONCE: usize = 100;
