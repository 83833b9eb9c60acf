//! The carrier's book against the node's: each call is one attempt, each attempt ended once, nobody was dialed twice.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Display, Formatter};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::city::City;
use crate::ledger::Line;
use crate::recount::{leads, outcomes, reconcile};

/// What the node wrote, found to be right.
#[derive(Debug)]
pub(crate) struct Books {
    pub(crate) attempts: Vec<Value>,
    /// INVITEs that the carrier got.
    calls: usize,
    /// Numbers dialed once more because their first attempt died with the node.
    again: usize,
    /// Attempts that were written and never reached the carrier.
    unsent: usize,
    /// People who had answered and were left by the crash.
    left: usize,
}

/// Compares everything once all calls are over; `crash`: when the node was killed.
pub(crate) fn check(city: &City, crash: Option<Instant>) -> Books {
    let attempts = reconcile(city.http(), &city.campaign);
    assert_eq!(city.ledger.overlaps(), Vec::<usize>::new(), "numbers dialed while their call was up");
    assert_eq!(city.ledger.double_talks(), 0, "agents in two conversations at once");
    let mut books = Books { attempts: attempts.clone(), calls: 0, again: 0, unsent: 0, left: 0 };
    let of_number = by_number(city, &attempts);
    let lines = by_line(city);
    let unwritten: Vec<_> = lines.keys().filter(|nth| !of_number.contains_key(nth)).collect();
    assert!(unwritten.is_empty(), "numbers dialed without an attempt in the records: {unwritten:?}");
    for (nth, attempts) in &of_number {
        let none = Vec::new();
        books.number(attempts, lines.get(nth).unwrap_or(&none), crash);
    }
    if crash.is_none() {
        assert_eq!((books.again, books.unsent, books.left), (0, 0, 0), "without a crash nothing is cut: {books}");
    }
    books.none_is_lost(city);
    let late: Vec<&Value> = attempts.iter().filter(|attempt| attempt["waited_ms"].as_u64() > Some(LIMIT_MS)).collect();
    assert!(late.is_empty(), "connected after the limit: {late:#?}");
    books
}

impl Books {
    /// The attempts of a number against the calls that the carrier had for it, both in their order.
    fn number(&mut self, attempts: &[&Value], lines: &[&Line], crash: Option<Instant>) {
        let said: Vec<&str> = attempts.iter().map(|attempt| attempt["outcome"].as_str().unwrap_or_default()).collect();
        let (cut, last) = said.split_at(said.len() - 1);
        assert!(cut.iter().all(|outcome| OURS.contains(outcome)), "dialed again after {said:?}: {attempts:#?}");
        assert!(lines.len() <= attempts.len(), "{} calls of {} attempts: {attempts:#?}", lines.len(), attempts.len());
        let unsent = attempts.len() - lines.len();
        let is_cut = cut.len() + usize::from(OURS.contains(&last[0])) >= unsent;
        assert!(is_cut, "an attempt that says {said:?} never reached the carrier: {attempts:#?}");
        (self.calls, self.unsent) = (self.calls + lines.len(), self.unsent + unsent);
        self.again += lines.len().saturating_sub(1);
        // Those that never were a call come first: they were written when the node was killed.
        for (attempt, line) in attempts.iter().skip(unsent).zip(lines) {
            self.pair(attempt, line, crash);
        }
    }

    /// One attempt and its call.
    fn pair(&mut self, attempt: &Value, line: &Line, crash: Option<Instant>) {
        let outcome = attempt["outcome"].as_str().unwrap_or_default();
        let told = || format!("{attempt:#}\n{line:#?}");
        let is_cut =
            crash.is_some_and(|crash| line.dialed_at < crash && line.over_at.is_none_or(|over| over + BEFORE > crash));
        match (line.answered_at, line.agent) {
            (Some(answered), None) if is_cut && crash.is_some_and(|crash| answered + BEFORE < crash) => {
                assert!(is_left(attempt), "answered before the crash, and left: {}", told());
                self.left += usize::from(outcome == "abandoned");
            }
            // What happened in the moment of the crash may be known or not.
            _ if is_cut => {}
            (None, _) => assert!(attempt["answered_at"].is_null(), "nobody answered: {}", told()),
            (Some(_), Some(_)) => assert_eq!(outcome, "connected", "an agent was heard: {}", told()),
            (Some(_), None) if line.is_person() => {
                assert!(matches!(outcome, "abandoned" | "hung_up" | "machine"), "no agent was heard: {}", told());
            }
            (Some(_), None) => assert_ne!(outcome, "connected", "no agent was heard: {}", told()),
        }
    }

    /// Every lead that was dialed stands somewhere, once.
    fn none_is_lost(&self, city: &City) {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let dialed: BTreeSet<String> = self.attempts.iter().map(|attempt| text(&attempt["lead_id"])).collect();
        let tried = leads(city.http(), &city.campaign);
        let known: BTreeSet<String> = tried.iter().map(|lead| text(&lead["lead_id"])).collect();
        assert_eq!(tried.len(), known.len(), "a lead stands in two places");
        let lost: Vec<_> = dialed.difference(&known).collect();
        assert!(lost.is_empty(), "leads that were dialed and stand nowhere: {lost:?}");
        let cut = self.attempts.iter().filter(|attempt| attempt["outcome"] == "node_restart");
        let cut: BTreeSet<String> = cut.map(|attempt| text(&attempt["lead_id"])).collect();
        let done = |lead: &&Value| cut.contains(&text(&lead["lead_id"])) && lead["last_outcome"] == "node_restart";
        let gone: Vec<_> = tried.iter().filter(done).filter(|lead| lead["state"] == "done").collect();
        assert!(gone.is_empty(), "leads that rang when the node was killed do not come back: {gone:#?}");
    }
}

impl Display for Books {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self { attempts, calls, again, unsent, left } = self;
        writeln!(
            f,
            "{} attempts in the records, {calls} calls at the carrier; campaign and recount agree",
            attempts.len()
        )?;
        writeln!(
            f,
            "  cut by the kill: {again} rang and were dialed again, {unsent} never left, {left} had answered: abandoned"
        )?;
        write!(f, "  {:?}", outcomes(attempts))
    }
}

/// Who had answered and was left by us, unless he was known to be no person.
fn is_left(attempt: &Value) -> bool {
    match attempt["outcome"].as_str().unwrap_or_default() {
        "abandoned" => true,
        "machine" | "fax" | "dead_air" | "unobtainable" | "busy" => !attempt["detected"].is_null(),
        _ => false,
    }
}

fn by_number<'a>(city: &City, attempts: &'a [Value]) -> BTreeMap<usize, Vec<&'a Value>> {
    let mut found: BTreeMap<usize, Vec<&Value>> = BTreeMap::new();
    for attempt in attempts {
        let number = attempt["number"].as_str().and_then(|number| city.numbers.nth(number)).expect("one of the list's");
        found.entry(number).or_default().push(attempt);
    }
    found
}

fn by_line(city: &City) -> BTreeMap<usize, Vec<&Line>> {
    let mut found: BTreeMap<usize, Vec<&Line>> = BTreeMap::new();
    city.ledger.lines.iter().for_each(|line| found.entry(line.nth).or_default().push(line));
    found
}

/// Outcomes after which a lead comes again at once: nothing was the called side's fault.
const OURS: [&str; 4] = ["node_restart", "not_dialed", "failed", "canceled"];
/// The limit of the law: from the end of the greeting to the agent.
const LIMIT_MS: u64 = 2_000;
/// What happened so shortly before the kill may not have been written.
const BEFORE: Duration = Duration::from_millis(500);
