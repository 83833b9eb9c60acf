//! The writer's transaction: one at a time.

use std::time::Duration;

use tokio::sync::OwnedMutexGuard;
use tokio::time::timeout;

use super::connection::{Commit, Connection};
use super::failure::{DatabaseUnavailable, Failure};
use super::row::Row;
use super::statement::{Statement, Value, sql};

/// A transaction. Dropped without a commit it takes its connection with it, so that nobody inherits what it left: a
/// statement that never ended, a transaction that a full disk closed behind our back.
pub(crate) struct Transaction {
    place: OwnedMutexGuard<Option<Connection>>,
    connection: Connection,
}

impl Transaction {
    pub(super) async fn begin(
        place: OwnedMutexGuard<Option<Connection>>,
        mut connection: Connection,
        commit: Commit,
    ) -> Result<Self, Failure> {
        within(connection.begin(commit)).await?;
        Ok(Self { place, connection })
    }

    /// Executes a statement; how many rows it changed.
    pub(crate) async fn execute(&mut self, statement: Statement) -> Result<u64, Failure> {
        within(self.connection.execute(statement)).await
    }

    /// Writes rows of one table by few statements: `insert` up to the word VALUES, `conflict` behind the rows.
    pub(crate) async fn insert(
        &mut self,
        insert: &'static str,
        rows: Vec<Vec<Value>>,
        conflict: &'static str,
    ) -> Result<(), Failure> {
        let mut rows = rows.into_iter().peekable();
        while rows.peek().is_some() {
            let size = ROWS_A_STATEMENT.into_iter().find(|size| *size <= rows.len()).unwrap_or(1);
            let mut statement = sql(insert);
            for (place, row) in rows.by_ref().take(size).enumerate() {
                statement.push(if place == 0 { " " } else { ", " }).push_list(row);
            }
            statement.push(conflict);
            self.execute(statement).await?;
        }
        Ok(())
    }

    /// All rows of a query.
    pub(crate) async fn rows(&mut self, statement: Statement) -> Result<Vec<Row>, Failure> {
        within(self.connection.rows(statement)).await
    }

    /// The first row of a query.
    pub(crate) async fn row(&mut self, statement: Statement) -> Result<Option<Row>, Failure> {
        Ok(self.rows(statement).await?.into_iter().next())
    }

    /// What follows can be undone by [`Self::undo`], or is kept by [`Self::keep`]. Not to be nested.
    pub(crate) async fn savepoint(&mut self) -> Result<(), Failure> {
        within(self.connection.tell("SAVEPOINT here")).await
    }

    /// Back to the savepoint, which is gone then.
    pub(crate) async fn undo(&mut self) -> Result<(), Failure> {
        within(self.connection.tell("ROLLBACK TO SAVEPOINT here")).await?;
        self.keep().await
    }

    /// Goes on without the savepoint.
    pub(crate) async fn keep(&mut self) -> Result<(), Failure> {
        within(self.connection.tell("RELEASE SAVEPOINT here")).await
    }

    /// Makes it last. After a failure nobody knows whether it does: who tries again has to look.
    pub(crate) async fn commit(mut self) -> Result<(), Failure> {
        within(self.connection.tell("COMMIT")).await?;
        *self.place = Some(self.connection);
        Ok(())
    }
}

async fn within<T>(work: impl Future<Output = Result<T, sqlx::Error>>) -> Result<T, Failure> {
    match timeout(STATEMENT_TIMEOUT, work).await {
        Ok(done) => Ok(done?),
        Err(_) => Err(DatabaseUnavailable::silent_for(STATEMENT_TIMEOUT).into()),
    }
}

/// Few sizes make few texts, which stay prepared; the largest keeps within either database's limit of parameters.
const ROWS_A_STATEMENT: [usize; 4] = [64, 16, 4, 1];
/// A server that was stopped, or a host that vanished, says nothing for ever.
const STATEMENT_TIMEOUT: Duration = Duration::from_secs(10);
