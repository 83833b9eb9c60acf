//! Calls, minutes, money and days.

use core::time::Duration;

use clock::WallTime;
use hours::{Hours, Zone};

use super::count::Counted;
use super::walk::{Shares, Walked, walk};
use crate::campaign::{Definition, Method, Recycle, Service};

/// What calls are expected to be like. Shares are 0 to 1, and of dialed numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Expected {
    /// What comes of a dialed number.
    pub shares: Shares,
    /// A conversation, or the message, s.
    pub talk_s: f64,
    /// What an agent does after it, s.
    pub wrap_s: f64,
    /// What a machine takes, s.
    pub machine_s: f64,
    /// How long a number rings, s.
    pub ring_s: f64,
    /// Share of their time that agents of a predictive campaign are busy.
    pub occupancy: f64,
    /// Hours of a day in which called people may be called, at most.
    pub hours_a_day: f64,
}

/// What calls cost. Money is in minor units (pence, cents) of one currency. What is not known is not counted.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Rates {
    /// A minute on the line.
    pub minute_minor: Option<f64>,
    /// An answered call, whatever its length.
    pub call_minor: Option<f64>,
    /// Minutes that are paid for already and not used yet; none: each minute is paid.
    pub minutes_left: Option<f64>,
    /// A minute beyond those; none: as any.
    pub overage_minor: Option<f64>,
    /// What may be spent.
    pub budget_minor: Option<f64>,
}

/// What is to be estimated.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// The campaign.
    pub definition: &'a Definition,
    /// What its lists hold for it.
    pub counted: &'a Counted,
    /// Agents who work for it.
    pub agents: u32,
    /// When it begins.
    pub at: WallTime,
    /// By whose clock days are, where it has no schedule.
    pub zone: &'a Zone,
}

/// What a campaign is expected to take.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Estimate {
    /// Numbers dialed, retries included.
    pub calls: u64,
    /// People reached.
    pub people: u64,
    /// Answers of machines.
    pub machines: u64,
    /// Minutes on the line, from the answer on.
    pub minutes: u64,
    /// Minutes of agents: conversations, what follows them, and waiting for them.
    pub agent_minutes: u64,
    /// What it costs, overage included; none: nobody said what anything costs.
    pub cost_minor: Option<u64>,
    /// Minutes beyond what is paid for.
    pub overage_minutes: u64,
    /// What those cost.
    pub overage_minor: u64,
    /// What goes beyond the budget.
    pub over_budget_minor: u64,
    /// How long it dials; none: nobody is there for whom it could.
    pub dialing_minutes: Option<u64>,
    /// Days on which it is at work until every lead is done; none: nobody is there, or it takes more than 400.
    pub days: Option<u32>,
}

/// What a campaign is expected to take.
#[must_use]
pub fn estimate(asked: &Asked<'_>, expected: &Expected, rates: &Rates) -> Estimate {
    let definition = asked.definition;
    // A cap of tries of a lead counts as the campaign's own maximum does.
    let cap = definition.terms.caps.lead.unwrap_or(u32::MAX);
    let recycle = Recycle { attempts_max: definition.recycle.attempts_max.min(cap), ..definition.recycle.clone() };
    let mut all = Walked::default();
    for (class, leads) in &asked.counted.classes {
        let one = walk(*class, &expected.shares, &recycle);
        let leads = *leads as f64;
        all.calls += one.calls * leads;
        all.people += one.people * leads;
        all.machines += one.machines * leads;
        all.span = all.span.max(one.span);
    }
    let line_s = all.people * expected.talk_s + all.machines * expected.machine_s;
    let minutes = line_s / 60.0;
    let overage = rates.minutes_left.map_or(0.0, |left| (minutes - left).max(0.0));
    let minute = rates.minute_minor.unwrap_or_default();
    let overage_minor = overage * rates.overage_minor.unwrap_or(minute);
    let paid = if rates.minutes_left.is_some() { 0.0 } else { minutes * minute };
    let answers = (all.people + all.machines) * rates.call_minor.unwrap_or_default();
    let cost = paid + overage_minor + answers;
    let is_priced = [rates.minute_minor, rates.call_minor, rates.overage_minor].iter().any(Option::is_some);
    let agent_s = agent_seconds(definition, &all, expected);
    let dialing = dialing(asked, &all, (line_s, agent_s), expected);
    Estimate {
        calls: whole(all.calls),
        people: whole(all.people),
        machines: whole(all.machines),
        minutes: above(minutes),
        agent_minutes: above(agent_s / 60.0),
        cost_minor: is_priced.then(|| above(cost)),
        overage_minutes: above(overage),
        overage_minor: above(overage_minor),
        over_budget_minor: rates.budget_minor.filter(|_| is_priced).map_or(0, |budget| above((cost - budget).max(0.0))),
        dialing_minutes: dialing.map(|seconds| above(seconds / 60.0)),
        days: dialing.and_then(|seconds| days(asked, seconds, all.span, expected.hours_a_day)),
    }
}

