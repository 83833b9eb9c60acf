//! Writes lost calls and follow-ups, and says anew how the lost calls of their numbers stand.

use std::collections::BTreeMap;

use clock::{CallId, WallTime};
use journal_core::{CallStatus, Recovers};

use super::{FollowUp, LostCall, LostState, Rules};
use crate::columns;
use crate::database::{Bind, Database, DatabaseUnavailable, Failure, Row, Statement, Transaction, Value, sql};
use crate::words::Word;

/// An account and a customer's number.
type Party = (String, String);

/// Writes lost calls and follow-ups that are not there yet.
pub(crate) async fn write(to: &mut Transaction, lost: &[&LostCall], made: &[&FollowUp]) -> Result<(), Failure> {
    to.insert(INSERT_LOST, lost.iter().map(|call| lost_row(call)).collect(), " ON CONFLICT (call_id) DO NOTHING")
        .await?;
    let made = once_each(made);
    to.insert(INSERT_FOLLOW_UPS, made.iter().map(follow_up_row).collect(), ON_ANSWERED).await?;
    let mut since: BTreeMap<Party, WallTime> = BTreeMap::new();
    let followed = made.iter().map(|made| (&made.account, &made.number, made.at));
    for (party, at) in with_lost_calls(to, followed.collect()).await? {
        since.entry(party).and_modify(|first| *first = at.min(*first)).or_insert(at);
    }
    let ended = lost.iter().map(|call| (&call.account, &call.number, call.ended_at));
    for (party, at) in with_follow_ups(to, ended.collect()).await? {
        since.entry(party).and_modify(|first| *first = at.min(*first)).or_insert(at);
    }
    for ((account, number), at) in since {
        resolve(to, &account, &number, at).await?;
    }
    Ok(())
}

/// The call of a caller who was promised a callback that ended before anybody dialed him: a lost one from now. Its row is
/// there, as a callback that is asked for on the line ends after that call.
pub(crate) async fn break_promise(to: &mut Transaction, call: CallId, number: &str) -> Result<(), Failure> {
    let select = "SELECT account, queue, agent, ended_at FROM calls \
                  WHERE id = $1 AND outcome = 'callback' AND ended_at IS NOT NULL AND NOT is_lost";
    let Some(row) = to.rows(sql(select).bind(call)).await?.into_iter().next() else { return Ok(()) };
    let lost = LostCall {
        id: call,
        account: row.try_get(0)?,
        number: number.to_owned(),
        queue: row.try_get(1)?,
        agent: row.try_get(2)?,
        status: CallStatus::NoAnswer,
        ended_at: columns::time(&row, 3)?,
        state: LostState::default(),
    };
    to.execute(sql("UPDATE calls SET is_lost = TRUE WHERE id = $1").bind(call)).await?;
    write(to, &[&lost], &[]).await
}

/// Notes that a lost call was told as overdue.
pub(crate) async fn overdue(to: &mut Transaction, call: CallId, at: WallTime) -> Result<(), Failure> {
    let note = "UPDATE lost_calls SET overdue_at = $1 WHERE call_id = $2 AND overdue_at IS NULL";
    to.execute(sql(note).bind(at).bind(call)).await.map(drop)
}

/// Notes that it was told that a lost call was won back.
pub(crate) async fn recovery_told(to: &mut Transaction, call: CallId, at: WallTime) -> Result<(), Failure> {
    let note = "UPDATE lost_calls SET recovery_told_at = $1 WHERE call_id = $2 AND recovery_told_at IS NULL";
    to.execute(sql(note).bind(at).bind(call)).await.map(drop)
}

/// The rules in force from here on.
pub(crate) async fn store_rules(to: &mut Transaction, rules: Rules) -> Result<(), Failure> {
    let upsert = "INSERT INTO lost_call_rules (id, recovers, only_answered, outbound_auto, window_s) \
                  VALUES (1, $1, $2, $3, $4) ON CONFLICT (id) DO UPDATE SET recovers = excluded.recovers, \
                  only_answered = excluded.only_answered, outbound_auto = excluded.outbound_auto, \
                  window_s = excluded.window_s";
    let upsert = sql(upsert).bind(rules.recovers.word()).bind(rules.only_answered).bind(rules.outbound_auto);
    to.execute(upsert.bind(rules.window_s)).await.map(drop)
}

/// The rules in force at the last entry whose rows are in the database.
pub(crate) async fn rules(database: &Database) -> Result<Rules, DatabaseUnavailable> {
    let select = "SELECT recovers, only_answered, outbound_auto, window_s FROM lost_call_rules WHERE id = 1";
    let Some(row) = database.row(sql(select)).await? else { return Ok(Rules::default()) };
    Ok(Rules {
        recovers: columns::word(&row, 0)?,
        only_answered: row.try_get(1)?,
        outbound_auto: row.try_get(2)?,
        window_s: u32::try_from(row.try_get::<i64>(3)?).unwrap_or(u32::MAX),
    })
}

/// The first of each call has its rules, the last says whether it was answered.
fn once_each(made: &[&FollowUp]) -> Vec<FollowUp> {
    let mut by_call: BTreeMap<CallId, FollowUp> = BTreeMap::new();
    for made in made {
        let known = by_call.entry(made.call).or_insert_with(|| FollowUp::clone(made));
        known.answered |= made.answered;
    }
    by_call.into_values().collect()
}

