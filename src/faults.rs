//! Breaking owners on demand, for tests alone: the file `break` in the data folder, one order a line, is read and
//! removed. `shard 0`, `acd`, `dialer`, `location` and `trunks` break once; `acd at agent 2`, `acd at queue 1` or
//! `shard 0 at call <Call-ID>` break at each input that names it, `acd twice at agent 2` at the next two;
//! `acd at timeouts` at each time-out; `live_calls` breaks the task that follows the journal for lists and events.
//! Compiled with the feature `fault-injection` only, which no release has.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use centre::owner::{Fault, Named};
use clock::{AgentId, QueueId, ShardId};
use journal_core::Owner;
use tokio::sync::Notify;

/// Orders for one owner, taken by its task.
pub(crate) type Orders = Arc<Mutex<Vec<Fault>>>;

/// The orders of all owners.
#[derive(Clone, Debug, Default)]
pub(crate) struct Faults(Arc<Mutex<BTreeMap<Owner, Orders>>>);

impl Faults {
    /// Where the task of `owner` finds its orders.
    pub(crate) fn of(&self, owner: Owner) -> Orders {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(all.entry(owner).or_default())
    }

    /// Reads orders from `data_dir` for ever.
    pub(crate) async fn follow(self, data_dir: PathBuf) {
        tracing::warn!("this build breaks on demand: it is for tests only");
        loop {
            self.read(&data_dir.join("break"));
            tokio::time::sleep(EVERY).await;
        }
    }

    fn read(&self, path: &Path) {
        let Ok(orders) = std::fs::read_to_string(path) else { return };
        let _ = std::fs::remove_file(path);
        if orders.lines().any(|line| line.trim() == "live_calls") {
            LIVE_CALLS.notify_one();
        }
        for (owner, fault) in orders.lines().filter_map(order) {
            tracing::warn!(?owner, ?fault, "will break");
            self.of(owner).lock().unwrap_or_else(PoisonError::into_inner).push(fault);
        }
    }
}

/// The task of live calls, which breaks when that is ordered.
pub(crate) async fn live_calls(task: impl Future<Output = ()>) {
    tokio::select! {
        () = task => {}
        () = LIVE_CALLS.notified() => panic!("ordered to break"),
    }
}

/// The orders that came since the last look.
pub(crate) fn take(orders: &Orders) -> Vec<Fault> {
    std::mem::take(&mut *orders.lock().unwrap_or_else(PoisonError::into_inner))
}

fn order(line: &str) -> Option<(Owner, Fault)> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let (owner, rest) = match words.as_slice() {
        ["shard", number, rest @ ..] => (Owner::Shard(ShardId(number.parse().ok()?)), rest),
        ["acd", rest @ ..] => (Owner::Acd, rest),
        ["location", rest @ ..] => (Owner::Location, rest),
        ["dialer", rest @ ..] => (Owner::Dialer, rest),
        ["trunks", rest @ ..] => (Owner::Node, rest),
        _ => return None,
    };
    let fault = match rest {
        [] => Fault::Next,
        ["at", "timeouts"] => Fault::Timeouts,
        ["at", "agent", id] => Fault::At(Named::Agent(AgentId(id.parse().ok()?))),
        ["twice", "at", "agent", id] => Fault::Twice(Named::Agent(AgentId(id.parse().ok()?))),
        ["at", "queue", id] => Fault::At(Named::Queue(QueueId(id.parse().ok()?))),
        ["at", "call", id] => Fault::At(Named::SipCall((*id).to_owned())),
        _ => return None,
    };
    Some((owner, fault))
}

/// The one task besides owners that can be broken; a process has one.
static LIVE_CALLS: Notify = Notify::const_new();
const EVERY: Duration = Duration::from_millis(10);
