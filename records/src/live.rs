//! Calls that are not in the database yet: in memory, folded from the journal as it is written.
//!
//! It holds every call from its first entry until it is closed **and** its
//! rows are in the database, so live and stored calls together have no gap.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};
use std::time::Duration;

use clock::CallId;
use journal::{Journal, Stored, Tail};
use journal_core::{CallRecord, Durability, Entry, Position, Step};
use tokio::sync::watch;

use crate::filter::{CallFilter, Cursor};
use crate::naming::Naming;
use crate::visits::VisitFold;
use crate::{Call, JourneyStep, QueueVisit, VisitFilter};

/// A handle to the live calls; reading it waits for nobody.
#[derive(Clone, Debug)]
pub struct LiveCalls {
    state: Arc<RwLock<State>>,
    /// The last entry taken, for those who wait for one.
    taken: watch::Sender<Position>,
}

#[derive(Debug)]
struct State {
    naming: Naming,
    calls: BTreeMap<CallId, Box<LiveCall>>,
    /// The last entry taken.
    position: Position,
    applied: Position,
    /// Calls had to be forgotten before they were stored, the last of them with its end here.
    forgotten: Option<Position>,
}

#[derive(Debug)]
struct LiveCall {
    record: CallRecord,
    visits: VisitFold,
    entries: Vec<Arc<Stored>>,
    last: Position,
}

impl LiveCalls {
    /// Reads what is in the journal behind `from` (the projector's `resume`, or
    /// the start where the database is away). Returns when it has caught up, with what follows it from there on:
    /// a task that the node needs, as without it lists and events stand still.
    pub async fn start(
        journal: &Journal,
        naming: Naming,
        from: Position,
        applied: watch::Receiver<Position>,
    ) -> (Self, impl Future<Output = ()> + Send + 'static) {
        let known = *applied.borrow();
        let state = State { naming, calls: BTreeMap::new(), position: from, applied: known, forgotten: None };
        let live = Self { state: Arc::new(RwLock::new(state)), taken: watch::Sender::new(from) };
        let until = journal.reached(Durability::Written);
        let mut tail = journal.subscribe(from, Durability::Written);
        while tail.position() < until {
            if !live.take_next(&mut tail).await {
                break;
            }
        }
        let following = live.clone().follow(tail.with_rest(REST), applied);
        (live, following)
    }

    /// Live calls that match, in the filter's order.
    #[must_use]
    pub fn list(&self, filter: &CallFilter) -> Vec<Call> {
        let state = self.read();
        let calls = state.calls.values().map(|live| Call::of(&live.record, &state.naming));
        let mut matching: Vec<_> = calls.filter(|call| filter.matches(call)).collect();
        drop(state);
        matching.sort_by(|a, b| filter.sort.order(&Cursor::of(a), &Cursor::of(b)));
        matching
    }

    /// A live call of an account.
    #[must_use]
    pub fn call(&self, account: &str, id: CallId) -> Option<Call> {
        let state = self.read();
        let live = state.calls.get(&id)?;
        Some(Call::of(&live.record, &state.naming)).filter(|call| call.account == account)
    }

    /// The journey of a live call; its first 4,096 steps, all of them once it is stored.
    #[must_use]
    pub fn events(&self, id: CallId) -> Option<Vec<JourneyStep>> {
        let state = self.read();
        let live = state.calls.get(&id)?;
        let step = |stored: &Arc<Stored>| match &stored.entry {
            Ok(Entry::Call(step)) => Some(JourneyStep::of(step, &state.naming)),
            _ => None,
        };
        Some(live.entries.iter().filter_map(step).collect())
    }

    /// Stays in queues that match, in no order.
    pub(crate) fn visits(&self, filter: &VisitFilter) -> Vec<QueueVisit> {
        let state = self.read();
        let of_account = state.calls.values().filter(|live| state.naming.account_of(&live.record) == filter.account);
        let visits = of_account.flat_map(|live| live.visits.visits(live.record.id, &state.naming));
        visits.filter(|visit| filter.matches(visit)).collect()
    }

    /// Names as known now.
    #[must_use]
    pub fn naming(&self) -> Naming {
        self.read().naming.clone()
    }

    /// Names, and the last entry from which they are.
    pub(crate) fn naming_at(&self) -> (Naming, Position) {
        let state = self.read();
        (state.naming.clone(), state.position)
    }

