//! The types of a journey's steps: every event of a call has one.

use journal_core::{CallEvent, RecordingState, Steering};

use crate::words::Word;

macro_rules! kinds {
    ($($kind:ident => $word:literal),+ $(,)?) => {
        /// Type of a step.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum StepKind {
            $(#[doc = $word] $kind,)+
        }

        impl Word for StepKind {
            const ALL: &'static [Self] = &[$(Self::$kind),+];

            fn word(self) -> &'static str {
                match self {
                    $(Self::$kind => $word),+
                }
            }
        }
    };
}

kinds! {
    CallStarted => "call.started",
    LegStarted => "leg.started",
    CallRinging => "call.ringing",
    QueueEntered => "queue.entered",
    OfferRinging => "offer.ringing",
    OfferAnswered => "offer.answered",
    OfferMissed => "offer.missed",
    OfferRefused => "offer.refused",
    OfferWithdrawn => "offer.withdrawn",
    OfferTooLate => "offer.too_late",
    CallAnswered => "call.answered",
    CallHeld => "call.held",
    CallResumed => "call.resumed",
    TransferStarted => "call.transfer_started",
    TransferFailed => "call.transfer_failed",
    Transferred => "call.transferred",
    QueueLeft => "queue.left",
    Digit => "call.digit",
    VoicemailStarted => "voicemail.started",
    VoicemailLeft => "voicemail.left",
    RecordingStarted => "recording.started",
    RecordingReady => "recording.ready",
    RecordingFailed => "recording.failed",
    TargetFailed => "trunk.target_failed",
    MenuEntered => "menu.entered",
    MenuMissed => "menu.missed",
    MenuLeft => "menu.left",
    HoursChecked => "hours.checked",
    Overflowed => "queue.overflowed",
    Announced => "queue.announced",
    MessagePlayed => "message.played",
    CallbackRequested => "callback.requested",
    CallbackRejected => "callback.rejected",
    CallbackDialing => "callback.dialing",
    DialDenied => "dial.denied",
    LegDevice => "leg.device",
    Routed => "routing.decided",
    AttemptStarted => "attempt.started",
    PickedUp => "call.picked_up",
    LineHeard => "line.heard",
    QueueMoved => "queue.moved",
    QueuePrioritised => "queue.prioritised",
    QueuePulled => "queue.pulled",
    QueueRequeued => "queue.requeued",
    LegEnded => "leg.ended",
    CallEnded => "call.ended",
}

impl StepKind {
    /// The type of an event. A new event gets a type here, and its words in `tell`.
    pub(crate) const fn of(event: &CallEvent) -> Self {
        match event {
            CallEvent::Started { .. } => Self::CallStarted,
            CallEvent::LegStarted { .. } => Self::LegStarted,
            CallEvent::Ringing { .. } => Self::CallRinging,
            CallEvent::QueueEntered { .. } => Self::QueueEntered,
            CallEvent::OfferRinging { .. } => Self::OfferRinging,
            CallEvent::OfferAnswered { .. } => Self::OfferAnswered,
            CallEvent::OfferMissed { .. } => Self::OfferMissed,
            CallEvent::OfferRefused { .. } => Self::OfferRefused,
            CallEvent::OfferWithdrawn { .. } => Self::OfferWithdrawn,
            CallEvent::OfferTooLate { .. } => Self::OfferTooLate,
            CallEvent::Answered { .. } => Self::CallAnswered,
            CallEvent::Held { .. } => Self::CallHeld,
            CallEvent::Resumed { .. } => Self::CallResumed,
            CallEvent::TransferStarted { .. } => Self::TransferStarted,
            CallEvent::TransferFailed { .. } => Self::TransferFailed,
            CallEvent::Transferred { .. } => Self::Transferred,
            CallEvent::QueueLeft { .. } => Self::QueueLeft,
            CallEvent::Digit { .. } => Self::Digit,
            CallEvent::VoicemailStarted { .. } => Self::VoicemailStarted,
            CallEvent::VoicemailLeft { .. } => Self::VoicemailLeft,
            CallEvent::RecordingStarted { .. } => Self::RecordingStarted,
            CallEvent::RecordingEnded { state: RecordingState::Failed, .. } => Self::RecordingFailed,
            CallEvent::RecordingEnded { .. } => Self::RecordingReady,
            CallEvent::TargetFailed { .. } => Self::TargetFailed,
            CallEvent::MenuEntered { .. } => Self::MenuEntered,
            CallEvent::MenuMissed { .. } => Self::MenuMissed,
            CallEvent::MenuLeft { .. } => Self::MenuLeft,
            CallEvent::HoursChecked { .. } => Self::HoursChecked,
            CallEvent::Overflowed { .. } => Self::Overflowed,
            CallEvent::Announced { .. } => Self::Announced,
            CallEvent::MessagePlayed { .. } => Self::MessagePlayed,
            CallEvent::CallbackRequested { .. } => Self::CallbackRequested,
            CallEvent::CallbackRejected { .. } => Self::CallbackRejected,
            CallEvent::CallbackDialing { .. } => Self::CallbackDialing,
            CallEvent::DialDenied { .. } => Self::DialDenied,
            CallEvent::LegDevice { .. } => Self::LegDevice,
            CallEvent::Routed(_) => Self::Routed,
            CallEvent::AttemptStarted { .. } => Self::AttemptStarted,
            CallEvent::PickedUp { .. } => Self::PickedUp,
            CallEvent::LineHeard { .. } => Self::LineHeard,
            CallEvent::QueueSteered { steering: Steering::Moved { .. }, .. } => Self::QueueMoved,
            CallEvent::QueueSteered { steering: Steering::Prioritised { .. }, .. } => Self::QueuePrioritised,
            CallEvent::QueueSteered { steering: Steering::Pulled { .. }, .. } => Self::QueuePulled,
            CallEvent::QueueSteered { steering: Steering::Requeued { .. }, .. } => Self::QueueRequeued,
            CallEvent::LegEnded { .. } => Self::LegEnded,
            CallEvent::Ended { .. } => Self::CallEnded,
        }
    }
}
