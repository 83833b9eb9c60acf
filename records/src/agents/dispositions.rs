//! What agents said came of their calls.

use clock::{CallId, WallTime};
use journal_core::{Disposition, WantedCallback};

use crate::database::{Database, DatabaseUnavailable, Failure, Row, Transaction, sql};
use crate::{Naming, columns};

/// A callback that was asked for with a disposition.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GivenCallback {
    /// The number, E.164.
    pub number: String,
    /// When to call; `None` for as soon as possible.
    pub due_at: Option<WallTime>,
    /// Of a campaign's lead: extension of the agent who alone calls him.
    pub agent: Option<String>,
    /// The IANA time zone that the time was agreed in.
    pub zone: Option<String>,
}

/// A disposition as it is read: ids are names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallDisposition {
    /// The call.
    pub call_id: CallId,
    /// Extension of the agent.
    pub agent: String,
    /// Its code; `not_set` for a wrap-up that ended without one.
    pub code: String,
    /// What people read.
    pub label: String,
    /// It counts as a success.
    pub is_success: bool,
    /// The agent's note.
    pub note: Option<String>,
    /// The callback that was asked for.
    pub callback: Option<GivenCallback>,
    /// When it was given.
    pub given_at: WallTime,
    /// Who gave it.
    pub given_by: String,
}

impl CallDisposition {
    /// A disposition of the journal.
    #[must_use]
    pub fn of(given: &Disposition, naming: &Naming) -> Self {
        Self {
            call_id: given.call,
            agent: naming.agent(given.agent),
            code: given.code.clone(),
            label: given.label.clone(),
            is_success: given.is_success,
            note: given.note.clone(),
            callback: given.callback.as_ref().map(|wanted| GivenCallback::of(wanted, naming)),
            given_at: given.at,
            given_by: given.by.clone(),
        }
    }
}

impl GivenCallback {
    fn of(wanted: &WantedCallback, naming: &Naming) -> Self {
        let WantedCallback { number, due_at, agent, zone } = wanted.clone();
        Self { number, due_at, agent: agent.map(|agent| naming.agent(agent)), zone }
    }
}

impl Database {
    /// The dispositions of a call, in the order in which they were given.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn call_dispositions(
        &self,
        account: &str,
        call: CallId,
    ) -> Result<Vec<CallDisposition>, DatabaseUnavailable> {
        let select = "SELECT call_id, agent, code, label, is_success, note, callback_number, callback_due_at, \
                      given_at, given_by, callback_agent, callback_zone FROM call_dispositions WHERE account = $1 AND call_id = $2 ORDER BY given_at";
        let rows = self.rows(sql(select).bind(account).bind(call)).await?;
        let read = rows.iter().map(|row| optional(row, 0)).collect::<Result<Vec<_>, _>>()?;
        Ok(read.into_iter().flatten().collect())
    }
}

/// Writes a disposition in place of the agent's former one; one that says nothing stands behind any that does.
pub(crate) async fn write(to: &mut Transaction, account: &str, given: &CallDisposition) -> Result<(), Failure> {
    let insert = "INSERT INTO call_dispositions (call_id, account, agent, code, label, is_success, note, \
        callback_number, callback_due_at, given_at, given_by, callback_agent, callback_zone) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) \
        ON CONFLICT (call_id, agent) DO UPDATE SET code = excluded.code, label = excluded.label, \
        is_success = excluded.is_success, note = excluded.note, callback_number = excluded.callback_number, \
        callback_due_at = excluded.callback_due_at, given_at = excluded.given_at, given_by = excluded.given_by, \
        callback_agent = excluded.callback_agent, callback_zone = excluded.callback_zone \
        WHERE excluded.code <> 'not_set'";
    let callback = given.callback.as_ref();
    let insert = sql(insert)
        .bind(given.call_id)
        .bind(account)
        .bind(given.agent.as_str())
        .bind(given.code.as_str())
        .bind(given.label.as_str())
        .bind(given.is_success)
        .bind(given.note.as_deref())
        .bind(callback.map(|callback| callback.number.as_str()))
        .bind(callback.and_then(|callback| callback.due_at))
        .bind(given.given_at)
        .bind(given.given_by.as_str())
        .bind(callback.and_then(|callback| callback.agent.as_deref()))
        .bind(callback.and_then(|callback| callback.zone.as_deref()));
    to.execute(insert).await?;
    Ok(())
}

/// The disposition whose columns begin at `first`; `None` where they are empty.
pub(super) fn optional(row: &Row, first: usize) -> Result<Option<CallDisposition>, sqlx::Error> {
    let Some(call_id) = columns::optional_call_id(row, first)? else { return Ok(None) };
    let number: Option<String> = row.try_get(first + 6)?;
    let due_at = columns::optional_time(row, first + 7)?;
    let (agent, zone) = (row.try_get(first + 10)?, row.try_get(first + 11)?);
    Ok(Some(CallDisposition {
        call_id,
        agent: row.try_get(first + 1)?,
        code: row.try_get(first + 2)?,
        label: row.try_get(first + 3)?,
        is_success: row.try_get(first + 4)?,
        note: row.try_get(first + 5)?,
        callback: number.map(|number| GivenCallback { number, due_at, agent, zone }),
        given_at: columns::time(row, first + 8)?,
        given_by: row.try_get(first + 9)?,
    }))
}
