//! What the dial gate said of each attempt: `compliance_decisions`. Rows are only added.

use clock::{CallId, WallTime};
use journal_core::{DialDecision, DialEvidence, DialOccasion, Position};

use crate::columns;
use crate::database::{Bind, Database, DatabaseUnavailable, Failure, Row, Transaction, Value, sql};
use crate::filter::MAX_LIMIT;
use crate::naming::Naming;

/// A verdict of the dial gate, with what it went by.
#[derive(Clone, Debug, PartialEq)]
pub struct Decision {
    /// Its id: in the order of time.
    pub id: DecisionId,
    /// The account it belongs to.
    pub account: String,
    /// When it was judged.
    pub at: WallTime,
    /// The number, E.164.
    pub number: String,
    /// What it was to be dialed for: `click_to_call`, `callback_asked`, `callback_dialed`, `campaign`.
    pub occasion: String,
    /// Nothing speaks against it.
    pub allowed: bool,
    /// The rule that denies it.
    pub rule: Option<String>,
    /// Its clause, where it is one of a rule set.
    pub clause: Option<String>,
    /// Why, in words.
    pub because: Option<String>,
    /// The rule set and its version.
    pub rule_set: Option<String>,
    /// Name of the queue that serves it.
    pub queue: Option<String>,
    /// Extension of the agent who dials, or whose own it is.
    pub agent: Option<String>,
    /// The call in which it is dialed, or by which it is asked for.
    pub call_id: Option<CallId>,
    /// The callback, campaign, lead and attempt, as the API writes their ids.
    pub subject: DecisionSubject,
    /// What was known.
    pub evidence: DialEvidence,
}

/// What else a decision is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DecisionSubject {
    /// The callback.
    pub callback: Option<String>,
    /// The campaign.
    pub campaign: Option<String>,
    /// The lead.
    pub lead: Option<String>,
    /// The attempt.
    pub attempt: Option<String>,
}

/// Time in microseconds, node and number of its entry in the journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DecisionId(pub u128);

/// What a list of decisions is asked for. An empty list of values means any.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DecisionFilter {
    /// The account whose they are.
    pub account: String,
    /// Of this number.
    pub number: Option<String>,
    /// Allowed, or denied.
    pub allowed: Option<bool>,
    /// For any of these occasions.
    pub occasion: Vec<String>,
    /// Denied by any of these rules.
    pub rule: Vec<String>,
    /// Denied by any of these clauses.
    pub clause: Vec<String>,
    /// Of any of these agents.
    pub agent: Vec<String>,
    /// Of any of these queues.
    pub queue: Vec<String>,
    /// Of this call.
    pub call: Option<CallId>,
    /// Of this callback, campaign, lead and attempt.
    pub subject: DecisionSubject,
    /// Then or later.
    pub at_gte: Option<WallTime>,
    /// Before.
    pub at_lt: Option<WallTime>,
    /// Older than this one.
    pub before: Option<DecisionId>,
    /// How many, 1 to [`MAX_LIMIT`].
    pub limit: usize,
}

impl DecisionId {
    fn of(at: WallTime, position: Position) -> Self {
        let micros = u128::from(u64::try_from(at.as_micros()).unwrap_or_default());
        let place = u64::from(position.node) << 48 | position.sequence & ((1 << 48) - 1);
        Self(micros << 64 | u128::from(place))
    }
}

impl std::fmt::Display for DecisionId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "decision_{:032x}", self.0)
    }
}

/// The text is not `decision_` and 32 lower-case hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected `decision_` and 32 hexadecimal digits")]
pub struct BadDecisionId;

impl std::str::FromStr for DecisionId {
    type Err = BadDecisionId;

    fn from_str(text: &str) -> Result<Self, BadDecisionId> {
        let digits = text.strip_prefix("decision_").ok_or(BadDecisionId)?;
        let well_formed = digits.len() == 32 && digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        let id = u128::from_str_radix(digits, 16).ok().filter(|_| well_formed);
        id.map(Self).ok_or(BadDecisionId)
    }
}

impl Decision {
    /// The row of an entry.
    #[must_use]
    pub fn of(decision: &DialDecision, position: Position, naming: &Naming) -> Self {
        let DialDecision { at, number, occasion, denial, evidence } = decision;
        let (queue, agent) = (occasion.queue(), occasion.agent());
        let denial = denial.as_ref();
        Self {
            id: DecisionId::of(*at, position),
            account: naming.account_of_callback(queue, agent),
            at: *at,
            number: number.clone(),
            occasion: occasion.word().to_owned(),
            allowed: denial.is_none(),
            rule: denial.map(|denial| denial.rule.clone()),
            clause: denial.and_then(|denial| denial.clause.clone()),
            because: denial.map(|denial| denial.because.clone()),
            rule_set: evidence.rule_set.clone(),
            queue: queue.map(|id| naming.queue(id)),
            agent: agent.map(|id| naming.agent(id)),
            call_id: occasion.call(),
            subject: subject(occasion),
            evidence: evidence.clone(),
        }
    }
}

