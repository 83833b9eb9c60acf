//! How much risk may be taken: moved by what came of the calls so far.
//!
//! The bound of the risk is a controller's output: its logarithm falls with
//! every abandoned call and rises a little with every one that got its agent,
//! in proportion to the surplus over the target, both since the start (so that
//! the surplus of a whole day keeps to a few calls) and of late (so that an hour
//! does). With s such surplus, k = `GAIN` sqrt(10 / agents):
//! ln bound = ln target - k (s since the start + `LATELY` s of late).

use super::contract::Rules;
use super::counts::Count;

/// The bound of the chance that an answered call finds no agent, and the counts behind it.
#[derive(Clone, Debug)]
pub(super) struct Budget {
    /// Where the logarithm of the bound begins.
    first: f64,
    log_bound: f64,
    /// Abandoned people above the target, leaking away.
    lately: f64,
    /// People who answered.
    people: f64,
    /// How long agents were at work for them, in sum, s.
    worked_s: f64,
    pub(super) connects: u64,
    pub(super) drops: u64,
}

impl Budget {
    /// Before any call. With few agents and many, the risk of the last number dialled comes to two thirds or more of the
    /// share abandoned of all, so the bound begins there.
    pub(super) fn new(rules: &Rules) -> Self {
        let first = (FIRST * (rules.target_abandon - rules.people_called_machines)).max(LEAST_FIRST);
        Self {
            first: first.ln(),
            log_bound: first.ln(),
            lately: 0.0,
            people: 0.0,
            worked_s: 0.0,
            connects: 0,
            drops: 0,
        }
    }

    /// Begins with what others counted in the running day and hour.
    pub(super) fn carry(&mut self, today: Count, hour: Count, target: f64, agents: u32) {
        let surplus = |count: Count| count.abandoned as f64 - target * count.people as f64;
        let moved = (gain(agents) * surplus(today)).max(-MOST_CARRIED);
        self.log_bound = self.first - moved;
        self.lately = surplus(hour);
    }

    /// A call got its agent; it was a person's with this chance.
    pub(super) fn connected(&mut self, target: f64, agents: u32, person: f64) {
        self.connects += 1;
        self.people += person;
        self.spent(-target * person, agents);
    }

    /// A call was answered and given up; it was a person's with this chance.
    pub(super) fn dropped(&mut self, target: f64, agents: u32, person: f64) {
        self.drops += 1;
        self.people += person;
        self.spent((1.0 - target) * person, agents);
    }

    /// Time passes with so many agents at work: what was long ago is not of late.
    pub(super) fn leak(&mut self, seconds: f64, agents: u32) {
        self.worked_s += seconds * f64::from(agents);
        self.lately *= (-seconds / LATELY_S).exp();
    }

    /// How much fewer people an agent has in an hour than with talks of three minutes: 1 to `MOST_SCARCE`. Agents who wait
    /// because nobody may be called have few as well.
    pub(super) fn scarcity(&self) -> f64 {
        let believed = PEOPLE_AN_HOUR * BELIEVED_S / HOUR_S;
        let an_hour = (self.people + believed) / (self.worked_s + BELIEVED_S) * HOUR_S;
        (PEOPLE_AN_HOUR / an_hour).clamp(1.0, MOST_SCARCE)
    }

    /// The chance that an answer may find no agent.
    pub(super) fn bound(&self, agents: u32) -> f64 {
        (self.log_bound - LATELY * gain(agents) * self.lately).exp().min(MOST)
    }

    /// Abandoned calls that the target would still allow.
    pub(super) fn left(&self, target: f64) -> f64 {
        target * (self.connects + self.drops) as f64 - self.drops as f64
    }

    fn spent(&mut self, surplus: f64, agents: u32) {
        self.log_bound -= gain(agents) * surplus;
        self.lately += surplus;
    }
}

