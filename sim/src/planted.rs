//! Faults planted in the cores under test, one a run: what the judges are judged by.

/// A fault that a scenario plants. Without the feature `planted-faults` it does nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Planted {
    /// The ACD offers a call to two agents.
    DoubleOffer,
    /// The ACD does not hear that an agent is free again.
    LostRelease,
    /// A timer of the ACD does nothing when it is due.
    MissedTimer,
    /// A call's end is written twice.
    RecordTwice,
    /// An agent who transferred his call has no wrap-up.
    WrapUpSkipped,
    /// Whoever answers while the caller is told something is not connected.
    HeldByWords,
    /// What a broken shard held keeps its agents busy.
    LeaseKept,
    /// An agent whose caller hung up while it rang stays reserved.
    LeftReserved,
    /// A caller who comes is looked at only when something else happens, as behind an announcement that has to end first.
    HeadBlocked,
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
    /// An attempt that is given up ends at once, however short it rang.
    RingCut,
    /// A person whom no agent takes hears nothing.
    HarbourSkipped,
    /// A person who answered is kept waiting beyond the limit.
    LimitIgnored,
}

#[cfg(feature = "planted-faults")]
impl Planted {
    /// The fault in the ACD, if it is one of the ACD's.
    pub(crate) const fn in_acd(self) -> Option<acd::Planted> {
        match self {
            Self::DoubleOffer => Some(acd::Planted::DoubleOffer),
            Self::MissedTimer => Some(acd::Planted::MissedTimer),
            Self::LeaseKept => Some(acd::Planted::LeaseKept),
            Self::LeftReserved => Some(acd::Planted::LeftReserved),
            Self::HeadBlocked => Some(acd::Planted::HeadBlocked),
            _ => None,
        }
    }

    /// The fault in a shard, if it is one of a shard's.
    pub(crate) const fn in_shard(self) -> Option<call::Planted> {
        match self {
            Self::LostRelease => Some(call::Planted::LostRelease),
            Self::RecordTwice => Some(call::Planted::RecordTwice),
            Self::WrapUpSkipped => Some(call::Planted::WrapUpSkipped),
            Self::HeldByWords => Some(call::Planted::HeldByWords),
            Self::RingCut => Some(call::Planted::RingCut),
            Self::HarbourSkipped => Some(call::Planted::HarbourSkipped),
            Self::LimitIgnored => Some(call::Planted::LimitIgnored),
            _ => None,
        }
    }

    /// The fault in the dialer, if it is one of the dialer's.
    pub(crate) const fn in_dialer(self) -> Option<dialer::runner::Planted> {
        use dialer::runner::Planted;
        match self {
            Self::GateForged => Some(Planted::GateForged),
            Self::LinesIgnored => Some(Planted::LinesIgnored),
            Self::EndedTwice => Some(Planted::EndedTwice),
            Self::NumberForgotten => Some(Planted::NumberForgotten),
            Self::BookingLost => Some(Planted::BookingLost),
            Self::NotCounted => Some(Planted::NotCounted),
            Self::PauseIgnored => Some(Planted::PauseIgnored),
            Self::LockOutForgotten => Some(Planted::LockOutForgotten),
            Self::NotSynced => Some(Planted::NotSynced),
            Self::AnswerForgotten => Some(Planted::AnswerForgotten),
            Self::ScheduleIgnored => Some(Planted::ScheduleIgnored),
            Self::MendForgotten => Some(Planted::MendForgotten),
            Self::PastForgotten => Some(Planted::PastForgotten),
            _ => None,
        }
    }
}
