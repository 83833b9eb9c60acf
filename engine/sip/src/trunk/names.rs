//! Names looked up: asked once for all trunks, again when their time is over,
//! and the last good answer kept while nobody gives another.

use core::time::Duration;
use std::collections::BTreeMap;

use clock::{Instant, Rng};

use super::{MAX_RECORDS, Query, Record};

/// What is known of a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Known<'a> {
    /// Nothing yet: it is being asked.
    Pending,
    /// No server answered, and none ever did.
    Failed,
    /// These records; empty when there is authoritatively none.
    Records(&'a [Record]),
}

/// All names that destinations led to.
#[derive(Debug, Default)]
pub(super) struct Names {
    lookups: BTreeMap<Query, Lookup>,
}

#[derive(Debug)]
struct Lookup {
    /// The last answer of a server.
    records: Option<Vec<Record>>,
    /// The last try failed.
    failed: bool,
    /// Failures in a row.
    failures: u32,
    /// Asked, and not answered yet.
    asked: bool,
    /// When to ask again, or to give the question up.
    due: Instant,
    /// Somebody needed it since the last `sweep`.
    used: bool,
}

impl Names {
    /// What is known; a name never heard of is asked for with the next `poll`.
    pub(super) fn look_up(&mut self, now: Instant, query: &Query) -> Known<'_> {
        let lookup = self.lookups.entry(query.clone()).or_insert_with(|| Lookup::new(now));
        lookup.used = true;
        match &lookup.records {
            Some(records) => Known::Records(records),
            None if lookup.failed => Known::Failed,
            None => Known::Pending,
        }
    }

    /// The next question to ask now.
    pub(super) fn poll(&mut self, now: Instant, rng: &mut Rng) -> Option<Query> {
        let mut due: Vec<Query> = Vec::new();
        for (query, lookup) in self.lookups.iter_mut().filter(|(_, lookup)| lookup.due <= now) {
            if lookup.asked {
                lookup.fail(now, rng);
            } else {
                lookup.asked = true;
                lookup.due = now + PATIENCE;
                due.push(query.clone());
                break;
            }
        }
        due.pop()
    }

    /// A server answered.
    pub(super) fn resolved(&mut self, now: Instant, query: &Query, mut records: Vec<Record>, ttl: Duration) {
        let Some(lookup) = self.lookups.get_mut(query) else { return };
        records.truncate(MAX_RECORDS);
        *lookup = Lookup {
            records: Some(records),
            failed: false,
            failures: 0,
            asked: false,
            due: now + ttl.clamp(TTL_MIN, TTL_MAX),
            used: lookup.used,
        };
    }

    /// No server answered: the last good answer stays.
    pub(super) fn failed(&mut self, now: Instant, query: &Query, rng: &mut Rng) {
        if let Some(lookup) = self.lookups.get_mut(query) {
            lookup.fail(now, rng);
        }
    }

    /// When `poll` has something to do.
    pub(super) fn due(&self) -> Option<Instant> {
        self.lookups.values().map(|lookup| lookup.due).min()
    }

    /// Forgets the names that nobody needed since the last call.
    pub(super) fn sweep(&mut self) {
        self.lookups.retain(|_, lookup| core::mem::take(&mut lookup.used));
    }
}

impl Lookup {
    fn new(now: Instant) -> Self {
        Self { records: None, failed: false, failures: 0, asked: false, due: now, used: true }
    }

    fn fail(&mut self, now: Instant, rng: &mut Rng) {
        self.asked = false;
        self.failed = true;
        self.due = now + backoff(RETRY_FIRST, RETRY_MAX, self.failures, rng);
        self.failures = self.failures.saturating_add(1);
    }
}

/// Twice as long each time, up to `max`; between half of it and all of it, so that many do not come at once.
pub(super) fn backoff(first: Duration, max: Duration, failures: u32, rng: &mut Rng) -> Duration {
    let whole = first.saturating_mul(1 << failures.min(16)).min(max);
    let half = whole / 2;
    half + Duration::from_micros(rng.below(u64::try_from(half.as_micros()).unwrap_or(u64::MAX).max(1)))
}

/// A shorter life would ask more than the answer is worth; zero is common in answers made for one caller.
const TTL_MIN: Duration = Duration::from_secs(5);
/// A carrier that moves is followed within the hour whatever its records say.
const TTL_MAX: Duration = Duration::from_secs(3_600);
/// Name servers that fail are tried again after so long at first ...
const RETRY_FIRST: Duration = Duration::from_secs(2);
/// ... and at least so often: a trunk without addresses carries nothing.
const RETRY_MAX: Duration = Duration::from_secs(60);
/// A question without any answer from the shell counts as failed: it asks several servers, each more than once.
const PATIENCE: Duration = Duration::from_secs(30);

#[cfg(test)]
mod tests {
    use super::*;

    fn query() -> Query {
        Query::Addresses { host: "carrier.example".into() }
    }

    fn address() -> Record {
        Record::Address([192, 0, 2, 1].into())
    }

    #[test]
    fn a_name_is_asked_once_again_by_its_ttl_and_kept_when_servers_fail() {
        let (mut names, mut rng, start) = (Names::default(), Rng::new(1), Instant::ZERO);
        assert_eq!(names.look_up(start, &query()), Known::Pending);
        assert_eq!(names.poll(start, &mut rng), Some(query()));
        assert_eq!(names.poll(start, &mut rng), None, "once is enough");
        names.resolved(start, &query(), vec![address()], Duration::from_secs(60));
        assert_eq!(names.look_up(start, &query()), Known::Records(&[address()]));
        assert_eq!(names.poll(start + Duration::from_secs(59), &mut rng), None);
        let later = start + Duration::from_secs(60);
        assert_eq!(names.poll(later, &mut rng), Some(query()));
        names.failed(later, &query(), &mut rng);
        assert_eq!(names.look_up(later, &query()), Known::Records(&[address()]), "the last good answer");
        let again = names.due().unwrap();
        assert!(again > later && again <= later + RETRY_FIRST);
        assert_eq!(names.poll(again, &mut rng), Some(query()));
        names.resolved(again, &query(), vec![], Duration::ZERO);
        assert_eq!(names.look_up(again, &query()), Known::Records(&[]));
        assert_eq!(names.due(), Some(again + TTL_MIN));
        names.sweep();
        names.sweep();
        assert_eq!(names.due(), None, "nobody needs it any more");
    }

    #[test]
    fn tries_become_rare_but_never_end() {
        let (mut names, mut rng, mut now) = (Names::default(), Rng::new(1), Instant::ZERO);
        names.look_up(now, &query());
        for _ in 0..40 {
            assert_eq!(names.poll(now, &mut rng), Some(query()));
            names.failed(now, &query(), &mut rng);
            assert_eq!(names.look_up(now, &query()), Known::Failed);
            now = names.due().unwrap();
        }
        names.poll(now, &mut rng);
        names.failed(now, &query(), &mut rng);
        let wait = names.due().unwrap() - now;
        assert!(wait >= RETRY_MAX / 2 && wait <= RETRY_MAX, "{wait:?}");
        assert_eq!(names.poll(now + RETRY_MAX, &mut rng), Some(query()));
        assert_eq!(names.poll(now + RETRY_MAX + PATIENCE, &mut rng), None, "no answer at all is a failure");
    }
}
