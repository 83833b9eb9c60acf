//! `/v1/compliance/decisions`: each allow and deny of the dial gate, with its evidence, as a list and as a file.

use axum::body::Body;
use axum::extract::{Extension, RawQuery, State};
use axum::response::Response;
use bytes::Bytes;
use futures_util::stream;
use journal_core::DialEvidence;
use records::{Database, DecisionFilter, DecisionId};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use super::{BETWEEN, GateClause, GateClock};
use crate::access::{Access, Routes};
use crate::api::Shared;
use crate::csv::{self, Csv};
use crate::key::{Asking, Principal};
use crate::openapi::ReadRefusals;
use crate::page::{Cursor, Page};
use crate::problem::Problem;
use crate::query::{AnyOf, Limit, Query, Time};
use crate::rights::Permission;
use crate::time::rfc3339;
use crate::trail;
use crate::voicemail::away;

/// What the dial gate said of an attempt, and what it went by.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct ComplianceDecision {
    /// Its id.
    #[schema(example = "decision_000641f2a3c0f5000000000000000017")]
    id: String,
    /// When it was judged.
    #[schema(format = DateTime)]
    at: String,
    /// The number, E.164.
    #[schema(example = "+442071838750")]
    number: String,
    /// What it was to be dialed for.
    #[schema(value_type = DialOccasion)]
    occasion: String,
    /// Nothing spoke against it.
    allowed: bool,
    /// The word of the rule that denied it.
    #[schema(example = "calling_hours")]
    denied_by: Option<String>,
    /// Its clause, where it is one of a rule set: the last of `evidence.clauses`.
    #[schema(example = "us.tsr.calling-hours")]
    clause: Option<String>,
    /// Why, in words.
    because: Option<String>,
    /// The rule set and its version; none: no law was asked.
    #[schema(example = "us 2026-11-21")]
    rule_set: Option<String>,
    /// The queue that serves it.
    queue: Option<String>,
    /// Extension of the agent who dials, or whose own it is.
    agent: Option<String>,
    /// The call in which it is dialed, or by which it was asked for.
    call_id: Option<String>,
    /// The callback that is dialed.
    callback_id: Option<String>,
    /// The campaign.
    campaign_id: Option<String>,
    /// The lead.
    lead_id: Option<String>,
    /// The attempt.
    attempt_id: Option<String>,
    /// What was known.
    evidence: ComplianceEvidence,
}

/// What an attempt was judged by.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct ComplianceEvidence {
    /// The company's own rules that were asked, in their order.
    #[schema(example = json!(["do_not_call", "company_blacklist"]))]
    rules: Vec<String>,
    /// The clauses of the rule set that were asked, in their order.
    clauses: Vec<GateClause>,
    /// What the clocks of the called person showed: one for each zone that the number may be in.
    clocks: Vec<GateClock>,
    /// States and provinces (ISO 3166-2) or countries that it may be in, of a North American number.
    regions: Vec<String>,
    /// Earlier attempts, where they were known.
    tried: Option<ComplianceTried>,
    /// Records of the consents that stood.
    consents: Vec<String>,
    /// Imported do-not-call lists that were asked, with their day.
    #[schema(example = json!(["tps 2026-11-01"]))]
    lists: Vec<String>,
}

/// Earlier attempts, counted.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub(crate) struct ComplianceTried {
    /// Of the lead, ever.
    lead: u32,
    /// Of the number, ever.
    number: u32,
    /// Of the lead on the called person's day.
    lead_today: u32,
    /// Of the number on the called person's day.
    number_today: u32,
    /// Of the lead within 24 hours.
    lead_in_24_h: u32,
    /// Of the number within 24 hours.
    number_in_24_h: u32,
}

/// What a number was to be dialed for.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum DialOccasion {
    /// An agent dials from a screen.
    ClickToCall,
    /// A callback was asked for, and judged as if it were dialed when it is due.
    CallbackAsked,
    /// A callback is dialed.
    CallbackDialed,
    /// A campaign tries a lead.
    Campaign,
}

