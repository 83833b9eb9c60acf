//! Journeys in the database: `call_events`.

use clock::{CallId, LegId};

use crate::database::{Bind, Database, DatabaseUnavailable, Failure, Row, Transaction, sql};
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
pub(crate) async fn write(to: &mut Transaction, call: CallId, steps: &[JourneyStep]) -> Result<(), Failure> {
    for steps in steps.chunks(ROWS_A_STATEMENT) {
        let mut insert = sql("INSERT INTO call_events (call_id, seq, at, type, leg, data) VALUES ");
        for (place, step) in steps.iter().enumerate() {
            let leg = step.leg.map(|leg| leg.0);
            let row = [
                call.value(),
                step.seq.value(),
                step.at.value(),
                step.kind.as_str().value(),
                leg.value(),
                step.data.to_string().value(),
            ];
            insert.push(if place == 0 { "" } else { ", " }).push_list(row);
        }
        insert.push(" ON CONFLICT (call_id, seq) DO NOTHING");
        to.execute(insert).await?;
    }
    Ok(())
}

/// Few enough for either database's limit of parameters.
const ROWS_A_STATEMENT: usize = 64;