/// Those of the numbers that have lost calls which these follow-ups may win back, each with the first of them.
async fn with_lost_calls(
    on: &mut Transaction,
    followed: Vec<(&String, &String, WallTime)>,
) -> Result<Vec<(Party, WallTime)>, Failure> {
    let Some(first) = followed.iter().map(|(.., at)| *at).min() else { return Ok(Vec::new()) };
    let mut query =
        sql("SELECT DISTINCT account, number FROM lost_calls WHERE (resolved_at IS NULL OR resolved_at >= ");
    query.push_bind(first).push(") AND number IN ");
    chosen(on, query, followed).await
}

/// Those of the numbers that have follow-ups after these lost calls, each with the first of them.
async fn with_follow_ups(
    on: &mut Transaction,
    ended: Vec<(&String, &String, WallTime)>,
) -> Result<Vec<(Party, WallTime)>, Failure> {
    let Some(first) = ended.iter().map(|(.., at)| *at).min() else { return Ok(Vec::new()) };
    let mut query = sql("SELECT DISTINCT account, number FROM follow_ups WHERE at >= ");
    query.push_bind(first).push(" AND number IN ");
    chosen(on, query, ended).await
}

async fn chosen(
    on: &mut Transaction,
    mut query: Statement,
    asked: Vec<(&String, &String, WallTime)>,
) -> Result<Vec<(Party, WallTime)>, Failure> {
    let mut first: BTreeMap<Party, WallTime> = BTreeMap::new();
    for (account, number, at) in asked {
        let known = first.entry((account.clone(), columns::indexed(number).to_owned())).or_insert(at);
        *known = at.min(*known);
    }
    query.push_list(first.keys().map(|(_, number)| number.as_str()));
    let found = on.rows(query).await?;
    let party = |row: &Row| Ok::<_, sqlx::Error>((row.try_get::<String>(0)?, row.try_get::<String>(1)?));
    let found = found.iter().map(party).collect::<Result<Vec<_>, _>>()?;
    Ok(found.into_iter().filter_map(|party| first.remove_entry(&party)).collect())
}

/// Forgets what won back the lost calls of a number from `since` on, and lets the follow-ups from then on do it again.
async fn resolve(to: &mut Transaction, account: &str, number: &str, since: WallTime) -> Result<(), Failure> {
    let reopen = "UPDATE lost_calls SET resolved_at = NULL, resolved_by = NULL, self_resolved = FALSE \
                  WHERE account = $1 AND number = $2 AND resolved_at >= $3";
    to.execute(sql(reopen).bind(account).bind(number).bind(since)).await?;
    let select = "SELECT call_id, outbound, at, recovers, window_us FROM follow_ups \
                  WHERE account = $1 AND number = $2 AND at >= $3 AND (counts OR (answered AND counts_answered)) \
                  ORDER BY at, call_id";
    for row in to.rows(sql(select).bind(account).bind(number).bind(since)).await? {
        let (call, at) = (columns::call_id(&row, 0)?, columns::time(&row, 2)?);
        let outbound: bool = row.try_get(1)?;
        let recovers = if outbound { columns::word(&row, 3)? } else { Recovers::All };
        let window_us: i64 = row.try_get(4)?;
        let earliest = if window_us == 0 { i64::MIN } else { at.as_micros().saturating_sub(window_us) };
        let mut win = sql("UPDATE lost_calls SET resolved_at = ");
        win.push_bind(at).push(", resolved_by = ").push_bind(call).push(", self_resolved = ").push_bind(!outbound);
        win.push(" WHERE account = ").push_bind(account).push(" AND number = ").push_bind(number);
        win.push(" AND resolved_at IS NULL AND ended_at <= ").push_bind(at);
        win.push(" AND ended_at >= ").push_bind(earliest).push(" AND call_id <> ").push_bind(call);
        let order = match recovers {
            Recovers::All => None,
            Recovers::Newest => Some(" ORDER BY ended_at DESC, call_id DESC LIMIT 1)"),
            Recovers::Oldest => Some(" ORDER BY ended_at, call_id LIMIT 1)"),
        };
        if let Some(order) = order {
            win.push(" AND call_id = (SELECT call_id FROM lost_calls WHERE account = ").push_bind(account);
            win.push(" AND number = ").push_bind(number).push(" AND resolved_at IS NULL AND ended_at <= ");
            win.push_bind(at).push(" AND ended_at >= ").push_bind(earliest).push(order);
        }
        to.execute(win).await?;
    }
    Ok(())
}

/// In the order of `INSERT_LOST`.
fn lost_row(call: &LostCall) -> Vec<Value> {
    vec![
        call.id.value(),
        call.account.as_str().value(),
        columns::indexed(&call.number).value(),
        call.queue.as_deref().value(),
        call.agent.as_deref().value(),
        call.status.word().value(),
        call.ended_at.value(),
        false.value(),
    ]
}

/// In the order of `INSERT_FOLLOW_UPS`.
fn follow_up_row(made: &FollowUp) -> Vec<Value> {
    vec![
        made.call.value(),
        made.account.as_str().value(),
        made.number.as_str().value(),
        made.outbound.value(),
        made.at.value(),
        made.counts.value(),
        made.counts_answered.value(),
        made.answered.value(),
        made.recovers.word().value(),
        made.window_us.value(),
    ]
}

const INSERT_LOST: &str =
    "INSERT INTO lost_calls (call_id, account, number, queue, agent, status, ended_at, self_resolved) VALUES";
const INSERT_FOLLOW_UPS: &str = "INSERT INTO follow_ups (call_id, account, number, outbound, at, counts, counts_answered, answered, recovers, \
     window_us) VALUES";
/// An attempt that was answered counts where only answered ones do; its rules stay those that it was made by.
const ON_ANSWERED: &str = " ON CONFLICT (call_id) DO UPDATE SET answered = (follow_ups.answered OR excluded.answered)";