impl Database {
    /// A page of decisions, newest first, and whether more follow.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn decisions(&self, filter: &DecisionFilter) -> Result<(Vec<Decision>, bool), DatabaseUnavailable> {
        let mut query = sql(SELECT);
        query.push(" WHERE account = ").push_bind(filter.account.as_str());
        let subject = &filter.subject;
        for (column, value) in [
            (" AND number = ", &filter.number),
            (" AND callback = ", &subject.callback),
            (" AND campaign = ", &subject.campaign),
            (" AND lead = ", &subject.lead),
            (" AND attempt = ", &subject.attempt),
        ] {
            if let Some(value) = value {
                query.push(column).push_bind(value.as_str());
            }
        }
        for (column, values) in [
            (" AND occasion IN ", &filter.occasion),
            (" AND rule IN ", &filter.rule),
            (" AND clause IN ", &filter.clause),
            (" AND agent IN ", &filter.agent),
            (" AND queue IN ", &filter.queue),
        ] {
            if !values.is_empty() {
                query.push(column).push_list(values.iter().map(String::as_str));
            }
        }
        if let Some(allowed) = filter.allowed {
            query.push(" AND allowed = ").push_bind(allowed);
        }
        if let Some(call) = filter.call {
            query.push(" AND call_id = ").push_bind(call);
        }
        if let Some(at) = filter.at_gte {
            query.push(" AND at >= ").push_bind(at);
        }
        if let Some(at) = filter.at_lt {
            query.push(" AND at < ").push_bind(at);
        }
        if let Some(before) = filter.before {
            query.push(" AND id < ").push_bind(before.0.to_be_bytes());
        }
        let limit = filter.limit.clamp(1, MAX_LIMIT);
        query.push(" ORDER BY id DESC LIMIT ").push_bind(limit as u64 + 1);
        let mut page = self.rows(query).await?.iter().map(decision).collect::<Result<Vec<_>, _>>()?;
        let more = page.len() > limit;
        page.truncate(limit);
        Ok((page, more))
    }
}

/// Writes decisions, each once.
pub(crate) async fn write(to: &mut Transaction, decisions: &[&Decision]) -> Result<(), Failure> {
    to.insert(INSERT, decisions.iter().map(|decision| row(decision)).collect(), " ON CONFLICT (id) DO NOTHING").await
}

fn subject(occasion: &DialOccasion) -> DecisionSubject {
    match occasion {
        DialOccasion::ClickToCall { .. } | DialOccasion::CallbackAsked { .. } => DecisionSubject::default(),
        DialOccasion::CallbackDialed { callback, .. } => {
            DecisionSubject { callback: Some(callback.to_string()), ..DecisionSubject::default() }
        }
        DialOccasion::Campaign { campaign, lead, attempt, .. } => DecisionSubject {
            callback: None,
            campaign: Some(campaign.to_string()),
            lead: Some(lead.to_string()),
            attempt: attempt.map(|attempt| attempt.to_string()),
        },
    }
}

/// In the order of `INSERT`.
fn row(decision: &Decision) -> Vec<Value> {
    let DecisionSubject { callback, campaign, lead, attempt } = &decision.subject;
    vec![
        decision.id.0.to_be_bytes().value(),
        decision.account.as_str().value(),
        decision.at.value(),
        decision.number.as_str().value(),
        decision.occasion.as_str().value(),
        decision.allowed.value(),
        decision.rule.as_deref().value(),
        decision.clause.as_deref().value(),
        decision.because.as_deref().value(),
        decision.rule_set.as_deref().value(),
        decision.queue.as_deref().value(),
        decision.agent.as_deref().value(),
        decision.call_id.value(),
        callback.as_deref().value(),
        campaign.as_deref().value(),
        lead.as_deref().value(),
        attempt.as_deref().value(),
        serde_json::to_string(&decision.evidence).unwrap_or_default().value(),
    ]
}

fn decision(row: &Row) -> Result<Decision, sqlx::Error> {
    let evidence: String = row.try_get(17)?;
    Ok(Decision {
        id: DecisionId(columns::call_id(row, 0)?.0),
        account: row.try_get(1)?,
        at: columns::time(row, 2)?,
        number: row.try_get(3)?,
        occasion: row.try_get(4)?,
        allowed: row.try_get(5)?,
        rule: row.try_get(6)?,
        clause: row.try_get(7)?,
        because: row.try_get(8)?,
        rule_set: row.try_get(9)?,
        queue: row.try_get(10)?,
        agent: row.try_get(11)?,
        call_id: columns::optional_call_id(row, 12)?,
        subject: DecisionSubject {
            callback: row.try_get(13)?,
            campaign: row.try_get(14)?,
            lead: row.try_get(15)?,
            attempt: row.try_get(16)?,
        },
        evidence: serde_json::from_str(&evidence).map_err(|error| sqlx::Error::Decode(error.into()))?,
    })
}

const SELECT: &str = "SELECT id, account, at, number, occasion, allowed, rule, clause, because, rule_set, queue, agent, \
                      call_id, callback, campaign, lead, attempt, evidence FROM compliance_decisions";
const INSERT: &str = "INSERT INTO compliance_decisions (id, account, at, number, occasion, allowed, rule, clause, \
                      because, rule_set, queue, agent, call_id, callback, campaign, lead, attempt, evidence) VALUES";