/// The share of live answers that may be abandoned: the cap, less what detection costs and what it may cost more in a
/// day by chance, less what chance takes of few: of few agents, and of those who have few people each.
pub(super) fn target(rules: &Rules, agents: u32, scarcity: f64) -> f64 {
    let agents = f64::from(agents.max(1));
    let (cap, detection) = (rules.target_abandon, rules.people_called_machines);
    let deviations = if rules.strict_day { STRICT_DEVIATIONS } else { DEVIATIONS };
    let chance = (detection * (1.0 - detection) / (agents * ANSWERS_A_DAY)).sqrt();
    let of_agents = ((cap - detection - deviations * chance) / (1.0 - detection)).max(0.0);
    let of_one = if rules.strict_day { STRICT_MARGIN_OF_ONE } else { MARGIN_OF_ONE };
    of_agents * (1.0 - MARGIN - of_one * scarcity / agents.sqrt()).max(0.0)
}

fn gain(agents: u32) -> f64 {
    GAIN * (10.0 / f64::from(agents.max(1))).sqrt()
}

/// The bound begins with so much of what the cap leaves.
const FIRST: f64 = 0.7;
/// The bound begins no lower, whatever detection leaves.
const LEAST_FIRST: f64 = 1e-3;
/// No more risk than this, whatever is left.
const MOST: f64 = 0.9;
/// How much one abandoned call moves the bound with ten agents, in the logarithm.
const GAIN: f64 = 0.15;
/// How much more the surplus of late weighs.
const LATELY: f64 = 4.0;
/// How long an abandoned call is of late, s.
const LATELY_S: f64 = 2_400.0;
/// What is kept below the target: the surplus goes along with the bound, so it ends some calls above its mean.
const MARGIN: f64 = 0.04;
/// What one agent keeps below besides: the surplus at the end of a day wavers by about a call and a half with five agents,
/// and by less of the whole with more.
const MARGIN_OF_ONE: f64 = 0.4;
/// The same where each day counts by itself: its end is hardly ever above the cap.
const STRICT_MARGIN_OF_ONE: f64 = 0.7;
/// Standard deviations of what detection costs in a day.
const DEVIATIONS: f64 = 2.0;
/// The same where each day counts by itself.
const STRICT_DEVIATIONS: f64 = 2.33;
/// What others counted raises the bound at most so much, in the logarithm: they may have counted machines as people.
const MOST_CARRIED: f64 = 1.0;
/// People whom an agent has in an hour of talks of three minutes.
const PEOPLE_AN_HOUR: f64 = 14.0;
/// For so long of one agent's time he is believed to have as many, s.
const BELIEVED_S: f64 = 7_200.0;
/// People are taken for no scarcer than so: talks of five minutes, or a list that was dry for hours.
const MOST_SCARCE: f64 = 1.5;
const HOUR_S: f64 = 3_600.0;
/// Live answers that an agent has in eight hours of three minutes each.
const ANSWERS_A_DAY: f64 = 128.0;

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use super::*;

    fn rules() -> Rules {
        let connect_limit = Duration::from_secs(2);
        Rules { target_abandon: 0.03, connect_limit, max_lines: 100, people_called_machines: 0.0, strict_day: false }
    }

    /// Five agents for four hours, with so many people.
    fn after(people: u32) -> Budget {
        let mut budget = Budget::new(&rules());
        (0..people).for_each(|_| budget.connected(0.02, 5, 1.0));
        budget.leak(4.0 * HOUR_S, 5);
        budget
    }

    #[test]
    fn whoever_has_few_people_keeps_more_to_chance() {
        let (usual, long, short) = (after(280).scarcity(), after(200).scarcity(), after(500).scarcity());
        assert!((usual - 1.0).abs() < 1e-9, "{usual}");
        assert!((1.3..1.4).contains(&long), "{long}");
        assert!((short - 1.0).abs() < 1e-9, "{short}");
        assert!((after(0).scarcity() - MOST_SCARCE).abs() < 1e-9, "hours without anybody to call say no more");
        let kept = |scarcity| 0.03 - target(&rules(), 5, scarcity);
        assert!((0.001..0.003).contains(&(kept(long) - kept(usual))), "{} {}", kept(usual), kept(long));
    }
}
