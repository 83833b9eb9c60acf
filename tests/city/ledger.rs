//! The city's own books: each call as the carrier saw it, and what the agents did all the time.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::carrier::{Told, What};
use crate::fate::{Fate, Party};

/// Every call, in the order in which they were dialed.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    pub(crate) lines: Vec<Line>,
    open: BTreeMap<String, usize>,
}

/// One call.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    /// The number's place in the list.
    pub(crate) nth: usize,
    pub(crate) fate: Fate,
    pub(crate) dialed_at: Instant,
    pub(crate) answered_at: Option<Instant>,
    /// Who was heard, and from when on.
    pub(crate) agent: Option<(u8, Instant)>,
    pub(crate) over_at: Option<Instant>,
    /// When the wrap-up after it was over.
    pub(crate) done_at: Option<Instant>,
}

/// Time of all agents within a window.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Spent {
    pub(crate) talk_s: f64,
    pub(crate) wrap_s: f64,
    pub(crate) all_s: f64,
}

impl Ledger {
    /// Writes down what happened. An agent's conversation that is over is returned: he wraps up.
    pub(crate) fn take(&mut self, told: Told) -> Option<usize> {
        if let What::Dialed { nth, fate } = told.what {
            self.open.insert(told.call_id, self.lines.len());
            let (dialed_at, answered_at, agent, over_at, done_at) = (told.at, None, None, None, None);
            self.lines.push(Line { nth, fate, dialed_at, answered_at, agent, over_at, done_at });
            return None;
        }
        let at = *self.open.get(&told.call_id)?;
        let line = &mut self.lines[at];
        match told.what {
            What::Dialed { .. } => {}
            What::Answered => line.answered_at = Some(told.at),
            What::Heard { agent } => line.agent = Some((agent, told.at)),
            What::Over => line.over_at = line.over_at.or(Some(told.at)),
        }
        let is_over = line.over_at == Some(told.at) && line.agent.is_some() && line.done_at.is_none();
        is_over.then_some(at)
    }

    /// People who answered.
    pub(crate) fn people(&self) -> u64 {
        self.count(|line| line.is_person() && line.answered_at.is_some())
    }

    /// Of them: who never heard an agent.
    pub(crate) fn abandoned(&self) -> u64 {
        self.count(|line| line.is_person() && line.answered_at.is_some() && line.agent.is_none())
    }

    /// How many calls are like that.
    pub(crate) fn count(&self, is_one: impl Fn(&Line) -> bool) -> u64 {
        self.lines.iter().filter(|line| is_one(line)).count() as u64
    }

    /// Numbers that were dialed while a call of theirs was up.
    pub(crate) fn overlaps(&self) -> Vec<usize> {
        let mut busy_until: BTreeMap<usize, Instant> = BTreeMap::new();
        let mut found = Vec::new();
        for line in &self.lines {
            if busy_until.get(&line.nth).is_some_and(|until| line.dialed_at < *until) {
                found.push(line.nth);
            }
            busy_until.insert(line.nth, line.over_at.unwrap_or(line.dialed_at + FOR_EVER));
        }
        found
    }

    /// Agents who were in two conversations at once.
    pub(crate) fn double_talks(&self) -> usize {
        let mut talks: Vec<(u8, Instant, Instant)> = self.lines.iter().filter_map(Line::talk).collect();
        talks.sort();
        talks.windows(2).filter(|two| two[0].0 == two[1].0 && two[1].1 < two[0].2).count()
    }

    /// What `agents` agents did between two moments, by what the carrier heard of them.
    pub(crate) fn spent(&self, agents: u8, from: Instant, to: Instant) -> Spent {
        let within =
            |begin: Instant, end: Instant| end.min(to).saturating_duration_since(begin.max(from)).as_secs_f64();
        let all_s = f64::from(agents) * to.saturating_duration_since(from).as_secs_f64();
        let mut spent = Spent { all_s, ..Spent::default() };
        for line in &self.lines {
            let Some((_, begin, end)) = line.talk() else { continue };
            spent.talk_s += within(begin, end.min(to));
            spent.wrap_s += within(end, line.done_at.unwrap_or(end).min(to));
        }
        spent
    }
}

impl Spent {
    /// (talk + wrap-up) / all.
    pub(crate) fn occupancy(&self) -> f64 {
        (self.talk_s + self.wrap_s) / self.all_s.max(f64::MIN_POSITIVE)
    }
}

impl Line {
    pub(crate) fn is_person(&self) -> bool {
        matches!(self.fate.party, Party::Person { .. })
    }

    /// With whom, from when to when; one that lasts has no end yet.
    fn talk(&self) -> Option<(u8, Instant, Instant)> {
        let (agent, begin) = self.agent?;
        Some((agent, begin, self.over_at.unwrap_or(begin + FOR_EVER)))
    }
}

/// Longer than any run.
const FOR_EVER: Duration = Duration::from_secs(86_400);
