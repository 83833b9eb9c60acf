//! The words that stand for enums in the database and at the API (data-model.md section 1).

use journal_core::outcome::WorkStatus;
use journal_core::{
    AgentState, AgentStatus, CallStatus, CallbackOwner, CallbackSource, CallbackState, Direction, Outcome, QueueLeft,
    RecordingState, Recovers, RoutingStrategy, StateCause, Who,
};

use crate::{LeadListState, LeadListTask, ListDuplicates, Relation};

/// An enum with a stable snake_case word for each value.
pub trait Word: Sized + Copy + 'static {
    /// All values.
    const ALL: &'static [Self];

    /// Its word.
    fn word(self) -> &'static str;

    /// The value with this word.
    #[must_use]
    fn from_word(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|value| value.word() == word)
    }
}

macro_rules! words {
    ($type:ident { $($value:ident => $word:literal),+ $(,)? }) => {
        impl Word for $type {
            const ALL: &'static [Self] = &[$(Self::$value),+];

            fn word(self) -> &'static str {
                match self {
                    $(Self::$value => $word),+
                }
            }
        }
    };
}

words!(CallStatus {
    Queued => "queued",
    Ringing => "ringing",
    Answered => "answered",
    Completed => "completed",
    Canceled => "canceled",
    NoAnswer => "no_answer",
    Failed => "failed",
});
words!(Outcome {
    Initiated => "initiated",
    InProgress => "in_progress",
    Successful => "successful",
    NoAnswer => "no_answer",
    Voicemail => "voicemail",
    Error => "error",
    Callback => "callback",
});
words!(LeadListState {
    Uploaded => "uploaded",
    Mapped => "mapped",
    Validated => "validated",
    Importing => "importing",
    Done => "done",
    DoneWithErrors => "done_with_errors",
    Failed => "failed",
    Cancelled => "cancelled",
});
words!(LeadListTask {
    Validate => "validate",
    Import => "import",
    Purge => "purge",
});
words!(ListDuplicates {
    Keep => "keep",
    InList => "in_list",
    InAccount => "in_account",
});
words!(CallbackOwner {
    Acd => "acd",
    Dialer => "dialer",
});
words!(CallbackSource {
    Key => "key",
    Api => "api",
    Agent => "agent",
});
words!(CallbackState {
    Requested => "requested",
    Queued => "queued",
    Reserved => "reserved",
    Dialing => "dialing",
    Connected => "connected",
    NoAnswer => "no_answer",
    Exhausted => "exhausted",
    Cancelled => "cancelled",
    Expired => "expired",
    Superseded => "superseded",
});
words!(Direction {
    Inbound => "inbound",
    OutboundDial => "outbound_dial",
    OutboundAuto => "outbound_auto",
});
words!(Who {
    Caller => "caller",
    Agent => "agent",
    Callee => "callee",
    System => "system",
});
words!(RecordingState {
    Recording => "recording",
    Ready => "ready",
    Failed => "failed",
});
words!(Relation {
    Consultation => "consultation",
    ConsultationOf => "consultation_of",
    Transfer => "transfer",
    TransferOf => "transfer_of",
    Callback => "callback",
    CallbackOf => "callback_of",
    FollowUp => "follow_up",
    FollowUpOf => "follow_up_of",
    RecoveredBy => "recovered_by",
    Recovers => "recovers",
    SelfResolvedBy => "self_resolved_by",
    SelfResolves => "self_resolves",
});
words!(Recovers {
    Newest => "newest",
    Oldest => "oldest",
    All => "all",
});
words!(WorkStatus {
    Waiting => "waiting",
    Assigning => "assigning",
    Assigned => "assigned",
    Transferring => "transferring",
    Ended => "ended",
    Failed => "failed",
});
words!(RoutingStrategy {
    LongestIdle => "longest_idle",
    RingAll => "ring_all",
    RoundRobin => "round_robin",
    FewestCalls => "fewest_calls",
    LeastTalk => "least_talk",
    TopDown => "top_down",
    Random => "random",
    Weighted => "weighted",
    ProgressiveRing => "progressive_ring",
});
words!(AgentState {
    Offline => "offline",
    Ready => "ready",
    Reserved => "reserved",
    OnCall => "on_call",
    WrapUp => "wrap_up",
    Paused => "paused",
});
words!(QueueLeft {
    Answered => "answered",
    Abandoned => "abandoned",
    TimedOut => "timed_out",
    Ended => "ended",
    Full => "full",
    Empty => "empty",
    Key => "key",
    Moved => "moved",
    CalledBack => "called_back",
    Closed => "closed",
    CallbackLimit => "callback_limit",
});
words!(AgentStatus {
    Ready => "ready",
    Paused => "paused",
    Offline => "offline",
});
words!(StateCause {
    Unknown => "unknown",
    Configured => "configured",
    Removed => "removed",
    NodeDown => "node_down",
    Chosen => "chosen",
    Device => "device",
    Probe => "probe",
    Offer => "offer",
    OfferEnded => "offer_ended",
    Answered => "answered",
    Call => "call",
    CallEnded => "call_ended",
    WrapUpOver => "wrap_up_over",
    Disposed => "disposed",
    PauseLimit => "pause_limit",
    NotTaken => "not_taken",
    Repaired => "repaired",
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_read_back() {
        for status in CallStatus::ALL {
            assert_eq!(CallStatus::from_word(status.word()), Some(*status));
        }
        assert_eq!(Direction::from_word("Inbound"), None);
    }
}
