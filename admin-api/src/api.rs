//! The API as a whole: its state, its routes, and its way in.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use bytes::Bytes;
use centre::{Answer, Directory, Snapshot};
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tokio::time::timeout;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;

use crate::idempotency::IdempotencyTable;
use crate::key::Principal;
use crate::lead_list::LeadLists;
use crate::once::AnswerLog;
use crate::openapi::Description;
use crate::people::{self, LoginGuard, Passwords};
use crate::problem::{Code, Problem};
use crate::rate::RateLimits;
use crate::rights::Permission;
use crate::services::Services;
use crate::trail::{Operations, RefusalLimits};
use crate::{
    agent, ban, call, callback, campaign, compliance, consent, disposition, do_not_call, envelope, event, health, key,
    lead_list, lost_call, openapi, quarantine, queue, rate, report, serve, trail, transaction, trunk, voicemail,
};

/// The REST API.
#[derive(Clone, Copy, Debug)]
pub struct Api;

/// What every route can reach.
pub(crate) type Shared = Arc<State>;

/// The state behind [`Shared`].
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) services: Services,
    pub(crate) idempotency: IdempotencyTable,
    pub(crate) answer_log: AnswerLog,
    pub(crate) openapi: Bytes,
    /// Passwords being hashed.
    pub(crate) passwords: Passwords,
    /// Who guessed passwords.
    pub(crate) logins: LoginGuard,
    /// What each key may ask still.
    pub(crate) rates: RateLimits,
    /// Names of the operations, for the audit log.
    pub(crate) operations: Operations,
    /// How often the audit log is told of refusals.
    pub(crate) refusals: RefusalLimits,
    /// Uploads of lists of leads, and what is to be done with lists.
    pub(crate) lead_lists: LeadLists,
    /// Room for clients that follow the events.
    pub(crate) streams: Arc<Semaphore>,
    /// True once the node stops: streams end.
    pub(crate) shutdown: watch::Receiver<bool>,
}

impl Api {
    /// Serves the API on `listener` until `shutdown` says true.
    pub async fn serve(listener: TcpListener, mut services: Services, shutdown: watch::Receiver<bool>) {
        let metrics = Arc::clone(&services.metrics);
        let (router, description) = routes().split_for_parts();
        let shared = Arc::new(State {
            idempotency: IdempotencyTable::new(std::mem::take(&mut services.answers)),
            answer_log: AnswerLog::new(services.journal.clone(), services.synced.clone()),
            openapi: Bytes::from(openapi::finished(&description)),
            passwords: Passwords::default(),
            logins: LoginGuard::default(),
            rates: RateLimits::default(),
            operations: Operations::of(&description),
            refusals: RefusalLimits::default(),
            lead_lists: LeadLists::default(),
            streams: Arc::new(Semaphore::new(event::MAX_STREAMS)),
            shutdown: shutdown.clone(),
            services,
        });
        let (roster, database) = (Arc::clone(&shared.services.roster), shared.services.database.clone());
        let leftovers = lead_list::leftovers(&shared.services.data_dir).await;
        let importing = lead_list::work(Arc::clone(&shared), leftovers);
        let router = with_layers(router, shared);
        tokio::select! {
            () = serve::serve(listener, router, serve::MAX_CONNECTIONS, metrics, shutdown) => {}
            () = roster.write_uses(&database) => {}
            () = importing => {}
        }
        let _late = timeout(LAST_WRITE, roster.write_uses_now(&database)).await;
    }

    /// The description of the API: what `/v1/openapi.json` serves and `docs/api/openapi.json` holds.
    #[must_use]
    pub fn openapi_json() -> String {
        openapi::finished(&routes().into_openapi())
    }
}

impl State {
    pub(crate) fn snapshot(&self) -> Arc<Snapshot> {
        Arc::clone(&self.services.snapshot.borrow())
    }

    pub(crate) fn directory(&self) -> Arc<Directory> {
        Arc::clone(&self.services.directory.borrow())
    }

    /// The names that a client may know where a route asks for `permission`: of agents perhaps his own only.
    pub(crate) fn agents_of(&self, principal: &Principal, permission: Permission) -> Arc<Directory> {
        let directory = self.directory_of(principal);
        let Some(own) = principal.confined_to(permission) else { return directory };
        let mut narrowed = Directory::clone(&directory);
        narrowed.agents.retain(|_, agent| agent.extension == own);
        Arc::new(narrowed)
    }

    /// The names that a client may know: none of another account's.
    pub(crate) fn directory_of(&self, principal: &Principal) -> Arc<Directory> {
        if principal.account == self.services.account { self.directory() } else { Arc::default() }
    }
}

/// The problem of an owner that answered another question than was asked.
pub(crate) fn wrong_answer(answer: &Answer) -> Problem {
    tracing::error!(?answer, "an owner answered another question");
    Problem::new(Code::InternalError, "The fault is ours; it was logged under the request id.")
}

fn routes() -> OpenApiRouter<Shared> {
    let parts = [
        agent::routes(),
        queue::routes(),
        call::routes(),
        callback::routes(),
        disposition::routes(),
        compliance::routes(),
        consent::routes(),
        campaign::routes(),
        do_not_call::routes(),
        lead_list::routes(),
        lost_call::routes(),
        report::routes(),
        transaction::routes(),
        voicemail::routes(),
        trunk::routes(),
        ban::routes(),
        quarantine::routes(),
        event::routes(),
        people::routes(),
        health::routes(),
    ];
    let all = OpenApiRouter::with_openapi(Description::openapi());
    parts.into_iter().fold(all, |all, part| all.merge(part.into_router()))
}

/// From the inside out: the key is asked for before anything else is told, and the envelope sees all.
fn with_layers(router: Router<Shared>, shared: Shared) -> Router {
    router
        .layer(from_fn_with_state(Arc::clone(&shared), trail::record))
        .layer(from_fn_with_state(Arc::clone(&shared), rate::limit))
        .layer(from_fn_with_state(Arc::clone(&shared), key::authenticate))
        .layer(from_fn(envelope::envelope))
        .with_state(shared)
}

/// For what is written at the end: a stop waits no longer for a database.
const LAST_WRITE: Duration = Duration::from_secs(1);
