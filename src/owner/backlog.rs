//! Deliveries that a full lane did not take: kept in order for each place, tried again, bounded.

use std::collections::VecDeque;

use admin_api::Metrics;
use centre::Delivery;

/// What waits for full lanes: a queue for each place that ever refused.
#[derive(Default)]
pub(super) struct Backlog {
    queues: Vec<(Place, VecDeque<Delivery>)>,
}

impl Backlog {
    pub(super) fn is_empty(&self) -> bool {
        self.queues.iter().all(|(_, waiting)| waiting.is_empty())
    }

    /// True while journal entries wait: the journal is behind.
    pub(super) fn holds_entries(&self) -> bool {
        self.queues.iter().any(|(place, waiting)| *place == Place::Journal && !waiting.is_empty())
    }

    /// Puts `delivery` behind an earlier one for the same place, or gives it back when there is none.
    pub(super) fn behind(&mut self, delivery: Delivery, metrics: &Metrics) -> Option<Delivery> {
        let place = place(&delivery);
        if self.queue(place).is_empty() {
            return Some(delivery);
        }
        self.keep(delivery, metrics);
        None
    }

    /// Keeps what was refused. Above the bound the oldest for the place is dropped and counted: owners repair each
    /// other by facts (DESIGN section 4). Journal entries are never dropped; while any wait new calls are refused, so
    /// what the calls in progress still write bounds them.
    pub(super) fn keep(&mut self, delivery: Delivery, metrics: &Metrics) {
        let place = place(&delivery);
        metrics.channel_full(place.word());
        let waiting = self.queue(place);
        waiting.push_back(delivery);
        if waiting.len() > WAITING_MAX && place != Place::Journal {
            waiting.pop_front();
            metrics.dropped("backlog_full");
        }
    }

    /// Tries everything again, in order for each place, until the place refuses.
    pub(super) fn retry(&mut self, mut deliver: impl FnMut(Delivery) -> Result<(), Box<Delivery>>) {
        for (_, waiting) in &mut self.queues {
            while let Some(delivery) = waiting.pop_front() {
                if let Err(refused) = deliver(delivery) {
                    waiting.push_front(*refused);
                    break;
                }
            }
        }
    }

    fn queue(&mut self, place: Place) -> &mut VecDeque<Delivery> {
        let at = self.queues.iter().position(|(known, _)| *known == place).unwrap_or_else(|| {
            self.queues.push((place, VecDeque::new()));
            self.queues.len() - 1
        });
        &mut self.queues[at].1
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

/// Ten seconds of a shard's deliveries to one place at 1,000 calls a second.
const WAITING_MAX: usize = 100_000;

#[cfg(test)]
mod tests {
    use clock::{CallId, WallTime};
    use journal_core::Entry;

    use super::*;

    fn to_acd(call: u128) -> Delivery {
        Delivery::Acd(acd::Input::CallerGone { call: CallId(call) })
    }

    fn entry(number: u64) -> Delivery {
        Delivery::Journal { number, entry: Entry::NodeStarted { at: WallTime::from_micros(0) } }
    }

    fn name(delivery: &Delivery) -> String {
        match delivery {
            Delivery::Acd(acd::Input::CallerGone { call }) => format!("acd {}", call.0),
            Delivery::Journal { number, .. } => format!("entry {number}"),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn order_is_kept_within_a_place_and_one_full_place_holds_up_no_other() {
        let metrics = Metrics::new("test").expect("metrics");
        let mut backlog = Backlog::default();
        assert!(backlog.behind(entry(1), &metrics).is_some(), "nothing waits: deliver it");
        backlog.keep(entry(1), &metrics);
        assert!(backlog.holds_entries());
        assert!(backlog.behind(to_acd(1), &metrics).is_some(), "another place is not held up");
        assert!(backlog.behind(entry(2), &metrics).is_none(), "the second entry stays behind the first");
        backlog.keep(to_acd(1), &metrics);

        let mut delivered = Vec::new();
        backlog.retry(|delivery| match delivery {
            Delivery::Journal { .. } => Err(Box::new(delivery)),
            other => {
                delivered.push(name(&other));
                Ok(())
            }
        });
        assert_eq!(delivered, ["acd 1"]);
        assert!(backlog.holds_entries() && !backlog.is_empty());
        backlog.retry(|delivery| {
            delivered.push(name(&delivery));
            Ok(())
        });
        assert_eq!(delivered, ["acd 1", "entry 1", "entry 2"]);
        assert!(backlog.is_empty() && !backlog.holds_entries());
    }

    #[test]
    fn above_the_bound_the_oldest_goes_but_no_entry_of_the_journal() {
        let metrics = Metrics::new("test").expect("metrics");
        let mut backlog = Backlog::default();
        for number in 0..=WAITING_MAX as u64 {
            backlog.keep(to_acd(u128::from(number)), &metrics);
            backlog.keep(entry(number), &metrics);
        }
        let mut delivered = Vec::new();
        backlog.retry(|delivery| {
            delivered.push(name(&delivery));
            Ok(())
        });
        assert_eq!(delivered.len(), 2 * WAITING_MAX + 1);
        assert!(delivered.contains(&"entry 0".to_owned()) && !delivered.contains(&"acd 0".to_owned()));
    }
}
