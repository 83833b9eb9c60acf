//! The attempts that are dialled and have no agent yet.

use std::collections::BTreeMap;

use clock::Instant;

use super::answers::Answers;

/// All attempts in flight.
#[derive(Clone, Debug, Default)]
pub(super) struct Flight {
    attempts: BTreeMap<u64, Attempt>,
    /// Answered, and not yet known whether they need an agent.
    pub(super) detecting: u32,
    /// Need an agent and have none.
    pub(super) waiting: u32,
    /// Connected to an agent.
    pub(super) connected: u32,
    passes: Passes,
}

/// One attempt.
#[derive(Clone, Copy, Debug)]
struct Attempt {
    dialled: Instant,
    /// Up to here its ringing was counted.
    counted: Instant,
    stage: Stage,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Ringing,
    Detecting { since: Instant },
    Waiting { since: Instant },
    Connected,
}

/// Of those answered by somebody or something: how many need an agent, by the age of the attempt at the answer.
#[derive(Clone, Debug)]
struct Passes {
    passed: [f64; PASS_SLOTS],
    all: [f64; PASS_SLOTS],
}

impl Default for Passes {
    fn default() -> Self {
        Self { passed: [PRIOR_PASSED; PASS_SLOTS], all: [PRIOR_ANSWERED; PASS_SLOTS] }
    }
}

/// What an event taught.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Learned {
    /// One more needs an agent.
    pub(super) routable: bool,
    /// One that needed an agent had waited so long, s, when it was given up.
    pub(super) given_up_after: Option<f64>,
    /// It is known whether an attempt that rang was answered.
    pub(super) rang: bool,
}

impl Flight {
    /// Attempts whose line is in use, conversations included.
    pub(super) fn lines(&self) -> u32 {
        u32::try_from(self.attempts.len()).unwrap_or(u32::MAX)
    }

    /// Attempts that ring.
    pub(super) fn ringing(&self) -> u32 {
        self.lines() - self.detecting - self.waiting - self.connected
    }

    pub(super) fn dialled(&mut self, attempt: u64, now: Instant) {
        let known = self.attempts.insert(attempt, Attempt { dialled: now, counted: now, stage: Stage::Ringing });
        self.left(known.map(|known| known.stage));
    }

    pub(super) fn answered(&mut self, attempt: u64, needs_agent: bool, answers: &mut Answers, now: Instant) -> Learned {
        let Some(row) = self.attempts.get_mut(&attempt).filter(|row| row.stage == Stage::Ringing) else {
            return Learned::default();
        };
        row.count_ringing(answers, now);
        if needs_agent {
            answers.detected_after(0.0);
            answers.was_useful(row.age(now));
            row.stage = Stage::Waiting { since: now };
            self.waiting += 1;
            return Learned { routable: true, rang: true, ..Learned::default() };
        }
        row.stage = Stage::Detecting { since: now };
        self.detecting += 1;
        Learned::default()
    }

    pub(super) fn detected(&mut self, attempt: u64, needs_agent: bool, answers: &mut Answers, now: Instant) -> Learned {
        let Some(row) = self.attempts.get_mut(&attempt) else { return Learned::default() };
        let Stage::Detecting { since } = row.stage else { return Learned::default() };
        let age = row.age(since);
        self.detecting -= 1;
        self.passes.saw(age, needs_agent);
        let learned = Learned { rang: true, routable: needs_agent, ..Learned::default() };
        if needs_agent {
            answers.detected_after(seconds(now, since));
            answers.was_useful(age);
            row.stage = Stage::Waiting { since: now };
            self.waiting += 1;
            return learned;
        }
        answers.was_other(age);
        self.attempts.remove(&attempt);
        learned
    }

    pub(super) fn connected(&mut self, attempt: u64) -> bool {
        let Some(row) = self.attempts.get_mut(&attempt) else { return false };
        if !matches!(row.stage, Stage::Waiting { .. }) {
            return false;
        }
        row.stage = Stage::Connected;
        self.waiting -= 1;
        self.connected += 1;
        true
    }

