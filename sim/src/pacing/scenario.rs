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

/// What is wrong with a scenario: the key, and what was expected.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{key}: {expected} expected")]
pub struct ScenarioError {
    /// The key.
    pub key: &'static str,
    /// What was expected.
    pub expected: &'static str,
}

impl Scenario {
    /// Whether it says only what can be.
    ///
    /// # Errors
    /// The first key that does not.
    pub fn check(&self) -> Result<(), ScenarioError> {
        let share = |figure: f64| (0.0..=1.0).contains(&figure);
        let wrong = |key, expected| Err(ScenarioError { key, expected });
        if self.seeds.is_empty() || self.seeds.len() > MOST_SEEDS {
            return wrong("seeds", "between 1 and 1000 seeds");
        }
        if !(self.duration_s > 0.0 && self.duration_s <= LONGEST_S) {
            return wrong("duration_s", "more than 0 and at most 7 days");
        }
        if self.agent_plan.is_empty() || self.agent_plan.iter().any(|(at, n)| !at.is_finite() || *n > MOST_AGENTS) {
            return wrong("agent_plan", "at least one point of at most 20000 agents");
        }
        let laws = [
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
        ];
        if let Some((key, _)) = laws.iter().find(|(_, law)| !law.is_sound()) {
            return wrong(key, "a distribution of figures that are not negative");
        }
        let shares = [
            ("machine_rate", self.machine_rate),
            ("busy_fail_rate", self.busy_fail_rate),
            ("amd.human_as_machine", self.amd.human_as_machine),
            ("amd.machine_as_human", self.amd.machine_as_human),
            ("pause.prob_after_call", self.pause.prob_after_call),
            ("target_abandon", self.target_abandon),
        ];
        if let Some((key, _)) = shares.iter().find(|(_, figure)| !share(*figure)) {
            return wrong(key, "a share between 0 and 1");
        }
        if !(self.ring_timeout_s > 0.0 && self.connect_limit_s >= 0.0 && self.pause.mean_s >= 0.0) {
            return wrong("ring_timeout_s, connect_limit_s, pause.mean_s", "durations that are not negative");
        }
        Ok(())
    }

    /// Agents from this second on.
    pub(super) fn talk_factor(&self, at_s: f64) -> f64 {
        self.talk_scale.iter().take_while(|(from, _)| *from <= at_s).last().map_or(1.0, |(_, factor)| *factor)
    }
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
