//! The waiting calls, by id.

use clock::CallId;

use crate::fixed_map::FixedMap;
use crate::queue::Waiting;

/// Rows in boxes: a decision that touches one of a hundred thousand finds it by one look at the map and moves it for the
/// price of a pointer.
#[derive(Clone, Debug, Default)]
pub(crate) struct Calls(FixedMap<CallId, Box<Waiting>>);

impl Calls {
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn has(&self, call: CallId) -> bool {
        self.0.get(&call).is_some()
    }

    pub(crate) fn get(&self, call: &CallId) -> Option<&Waiting> {
        self.0.get(call).map(Box::as_ref)
    }

    pub(crate) fn get_mut(&mut self, call: &CallId) -> Option<&mut Waiting> {
        self.0.get_mut(call).map(Box::as_mut)
    }

    pub(crate) fn insert(&mut self, row: Box<Waiting>) {
        self.0.insert(row.call, row);
    }

    pub(crate) fn remove(&mut self, call: CallId) -> Option<Box<Waiting>> {
        self.0.remove(&call)
    }

    /// All rows, in no order that may decide anything.
    pub(crate) fn each(&self) -> impl Iterator<Item = &Waiting> {
        self.0.values().map(Box::as_ref)
    }

    /// The same, to change them.
    pub(crate) fn each_mut(&mut self) -> impl Iterator<Item = &mut Waiting> {
        self.0.values_mut().map(Box::as_mut)
    }

    /// Those of which it holds, by id.
    pub(crate) fn which(&self, holds: impl Fn(&Waiting) -> bool) -> Vec<CallId> {
        let mut calls: Vec<CallId> = self.each().filter(|row| holds(row)).map(|row| row.call).collect();
        calls.sort_unstable();
        calls
    }
}
