//! What calls of a campaign are expected to be like: as is said, as its own or the last campaigns' were, or as is usual.

use clock::{CampaignId, WallTime};
use dialer::campaign::Definition;
use dialer::estimate::{Expected, Shares};
use records::Experience;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::asked::CampaignAssumptions;
use crate::api::Shared;
use crate::problem::Problem;
use crate::time::wall_now;
use crate::voicemail::away;

/// What calls are expected to be like. Shares are of dialed numbers.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct CampaignExpectation {
    /// Share that a person answers.
    people: ExpectedFigure,
    /// Share that a machine answers.
    machines: ExpectedFigure,
    /// Share that is busy.
    busy: ExpectedFigure,
    /// Share of numbers that there are not.
    unobtainable: ExpectedFigure,
    /// A conversation, or the message, s.
    talk_s: ExpectedFigure,
    /// What an agent does after it, s.
    wrap_s: ExpectedFigure,
    /// What a machine takes, s.
    machine_s: ExpectedFigure,
    /// How long a number rings, s.
    ring_s: ExpectedFigure,
    /// Share of their time that agents are busy, with `predictive`.
    occupancy: ExpectedFigure,
    /// Hours of a day in which called people may be called.
    hours_a_day: ExpectedFigure,
}

/// A figure, and where it is from.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct ExpectedFigure {
    /// The figure.
    #[schema(example = 0.25)]
    value: f64,
    /// Where it is from.
    source: FigureSource,
}

/// Where a figure is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum FigureSource {
    /// It was said.
    Given,
    /// From the campaign's own calls of the last 90 days.
    Own,
    /// From the last five campaigns, their calls of the last 90 days.
    Recent,
    /// Nothing is known: as is usual.
    Assumed,
}

/// Agents who serve it.
pub(super) fn agents(shared: &Shared, definition: &Definition) -> u32 {
    let Some(queue) = definition.queue() else { return 0 };
    let directory = shared.directory();
    let serving = directory.agents.iter().filter(|(id, agent)| agent.queues.contains(&queue) && definition.has(**id));
    u32::try_from(serving.count()).unwrap_or(u32::MAX)
}

/// What calls of this campaign are expected to be like.
pub(super) async fn expectation(
    shared: &Shared,
    account: &str,
    campaign: CampaignId,
    asked: &CampaignAssumptions,
) -> Result<CampaignExpectation, Problem> {
    let database = &shared.services.database;
    let since = WallTime::from_micros(wall_now().as_micros().saturating_sub(LOOK_BACK_MICROS));
    let own = database.campaign_experience(account, &[campaign], since).await.map_err(away)?;
    let known = if own.dialed >= DIALED_MIN {
        Known { calls: own, source: FigureSource::Own }
    } else {
        let last = database.campaigns_started(account, CAMPAIGNS).await.map_err(away)?;
        let calls = database.campaign_experience(account, &last, since).await.map_err(away)?;
        Known { calls, source: FigureSource::Recent }
    };
    let usual = Expected::default();
    let mut shares = [
        known.share(asked.people, known.calls.people, usual.shares.people),
        known.share(asked.machines, known.calls.machines, usual.shares.machines),
        known.share(asked.busy, known.calls.busy, usual.shares.busy),
        known.share(asked.unobtainable, known.calls.unobtainable, usual.shares.unobtainable),
    ];
    fit(&mut shares);
    let [people, machines, busy, unobtainable] = shares;
    let Experience { dialed, served, served_micros, machine_micros, ring_micros, .. } = known.calls;
    Ok(CampaignExpectation {
        people,
        machines,
        busy,
        unobtainable,
        talk_s: known.mean(asked.talk_s, (served_micros, served), usual.talk_s),
        wrap_s: known.mean(asked.wrap_s, (0, 0), usual.wrap_s),
        machine_s: known.mean(asked.machine_s, (machine_micros, known.calls.machines), usual.machine_s),
        ring_s: known.mean(asked.ring_s, (ring_micros, dialed), usual.ring_s),
        occupancy: known.mean(asked.occupancy, (0, 0), usual.occupancy),
        hours_a_day: known.mean(asked.hours_a_day, (0, 0), usual.hours_a_day),
    })
}

