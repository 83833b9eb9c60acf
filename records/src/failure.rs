//! Why calls failed, as people say (P-424): one row a call, beside what the machine knows as its cause.

use clock::{CallId, WallTime};

use crate::database::{Failure, Transaction, sql};

/// What somebody said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FailureReason {
    pub(crate) call: CallId,
    /// None takes back what was said before.
    pub(crate) reason: Option<String>,
    pub(crate) by: String,
    pub(crate) at: WallTime,
}

/// Writes it in place of what was said before.
pub(crate) async fn write(to: &mut Transaction, given: &FailureReason) -> Result<(), Failure> {
    to.execute(sql("DELETE FROM call_failure_reasons WHERE call_id = $1").bind(given.call)).await?;
    let Some(reason) = given.reason.as_deref() else { return Ok(()) };
    let insert = "INSERT INTO call_failure_reasons (call_id, reason, given_by, given_at) VALUES ($1, $2, $3, $4)";
    to.execute(sql(insert).bind(given.call).bind(reason).bind(given.by.as_str()).bind(given.at)).await?;
    Ok(())
}