    /// The attempt is over.
    pub(super) fn ended(&mut self, attempt: u64, answers: &mut Answers, now: Instant) -> Learned {
        let Some(mut row) = self.attempts.remove(&attempt) else { return Learned::default() };
        self.left(Some(row.stage));
        match row.stage {
            Stage::Ringing => {
                row.count_ringing(answers, now);
                answers.was_other(row.age(now));
                Learned { rang: row.age(now) >= RUNG_OUT_S, ..Learned::default() }
            }
            // Hung up before it was known: nobody needs an agent for it.
            Stage::Detecting { since } => {
                answers.was_other(row.age(since));
                self.passes.saw(row.age(since), false);
                Learned { rang: true, ..Learned::default() }
            }
            Stage::Waiting { since } => Learned { given_up_after: Some(seconds(now, since)), ..Learned::default() },
            Stage::Connected => Learned::default(),
        }
    }

    /// Counts the ringing since the last time, and returns how many were to be expected to be answered
    /// usefully in `step` seconds at a factor of 1.
    pub(super) fn tick(&mut self, answers: &mut Answers, now: Instant, step: f64) -> f64 {
        let mut expected = 0.0;
        for row in self.attempts.values_mut().filter(|row| row.stage == Stage::Ringing) {
            expected += answers.hazard(row.age(now)) * step;
            row.count_ringing(answers, now);
        }
        expected
    }

    /// For each attempt that may yet need an agent, the chance that it does within `seconds`.
    pub(super) fn chances<'a>(
        &'a self,
        answers: &'a Answers,
        now: Instant,
        within: f64,
    ) -> impl Iterator<Item = f64> + 'a {
        self.attempts.values().filter_map(move |row| match row.stage {
            Stage::Ringing => Some(answers.lands_within(row.age(now), within)),
            Stage::Detecting { since } => {
                let left = answers.detection_s() - seconds(now, since);
                (within >= left).then(|| self.passes.chance(row.age(since), answers.factor()))
            }
            Stage::Waiting { .. } | Stage::Connected => None,
        })
    }

    pub(super) fn forget(&mut self, keep: f64) {
        for (passed, all) in self.passes.passed.iter_mut().zip(&mut self.passes.all) {
            if *all > PRIOR_ANSWERED {
                *passed *= keep;
                *all *= keep;
            }
        }
    }

    fn left(&mut self, stage: Option<Stage>) {
        match stage {
            Some(Stage::Detecting { .. }) => self.detecting -= 1,
            Some(Stage::Waiting { .. }) => self.waiting -= 1,
            Some(Stage::Connected) => self.connected -= 1,
            Some(Stage::Ringing) | None => {}
        }
    }
}

impl Attempt {
    fn age(&self, now: Instant) -> f64 {
        seconds(now, self.dialled)
    }

    fn count_ringing(&mut self, answers: &mut Answers, now: Instant) {
        let step = seconds(now, self.counted);
        if step > 0.0 {
            answers.rang(self.age(self.counted) + step / 2.0, step);
            self.counted = now;
        }
    }
}

impl Passes {
    fn saw(&mut self, age: f64, passed: bool) {
        let at = (age / PASS_SLOT_S) as usize;
        let at = at.min(PASS_SLOTS - 1);
        self.all[at] += 1.0;
        self.passed[at] += f64::from(u8::from(passed));
    }

    /// Chance to pass; people answer `factor` times as often as on the whole, machines do as ever.
    fn chance(&self, age: f64, factor: f64) -> f64 {
        let at = ((age / PASS_SLOT_S) as usize).min(PASS_SLOTS - 1);
        let passed = self.passed[at] * factor;
        passed / (passed + self.all[at] - self.passed[at])
    }
}

/// Seconds from one instant to another.
pub(super) fn seconds(now: Instant, since: Instant) -> f64 {
    now.since(since).as_secs_f64()
}

/// Ages at the answer that are told apart: machines take their time.
const PASS_SLOTS: usize = 12;
const PASS_SLOT_S: f64 = 3.0;
/// What ended sooner was busy or failed, and says nothing of who answers.
const RUNG_OUT_S: f64 = 15.0;
/// Half of what is answered needs an agent, as long as nothing was seen.
const PRIOR_PASSED: f64 = 1.0;
const PRIOR_ANSWERED: f64 = 2.0;