/// What agents work and wait for the calls.
fn agent_seconds(definition: &Definition, all: &Walked, expected: &Expected) -> f64 {
    if matches!(definition.service, Service::Message(_)) {
        return 0.0;
    }
    let served = all.people * (expected.talk_s + expected.wrap_s);
    let rung = all.calls * expected.ring_s + all.machines * expected.machine_s;
    match definition.method {
        Method::Manual | Method::Preview { .. } => served + rung + all.calls * LOOK_S,
        Method::Progressive => served + rung,
        Method::Ratio { lines } => served + rung / lines.max(1.0),
        Method::Predictive => served / expected.occupancy.max(OCCUPANCY_MIN),
        Method::Bot { .. } => served,
    }
}

/// How long it dials, s: as its agents and its lines let it.
fn dialing(asked: &Asked<'_>, all: &Walked, (line_s, agent_s): (f64, f64), expected: &Expected) -> Option<f64> {
    let definition = asked.definition;
    let lines_s = all.calls * expected.ring_s + line_s;
    let lines = match definition.method {
        Method::Bot { concurrent } => concurrent.min(definition.max_lines),
        _ => definition.max_lines,
    };
    let by_lines = lines_s / f64::from(lines.max(1));
    match (definition.service, definition.method) {
        (Service::Message(_), _) | (_, Method::Bot { .. }) => Some(by_lines),
        _ if asked.agents == 0 => None,
        _ => Some(by_lines.max(agent_s / f64::from(asked.agents))),
    }
}

/// Days on which it is at work. A quarter of an hour is looked at as a whole.
fn days(asked: &Asked<'_>, seconds: f64, span: Duration, hours_a_day: f64) -> Option<u32> {
    if seconds <= 0.0 {
        return Some(0);
    }
    let schedule = asked.definition.schedule.as_ref();
    let zone = schedule.map_or(asked.zone, |schedule| &schedule.zone);
    let (mut left, mut at, mut days) = (seconds, asked.at, 0);
    let ends = asked.at + span;
    for _ in 0..DAYS_MAX {
        let today = zone.day(at)?;
        let (mut worked, most) = (0.0, hours_a_day * 3_600.0);
        while at < today.end && (left > 0.0 || at < ends) {
            let is_open = schedule.is_none_or(|schedule| schedule.at(at) == Hours::Open);
            let turn = if is_open { QUARTER.as_secs_f64().min(most - worked).max(0.0) } else { 0.0 };
            worked += turn;
            left -= turn;
            at = at + QUARTER;
        }
        days += u32::from(worked > 0.0);
        if left <= 0.0 && at >= ends {
            return Some(days);
        }
        at = today.end;
    }
    None
}

fn whole(figure: f64) -> u64 {
    figure.round().max(0.0) as u64
}

fn above(figure: f64) -> u64 {
    // What is a whole number but for the arithmetic stays one.
    (figure - 1e-6).ceil().max(0.0) as u64
}

impl Default for Expected {
    /// The middle of what campaigns see (pacing.md section 3).
    fn default() -> Self {
        Self {
            shares: Shares { people: 0.25, machines: 0.3, busy: 0.05, unobtainable: 0.03 },
            talk_s: 180.0,
            wrap_s: 20.0,
            machine_s: 10.0,
            ring_s: 18.0,
            occupancy: 0.85,
            hours_a_day: 12.0,
        }
    }
}

