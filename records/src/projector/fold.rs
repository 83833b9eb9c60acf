//! From entries to the rows they mean: pure, so that it is tested without a database.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use clock::{CallId, WallTime};
use journal::Stored;
use journal_core::{
    AuditNote, CallEntry, CallRecord, CampaignEntry, ConsentEntry, Entry, FormAnswers, Position, Shared, Step, encode,
    outcome,
};

use crate::agents::Parts;
use crate::failure::FailureReason;
use crate::lost::{FollowUp, LostCall, LostState, Rules};
use crate::naming::Naming;
use crate::visits::VisitFold;
use crate::voicemails::{Voicemail, VoicemailId};
use crate::{
    AgentCall, AgentTime, Attempt, Call, CallDisposition, Callback, CampaignLead, Decision, JourneyStep, QueueVisit,
    StateInterval,
};

/// The calls that are open, and the names.
#[derive(Debug)]
pub(super) struct Fold {
    naming: Naming,
    /// By which lost calls are won back at the last new entry taken.
    rules: Rules,
    open: BTreeMap<CallId, Box<OpenCall>>,
}

/// A call that may still change its rows.
#[derive(Debug)]
struct OpenCall {
    record: CallRecord,
    parts: Parts,
    visits: VisitFold,
    /// Its entries that are in no row yet.
    unwritten: Vec<Arc<Stored>>,
    /// Position of its first entry.
    first: Position,
}

/// The rows of a batch of entries.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) writes: Vec<Write>,
    /// Last entry of the batch.
    pub(super) applied: Position,
    /// Behind this a restart reads again.
    pub(super) resume: Position,
}

/// Rows that belong together.
#[derive(Debug)]
pub(super) enum Write {
    /// A call that ended, or whose recording did since.
    Call(Box<CallRows>),
    /// The first steps of a call with very many, ahead of its end.
    Steps(Position, CallId, Vec<JourneyStep>),
    /// A new state of an agent.
    Agent(Position, StateInterval),
    /// A call that may win lost calls back.
    FollowUp(Position, FollowUp),
    /// A lost call was told as overdue.
    Overdue(Position, CallId, WallTime),
    /// It was told that a lost call was won back.
    RecoveryTold(Position, CallId, WallTime),
    /// Other rules for lost calls.
    Rules(Position, Rules),
    /// A callback as it is now.
    Callback(Position, Box<Callback>),
    /// What the dial gate said of an attempt.
    Decision(Position, Box<Decision>),
    /// A consent, or a revocation.
    Consent(Position, Box<ConsentEntry>),
    /// A campaign as it is now.
    Campaign(Position, String, Shared<CampaignEntry>),
    /// A lead of a campaign as it is now.
    CampaignLead(Position, Box<CampaignLead>),
    /// An attempt as it is now.
    Attempt(Position, Box<Attempt>),
    /// An agent was at work for a campaign.
    AgentTime(Position, AgentTime),
    /// What was answered to a campaign's form: account, agent.
    Answers(Position, String, String, Box<FormAnswers>),
    /// A command for the audit log.
    Audit(Position, Box<AuditNote>),
    /// What an agent said came of a call, in his account.
    Disposition(Position, String, CallDisposition),
    /// Why a call failed, as a person says.
    Failure(Position, FailureReason),
    /// An entry that means nothing.
    Poison(Poison),
}

/// The rows of a call.
#[derive(Debug)]
pub(super) struct CallRows {
    pub(super) position: Position,
    pub(super) call: Call,
    pub(super) steps: Vec<JourneyStep>,
    pub(super) voicemail: Option<Voicemail>,
    pub(super) lost: Option<LostCall>,
    pub(super) parts: Vec<AgentCall>,
    pub(super) visits: Vec<QueueVisit>,
}

/// An entry put aside.
#[derive(Clone, Debug)]
pub(super) struct Poison {
    pub(super) position: Position,
    pub(super) written_at: WallTime,
    pub(super) why: String,
    pub(super) entry: Vec<u8>,
}

impl Plan {
    pub(super) const fn is_empty(&self) -> bool {
        self.writes.is_empty()
    }

    pub(super) fn poisoned(&self) -> u64 {
        self.writes.iter().filter(|write| matches!(write, Write::Poison(_))).count() as u64
    }
}

impl Fold {
    pub(super) const fn new(naming: Naming, rules: Rules) -> Self {
        Self { naming, rules, open: BTreeMap::new() }
    }

    /// Rules that were in force before the first new entry.
    pub(super) const fn follow(&mut self, rules: Rules) {
        self.rules = rules;
    }

    pub(super) const fn naming(&self) -> &Naming {
        &self.naming
    }

    /// The plan for entries that are not looked into, as they broke an assertion.
    pub(super) fn put_aside(&self, entries: &[&Arc<Stored>], applied: Position) -> Plan {
        let why = || "it broke an assertion of the projector".to_owned();
        let writes = entries.iter().map(|stored| Write::Poison(poison(stored, why()))).collect();
        Plan { writes, applied, resume: self.resume(applied) }
    }

