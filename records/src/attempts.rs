//! Attempts of campaigns: with every time stamp, who answered, how it ended; and what they tell of a number.

use std::collections::BTreeMap;

use clock::{AttemptId, CallId, CampaignId, LeadId, ListId, WallTime};
use journal_core::{AnswerEntry, AttemptEntry, AttemptTimes, FormAnswers};
use serde_json::Value;

use crate::columns;
use crate::database::{Database, DatabaseUnavailable, Failure, Row, Transaction, sql};
use crate::filter::MAX_LIMIT;
use crate::naming::Naming;

/// An attempt of a campaign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// Its id.
    pub id: AttemptId,
    /// Account of its campaign.
    pub account: String,
    /// Its campaign.
    pub campaign: CampaignId,
    /// Its lead and the lead's list; none: an agent dialed a number that is on no list.
    pub lead: Option<(LeadId, ListId)>,
    /// The number, E.164.
    pub number: String,
    /// What the called phone showed.
    pub caller_id: Option<String>,
    /// Extension of the agent who waited for this very call.
    pub waits: Option<String>,
    /// Its call.
    pub call: Option<CallId>,
    /// Extension of the agent who talked with it.
    pub agent: Option<String>,
    /// When everything happened.
    pub times: AttemptTimes,
    /// How long it had waited for the agent, ms.
    pub waited_ms: Option<u64>,
    /// Word of what the line told before the answer.
    pub early: Option<String>,
    /// Word of who answered, how sure that is in percent, and why.
    pub detected: Option<(String, u64, String)>,
    /// How it ended: word of the class, stable word of the cause, Q.850 cause, SIP status.
    pub ending: Option<(String, String, u64, Option<u64>)>,
    /// Word of what came of it; none: it has not ended.
    pub outcome: Option<String>,
    /// What its agent said came of it: code, and whether that is a success.
    pub disposition: Option<(String, bool)>,
    /// What was answered to the campaign's form: a JSON object.
    pub answers: Option<String>,
}

/// What a list of attempts is asked for; newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AttemptFilter {
    /// The account whose they are.
    pub account: String,
    /// Of this campaign.
    pub campaign: CampaignId,
    /// Of this lead.
    pub lead: Option<LeadId>,
    /// With any of these outcomes; empty: with any, or none yet.
    pub outcome: Vec<String>,
    /// Go on behind this one.
    pub after: Option<AttemptId>,
    /// How many, 1 to [`MAX_LIMIT`].
    pub limit: usize,
}

/// What attempts tell of a number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NumberHistory {
    /// Attempts ever.
    pub total: u32,
    /// When those since the asked moment began.
    pub recent: Vec<WallTime>,
    /// When a person was last left without an agent.
    pub abandoned_at: Option<WallTime>,
    /// When a machine was last found.
    pub machine_at: Option<WallTime>,
}

impl Attempt {
    /// The row of an entry.
    #[must_use]
    pub fn of(entry: &AttemptEntry, naming: &Naming) -> Self {
        Self {
            id: entry.attempt,
            account: naming.home.clone(),
            campaign: entry.campaign,
            lead: (entry.lead != LeadId::default()).then_some((entry.lead, entry.list)),
            number: entry.number.clone(),
            caller_id: entry.caller_id.clone(),
            waits: entry.waits.map(|agent| naming.agent(agent)),
            call: entry.call,
            agent: entry.agent.map(|agent| naming.agent(agent)),
            times: entry.times,
            waited_ms: entry.waited_ms.map(u64::from),
            early: entry.early.clone(),
            detected: entry.detected.as_ref().map(|(word, sure, why)| (word.clone(), u64::from(*sure), why.clone())),
            ending: entry
                .ending
                .as_ref()
                .map(|(class, code, q850, sip)| (class.clone(), code.clone(), u64::from(*q850), sip.map(u64::from))),
            outcome: entry.outcome.clone(),
            disposition: None,
            answers: None,
        }
    }
}

