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
            Self::LostRelease | Self::RecordTwice | Self::WrapUpSkipped | Self::HeldByWords => None,
        }
    }

    /// The fault in a shard, if it is one of a shard's.
    pub(crate) const fn in_shard(self) -> Option<call::Planted> {
        match self {
            Self::LostRelease => Some(call::Planted::LostRelease),
            Self::RecordTwice => Some(call::Planted::RecordTwice),
            Self::WrapUpSkipped => Some(call::Planted::WrapUpSkipped),
            Self::HeldByWords => Some(call::Planted::HeldByWords),
            Self::DoubleOffer | Self::MissedTimer | Self::LeaseKept => None,
            Self::LeftReserved | Self::HeadBlocked => None,
        }
    }
}
