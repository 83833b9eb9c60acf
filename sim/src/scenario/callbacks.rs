//! Callbacks of a run: who asks for them, how often, and by which rules.

use core::time::Duration;

use clock::Rng;

use crate::chance::{between, number, share};

/// Callbacks, where a run has any.
#[derive(Clone, Debug)]
pub struct CallbackScenario {
    /// Share of callers who press the key while they wait.
    pub press: f64,
    /// Share of those who call it off while they hear that it is registered.
    pub regret: f64,
    /// Share of new calls in whose place a program asks for a callback.
    pub ask: f64,
    /// Callbacks that a program calls off, for each new call.
    pub cancel: f64,
    /// Numbers that go on the do-not-call list or off it, for each new call.
    pub listed: f64,
    /// The rules of all queues.
    pub rules: acd::CallbackRules,
}

impl CallbackScenario {
    /// Those of a seed: two in three runs have some. From chance of their own, so that the rest of a run is what it is
    /// without them.
    pub(super) fn draw(seed: u64) -> Option<Self> {
        let mut rng = Rng::new(seed ^ 0x4341_4C4C_4241_434B);
        if rng.chance(1.0 / 3.0) {
            return None;
        }
        let secs = Duration::from_secs;
        let rules = acd::CallbackRules {
            max: number(&mut rng, 0, 4) as u32,
            attempts_max: number(&mut rng, 1, 3) as u32,
            retry_after: between(&mut rng, secs(1), secs(30)),
            expire_after: between(&mut rng, secs(60), secs(900)),
            ring: between(&mut rng, acd::MIN_RING, secs(30)),
            customer_first: rng.chance(0.4),
        };
        Some(Self {
            press: 0.05 + rng.unit() * 0.4,
            regret: share(&mut rng, 0.05, 0.3),
            ask: share(&mut rng, 0.02, 0.25),
            cancel: share(&mut rng, 0.02, 0.15),
            listed: share(&mut rng, 0.02, 0.15),
            rules,
        })
    }
}
