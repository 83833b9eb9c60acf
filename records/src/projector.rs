//! The projector: follows the journal and writes rows, each entry counting once.
//!
//! Rows and the position of the last entry behind them are written in one
//! transaction, so a crash between any two instructions neither loses nor
//! doubles a row. It reads only entries that are synced, so the database is
//! never ahead of the journal. A call's rows are written when the call ends;
//! calls that are still open are read again at a start (`resume`).

mod claim;
mod fold;
mod metrics;
mod writes;

use std::sync::Arc;
use std::time::Duration;

use clock::WallTime;
use journal::{Journal, Stored, Tail};
use journal_core::{Durability, Position};
use tokio::sync::watch;

use crate::database::{Database, Failure};
use crate::naming::Naming;
use fold::{Fold, Plan};

pub use claim::{PrepareError, Refusal};
pub use metrics::{ProjectorMetrics, ProjectorState};

/// The projector's task, before it runs.
#[derive(Debug)]
pub struct Projector {
    database: Database,
    journal: Journal,
    fold: Fold,
    /// Last entry taken, and oldest position that may have to be read again.
    applied: watch::Sender<Position>,
    resume: watch::Sender<Position>,
    counters: Arc<metrics::Counters>,
    /// Entries taken since the position was last stored.
    unstored: u64,
}

impl Projector {
    /// A projector from `journal` to `database`. `naming` holds the names restored
    /// from the journal; later ones are read on the way.
    #[must_use]
    pub fn new(database: Database, journal: Journal, naming: Naming) -> Self {
        Self {
            database,
            journal,
            fold: Fold::new(naming),
            applied: watch::Sender::new(Position::START),
            resume: watch::Sender::new(Position::START),
            counters: Arc::default(),
            unstored: 0,
        }
    }

    /// The last entry whose rows are in the database: what live calls may be forgotten up to.
    #[must_use]
    pub fn applied(&self) -> watch::Receiver<Position> {
        self.applied.subscribe()
    }

    /// The oldest position that a restart would read again: what may be trimmed up to.
    #[must_use]
    pub fn resume(&self) -> watch::Receiver<Position> {
        self.resume.subscribe()
    }

    /// A handle to its counters.
    #[must_use]
    pub fn metrics(&self) -> ProjectorMetrics {
        ProjectorMetrics::new(self.counters.clone(), self.journal.clone(), self.applied.subscribe())
    }

    /// Brings the schema up to date and checks that database and journal belong
    /// together. Call it at the start: `Refused` must end the start, with its
    /// message; `Away` must not, [`Self::run`] tries again.
    ///
    /// # Errors
    /// See [`PrepareError`].
    pub async fn prepare(&self) -> Result<(), PrepareError> {
        let claim = claim::claim(&self.database, &self.journal).await?;
        self.resume.send_replace(claim.resume);
        self.applied.send_replace(claim.applied);
        Ok(())
    }

    /// Projects until the journal is closed. With the database away it keeps
    /// trying, and nothing waits for it.
    pub async fn run(mut self) {
        let mut pause = FIRST_PAUSE;
        while let Err(error) = self.prepare().await {
            match error {
                PrepareError::Away(why) => self.counters.away(&why.to_string()),
                PrepareError::Refused(why) => {
                    tracing::error!(target: "records", %why, "nothing is written to the database");
                    self.counters.refused();
                    return;
                }
            }
            tokio::time::sleep(pause).await;
            pause = longer(pause);
        }
        self.counters.working();
        let before = *self.applied.borrow();
        let mut tail = self.journal.subscribe(*self.resume.borrow(), Durability::Synced).with_rest(REST);
        loop {
            let read = next(&mut tail).await;
            let Some(last) = read.last().map(|stored| stored.position) else { return };
            self.counters.pending_since(read.first().map_or(WallTime::default(), |first| first.written_at));
            let (old, new): (Vec<_>, Vec<_>) = read.iter().partition(|stored| stored.position <= before);
            for stored in old {
                self.fold.restore(stored);
            }
            if !new.is_empty() {
                self.project(&new, last).await;
            }
            self.counters.nothing_pending();
        }
    }

    async fn project(&mut self, entries: &[&Arc<Stored>], last: Position) {
        let plan = self.fold.plan(entries, last);
        self.unstored += entries.len() as u64;
        if !plan.is_empty() || self.unstored >= STORE_POSITION_EVERY {
            self.write_until_it_works(&plan).await;
            self.unstored = 0;
            self.resume.send_replace(plan.resume);
        }
        self.counters.applied(entries.len(), plan.poisoned());
        self.applied.send_replace(last);
    }

    /// A row that the database refuses goes to the side table; with the database away the plan waits.
    async fn write_until_it_works(&self, plan: &Plan) {
        let mut pause = FIRST_PAUSE;
        loop {
            let failure = match writes::all(&self.database, &self.journal, plan).await {
                Ok(()) => break,
                Err(Failure::Row(why)) => {
                    tracing::warn!(target: "records", %why, "a row was refused: writing one by one");
                    match writes::one_by_one(&self.database, &self.journal, plan).await {
                        Ok(poisoned) => {
                            self.counters.poisoned(poisoned);
                            break;
                        }
                        Err(failure) => failure,
                    }
                }
                Err(away) => away,
            };
            match failure {
                Failure::Away(why) => self.counters.away(&why.to_string()),
                Failure::Row(why) => self.counters.away(&why),
            }
            tokio::time::sleep(pause).await;
            pause = longer(pause);
        }
        self.counters.working();
    }
}

/// Keeps the database's rows and lets it go on with this journal: what resolves a [`Refusal`].
///
/// # Errors
/// When the database is away, or a newer program made its tables.
pub async fn adopt(database: &Database, journal: &Journal) -> Result<(), PrepareError> {
    claim::adopt(database, journal).await
}

async fn next(tail: &mut Tail) -> Vec<Arc<Stored>> {
    loop {
        match tail.next(BATCH_ENTRIES).await {
            Ok(read) => return read,
            Err(why) => {
                tracing::warn!(target: "records", %why, "the projector waits for the journal");
                tokio::time::sleep(LAST_PAUSE).await;
            }
        }
    }
}

fn longer(pause: Duration) -> Duration {
    LAST_PAUSE.min(pause * 2)
}

/// One transaction: large enough to catch up quickly, small enough to hold no lock for long.
const BATCH_ENTRIES: usize = 2_048;
/// Between two transactions: the calls of 100 ms share one, and with it most pages that it writes. Live calls are shown
/// without the database, so nobody waits for this.
const REST: Duration = Duration::from_millis(100);
/// Entries that make no row are read again after a crash; this bounds how many.
const STORE_POSITION_EVERY: u64 = 10_000;
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LAST_PAUSE: Duration = Duration::from_secs(1);
