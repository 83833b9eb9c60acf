//! The projector: follows the journal and writes rows, each entry counting once.
//!
//! Rows and the position of the last entry behind them are written in one
//! transaction, so a crash between any two instructions neither loses nor
//! doubles a row. It reads only entries that are synced, so the database is
//! never ahead of the journal. A call's rows are written when the call ends;
//! calls that are still open are read again at a start (`resume`). An assertion
//! that breaks in it ends a pass over the journal, not the projector (`passes`).

mod claim;
mod fold;
mod metrics;
mod passes;
mod writes;

use std::sync::Arc;
use std::time::Duration;

use clock::WallTime;
use journal::{Journal, Stored, Tail};
use journal_core::{Durability, Position};
use tokio::sync::watch;

use crate::database::{Database, Failure};
use crate::lost::{self, Rules};
use crate::naming::Naming;
use fold::{Fold, Plan};
use passes::{Broken, Passes, caught};

pub use claim::{PrepareError, Refusal};
pub use metrics::{ProjectorMetrics, ProjectorState};

/// The projector's task, before it runs.
#[derive(Clone, Debug)]
pub struct Projector {
    database: Database,
    journal: Journal,
    /// As known when a pass begins.
    naming: Naming,
    /// Last entry taken, and oldest position that may have to be read again.
    applied: watch::Sender<Position>,
    resume: watch::Sender<Position>,
    counters: Arc<metrics::Counters>,
}

/// One pass over the journal, to its end or to a broken assertion.
struct Pass {
    projector: Projector,
    passes: Passes,
    fold: Fold,
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
            naming,
            applied: watch::Sender::new(Position::START),
            resume: watch::Sender::new(Position::START),
            counters: Arc::default(),
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
    /// trying, and nothing waits for it. A broken assertion is told, counted and
    /// bounded: an entry that breaks one alone, twice, is put aside.
    pub async fn run(mut self) {
        let passes = Passes::default();
        loop {
            let fold = Fold::new(self.naming.clone(), Rules::default());
            let pass = Pass { projector: self.clone(), passes: passes.clone(), fold, unstored: 0 };
            let Err(why) = caught(pass.run()).await else { return };
            let Broken { at, is_put_aside } = passes.broke();
            tracing::error!(target: "records", %why, at = at.sequence, is_put_aside,
                "the projector broke an assertion: it begins anew, records come later");
            self.counters.broke();
            tokio::time::sleep(LAST_PAUSE).await;
            self.naming = passes.naming().unwrap_or(self.naming);
        }
    }

    /// Prepares until it works, and reads the rules of lost calls; none when the database is refused.
    async fn ready(&self) -> Option<Rules> {
        let mut pause = FIRST_PAUSE;
        loop {
            match self.prepared().await {
                Ok(rules) => {
                    self.counters.working();
                    return Some(rules);
                }
                Err(PrepareError::Away(why)) => self.counters.away(&why.to_string()),
                Err(PrepareError::Refused(why)) => {
                    tracing::error!(target: "records", %why, "nothing is written to the database");
                    self.counters.refused();
                    return None;
                }
            }
            tokio::time::sleep(pause).await;
            pause = longer(pause);
        }
    }

    async fn prepared(&self) -> Result<Rules, PrepareError> {
        self.prepare().await?;
        Ok(lost::rules(&self.database).await?)
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

impl Pass {
    async fn run(mut self) {
        let Some(rules) = self.projector.ready().await else { return };
        self.fold.follow(rules);
        let before = *self.projector.applied.borrow();
        let resume = *self.projector.resume.borrow();
        let mut tail = self.projector.journal.subscribe(resume, Durability::Synced).with_rest(REST);
        loop {
            let read = next(&mut tail).await;
            if read.is_empty() {
                return;
            }
            let counters = Arc::clone(&self.projector.counters);
            counters.pending_since(read.first().map_or(WallTime::default(), |first| first.written_at));
            let (old, new): (Vec<_>, Vec<_>) = read.iter().partition(|stored| stored.position <= before);
            for stored in &old {
                if self.passes.begin(std::slice::from_ref(stored)) {
                    self.fold.restore(stored);
                }
            }
            self.passes.learn(&old, self.fold.naming());
            for batch in self.passes.batches(&new) {
                self.project(batch).await;
            }
            counters.nothing_pending();
        }
    }

    async fn project(&mut self, entries: &[&Arc<Stored>]) {
        let Some(last) = entries.last().map(|stored| stored.position) else { return };
        let plan = match self.passes.begin(entries) {
            true => self.fold.plan(entries, last),
            false => self.fold.put_aside(entries, last),
        };
        self.unstored += entries.len() as u64;
        if !plan.is_empty() || self.unstored >= STORE_POSITION_EVERY {
            self.projector.write_until_it_works(&plan).await;
            self.unstored = 0;
            self.projector.resume.send_replace(plan.resume);
        }
        self.passes.learn(entries, self.fold.naming());
        self.projector.counters.applied(entries.len(), plan.poisoned());
        self.projector.applied.send_replace(last);
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

#[cfg(test)]
mod tests;