/// A year and its leap days: nobody plans further.
const DAYS_MAX: u32 = 400;
/// What an agent looks at a lead before he has it dialed, s.
const LOOK_S: f64 = 15.0;
/// Less is no work.
const OCCUPANCY_MIN: f64 = 0.05;
const QUARTER: Duration = Duration::from_secs(900);

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use clock::QueueId;
    use hours::Schedule;

    use super::super::count::Class;
    use super::*;

    const SURE: Shares = Shares { people: 0.5, machines: 0.5, busy: 0.0, unobtainable: 0.0 };

    fn progressive() -> Definition {
        let mut definition = Definition::new("Autumn", Method::Progressive, Service::Queue(QueueId(1)));
        definition.recycle = Recycle { rules: [].into(), attempts_max: 1 };
        definition
    }

    fn leads(leads: u64) -> Counted {
        let classes = [(Class { numbers: 1, tried: 0 }, leads)].into();
        Counted { leads, to_call: leads, numbers: leads, classes, ..Counted::default() }
    }

    fn of(definition: &Definition, counted: &Counted, agents: u32, rates: &Rates) -> Estimate {
        // Saturday.
        let at = hours::moment("2026-11-21T12:00:00Z").expect("a moment");
        let expected = Expected { shares: SURE, talk_s: 120.0, wrap_s: 30.0, machine_s: 0.0, ..Expected::default() };
        estimate(&Asked { definition, counted, agents, at, zone: &Zone::utc() }, &expected, rates)
    }

    #[test]
    fn calls_minutes_money_and_what_goes_over() {
        let (definition, counted) = (progressive(), leads(10_000));
        let rates = Rates {
            minute_minor: Some(2.0),
            call_minor: Some(1.0),
            minutes_left: Some(6_000.0),
            overage_minor: Some(5.0),
            budget_minor: Some(20_000.0),
        };
        let found = of(&definition, &counted, 10, &rates);
        let about = |figure: u64, wanted: u64| figure.abs_diff(wanted) * 50 < wanted;
        // All 10,000 are answered, half of them by people for 2 minutes: 10,000 minutes, 4,000 of them over.
        assert_eq!(found.calls, 10_000);
        assert!(about(found.people, 5_000) && about(found.minutes, 10_000), "{found:?}");
        assert_eq!(found.overage_minutes, found.minutes - 6_000);
        assert!(found.overage_minor.abs_diff(found.overage_minutes * 5) <= 5, "{found:?}");
        let cost = found.cost_minor.expect("it is priced");
        assert_eq!((cost, found.over_budget_minor), (found.overage_minor + 10_000, cost - 20_000));
        let unpriced = of(&definition, &counted, 10, &Rates::default());
        assert_eq!((unpriced.cost_minor, unpriced.overage_minutes, unpriced.over_budget_minor), (None, 0, 0));
        let plain = of(&definition, &counted, 10, &Rates { minute_minor: Some(2.0), ..Rates::default() });
        assert!(plain.cost_minor.is_some_and(|cost| about(cost, 20_000)), "{plain:?}");
    }

    #[test]
    fn days_follow_from_agents_lines_and_hours() {
        let (mut definition, counted) = (progressive(), leads(10_000));
        // 5,000 x 150 s and 10,000 x 18 s of ringing: 258 hours of agents.
        let days = |definition: &Definition, agents| of(definition, &counted, agents, &Rates::default()).days;
        assert_eq!(days(&definition, 0), None);
        assert_eq!(days(&definition, 25), Some(1), "ten hours of 25");
        assert_eq!(days(&definition, 10), Some(3), "26 hours of 10, twelve a day");
        let hours = ["mon-fri 09:00-17:00".to_owned()];
        definition.schedule = Some(Arc::new(Schedule::parse("office", "Europe/London", &hours, &[]).expect("right")));
        assert_eq!(days(&definition, 10), Some(4), "eight hours a day");
        definition.max_lines = 1;
        assert!(days(&definition, 10).is_some_and(|days| days > 20), "one line is the limit");
        definition.method = Method::Bot { concurrent: 1 };
        assert_eq!(of(&definition, &counted, 0, &Rates::default()).days, days(&definition, 10), "nobody need be there");
    }

    #[test]
    fn retries_reach_people_and_take_days() {
        let mut definition = Definition::new("Autumn", Method::Predictive, Service::Queue(QueueId(1)));
        let counted = leads(100);
        let at = WallTime::from_micros(0);
        let ask = |definition: &Definition| {
            let asked = Asked { definition, counted: &counted, agents: 50, at, zone: &Zone::utc() };
            estimate(&asked, &Expected::default(), &Rates::default())
        };
        let often = ask(&definition);
        definition.terms.caps.lead = Some(1);
        let once = ask(&definition);
        assert!(often.calls > 2 * once.calls && often.people > 2 * once.people, "{once:?} {often:?}");
        assert!(often.people <= 100 && often.days > once.days, "{once:?} {often:?}");
        assert_eq!(
            of(&definition, &Counted::default(), 5, &Rates::default()),
            Estimate { dialing_minutes: Some(0), days: Some(0), ..Estimate::default() }
        );
    }
}
