//! The pacer: events in, numbers to dial out.

use std::time::Duration;

use clock::Instant;

use super::agents::{Agents, Releases};
use super::answers::{Answers, LANDINGS};
use super::budget::{self, Budget};
use super::flight::{Flight, Learned, seconds};
use super::risk::Sum;

/// What a campaign sets, and the one figure that comes from an audit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rules {
    /// Share of live answers that may be abandoned, such as 0.03.
    pub target_abandon: f64,
    /// How long after the end of the greeting an agent must be there, such as 2 s.
    pub connect_limit: Duration,
    /// Lines that may be in use at once, conversations included.
    pub max_lines: u32,
    /// Audited estimate of the share of people whom the detection calls machines: abandoned calls too.
    pub people_called_machines: f64,
}

/// What is true of an agent of the campaign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AgentState {
    /// Waits for a call.
    Idle,
    /// In a call.
    Talking,
    /// After a call.
    WrapUp,
    /// Signed in, and takes no calls.
    Away,
    /// Signed off.
    Gone,
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// An agent's state became another.
    Agent {
        /// The agent.
        agent: u32,
        /// The state.
        state: AgentState,
    },
    /// A number was dialled.
    Dialled {
        /// The attempt.
        attempt: u64,
    },
    /// It was answered. Without detection it needs an agent at once.
    Answered {
        /// The attempt.
        attempt: u64,
        /// It needs an agent from now; `false` while a detection runs.
        needs_agent: bool,
    },
    /// The detection has decided.
    Detected {
        /// The attempt.
        attempt: u64,
        /// It needs an agent from now; `false`: a machine.
        needs_agent: bool,
    },
    /// It got its agent.
    Connected {
        /// The attempt.
        attempt: u64,
    },
    /// It is over: unanswered, a machine, given up while it needed an agent, or after the conversation.
    Ended {
        /// The attempt.
        attempt: u64,
    },
}

/// By which rule numbers are dialled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// One line an idle agent: too little is known.
    Progressive,
    /// By the chance that an answer finds no agent.
    Predictive,
}

/// Why so many numbers were dialled, at the last tick.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Why {
    /// By which rule.
    pub mode: Mode,
    /// Numbers dialled at this tick.
    pub dials: u32,
    /// Agents idle, and at work in all.
    pub idle: u32,
    /// Agents at work in all: idle, talking, in wrap-up.
    pub agents: u32,
    /// Numbers that ring.
    pub ringing: u32,
    /// Answered calls that need an agent and have none.
    pub waiting: u32,
    /// Agents who will have become free when a number dialled now is answered, on average.
    pub expected_releases: f64,
    /// Calls that will have come for them by then, on average.
    pub expected_answers: f64,
    /// Chance that a number dialled now will be answered by somebody.
    pub answer_chance: f64,
    /// Chance that its answer would find no agent.
    pub risk: f64,
    /// What that chance may be at most now.
    pub bound: f64,
    /// Abandoned calls that the target would still allow.
    pub budget_left: f64,
    /// The target that is aimed at, below the cap.
    pub target: f64,
}

