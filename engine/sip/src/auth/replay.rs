//! How often each nonce was used.

use std::collections::BTreeMap;

use super::nonce::Stamp;

/// Counts of nonces by user, oldest first; bounded. What had to be forgotten, and
/// all that is older, counts as used up.
#[derive(Default)]
pub(super) struct ReplayTable {
    seen: BTreeMap<(Stamp, Box<str>), Counts>,
    forgotten: Option<Stamp>,
}

/// The largest count and, as bits, which of the 64 up to it were seen: requests
/// that overtake each other on UDP are no replays.
#[derive(Clone, Copy, Default)]
struct Counts {
    largest: u32,
    bits: u64,
}

impl ReplayTable {
    /// True when this count of this nonce is new for this user; it is then used.
    pub(super) fn admit(&mut self, stamp: Stamp, user: &str, count: u32) -> bool {
        if count == 0 || self.forgotten.is_some_and(|forgotten| stamp <= forgotten) {
            return false;
        }
        if !self.seen.entry((stamp, user.into())).or_default().admit(count) {
            return false;
        }
        if self.seen.len() > MAX_NONCES
            && let Some(((oldest, _), _)) = self.seen.pop_first()
        {
            self.forgotten = self.forgotten.max(Some(oldest));
        }
        true
    }

    pub(super) fn len(&self) -> usize {
        self.seen.len()
    }
}

impl Counts {
    fn admit(&mut self, count: u32) -> bool {
        if count > self.largest {
            let shift = count - self.largest;
            self.bits = self.bits.checked_shl(shift).unwrap_or(0) | 1;
            self.largest = count;
            return true;
        }
        let age = self.largest - count;
        let bit = 1u64.checked_shl(age).unwrap_or(0);
        let is_new = bit != 0 && self.bits & bit == 0;
        self.bits |= bit;
        is_new
    }
}

/// Nonces in use at a time: ten thousand phones with a few each within a nonce's
/// lifetime, in about 6 MB.
const MAX_NONCES: usize = 65_536;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_good_once_in_any_near_order() {
        let mut table = ReplayTable::default();
        let mut admit = |count| table.admit((1, 1), "a", count);
        assert!(!admit(0));
        assert!(admit(1) && !admit(1));
        assert!(admit(3) && admit(2) && !admit(2) && !admit(3));
        assert!(admit(100) && admit(99) && !admit(36), "64 counts are remembered");
        assert!(admit(u32::MAX) && !admit(u32::MAX));
    }

    #[test]
    fn what_is_forgotten_is_used_up() {
        let mut table = ReplayTable::default();
        for number in 0..=u32::try_from(MAX_NONCES).unwrap() {
            assert!(table.admit((7, number), "a", 1));
        }
        assert_eq!(table.len(), MAX_NONCES);
        assert!(!table.admit((7, 0), "a", 2));
        assert!(table.admit((7, 1), "a", 2));
    }
}
