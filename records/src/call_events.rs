//! Journeys in the database: `call_events`.

use clock::{CallId, LegId};
use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Row, SqliteConnection};

use crate::database::{Database, DatabaseUnavailable, Db, Failure};
use crate::{JourneyStep, columns};

impl Database {
    /// The journey of a stored call, in order; empty for an unknown one.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn call_events(&self, call: CallId) -> Result<Vec<JourneyStep>, DatabaseUnavailable> {
        let select = "SELECT seq, at, type, leg, data FROM call_events WHERE call_id = $1 ORDER BY seq";
        let rows = sqlx::query(select).bind(call.to_bytes().to_vec()).fetch_all(self.readers()).await?;
        let step = |row: SqliteRow| -> Result<JourneyStep, sqlx::Error> {
            let data: String = row.try_get(4)?;
            Ok(JourneyStep {
                seq: u32::try_from(row.try_get::<i64, _>(0)?).unwrap_or(u32::MAX),
                at: columns::time(&row, 1)?,
                kind: row.try_get(2)?,
                leg: columns::optional_count(&row, 3)?.map(LegId),
                data: serde_json::from_str(&data).map_err(|e| sqlx::Error::Decode(e.into()))?,
            })
        };
        Ok(rows.into_iter().map(step).collect::<Result<_, _>>()?)
    }
}

/// Writes steps that are not there yet.
pub(crate) async fn write(to: &mut SqliteConnection, call: CallId, steps: &[JourneyStep]) -> Result<(), Failure> {
    for steps in steps.chunks(ROWS_A_STATEMENT) {
        let mut query = QueryBuilder::<Db>::new("INSERT INTO call_events (call_id, seq, at, type, leg, data) ");
        query.push_values(steps, |mut row, step| {
            row.push_bind(call.to_bytes().to_vec()).push_bind(i64::from(step.seq)).push_bind(step.at.as_micros());
            row.push_bind(step.kind.clone()).push_bind(step.leg.map(|leg| columns::bigint(leg.0)));
            row.push_bind(step.data.to_string());
        });
        query.push(" ON CONFLICT (call_id, seq) DO NOTHING");
        query.build().execute(&mut *to).await?;
    }
    Ok(())
}

/// Few enough for either database's limit of parameters.
const ROWS_A_STATEMENT: usize = 64;
