//! Who told the node to do what, for the audit log: every request that may change something, whatever its route.
//!
//! A change of people is logged in its own transaction. All else that succeeds is journaled here, with the answer and
//! synced like it, so that it is known while the database is away too; the projector makes a row of the log of it. No
//! route has to think of it: the layer [`record`] stands around all of them, and the few places where something is
//! carried out beside its request (`once`, changes of people) find the request's [`Trail`] by themselves.

mod object;
mod refusals;
mod target;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::body::{Body, HttpBody, to_bytes};
use axum::extract::{FromRequestParts, MatchedPath, RawPathParams, Request, State};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use journal_core::{ActorKind, AuditNote, AuditOutcome, Entry};
use tokio::task_local;
use tokio::time::{Instant, timeout};
use utoipa::openapi::OpenApi;

use crate::api::Shared;
use crate::envelope::{LONGEST_UPLOAD, takes_file};
use crate::key::{Asking, Principal};
use crate::problem::{Code, Problem};
use crate::time::wall_now;

pub(crate) use refusals::RefusalLimits;

/// Names of the operations, by method and path.
#[derive(Clone, Debug, Default)]
pub(crate) struct Operations(BTreeMap<(String, String), String>);

/// What the log is to say of the request that runs now.
#[derive(Clone, Debug, Default)]
pub(crate) struct Trail(Option<Arc<Told>>);

#[derive(Debug)]
struct Told {
    /// All but what came of it.
    note: AuditNote,
    /// The body, without what may be a secret.
    asked: OnceLock<serde_json::Value>,
    /// The log has it, or will not have it.
    is_told: AtomicBool,
}

task_local! {
    static RUNNING: Trail;
}

impl Operations {
    /// Those of a description.
    pub(crate) fn of(description: &OpenApi) -> Self {
        let mut names = BTreeMap::new();
        for (path, item) in &description.paths.paths {
            let all = [("PUT", &item.put), ("POST", &item.post), ("DELETE", &item.delete), ("PATCH", &item.patch)];
            for (method, operation) in all {
                let name = operation.as_ref().and_then(|operation| operation.operation_id.clone());
                names.extend(name.map(|name| ((method.to_owned(), path.clone()), name)));
            }
        }
        Self(names)
    }

    /// A request of no known operation is told by its method.
    fn name(&self, method: &Method, path: &str) -> String {
        let key = (method.as_str().to_owned(), path.to_owned());
        self.0.get(&key).cloned().unwrap_or_else(|| method.as_str().to_lowercase())
    }
}

impl Trail {
    /// That of the request in whose task this is called; outside of one it says nothing.
    pub(crate) fn current() -> Self {
        RUNNING.try_with(Self::clone).unwrap_or_default()
    }

    /// Keeps what was asked for.
    pub(crate) fn asked(&self, body: &Bytes) {
        if let Self(Some(told)) = self {
            let _first_stands = told.asked.set(object::told(body));
        }
    }

    /// Nothing is left to tell: the log has it from the transaction that did it, or nothing was done.
    pub(crate) fn is_told(&self) {
        if let Self(Some(told)) = self {
            told.is_told.store(true, Ordering::Release);
        }
    }

    /// The entry of what was done, unless it is told already; `answer` is the body of the answer, where there is one.
    pub(crate) fn done(&self, status: u16, answer: Option<&str>) -> Option<Entry> {
        self.entry(AuditOutcome::Done, status, answer)
    }

    fn entry(&self, outcome: AuditOutcome, status: u16, answer: Option<&str>) -> Option<Entry> {
        let told = self.0.as_ref().filter(|told| !told.is_told.swap(true, Ordering::AcqRel))?;
        let made = answer.and_then(object::id_in);
        let mut note = AuditNote { at: wall_now(), outcome, ..told.note.clone() };
        note.detail = object::detail(status, told.asked.get(), made.as_deref());
        if note.resource_id.is_empty() {
            note.resource_id = made.unwrap_or_default();
        }
        Some(Entry::Audit(Box::new(note)))
    }
}

/// Carries out a request that may change something in a task of its own, so that what was begun is told even when its
/// client is gone, and tells the log.
pub(crate) async fn record(State(shared): State<Shared>, request: Request, next: Next) -> Response {
    if [Method::GET, Method::HEAD, Method::OPTIONS].contains(request.method()) {
        return next.run(request).await;
    }
    let longest = if takes_file(request.method(), request.uri().path()) { LONGEST_UPLOAD } else { LONGEST };
    let (trail, request) = begin(&shared, request).await;
    let work = RUNNING.scope(trail.clone(), async move { tell(&shared, &trail, next.run(request).await).await });
    match tokio::spawn(timeout(longest, work)).await {
        Ok(Ok(response)) => response,
        Ok(Err(_)) => Problem::new(Code::Unavailable, "The request took too long.").into_response(),
        Err(broken) => match broken.try_into_panic() {
            Ok(words) => std::panic::resume_unwind(words),
            Err(_) => Problem::new(Code::Unavailable, "The node stops.").into_response(),
        },
    }
}

