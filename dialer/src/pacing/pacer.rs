//! The pacer: events in, out how many numbers to dial and which ringing ones to give up.

use std::collections::VecDeque;

use clock::Instant;

use super::agents::{Agents, Releases};
use super::answers::{Answers, LANDINGS};
use super::budget::{self, Budget};
use super::contract::{Event, Mode, Rules, Why};
use super::counts::Counts;
use super::flight::{Flight, Learned, seconds};
use super::outlook::Outlook;

/// The pacing of one campaign.
#[derive(Clone, Debug)]
pub struct Pacer {
    rules: Rules,
    agents: Agents,
    flight: Flight,
    answers: Answers,
    budget: Budget,
    /// What the windows hold, as it was last told.
    counts: Counts,
    last_tick: Instant,
    /// Useful answers since the last tick.
    came: u32,
    /// What was expected at the last ticks; answers are known to be useful a little later.
    expected: VecDeque<(Instant, f64)>,
    /// Attempts that rang and were answered or not.
    rang: u64,
    first_dial: Option<Instant>,
    forgot: Instant,
    releases: Vec<Releases>,
    landings: [f64; LANDINGS],
    learned: Option<Instant>,
    /// How long one who needs an agent waits before he is given up, s.
    patience_s: f64,
    outlook: Outlook,
    /// Numbers given up that nobody has asked for yet.
    given_up: VecDeque<u64>,
    why: Option<Why>,
}

impl Pacer {
    /// A pacer that has seen nothing.
    #[must_use]
    pub fn new(rules: Rules, now: Instant) -> Self {
        Self {
            patience_s: rules.connect_limit.as_secs_f64() * FIRST_SLACK,
            rules,
            agents: Agents::new(),
            flight: Flight::new(),
            answers: Answers::new(),
            budget: Budget::new(&rules),
            counts: Counts::default(),
            last_tick: now,
            came: 0,
            expected: VecDeque::new(),
            rang: 0,
            first_dial: None,
            forgot: now,
            releases: vec![Releases::none(); LANDINGS],
            landings: [0.0; LANDINGS],
            learned: None,
            outlook: Outlook::new(),
            given_up: VecDeque::new(),
            why: None,
        }
    }

    /// Takes what happened at `now`.
    pub fn handle(&mut self, now: Instant, event: Event) {
        let learned = match event {
            Event::Agent { agent, state } => {
                self.agents.change(agent, state, now);
                Learned::default()
            }
            Event::Dialled { attempt } => {
                self.flight.dialled(attempt, now);
                self.first_dial.get_or_insert(now);
                Learned::default()
            }
            Event::Rang { attempt } => {
                self.flight.rang(attempt, now);
                Learned::default()
            }
            Event::Answered { attempt, needs_agent } => {
                self.flight.answered(attempt, needs_agent, &mut self.answers, now)
            }
            Event::Detected { attempt, needs_agent } => {
                self.flight.detected(attempt, needs_agent, &mut self.answers, now)
            }
            Event::Connected { attempt } => {
                if let Some(person) = self.flight.connected(attempt, now) {
                    self.budget.connected(self.target(), self.agents.at_work(), person);
                }
                Learned::default()
            }
            Event::Ended { attempt } => self.flight.ended(attempt, &mut self.answers, now),
        };
        self.came += u32::from(learned.routable);
        self.rang += u64::from(learned.rang);
        if let Some(dropped) = learned.dropped {
            self.patience_s += (dropped.waited_s - self.patience_s) * PATIENCE_WEIGHT;
            self.budget.dropped(self.target(), self.agents.at_work(), dropped.person);
        }
    }

    /// Takes what the windows of the limit hold, from before this pacer too; told before each tick. What the running day and
    /// hour held when the first agent came moves the bound as if this pacer had seen it.
    pub fn counted(&mut self, counts: Counts) {
        self.counts = counts;
        if self.first_dial.is_none() && self.agents.at_work() > 0 {
            self.budget.carry(counts.today, counts.hour, self.target(), self.agents.at_work());
        }
    }

    /// How many numbers to dial now; called every half a second, or second.
    pub fn dials(&mut self, now: Instant) -> u32 {
        self.learn(now);
        self.given_up.clear();
        let lines = self.rules.max_lines.saturating_sub(self.flight.lines());
        let (mode, dials) = if !self.knows_enough(now) || self.counts.is_spent(&self.rules, self.agents.at_work()) {
            let wanted = self.agents.idle.saturating_sub(self.flight.ringing() + self.flight.detecting);
            (Mode::Progressive, wanted.saturating_sub(self.flight.waiting).min(lines))
        } else {
            (Mode::Predictive, self.predict(now, lines))
        };
        self.explain(mode, dials);
        dials
    }

    /// A ringing number to give up, once; asked after [`Pacer::dials`] until there is none. It has rung for at least 15 s.
    pub fn poll_given_up(&mut self) -> Option<u64> {
        self.given_up.pop_front()
    }

    /// Why the last tick dialled as it did; `None` before the first.
    #[must_use]
    pub fn why(&self) -> Option<Why> {
        self.why
    }

    fn target(&self) -> f64 {
        budget::target(&self.rules, self.agents.at_work(), self.budget.scarcity())
    }

    /// Enough was seen to predict from, over as long as a number rings.
    fn knows_enough(&self, now: Instant) -> bool {
        self.rang >= KNOWN_FROM && self.first_dial.is_some_and(|first| seconds(now, first) >= KNOWN_FROM_S)
    }

