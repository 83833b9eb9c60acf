//! `/v1/campaigns/{id}/leads/{lead}/why-not`: why a lead is not being dialed, with how each of its numbers stands.

use axum::Json;
use axum::extract::{Extension, Path, State};
use centre::CampaignCommand;
use clock::{AgentId, CampaignId, LeadId, WallTime};
use dialer::campaign::Status;
use dialer::gate::Rule;
use dialer::hopper::Done;
use dialer::runner::{Explained, Hold, Keeps, NumberWhy, Reply, WhyNot};
use journal_core::{LeadBooked, LeadNumberTries};
use records::{Decision, DecisionFilter, DecisionSubject, LeadList, MAX_LIMIT, list_of_lead};
use serde::Serialize;
use utoipa::ToSchema;

use super::{absent, act, known};
use crate::api::Shared;
use crate::key::Principal;
use crate::openapi::ReadRefusals;
use crate::problem::{Code, Problem};
use crate::query::{NoParameters, Query};
use crate::time::rfc3339;
use crate::voicemail::away;

/// Why a lead is not being dialed.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
pub(crate) struct LeadWhyNot {
    /// Stable word: `in_flight`, `elsewhere` (another campaign calls it), `status`, `reading` (what was tried before a
    /// restart is read), `schedule`, `retry`, `callback`, `denied` (by the gate), `number_called`, `number_rests` (it was
    /// called of late for another lead), `none_left` (no number may be tried again), `next` (it is its turn soon), `shown`
    /// (to an agent), `disposing` (an agent's word is waited for), `done`, `not_read` (those before it come first),
    /// `other_list` (its list is none of the campaign's).
    #[schema(example = "denied")]
    why: &'static str,
    /// The same in a sentence.
    #[schema(example = "in Europe/London it is 22:10")]
    because: String,
    /// The attempt, with `in_flight` and `elsewhere`.
    attempt_id: Option<String>,
    /// The other campaign, with `elsewhere`.
    campaign_id: Option<String>,
    /// The campaign's status, with `status`.
    status: Option<&'static str>,
    /// When it changes, where that is known.
    #[schema(format = DateTime)]
    until: Option<String>,
    /// The rule of the gate that decides, with `denied`.
    #[schema(example = "calling_hours")]
    rule: Option<&'static str>,
    /// Leads of its list before it, with `next`.
    ahead: Option<usize>,
    /// What holds the campaign, with `next`.
    #[schema(example = "agents_busy")]
    hold: Option<&'static str>,
    /// Extension of the agent to whom it is shown, or whose own callback it is.
    agent: Option<String>,
    /// Why it is done, with `done`.
    #[schema(example = "exhausted")]
    done_because: Option<String>,
    /// The agent's disposition that made it so.
    disposition: Option<String>,
    /// Its numbers, in their order, with what keeps each.
    numbers: Vec<LeadNumberWhy>,
}

/// A number of a lead, and what keeps it from being dialed.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct LeadNumberWhy {
    /// E.164.
    #[schema(example = "+442071838750")]
    number: String,
    /// Stable word: `left_alone` (it is bad, or was tried as often as it may be), `called`, `denied`, `waits` (for its next
    /// try), `rests` (it was called of late for another lead); null: nothing does.
    #[schema(example = "left_alone")]
    why: Option<&'static str>,
    /// The rule of the gate, with `denied`.
    rule: Option<String>,
    /// Why it is denied, in words.
    because: Option<String>,
    /// When it changes, with `waits` and `rests`.
    #[schema(format = DateTime)]
    until: Option<String>,
    /// What came of its last attempt.
    #[schema(example = "unobtainable")]
    last_outcome: Option<String>,
    /// When.
    #[schema(format = DateTime)]
    last_at: Option<String>,
}

/// Why a lead is not being dialed now.
#[utoipa::path(get, path = "/v1/campaigns/{id}/leads/{lead}/why-not", operation_id = "why_lead_is_not_dialed",
    tag = "campaigns",
    params(("id" = String, Path, description = "The campaign's id"), ("lead" = String, Path, description = "The lead's id")),
    responses((status = 200, description = "Why", body = LeadWhyNot), ReadRefusals))]