    /// Takes an entry whose rows are in the database already: only for the calls that are still open.
    pub(super) fn restore(&mut self, stored: &Arc<Stored>) {
        match &stored.entry {
            Ok(Entry::Call(step)) => {
                // A step of a call that closed before `resume` has no start here and needs none.
                let _closed_before = self.call_step(stored, step);
                if let Some(call) = self.open.get_mut(&step.call) {
                    if call.record.is_ended() {
                        call.unwritten.clear();
                    }
                    if call.record.is_closed() {
                        self.open.remove(&step.call);
                    }
                }
            }
            Ok(Entry::Name { kind, id, account, name }) => self.naming.names.insert(*kind, *id, account, name),
            _ => {}
        }
    }

    /// Takes new entries, the last of them at `applied`.
    pub(super) fn plan(&mut self, entries: &[&Arc<Stored>], applied: Position) -> Plan {
        let mut writes = Vec::new();
        let mut ended = BTreeSet::new();
        for stored in entries {
            #[cfg(test)]
            tests::break_at(stored);
            match &stored.entry {
                Ok(Entry::Call(step)) => {
                    if let Err(why) = self.call_step(stored, step) {
                        writes.push(Write::Poison(poison(stored, why.to_owned())));
                    }
                    writes.extend(self.follow_up(stored, step));
                    match self.open.get(&step.call) {
                        Some(call) if call.record.is_ended() => _ = ended.insert(step.call),
                        Some(call) if call.unwritten.len() >= MAX_UNWRITTEN => writes.extend(self.steps(step.call)),
                        _ => {}
                    }
                }
                Ok(Entry::AgentStateChanged { agent, state, reason, call, at, cause }) => {
                    let interval = StateInterval {
                        account: self.naming.account_of_agent(*agent),
                        agent: self.naming.agent(*agent),
                        state: *state,
                        reason: reason.clone(),
                        call_id: *call,
                        since: *at,
                        until: None,
                        cause: *cause,
                        seq: stored.position.sequence,
                    };
                    writes.push(Write::Agent(stored.position, interval));
                }
                Ok(Entry::Callback(entry)) => {
                    let callback = Callback::of(entry, &self.naming);
                    writes.push(Write::Callback(stored.position, Box::new(callback)));
                }
                Ok(Entry::Campaign(entry)) => {
                    writes.push(Write::Campaign(stored.position, self.naming.home.clone(), entry.clone()));
                }
                Ok(Entry::CampaignLead(entry)) => {
                    let lead = CampaignLead::of(entry, &self.naming);
                    writes.push(Write::CampaignLead(stored.position, Box::new(lead)));
                }
                Ok(Entry::CampaignStep(step)) => {
                    let time = AgentTime::of(step, &self.naming);
                    writes.extend(time.map(|time| Write::AgentTime(stored.position, time)));
                }
                Ok(Entry::FormAnswers(entry)) => {
                    let (home, agent) = (self.naming.home.clone(), self.naming.agent(entry.agent));
                    writes.push(Write::Answers(stored.position, home, agent, entry.clone()));
                }
                Ok(Entry::Attempt(entry)) => {
                    let attempt = Attempt::of(entry, &self.naming);
                    writes.push(Write::Attempt(stored.position, Box::new(attempt)));
                }
                Ok(Entry::Disposition(given)) => {
                    let account = self.naming.account_of_agent(given.agent);
                    let given = CallDisposition::of(given, &self.naming);
                    writes.push(Write::Disposition(stored.position, account, given));
                }
                Ok(Entry::Name { kind, id, account, name }) => self.naming.names.insert(*kind, *id, account, name),
                Ok(Entry::LostCallRules { rules, .. }) => {
                    self.rules = *rules;
                    writes.push(Write::Rules(stored.position, *rules));
                }
                Ok(Entry::LostCallOverdue { call, at, .. }) => {
                    writes.push(Write::Overdue(stored.position, *call, *at));
                }
                Ok(Entry::FailureReason { call, reason, by, at }) => {
                    let given = FailureReason { call: *call, reason: reason.clone(), by: by.clone(), at: *at };
                    writes.push(Write::Failure(stored.position, given));
                }
                Ok(Entry::CallRecovered(told)) => {
                    writes.push(Write::RecoveryTold(stored.position, told.call, told.at));
                }
                Ok(Entry::DialDecision(judged)) => {
                    let decision = Decision::of(judged, stored.position, &self.naming);
                    writes.push(Write::Decision(stored.position, Box::new(decision)));
                }
                Ok(Entry::Consent(told)) => writes.push(Write::Consent(stored.position, told.clone())),
                Ok(Entry::Audit(note)) => writes.push(Write::Audit(stored.position, note.clone())),
                Ok(_) => {}
                Err(unreadable) => writes.push(Write::Poison(poison(stored, unreadable.to_string()))),
            }
        }
        writes.extend(ended.into_iter().filter_map(|call| self.rows(call)));
        self.bound();
        Plan { writes, applied, resume: self.resume(applied) }
    }

    fn resume(&self, applied: Position) -> Position {
        self.open.values().map(|call| before(call.first)).min().unwrap_or(applied).min(applied)
    }