impl Database {
    /// A page of attempts, newest first; true: there are more.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn attempts(&self, filter: &AttemptFilter) -> Result<(Vec<Attempt>, bool), DatabaseUnavailable> {
        let mut query = sql(SELECT);
        query.push(" WHERE a.account = ").push_bind(filter.account.as_str());
        query.push(" AND a.campaign_id = ").push_bind(filter.campaign.to_bytes());
        if let Some(lead) = filter.lead {
            query.push(" AND a.lead_id = ").push_bind(lead.to_bytes());
        }
        if !filter.outcome.is_empty() {
            query.push(" AND a.outcome IN ").push_list(filter.outcome.iter().map(String::as_str));
        }
        if let Some(after) = filter.after {
            query.push(" AND a.id < ").push_bind(after.to_bytes());
        }
        let limit = filter.limit.clamp(1, MAX_LIMIT);
        query.push(" ORDER BY a.id DESC LIMIT ").push_bind(limit as u64 + 1);
        let rows = self.rows(query).await?;
        let mut page = rows.iter().map(attempt).collect::<Result<Vec<_>, _>>()?;
        let more = page.len() > limit;
        page.truncate(limit);
        Ok((page, more))
    }

    /// What is known of numbers, by their digits: of one that is not in it no attempt is. Recent are those since `since`.
    /// Attempts that never rang count for nobody.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn number_histories(
        &self,
        account: &str,
        digits: &[u64],
        since: WallTime,
    ) -> Result<BTreeMap<u64, NumberHistory>, DatabaseUnavailable> {
        let mut known: BTreeMap<u64, NumberHistory> = BTreeMap::new();
        if digits.is_empty() {
            return Ok(known);
        }
        let mut query = sql(
            "SELECT number, COUNT(*), MAX(CASE WHEN outcome = 'abandoned' THEN COALESCE(abandoned_at, ended_at) END), \
             MAX(CASE WHEN outcome IN ('machine', 'machine_message') THEN COALESCE(detected_at, ended_at) END) \
             FROM attempts WHERE account = ",
        );
        query.push_bind(account).push(" AND number IN ").push_list(digits.iter().copied());
        query.push(RANG).push(" GROUP BY number");
        for row in self.rows(query).await? {
            let total = u32::try_from(columns::optional_count(&row, 1)?.unwrap_or(0)).unwrap_or(u32::MAX);
            let (abandoned_at, machine_at) = (columns::optional_time(&row, 2)?, columns::optional_time(&row, 3)?);
            let history = NumberHistory { total, recent: Vec::new(), abandoned_at, machine_at };
            known.insert(columns::optional_count(&row, 0)?.unwrap_or(0), history);
        }
        let mut query = sql("SELECT number, ordered_at FROM attempts WHERE account = ");
        query.push_bind(account).push(" AND number IN ").push_list(digits.iter().copied());
        query.push(" AND ordered_at >= ").push_bind(since).push(RANG).push(" ORDER BY ordered_at");
        for row in self.rows(query).await? {
            let number = columns::optional_count(&row, 0)?.unwrap_or(0);
            known.entry(number).or_default().recent.push(columns::time(&row, 1)?);
        }
        Ok(known)
    }
}

/// Somebody may have been bothered by it: as the dialer's `Attempt::never_rang` has it.
const RANG: &str = " AND (COALESCE(outcome, '') NOT IN ('not_dialed', 'failed') OR rang_at IS NOT NULL \
                    OR answered_at IS NOT NULL OR code = 'silent')";

/// Writes an attempt as it is now.
pub(crate) async fn write(to: &mut Transaction, attempt: &Attempt) -> Result<(), Failure> {
    to.execute(sql("DELETE FROM attempts WHERE id = $1").bind(attempt.id.to_bytes())).await?;
    let insert = "INSERT INTO attempts (id, account, campaign_id, lead_id, list_id, number, caller_id, waits, call_id, \
                  agent, ordered_at, rang_at, answered_at, detected_at, greeting_ended_at, connected_at, abandoned_at, \
                  played_at, ended_at, waited_ms, early, detected, confidence, detected_why, class, code, q850, sip, \
                  outcome) \
                  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, \
                  $21, $22, $23, $24, $25, $26, $27, $28, $29)";
    let (times, digits) = (attempt.times, digits(&attempt.number));
    let (heard, sure, why) = attempt
        .detected
        .as_ref()
        .map_or((None, None, None), |(heard, sure, why)| (Some(heard.as_str()), Some(*sure), Some(why.as_str())));
    let (class, code, q850, sip) =
        attempt.ending.as_ref().map_or((None, None, None, None), |(class, code, q850, sip)| {
            (Some(class.as_str()), Some(code.as_str()), Some(*q850), *sip)
        });
    let insert = sql(insert)
        .bind(attempt.id.to_bytes())
        .bind(attempt.account.as_str())
        .bind(attempt.campaign.to_bytes())
        .bind(attempt.lead.map(|(lead, _)| CallId(lead.0)))
        .bind(attempt.lead.map(|(_, list)| CallId(list.0)))
        .bind(digits)
        .bind(attempt.caller_id.as_deref())
        .bind(attempt.waits.as_deref())
        .bind(attempt.call)
        .bind(attempt.agent.as_deref())
        .bind(times.ordered_at)
        .bind(times.rang_at)
        .bind(times.answered_at)
        .bind(times.detected_at)
        .bind(times.greeting_ended_at)
        .bind(times.connected_at)
        .bind(times.abandoned_at)
        .bind(times.played_at)
        .bind(times.ended_at)
        .bind(attempt.waited_ms)
        .bind(attempt.early.as_deref())
        .bind(heard)
        .bind(sure)
        .bind(why)
        .bind(class)
        .bind(code)
        .bind(q850)
        .bind(sip)
        .bind(attempt.outcome.as_deref());
    to.execute(insert).await?;
    Ok(())
}