/// The pacing of one campaign.
#[derive(Clone, Debug)]
pub struct Pacer {
    rules: Rules,
    agents: Agents,
    flight: Flight,
    answers: Answers,
    budget: Budget,
    last_tick: Instant,
    /// Useful answers since the last tick.
    came: u32,
    /// What was expected at the last ticks; answers are known to be useful a little later.
    expected: std::collections::VecDeque<(Instant, f64)>,
    /// Attempts that rang and were answered or not.
    rang: u64,
    first_dial: Option<Instant>,
    forgot: Instant,
    releases: Vec<Releases>,
    landings: [f64; LANDINGS],
    learned: Option<Instant>,
    /// How long one who needs an agent waits before he is given up, s.
    patience_s: f64,
    sums: Vec<Sum>,
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
            flight: Flight::default(),
            answers: Answers::new(),
            budget: Budget::new(),
            last_tick: now,
            came: 0,
            expected: std::collections::VecDeque::new(),
            rang: 0,
            first_dial: None,
            forgot: now,
            releases: vec![Releases::none(); LANDINGS],
            landings: [0.0; LANDINGS],
            learned: None,
            sums: vec![Sum::default(); LANDINGS],
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
            Event::Answered { attempt, needs_agent } => {
                self.flight.answered(attempt, needs_agent, &mut self.answers, now)
            }
            Event::Detected { attempt, needs_agent } => {
                self.flight.detected(attempt, needs_agent, &mut self.answers, now)
            }
            Event::Connected { attempt } => {
                if self.flight.connected(attempt) {
                    self.budget.connected(self.target(), self.agents.at_work());
                }
                Learned::default()
            }
            Event::Ended { attempt } => self.flight.ended(attempt, &mut self.answers, now),
        };
        self.came += u32::from(learned.routable);
        self.rang += u64::from(learned.rang);
        if let Some(waited) = learned.given_up_after {
            self.patience_s += (waited - self.patience_s) * PATIENCE_WEIGHT;
            self.budget.dropped(self.target(), self.agents.at_work());
        }
    }

    /// How many numbers to dial now; called every half a second, or second.
    pub fn dials(&mut self, now: Instant) -> u32 {
        self.learn(now);
        let lines = self.rules.max_lines.saturating_sub(self.flight.lines());
        let (mode, dials) = if !self.knows_enough(now) {
            let wanted = self.agents.idle.saturating_sub(self.flight.ringing() + self.flight.detecting);
            (Mode::Progressive, wanted.saturating_sub(self.flight.waiting).min(lines))
        } else {
            (Mode::Predictive, self.predict(now, lines))
        };
        self.explain(mode, dials);
        dials
    }

    /// Why the last tick dialled as it did; `None` before the first.
    #[must_use]
    pub fn why(&self) -> Option<Why> {
        self.why
    }

    fn target(&self) -> f64 {
        budget::target(self.rules.target_abandon, self.rules.people_called_machines, self.agents.at_work())
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
        self.budget.leak(step);
        if seconds(now, self.forgot) >= 60.0 {
            self.forgot = now;
            self.answers.forget(KEEP_A_MINUTE);
            self.agents.forget(KEEP_A_MINUTE);
            self.flight.forget(KEEP_A_MINUTE);
        }
        if self.learned.is_none_or(|at| seconds(now, at) >= RELEASES_EVERY_S) {
            self.learned = Some(now);
            self.agents.refresh(now);
            self.landings = self.answers.landings();
            let withins = self.landings.map(|landing| landing + self.patience_s);
            Releases::compute(&mut self.releases, &self.agents, withins.into_iter());
        }
    }

    /// Dials while the chance that a further answer finds no agent keeps below the bound.
    fn predict(&mut self, now: Instant, lines: u32) -> u32 {
        let free = i64::from(self.agents.idle) - i64::from(self.flight.waiting);
        for ((sum, releases), landing) in self.sums.iter_mut().zip(&self.releases).zip(self.landings) {
            sum.start(free);
            self.agents.chances(releases, now).for_each(|p| sum.gain(p));
            self.flight.chances(&self.answers, now, landing).for_each(|p| sum.lose(p));
        }
        let bound = self.budget.bound(self.agents.at_work());
        let most = lines.min(self.agents.at_work() * MOST_AN_AGENT);
        let mut dials = 0;
        while dials < most && self.risk() <= bound {
            dials += 1;
            for (sum, landing) in self.sums.iter_mut().zip(self.landings) {
                sum.lose(self.answers.lands_within(0.0, landing));
            }
        }
        dials
    }

    /// Chance that an answer to a number dialled now finds no agent.
    fn risk(&self) -> f64 {
        self.sums.iter().map(|sum| sum.at_most(0)).sum::<f64>() / LANDINGS as f64
    }

    fn explain(&mut self, mode: Mode, dials: u32) {
        let agents = self.agents.at_work();
        let middle = LANDINGS / 2;
        let answers: f64 = self.flight.chances(&self.answers, self.last_tick, self.landings[middle]).sum();
        let releases: f64 = self.agents.chances(&self.releases[middle], self.last_tick).sum();
        self.why = Some(Why {
            mode,
            dials,
            idle: self.agents.idle,
            agents,
            ringing: self.flight.ringing(),
            waiting: self.flight.waiting,
            expected_releases: releases,
            expected_answers: answers,
            answer_chance: self.answers.in_all(),
            risk: if mode == Mode::Predictive { self.risk() } else { 0.0 },
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
/// New numbers a tick, an agent: a bound of the loop.
const MOST_AN_AGENT: u32 = 20;
/// Ticks of which the expectation is kept.
const MOST_EXPECTED: usize = 64;
