//! What outlives a broken assertion in the projector: where it broke, and which entries are put aside for it.
//!
//! The next pass takes the entries of the batch that broke one by one. One that breaks it alone twice is put aside, as
//! one that the database refuses is.

use std::any::Any;
use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;

use journal::Stored;
use journal_core::{Entry, Position};

use crate::naming::Naming;

/// Shared by a pass and what follows it.
#[derive(Clone, Debug, Default)]
pub(super) struct Passes(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    /// First and last entry of the batch in work.
    taking: Option<(Position, Position)>,
    /// Up to this entries are taken one by one.
    careful_until: Position,
    /// The entry that broke the last pass alone.
    suspect: Option<Position>,
    barred: BTreeSet<Position>,
    naming: Option<Naming>,
}

/// Where a pass broke.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Broken {
    pub(super) at: Position,
    pub(super) is_put_aside: bool,
}

impl Passes {
    /// The batch is taken now. False for an entry that broke passes alone.
    pub(super) fn begin(&self, entries: &[&Arc<Stored>]) -> bool {
        let (Some(first), Some(last)) = (entries.first(), entries.last()) else { return true };
        let mut state = self.lock();
        state.taking = Some((first.position, last.position));
        entries.iter().all(|stored| !state.barred.contains(&stored.position))
    }

    /// Cuts entries into batches: one by one where a pass broke before.
    pub(super) fn batches<'a, 'b>(&self, entries: &'a [&'b Arc<Stored>]) -> Vec<&'a [&'b Arc<Stored>]> {
        let careful = self.lock().careful_until;
        let (alone, together) = entries.split_at(entries.partition_point(|stored| stored.position <= careful));
        let together = (!together.is_empty()).then_some(together);
        alone.chunks(1).chain(together).collect()
    }

    /// Keeps the names for the next pass, which does not read all of them again.
    pub(super) fn learn(&self, taken: &[&Arc<Stored>], naming: &Naming) {
        if taken.iter().any(|stored| matches!(stored.entry, Ok(Entry::Name { .. }))) {
            self.lock().naming = Some(naming.clone());
        }
    }

    /// The names that are known, if there were new ones.
    pub(super) fn naming(&self) -> Option<Naming> {
        self.lock().naming.clone()
    }

    /// A pass broke: what the next one does otherwise.
    pub(super) fn broke(&self) -> Broken {
        let mut state = self.lock();
        let Some((first, last)) = state.taking.take() else {
            return Broken { at: Position::START, is_put_aside: false };
        };
        state.careful_until = state.careful_until.max(last);
        let again = state.suspect.replace(first) == Some(first) && first == last;
        let is_put_aside = again && state.barred.len() < BARRED_MAX && state.barred.insert(first);
        state.suspect = (first == last).then_some(first);
        Broken { at: first, is_put_aside }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Runs `work`; what an assertion said when it broke. `work` is gone then, with all that it had.
pub(super) async fn caught<T>(work: impl Future<Output = T>) -> Result<T, String> {
    let mut work = pin!(work);
    std::future::poll_fn(|context| match catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(context))) {
        Ok(polled) => polled.map(Ok),
        Err(broken) => Poll::Ready(Err(words_of(broken.as_ref()))),
    })
    .await
}

fn words_of(broken: &(dyn Any + Send)) -> String {
    let said = broken.downcast_ref::<&str>().map(|words| (*words).to_owned());
    said.or_else(|| broken.downcast_ref::<String>().cloned()).unwrap_or_else(|| "no words".to_owned())
}

/// With so many the fault is not in the entries: it goes on trying, once a second, and is told each time.
const BARRED_MAX: usize = 1_000;
