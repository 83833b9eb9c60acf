//! Limits of calls that need counting: trunks and agents. Every limit is an
//! outcome with a counter, never an error.

use core::time::Duration;
use std::collections::{BTreeMap, VecDeque};

use clock::{AgentId, Instant, Now, TrunkId};

use crate::civil;
use crate::plan::TrunkPlan;

/// What trunks and agents have used up.
#[derive(Debug, Default)]
pub(crate) struct Limits {
    trunks: BTreeMap<TrunkId, TrunkUse>,
    days: BTreeMap<AgentId, DayUse>,
}

/// One trunk's use.
#[derive(Debug, Default)]
pub(crate) struct TrunkUse {
    /// Live legs over it.
    pub(crate) calls: u32,
    /// INVITEs refused for its limits since the start.
    pub(crate) refused: u64,
    /// Calls of the last second.
    pace: Pace,
}

#[derive(Clone, Copy, Debug, Default)]
struct DayUse {
    day: i64,
    calls: u32,
}

impl Limits {
    /// Whether the trunk may bring one more call now; counts the call's second if so, the refusal if not.
    pub(crate) fn admit(&mut self, trunk: TrunkId, plan: &TrunkPlan, now: Instant) -> bool {
        let used = self.trunks.entry(trunk).or_default();
        let a_second = plan.calls_per_second_max as usize;
        let admitted = !used.is_full(plan) && (a_second == 0 || used.pace.admit(a_second, now));
        used.refused += u64::from(!admitted);
        admitted
    }

    /// Whether one more call may leave over the trunk; counts the refusal if not.
    pub(crate) fn has_room(&mut self, trunk: TrunkId, plan: &TrunkPlan) -> bool {
        let used = self.trunks.entry(trunk).or_default();
        let full = used.is_full(plan);
        used.refused += u64::from(full);
        !full
    }

    pub(crate) fn leg_began(&mut self, trunk: TrunkId) {
        self.trunks.entry(trunk).or_default().calls += 1;
    }

    pub(crate) fn leg_ended(&mut self, trunk: TrunkId) {
        let used = self.trunks.entry(trunk).or_default();
        used.calls = used.calls.saturating_sub(1);
    }

    /// Whether the agent may dial out once more on this (UTC) day; counts it if so. `max` 0 is no cap.
    pub(crate) fn admit_agent(&mut self, agent: AgentId, max: u32, now: Now) -> bool {
        let day = civil::day_number(now.wall);
        let used = self.days.entry(agent).or_default();
        if used.day != day {
            *used = DayUse { day, calls: 0 };
        }
        if max != 0 && used.calls >= max {
            return false;
        }
        used.calls = used.calls.saturating_add(1);
        true
    }

    /// What agents dialed on this day before a restart.
    pub(crate) fn dialed(&mut self, dials: &[(AgentId, u32)], now: Now) {
        let day = civil::day_number(now.wall);
        self.days.extend(dials.iter().map(|(agent, calls)| (*agent, DayUse { day, calls: *calls })));
    }

    /// Every trunk that was used.
    pub(crate) fn trunks(&self) -> impl Iterator<Item = (TrunkId, &TrunkUse)> {
        self.trunks.iter().map(|(trunk, used)| (*trunk, used))
    }
}

/// At most so many in any second, for answers that anyone may ask for.
#[derive(Debug, Default)]
pub(crate) struct Pace {
    recent: VecDeque<Instant>,
}

impl Pace {
    /// Whether one more is within `a_second`; counts it if so.
    pub(crate) fn admit(&mut self, a_second: usize, now: Instant) -> bool {
        while self.recent.front().is_some_and(|at| now - *at >= SECOND) {
            self.recent.pop_front();
        }
        let admitted = self.recent.len() < a_second;
        if admitted {
            self.recent.push_back(now);
        }
        admitted
    }
}

impl TrunkUse {
    fn is_full(&self, plan: &TrunkPlan) -> bool {
        plan.calls_max != 0 && self.calls >= plan.calls_max
    }
}

const SECOND: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use super::*;
    use clock::WallTime;

    const TRUNK: TrunkId = TrunkId(1);

    fn plan(calls_max: u32, calls_per_second_max: u32) -> TrunkPlan {
        TrunkPlan { calls_max, calls_per_second_max, ..TrunkPlan::new("t", ([127, 0, 0, 2], 5080).into()) }
    }

    #[test]
    fn never_more_than_the_limit_in_any_second() {
        let mut limits = Limits::default();
        let at = |millis: u64| Instant::from_nanos(millis * 1_000_000);
        let admitted: Vec<u64> =
            (0..40).map(|i| i * 50).filter(|ms| limits.admit(TRUNK, &plan(0, 5), at(*ms))).collect();
        assert_eq!(admitted, [0, 50, 100, 150, 200, 1000, 1050, 1100, 1150, 1200]);
        assert_eq!(limits.trunks().next().map(|(_, used)| used.refused), Some(30));
    }

    #[test]
    fn live_calls_fill_a_trunk_in_both_directions() {
        let mut limits = Limits::default();
        let full = plan(1, 0);
        assert!(limits.admit(TRUNK, &full, Instant::ZERO) && limits.has_room(TRUNK, &full));
        limits.leg_began(TRUNK);
        assert!(!limits.admit(TRUNK, &full, Instant::ZERO) && !limits.has_room(TRUNK, &full));
        limits.leg_ended(TRUNK);
        assert!(limits.admit(TRUNK, &full, Instant::ZERO));
    }

    #[test]
    fn an_agents_cap_is_a_days() {
        let mut limits = Limits::default();
        let on_day = |day: i64| Now { mono: Instant::ZERO, wall: WallTime::from_micros(day * 86_400_000_000) };
        let agent = AgentId(1);
        assert!(limits.admit_agent(agent, 2, on_day(3)) && limits.admit_agent(agent, 2, on_day(3)));
        assert!(!limits.admit_agent(agent, 2, on_day(3)));
        assert!(limits.admit_agent(agent, 2, on_day(4)));
        assert!((0..9).all(|_| limits.admit_agent(AgentId(2), 0, on_day(4))));
    }
}
