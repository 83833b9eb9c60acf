//! The internal do-not-call list with its wildcards, and the imported ones: held in memory and shared whole.

use std::collections::BTreeMap;
use std::sync::Arc;

use clock::WallTime;

use super::{Imported, Pattern};

/// Do-not-call lists. A copy shares what did not change, so that its owner
/// can hand the whole list to every dialing part after each change.
#[derive(Clone, Debug)]
pub struct Lists {
    /// Numbers, by a hash of theirs.
    numbers: Vec<Arc<BTreeMap<String, Listed>>>,
    prefixes: Arc<BTreeMap<String, Listed>>,
    count: usize,
    imported: Vec<Arc<Imported>>,
    is_known: bool,
}

/// Why and since when something is listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Why, as it was given.
    pub reason: Option<String>,
    /// Since when.
    pub since: WallTime,
}

/// No room for one more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("at most {max} entries were expected, and there are as many")]
pub struct Full {
    /// The limit.
    pub max: usize,
}

impl Default for Lists {
    fn default() -> Self {
        Self {
            numbers: vec![Arc::default(); BUCKETS],
            prefixes: Arc::default(),
            count: 0,
            imported: Vec::new(),
            is_known: true,
        }
    }
}

impl Lists {
    /// What stands in for lists that are still to come, after a start: nothing may be dialed until then.
    #[must_use]
    pub fn unknown() -> Self {
        Self { is_known: false, ..Self::default() }
    }

    /// They have come.
    #[must_use]
    pub const fn are_known(&self) -> bool {
        self.is_known
    }

    /// Lists a number or prefix. One that is listed stays as it is: false.
    ///
    /// # Errors
    /// When there is no room.
    pub fn add(&mut self, pattern: &Pattern, listed: Listed) -> Result<bool, Full> {
        if self.find_exactly(pattern).is_some() {
            return Ok(false);
        }
        if pattern.is_prefix() {
            if self.prefixes.len() >= PREFIXES_MAX {
                return Err(Full { max: PREFIXES_MAX });
            }
            Arc::make_mut(&mut self.prefixes).insert(pattern.digits().to_owned(), listed);
            return Ok(true);
        }
        if self.count >= NUMBERS_MAX {
            return Err(Full { max: NUMBERS_MAX });
        }
        self.count += 1;
        if let Some(bucket) = self.numbers.get_mut(bucket(pattern.digits())) {
            Arc::make_mut(bucket).insert(pattern.digits().to_owned(), listed);
        }
        Ok(true)
    }

    /// Takes a number or prefix off the list; false when it was not on it.
    pub fn remove(&mut self, pattern: &Pattern) -> bool {
        if self.find_exactly(pattern).is_none() {
            return false;
        }
        if pattern.is_prefix() {
            return Arc::make_mut(&mut self.prefixes).remove(pattern.digits()).is_some();
        }
        self.count -= 1;
        let bucket = self.numbers.get_mut(bucket(pattern.digits()));
        bucket.is_some_and(|bucket| Arc::make_mut(bucket).remove(pattern.digits()).is_some())
    }

    /// The entry that covers this number: its own, or the shortest prefix.
    #[must_use]
    pub fn find(&self, number: &str) -> Option<(String, &Listed)> {
        if let Some(listed) = self.numbers.get(bucket(number))?.get(number) {
            return Some((number.to_owned(), listed));
        }
        let mut prefixes = (2..=number.len()).filter_map(|length| number.get(..length));
        prefixes.find_map(|prefix| {
            let listed = self.prefixes.get(prefix)?;
            Some((format!("{prefix}*"), listed))
        })
    }

    /// The entry of just this number or prefix.
    #[must_use]
    pub fn find_exactly(&self, pattern: &Pattern) -> Option<&Listed> {
        let listed = if pattern.is_prefix() { &self.prefixes } else { self.numbers.get(bucket(pattern.digits()))? };
        listed.get(pattern.digits())
    }

    /// Up to `limit` entries after `after` in the order of their text, prefixes among the numbers.
    #[must_use]
    pub fn page(&self, after: Option<&str>, limit: usize) -> Vec<(String, &Listed)> {
        let numbers = self.numbers.iter().flat_map(|bucket| bucket.iter()).map(|(digits, l)| (digits.clone(), l));
        let prefixes = self.prefixes.iter().map(|(digits, listed)| (format!("{digits}*"), listed));
        let is_after = |(text, _): &(String, &Listed)| after.is_none_or(|after| text.as_str() > after);
        let mut page: Vec<_> = numbers.chain(prefixes).filter(is_after).collect();
        page.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        page.truncate(limit);
        page
    }

    /// Takes these lists of somebody else's in place of all that there were.
    pub fn replace_imported(&mut self, lists: Vec<Arc<Imported>>) {
        self.imported = lists;
    }

    /// The imported lists.
    #[must_use]
    pub fn imported(&self) -> &[Arc<Imported>] {
        &self.imported
    }

    /// How many entries of the internal list.
    #[must_use]
    pub fn len(&self) -> usize {
        self.count + self.prefixes.len()
    }

    /// Nothing is on the internal list.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// FNV-1a: spreads numbers that differ in their last digits.
fn bucket(number: &str) -> usize {
    let mix = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    let hash = number.bytes().fold(0xcbf2_9ce4_8422_2325, mix);
    usize::try_from(hash % BUCKETS as u64).unwrap_or_default()
}

/// A change copies one bucket and the list of buckets: at a million numbers 1,000 entries and 8 KB.
const BUCKETS: usize = 1_024;
/// A national list is larger, and is imported: 2 million numbers take some 200 MB here.
pub const NUMBERS_MAX: usize = 2_000_000;
/// National registers of the countries that are called, and some of one's own.
pub const IMPORTED_MAX: usize = 32;
/// Prefixes are rules that people write.
pub const PREFIXES_MAX: usize = 10_000;