/// The same filters for the list and for the file.
macro_rules! filters {
    ($(#[$doc:meta])* $name:ident { $($own:tt)* }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Deserialize, IntoParams)]
        #[serde(deny_unknown_fields)]
        #[into_params(parameter_in = Query)]
        pub(crate) struct $name {
            $($own)*
            /// Of this number, E.164.
            #[param(example = "+442071838750")]
            number: Option<String>,
            /// Allowed, or denied.
            allowed: Option<bool>,
            /// For any of these occasions, separated by commas.
            #[param(value_type = Option<Vec<DialOccasion>>, style = Form, explode = false)]
            occasion: Option<AnyOf<DialOccasion>>,
            /// Denied by any of these rules, separated by commas.
            #[param(value_type = Option<Vec<String>>, style = Form, explode = false, example = json!(["calling_hours"]))]
            denied_by: Option<AnyOf<String>>,
            /// Denied by any of these clauses, separated by commas.
            #[param(value_type = Option<Vec<String>>, style = Form, explode = false, example = json!(["us.tsr.calling-hours"]))]
            clause: Option<AnyOf<String>>,
            /// Of any of these agents, separated by commas.
            #[param(value_type = Option<Vec<String>>, style = Form, explode = false, example = json!(["1001"]))]
            agent: Option<AnyOf<String>>,
            /// Of any of these queues, separated by commas.
            #[param(value_type = Option<Vec<String>>, style = Form, explode = false, example = json!(["support"]))]
            queue: Option<AnyOf<String>>,
            /// Of this call.
            #[param(example = "call_0190f5a2b6d07c3a9d1e4f5061728394", pattern = "^call_[0-9a-f]{32}$")]
            call_id: Option<String>,
            /// Of this callback.
            callback_id: Option<String>,
            /// Of this campaign.
            campaign_id: Option<String>,
            /// Of this lead.
            lead_id: Option<String>,
            /// Of this attempt.
            attempt_id: Option<String>,
            /// Then or later.
            #[serde(rename = "at[gte]")]
            #[param(value_type = Option<String>, format = DateTime)]
            from: Option<Time>,
            /// Before.
            #[serde(rename = "at[lt]")]
            #[param(value_type = Option<String>, format = DateTime)]
            until: Option<Time>,
        }

        impl $name {
            fn filter(self, account: &str, limit: usize) -> Result<DecisionFilter, Problem> {
                let any = |values: Option<AnyOf<String>>| values.map(|AnyOf(values)| values).unwrap_or_default();
                let occasion = self.occasion.map(|AnyOf(values)| values).unwrap_or_default();
                Ok(DecisionFilter {
                    account: account.to_owned(),
                    number: self.number,
                    allowed: self.allowed,
                    occasion: occasion.into_iter().map(|occasion| occasion.word().to_owned()).collect(),
                    rule: any(self.denied_by),
                    clause: any(self.clause),
                    agent: any(self.agent),
                    queue: any(self.queue),
                    call: self.call_id.map(|id| call_id(&id)).transpose()?,
                    subject: records::DecisionSubject {
                        callback: self.callback_id,
                        campaign: self.campaign_id,
                        lead: self.lead_id,
                        attempt: self.attempt_id,
                    },
                    at_gte: self.from.map(|Time(at)| at),
                    at_lt: self.until.map(|Time(at)| at),
                    before: None,
                    limit,
                })
            }
        }
    };
}

filters! {
    /// Filters of the list.
    DecisionsQuery {
        /// Items of a page.
        #[serde(default)]
        #[param(value_type = Option<u32>, minimum = 1, maximum = 200, default = 25)]
        limit: Limit,
        /// `next_cursor` of the page before.
        #[param(value_type = Option<String>)]
        cursor: Option<Cursor>,
    }
}

filters! {
    /// Which decisions go into the file.
    ExportQuery {}
}

pub(super) fn routes() -> Routes {
    Routes::new()
        .add(Access::All(Permission::ComplianceView), routes!(list))
        .add(Access::All(Permission::ComplianceExport), routes!(export))
}

/// What the dial gate said of each attempt, allowed or denied, newest first. Decisions come from the journal: a moment
/// after they were made, and after the database is back where it was away.
#[utoipa::path(get, path = "/v1/compliance/decisions", operation_id = "list_compliance_decisions", tag = "dialing",
    params(DecisionsQuery),
    responses((status = 200, description = "A page of decisions", body = Page<ComplianceDecision>), ReadRefusals))]
