//! Voicemails in the database.

use clock::{CallId, WallTime};

use crate::columns;
use crate::database::{Bind, Database, DatabaseUnavailable, Failure, Row, Transaction, sql};
use crate::filter::{Cursor, MAX_LIMIT};

/// Names a voicemail: made from its call and entry, so that a replay makes the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct VoicemailId(pub u128);

/// The text is not `vm_` followed by 32 lower-case hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the id of a voicemail")]
pub struct BadVoicemailId;

/// A voicemail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Voicemail {
    /// Its id.
    pub id: VoicemailId,
    /// The account it belongs to.
    pub account: String,
    /// The box: name of a queue.
    pub queue: String,
    /// The call in which it was left.
    pub call_id: CallId,
    /// Who left it.
    pub from: String,
    /// When it was complete.
    pub received_at: WallTime,
    /// Length, ms.
    pub duration_ms: u64,
    /// Path of the WAV relative to the data folder, without suffix.
    pub path: String,
}

/// What a list of voicemails is asked for; newest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VoicemailFilter {
    /// The account whose they are.
    pub account: String,
    /// Any of these boxes.
    pub queue: Vec<String>,
    /// Go on behind this one.
    pub cursor: Option<Cursor>,
    /// How many, 1 to [`MAX_LIMIT`].
    pub limit: usize,
}

impl Database {
    /// A page of voicemails, newest first, and where the next one begins.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn voicemails(
        &self,
        filter: &VoicemailFilter,
    ) -> Result<(Vec<Voicemail>, Option<Cursor>), DatabaseUnavailable> {
        let mut query = sql(SELECT);
        query.push(" WHERE account = ").push_bind(filter.account.as_str());
        if !filter.queue.is_empty() {
            query.push(" AND queue IN ").push_list(filter.queue.iter().map(String::as_str));
        }
        if let Some(cursor) = filter.cursor {
            query.push(" AND (received_at, id) < ").push_list([cursor.at.value(), cursor.id.to_be_bytes().value()]);
        }
        let limit = filter.limit.clamp(1, MAX_LIMIT);
        query.push(" ORDER BY received_at DESC, id DESC LIMIT ").push_bind(limit as u64 + 1);
        let rows = self.rows(query).await?;
        let mut page = rows.iter().map(voicemail).collect::<Result<Vec<_>, _>>()?;
        let more = page.len() > limit;
        page.truncate(limit);
        let last = page.last().map(|last| Cursor { at: last.received_at, id: last.id.0 });
        Ok((page, last.filter(|_| more)))
    }

    /// A voicemail.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn voicemail(&self, account: &str, id: VoicemailId) -> Result<Option<Voicemail>, DatabaseUnavailable> {
        let mut query = sql(SELECT);
        query.push(" WHERE account = ").push_bind(account).push(" AND id = ").push_bind(id.0.to_be_bytes());
        let row = self.row(query).await?;
        Ok(row.as_ref().map(voicemail).transpose()?)
    }
}

/// Writes a voicemail once.
pub(crate) async fn write(to: &mut Transaction, voicemail: &Voicemail) -> Result<(), Failure> {
    let insert = "INSERT INTO voicemails (id, account, call_id, queue, from_number, received_at, duration_ms, path) \
                  VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (id) DO NOTHING";
    let insert = sql(insert)
        .bind(voicemail.id.0.to_be_bytes())
        .bind(voicemail.account.as_str())
        .bind(voicemail.call_id)
        .bind(voicemail.queue.as_str())
        .bind(voicemail.from.as_str())
        .bind(voicemail.received_at)
        .bind(voicemail.duration_ms)
        .bind(voicemail.path.as_str());
    to.execute(insert).await?;
    Ok(())
}

fn voicemail(row: &Row) -> Result<Voicemail, sqlx::Error> {
    Ok(Voicemail {
        id: VoicemailId(columns::call_id(row, 0)?.0),
        account: row.try_get(1)?,
        call_id: columns::call_id(row, 2)?,
        queue: row.try_get(3)?,
        from: row.try_get(4)?,
        received_at: columns::time(row, 5)?,
        duration_ms: columns::optional_count(row, 6)?.unwrap_or(0),
        path: row.try_get(7)?,
    })
}

impl VoicemailId {
    /// The id of the voicemail that entry `seq` of a call left.
    #[must_use]
    pub const fn of(call: CallId, seq: u32) -> Self {
        Self(call.0.wrapping_add(seq as u128))
    }
}

impl std::fmt::Display for VoicemailId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "vm_{:032x}", self.0)
    }
}

impl std::str::FromStr for VoicemailId {
    type Err = BadVoicemailId;

    fn from_str(text: &str) -> Result<Self, BadVoicemailId> {
        let digits = text.strip_prefix("vm_").ok_or(BadVoicemailId)?;
        // The same 32 digits as a call's.
        let id: CallId = format!("call_{digits}").parse().map_err(|_| BadVoicemailId)?;
        Ok(Self(id.0))
    }
}

const SELECT: &str = "SELECT id, account, call_id, queue, from_number, received_at, duration_ms, path FROM voicemails";
