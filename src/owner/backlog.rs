//! Deliveries that a full lane did not take: kept in order, tried again, bounded.

use std::collections::VecDeque;

use admin_api::Metrics;
use centre::Delivery;

/// What waits for full lanes.
#[derive(Default)]
pub(super) struct Backlog {
    waiting: VecDeque<Delivery>,
    entries: usize,
}

impl Backlog {
    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// True while journal entries wait: the journal is behind.
    pub(super) fn holds_entries(&self) -> bool {
        self.entries > 0
    }

    /// Puts `delivery` behind an earlier one for the same place, or gives it back when there is none.
    pub(super) fn behind(&mut self, delivery: Delivery) -> Option<Delivery> {
        let same_place = self.waiting.iter().any(|kept| place(kept) == place(&delivery));
        if !same_place {
            return Some(delivery);
        }
        self.push(delivery);
        None
    }

    /// Keeps what was refused. Above the bound the oldest thing that is no journal entry is dropped and counted:
    /// owners repair each other by facts (DESIGN section 4).
    pub(super) fn keep(&mut self, delivery: Delivery, metrics: &Metrics) {
        metrics.channel_full(place(&delivery).word());
        self.push(delivery);
        if self.waiting.len() > BACKLOG_MAX
            && let Some(at) = self.waiting.iter().position(|kept| place(kept) != Place::Journal)
        {
            self.waiting.remove(at);
            metrics.dropped("backlog_full");
        }
    }

    /// Tries everything again, in order for each place.
    pub(super) fn retry(&mut self, mut deliver: impl FnMut(Delivery) -> Result<(), Box<Delivery>>) {
        let mut refused_places = Vec::new();
        for _ in 0..self.waiting.len() {
            let Some(delivery) = self.waiting.pop_front() else { return };
            if place(&delivery) == Place::Journal {
                self.entries -= 1;
            }
            let refused =
                if refused_places.contains(&place(&delivery)) { Err(Box::new(delivery)) } else { deliver(delivery) };
            if let Err(delivery) = refused {
                refused_places.push(place(&delivery));
                self.push(*delivery);
            }
        }
    }

    fn push(&mut self, delivery: Delivery) {
        if place(&delivery) == Place::Journal {
            self.entries += 1;
        }
        self.waiting.push_back(delivery);
    }
}

/// Where a delivery goes: order is kept within one place.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Shard(u16),
    Acd,
    Location,
    Media,
    Journal,
    Elsewhere,
}

impl Place {
    fn word(self) -> &'static str {
        match self {
            Self::Shard(_) => "shard",
            Self::Acd => "acd",
            Self::Location => "location",
            Self::Media => "media",
            Self::Journal => "journal",
            Self::Elsewhere => "other",
        }
    }
}

fn place(delivery: &Delivery) -> Place {
    match delivery {
        Delivery::Shard(shard, _) => Place::Shard(shard.0),
        Delivery::Acd(_) => Place::Acd,
        Delivery::Location(_) => Place::Location,
        Delivery::Media(_) => Place::Media,
        Delivery::Journal { .. } => Place::Journal,
        _ => Place::Elsewhere,
    }
}

/// A minute of a shard's deliveries at 1,000 calls a second; 100 bytes each.
const BACKLOG_MAX: usize = 500_000;
