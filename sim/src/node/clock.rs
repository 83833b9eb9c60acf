//! The node's own clocks: the monotonic one begins anew with each life, both run a little off.

use clock::{Instant, Now, WallTime};

use crate::scenario::Scenario;

/// From true time to what the node believes, and back.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NodeClock {
    drift_ppm: i64,
    started: Instant,
    /// What people have set the wall clock off by, in microseconds.
    set_off: i64,
}

impl NodeClock {
    pub(crate) const fn new(drift_ppm: i64) -> Self {
        Self { drift_ppm, started: Instant::ZERO, set_off: 0 }
    }

    /// The clock of a scenario's node, at the time of day at which it begins.
    pub(crate) fn of(scenario: &Scenario) -> Self {
        let set_off = scenario.campaigns.as_ref().map_or(0, |campaigns| campaigns.later_micros);
        Self { set_off, ..Self::new(scenario.node.drift_ppm) }
    }

    /// A new life begins.
    pub(crate) fn restart(&mut self, now: Instant) {
        self.started = now;
    }

    /// Somebody sets the wall clock, forward or back.
    pub(crate) fn set_off(&mut self, by_micros: i64) {
        self.set_off = self.set_off.saturating_add(by_micros);
    }

    /// What the node's clocks show at `now`.
    pub(crate) fn at(&self, now: Instant) -> Now {
        let age = self.run(now.since(self.started).as_nanos());
        let wall = self.run(u128::from(now.as_nanos())) / 1_000;
        Now {
            mono: Instant::from_nanos(BOOT_NANOS.saturating_add(age)),
            wall: WallTime::from_micros((EPOCH_MICROS + self.set_off).saturating_add(i64::try_from(wall).unwrap_or(0))),
        }
    }

    /// The first true time at which the monotonic clock shows `mono`.
    pub(crate) fn when(&self, mono: Instant) -> Instant {
        let age = i128::from(mono.as_nanos().saturating_sub(BOOT_NANOS));
        let age = age * MILLION / (MILLION + i128::from(self.drift_ppm)) + 1;
        self.started + core::time::Duration::from_nanos(u64::try_from(age).unwrap_or(u64::MAX))
    }

    fn run(&self, nanos: u128) -> u64 {
        let nanos = i128::try_from(nanos).unwrap_or(i128::MAX);
        u64::try_from(nanos + nanos * i128::from(self.drift_ppm) / MILLION).unwrap_or(u64::MAX)
    }
}

const MILLION: i128 = 1_000_000;
/// The monotonic clock does not begin at zero.
const BOOT_NANOS: u64 = 1_000_000_000;
/// 2026-01-05T09:00:00Z, a Monday.
const EPOCH_MICROS: i64 = 1_767_603_600_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timer_is_due_when_its_time_has_come() {
        for drift in [-100, 0, 73] {
            let mut clock = NodeClock::new(drift);
            clock.restart(Instant::from_nanos(5_000_000_007));
            for nanos in [1_000_000_001, 1_000_000_999, 77_123_456_789] {
                let due = Instant::from_nanos(nanos);
                let when = clock.when(due);
                assert!(clock.at(when).mono >= due, "{drift} {nanos}");
                assert!(clock.at(when).mono.since(due).as_nanos() < 3);
            }
        }
    }
}
