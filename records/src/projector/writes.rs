//! The rows of a plan, in one transaction with the position behind them.

use clock::WallTime;
use journal::Journal;

use super::claim::{self, Claim};
use super::fold::{Plan, Poison, Write};
use crate::database::{Commit, Database, Failure, Transaction, sql};
use crate::people::write_commands;
use crate::{
    agents, attempts, call_events, callbacks, calls, campaigns, consents, decisions, failure, figures, lost, visits,
    voicemails,
};

/// Writes everything or nothing.
pub(super) async fn all(database: &Database, journal: &Journal, plan: &Plan) -> Result<(), Failure> {
    let mut transaction = database.begin(Commit::Replayable).await?;
    if claim::is_done(&mut transaction, journal, plan.applied).await? {
        return transaction.commit().await;
    }
    rows(&mut transaction, journal, &plan.writes).await?;
    claim::store(&mut transaction, claim_of(journal, plan)).await?;
    transaction.commit().await
}

/// Writes what can be written; what is refused goes to the side table. How many were refused.
pub(super) async fn one_by_one(database: &Database, journal: &Journal, plan: &Plan) -> Result<u64, Failure> {
    let mut transaction = database.begin(Commit::Replayable).await?;
    if claim::is_done(&mut transaction, journal, plan.applied).await? {
        transaction.commit().await?;
        return Ok(0);
    }
    let mut refused = 0;
    for write in &plan.writes {
        transaction.savepoint().await?;
        match rows(&mut transaction, journal, std::slice::from_ref(write)).await {
            Ok(()) => transaction.keep().await?,
            Err(Failure::Row(why)) => {
                transaction.undo().await?;
                let poison = poison_of(write, why);
                tracing::error!(target: "records", why = %poison.why, "an entry was put aside");
                poisoned(&mut transaction, journal, &poison).await?;
                refused += 1;
            }
            Err(away) => return Err(away),
        }
    }
    claim::store(&mut transaction, claim_of(journal, plan)).await?;
    transaction.commit().await?;
    Ok(refused)
}

/// Table by table, so that many rows are few statements.
async fn rows(to: &mut Transaction, journal: &Journal, writes: &[Write]) -> Result<(), Failure> {
    let (mut lost_calls, mut follow_ups) = (Vec::new(), Vec::new());
    let (mut told, mut won_back) = (Vec::new(), Vec::new());
    let mut commands = Vec::new();
    let (mut called, mut journeys, mut left) = (Vec::new(), Vec::new(), Vec::new());
    let (mut parts, mut intervals, mut dispositions) = (Vec::new(), Vec::new(), Vec::new());
    let (mut stays, mut judged) = (Vec::new(), Vec::new());
    let mut broken = Vec::new();
    for write in writes {
        match write {
            Write::Call(rows) => {
                lost_calls.extend(&rows.lost);
                called.push(&rows.call);
                journeys.push((rows.call.id, rows.steps.as_slice()));
                left.extend(&rows.voicemail);
                parts.extend(&rows.parts);
                stays.extend(rows.visits.iter().map(|visit| (rows.call.account.as_str(), visit)));
            }
            Write::Steps(_, call, steps) => journeys.push((*call, steps.as_slice())),
            Write::Agent(_, interval) => intervals.push(interval),
            Write::FollowUp(_, made) => follow_ups.push(made),
            Write::Overdue(_, call, at) => told.push((*call, *at)),
            Write::RecoveryTold(_, call, at) => won_back.push((*call, *at)),
            Write::Rules(_, rules) => lost::store_rules(to, *rules).await?,
            Write::Callback(_, callback) => {
                callbacks::write(to, callback).await?;
                broken.extend(callback.broken_promise().map(|call| (call, callback.number.as_str())));
            }
            Write::Campaign(_, account, campaign) => campaigns::write(to, account, campaign).await?,
            Write::CampaignLead(_, lead) => campaigns::write_lead(to, lead).await?,
            Write::Attempt(_, attempt) => attempts::write(to, attempt).await?,
            Write::AgentTime(_, time) => figures::write(to, time).await?,
            Write::Answers(_, account, agent, given) => attempts::write_answers(to, account, agent, given).await?,
            Write::Failure(_, given) => failure::write(to, given).await?,
            Write::Decision(_, decision) => judged.push(&**decision),
            Write::Consent(_, told) => consents::write(to, told).await?,
            Write::Audit(position, note) => commands.push((*position, &**note)),
            Write::Disposition(_, account, given) => dispositions.push((account, given)),
            Write::Poison(poison) => {
                tracing::error!(target: "records", why = %poison.why, "an entry was put aside");
                poisoned(to, journal, poison).await?;
            }
        }
    }
    calls::write(to, &called).await?;
    call_events::write(to, &journeys).await?;
    lost::write(to, &lost_calls, &follow_ups).await?;
    for (call, number) in broken {
        lost::break_promise(to, call, number).await?;
    }
    for (call, at) in told {
        lost::overdue(to, call, at).await?;
    }
    for (call, at) in won_back {
        lost::recovery_told(to, call, at).await?;
    }
    for voicemail in left {
        voicemails::write(to, voicemail).await?;
    }
    agents::write_calls(to, &parts).await?;
    visits::write(to, &stays).await?;
    for (account, given) in dispositions {
        agents::write_disposition(to, account, given).await?;
    }
    agents::write_intervals(to, &intervals).await?;
    decisions::write(to, &judged).await?;
    write_commands(to, journal.id(), &commands).await
}

