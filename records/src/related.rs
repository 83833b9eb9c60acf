//! Calls that belong to a call: what a transaction is linked with.

use clock::CallId;

use crate::database::{Database, DatabaseUnavailable, Statement, sql};
use crate::{Call, columns};

/// How another call belongs to this one: it is its ...
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Relation {
    /// The call in which an agent asked somebody about this one.
    Consultation,
    /// The call that this one is a consultation of.
    ConsultationOf,
    /// The consultation in which this call was handed over.
    Transfer,
    /// The call that was handed over in this one, a consultation.
    TransferOf,
    /// The newest call in which the customer of this one was called back as he had asked.
    Callback,
    /// The call in which he asked for it.
    CallbackOf,
    /// A call out to the number of this lost one while it was open.
    FollowUp,
    /// A lost call that was open when this call out was made to its number.
    FollowUpOf,
    /// The call out that won this lost one back.
    RecoveredBy,
    /// A lost call that this call out won back.
    Recovers,
    /// The call in which the caller of this lost one got through alone.
    SelfResolvedBy,
    /// A lost call whose caller got through in this one.
    SelfResolves,
}

impl Database {
    /// Stored calls that belong to a call, each with how; of each kind the newest first, at most 100.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn related_calls(&self, call: &Call) -> Result<Vec<(Relation, CallId)>, DatabaseUnavailable> {
        let mut related = Vec::new();
        if let Some(parent) = call.parent_call_id {
            let handed_over = call.cause.as_ref().is_some_and(|cause| cause.code == TRANSFERRED);
            related.push((if handed_over { Relation::TransferOf } else { Relation::ConsultationOf }, parent));
        }
        if let Some(resolved) = call.lost.and_then(|lost| lost.resolved) {
            related.push((if resolved.alone { Relation::SelfResolvedBy } else { Relation::RecoveredBy }, resolved.by));
        }
        for row in self.rows(consultations(call)).await? {
            let handed_over = row.try_get::<Option<String>>(1)?.is_some_and(|code| code == TRANSFERRED);
            let relation = if handed_over { Relation::Transfer } else { Relation::Consultation };
            related.push((relation, columns::call_id(&row, 0)?));
        }
        for row in self.rows(callbacks(call)).await? {
            let (asked, called) = (columns::call_id(&row, 0)?, columns::call_id(&row, 1)?);
            related.push(if asked == call.id { (Relation::Callback, called) } else { (Relation::CallbackOf, asked) });
        }
        for row in self.rows(resolved_by(call)).await? {
            let relation = if row.try_get(1)? { Relation::SelfResolves } else { Relation::Recovers };
            related.push((relation, columns::call_id(&row, 0)?));
        }
        let (relation, query) =
            if call.is_lost { (Relation::FollowUp, follow_ups(call)) } else { (Relation::FollowUpOf, followed(call)) };
        for row in self.rows(query).await? {
            let id = columns::call_id(&row, 0)?;
            if !related.iter().any(|(_, known)| *known == id) {
                related.push((relation, id));
            }
        }
        Ok(related)
    }
}

fn consultations(call: &Call) -> Statement {
    let select =
        "SELECT id, cause_code FROM calls WHERE parent_call_id = $1 ORDER BY started_at DESC, id DESC LIMIT 100";
    sql(select).bind(call.id)
}

fn callbacks(call: &Call) -> Statement {
    let select = "SELECT related_call_id, call_id FROM callbacks WHERE (related_call_id = $1 OR call_id = $1) \
                  AND related_call_id IS NOT NULL AND call_id IS NOT NULL ORDER BY requested_at DESC, id DESC LIMIT 100";
    sql(select).bind(call.id)
}

fn resolved_by(call: &Call) -> Statement {
    let select = "SELECT call_id, self_resolved FROM lost_calls WHERE resolved_by = $1 \
                  ORDER BY ended_at DESC, call_id DESC LIMIT 100";
    sql(select).bind(call.id)
}

/// Calls out to the number while the call was open.
fn follow_ups(call: &Call) -> Statement {
    let until = call.lost.and_then(|lost| lost.resolved).map_or(i64::MAX, |resolved| resolved.at.as_micros());
    let select = "SELECT call_id FROM follow_ups WHERE account = $1 AND number = $2 AND outbound AND at >= $3 \
                  AND at <= $4 ORDER BY at DESC, call_id DESC LIMIT 100";
    let ended_at = call.ended_at.unwrap_or(call.started_at);
    sql(select).bind(call.account.as_str()).bind(columns::indexed(&call.from)).bind(ended_at).bind(until)
}

/// Lost calls of the number that were open when this call out began.
fn followed(call: &Call) -> Statement {
    let select = "SELECT l.call_id FROM lost_calls l JOIN follow_ups f ON f.account = l.account AND f.number = l.number \
                  WHERE f.call_id = $1 AND f.outbound AND l.ended_at <= f.at \
                  AND (l.resolved_at IS NULL OR l.resolved_at >= f.at) \
                  ORDER BY l.ended_at DESC, l.call_id DESC LIMIT 100";
    sql(select).bind(call.id)
}

/// Code of the cause of a consultation that ended in a transfer.
const TRANSFERRED: &str = "transferred";
