//! Collects what the owners publish into the one snapshot that readers see.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use centre::{QueueStanding, RegistrationSnapshot, Snapshot, TrunkSnapshot};
use clock::{Instant, Now, QueueId, ShardId, TrunkId, WallTime};
use sip::trunk::TrunkView;
use tokio::sync::watch;

/// The published states. Owners put, readers watch.
#[derive(Debug)]
pub(crate) struct Snapshots {
    parts: Mutex<Parts>,
    published: watch::Sender<Arc<Snapshot>>,
}

#[derive(Debug, Default)]
struct Parts {
    whole: Snapshot,
    trunks: Vec<TrunkId>,
    watched: Vec<TrunkView>,
    shards: BTreeMap<ShardId, (Instant, call::Snapshot)>,
}

impl Snapshots {
    /// Nothing published yet; `trunks` are shown even when unused.
    pub(crate) fn new(trunks: Vec<TrunkId>) -> Self {
        let parts = Parts { trunks, ..Parts::default() };
        let snapshots = Self { parts: Mutex::new(parts), published: watch::Sender::default() };
        snapshots.publish_trunks(&mut snapshots.lock());
        snapshots
    }

    /// What readers watch.
    pub(crate) fn watch(&self) -> watch::Receiver<Arc<Snapshot>> {
        self.published.subscribe()
    }

    /// The trunks that are configured now.
    pub(crate) fn set_trunks(&self, trunks: Vec<TrunkId>) {
        let mut parts = self.lock();
        parts.trunks = trunks;
        self.publish_trunks(&mut parts);
    }

    pub(crate) fn set_acd(&self, at: WallTime, acd: acd::Snapshot) {
        let mut parts = self.lock();
        parts.whole.acd = Arc::new(acd);
        parts.whole.at = at;
        self.publish(&parts);
    }

    /// Figures of queues. They are of their own time: what the owners published last stays as old as it is.
    pub(crate) fn set_standings(&self, standings: BTreeMap<QueueId, QueueStanding>) {
        let mut parts = self.lock();
        parts.whole.standings = Arc::new(standings);
        self.publish(&parts);
    }

    pub(crate) fn set_registrations(&self, at: WallTime, registrations: Vec<RegistrationSnapshot>) {
        let mut parts = self.lock();
        parts.whole.registrations = Arc::new(registrations);
        parts.whole.at = at;
        self.publish(&parts);
    }

    pub(crate) fn set_do_not_call(&self, at: WallTime, list: Arc<dialer::gate::Lists>) {
        let mut parts = self.lock();
        parts.whole.do_not_call = list;
        parts.whole.at = at;
        self.publish(&parts);
    }

    pub(crate) fn set_campaigns(&self, at: WallTime, campaigns: dialer::runner::Snapshot) {
        let mut parts = self.lock();
        parts.whole.campaigns = Arc::new(campaigns);
        parts.whole.at = at;
        self.publish(&parts);
    }

    pub(crate) fn set_bans(&self, at: WallTime, bans: Vec<sip::location::Ban>) {
        let mut parts = self.lock();
        parts.whole.bans = Arc::new(bans);
        parts.whole.at = at;
        self.publish(&parts);
    }

    pub(crate) fn set_quarantined(&self, at: WallTime, quarantined: Vec<centre::Quarantined>) {
        let mut parts = self.lock();
        parts.whole.quarantined = Arc::new(quarantined);
        parts.whole.at = at;
        self.publish(&parts);
    }

    /// What the trunk watcher sees.
    pub(crate) fn set_watched(&self, at: WallTime, watched: Vec<TrunkView>) {
        let mut parts = self.lock();
        if parts.watched != watched {
            parts.watched = watched;
            parts.whole.at = at;
            self.publish_trunks(&mut parts);
        }
    }

    /// A shard changes with each message; trunks' figures are shown a few times a second.
    pub(crate) fn shard_is_due(&self, shard: ShardId, now: Instant) -> bool {
        self.lock().shards.get(&shard).is_none_or(|(last, _)| now.since(*last) >= SHARD_EVERY)
    }

    pub(crate) fn set_shard(&self, shard: ShardId, now: Now, snapshot: call::Snapshot) {
        let mut parts = self.lock();
        let same = parts.shards.get(&shard).is_some_and(|(_, former)| *former == snapshot);
        parts.shards.insert(shard, (now.mono, snapshot));
        if !same {
            parts.whole.at = now.wall;
            self.publish_trunks(&mut parts);
        }
    }

    fn publish_trunks(&self, parts: &mut Parts) {
        let usage = |trunk: &TrunkId| {
            let mut sum = TrunkSnapshot { trunk: *trunk, calls: 0, refused: 0, status: None };
            sum.status = parts.watched.iter().find(|view| view.trunk == *trunk).cloned();
            let used = parts.shards.values().flat_map(|(_, shard)| &shard.trunks);
            for part in used.filter(|part| part.trunk == *trunk) {
                sum.calls += part.calls;
                sum.refused += part.refused;
            }
            sum
        };
        parts.whole.trunks = Arc::new(parts.trunks.iter().map(usage).collect());
        self.publish(parts);
    }

    fn publish(&self, parts: &Parts) {
        self.published.send_replace(Arc::new(parts.whole.clone()));
    }

    /// Nothing that holds the lock can panic.
    fn lock(&self) -> MutexGuard<'_, Parts> {
        self.parts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

const SHARD_EVERY: Duration = Duration::from_millis(250);
