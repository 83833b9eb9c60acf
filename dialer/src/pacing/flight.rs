//! The attempts that are dialled and have no agent yet.

use std::collections::BTreeMap;

use clock::Instant;

use super::answers::Answers;
use super::shares::Shares;

/// All attempts in flight.
#[derive(Clone, Debug)]
pub(super) struct Flight {
    attempts: BTreeMap<u64, Attempt>,
    /// From dialling to ringing, on average, s.
    set_up_s: Option<f64>,
    /// Answered, and not yet known whether they need an agent.
    pub(super) detecting: u32,
    /// Need an agent and have none.
    pub(super) waiting: u32,
    /// Connected to an agent.
    pub(super) connected: u32,
    /// Of those answered by somebody or something: who needs an agent.
    pass: Shares,
    /// Of those connected to an agent: conversations. A machine that got through ends at once.
    converse: Shares,
}

/// One attempt.
#[derive(Clone, Copy, Debug)]
struct Attempt {
    dialled: Instant,
    /// Up to here its ringing was counted.
    counted: Instant,
    stage: Stage,
    /// Since when it rings.
    rang: Option<Instant>,
    /// We let it ring no longer.
    given_up: bool,
    /// Its age at the answer, s.
    answered_age: f64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Ringing,
    Detecting { since: Instant },
    Waiting { since: Instant },
    Connected { since: Instant },
}

/// What an event taught.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Learned {
    /// One more needs an agent.
    pub(super) routable: bool,
    /// One that needed an agent ended without.
    pub(super) dropped: Option<Dropped>,
    /// It is known whether an attempt that rang was answered.
    pub(super) rang: bool,
}

/// One that needed an agent and got none.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Dropped {
    /// How long it waited, s.
    pub(super) waited_s: f64,
    /// Chance that it was a person.
    pub(super) person: f64,
}

impl Flight {
    pub(super) fn new() -> Self {
        Self {
            attempts: BTreeMap::new(),
            set_up_s: None,
            detecting: 0,
            waiting: 0,
            connected: 0,
            pass: Shares::believed(PRIOR_PASS.0, PRIOR_PASS.1),
            converse: Shares::believed(PRIOR_CONVERSE.0, PRIOR_CONVERSE.1),
        }
    }

    /// Attempts whose line is in use, conversations included.
    pub(super) fn lines(&self) -> u32 {
        u32::try_from(self.attempts.len()).unwrap_or(u32::MAX)
    }

    /// Attempts that ring.
    pub(super) fn ringing(&self) -> u32 {
        self.lines() - self.detecting - self.waiting - self.connected
    }

    pub(super) fn dialled(&mut self, attempt: u64, now: Instant) {
        let known = self.attempts.insert(attempt, Attempt::new(now));
        self.left(known.map(|known| known.stage));
    }

    pub(super) fn rang(&mut self, attempt: u64, now: Instant) {
        let Some(row) = self.attempts.get_mut(&attempt).filter(|row| row.rang.is_none()) else { return };
        row.rang = Some(now);
        let took = row.age(now);
        self.set_up_s = Some(self.set_up_s.map_or(took, |mean| mean + (took - mean) * SET_UP_WEIGHT));
    }

    /// From this age on, s, an attempt may be given up; never, as long as none was heard to ring.
    pub(super) fn late_from(&self) -> f64 {
        self.set_up_s.map_or(f64::INFINITY, |set_up_s| set_up_s + LEAST_RING_S)
    }

