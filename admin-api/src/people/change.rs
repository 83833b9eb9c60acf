//! Carries out a change of people, whatever becomes of the client who asked for it.

use std::sync::Arc;

use records::{Actor, Change, ChangeError, People, Refused};

use crate::api::Shared;
use crate::precondition::stale;
use crate::problem::{Code, Problem};
use crate::voicemail::away;

/// Makes the changes in one transaction. Once they are made, everyone is told, even when the client is gone.
///
/// # Errors
/// 409 or 412 as the change is refused, 503 while the database is away.
pub(super) async fn change(shared: &Shared, actor: Actor, changes: Vec<Change>) -> Result<Arc<People>, Problem> {
    let shared = Arc::clone(shared);
    let running = tokio::spawn(async move {
        let services = &shared.services;
        services.roster.change(&services.database, actor, changes).await
    });
    match running.await {
        Ok(changed) => changed.map_err(problem),
        Err(_) => Err(Problem::new(Code::InternalError, "The fault is ours; it was logged.")),
    }
}

fn problem(error: ChangeError) -> Problem {
    match error {
        ChangeError::Away(error) => away(error),
        ChangeError::Refused(Refused::Gone) => Problem::new(Code::Gone, "It was deleted meanwhile."),
        ChangeError::Refused(Refused::Stale { version }) => stale(version),
        ChangeError::Refused(Refused::Taken { field }) => {
            let detail = format!("The {field} is taken.");
            Problem::new(Code::NameTaken, detail.clone()).at(format!("#/{field}"), "taken", detail)
        }
        ChangeError::Refused(Refused::LastOne { .. }) => {
            Problem::new(Code::LastAdmin, "It is the account's last admin who is not disabled: make another one first.")
        }
        ChangeError::Refused(refused @ Refused::TooMany { .. }) => {
            Problem::new(Code::LimitReached, format!("Not one more: {refused}."))
        }
    }
}
