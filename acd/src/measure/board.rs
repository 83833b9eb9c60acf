//! The fold of facts that the wallboard reads: this day, and the last half hour.

use core::ops::Range;
use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};

use clock::{AgentId, CallId, QueueId, WallTime};

use super::duty::Duty;
use super::fact::{Fact, Leave};
use super::figures::{Figures, Goal, waited};
use crate::contract::State;

/// Figures of all queues. Facts come in the order of the journal; what happened
/// before the day is taken for what it says of calls that wait and of states.
#[derive(Clone, Debug, Default)]
pub struct Board {
    day: Span,
    goals: BTreeMap<QueueId, Goal>,
    queues: BTreeMap<QueueId, Counts>,
    open: BTreeMap<CallId, (QueueId, WallTime)>,
    /// Calls between own parties that are up.
    internal: BTreeSet<CallId>,
    agents: BTreeMap<AgentId, Agent>,
    /// The latest time that a fact named.
    latest: WallTime,
    /// Facts that were not taken as there were too many calls or names.
    refused: u64,
}

/// What a queue's figures are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QueueFigures {
    /// Of the calls that entered since the day began.
    pub day: Figures,
    /// Of those that entered in the last [`ROLLING`], by whole minutes.
    pub rolling: Figures,
}

#[derive(Clone, Debug, Default)]
struct Counts {
    day: Figures,
    /// By minute since the epoch, the last [`ROLLING`] of them.
    minutes: BTreeMap<i64, Figures>,
}

#[derive(Clone, Debug)]
struct Agent {
    state: State,
    since: WallTime,
    day: Duty,
    minutes: BTreeMap<i64, Duty>,
}

/// A half-open span of wall time, in microseconds.
type Span = Range<i64>;

impl Board {
    /// Nothing seen yet, and no day: until one begins only the last half hour is counted.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// What each queue is measured against from now on; a queue not named has the usual goal.
    pub fn set_goals(&mut self, goals: BTreeMap<QueueId, Goal>) {
        self.goals = goals;
    }

    /// A day begins: the counts of the former one are dropped, unless it is the same.
    pub fn begin_day(&mut self, day: Range<WallTime>) {
        let day = day.start.as_micros()..day.end.as_micros();
        if day.start == self.day.start {
            self.day = day;
            return;
        }
        self.day = day;
        self.queues.values_mut().for_each(|counts| counts.day = Figures::default());
        self.agents.values_mut().for_each(|agent| agent.day = Duty::default());
    }

    /// When the day ends that is counted.
    #[must_use]
    pub const fn day_ends(&self) -> WallTime {
        WallTime::from_micros(self.day.end)
    }

    /// When it began.
    #[must_use]
    pub const fn day_began(&self) -> WallTime {
        WallTime::from_micros(self.day.start)
    }

    /// Takes the next fact.
    pub fn take(&mut self, fact: &Fact) {
        match *fact {
            Fact::Internal { call, .. } => self.leave_out(call),
            Fact::Entered { call, queue, at } => self.enter(call, queue, at),
            Fact::Left { call, queue, at, how } => {
                if self.open.get(&call).is_some_and(|(waits_in, _)| *waits_in == queue) {
                    self.leave(call, at, how);
                }
            }
            Fact::CallEnded { call, at } => {
                self.internal.remove(&call);
                self.leave(call, at, Leave::Ended);
            }
            Fact::State { agent, state, at } => self.change_state(agent, state, at),
            Fact::Started { at } => self.start_anew(at),
        }
        self.latest = self.latest.max(fact.at());
    }

    /// The figures of a queue at `now`.
    #[must_use]
    pub fn figures(&self, queue: QueueId, now: WallTime) -> QueueFigures {
        let Some(counts) = self.queues.get(&queue) else { return QueueFigures::default() };
        let mut rolling = Figures::default();
        for (_, minute) in counts.minutes.range(oldest_minute(now)..) {
            rolling.merge(minute);
        }
        QueueFigures { day: counts.day.clone(), rolling }
    }

    /// The time that these agents spent in each state: since the day began, and in the last [`ROLLING`].
    #[must_use]
    pub fn duty(&self, agents: &[AgentId], now: WallTime) -> (Duty, Duty) {
        let (mut day, mut rolling) = (Duty::default(), Duty::default());
        for agent in agents.iter().filter_map(|agent| self.agents.get(agent)) {
            let mut agent = agent.clone();
            agent.pass(now, &self.day);
            day.merge(&agent.day);
            agent.minutes.range(oldest_minute(now)..).for_each(|(_, minute)| rolling.merge(minute));
        }
        (day, rolling)
    }

