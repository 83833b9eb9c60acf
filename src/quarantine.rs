//! What owners are spared because it broke them twice: shown, told, and released by an operator.
//!
//! Owners say what they quarantine and what they released; orders to release lie here until the owner's task takes
//! them, at the latest when it looks up within a second.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use centre::owner::Named;
use centre::{Answer, CommandError, Quarantined};
use clock::RequestId;
use journal_core::{Entry, Owner, QuarantineNote, QuarantinedThing};

use crate::clock_source::wall_now;
use crate::node::NodeEntries;
use crate::owner::AnswerTable;
use crate::snapshots::Snapshots;

/// All that is quarantined.
pub(crate) struct Quarantine {
    entries: NodeEntries,
    snapshots: Arc<Snapshots>,
    /// False as long as no order lies here: asked after each batch of an owner.
    has_orders: AtomicBool,
    table: Mutex<Table>,
}

#[derive(Default)]
struct Table {
    last: u64,
    standing: BTreeMap<u64, Standing>,
}

struct Standing {
    owner: Owner,
    shown: Quarantined,
    /// Whoever ordered its release.
    orders: Vec<RequestId>,
    is_ordered: bool,
}

impl Quarantine {
    pub(crate) fn new(entries: NodeEntries, snapshots: Arc<Snapshots>) -> Self {
        Self { entries, snapshots, has_orders: AtomicBool::new(false), table: Mutex::default() }
    }

    /// An owner is spared something from now on.
    pub(crate) fn began(&self, owner: Owner, word: &'static str, named: &Named) {
        let mut table = self.lock();
        table.last += 1;
        let shown = Quarantined { id: table.last, owner: word, named: named.clone(), since: wall_now() };
        let id = shown.id;
        table.standing.insert(id, Standing { owner, shown, orders: Vec::new(), is_ordered: false });
        self.tell(&table, named, false);
    }

    /// An owner released something.
    pub(crate) fn released(&self, owner: Owner, named: &Named, answers: &AnswerTable) {
        let mut table = self.lock();
        let is_it = |standing: &Standing| standing.owner == owner && standing.shown.named == *named;
        let ids: Vec<u64> = table.standing.iter().filter(|(_, one)| is_it(one)).map(|(id, _)| *id).collect();
        for standing in ids.into_iter().filter_map(|id| table.standing.remove(&id)) {
            for request in standing.orders {
                answers.give(request, Ok(Answer::Released(standing.shown.clone())));
            }
        }
        self.tell(&table, named, true);
    }

    /// Orders a release; the owner's task carries it out.
    pub(crate) fn order(&self, id: u64, request: RequestId, answers: &AnswerTable) {
        match self.lock().standing.get_mut(&id) {
            Some(standing) => {
                standing.orders.push(request);
                standing.is_ordered = true;
                self.has_orders.store(true, Ordering::Release);
            }
            None => answers.give(request, Err(CommandError::UnknownQuarantine)),
        }
    }

    /// What this owner is to release now.
    pub(crate) fn orders(&self, owner: Owner) -> Vec<Named> {
        if !self.has_orders.load(Ordering::Acquire) {
            return Vec::new();
        }
        let mut table = self.lock();
        let mut taken = Vec::new();
        for standing in table.standing.values_mut().filter(|one| one.owner == owner && one.is_ordered) {
            standing.is_ordered = false;
            taken.push(standing.shown.named.clone());
        }
        let more = table.standing.values().any(|one| one.is_ordered);
        self.has_orders.store(more, Ordering::Release);
        taken
    }

    fn tell(&self, table: &Table, named: &Named, is_released: bool) {
        let standing = table.standing.values().map(|one| one.shown.clone()).collect();
        self.snapshots.set_quarantined(wall_now(), standing);
        let thing = match named {
            Named::Queue(queue) => QuarantinedThing::Queue(*queue),
            Named::Agent(agent) => QuarantinedThing::Agent(*agent),
            Named::Call(call) => QuarantinedThing::Call(*call),
            Named::SipCall(id) => QuarantinedThing::SipCall(id.clone()),
        };
        self.entries.append(Entry::Quarantine(Box::new(QuarantineNote { at: wall_now(), thing, is_released })));
    }

    /// Nothing that holds the lock can panic.
    fn lock(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