    fn call_step(&mut self, stored: &Arc<Stored>, step: &CallEntry) -> Result<(), &'static str> {
        let Some(call) = self.open.get_mut(&step.call) else {
            let record = CallRecord::start(step).ok_or("a step of a call that is not known")?;
            let (parts, visits) = (Parts::default(), VisitFold::of(&record));
            let unwritten = vec![stored.clone()];
            let call = OpenCall { record, parts, visits, unwritten, first: stored.position };
            self.open.insert(step.call, Box::new(call));
            return Ok(());
        };
        let gap = step.seq > call.record.next_seq();
        match call.record.apply_past_gap(step) {
            Step::Taken => {
                call.parts.take(step);
                call.visits.take(step);
                call.unwritten.push(stored.clone());
                if gap { Err("steps before this one are missing; it was taken") } else { Ok(()) }
            }
            Step::Duplicate => Err("a step that was taken before"),
            Step::Contradiction | Step::Gap { .. } => Err("a step that contradicts its call"),
        }
    }

    fn follow_up(&self, stored: &Stored, step: &CallEntry) -> Option<Write> {
        let record = &self.open.get(&step.call)?.record;
        let made = FollowUp::of(record, step, self.rules, &self.naming)?;
        Some(Write::FollowUp(stored.position, made))
    }

    /// Rows of a call that ended; forgets it when nothing more is to come.
    fn rows(&mut self, id: CallId) -> Option<Write> {
        let (position, steps) = self.take_steps(id)?;
        let open = self.open.get(&id)?;
        let call = Call::of(&open.record, &self.naming);
        let voicemail = voicemail(&open.record, &call, &self.naming);
        let lost = lost_call(&open.record, &call, &self.naming);
        let parts = open.parts.rows(&open.record, &call.account, &self.naming);
        let visits = open.visits.visits(id, &self.naming).collect();
        if open.record.is_closed() {
            self.open.remove(&id);
        }
        Some(Write::Call(Box::new(CallRows { position, call, steps, voicemail, lost, parts, visits })))
    }

    /// Steps of a call that goes on. A restart reads them again, and writes what is there already.
    fn steps(&mut self, id: CallId) -> Option<Write> {
        let (position, steps) = self.take_steps(id)?;
        Some(Write::Steps(position, id, steps))
    }

    fn take_steps(&mut self, id: CallId) -> Option<(Position, Vec<JourneyStep>)> {
        let unwritten = std::mem::take(&mut self.open.get_mut(&id)?.unwritten);
        let position = unwritten.last()?.position;
        let step = |stored: &Arc<Stored>| match &stored.entry {
            Ok(Entry::Call(step)) => Some(JourneyStep::of(step, &self.naming)),
            _ => None,
        };
        Some((position, unwritten.iter().filter_map(step).collect()))
    }

    /// Ended calls whose recording never came are given up, the oldest first.
    fn bound(&mut self) {
        let ended = self.open.iter().filter(|(_, call)| call.record.is_ended()).map(|(id, _)| *id);
        let ended: Vec<_> = if self.open.len() > MAX_AWAITED { ended.collect() } else { return };
        for id in ended.iter().take(ended.len().saturating_sub(MAX_AWAITED)) {
            self.open.remove(id);
        }
    }
}

fn voicemail(record: &CallRecord, call: &Call, naming: &Naming) -> Option<Voicemail> {
    let left = record.voicemail.as_ref().filter(|left| left.duration_ms >= outcome::SHORTEST_VOICEMAIL_MS)?;
    Some(Voicemail {
        id: VoicemailId::of(record.id, left.seq),
        account: call.account.clone(),
        queue: naming.queue(left.queue),
        call_id: record.id,
        from: record.from.clone(),
        received_at: left.received_at,
        duration_ms: left.duration_ms,
        path: left.path.clone(),
    })
}

fn lost_call(record: &CallRecord, call: &Call, naming: &Naming) -> Option<LostCall> {
    let ended_at = record.ended_at.filter(|_| record.is_lost())?;
    Some(LostCall {
        id: record.id,
        account: call.account.clone(),
        number: record.from.clone(),
        queue: call.queue.clone(),
        agent: record.assigned().map(|id| naming.agent(id)),
        status: record.status,
        ended_at,
        state: LostState::default(),
    })
}

fn poison(stored: &Stored, why: String) -> Poison {
    let entry = match &stored.entry {
        Ok(entry) => encode(stored.written_at, entry).unwrap_or_default(),
        Err(unreadable) => unreadable.bytes.clone(),
    };
    Poison { position: stored.position, written_at: stored.written_at, why, entry }
}

/// The position behind which this one comes first.
const fn before(position: Position) -> Position {
    Position { sequence: position.sequence.saturating_sub(1), ..position }
}

/// Steps of one call held until its end; a common call has ten.
const MAX_UNWRITTEN: usize = 1_024;
/// Ended calls that may wait for their recordings at once.
const MAX_AWAITED: usize = 10_000;

#[cfg(test)]
mod tests;
