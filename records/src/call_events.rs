//! Journeys in the database: `call_events`.

use clock::{CallId, LegId};

use crate::database::{Bind, Database, DatabaseUnavailable, Failure, Row, Transaction, Value, sql};
use crate::{JourneyStep, columns};

impl Database {
    /// The journey of a stored call, in order; empty for an unknown one.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn call_events(&self, call: CallId) -> Result<Vec<JourneyStep>, DatabaseUnavailable> {
        let select = "SELECT seq, at, type, leg, data FROM call_events WHERE call_id = $1 ORDER BY seq";
        let rows = self.rows(sql(select).bind(call)).await?;
        let step = |row: Row| -> Result<JourneyStep, sqlx::Error> {
            let data: String = row.try_get(4)?;
            Ok(JourneyStep {
                seq: u32::try_from(row.try_get::<i64>(0)?).unwrap_or(u32::MAX),
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
pub(crate) async fn write(to: &mut Transaction, journeys: &[(CallId, &[JourneyStep])]) -> Result<(), Failure> {
    let rows = journeys.iter().flat_map(|(call, steps)| steps.iter().map(|step| row(*call, step)));
    to.insert(INSERT, rows.collect(), " ON CONFLICT (call_id, seq) DO NOTHING").await
}

/// In the order of `INSERT`.
fn row(call: CallId, step: &JourneyStep) -> Vec<Value> {
    vec![
        call.value(),
        step.seq.value(),
        step.at.value(),
        step.kind.as_str().value(),
        step.leg.map(|leg| leg.0).value(),
        step.data.to_string().value(),
    ]
}

const INSERT: &str = "INSERT INTO call_events (call_id, seq, at, type, leg, data) VALUES";
