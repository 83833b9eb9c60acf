//! Answers given to requests with an Idempotency-Key: kept 24 hours (rest.md section 2).

use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};

use clock::WallTime;
use serde::{Deserialize, Serialize};

/// The answer to one key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// Hash of the request body: the same key with another body is an error of the client.
    pub body_hash: [u8; 32],
    /// HTTP status given.
    pub status: u16,
    /// JSON body given.
    pub body: String,
    /// When.
    pub at: WallTime,
}

/// The answers of the last 24 hours, at most [`MAX_ANSWERS`]: the oldest goes first.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Answers {
    by_key: BTreeMap<[u8; 32], Answer>,
    by_age: BTreeSet<(WallTime, [u8; 32])>,
}

impl Answers {
    /// Keeps an answer. The first answer to a key stands.
    pub fn insert(&mut self, key_hash: [u8; 32], answer: Answer) {
        if self.by_key.contains_key(&key_hash) {
            return;
        }
        self.by_age.insert((answer.at, key_hash));
        self.by_key.insert(key_hash, answer);
        if self.by_key.len() > MAX_ANSWERS {
            self.drop_oldest();
        }
    }

    /// The answer given to this key.
    #[must_use]
    pub fn find(&self, key_hash: &[u8; 32]) -> Option<&Answer> {
        self.by_key.get(key_hash)
    }

    /// Drops what is older than 24 hours at `now`.
    pub fn expire(&mut self, now: WallTime) {
        while self.by_age.first().is_some_and(|(at, _)| *at + ANSWERS_KEPT <= now) {
            self.drop_oldest();
        }
    }

    /// How many are kept.
    #[must_use]
    pub fn len(&self) -> usize {
        self.by_key.len()
    }

    /// True when none is kept.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.by_key.is_empty()
    }

    fn drop_oldest(&mut self) {
        if let Some((_, key_hash)) = self.by_age.pop_first() {
            self.by_key.remove(&key_hash);
        }
    }
}

/// As long as the API promises.
pub const ANSWERS_KEPT: Duration = Duration::from_secs(24 * 60 * 60);
/// A click-to-call every 4 s all day; some 10 MB.
pub const MAX_ANSWERS: usize = 20_000;

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(micros: i64, status: u16) -> Answer {
        Answer { body_hash: [0; 32], status, body: String::new(), at: WallTime::from_micros(micros) }
    }

    fn key(n: usize) -> [u8; 32] {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&n.to_be_bytes());
        key
    }

    #[test]
    fn the_first_answer_stands_for_a_day() {
        let mut answers = Answers::default();
        answers.insert(key(1), answer(5, 201));
        answers.insert(key(1), answer(6, 409));
        assert_eq!(answers.find(&key(1)).map(|a| a.status), Some(201));
        let day = WallTime::from_micros(5) + ANSWERS_KEPT;
        answers.expire(WallTime::from_micros(day.as_micros() - 1));
        assert_eq!(answers.len(), 1);
        answers.expire(day);
        assert!(answers.is_empty());
    }

    #[test]
    fn the_oldest_makes_room() {
        let mut answers = Answers::default();
        for n in 0..=MAX_ANSWERS {
            answers.insert(key(n), answer(n as i64, 200));
        }
        assert_eq!(answers.len(), MAX_ANSWERS);
        assert_eq!(answers.find(&key(0)), None);
        assert!(answers.find(&key(1)).is_some());
    }
}
