//! Configured rows in the order of their ids, found by id and kept by slot.

use core::ops::{Deref, DerefMut};
use std::collections::BTreeMap;

/// Rows by id. The ids stand apart, close together: a search among ten thousand of them reads a few lines of memory and
/// not a dozen large rows. A slot is the place of a row; it changes only with the table as a whole.
#[derive(Clone, Debug)]
pub(crate) struct Table<K, T> {
    ids: Vec<K>,
    rows: Vec<T>,
}

impl<K, T> Default for Table<K, T> {
    fn default() -> Self {
        Self { ids: Vec::new(), rows: Vec::new() }
    }
}

impl<K: Ord + Copy, T> Table<K, T> {
    /// The slot of an id.
    pub(crate) fn slot(&self, id: K) -> Option<usize> {
        self.ids.binary_search(&id).ok()
    }

    /// The id of a slot.
    pub(crate) fn id(&self, slot: usize) -> K {
        self.ids[slot]
    }

    /// All rows by id; the table is empty then.
    pub(crate) fn take(&mut self) -> BTreeMap<K, T> {
        let Self { ids, rows } = core::mem::take(self);
        ids.into_iter().zip(rows).collect()
    }

    /// Keeps those of which it holds; slots change.
    pub(crate) fn retain(&mut self, holds: impl Fn(K) -> bool) {
        *self = self.take().into_iter().filter(|(id, _)| holds(*id)).collect::<BTreeMap<K, T>>().into();
    }
}

impl<K, T> From<BTreeMap<K, T>> for Table<K, T> {
    fn from(rows: BTreeMap<K, T>) -> Self {
        let (ids, rows) = rows.into_iter().unzip();
        Self { ids, rows }
    }
}

impl<K, T> Deref for Table<K, T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.rows
    }
}

impl<K, T> DerefMut for Table<K, T> {
    fn deref_mut(&mut self) -> &mut [T] {
        &mut self.rows
    }
}
