//! Consents of numbers, and their revocations: the entries, and what they come to.

use std::collections::BTreeMap;

use clock::WallTime;
use serde::{Deserialize, Serialize};

/// Somebody agreed to something, or agrees to it no more. Nothing is ever taken out of the list of these.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConsentEntry {
    /// Its id: 16 bytes, in the order of time.
    pub id: u128,
    /// Account whose it is.
    pub account: String,
    /// The number, E.164.
    pub number: String,
    /// To what, a stable word: `artificial_voice`, `claims_management`.
    pub purpose: String,
    /// Given; else revoked.
    pub given: bool,
    /// By which way it came, a stable word: `web`, `phone`, `paper` ...
    pub channel: String,
    /// Where it came from, as people say: which form, which campaign.
    pub source: String,
    /// What shows it: the words, a link, the id of a recording.
    pub evidence: Option<String>,
    /// When the person said so.
    pub at: WallTime,
    /// Who wrote it down: the id of a user or key.
    pub by: String,
    /// When it was written down.
    pub recorded_at: WallTime,
}

/// What stands of consents, by number and purpose.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consents {
    known: BTreeMap<(String, String), KnownConsent>,
}

/// The newest consent to something, and its newest revocation: the later of the two holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownConsent {
    /// Its id, and when it was given.
    pub given: Option<(u128, WallTime)>,
    /// When it was revoked.
    pub revoked: Option<WallTime>,
}

impl Consents {
    pub(crate) fn apply(&mut self, entry: &ConsentEntry) {
        let known = self.known.entry((entry.number.clone(), entry.purpose.clone())).or_default();
        if !entry.given {
            known.revoked = known.revoked.max(Some(entry.at));
        } else if known.given.is_none_or(|(_, at)| at <= entry.at) {
            known.given = Some((entry.id, entry.at));
        }
    }

    /// All of them: number, purpose, what is known.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str, KnownConsent)> {
        self.known.iter().map(|((number, purpose), known)| (number.as_str(), purpose.as_str(), *known))
    }
}
