//! How many agents ring for one call at the same time.

use core::time::Duration;

use crate::contract::Strategy;

/// How many may ring for a call after so many joins.
pub(crate) fn width(strategy: Strategy, joins: usize) -> usize {
    match strategy {
        Strategy::RingAll => RING_GROUP_MAX,
        Strategy::ProgressiveRing { .. } => joins.saturating_add(1).min(RING_GROUP_MAX),
        _ => 1,
    }
}

/// After which time the next one joins those who ring.
pub(crate) const fn join_every(strategy: Strategy) -> Option<Duration> {
    match strategy {
        Strategy::ProgressiveRing { every } => Some(every),
        _ => None,
    }
}

/// Agents who ring for one call: each is a leg with ports and an INVITE, and one caller must not make hundreds.
pub(crate) const RING_GROUP_MAX: usize = 50;
