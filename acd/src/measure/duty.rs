//! How long agents were in each state.

use core::time::Duration;

use super::service::ratio;
use crate::contract::State;

/// Time in each state, summed over agents.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Duty {
    /// Milliseconds by `State as usize`.
    ms: [u64; 6],
}

impl Duty {
    /// What occupancy is made of, to be shown beside the number: ringing counts neither as work nor as waiting for it,
    /// breaks are left out, and an agent of several queues counts in each with all his calls.
    pub const OCCUPANCY: &'static str = "(on_call + wrap_up) / (on_call + wrap_up + ready)";

    /// Some more time in a state.
    pub fn add(&mut self, state: State, time_ms: u64) {
        self.ms[state as usize] += time_ms;
    }

    /// The time of others too.
    pub fn merge(&mut self, other: &Self) {
        for (sum, ms) in self.ms.iter_mut().zip(other.ms) {
            *sum += ms;
        }
    }

    /// Time in a state.
    #[must_use]
    pub const fn time_in(&self, state: State) -> Duration {
        Duration::from_millis(self.ms[state as usize])
    }

    /// By [`Self::OCCUPANCY`], 0 to 1; `None` while nobody worked or was ready.
    #[must_use]
    pub fn occupancy(&self) -> Option<f64> {
        let busy = self.ms[State::OnCall as usize] + self.ms[State::WrapUp as usize];
        ratio(busy, busy + self.ms[State::Ready as usize])
    }
}
