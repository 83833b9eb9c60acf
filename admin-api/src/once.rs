//! Carries out a request with an `Idempotency-Key` once, whatever becomes of its client.

use std::future::Future;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use axum::Json;
use axum::body::Body;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use journal::Journal;
use journal_core::{Entry, Owner};
use serde::Serialize;
use tokio::sync::watch;
use tokio::time::timeout;

use crate::api::Shared;
use crate::idempotency::{Begun, RequestKey, Turn};
use crate::problem::{Code, Problem};
use crate::services::COMMAND_DEADLINE;
use crate::time::wall_now;
use crate::trail::Trail;

/// Answers, and what the audit log is to have, on their way into the journal.
#[derive(Debug)]
pub(crate) struct AnswerLog {
    journal: Journal,
    /// Number of the last entry appended.
    last: Mutex<u64>,
    /// Number of the last entry that is synced.
    synced: watch::Receiver<u64>,
}

impl AnswerLog {
    pub(crate) fn new(journal: Journal, synced: watch::Receiver<u64>) -> Self {
        Self { journal, last: Mutex::new(0), synced }
    }

    /// Writes entries down; true once they are synced, false when they could not be in time.
    pub(crate) async fn keep(&self, entries: Vec<Entry>) -> bool {
        let Some(number) = self.append(entries) else { return false };
        let mut synced = self.synced.clone();
        timeout(SYNC_DEADLINE, synced.wait_for(|synced| *synced >= number)).await.is_ok_and(|reached| reached.is_ok())
    }

    /// The number of the last; `None` when one was not taken, and none behind it is.
    fn append(&self, entries: Vec<Entry>) -> Option<u64> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        for entry in entries {
            let number = last.saturating_add(1);
            if let Err(error) = self.journal.append(Owner::Api, number, entry) {
                tracing::warn!(%error, "an answer is kept in memory only");
                return None;
            }
            *last = number;
        }
        Some(*last)
    }
}

/// Runs `operation`, or gives the answer again that was given to this key.
///
/// With a key it runs in a task of its own, so that a client that hangs up does not
/// leave half of it behind, and one that comes back gets the answer.
///
/// # Errors
/// The operation's problem, which is not kept; 409, 422 or 503 as the table says.
pub(crate) async fn once<T: Serialize + Clone + Send + Sync + 'static>(
    shared: Shared,
    key: Option<RequestKey>,
    operation: impl Future<Output = Result<(StatusCode, T), Problem>> + Send + 'static,
) -> Result<Response, Problem> {
    once_kept_as(shared, key, operation, T::clone).await
}

/// The same for an answer of which only a part may be kept and given again: one with a secret in it.
pub(crate) async fn once_kept_as<T: Serialize + Send + 'static>(
    shared: Shared,
    key: Option<RequestKey>,
    operation: impl Future<Output = Result<(StatusCode, T), Problem>> + Send + 'static,
    kept: impl Fn(&T) -> T + Send + 'static,
) -> Result<Response, Problem> {
    let Some(key) = key else {
        return operation.await.map(|(status, value)| (status, Json(value)).into_response());
    };
    let trail = Trail::current();
    let turn = match shared.idempotency.begin(key, wall_now())? {
        Begun::Replay(answer) => {
            trail.is_told();
            return Ok(replayed(answer.status, answer.body));
        }
        Begun::Fresh(turn) => turn,
    };
    let running = tokio::spawn(async move { carry_out(&shared, turn, &trail, operation, kept).await });
    match timeout(COMMAND_DEADLINE + SYNC_DEADLINE, running).await {
        Ok(Ok(answered)) => answered.map(|(status, body)| json(status, body)),
        Ok(Err(_)) => Err(Problem::new(Code::InternalError, "The fault is ours; it was logged.")),
        Err(_) => Err(Problem::new(Code::Unavailable, "It takes long; ask again with the same key.")),
    }
}

async fn carry_out<T: Serialize>(
    shared: &Shared,
    turn: Turn,
    trail: &Trail,
    operation: impl Future<Output = Result<(StatusCode, T), Problem>>,
    kept: impl Fn(&T) -> T,
) -> Result<(u16, String), Problem> {
    let (status, value) = operation.await?;
    let written = |value: &T| {
        serde_json::to_string(value).map_err(|_| Problem::new(Code::InternalError, "The answer cannot be written."))
    };
    let (body, kept) = (written(&value)?, written(&kept(&value))?);
    let (status, at) = (status.as_u16(), wall_now());
    // What was done stands, and is known to this process, even if the journal cannot take the answer.
    let entries = trail.done(status, Some(&kept)).into_iter().chain([turn.entry(status, &kept, at)]).collect();
    if !shared.answer_log.keep(entries).await {
        tracing::warn!("an answer to an Idempotency-Key may not outlive a restart, and the audit log may lack it");
    }
    turn.keep(status, kept, at);
    Ok((status, body))
}

fn replayed(status: u16, body: String) -> Response {
    let mut response = json(status, body);
    response.headers_mut().insert("idempotent-replayed", HeaderValue::from_static("true"));
    response
}

fn json(status: u16, body: String) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
    let mut response = (status, Body::from(body)).into_response();
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// For an answer to be synced: a hundred times what a sync takes.
const SYNC_DEADLINE: Duration = Duration::from_secs(2);
