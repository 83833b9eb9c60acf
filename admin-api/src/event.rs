//! `/v1/events`: what happens, from the journal, as a stream or a page at a time.
//!
//! A stream holds nothing but its place: it reads on when its client has taken
//! what was sent. One that falls behind by more entries than the journal has in memory is told
//! to read the lists again and goes on from now.

mod object;
mod queues;
mod standing;
mod stream;

use axum::Json;
use axum::extract::{Extension, State};
use axum::http::HeaderMap;
use axum::http::header::ACCEPT;
use axum::response::{IntoResponse, Response, Sse};
use journal::ReadError;
use records::{EventFeed, EventId};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use crate::access::{Access, Routes, missing};
use crate::api::Shared;
use crate::call::Call;
use crate::event::object::Event;
use crate::key::{Principal, Whose};
use crate::openapi::ReadRefusals;
use crate::page::foreign;
use crate::problem::{Code, Problem};
use crate::query::{AnyOf, Limit, Query};
use crate::rights::Permission;
use crate::serve::Cut;

use standing::Standing;
pub(crate) use stream::MAX_STREAMS;

/// Parameters of the events.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct EventsQuery {
    /// Items of a page; a stream has no end.
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200, default = 25)]
    limit: Limit,
    /// `next_cursor` of the page before, or the id of an event: what follows it is shown.
    #[param(pattern = "^[0-9a-f]{60}$")]
    cursor: Option<String>,
    /// Any of these topics, separated by commas; all but `queues` without it.
    #[param(value_type = Option<Vec<Topic>>, style = Form, explode = false, inline)]
    topics: Option<AnyOf<Topic>>,
}

/// What events are about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Topic {
    /// Steps of calls.
    LiveCalls,
    /// States of agents, and the leads that they are shown.
    Agents,
    /// Figures and alerts of queues, on a stream only and only where asked for: `queue.stats`, at most once a queue and
    /// second, and `queue.alert`.
    Queues,
    /// Lost calls that are overdue.
    LostCalls,
    /// What is quarantined, and what is released.
    Quarantine,
    /// Lists of leads: their states, and how far an import is.
    LeadLists,
    /// Campaigns: their steps, alerts and progress, and each of their attempts.
    Campaigns,
}

/// Which events a client gets.
#[derive(Clone, Debug)]
pub(crate) struct Choice {
    account: String,
    /// Those about these, of each those of whom.
    topics: Vec<(Topic, Whose)>,
    /// The calls that are shown with an event.
    calls: Option<Whose>,
    /// Who gets figures of queues, where they are asked for.
    queues: Option<Principal>,
}

/// A page of events, oldest first.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct EventPage {
    /// The events.
    data: Vec<Event>,
    /// Where the next page begins; null when there is nothing more yet.
    next_cursor: Option<String>,
}

pub(crate) fn routes() -> Routes {
    Routes::new().add(Access::Own(Permission::EventsFollow), routes!(events))
}

/// What happened and happens.
///
/// With `Accept: text/event-stream` a stream of Server-Sent Events from now on, or from after
/// `Last-Event-ID`; the event `resync` says that some were skipped, so lists must be read again.
/// With `topics=queues` it has `queue.stats`, the data of which is that of `GET /v1/queues/{name}/figures`: for each queue
/// once at its begin and then at most once a second, when something changed; and `queue.alert`, when a value goes beyond
/// its threshold (`state` is `raised`) and when it is back (`cleared`); alerts that stand are told at the begin.
/// Else a page as JSON, from the oldest event kept or after `Last-Event-ID` or `cursor`.
#[utoipa::path(get, path = "/v1/events", operation_id = "follow_events", tag = "events",
    params(EventsQuery, ("Last-Event-ID" = Option<String>, Header, description = "The last event seen")),
    responses((status = 200, description = "Events", content((EventPage = "application/json"),
        (String = "text/event-stream"))), ReadRefusals))]
async fn events(
    State(shared): State<Shared>,
    Extension(principal): Extension<Principal>,
    cut: Option<Extension<Cut>>,
    headers: HeaderMap,
    Query(query): Query<EventsQuery>,
) -> Result<Response, Problem> {
    let after = last_seen(&headers, &query)?;
    let choice = Choice::of(&principal, query.topics.as_ref().map(|AnyOf(topics)| topics.as_slice()))?;
    if wants_stream(&headers) {
        let Extension(cut) = cut.unwrap_or_default();
        let events = stream::open(shared, after, choice, Standing::of(principal), cut)?;
        return Ok(Sse::new(events).keep_alive(stream::heartbeat()).into_response());
    }
    page(&shared, after, &choice, query.limit.get()).await.map(|page| Json(page).into_response())
}

impl Topic {
    const ALL: [Self; 7] = [
        Self::LiveCalls,
        Self::Agents,
        Self::Queues,
        Self::LostCalls,
        Self::Quarantine,
        Self::LeadLists,
        Self::Campaigns,
    ];