/// Writes what was answered to a campaign's form, in place of what was before.
pub(crate) async fn write_answers(
    to: &mut Transaction,
    account: &str,
    agent: &str,
    given: &FormAnswers,
) -> Result<(), Failure> {
    to.execute(sql("DELETE FROM attempt_answers WHERE attempt_id = $1").bind(given.attempt.to_bytes())).await?;
    let answers: serde_json::Map<String, Value> =
        given.answers.iter().map(|(name, answer)| (name.clone(), json_of(answer))).collect();
    let insert = "INSERT INTO attempt_answers (attempt_id, account, campaign_id, agent, answers, given_by, given_at) \
                  VALUES ($1, $2, $3, $4, $5, $6, $7)";
    let insert = sql(insert)
        .bind(given.attempt.to_bytes())
        .bind(account)
        .bind(given.campaign.to_bytes())
        .bind(agent)
        .bind(Value::Object(answers).to_string().as_str())
        .bind(given.by.as_str())
        .bind(given.at);
    to.execute(insert).await?;
    Ok(())
}

/// A whole number as one, any other with its digits.
fn json_of(answer: &AnswerEntry) -> Value {
    match answer {
        AnswerEntry::Text(text) => Value::from(text.as_str()),
        AnswerEntry::Number(millionths) if millionths % MILLION == 0 => Value::from(millionths / MILLION),
        AnswerEntry::Number(millionths) => Value::from(*millionths as f64 / MILLION as f64),
    }
}

/// The digits of a number in E.164; 0 of what is none.
pub(crate) fn digits(number: &str) -> u64 {
    number.strip_prefix('+').and_then(|digits| digits.parse().ok()).unwrap_or(0)
}

fn attempt(row: &Row) -> Result<Attempt, sqlx::Error> {
    let id = |column| Ok::<_, sqlx::Error>(columns::optional_call_id(row, column)?.map(|id| id.0));
    let text = |column| row.try_get::<Option<String>>(column);
    let at = |column| columns::optional_time(row, column);
    let count = |column| columns::optional_count(row, column);
    let lead = id(3)?.zip(id(4)?).map(|(lead, list)| (LeadId(lead), ListId(list)));
    let detected =
        text(21)?.map(|heard| Ok::<_, sqlx::Error>((heard, count(22)?.unwrap_or(0), text(23)?.unwrap_or_default())));
    let ending = text(24)?
        .map(|class| Ok::<_, sqlx::Error>((class, text(25)?.unwrap_or_default(), count(26)?.unwrap_or(0), count(27)?)));
    Ok(Attempt {
        id: AttemptId(columns::call_id(row, 0)?.0),
        account: row.try_get(1)?,
        campaign: CampaignId(columns::call_id(row, 2)?.0),
        lead,
        number: format!("+{}", count(5)?.unwrap_or(0)),
        caller_id: text(6)?,
        waits: text(7)?,
        call: columns::optional_call_id(row, 8)?,
        agent: text(9)?,
        times: AttemptTimes {
            ordered_at: columns::time(row, 10)?,
            rang_at: at(11)?,
            answered_at: at(12)?,
            detected_at: at(13)?,
            greeting_ended_at: at(14)?,
            connected_at: at(15)?,
            abandoned_at: at(16)?,
            played_at: at(17)?,
            ended_at: at(18)?,
        },
        waited_ms: count(19)?,
        early: text(20)?,
        detected: detected.transpose()?,
        ending: ending.transpose()?,
        outcome: text(28)?,
        disposition: text(29)?.map(|code| Ok::<_, sqlx::Error>((code, row.try_get::<bool>(30)?))).transpose()?,
        answers: text(31)?,
    })
}

const SELECT: &str = "SELECT a.id, a.account, a.campaign_id, a.lead_id, a.list_id, a.number, a.caller_id, a.waits, \
                      a.call_id, a.agent, a.ordered_at, a.rang_at, a.answered_at, a.detected_at, a.greeting_ended_at, \
                      a.connected_at, a.abandoned_at, a.played_at, a.ended_at, a.waited_ms, a.early, a.detected, \
                      a.confidence, a.detected_why, a.class, a.code, a.q850, a.sip, a.outcome, d.code, d.is_success, \
                      f.answers FROM attempts a \
                      LEFT JOIN call_dispositions d ON d.call_id = a.call_id AND d.agent = COALESCE(a.agent, a.waits) \
                      LEFT JOIN attempt_answers f ON f.attempt_id = a.id";
const MILLION: i64 = 1_000_000;
