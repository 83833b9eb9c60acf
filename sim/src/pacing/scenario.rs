//! A scenario: what a centre and its customers are like for a day.

use serde::Deserialize;

use super::law::Law;

/// All of it; the keys are those of pacing.md section 3.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// Its name.
    pub id: String,
    /// One day for each.
    pub seeds: Vec<u64>,
    /// Length of the day, s.
    pub duration_s: f64,
    /// Clock time at its start.
    #[serde(default)]
    pub day_start_hhmm: u32,
    /// From second `.0` on there are `.1` agents.
    pub agent_plan: Vec<(f64, u32)>,
    /// How often a person answers.
    pub answer_rate: AnswerRate,
    /// Conversations.
    pub talk: Law,
    /// Wrap-up.
    pub wrap: Law,
    /// Ringing until a person answers.
    pub ring_human: Law,
    /// Ringing until a machine answers.
    pub ring_machine: Law,
    /// From dialling to ringing.
    pub post_dial_delay: Law,
    /// What a person says first.
    pub greeting: Law,
    /// How long a person waits for an agent.
    pub patience: Law,
    /// What an agent spends on a machine.
    pub machine_talk: Law,
    /// Wrap-up after a machine.
    pub machine_wrap: Law,
    /// From second `.0` on talks are `.1` times as long.
    #[serde(default)]
    pub talk_scale: Vec<(f64, f64)>,
    /// Share of numbers where a machine answers.
    pub machine_rate: f64,
    /// Share of numbers that are busy or fail.
    pub busy_fail_rate: f64,
    /// Longest ringing, s.
    pub ring_timeout_s: f64,
    /// The detection of machines.
    pub amd: Detection,
    /// Pauses of agents.
    pub pause: Pause,
    /// How long after the greeting an agent must be there, s.
    pub connect_limit_s: f64,
    /// Most lines at once.
    pub max_lines: u32,
    /// Share of live answers that may be abandoned.
    pub target_abandon: f64,
    /// It holds for each 24 hours too, not only for 30 days.
    #[serde(default)]
    pub strict_day: bool,
}

/// How often a person answers, over the day.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
pub enum AnswerRate {
    /// Steps.
    Steps {
        /// From second `.0` on it is `.1`.
        points: Vec<(f64, f64)>,
    },
    /// A sine.
    Sin {
        /// Its middle.
        mean: f64,
        /// How far it swings.
        amp: f64,
        /// How long one swing takes, s.
        period_s: f64,
    },
    /// Another one for each block of time.
    Blocks {
        /// Length of a block, s.
        block_s: f64,
        /// The least.
        lo: f64,
        /// The most.
        hi: f64,
    },
    /// A random walk between bounds.
    Walk {
        /// Where it starts.
        start: f64,
        /// The least.
        lo: f64,
        /// The most.
        hi: f64,
        /// Length of a step, s.
        step_s: f64,
        /// Standard deviation of a step, as a share of the rate.
        sd_rel: f64,
    },
}

/// The detection of machines.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Detection {
    /// Whether there is one.
    pub enabled: bool,
    /// From the end of the greeting to the decision.
    #[serde(default = "at_once")]
    pub delay: Law,
    /// Share of people whom it calls machines.
    #[serde(default)]
    pub human_as_machine: f64,
    /// Share of machines that it calls people.
    #[serde(default)]
    pub machine_as_human: f64,
}

/// Pauses of agents.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pause {
    /// Chance of one after each call.
    pub prob_after_call: f64,
    /// Its mean, exponential, s.
    pub mean_s: f64,
}

/// All that is wrong with a scenario.
#[derive(Clone, Debug, Default, PartialEq, Eq, thiserror::Error)]
#[error("{}", .faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
pub struct ScenarioError {
    /// Each fault, in the order of the keys.
    pub faults: Vec<ScenarioFault>,
}

/// One thing that is wrong with a scenario.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{key}: {what}")]
pub struct ScenarioFault {
    /// The key, as `amd.delay`.
    pub key: String,
    /// What was expected.
    pub what: String,
}

impl ScenarioError {
    /// Something is wrong with a key.
    pub fn fault(&mut self, key: &str, what: &str) {
        self.faults.push(ScenarioFault { key: key.to_owned(), what: what.to_owned() });
    }

    fn unless(&mut self, is_well: bool, key: &str, what: &str) {
        if !is_well {
            self.fault(key, what);
        }
    }
}