async fn list(
    State(shared): State<Shared>,
    Extension(principal): Extension<Principal>,
    Query(query): Query<DecisionsQuery>,
) -> Result<Page<ComplianceDecision>, Problem> {
    let before = query.cursor.as_ref().map(|cursor| cursor.parse::<DecisionId>(LIST)).transpose()?;
    let limit = query.limit.get();
    let filter = DecisionFilter { before, ..query.filter(&principal.account, limit)? };
    let (rows, more) = shared.services.database.decisions(&filter).await.map_err(away)?;
    let next_cursor = rows.last().filter(|_| more).map(|last| Cursor::after(LIST, &last.id.to_string()));
    Ok(Page { data: rows.into_iter().map(ComplianceDecision::from).collect(), next_cursor })
}

/// The same as a CSV file of any length, newest first. The audit log has who exported what. A file that does not end
/// in order is not whole.
#[utoipa::path(get, path = "/v1/compliance/decisions/export", operation_id = "export_compliance_decisions",
    tag = "dialing", params(ExportQuery),
    responses((status = 200, description = "The decisions", body = String, content_type = "text/csv"), ReadRefusals))]
async fn export(
    State(shared): State<Shared>,
    Extension(principal): Extension<Principal>,
    asking: Asking,
    RawQuery(asked): RawQuery,
    Query(query): Query<ExportQuery>,
) -> Result<Response, Problem> {
    let filter = query.filter(&principal.account, records::MAX_LIMIT)?;
    let first = page(&shared.services.database, &filter).await.map_err(away)?;
    let what = ("export_compliance_decisions", "compliance_decision");
    trail::tell_reading(&shared, &principal, &asking, what, asked.as_deref()).await?;
    let database = shared.services.database.clone();
    let head = stream::once(async { Ok::<_, records::DatabaseUnavailable>(head()) });
    let rest = stream::try_unfold(Next::Page(first), move |next| {
        let (database, filter) = (database.clone(), filter.clone());
        async move {
            let (text, last) = match next {
                Next::Page(page) => page,
                Next::After(id) => page(&database, &DecisionFilter { before: Some(id), ..filter }).await?,
                Next::Nothing => return Ok(None),
            };
            Ok(Some((text, last.map_or(Next::Nothing, Next::After))))
        }
    });
    Ok(csv::file("compliance-decisions", Body::from_stream(stream::StreamExt::chain(head, rest))))
}

/// Where a file goes on.
enum Next {
    Page((Bytes, Option<DecisionId>)),
    After(DecisionId),
    Nothing,
}

/// Lines of one page, and the last of them where more follow.
async fn page(
    database: &Database,
    filter: &DecisionFilter,
) -> Result<(Bytes, Option<DecisionId>), records::DatabaseUnavailable> {
    let (rows, more) = database.decisions(filter).await?;
    let last = rows.last().map(|last| last.id).filter(|_| more);
    let mut lines = Csv::default();
    for decision in rows.into_iter().map(ComplianceDecision::from) {
        let cells = decision.cells();
        lines.line(cells.iter().map(String::as_str));
    }
    Ok((lines.into_text().into(), last))
}

fn head() -> Bytes {
    let mut line = Csv::default();
    line.line(COLUMNS);
    line.into_text().into()
}

impl DialOccasion {
    const fn word(self) -> &'static str {
        match self {
            Self::ClickToCall => "click_to_call",
            Self::CallbackAsked => "callback_asked",
            Self::CallbackDialed => "callback_dialed",
            Self::Campaign => "campaign",
        }
    }
}

