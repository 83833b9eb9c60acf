//! Faults planted for the simulator's checkers: each must be found (DESIGN section 11). Without the feature
//! `planted-faults` none can be planted, and what is built without tests does not have it.

use super::campaign::Shared;
#[cfg(feature = "planted-faults")]
use super::dialer::Dialer;

/// A fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Planted {
    /// What the gate denies is dialed, and noted as allowed.
    GateForged,
    /// A campaign dials with more lines than it may have.
    LinesIgnored,
    /// The end of an attempt is written twice.
    EndedTwice,
    /// A number that is being called may be called for another lead.
    NumberForgotten,
    /// When a lead comes again is not written down.
    BookingLost,
    /// An attempt that ended is not counted.
    NotCounted,
    /// A campaign that pauses dials on.
    PauseIgnored,
    /// A number whose call was abandoned is not locked out.
    LockOutForgotten,
    /// An attempt is ordered before the disk has it.
    NotSynced,
    /// An attempt whose person had answered before a restart counts as if it had only rung.
    AnswerForgotten,
    /// A campaign dials when its schedule is closed.
    ScheduleIgnored,
    /// A lead that was mended is dialed by what was held of it.
    MendForgotten,
    /// A dialer that is built anew has not what it was told since its copy.
    PastForgotten,
}

impl Shared {
    /// Whether `fault` is planted and strikes this time.
    #[cfg(feature = "planted-faults")]
    pub(super) fn strikes(&mut self, fault: Planted) -> bool {
        let Some((_, occasions)) = self.planted.as_mut().filter(|(planted, _)| *planted == fault) else { return false };
        *occasions += 1;
        let is_rare = matches!(
            fault,
            Planted::PauseIgnored | Planted::LockOutForgotten | Planted::AnswerForgotten | Planted::MendForgotten
        );
        is_rare || *occasions % EVERY == 0
    }

    /// Never.
    #[cfg(not(feature = "planted-faults"))]
    pub(super) const fn strikes(&mut self, _: Planted) -> bool {
        false
    }
}

#[cfg(feature = "planted-faults")]
impl Dialer {
    /// Plants a fault, from now on.
    pub fn plant(&mut self, fault: Planted) {
        self.shared.planted = Some((fault, 0));
    }
}

/// A fault that struck at every occasion would be found by anyone.
#[cfg(feature = "planted-faults")]
const EVERY: u32 = 5;