    /// Attempts that have rung for the minimum: they may be given up.
    pub(super) fn late(&self, now: Instant) -> impl Iterator<Item = u64> + '_ {
        self.attempts.iter().filter(move |(_, row)| row.is_late(now)).map(|(attempt, _)| *attempt)
    }

    /// We let it ring no longer: it will end, and nothing is learned from that.
    pub(super) fn give_up(&mut self, attempt: u64) {
        if let Some(row) = self.attempts.get_mut(&attempt) {
            row.given_up = true;
        }
    }

    pub(super) fn answered(&mut self, attempt: u64, needs_agent: bool, answers: &mut Answers, now: Instant) -> Learned {
        let Some(row) = self.attempts.get_mut(&attempt).filter(|row| row.stage == Stage::Ringing) else {
            return Learned::default();
        };
        row.count_ringing(answers, now);
        if needs_agent {
            answers.detected_after(0.0);
            row.answered_age = row.age(now);
            answers.was_useful(row.answered_age);
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
        row.answered_age = age;
        self.pass.saw(age, needs_agent);
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

    /// It got its agent. Returns the chance that it is a person's; `None`: it needed no agent.
    pub(super) fn connected(&mut self, attempt: u64, now: Instant) -> Option<f64> {
        let row = self.attempts.get_mut(&attempt)?;
        if !matches!(row.stage, Stage::Waiting { .. }) {
            return None;
        }
        row.stage = Stage::Connected { since: now };
        self.waiting -= 1;
        self.connected += 1;
        Some(self.converse.share(row.answered_age, 1.0))
    }

    /// The attempt is over.
    pub(super) fn ended(&mut self, attempt: u64, answers: &mut Answers, now: Instant) -> Learned {
        let Some(mut row) = self.attempts.remove(&attempt) else { return Learned::default() };
        self.left(Some(row.stage));
        match row.stage {
            Stage::Ringing => {
                row.count_ringing(answers, now);
                if !row.given_up {
                    answers.was_other(row.age(now));
                }
                Learned { rang: row.age(now) >= RUNG_OUT_S, ..Learned::default() }
            }
            // Hung up before it was known: nobody needs an agent for it.
            Stage::Detecting { since } => {
                answers.was_other(row.age(since));
                self.pass.saw(row.age(since), false);
                Learned { rang: true, ..Learned::default() }
            }
            Stage::Waiting { since } => {
                let person = self.converse.share(row.answered_age, 1.0);
                Learned { dropped: Some(Dropped { waited_s: seconds(now, since), person }), ..Learned::default() }
            }
            Stage::Connected { since } => {
                self.converse.saw(row.answered_age, seconds(now, since) >= CONVERSATION_S);
                Learned::default()
            }
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

    /// For each attempt that may yet need an agent, save the late ones, the chance that it does within `within` seconds.
    /// What is answered late is decided then, so it does not count.
    pub(super) fn chances<'a>(
        &'a self,
        answers: &'a Answers,
        now: Instant,
        within: f64,
    ) -> impl Iterator<Item = f64> + 'a {
        let late_from = self.late_from();
        self.attempts.values().filter_map(move |row| match row.stage {
            Stage::Ringing => {
                let counts = !row.given_up && !row.is_late(now);
                counts.then(|| answers.lands_within(row.age(now), within, late_from))
            }
            Stage::Detecting { since } => {
                let left = answers.detection_s() - seconds(now, since);
                (within >= left).then(|| self.pass.share(row.age(since), answers.factor()))
            }
            Stage::Waiting { .. } | Stage::Connected { .. } => None,
        })
    }

    /// The same for the late ones.
    pub(super) fn late_chances<'a>(
        &'a self,
        answers: &'a Answers,
        now: Instant,
        within: f64,
    ) -> impl Iterator<Item = f64> + 'a {
        let late = self.attempts.values().filter(move |row| row.is_late(now));
        late.map(move |row| answers.lands_within(row.age(now), within, f64::INFINITY))
    }

    pub(super) fn forget(&mut self, keep: f64) {
        self.pass.forget(keep);
        self.converse.forget(keep);
    }

    fn left(&mut self, stage: Option<Stage>) {
        match stage {
            Some(Stage::Detecting { .. }) => self.detecting -= 1,
            Some(Stage::Waiting { .. }) => self.waiting -= 1,
            Some(Stage::Connected { .. }) => self.connected -= 1,
            Some(Stage::Ringing) | None => {}
        }
    }
}

impl Attempt {
    fn new(now: Instant) -> Self {
        Self { dialled: now, counted: now, stage: Stage::Ringing, rang: None, given_up: false, answered_age: 0.0 }
    }

    /// It has rung for the minimum, and rings on.
    fn is_late(&self, now: Instant) -> bool {
        let rings = self.stage == Stage::Ringing && !self.given_up;
        rings && self.rang.is_some_and(|rang| seconds(now, rang) >= LEAST_RING_S)
    }

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

/// Seconds from one instant to another.
pub(super) fn seconds(now: Instant, since: Instant) -> f64 {
    now.since(since).as_secs_f64()
}

/// Nobody's phone rings for less before we give up, s (16 CFR 310.4(b)(4)(ii), Ofcom).
const LEAST_RING_S: f64 = 15.0;
/// What ended sooner was busy or failed, and says nothing of who answers.
const RUNG_OUT_S: f64 = 15.0;
/// What is shorter with an agent is no conversation, s: a machine that the detection let through.
const CONVERSATION_S: f64 = 15.0;
/// How fast the mean of the set-up follows.
const SET_UP_WEIGHT: f64 = 0.02;
/// Half of what is answered needs an agent, as long as nothing was seen: one of two.
const PRIOR_PASS: (f64, f64) = (1.0, 2.0);
/// All who are connected are people, as long as nothing was seen: two of two.
const PRIOR_CONVERSE: (f64, f64) = (2.0, 2.0);
