//! How much risk may be taken: moved by what came of the calls so far.

/// The bound of the chance that an answered call finds no agent, and the counts behind it.
#[derive(Clone, Debug)]
pub(super) struct Budget {
    log_bound: f64,
    /// Abandoned calls above the target, leaking away.
    surplus: f64,
    pub(super) connects: u64,
    pub(super) drops: u64,
}

impl Budget {
    pub(super) fn new() -> Self {
        Self { log_bound: FIRST_BOUND.ln(), surplus: 0.0, connects: 0, drops: 0 }
    }

    /// A call got its agent.
    pub(super) fn connected(&mut self, target: f64, agents: u32) {
        self.connects += 1;
        self.log_bound += gain(agents) * target;
        self.surplus -= target;
    }

    /// A call was answered and given up.
    pub(super) fn dropped(&mut self, target: f64, agents: u32) {
        self.drops += 1;
        self.log_bound -= gain(agents) * (1.0 - target);
        self.surplus += 1.0 - target;
    }

    /// Time passes: the surplus of long ago matters less.
    pub(super) fn leak(&mut self, seconds: f64) {
        self.surplus *= (-seconds / SURPLUS_S).exp();
    }

    /// The chance that an answer may find no agent.
    pub(super) fn bound(&self, agents: u32) -> f64 {
        (self.log_bound - PROPORTIONAL * gain(agents) * self.surplus).exp().min(MOST)
    }

    /// Abandoned calls that the target would still allow.
    pub(super) fn left(&self, target: f64) -> f64 {
        target * (self.connects + self.drops) as f64 - self.drops as f64
    }
}

/// The share of live answers that may be abandoned: the cap, less what detection costs, less what chance takes of few.
pub(super) fn target(cap: f64, people_called_machines: f64, agents: u32) -> f64 {
    let of_agents = ((cap - people_called_machines) / (1.0 - people_called_machines)).max(0.0);
    of_agents * (1.0 - 0.5 / f64::from(agents.max(1)).sqrt())
}

fn gain(agents: u32) -> f64 {
    GAIN * (10.0 / f64::from(agents.max(1))).sqrt()
}

/// The bound to begin with.
const FIRST_BOUND: f64 = 0.03;
/// No more risk than this, whatever is left.
const MOST: f64 = 0.9;
/// How much one abandoned call moves the bound with ten agents, in the logarithm.
const GAIN: f64 = 0.25;
/// How much more the recent surplus weighs.
const PROPORTIONAL: f64 = 1.0;
/// How long an abandoned call is recent, s.
const SURPLUS_S: f64 = 900.0;