async fn poisoned(to: &mut Transaction, journal: &Journal, poison: &Poison) -> Result<(), Failure> {
    let insert = "INSERT INTO projection_poison (position, journal_id, written_at, why, entry) \
                  VALUES ($1, $2, $3, $4, $5) ON CONFLICT (position) DO NOTHING";
    let insert = sql(insert).bind(poison.position.to_key()).bind(journal.id().0).bind(poison.written_at);
    to.execute(insert.bind(poison.why.as_str()).bind(poison.entry.clone())).await?;
    Ok(())
}

/// What is put aside when the database refuses a row: the row as text, since several entries made it.
fn poison_of(write: &Write, why: String) -> Poison {
    let (position, written_at) = match write {
        Write::Call(rows) => (rows.position, rows.call.started_at),
        Write::Steps(position, _, steps) => (*position, steps.first().map_or_else(Default::default, |step| step.at)),
        Write::Agent(position, interval) => (*position, interval.since),
        Write::FollowUp(position, made) => (*position, made.at),
        Write::Overdue(position, _, at) | Write::RecoveryTold(position, _, at) => (*position, *at),
        Write::Rules(position, _) => (*position, WallTime::default()),
        Write::Callback(position, callback) => (*position, callback.updated_at),
        Write::Decision(position, decision) => (*position, decision.at),
        Write::Campaign(position, _, campaign) => (*position, campaign.at),
        Write::CampaignLead(position, lead) => (*position, lead.updated_at),
        Write::Attempt(position, attempt) => (*position, attempt.times.ordered_at),
        Write::AgentTime(position, time) => (*position, time.until),
        Write::Answers(position, _, _, given) => (*position, given.at),
        Write::Consent(position, told) => (*position, told.recorded_at),
        Write::Audit(position, note) => (*position, note.at),
        Write::Failure(position, given) => (*position, given.at),
        Write::Disposition(position, _, given) => (*position, given.given_at),
        Write::Poison(poison) => (poison.position, poison.written_at),
    };
    Poison { position, written_at, why, entry: format!("{write:?}").into_bytes() }
}

fn claim_of(journal: &Journal, plan: &Plan) -> Claim {
    Claim { journal: journal.id(), applied: plan.applied, resume: plan.resume }
}

#[cfg(test)]
mod tests {
    use clock::WallTime;
    use journal::Options;
    use journal_core::{AgentState, Position, StateCause};

    use super::*;
    use crate::{IntervalFilter, StateInterval};

    #[tokio::test]
    async fn a_plan_whose_commit_was_not_heard_of_is_not_written_again() {
        let folder = tempfile::tempdir().unwrap();
        let (journal, _) = Journal::open(Options::at(folder.path().join("journal")), |_| ()).unwrap();
        let database = Database::sqlite(&folder.path().join("records.db"));
        claim::claim(&database, &journal).await.unwrap();
        let applied = Position { node: 0, epoch: journal.epoch(), sequence: 3 };
        let interval = StateInterval {
            account: "demo".to_owned(),
            agent: "1001".to_owned(),
            state: AgentState::Ready,
            reason: None,
            call_id: None,
            since: WallTime::from_micros(5),
            until: None,
            cause: StateCause::Chosen,
            seq: 3,
        };
        let plan = Plan { writes: vec![Write::Agent(applied, interval)], applied, resume: applied };
        all(&database, &journal, &plan).await.unwrap();
        all(&database, &journal, &plan).await.unwrap();
        assert_eq!(one_by_one(&database, &journal, &plan).await.unwrap(), 0);
        let filter = IntervalFilter {
            account: "demo".to_owned(),
            agent: "1001".to_owned(),
            from: WallTime::from_micros(0),
            to: WallTime::from_micros(9),
            behind: None,
            limit: 10,
        };
        assert_eq!(database.agent_states(&filter).await.unwrap().0.len(), 1);
    }
}