pub(super) async fn why(
    State(shared): State<Shared>,
    Extension(principal): Extension<Principal>,
    Path((id, lead)): Path<(String, String)>,
    Query(_): Query<NoParameters>,
) -> Result<Json<LeadWhyNot>, Problem> {
    let campaign = known(&shared, &principal, &id)?;
    let unknown = || Problem::new(Code::LeadNotFound, format!("There is no lead `{lead}`."));
    let wanted: LeadId = lead.parse().map_err(|_| unknown())?;
    let Reply::WhyNot(Explained { why, numbers }) =
        act(&shared, CampaignCommand::WhyNot { campaign, lead: wanted }).await?
    else {
        return Err(unknown());
    };
    let extension = |agent| shared.directory().agents.get(&agent).map(|named| named.extension.clone());
    if !numbers.is_empty() {
        let numbers = numbers.into_iter().map(LeadNumberWhy::from).collect();
        return Ok(Json(LeadWhyNot { numbers, ..LeadWhyNot::of(why, extension) }));
    }
    // The dialer does not hold it: the database knows of it, or there is none.
    let database = &shared.services.database;
    let list = database.lead_list(&principal.account, list_of_lead(wanted)).await.map_err(away)?.ok_or_else(unknown)?;
    if database.leads_by_id(&[wanted]).await.map_err(away)?.is_empty() {
        return Err(unknown());
    }
    let snapshot = shared.snapshot();
    let found = snapshot.campaigns.campaigns.get(&campaign).ok_or_else(|| absent(&id))?;
    if found.written.definition.lists.iter().all(|share| share.list != list.id) {
        return Ok(Json(LeadWhyNot::of_other(&list)));
    }
    Ok(Json(not_held(&shared, &principal.account, (campaign, wanted), why, &list).await?))
}

/// What is known of a lead that the dialer does not hold.
async fn not_held(
    shared: &Shared,
    account: &str,
    (campaign, lead): (CampaignId, LeadId),
    why: WhyNot,
    list: &LeadList,
) -> Result<LeadWhyNot, Problem> {
    let database = &shared.services.database;
    let row = database.campaign_leads_of(campaign, &[lead]).await.map_err(away)?.pop();
    let done = match (&why, row.as_ref().map(|row| &row.booked)) {
        (WhyNot::Done(done), _) => Some(*done),
        (_, Some(LeadBooked::Done(word))) => Done::ALL.into_iter().find(|done| done.word() == word),
        _ => None,
    };
    let Some(done) = done else {
        let mut said = LeadWhyNot::of(why, |_| None);
        if said.why == WhyNot::NotRead.word() && !list.state.is_over() {
            said.because.push_str(" Its list is still being imported.");
        }
        return Ok(said);
    };
    let subject = DecisionSubject {
        campaign: Some(campaign.to_string()),
        lead: Some(lead.to_string()),
        ..DecisionSubject::default()
    };
    let filter = DecisionFilter {
        account: account.to_owned(),
        subject,
        allowed: Some(false),
        limit: MAX_LIMIT,
        ..DecisionFilter::default()
    };
    let denials = if done == Done::Denied { database.decisions(&filter).await.map_err(away)?.0 } else { Vec::new() };
    let tried = row.iter().flat_map(|row| &row.tries.by_number);
    let numbers = tried.map(|known| LeadNumberWhy::of_done(known, &denials));
    let numbers: Vec<LeadNumberWhy> = numbers.collect();
    let disposition = row.as_ref().and_then(|row| row.disposition.clone());
    let mut said = LeadWhyNot { disposition, numbers, ..LeadWhyNot::of(WhyNot::Done(done), |_| None) };
    if said.numbers.iter().any(|number| number.rule.as_deref() == Some(Rule::Consent.word())) {
        said.because.push_str(" Once a consent is written down, a campaign that is not over tries it again.");
    }
    Ok(said)
}

impl LeadWhyNot {
    fn of(why: WhyNot, extension: impl Fn(AgentId) -> Option<String>) -> Self {
        let said = Self { why: why.word(), because: says(&why), ..Self::default() };
        match why {
            WhyNot::InFlight(attempt) => Self { attempt_id: Some(attempt.to_string()), ..said },
            WhyNot::Elsewhere(campaign, attempt) => {
                Self { attempt_id: Some(attempt.to_string()), campaign_id: Some(campaign.to_string()), ..said }
            }
            WhyNot::Status(status) => Self { status: Some(status.word()), ..said },
            WhyNot::Schedule(until) => Self { until: until.map(rfc3339), ..said },
            WhyNot::Retry { at } => Self { until: Some(rfc3339(at)), ..said },
            WhyNot::Callback { at, agent, .. } => {
                Self { until: Some(rfc3339(at)), agent: agent.and_then(extension), ..said }
            }
            WhyNot::Denied { rule, again_at, .. } => {
                Self { rule: Some(rule.word()), until: again_at.map(rfc3339), ..said }
            }
            WhyNot::NumberCalled { again_at, .. } => Self { until: again_at.map(rfc3339), ..said },
            WhyNot::NumberRests { until, .. } | WhyNot::Disposing { until } => {
                Self { until: Some(rfc3339(until)), ..said }
            }
            WhyNot::Next { ahead, hold } => Self { ahead: Some(ahead), hold: hold.map(Hold::word), ..said },
            WhyNot::Shown(agent) => Self { agent: agent.and_then(extension), ..said },
            WhyNot::Done(done) => Self { done_because: Some(done.word().to_owned()), ..said },
            WhyNot::NoneLeft | WhyNot::NotRead | WhyNot::Reading => said,
        }
    }