    /// Calls that wait, by what was taken so far.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.open.len()
    }

    /// Facts that were not taken for want of room.
    #[must_use]
    pub const fn refused(&self) -> u64 {
        self.refused
    }

    /// Lets go what no figure at `now` needs.
    pub fn forget(&mut self, now: WallTime) {
        let oldest = oldest_minute(now);
        for counts in self.queues.values_mut() {
            counts.minutes = counts.minutes.split_off(&oldest);
        }
        for agent in self.agents.values_mut() {
            agent.minutes = agent.minutes.split_off(&oldest);
        }
    }

    fn leave_out(&mut self, call: CallId) {
        if self.internal.len() < OPEN_MAX {
            self.internal.insert(call);
        } else {
            self.refused += 1;
        }
    }

    fn enter(&mut self, call: CallId, queue: QueueId, at: WallTime) {
        if self.internal.contains(&call) {
            return;
        }
        match self.open.get(&call) {
            Some((waits_in, _)) if *waits_in == queue => return,
            Some(_) => self.leave(call, at, Leave::Moved),
            None => {}
        }
        if self.open.len() >= OPEN_MAX {
            self.refused += 1;
            return;
        }
        self.open.insert(call, (queue, at));
        self.count(queue, at, |figures, _| figures.enter());
    }

    fn leave(&mut self, call: CallId, at: WallTime, how: Leave) {
        let Some((queue, entered)) = self.open.remove(&call) else { return };
        self.count(queue, entered, |figures, goal| figures.leave(how, waited(entered, at), goal));
    }

    /// Changes the figures of every interval in which a call entered.
    fn count(&mut self, queue: QueueId, entered: WallTime, change: impl Fn(&mut Figures, &Goal)) {
        let goal = self.goals.get(&queue).copied().unwrap_or_default();
        if !self.queues.contains_key(&queue) && self.queues.len() >= NAMES_MAX {
            self.refused += 1;
            return;
        }
        let counts = self.queues.entry(queue).or_default();
        if self.day.contains(&entered.as_micros()) {
            change(&mut counts.day, &goal);
        }
        let minute = minute_of(entered);
        change(counts.minutes.entry(minute).or_default(), &goal);
        while counts.minutes.len() > MINUTES_MAX {
            counts.minutes.pop_first();
        }
    }

    fn change_state(&mut self, agent: AgentId, state: State, at: WallTime) {
        if let Some(row) = self.agents.get_mut(&agent) {
            row.pass(at, &self.day);
            row.state = state;
        } else if self.agents.len() < NAMES_MAX {
            let row = Agent { state, since: at, day: Duty::default(), minutes: BTreeMap::new() };
            self.agents.insert(agent, row);
        } else {
            self.refused += 1;
        }
    }

    /// A life of the node ended with its last fact, and with it every state and every wait.
    fn start_anew(&mut self, at: WallTime) {
        let last = self.latest;
        self.internal.clear();
        let waiting: Vec<CallId> = self.open.keys().copied().collect();
        waiting.into_iter().for_each(|call| self.leave(call, last.min(at), Leave::Ended));
        for agent in self.agents.values_mut() {
            agent.pass(last.min(at), &self.day);
            (agent.state, agent.since) = (State::Offline, at);
        }
    }
}

impl Agent {
    /// Brings his times up to `now`, each part to its minute.
    fn pass(&mut self, now: WallTime, day: &Span) {
        let (from, to) = (self.since.as_micros(), now.as_micros());
        self.since = now;
        if to <= from {
            return;
        }
        let of_day = to.min(day.end).saturating_sub(from.max(day.start)).max(0);
        self.day.add(self.state, millis(of_day));
        let first = minute_of(WallTime::from_micros(from)).max(oldest_minute(now));
        for minute in first..=minute_of(now) {
            let (start, end) = (minute * MINUTE_MICROS, (minute + 1) * MINUTE_MICROS);
            let part = to.min(end).saturating_sub(from.max(start)).max(0);
            self.minutes.entry(minute).or_default().add(self.state, millis(part));
        }
        while self.minutes.len() > MINUTES_MAX {
            self.minutes.pop_first();
        }
    }
}

const fn minute_of(at: WallTime) -> i64 {
    at.as_micros().div_euclid(MINUTE_MICROS)
}

/// The first minute that is among the last [`ROLLING`]; the running one is the last.
const fn oldest_minute(now: WallTime) -> i64 {
    minute_of(now) - (ROLLING.as_secs() / 60) as i64 + 1
}

fn millis(micros: i64) -> u64 {
    u64::try_from(micros).unwrap_or(0) / 1_000
}

/// The rolling interval: half an hour by whole minutes, the running one as far as it is.
pub const ROLLING: Duration = Duration::from_secs(30 * 60);

const MINUTE_MICROS: i64 = 60_000_000;
/// Minutes kept: those of [`ROLLING`], and some for a clock that steps.
const MINUTES_MAX: usize = 40;
/// Waiting calls, and internal ones: as many as an ACD holds ([`crate::Limits`]).
const OPEN_MAX: usize = 200_000;
/// Queues, and agents: as many as an ACD holds.
const NAMES_MAX: usize = 20_000;