    /// The last entry that is in what this shows.
    #[must_use]
    pub fn position(&self) -> Position {
        self.read().position
    }

    /// Waits until `position` is in what this shows: a moment, unless the journal ended or cannot be read.
    pub(crate) async fn reached(&self, position: Position) {
        let mut taken = self.taken.subscribe();
        let _ = tokio::time::timeout(CATCH_UP_MAX, taken.wait_for(|at| *at >= position)).await;
    }

    /// How many calls have not ended.
    #[must_use]
    pub fn active(&self) -> usize {
        self.read().calls.values().filter(|live| !live.record.is_ended()).count()
    }

    /// True when calls were forgotten before they were stored: lists lack them until they are.
    #[must_use]
    pub fn overflowed(&self) -> bool {
        self.read().forgotten.is_some()
    }

    async fn follow(self, mut tail: Tail, mut applied: watch::Receiver<Position>) {
        loop {
            tokio::select! {
                more = self.take_next(&mut tail) => if !more { return },
                changed = applied.changed() => match changed {
                    Ok(()) => self.forget_stored(*applied.borrow_and_update()),
                    // The projector ended: nothing is stored any more, the calls stay.
                    Err(_) => while self.take_next(&mut tail).await {},
                },
            }
        }
    }

    /// Takes the next entries; false at the journal's end.
    async fn take_next(&self, tail: &mut Tail) -> bool {
        match tail.next(CHUNK_ENTRIES).await {
            Ok(read) if read.is_empty() => false,
            Ok(read) => {
                let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
                for stored in &read {
                    state.take(stored);
                }
                state.position = tail.position();
                state.bound();
                self.taken.send_replace(state.position);
                true
            }
            Err(why) => {
                tracing::warn!(target: "records", %why, "live calls wait for the journal");
                tokio::time::sleep(RETRY).await;
                true
            }
        }
    }

    fn forget_stored(&self, applied: Position) {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        state.applied = applied;
        state.forgotten = state.forgotten.filter(|last| *last > applied);
        state.calls.retain(|_, live| !live.record.is_closed() || live.last > applied);
    }

    fn read(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn take(&mut self, stored: &Arc<Stored>) {
        match &stored.entry {
            Ok(Entry::Call(step)) => {
                if let Some(live) = self.calls.get_mut(&step.call) {
                    // What does not follow is reported by the projector, which reads the same.
                    if live.record.apply_past_gap(step) == Step::Taken {
                        live.visits.take(step);
                    }
                    live.last = stored.position;
                    if live.entries.len() < MAX_STEPS {
                        live.entries.push(stored.clone());
                    }
                } else if let Some(record) = CallRecord::start(step) {
                    let (visits, entries) = (VisitFold::of(&record), vec![stored.clone()]);
                    let live = LiveCall { record, visits, entries, last: stored.position };
                    self.calls.insert(step.call, Box::new(live));
                }
                let applied = self.applied;
                if self.calls.get(&step.call).is_some_and(|live| live.record.is_closed() && live.last <= applied) {
                    self.calls.remove(&step.call);
                }
            }
            Ok(Entry::Name { kind, id, account, name }) => self.naming.names.insert(*kind, *id, account, name),
            _ => {}
        }
    }

    /// While the database is away for long, the oldest ended calls make room; they come back with it.
    fn bound(&mut self) {
        let excess = self.calls.len().saturating_sub(MAX_LIVE);
        if excess == 0 {
            return;
        }
        let ended = self.calls.iter().filter(|(_, live)| live.record.is_ended()).map(|(id, _)| *id);
        for id in ended.take(excess).collect::<Vec<_>>() {
            let last = self.calls.remove(&id).map(|live| live.last);
            self.forgotten = self.forgotten.max(last);
        }
    }
}

/// A hundred seconds of 1,000 calls a second, or an hour and a half of 20.
const MAX_LIVE: usize = 100_000;
/// Steps shown of a live call; a common one has ten.
const MAX_STEPS: usize = 4_096;
const CHUNK_ENTRIES: usize = 1_024;
/// A list is at most this much behind, less than a request takes; under load many entries share one look.
const REST: Duration = Duration::from_millis(5);
const RETRY: Duration = Duration::from_millis(200);
/// Whoever waits for an entry that is written is shown what there is after this.
const CATCH_UP_MAX: Duration = Duration::from_secs(1);
