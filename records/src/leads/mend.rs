//! What is known of a lead is mended: as a whole, and only if it is still what was read.

use clock::LeadId;

use super::list_of_lead;
use super::page::StoredLead;
use crate::database::{Bind, Commit, Database, DatabaseUnavailable, Transaction, Value, sql};

impl Database {
    /// Writes a lead of an account anew; false when it is not as it was read any more. Returned, it outlives a loss of
    /// power.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn mend_lead(
        &self,
        account: &str,
        read: &StoredLead,
        mended: &StoredLead,
    ) -> Result<bool, DatabaseUnavailable> {
        let mut transaction = self.begin(Commit::Synced).await?;
        let update = sql(UPDATE).bind(mended.name.as_deref()).bind(mended.details.as_str());
        let update = update.bind(read.id.to_bytes()).bind(account).bind(read.details.as_str());
        // Its row first: whoever else mends it waits here until this is done, or finds that it has changed.
        let update = update.bind(read.name.as_deref().unwrap_or_default());
        if transaction.execute(update).await? == 0 || numbers(&mut transaction, read.id).await? != digits(read) {
            return Ok(false);
        }
        let delete = sql("DELETE FROM lead_numbers WHERE lead_id = $1").bind(read.id.to_bytes());
        transaction.execute(delete).await?;
        let rows =
            (0_u64..).zip(&mended.numbers).zip(digits(mended)).map(|((position, number), digits)| -> Vec<Value> {
                let id = read.id.to_bytes().value();
                vec![id, position.value(), account.value(), digits.value(), number.typed.as_str().value()]
            });
        let insert = "INSERT INTO lead_numbers (lead_id, position, account, number, typed) VALUES";
        transaction.insert(insert, rows.collect(), "").await?;
        let more = i64::try_from(mended.numbers.len()).unwrap_or(0) - i64::try_from(read.numbers.len()).unwrap_or(0);
        let counted = sql("UPDATE lead_lists SET numbers = numbers + $1 WHERE id = $2");
        transaction.execute(counted.bind(more).bind(list_of_lead(read.id).to_bytes())).await?;
        transaction.commit().await?;
        Ok(true)
    }
}

/// The numbers of a lead as they stand now, in their order.
async fn numbers(transaction: &mut Transaction, lead: LeadId) -> Result<Vec<u64>, DatabaseUnavailable> {
    let select = "SELECT number FROM lead_numbers WHERE lead_id = $1 ORDER BY position";
    let rows = transaction.rows(sql(select).bind(lead.to_bytes())).await?;
    let number = |row| Ok(crate::columns::optional_count(row, 0)?.unwrap_or_default());
    rows.iter().map(number).collect::<Result<_, sqlx::Error>>().map_err(DatabaseUnavailable::from)
}

fn digits(lead: &StoredLead) -> Vec<u64> {
    let digits = |e164: &str| e164.trim_start_matches('+').parse().unwrap_or_default();
    lead.numbers.iter().map(|number| digits(&number.e164)).collect()
}

const UPDATE: &str = "UPDATE leads SET name = $1, details = $2 WHERE id = $3 AND account = $4 AND details = $5 \
                      AND COALESCE(name, '') = $6";
