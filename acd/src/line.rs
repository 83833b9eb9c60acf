//! Calls in line for an agent, class by class, with the head of each class at hand.

use std::collections::BTreeMap;

use clock::CallId;

use crate::bits::Bits;
use crate::order::CallKey;

/// Waiting calls by class. A freed agent looks at the heads of the classes that he fits, and at nothing else.
#[derive(Clone, Debug, Default)]
pub(crate) struct Line {
    calls: Vec<BTreeMap<CallKey, CallId>>,
    /// The first key of each class that has a call; flat, since they are read far more often than they change.
    heads: Vec<CallKey>,
    /// Classes that may be served now: they have a call and are not closed.
    open: Bits,
    closed: Bits,
}

impl Line {
    pub(crate) fn insert(&mut self, class: usize, key: CallKey, call: CallId) {
        if class >= self.calls.len() {
            self.calls.resize_with(class + 1, BTreeMap::new);
            self.heads.resize(class + 1, CallKey::default());
        }
        self.calls[class].insert(key, call);
        self.refresh(class);
    }

    pub(crate) fn remove(&mut self, class: usize, key: CallKey) {
        if self.calls.get_mut(class).is_some_and(|calls| calls.remove(&key).is_some()) {
            self.refresh(class);
        }
    }

    /// Nobody is served from this class until it is opened again.
    pub(crate) fn close(&mut self, class: usize, closed: bool) {
        if closed {
            self.closed.insert(class);
        } else {
            self.closed.remove(class);
        }
        self.refresh(class);
    }

    /// The first call of a class that may be served.
    pub(crate) fn head(&self, class: usize) -> Option<(CallKey, CallId)> {
        if !self.open.has(class) {
            return None;
        }
        self.calls.get(class)?.first_key_value().map(|(key, call)| (*key, *call))
    }

    /// Of the heads of these classes the first: by rank of its class, then by key.
    pub(crate) fn first(&self, of: &Bits, rank: impl Fn(usize) -> u8) -> Option<(u8, CallKey, CallId)> {
        let heads = self.open.common(of).map(|class| (rank(class), self.heads[class], class));
        let (rank, key, class) = heads.min()?;
        Some((rank, key, *self.calls[class].first_key_value()?.1))
    }

    /// Forgets everything.
    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    fn refresh(&mut self, class: usize) {
        let head = self.calls.get(class).and_then(|calls| calls.first_key_value());
        match head {
            Some((key, _)) => {
                self.heads[class] = *key;
                if self.closed.has(class) {
                    self.open.remove(class);
                } else {
                    self.open.insert(class);
                }
            }
            None => self.open.remove(class),
        }
    }
}