impl Scenario {
    /// Whether it says only what can be.
    ///
    /// # Errors
    /// All keys that do not.
    pub fn check(&self) -> Result<(), ScenarioError> {
        let mut error = ScenarioError::default();
        error.unless((1..=MOST_SEEDS).contains(&self.seeds.len()), "seeds", "between 1 and 1000 seeds expected");
        let is_day = self.duration_s > 0.0 && self.duration_s <= LONGEST_S;
        error.unless(is_day, "duration_s", "more than 0 and at most 7 days expected");
        let is_plan = !self.agent_plan.is_empty()
            && self.agent_plan.iter().all(|(at, agents)| is_duration(*at) && *agents <= MOST_AGENTS);
        error.unless(is_plan, "agent_plan", "at least one point of at most 20000 agents expected, none before 0");
        self.answer_rate.check(&mut error);
        for (key, law) in self.laws() {
            error.unless(
                law.is_sound(),
                key,
                "a distribution of figures that are neither negative nor above 1e9 expected",
            );
        }
        let is_scale = |(at, factor): &(f64, f64)| is_duration(*at) && is_duration(*factor);
        error.unless(self.talk_scale.iter().all(is_scale), "talk_scale", "factors that are not negative expected");
        let shares = [
            ("machine_rate", self.machine_rate),
            ("busy_fail_rate", self.busy_fail_rate),
            ("amd.human_as_machine", self.amd.human_as_machine),
            ("amd.machine_as_human", self.amd.machine_as_human),
            ("pause.prob_after_call", self.pause.prob_after_call),
            ("target_abandon", self.target_abandon),
        ];
        for (key, share) in shares {
            error.unless((0.0..=1.0).contains(&share), key, "a share between 0 and 1 expected");
        }
        let durations = [
            ("ring_timeout_s", self.ring_timeout_s),
            ("connect_limit_s", self.connect_limit_s),
            ("pause.mean_s", self.pause.mean_s),
        ];
        for (key, seconds) in durations {
            error.unless(is_duration(seconds), key, "a duration between 0 and 1e9 s expected");
        }
        error.unless(self.ring_timeout_s != 0.0, "ring_timeout_s", "more than 0 expected");
        if error.faults.is_empty() { Ok(()) } else { Err(error) }
    }

    fn laws(&self) -> [(&'static str, &Law); 10] {
        [
            ("talk", &self.talk),
            ("wrap", &self.wrap),
            ("ring_human", &self.ring_human),
            ("ring_machine", &self.ring_machine),
            ("post_dial_delay", &self.post_dial_delay),
            ("greeting", &self.greeting),
            ("patience", &self.patience),
            ("machine_talk", &self.machine_talk),
            ("machine_wrap", &self.machine_wrap),
            ("amd.delay", &self.amd.delay),
        ]
    }

    /// How much longer talks are at this second.
    pub(super) fn talk_factor(&self, at_s: f64) -> f64 {
        self.talk_scale.iter().take_while(|(from, _)| *from <= at_s).last().map_or(1.0, |(_, factor)| *factor)
    }
}

impl AnswerRate {
    /// Rates may swing below 0 and above 1, where nobody or everybody answers; time must go on.
    fn check(&self, error: &mut ScenarioError) {
        let is_rate = |rate: &f64| rate.abs() <= MOST_RATE;
        match self {
            Self::Steps { points } => {
                let is_well = !points.is_empty() && points.iter().all(|(at, rate)| is_duration(*at) && is_rate(rate));
                error.unless(is_well, "answer_rate.points", "at least one point of a second and a rate expected");
            }
            Self::Sin { mean, amp, period_s } => {
                error.unless(is_rate(mean) && is_rate(amp), "answer_rate", "a mean and a swing of rates expected");
                error.unless(is_step(*period_s), "answer_rate.period_s", STEP);
            }
            Self::Blocks { block_s, lo, hi } => {
                error.unless(is_rate(lo) && is_rate(hi) && lo <= hi, "answer_rate", BOUNDS);
                error.unless(is_step(*block_s), "answer_rate.block_s", STEP);
            }
            Self::Walk { start, lo, hi, step_s, sd_rel } => {
                error.unless(is_rate(lo) && is_rate(hi) && lo <= hi, "answer_rate", BOUNDS);
                error.unless(is_rate(start), "answer_rate.start", "a rate expected");
                error.unless(is_step(*step_s), "answer_rate.step_s", STEP);
                error.unless(is_duration(*sd_rel), "answer_rate.sd_rel", "a share that is not negative expected");
            }
        }
    }
}

/// A duration, or any figure that is neither negative nor so large that time ends.
pub(super) fn is_duration(figure: f64) -> bool {
    (0.0..=MOST_S).contains(&figure)
}

fn is_step(seconds: f64) -> bool {
    is_duration(seconds) && seconds >= LEAST_STEP_S
}

fn at_once() -> Law {
    Law::Const { mean_s: 0.0 }
}

/// Days of one run.
const MOST_SEEDS: usize = 1_000;
/// Longest day.
const LONGEST_S: f64 = 7.0 * 86_400.0;
/// Agents of one centre.
const MOST_AGENTS: u32 = 20_000;
/// Longest duration, s: 30 years. Sums of some of them are no trouble for the clock.
const MOST_S: f64 = 1e9;
/// Rates far from 0 and 1 mean nothing.
const MOST_RATE: f64 = 1e6;
/// The answer rate changes no faster, or a day has no end.
const LEAST_STEP_S: f64 = 0.1;
const STEP: &str = "at least 0.1 s expected";
const BOUNDS: &str = "`lo` at most `hi` expected";
