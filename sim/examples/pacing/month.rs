//! Campaigns of 30 days, with what they have counted: at most 3.00 % at the end of each; in the strict mode hardly a day
//! above it.

use sim::pacing::{Chain, Scenario, chain};

/// What came of some campaigns.
pub(crate) struct Months {
    /// One for each seed.
    pub(crate) chains: Vec<Chain>,
    /// Pooled.
    pub(crate) occupancy: f64,
}

impl Months {
    /// So many campaigns of so many days each, on both of two processors.
    pub(crate) fn of(scenario: &Scenario, first: u64, campaigns: u64, days: u32) -> Self {
        let seeds: Vec<u64> = (first..first + campaigns).collect();
        let run = |seeds: &[u64]| seeds.iter().map(|seed| (*seed, chain(scenario, *seed, days))).collect::<Vec<_>>();
        let (one, other) = seeds.split_at(seeds.len() / 2);
        let runs = std::thread::scope(|scope| {
            let one = scope.spawn(|| run(one));
            let other = run(other);
            let mut runs = one.join().expect("a sound scenario");
            runs.extend(other);
            runs
        });
        let all = || runs.iter().flat_map(|(_, days)| days);
        let worked: f64 = all().map(|day| day.talk_s + day.wrap_s).sum();
        let idle: f64 = all().map(|day| day.idle_s).sum();
        let chains = runs.iter().map(|(seed, days)| Chain::of(*seed, days, scenario.target_abandon)).collect();
        Self { chains, occupancy: worked / (worked + idle) }
    }

    /// The most abandoned of a campaign.
    pub(crate) fn worst(&self) -> f64 {
        self.chains.iter().map(|chain| chain.abandon).fold(0.0, f64::max)
    }

    /// The most abandoned of a day.
    pub(crate) fn worst_day(&self) -> f64 {
        self.chains.iter().map(|chain| chain.abandon_worst_day).fold(0.0, f64::max)
    }

    /// Campaigns above the target at their end.
    pub(crate) fn over(&self, target: f64) -> usize {
        self.chains.iter().filter(|chain| chain.abandon > target).count()
    }

    /// Share of the days that kept to the target.
    pub(crate) fn days_kept(&self) -> f64 {
        let days: usize = self.chains.iter().map(|chain| chain.abandon_days.len()).sum();
        let over: u64 = self.chains.iter().map(|chain| chain.days_over).sum();
        1.0 - over as f64 / days.max(1) as f64
    }
}
