//! Days of a dialing campaign, simulated against the very pacer that runs in
//! production (pacing.md section 3).

mod centre;
mod chain;
mod day;
mod law;
mod report;
mod scenario;

pub use chain::{Chain, chain};
pub use day::Day;
pub use law::Law;
pub use report::{Outcome, Report};
pub use scenario::{AnswerRate, Detection, Pause, Scenario, ScenarioError, ScenarioFault};

/// Runs a scenario once for each of its seeds.
///
/// # Errors
/// [`ScenarioError`] when the scenario says what cannot be.
pub fn simulate(scenario: &Scenario) -> Result<Report, ScenarioError> {
    scenario.check()?;
    let days = scenario.seeds.iter().map(|seed| Day::new(scenario, *seed).run());
    Ok(Report::of(&scenario.id, days.collect()))
}
