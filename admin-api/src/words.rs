//! The wire words of enums. The types carry them into OpenAPI; cores know nothing of them.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

macro_rules! words {
    ($(#[$doc:meta])* $name:ident from $($source:path),+ { $($variant:ident),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
        #[serde(rename_all = "snake_case")]
        #[allow(missing_docs, reason = "the words are explained where their sources are")]
        pub(crate) enum $name { $($variant,)+ }

        words!(@from $name, [$($source),+], [$($variant),+]);
    };
    (@from $name:ident, [$first:path $(, $more:path)*], $variants:tt) => {
        words!(@one $name, $first, $variants);
        $(words!(@one $name, $more, $variants);)*
        words!(@back $name, $first, $variants);
    };
    (@back $name:ident, $source:path, [$($variant:ident),+]) => {
        impl From<$name> for $source {
            fn from(value: $name) -> Self {
                use $source as Source;
                match value { $($name::$variant => Source::$variant,)+ }
            }
        }
    };
    (@one $name:ident, $source:path, [$($variant:ident),+]) => {
        impl From<$source> for $name {
            fn from(value: $source) -> Self {
                use $source as Source;
                match value { $(Source::$variant => Self::$variant,)+ }
            }
        }
    };
}

words! {
    /// What an agent chose.
    AgentStatus from acd::Status { Ready, Paused, Offline }
}

words! {
    /// What is true of an agent.
    AgentState from acd::State, journal_core::AgentState { Offline, Ready, Reserved, OnCall, WrapUp, Paused }
}

words! {
    /// What became of a request.
    AuditOutcome from records::AuditOutcome { Done, Refused }
}

words! {
    /// Status of a call.
    CallStatus from journal_core::CallStatus { Queued, Ringing, Answered, Completed, Canceled, NoAnswer, Failed }
}

words! {
    /// Outcome of a call.
    CallOutcome from journal_core::Outcome {
        Initiated, InProgress, Successful, NoAnswer, Voicemail, Error, Callback,
    }
}

words! {
    /// Direction of a call.
    CallDirection from journal_core::Direction { Inbound, OutboundDial, OutboundAuto }
}

words! {
    /// Who ended or caused something.
    Who from journal_core::Who { Caller, Agent, Callee, System }
}

words! {
    /// State of a recording.
    RecordingState from journal_core::RecordingState { Recording, Ready, Failed }
}

words! {
    /// Status of a transaction.
    TransactionStatus from journal_core::outcome::WorkStatus { Waiting, Assigning, Assigned, Transferring, Ended, Failed }
}