/// Journals that something was read whose reading matters by itself: an export. Who cannot be told of gets nothing.
///
/// # Errors
/// 503 when the journal does not take it.
pub(crate) async fn tell_reading(
    shared: &Shared,
    principal: &Principal,
    asking: &Asking,
    (action, resource_type): (&str, &str),
    query: Option<&str>,
) -> Result<(), Problem> {
    // A plus is a plus, as `query` reads it.
    let query = query.unwrap_or_default().replace('+', "%2B");
    let told = |text: &str, most| object::plain(text, most);
    let asked = form_urlencoded::parse(query.as_bytes());
    let asked = asked.map(|(name, value)| (told(&name, object::MAX_ID), told(&value, MAX_ASKED).into()));
    let asked: serde_json::Map<String, serde_json::Value> = asked.collect();
    let note = AuditNote {
        at: wall_now(),
        account: principal.account.clone(),
        actor_kind: principal.kind,
        actor_id: principal.id.clone(),
        actor_name: principal.name.clone(),
        address: asking.address.to_string(),
        user_agent: asking.user_agent.clone(),
        request_id: asking.request_id.clone(),
        action: action.to_owned(),
        resource_type: resource_type.to_owned(),
        resource_id: String::new(),
        outcome: AuditOutcome::Done,
        detail: object::detail(OK, Some(&asked.into()), None),
    };
    let is_kept = shared.answer_log.keep(vec![Entry::Audit(Box::new(note))]).await;
    is_kept.then_some(()).ok_or_else(|| Problem::new(Code::Unavailable, "The audit log cannot be written now."))
}

async fn begin(shared: &Shared, request: Request) -> (Trail, Request) {
    let (mut parts, body) = request.into_parts();
    let Some(path) = parts.extensions.get::<MatchedPath>().map(|path| path.as_str().to_owned()) else {
        return (Trail::default(), Request::from_parts(parts, body));
    };
    let action = shared.operations.name(&parts.method, &path);
    let values = match RawPathParams::from_request_parts(&mut parts, &()).await {
        Ok(values) => values.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
        Err(_) => Vec::new(),
    };
    let (resource_type, resource_id) = target::of(&path, &values);
    let asking = Asking::of(&parts);
    let (actor_kind, actor_id, actor_name, account) = match parts.extensions.get::<Principal>() {
        Some(who) => (who.kind, who.id.clone(), who.name.clone(), who.account.clone()),
        None => (ActorKind::System, String::new(), "nobody".to_owned(), shared.services.account.clone()),
    };
    let note = AuditNote {
        at: wall_now(),
        account,
        actor_kind,
        actor_id,
        actor_name,
        address: asking.address.to_string(),
        user_agent: asking.user_agent,
        request_id: asking.request_id,
        action,
        resource_type,
        resource_id,
        outcome: AuditOutcome::Done,
        detail: String::new(),
    };
    let told = Told { note, asked: OnceLock::new(), is_told: AtomicBool::new(false) };
    (Trail(Some(Arc::new(told))), Request::from_parts(parts, body))
}

/// Journals what came of a request. What was done stands, even if the journal cannot take it.
async fn tell(shared: &Shared, trail: &Trail, response: Response) -> Response {
    let status = response.status();
    let (entry, response) = if status.is_success() {
        let (answer, response) = read(response).await;
        (trail.done(status.as_u16(), answer.as_deref()), response)
    } else if status.as_u16() == FORBIDDEN && shared.refusals.may_tell(trail, Instant::now()) {
        (trail.entry(AuditOutcome::Refused, status.as_u16(), None), response)
    } else {
        return response;
    };
    let Some(entry) = entry else { return response };
    if !shared.answer_log.keep(vec![entry]).await {
        tracing::error!("the audit log may lack a request");
        shared.services.metrics.dropped("audit");
    }
    response
}

/// The answer's text, where it is short and all there.
async fn read(response: Response) -> (Option<String>, Response) {
    let (parts, body) = response.into_parts();
    let size = body.size_hint().exact().and_then(|size| usize::try_from(size).ok());
    let Some(size) = size.filter(|size| *size <= MAX_ANSWER) else { return (None, Response::from_parts(parts, body)) };
    let bytes = to_bytes(body, size).await.unwrap_or_default();
    let text = std::str::from_utf8(&bytes).ok().map(str::to_owned);
    (text, Response::from_parts(parts, Body::from(bytes)))
}

const OK: u16 = 200;
const FORBIDDEN: u16 = 403;
/// Characters of one value of a query that is told: a few dozen names in a filter.
const MAX_ASKED: usize = 500;
/// Above every deadline of what a request does, also of one whose client is gone.
const LONGEST: Duration = Duration::from_secs(120);
/// Bytes of an answer that is looked into for the id of what was made.
const MAX_ANSWER: usize = 64 * 1024;
