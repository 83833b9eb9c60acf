//! Imported do-not-call lists: national registers and the like.

use clock::WallTime;

use super::numbers::{Numbers, packed};
use super::pattern::Pattern;

/// A list that somebody else keeps, as it was on a day.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    /// What it is called: `tps`, `us-registry`.
    pub name: String,
    /// When the version was made: laws say how old it may be.
    pub as_of: WallTime,
    /// Its numbers.
    pub numbers: Numbers,
    /// Its wildcards.
    pub prefixes: Vec<Pattern>,
}

impl Imported {
    /// Whether a number (E.164) is on it. What is no number is on every list.
    #[must_use]
    pub fn has(&self, number: &str) -> bool {
        let is_listed = packed(number).is_none_or(|packed| self.numbers.contains(packed));
        is_listed || self.prefixes.iter().any(|prefix| prefix.takes(number))
    }

    /// Its name and its day.
    #[must_use]
    pub fn said(&self) -> String {
        let written = hours::written(self.as_of);
        format!("{} {}", self.name, written.get(..10).unwrap_or(&written))
    }
}
