//! What a campaign will take: calls, minutes, money, and what goes over what is included.

use super::outcome::{Outcome, Recycle};

/// What calls are expected to be like. Shares are of dialed numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Assumptions {
    /// Share that a person answers.
    pub people: f64,
    /// Share that a machine answers.
    pub machines: f64,
    /// A conversation, s.
    pub talk_s: f64,
    /// What a machine takes, s.
    pub machine_s: f64,
    /// Share of numbers that the gate does not let pass.
    pub denied: f64,
}

/// What calls cost. Money is in minor units (pence, cents) of one currency.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rates {
    /// ISO 4217.
    pub currency: String,
    /// A minute on the line.
    pub minute_minor: f64,
    /// An answered call, whatever its length.
    pub call_minor: f64,
    /// Minutes that are paid for already and not used yet.
    pub minutes_left: f64,
    /// A minute beyond those.
    pub overage_minor: f64,
}

/// What a campaign is expected to take.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Estimate {
    /// Leads that it has.
    pub leads: u64,
    /// Leads that the gate is expected to let pass.
    pub dialable: u64,
    /// Numbers dialed, retries included.
    pub calls: u64,
    /// People reached.
    pub people: u64,
    /// Minutes on the line.
    pub minutes: u64,
    /// What it costs, overage included.
    pub cost_minor: u64,
    /// Minutes beyond what is included.
    pub overage_minutes: u64,
    /// What those cost.
    pub overage_minor: u64,
}

/// What so many leads are expected to take.
#[must_use]
pub fn estimate(leads: u64, recycle: &Recycle, expected: &Assumptions, rates: &Rates) -> Estimate {
    let share = |share: f64| if share.is_finite() { share.clamp(0.0, 1.0) } else { 0.0 };
    let (people, machines) = (share(expected.people), share(expected.machines).min(1.0 - share(expected.people)));
    let dialable = leads as f64 * (1.0 - share(expected.denied));
    let tries = |outcome| f64::from(recycle.after(outcome).map_or(0, |again| again.times) + 1);
    // A lead is dialed until a person answers or its tries are used up; machines may end it sooner than silence does.
    let not_reached = 1.0 - people;
    let of_machines = if not_reached > 0.0 { machines / not_reached } else { 0.0 };
    let tries = of_machines * tries(Outcome::Machine) + (1.0 - of_machines) * tries(Outcome::NoAnswer);
    let tries = tries.min(f64::from(recycle.attempts_max)).max(1.0);
    let reached = 1.0 - not_reached.powf(tries);
    let calls_a_lead = if people > 0.0 { reached / people } else { tries };
    let calls = dialable * calls_a_lead;
    let seconds = people * expected.talk_s.max(0.0) + machines * expected.machine_s.max(0.0);
    let minutes = calls * seconds / 60.0;
    let overage = (minutes - rates.minutes_left.max(0.0)).max(0.0);
    let overage_minor = overage * rates.overage_minor.max(0.0);
    let paid = calls * (people + machines) * rates.call_minor.max(0.0);
    let cost = paid + (minutes - overage) * rates.minute_minor.max(0.0) + overage_minor;
    let whole = |figure: f64| figure.round().max(0.0) as u64;
    Estimate {
        leads,
        dialable: whole(dialable),
        calls: whole(calls),
        people: whole(dialable * reached),
        minutes: minutes.ceil().max(0.0) as u64,
        cost_minor: cost.ceil().max(0.0) as u64,
        overage_minutes: overage.ceil() as u64,
        overage_minor: overage_minor.ceil() as u64,
    }
}

impl Default for Assumptions {
    /// The middle of what campaigns see (pacing.md section 3).
    fn default() -> Self {
        Self { people: 0.25, machines: 0.3, talk_s: 180.0, machine_s: 10.0, denied: 0.05 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_minutes_money_and_what_goes_over() {
        let recycle = Recycle { rules: [].into(), attempts_max: 1 };
        let expected = Assumptions { people: 0.5, machines: 0.5, talk_s: 120.0, machine_s: 0.0, denied: 0.1 };
        let rates = Rates {
            currency: "GBP".to_owned(),
            minute_minor: 2.0,
            call_minor: 1.0,
            minutes_left: 600.0,
            overage_minor: 5.0,
        };
        let found = estimate(1_000, &recycle, &expected, &rates);
        // 900 calls, half of them of 2 minutes: 900 minutes, 300 of them beyond what is included.
        let wanted = Estimate {
            leads: 1_000,
            dialable: 900,
            calls: 900,
            people: 450,
            minutes: 900,
            cost_minor: 900 + 600 * 2 + 300 * 5,
            overage_minutes: 300,
            overage_minor: 1_500,
        };
        assert_eq!(found, wanted);
    }

    #[test]
    fn retries_cost_calls_and_reach_people() {
        let once =
            estimate(1_000, &Recycle { rules: [].into(), attempts_max: 1 }, &Assumptions::default(), &Rates::default());
        let often = estimate(1_000, &Recycle::default(), &Assumptions::default(), &Rates::default());
        assert!(often.calls > 2 * once.calls && often.people > 2 * once.people, "{once:?} {often:?}");
        assert!(often.people <= often.dialable);
    }

    #[test]
    fn nonsense_gives_no_nonsense() {
        let expected = Assumptions { people: f64::NAN, machines: 9.0, talk_s: -1.0, machine_s: 1.0, denied: -3.0 };
        let found = estimate(10, &Recycle::default(), &expected, &Rates::default());
        assert_eq!((found.dialable, found.people), (10, 0));
    }
}
