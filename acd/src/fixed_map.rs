//! A hash map whose hasher is fixed: the same inputs give the same map in every run.
//!
//! For keys of our own making (ids of calls, configured rules): a peer who chose the keys could make them collide. The
//! order of its entries follows from its history, so nothing may be decided by it: where order matters, sort.

use core::hash::{Hash, Hasher};

/// Open addressing with linear probing; what follows a removed entry closes the gap, so no mark stays behind (Knuth, The
/// Art of Computer Programming 3, 6.4, algorithm R).
#[derive(Clone, Debug)]
pub(crate) struct FixedMap<K, V> {
    /// A power of two of places, or none.
    places: Vec<Option<(K, V)>>,
    len: usize,
}

impl<K, V> Default for FixedMap<K, V> {
    fn default() -> Self {
        Self { places: Vec::new(), len: 0 }
    }
}

impl<K: Eq + Hash, V> FromIterator<(K, V)> for FixedMap<K, V> {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Self {
        let mut map = Self::default();
        entries.into_iter().for_each(|(key, value)| drop(map.insert(key, value)));
        map
    }
}

impl<K: Eq + Hash, V> FixedMap<K, V> {
    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn get(&self, key: &K) -> Option<&V> {
        let (_, value) = self.places[self.find(key)?].as_ref()?;
        Some(value)
    }

    pub(crate) fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        let at = self.find(key)?;
        let (_, value) = self.places[at].as_mut()?;
        Some(value)
    }

    /// Enters a value; the former one of its key, if any.
    pub(crate) fn insert(&mut self, key: K, value: V) -> Option<V> {
        if (self.len + 1) * 4 > self.places.len() * 3 {
            self.grow();
        }
        let mut at = self.home(&key);
        while let Some((known, former)) = &mut self.places[at] {
            if *known == key {
                return Some(core::mem::replace(former, value));
            }
            at = self.after(at);
        }
        self.places[at] = Some((key, value));
        self.len += 1;
        None
    }

    pub(crate) fn remove(&mut self, key: &K) -> Option<V> {
        let mut gap = self.find(key)?;
        let (_, value) = self.places[gap].take()?;
        self.len -= 1;
        let mut at = self.after(gap);
        while let Some((key, _)) = &self.places[at] {
            // Whoever would be looked for at the gap or before it moves into it.
            let (from_home, from_gap) = (self.distance(self.home(key), at), self.distance(gap, at));
            if from_home >= from_gap {
                self.places.swap(gap, at);
                gap = at;
            }
            at = self.after(at);
        }
        Some(value)
    }

    /// All values, in no order that may decide anything.
    pub(crate) fn values(&self) -> impl Iterator<Item = &V> {
        self.places.iter().flatten().map(|(_, value)| value)
    }

    /// The same, to change them.
    pub(crate) fn values_mut(&mut self) -> impl Iterator<Item = &mut V> {
        self.places.iter_mut().flatten().map(|(_, value)| value)
    }

    /// All keys, in no such order either.
    pub(crate) fn into_keys(self) -> impl Iterator<Item = K> {
        self.places.into_iter().flatten().map(|(key, _)| key)
    }

    /// The place of a key that is there.
    fn find(&self, key: &K) -> Option<usize> {
        if self.len == 0 {
            return None;
        }
        let mut at = self.home(key);
        while let Some((known, _)) = &self.places[at] {
            if known == key {
                return Some(at);
            }
            at = self.after(at);
        }
        None
    }

    fn grow(&mut self) {
        let size = (self.places.len() * 2).max(PLACES_MIN);
        let former = core::mem::take(&mut self.places);
        self.places.resize_with(size, || None);
        self.len = 0;
        for (key, value) in former.into_iter().flatten() {
            self.insert(key, value);
        }
    }

    /// Where a key is looked for first.
    fn home(&self, key: &K) -> usize {
        let mut fold = Fold::default();
        key.hash(&mut fold);
        fold.finish() as usize & (self.places.len() - 1)
    }

    fn after(&self, at: usize) -> usize {
        (at + 1) & (self.places.len() - 1)
    }

    /// Steps from one place on to another.
    fn distance(&self, from: usize, to: usize) -> usize {
        to.wrapping_sub(from) & (self.places.len() - 1)
    }
}

/// Multiplies each word into 128 bits and folds the halves together, so that every bit of the key reaches every bit of the
/// hash.
#[derive(Clone, Copy, Debug, Default)]
struct Fold(u64);

impl Hasher for Fold {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.write_u64(u64::from_le_bytes(word));
        }
    }

    fn write_u64(&mut self, word: u64) {
        let product = u128::from(self.0 ^ word ^ SEED) * u128::from(FACTOR);
        self.0 = (product as u64) ^ ((product >> 64) as u64);
    }

    fn write_u128(&mut self, number: u128) {
        self.write_u64(number as u64);
        self.write_u64((number >> 64) as u64);
    }

    fn write_usize(&mut self, number: usize) {
        self.write_u64(number as u64);
    }
}

const PLACES_MIN: usize = 16;
/// Digits of pi and of the golden ratio: no word folds all to zero, and the factor is odd.
const SEED: u64 = 0x243F_6A88_85A3_08D3;
const FACTOR: u64 = 0x9E37_79B9_7F4A_7C15;

#[cfg(test)]
mod tests {
    use super::*;
    use clock::Rng;
    use std::collections::{BTreeMap, BTreeSet};

    #[test]
    fn it_holds_what_a_tree_holds() {
        let (mut rng, mut map, mut tree) = (Rng::new(1), FixedMap::default(), BTreeMap::new());
        for number in 0..20_000_u32 {
            let key = u128::from(rng.below(700)) << (rng.below(2) * 64);
            if rng.chance(0.5) {
                assert_eq!(map.insert(key, number), tree.insert(key, number));
            } else {
                assert_eq!(map.remove(&key), tree.remove(&key));
            }
            assert_eq!((map.len(), map.get(&key)), (tree.len(), tree.get(&key)));
        }
        let mut values: Vec<u32> = map.values().copied().collect();
        values.sort_unstable();
        assert_eq!(values, tree.into_values().collect::<BTreeSet<u32>>().into_iter().collect::<Vec<_>>());
        assert!(map.places.len() <= 4_096);
    }

    #[test]
    fn numbers_in_a_row_spread_over_the_places() {
        let homes = |shift: u32| {
            let hash = |number: u128| {
                let mut fold = Fold::default();
                (number << shift).hash(&mut fold);
                fold.finish() & 0xFFF
            };
            (0..4_096).map(hash).collect::<BTreeSet<u64>>().len()
        };
        for shift in [0, 1, 20, 48, 64, 80] {
            assert!(homes(shift) > 2_200, "{} of 4096 places at {shift}", homes(shift));
        }
    }
}