    fn learn(&mut self, now: Instant) {
        let step = seconds(now, self.last_tick);
        self.last_tick = now;
        if step <= 0.0 {
            return;
        }
        let expected = self.flight.tick(&mut self.answers, now, step);
        self.expected.push_back((now, expected));
        let mut due = 0.0;
        while let Some((at, expected)) = self.expected.front().copied() {
            if seconds(now, at) < self.answers.detection_s() && self.expected.len() < MOST_EXPECTED {
                break;
            }
            due += expected;
            self.expected.pop_front();
        }
        let came = core::mem::take(&mut self.came);
        if self.knows_enough(now) {
            self.answers.observe(came, due, step);
        }
        self.answers.refresh();
        self.budget.leak(step, self.agents.at_work());
        if seconds(now, self.forgot) >= 60.0 {
            self.forgot = now;
            self.answers.forget(KEEP_A_MINUTE);
            self.agents.forget(KEEP_A_MINUTE);
            self.flight.forget(KEEP_A_MINUTE);
        }
        if self.learned.is_none_or(|at| seconds(now, at) >= RELEASES_EVERY_S) {
            self.learned = Some(now);
            self.agents.refresh(now);
            self.landings = self.answers.landings(self.flight.late_from());
            let withins = self.landings.map(|landing| landing + self.patience_s);
            Releases::compute(&mut self.releases, &self.agents, withins.into_iter());
        }
    }

    /// Dials while the chance that a further answer finds no agent keeps below the bound. Numbers that have rung for the
    /// minimum are given up when their own answer would go beyond it, or when they hold back better ones.
    fn predict(&mut self, now: Instant, lines: u32) -> u32 {
        let free = i64::from(self.agents.idle) - i64::from(self.flight.waiting);
        for ((sum, releases), landing) in self.outlook.sums().zip(&self.releases).zip(self.landings) {
            sum.start(free);
            self.agents.chances(releases, now).for_each(|p| sum.gain(p));
            self.flight.chances(&self.answers, now, landing).for_each(|p| sum.lose(p));
        }
        let bound = self.budget.bound(self.agents.at_work());
        let burst = (self.agents.at_work() / AGENTS_A_DIAL).max(1);
        let late_from = self.flight.late_from();
        let lands = self.landings.map(|landing| self.answers.lands_within(0.0, landing, late_from));
        let late = self.flight.late(now).count();
        if late == 0 {
            return self.outlook.fill(&lands, bound, lines.min(burst));
        }
        let keeps_bound = self.outlook.risk_soon() <= bound;
        let mut keeping = self.outlook.clone();
        for (sum, landing) in keeping.sums().zip(self.landings) {
            self.flight.late_chances(&self.answers, now, landing).for_each(|p| sum.lose(p));
        }
        let dials_keeping = keeping.fill(&lands, bound, lines.min(burst));
        let lines_without = lines.saturating_add(u32::try_from(late).unwrap_or(u32::MAX));
        let dials = self.outlook.fill(&lands, bound, lines_without.min(burst));
        let won = f64::from(dials.saturating_sub(dials_keeping)) * self.answers.in_all(late_from);
        let lost: f64 = self.flight.late_chances(&self.answers, now, FOR_GOOD_S).sum();
        if keeps_bound && won <= lost {
            self.outlook = keeping;
            return dials_keeping;
        }
        self.given_up.extend(self.flight.late(now));
        self.given_up.iter().for_each(|attempt| self.flight.give_up(*attempt));
        // Those beyond the lines that are free now come when these numbers have ended.
        dials.min(lines)
    }

    fn explain(&mut self, mode: Mode, dials: u32) {
        let agents = self.agents.at_work();
        let middle = LANDINGS / 2;
        let (now, within) = (self.last_tick, self.landings[middle]);
        let fresh = self.flight.chances(&self.answers, now, within);
        let answers: f64 = fresh.chain(self.flight.late_chances(&self.answers, now, within)).sum();
        let releases: f64 = self.agents.chances(&self.releases[middle], self.last_tick).sum();
        self.why = Some(Why {
            mode,
            dials,
            given_up: u32::try_from(self.given_up.len()).unwrap_or(u32::MAX),
            idle: self.agents.idle,
            agents,
            ringing: self.flight.ringing(),
            waiting: self.flight.waiting,
            expected_releases: releases,
            expected_answers: answers,
            answer_chance: self.answers.in_all(f64::INFINITY),
            risk: if mode == Mode::Predictive { self.outlook.risk() } else { 0.0 },
            bound: self.budget.bound(agents),
            budget_left: self.budget.left(self.target()),
            target: self.target(),
        });
    }
}

/// Numbers that rang and were answered or not, before anything is predicted ...
const KNOWN_FROM: u64 = 20;
/// ... and how long ago the first was dialled, s.
const KNOWN_FROM_S: f64 = 30.0;
/// What is kept of what was learned, a minute.
const KEEP_A_MINUTE: f64 = 0.995;
/// The tables of releases follow what was learned this often, s.
const RELEASES_EVERY_S: f64 = 10.0;
/// Of the limit, what is left when the detection has decided.
const FIRST_SLACK: f64 = 0.7;
/// How fast the time until one is given up is learned.
const PATIENCE_WEIGHT: f64 = 0.05;
/// At a tick no more than a number for so many agents: a wave of numbers would be answered, or not, before anything was
/// learned from it.
const AGENTS_A_DIAL: u32 = 8;
/// Ticks of which the expectation is kept.
const MOST_EXPECTED: usize = 64;
/// Whoever has not answered by then never will, s.
const FOR_GOOD_S: f64 = 30.0;