impl ComplianceDecision {
    /// In the order of [`COLUMNS`].
    fn cells(self) -> [String; COLUMNS.len()] {
        let evidence = self.evidence;
        // The clause that denies is the last that was asked.
        let own = evidence.clauses.last().filter(|last| Some(last.id.as_str()) == self.clause.as_deref()).cloned();
        let (source, effective, verified) = own.map_or_else(Default::default, |clause| {
            (clause.source.unwrap_or_default(), clause.effective.unwrap_or_default(), clause.verified.to_string())
        });
        let clauses: Vec<String> = evidence.clauses.iter().map(GateClause::said).collect();
        let clocks: Vec<String> =
            evidence.clocks.iter().map(|clock| format!("{} {}", clock.time_zone, clock.time)).collect();
        let tried = evidence.tried.map_or_else(String::new, |tried| tried.said());
        let or_none = Option::unwrap_or_default;
        [
            self.id,
            self.at,
            self.number,
            self.occasion,
            self.allowed.to_string(),
            or_none(self.denied_by),
            or_none(self.clause),
            source,
            effective,
            verified,
            or_none(self.because),
            or_none(self.rule_set),
            evidence.rules.join(BETWEEN),
            clauses.join(BETWEEN),
            clocks.join(BETWEEN),
            evidence.regions.join(BETWEEN),
            tried,
            evidence.consents.join(BETWEEN),
            evidence.lists.join(BETWEEN),
            or_none(self.queue),
            or_none(self.agent),
            or_none(self.call_id),
            or_none(self.callback_id),
            or_none(self.campaign_id),
            or_none(self.lead_id),
            or_none(self.attempt_id),
        ]
    }
}

impl ComplianceTried {
    fn said(self) -> String {
        let Self { lead, number, lead_today, number_today, lead_in_24_h, number_in_24_h } = self;
        format!(
            "lead {lead}, today {lead_today}, 24 h {lead_in_24_h}; number {number}, today {number_today}, 24 h \
             {number_in_24_h}"
        )
    }
}

impl From<records::Decision> for ComplianceDecision {
    fn from(decision: records::Decision) -> Self {
        let DialEvidence { rules, clauses, clocks, regions, tried, consents, lists, .. } = decision.evidence;
        let evidence = ComplianceEvidence {
            rules,
            clauses: clauses.into_iter().map(|clause| GateClause::of(&clause.id, clause.verified)).collect(),
            clocks: clocks.into_iter().map(|clock| GateClock { time_zone: clock.zone, time: clock.time }).collect(),
            regions,
            tried: tried.map(ComplianceTried::from),
            consents,
            lists,
        };
        Self {
            id: decision.id.to_string(),
            at: rfc3339(decision.at),
            number: decision.number,
            occasion: decision.occasion,
            allowed: decision.allowed,
            denied_by: decision.rule,
            clause: decision.clause,
            because: decision.because,
            rule_set: decision.rule_set,
            queue: decision.queue,
            agent: decision.agent,
            call_id: decision.call_id.map(|id| id.to_string()),
            callback_id: decision.subject.callback,
            campaign_id: decision.subject.campaign,
            lead_id: decision.subject.lead,
            attempt_id: decision.subject.attempt,
            evidence,
        }
    }
}

impl From<journal_core::DialTried> for ComplianceTried {
    fn from(tried: journal_core::DialTried) -> Self {
        let journal_core::DialTried { lead, number, lead_today, number_today, lead_in_24_h, number_in_24_h } = tried;
        Self { lead, number, lead_today, number_today, lead_in_24_h, number_in_24_h }
    }
}

fn call_id(text: &str) -> Result<clock::CallId, Problem> {
    text.parse().map_err(|_| Problem::bad_parameter("call_id", "expected `call_` and 32 hexadecimal digits"))
}

/// The list, for its cursors.
const LIST: &str = "compliance_decisions";
/// The first line of the file. New columns come at the end.
const COLUMNS: [&str; 26] = [
    "id",
    "at",
    "number",
    "occasion",
    "allowed",
    "denied_by",
    "clause",
    "clause_source",
    "clause_effective",
    "clause_verified",
    "because",
    "rule_set",
    "rules",
    "clauses",
    "clocks",
    "regions",
    "tried",
    "consents",
    "lists",
    "queue",
    "agent",
    "call_id",
    "callback_id",
    "campaign_id",
    "lead_id",
    "attempt_id",
];