    fn of_other(list: &LeadList) -> Self {
        let because = format!("It is of the list `{}`, which is none of the campaign's.", list.name);
        Self { why: "other_list", because, ..Self::default() }
    }
}

impl LeadNumberWhy {
    /// A number of a lead that is done, with the last denial of it.
    fn of_done(known: &LeadNumberTries, denials: &[Decision]) -> Self {
        let denial = denials.iter().find(|denial| denial.number == known.number);
        Self {
            number: known.number.clone(),
            why: denial.map(|_| "denied"),
            rule: denial.and_then(|denial| denial.rule.clone()),
            because: denial.and_then(|denial| denial.because.clone()),
            until: None,
            last_outcome: known.last.as_ref().map(|(outcome, _)| outcome.clone()),
            last_at: known.last.as_ref().map(|(_, at)| rfc3339(*at)),
        }
    }
}

impl From<NumberWhy> for LeadNumberWhy {
    fn from(known: NumberWhy) -> Self {
        let until = |why: &Keeps| -> Option<WallTime> {
            if let Keeps::Waits(until) | Keeps::Rests(until) = why { Some(*until) } else { None }
        };
        let said = Self {
            number: known.number,
            why: known.why.as_ref().map(Keeps::word),
            rule: None,
            because: None,
            until: known.why.as_ref().and_then(until).map(rfc3339),
            last_outcome: known.last.map(|(outcome, _)| outcome.word().to_owned()),
            last_at: known.last.map(|(_, at)| rfc3339(at)),
        };
        match known.why {
            Some(Keeps::Denied(rule, because)) => {
                Self { rule: Some(rule.word().to_owned()), because: Some(because), ..said }
            }
            _ => said,
        }
    }
}

/// Why, in a sentence.
fn says(why: &WhyNot) -> String {
    match why {
        WhyNot::Denied { because, .. } => return because.clone(),
        WhyNot::NumberCalled { number, .. } => return format!("{number} is being called for another lead."),
        WhyNot::NumberRests { number, .. } => return format!("{number} was called of late for another lead."),
        WhyNot::Next { hold: Some(hold), .. } => return hold.says().to_owned(),
        _ => {}
    }
    let text = match why {
        WhyNot::InFlight(_) => "It is being called.",
        WhyNot::Elsewhere(..) => "Another campaign calls it.",
        WhyNot::Status(status) => of_status(*status),
        WhyNot::Schedule(_) => "The campaign's schedule is closed.",
        WhyNot::Retry { .. } => "It waits for its next try.",
        WhyNot::Callback { is_due: false, .. } => "It waits for its callback.",
        WhyNot::Callback { .. } => "Its callback is due, and the agent whose own it is is not ready.",
        WhyNot::NoneLeft => "No number is left that may be tried again.",
        WhyNot::Next { ahead: 0, .. } => "It is its turn.",
        WhyNot::Next { .. } => "Leads of its list come before it.",
        WhyNot::Shown(_) => "It is shown to an agent.",
        WhyNot::Disposing { .. } => "An agent has not said yet what came of the conversation.",
        WhyNot::Done(done) => of_done(*done),
        WhyNot::NotRead => "It has not been read from its list: those before it come first.",
        WhyNot::Reading => "What was tried before the start is being read.",
        WhyNot::Denied { .. } | WhyNot::NumberCalled { .. } | WhyNot::NumberRests { .. } => "",
    };
    text.to_owned()
}

const fn of_status(status: Status) -> &'static str {
    match status {
        Status::Pending => "The campaign is not approved.",
        Status::Approved => "The campaign is not started.",
        Status::Paused => "The campaign is paused.",
        Status::Completed => "The campaign is completed.",
        Status::Rejected => "The campaign was rejected.",
        Status::Cancelled => "The campaign was called off.",
        Status::Processing | Status::Running => "The campaign's first leads are being read.",
    }
}

const fn of_done(done: Done) -> &'static str {
    match done {
        Done::Outcome => "It is done: whoever was called was reached, or no number of it is good.",
        Done::Exhausted => "It was tried as often as it may be.",
        Done::Denied => "The gate lets none of its numbers pass, and waiting does not help.",
        Done::Disposition => "An agent said that it is done.",
        Done::NoNumber => "It has no number.",
    }
}
