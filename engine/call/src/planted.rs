//! Faults planted for the simulator's checkers: each must be found (DESIGN section 11). Without the feature
//! `planted-faults` none can be planted, and what is built without tests does not have it.

use crate::shard::Shard;

/// A fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Planted {
    /// The ACD does not hear that an agent's leg ended.
    LostRelease,
    /// An agent who transferred his call is said not to have talked.
    WrapUpSkipped,
    /// The end of a call is written twice.
    RecordTwice,
    /// Whoever answers while the caller is told something is not connected.
    HeldByWords,
    /// An attempt that is given up ends at once, however short it rang.
    RingCut,
    /// A person whom no agent takes hears nothing.
    HarbourSkipped,
    /// A person who answered is kept waiting beyond the limit.
    LimitIgnored,
}

impl Shard {
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
        let is_rare = !matches!(fault, Planted::LostRelease | Planted::RecordTwice);
        is_rare || *occasions % EVERY == 0
    }

    /// Never.
    #[cfg(not(feature = "planted-faults"))]
    pub(crate) const fn strikes(&mut self, _: Planted) -> bool {
        false
    }
}

/// A fault that struck at every occasion would be found by anyone. Transfers, and answers within words, are rare enough.
#[cfg(feature = "planted-faults")]
const EVERY: u32 = 5;
