//! When numbers answer, learned from what was dialled: by the age of an
//! attempt, how likely it is to be answered in the next second by somebody who
//! will need an agent, and how likely to end otherwise.

use super::scale::Scale;

/// The learned table.
#[derive(Clone, Debug)]
pub(super) struct Answers {
    /// Attempt seconds at each age, weighed by the factor of the time.
    exposed: [f64; AGES],
    /// Answers that needed an agent, by age at the answer.
    routable: [f64; AGES],
    /// Everything else that ended an attempt's ringing, by age.
    other: [f64; AGES],
    /// Of those answered at an age: how many needed an agent.
    scale: Scale,
    factor: f64,
    /// Chance to ring on beyond each age, and to have been answered usefully before it, for a new attempt.
    rings: [f64; AGES + 1],
    useful: [f64; AGES + 1],
    /// Seconds from the answer until it is known to need an agent.
    detection_s: f64,
}

impl Answers {
    /// A belief that resembles most lists: a quarter answers within half a minute.
    pub(super) fn new() -> Self {
        let mut answers = Self {
            exposed: [0.0; AGES],
            routable: [0.0; AGES],
            other: [0.0; AGES],
            scale: Scale::new(),
            factor: 1.0,
            rings: [0.0; AGES + 1],
            useful: [0.0; AGES + 1],
            detection_s: FIRST_DETECTION_S,
        };
        let mut ringing = PRIOR_ATTEMPTS;
        for age in 0..AGES {
            let (useful, other) = prior_hazards(age);
            answers.exposed[age] = ringing;
            answers.routable[age] = ringing * useful;
            answers.other[age] = ringing * other;
            ringing = (ringing * (1.0 - useful - other)).max(LEAST_EXPOSED);
        }
        answers.refresh();
        answers
    }

    /// An attempt rang from `from` to `to` seconds of its age.
    pub(super) fn rang(&mut self, age: f64, seconds: f64) {
        self.exposed[slot(age)] += seconds * self.factor;
        // What ends otherwise does not go with the factor, so it is counted by plain time.
    }

    /// One that was answered at this age turned out to need an agent.
    pub(super) fn was_useful(&mut self, age: f64) {
        self.routable[slot(age)] += 1.0;
    }

    /// One stopped ringing at this age and needs nobody.
    pub(super) fn was_other(&mut self, age: f64) {
        self.other[slot(age)] += self.factor;
    }

    /// So long after the answer it was known that it needs an agent.
    pub(super) fn detected_after(&mut self, seconds: f64) {
        self.detection_s += (seconds - self.detection_s) * DETECTION_WEIGHT;
    }

    /// Seconds from the answer until it is known to need an agent.
    pub(super) fn detection_s(&self) -> f64 {
        self.detection_s
    }

    /// The factor of the time: `came` needed an agent where `expected` would at a factor of 1.
    pub(super) fn observe(&mut self, came: u32, expected: f64, seconds: f64) {
        self.scale.observe(came, expected, seconds);
        self.factor = self.scale.mean();
    }

    /// The factor of the time.
    pub(super) fn factor(&self) -> f64 {
        self.factor
    }

    /// What was seen counts a little less from now.
    pub(super) fn forget(&mut self, keep: f64) {
        for age in 0..AGES {
            if self.exposed[age] > LEAST_EXPOSED * 4.0 {
                self.exposed[age] *= keep;
                self.routable[age] *= keep;
                self.other[age] *= keep;
            }
        }
    }

    /// Chance a second, at a factor of 1, that one ringing at this age is answered by somebody who needs an agent.
    pub(super) fn hazard(&self, age: f64) -> f64 {
        let at = slot(age);
        self.routable[at] / self.exposed[at]
    }

    /// Brings the cumulated table up to date with what was learned.
    pub(super) fn refresh(&mut self) {
        let mut rings = 1.0;
        let mut useful = 0.0;
        for age in 0..AGES {
            self.rings[age] = rings;
            self.useful[age] = useful;
            let answers = self.factor * self.routable[age] / self.exposed[age];
            let ends = answers + self.other[age] / self.exposed[age];
            let gone = rings * (1.0 - (-ends).exp());
            if ends > 0.0 {
                useful += gone * answers / ends;
            }
            rings -= gone;
        }
        self.rings[AGES] = rings;
        self.useful[AGES] = useful;
    }

    /// Chance that an attempt ringing at `age` will need an agent within `seconds`, having been answered before the age `last`.
    pub(super) fn lands_within(&self, age: f64, seconds: f64, last: f64) -> f64 {
        let until = (age + seconds - self.detection_s).min(last);
        if until <= age {
            return 0.0;
        }
        let rings = at(&self.rings, age);
        if rings < LEAST_RINGING {
            return 0.0;
        }
        ((at(&self.useful, until) - at(&self.useful, age)) / rings).clamp(0.0, 1.0)
    }

    /// Chance that a new attempt will need an agent, having been answered before the age `last`.
    pub(super) fn in_all(&self, last: f64) -> f64 {
        at(&self.useful, last)
    }

    /// The times after dialling at which a new attempt is likely to land, answered before the age `last`: middles of parts
    /// of equal chance.
    pub(super) fn landings(&self, last: f64) -> [f64; LANDINGS] {
        let in_all = self.in_all(last);
        let mut times = [0.0; LANDINGS];
        let mut age = 0;
        for (nth, time) in times.iter_mut().enumerate() {
            let share = (nth as f64 + 0.5) / LANDINGS as f64 * in_all;
            while age + 1 < AGES && self.useful[age + 1] < share {
                age += 1;
            }
            let step = self.useful[age + 1] - self.useful[age];
            let within = if step > 0.0 { (share - self.useful[age]) / step } else { 0.5 };
            *time = age as f64 + within.clamp(0.0, 1.0) + self.detection_s;
        }
        times
    }
}

/// Linear between whole seconds.
fn at(table: &[f64; AGES + 1], age: f64) -> f64 {
    let age = age.clamp(0.0, AGES as f64);
    let whole = (age as usize).min(AGES - 1);
    table[whole] + (table[whole + 1] - table[whole]) * (age - whole as f64)
}

fn slot(age: f64) -> usize {
    // A float to integer cast saturates, and a negative age is slot 0.
    (age as usize).min(AGES - 1)
}

/// What is believed before anything was seen, a second of age: set-up, some seconds of ringing, time-out.
fn prior_hazards(age: usize) -> (f64, f64) {
    match age {
        0..2 => (0.0, 0.02),
        2..5 => (0.005, 0.03),
        5..26 => (0.015, 0.015),
        _ => (0.005, 0.3),
    }
}

/// Landing times that are looked at.
pub(super) const LANDINGS: usize = 9;
/// Seconds of ringing that are told apart; longer ones are of the last.
const AGES: usize = 60;
/// Attempts that the belief at the start is worth.
const PRIOR_ATTEMPTS: f64 = 40.0;
/// No age is without any weight, so that nothing is divided by nothing.
const LEAST_EXPOSED: f64 = 0.05;
/// So few ring so long that nothing is known of them.
const LEAST_RINGING: f64 = 1e-4;
/// What the detection takes before one was seen: the end of a greeting and half a second.
const FIRST_DETECTION_S: f64 = 1.6;
/// How fast the detection's mean follows.
const DETECTION_WEIGHT: f64 = 0.02;
