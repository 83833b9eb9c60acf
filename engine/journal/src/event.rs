//! The `type` word and the leg of each call event (DESIGN section 10).

use clock::LegId;

use crate::{CallEvent, RecordingState, Steering};

impl CallEvent {
    /// The stable word by which the journey, live events and webhooks know it.
    #[must_use]
    pub const fn type_word(&self) -> &'static str {
        match self {
            Self::Started { .. } => "call.started",
            Self::LegStarted { .. } => "leg.started",
            Self::Ringing { .. } => "call.ringing",
            Self::QueueEntered { .. } => "queue.entered",
            Self::OfferRinging { .. } => "offer.ringing",
            Self::OfferAnswered { .. } => "offer.answered",
            Self::OfferMissed { .. } => "offer.missed",
            Self::OfferRefused { .. } => "offer.refused",
            Self::OfferWithdrawn { .. } => "offer.withdrawn",
            Self::OfferTooLate { .. } => "offer.too_late",
            Self::Answered { .. } => "call.answered",
            Self::Held { .. } => "call.held",
            Self::Resumed { .. } => "call.resumed",
            Self::TransferStarted { .. } => "call.transfer_started",
            Self::TransferFailed { .. } => "call.transfer_failed",
            Self::Transferred { .. } => "call.transferred",
            Self::QueueLeft { .. } => "queue.left",
            Self::Digit { .. } => "call.digit",
            Self::VoicemailStarted { .. } => "voicemail.started",
            Self::VoicemailLeft { .. } => "voicemail.left",
            Self::RecordingStarted { .. } => "recording.started",
            Self::RecordingEnded { state: RecordingState::Failed, .. } => "recording.failed",
            Self::RecordingEnded { .. } => "recording.ready",
            Self::TargetFailed { .. } => "trunk.target_failed",
            Self::MenuEntered { .. } => "menu.entered",
            Self::MenuMissed { .. } => "menu.missed",
            Self::MenuLeft { .. } => "menu.left",
            Self::HoursChecked { .. } => "hours.checked",
            Self::Overflowed { .. } => "queue.overflowed",
            Self::Announced { .. } => "queue.announced",
            Self::QueueSteered { steering, .. } => match steering {
                Steering::Moved { .. } => "queue.moved",
                Steering::Prioritised { .. } => "queue.prioritised",
                Steering::Pulled { .. } => "queue.pulled",
                Steering::Requeued { .. } => "queue.requeued",
            },
            Self::MessagePlayed { .. } => "message.played",
            Self::CallbackRequested { .. } => "callback.requested",
            Self::CallbackRejected { .. } => "callback.rejected",
            Self::CallbackDialing { .. } => "callback.dialing",
            Self::DialDenied { .. } => "dial.denied",
            Self::LegDevice { .. } => "leg.device",
            Self::Routed(_) => "routing.decided",
            Self::AttemptStarted { .. } => "attempt.started",
            Self::PickedUp { .. } => "call.picked_up",
            Self::LineHeard { .. } => "line.heard",
            Self::LegEnded { .. } => "leg.ended",
            Self::Ended { .. } => "call.ended",
        }
    }

    /// The leg it is about.
    #[must_use]
    pub const fn leg(&self) -> Option<LegId> {
        match self {
            Self::LegStarted { leg, .. }
            | Self::Ringing { leg }
            | Self::OfferRinging { leg, .. }
            | Self::OfferAnswered { leg, .. }
            | Self::Answered { leg, .. }
            | Self::PickedUp { leg }
            | Self::Held { leg }
            | Self::Resumed { leg }
            | Self::TransferStarted { leg, .. }
            | Self::TransferFailed { leg, .. }
            | Self::Transferred { leg, .. }
            | Self::Digit { leg, .. }
            | Self::LegDevice { leg, .. }
            | Self::TargetFailed { leg, .. }
            | Self::LegEnded { leg, .. } => Some(*leg),
            _ => None,
        }
    }
}
