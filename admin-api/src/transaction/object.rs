//! The transaction object: a call as a piece of work.

use clock::CallId;
use records::{Relation, Word};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::call::LostInfo;
use crate::time::rfc3339;
use crate::words::{CallDirection, CallOutcome, TransactionStatus};

/// A contact with a customer, as a piece of work.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Transaction {
    /// The transaction.
    #[schema(example = "txn_0190f5a2b6d07c3a9d1e4f5061728394")]
    id: String,
    /// Its call.
    #[schema(example = "call_0190f5a2b6d07c3a9d1e4f5061728394")]
    call_id: String,
    /// How it came to be: a call, or a callback that was asked for.
    channel: Channel,
    /// Who called whom.
    direction: CallDirection,
    /// The customer's number.
    #[schema(example = "+442071838750")]
    number: String,
    /// The inbox it came to: a queue.
    #[schema(example = "support")]
    inbox: Option<String>,
    /// Status.
    status: TransactionStatus,
    /// Extension of the agent it is assigned to: who talked last, or dials.
    #[schema(example = "1001")]
    assigned_to: Option<String>,
    /// What came of it.
    outcome: CallOutcome,
    /// When it began.
    #[schema(format = DateTime)]
    opened_at: String,
    /// When it entered its first inbox.
    #[schema(format = DateTime)]
    queued_at: Option<String>,
    /// When somebody answered first.
    #[schema(format = DateTime)]
    answered_at: Option<String>,
    /// When it ended.
    #[schema(format = DateTime)]
    ended_at: Option<String>,
    /// From the answer to the end, ms; null while it is going on.
    talk_ms: Option<u64>,
    /// The first call out to the customer after its end.
    followed_up_by: Option<String>,
    /// How it stands as a lost call, where it is one.
    lost: Option<LostInfo>,
}

/// How a transaction came to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Channel {
    /// A call.
    Voice,
    /// A call that the customer had asked for.
    Callback,
}

/// Another transaction that belongs to one.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Link {
    /// What the other one is to this: `consultation`, `consultation_of`, `transfer`, `transfer_of`, `callback`,
    /// `callback_of`, `follow_up`, `follow_up_of`, `recovered_by`, `recovers`, `self_resolved_by`, `self_resolves`.
    #[schema(example = "recovered_by")]
    relation: &'static str,
    /// The other one.
    #[schema(example = "txn_0190f5a2b6d07c3a9d1e4f5061728395")]
    transaction_id: String,
    /// Its call.
    #[schema(example = "call_0190f5a2b6d07c3a9d1e4f5061728395")]
    call_id: String,
}

impl Link {
    /// The transaction of a call.
    pub(super) fn new(relation: Relation, call: CallId) -> Self {
        Self { relation: relation.word(), transaction_id: id_of(call), call_id: call.to_string() }
    }
}

/// The id of a call's transaction.
pub(super) fn id_of(call: CallId) -> String {
    format!("txn_{:032x}", call.0)
}

impl From<&records::Call> for Transaction {
    fn from(call: &records::Call) -> Self {
        Self {
            id: id_of(call.id),
            call_id: call.id.to_string(),
            channel: if call.is_callback { Channel::Callback } else { Channel::Voice },
            direction: call.direction.into(),
            number: call.customer().to_owned(),
            inbox: call.queue.clone(),
            status: call.work.into(),
            assigned_to: call.agent.clone(),
            outcome: call.outcome.into(),
            opened_at: rfc3339(call.started_at),
            queued_at: call.queued_at.map(rfc3339),
            answered_at: call.answered_at.map(rfc3339),
            ended_at: call.ended_at.map(rfc3339),
            talk_ms: call.talk_ms,
            followed_up_by: call.followed_up_by.map(|id| id.to_string()),
            lost: call.lost.zip(call.ended_at).map(|(lost, ended_at)| LostInfo::of(&lost, ended_at)),
        }
    }
}