    /// What one may see who follows it: `events.follow` alone shows nothing.
    pub(crate) const fn permission(self) -> Permission {
        match self {
            Self::LiveCalls | Self::LostCalls => Permission::CallsView,
            Self::Agents => Permission::AgentsView,
            Self::Queues => Permission::QueuesView,
            Self::Quarantine => Permission::QuarantineView,
            Self::LeadLists => Permission::LeadListsView,
            Self::Campaigns => Permission::CampaignsView,
        }
    }

    fn of(event: &records::Event) -> Self {
        match event.kind.split('.').next() {
            // A step of its call.
            _ if event.kind == "attempt.started" => Self::LiveCalls,
            Some("agent" | "lead") => Self::Agents,
            Some("lost_call") => Self::LostCalls,
            Some("quarantine") => Self::Quarantine,
            Some("lead_list") => Self::LeadLists,
            Some("campaign" | "attempt") => Self::Campaigns,
            _ => Self::LiveCalls,
        }
    }
}

impl Choice {
    /// What a client gets who asks for these topics, or for all that he may see.
    ///
    /// # Errors
    /// 403 for a topic that he may not see.
    fn of(principal: &Principal, asked: Option<&[Topic]>) -> Result<Self, Problem> {
        let mut topics = Vec::new();
        for topic in Topic::ALL {
            let permission = topic.permission();
            match asked {
                Some(asked) if !asked.contains(&topic) => {}
                _ if principal.rights.reach(permission).is_some() => {
                    topics.push((topic, principal.follows(permission)));
                }
                Some(_) => return Err(missing(permission)),
                None => {}
            }
        }
        let sees_calls = principal.rights.reach(Permission::CallsView);
        let calls = sees_calls.map(|_| principal.follows(Permission::CallsView));
        // They change each second: a client that reads steps only is not to be flooded.
        let queues = asked.is_some_and(|asked| asked.contains(&Topic::Queues)).then(|| principal.clone());
        Ok(Self { account: principal.account.clone(), topics, calls, queues })
    }

    /// The event as the API shows it, if the client gets it.
    fn show(&self, event: records::Event, shared: &Shared) -> Option<Event> {
        let topic = Topic::of(&event);
        let (_, whose) = self.topics.iter().find(|(followed, _)| *followed == topic)?;
        let account = event.account.as_ref().unwrap_or(&shared.services.account);
        if *account != self.account {
            return None;
        }
        let call = event.call.and_then(|id| shared.services.live.call(&self.account, id));
        if !whose.is_about(&event, call.as_ref()) {
            return None;
        }
        // Who was offered a call may see it until another has it.
        let calls = self.calls.as_ref();
        let may_see = |call: &records::Call| calls.is_some_and(|whose| call.agent.is_none() || whose.has(call));
        let shown = call.filter(may_see);
        Some(Event::new(event, shown.as_ref().map(Call::from)))
    }
}

fn wants_stream(headers: &HeaderMap) -> bool {
    let accepts = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
    accepts
        .flat_map(|accept| accept.split(','))
        .any(|kind| kind.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("text/event-stream"))
}

/// The header, which a client sends when it comes back, counts before the parameter it began with.
fn last_seen(headers: &HeaderMap, query: &EventsQuery) -> Result<Option<EventId>, Problem> {
    let expected = "expected the id of an event";
    if let Some(value) = headers.get(LAST_EVENT_ID) {
        let id = value.to_str().ok().and_then(|text| text.parse().ok());
        return id.map(Some).ok_or_else(|| {
            Problem::new(Code::InvalidParameter, "The header Last-Event-ID is not valid.").at(
                LAST_EVENT_ID,
                "invalid",
                expected,
            )
        });
    }
    let cursor = query.cursor.as_ref().map(|cursor| cursor.parse());
    cursor.transpose().map_err(|_| Problem::bad_parameter("cursor", expected))
}

async fn page(shared: &Shared, after: Option<EventId>, choice: &Choice, limit: usize) -> Result<EventPage, Problem> {
    let (journal, live) = (&shared.services.journal, &shared.services.live);
    let mut feed = match after {
        None => EventFeed::from_oldest(journal, live),
        Some(last) => EventFeed::after(journal, live, last).map_err(|_| foreign())?,
    };
    let (mut data, mut scanned) = (Vec::new(), 0);
    while feed.lag() > 0 && data.len() < limit && scanned < MAX_SCAN {
        let chunk = limit - data.len();
        scanned += chunk;
        let events = feed.ready(chunk).await.map_err(|error| unreadable(&error))?;
        data.extend(events.into_iter().filter_map(|event| choice.show(event, shared)));
    }
    let next_cursor = (feed.lag() > 0).then(|| feed.place().to_string());
    Ok(EventPage { data, next_cursor })
}

/// The problem of a journal that does not answer.
fn unreadable(error: &ReadError) -> Problem {
    tracing::warn!(%error, "events cannot be read");
    Problem::new(Code::Unavailable, "The journal cannot be read now.")
}

const LAST_EVENT_ID: &str = "Last-Event-ID";
/// Entries looked through for one page: a rare topic takes several pages, not a long request.
const MAX_SCAN: usize = 10_000;