/// What calls came to.
struct Known {
    calls: Experience,
    source: FigureSource,
}

impl Known {
    fn share(&self, given: Option<f64>, count: u64, usual: f64) -> ExpectedFigure {
        let known = (self.calls.dialed >= DIALED_MIN).then(|| count as f64 / self.calls.dialed as f64);
        self.figure(given, known, usual)
    }

    /// Of so many microseconds in so many calls.
    fn mean(&self, given: Option<f64>, (micros, calls): (u64, u64), usual: f64) -> ExpectedFigure {
        let known = (calls >= CALLS_MIN).then(|| micros as f64 / 1e6 / calls as f64);
        self.figure(given, known, usual)
    }

    fn figure(&self, given: Option<f64>, known: Option<f64>, usual: f64) -> ExpectedFigure {
        match (given, known) {
            (Some(value), _) => ExpectedFigure { value, source: FigureSource::Given },
            (None, Some(value)) => ExpectedFigure { value, source: self.source },
            (None, None) => ExpectedFigure { value: usual, source: FigureSource::Assumed },
        }
    }
}

/// Shares make at most 1: what was said stands, the others share what is left.
fn fit(shares: &mut [ExpectedFigure]) {
    let sum = |is_given: bool| -> f64 {
        let some = shares.iter().filter(|share| (share.source == FigureSource::Given) == is_given);
        some.map(|share| share.value).sum()
    };
    let (left, others) = ((1.0 - sum(true)).max(0.0), sum(false));
    if others > left {
        let rest = shares.iter_mut().filter(|share| share.source != FigureSource::Given);
        rest.for_each(|share| share.value *= left / others);
    }
}

impl CampaignExpectation {
    pub(super) fn expected(&self) -> Expected {
        Expected {
            shares: Shares {
                people: self.people.value,
                machines: self.machines.value,
                busy: self.busy.value,
                unobtainable: self.unobtainable.value,
            },
            talk_s: self.talk_s.value,
            wrap_s: self.wrap_s.value,
            machine_s: self.machine_s.value,
            ring_s: self.ring_s.value,
            occupancy: self.occupancy.value,
            hours_a_day: self.hours_a_day.value,
        }
    }
}

/// A season.
const LOOK_BACK_MICROS: i64 = 90 * 86_400 * 1_000_000;
/// Some kinds of campaigns, and not all that ever were.
const CAMPAIGNS: usize = 5;
/// Numbers dialed before their answers tell anything: a quarter is then known to about a sixth of itself.
const DIALED_MIN: u64 = 100;
/// Calls before their mean length does.
const CALLS_MIN: u64 = 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_comes_before_what_was_and_that_before_what_is_usual() {
        let calls =
            Experience { dialed: 200, people: 80, served: 10, served_micros: 900_000_000, ..Experience::default() };
        let known = Known { calls, source: FigureSource::Recent };
        let read = |figure: ExpectedFigure| (figure.value, figure.source);
        assert_eq!(read(known.share(Some(0.1), 80, 0.25)), (0.1, FigureSource::Given));
        assert_eq!(read(known.share(None, 80, 0.25)), (0.4, FigureSource::Recent));
        assert_eq!(read(known.mean(None, (900_000_000, 10), 180.0)), (180.0, FigureSource::Assumed), "ten are too few");
        assert_eq!(read(known.mean(None, (900_000_000, 20), 180.0)), (45.0, FigureSource::Recent));
        let few = Known { calls: Experience { dialed: 99, ..calls }, source: FigureSource::Recent };
        assert_eq!(read(few.share(None, 80, 0.25)), (0.25, FigureSource::Assumed));
    }

    #[test]
    fn shares_leave_room_for_what_was_said() {
        let figure = |value, source| ExpectedFigure { value, source };
        let (given, assumed) = (FigureSource::Given, FigureSource::Assumed);
        let mut shares = [figure(0.9, given), figure(0.3, assumed), figure(0.1, assumed)];
        fit(&mut shares);
        let values: Vec<f64> = shares.iter().map(|share| (share.value * 1_000.0).round()).collect();
        assert_eq!(values, [900.0, 75.0, 25.0]);
    }
}
