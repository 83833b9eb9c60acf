//! Places of callers who waited when the node went down, or gave up where a queue keeps their places.

use std::collections::BTreeMap;

use clock::{Instant, QueueId, WallTime};

use crate::order::Stamp;

/// A caller's place, kept until he rings again or the time is over.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) stamp: Stamp,
    pub(crate) arrived: WallTime,
    pub(crate) until: Instant,
    pub(crate) id: u64,
    /// The priority that a supervisor had given his call: nobody would give it again.
    pub(crate) ordered: Option<i32>,
}

/// Kept places by queue and number.
#[derive(Clone, Debug, Default)]
pub(crate) struct Places {
    by_caller: BTreeMap<(QueueId, String), Place>,
    by_id: BTreeMap<u64, (QueueId, String)>,
}

impl Places {
    /// Keeps a place; of two for one caller the earlier stands, and of one that is kept twice the longer time. The
    /// place that fell out, if any.
    pub(crate) fn keep(&mut self, queue: QueueId, caller: String, mut place: Place) -> Option<Place> {
        let key = (queue, caller);
        if let Some(known) = self.by_caller.get(&key) {
            let is_same = known.arrived == place.arrived;
            if if is_same { place.until <= known.until } else { known.stamp <= place.stamp } {
                return Some(place);
            }
            // What the clocks did since moves nobody.
            place.stamp = if is_same { known.stamp } else { place.stamp };
        }
        self.by_id.insert(place.id, key.clone());
        let former = self.by_caller.insert(key, place)?;
        self.by_id.remove(&former.id);
        Some(former)
    }

    /// Gives a caller his place.
    pub(crate) fn take(&mut self, queue: QueueId, caller: &str) -> Option<Place> {
        let place = self.by_caller.remove(&(queue, caller.to_owned()))?;
        self.by_id.remove(&place.id);
        Some(place)
    }

    /// Gives a place up.
    pub(crate) fn expire(&mut self, id: u64) {
        if let Some(key) = self.by_id.remove(&id) {
            self.by_caller.remove(&key);
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Place> {
        self.by_caller.values()
    }

    pub(crate) fn len(&self) -> usize {
        self.by_caller.len()
    }
}
