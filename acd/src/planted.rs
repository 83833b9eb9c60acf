//! Faults planted for the simulator's checkers: each must be found (DESIGN section 11). Without the feature
//! `planted-faults` none can be planted, and what is built without tests does not have it.

use crate::acd::Acd;

/// A fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Planted {
    /// A call that is offered to an agent can be offered to another one too.
    DoubleOffer,
    /// A timer that is due does nothing.
    MissedTimer,
    /// The legs that a lost shard held keep their agents busy.
    LeaseKept,
    /// A claim that comes after another agent has answered is granted too.
    TwoAnswer,
    /// An agent whose caller hung up while it rang stays reserved.
    LeftReserved,
    /// Wrap-up is forgotten when another leg of the agent outlives the call (he transferred it).
    WrapUpLost,
    /// A call that enters is not looked at until something else happens (it hears an announcement).
    HeadBlocked,
    /// A higher priority comes first however long others have waited.
    Starved,
}

impl Acd {
    /// Plants a fault, from now on.
    #[cfg(feature = "planted-faults")]
    pub fn plant(&mut self, fault: Planted) {
        self.planted = Some((fault, 0));
    }

    /// Whether `fault` is planted and strikes this time.
    #[cfg(feature = "planted-faults")]
    pub(crate) fn strikes(&mut self, fault: Planted) -> bool {
        let Some((_, occasions)) = self.planted.as_mut().filter(|(planted, _)| *planted == fault) else { return false };
        *occasions += 1;
        *occasions % EVERY == 0 || fault == Planted::LeaseKept
    }

    /// Never.
    #[cfg(not(feature = "planted-faults"))]
    pub(crate) const fn strikes(&mut self, _: Planted) -> bool {
        false
    }
}

/// A fault that struck at every occasion would be found by anyone. Lost shards are rare enough.
#[cfg(feature = "planted-faults")]
const EVERY: u32 = 5;
