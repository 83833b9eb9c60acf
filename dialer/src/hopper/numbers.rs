//! What is known of called numbers, whichever lead and campaign they belong to.

use std::collections::BTreeMap;

use clock::WallTime;
use serde::{Deserialize, Serialize};

use super::tries::{forget, note};
use crate::gate::{History, RECENT, Tries, packed};

/// What is known of a number.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NumberHistory {
    /// Attempts ever.
    pub total: u32,
    /// When those of the last days began.
    pub recent: Vec<WallTime>,
    /// When a person was last left without an agent.
    pub abandoned_at: Option<WallTime>,
    /// When a machine was last found.
    pub machine_at: Option<WallTime>,
}

/// The numbers that may be called soon, or were of late.
#[derive(Clone, Debug, Default)]
pub struct Numbers {
    known: BTreeMap<u64, Known>,
}

/// A number, and by how many leads it was read and is not done with.
#[derive(Clone, Debug, Default)]
struct Known {
    history: NumberHistory,
    leads: u32,
}

impl Numbers {
    /// Takes what the database knows of a number. What is known here is newer and stays. False when there is no room.
    pub fn learn(&mut self, number: &str, history: &NumberHistory) -> bool {
        let Some(key) = packed(number) else { return true };
        if let Some(known) = self.known.get_mut(&key) {
            known.leads = known.leads.saturating_add(1);
            return true;
        }
        if self.known.len() >= NUMBERS_MAX {
            return false;
        }
        self.known.insert(key, Known { history: history.clone(), leads: 1 });
        true
    }

    /// What the gate asks of; none: nothing is known, and it fails closed.
    #[must_use]
    pub fn history<'a>(&'a self, number: &str, lead: Tries<'a>) -> Option<History<'a>> {
        let known = &self.known.get(&packed(number)?)?.history;
        let number = Tries { total: known.total, recent: &known.recent };
        Some(History { lead, number, abandoned_at: known.abandoned_at, machine_at: known.machine_at })
    }

    /// An attempt begins.
    pub fn begin(&mut self, number: &str, at: WallTime) {
        if let Some(known) = self.of(number) {
            known.total = known.total.saturating_add(1);
            note(&mut known.recent, at);
        }
    }

    /// An attempt that began then never rang.
    pub fn retract(&mut self, number: &str, at: WallTime) {
        if let Some(known) = self.of(number) {
            known.total = known.total.saturating_sub(1);
            forget(&mut known.recent, at);
        }
    }

    /// When the last attempt of a number began, by whomever.
    #[must_use]
    pub fn last(&self, number: &str) -> Option<WallTime> {
        self.known.get(&packed(number)?)?.history.recent.last().copied()
    }

    /// A person on it was left without an agent.
    pub fn abandoned(&mut self, number: &str, at: WallTime) {
        if let Some(known) = self.of(number) {
            known.abandoned_at = Some(at);
        }
    }

    /// A machine was found on it.
    pub fn machine(&mut self, number: &str, at: WallTime) {
        if let Some(known) = self.of(number) {
            known.machine_at = Some(at);
        }
    }

    /// A lead is done with a number: it is forgotten, unless another lead has it or a rule may still look back at it.
    pub fn forget(&mut self, number: &str, now: WallTime) {
        let Some(key) = packed(number) else { return };
        let is_old = |at: &WallTime| *at + RECENT < now;
        let Some(Known { history, leads }) = self.known.get_mut(&key) else { return };
        *leads = leads.saturating_sub(1);
        let is_old =
            history.recent.iter().all(is_old) && history.abandoned_at.iter().chain(&history.machine_at).all(is_old);
        if is_old && *leads == 0 {
            self.known.remove(&key);
        }
    }

    /// Forgets all numbers at which no rule looks back any more and that `keep` does not name.
    pub fn sweep(&mut self, now: WallTime, keep: impl Fn(u64) -> bool) {
        let is_new = |at: &WallTime| *at + RECENT >= now;
        self.known.retain(|key, Known { history: known, .. }| {
            known.recent.iter().any(is_new)
                || known.abandoned_at.iter().chain(&known.machine_at).any(is_new)
                || keep(*key)
        });
    }

    /// How many are known.
    #[must_use]
    pub fn len(&self) -> usize {
        self.known.len()
    }

    /// None is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    fn of(&mut self, number: &str) -> Option<&mut NumberHistory> {
        let key = packed(number)?;
        if !self.known.contains_key(&key) && self.known.len() >= NUMBERS_MAX {
            return None;
        }
        Some(&mut self.known.entry(key).or_default().history)
    }
}

/// Three days of a large centre, some 120 bytes each.
pub const NUMBERS_MAX: usize = 2_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_that_another_lead_has_is_not_forgotten() {
        let (mut numbers, number, now) = (Numbers::default(), "+442071838750", WallTime::from_micros(0));
        numbers.learn(number, &NumberHistory::default());
        numbers.learn(number, &NumberHistory::default());
        numbers.forget(number, now);
        assert!(numbers.history(number, Tries::default()).is_some());
        numbers.forget(number, now);
        assert!(numbers.is_empty());
    }
}
