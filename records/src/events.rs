//! Live events: the journal as others may see it, resumable from any event.

mod campaigns;

use std::sync::Arc;

use clock::{CallId, WallTime};
use journal::{Journal, JournalId, ReadError, Stored, Tail};
use journal_core::{AgentEvent, Durability, Entry, LeadListNote, Position, QuarantineNote, QuarantinedThing};
use serde_json::{Value, json};

use crate::naming::Naming;
use crate::words::Word;
use crate::{Callback, JourneyStep, LiveCalls};

/// Something that happened.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// Opaque to clients: where to resume.
    pub id: EventId,
    /// `call.started`, `agent.state_changed` ...
    pub kind: String,
    /// When.
    pub at: WallTime,
    /// The account it belongs to; `None` for an event of a call: its call says so.
    pub account: Option<String>,
    /// The call it is about.
    pub call: Option<CallId>,
    /// What else is known, as a JSON object.
    pub data: Value,
}

/// Journal and position of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventId {
    journal: JournalId,
    position: Position,
}

/// A feed cannot begin where it was asked to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ResumeError {
    /// The text is no event id.
    #[error("not an event id that this service gave")]
    Malformed,
    /// Events behind it are gone (trimmed, or of another journal): the client reads everything anew (`resync`).
    #[error("events after this id are no longer kept")]
    Gone,
}

/// Events in order, as they are written to the journal.
#[derive(Debug)]
pub struct EventFeed {
    journal: Journal,
    /// Shows each event's call as the event left it, or later: it is waited for.
    live: LiveCalls,
    tail: Tail,
    naming: Naming,
    /// Entries up to here are read for their names only.
    silent_until: Position,
}

impl EventFeed {
    /// All events from now on. Names are those that `live` knows.
    #[must_use]
    pub fn from_now(journal: &Journal, live: &LiveCalls) -> Self {
        Self::behind(journal, live, journal.reached(Durability::Written))
    }

    /// All events that are kept, and new ones.
    #[must_use]
    pub fn from_oldest(journal: &Journal, live: &LiveCalls) -> Self {
        Self::behind(journal, live, Position::START)
    }

    /// All events after `last`, kept and new.
    ///
    /// # Errors
    /// `Gone` when some of them are not kept any more.
    pub fn after(journal: &Journal, live: &LiveCalls, last: EventId) -> Result<Self, ResumeError> {
        let first = journal.first().ok().flatten().map(|stored| stored.position.sequence);
        let trimmed = first.is_some_and(|first| last.position.sequence.saturating_add(1) < first);
        if last.journal != journal.id() || trimmed || last.position > journal.reached(Durability::Written) {
            return Err(ResumeError::Gone);
        }
        Ok(Self::behind(journal, live, last.position))
    }

    /// Names given between what `live` knows and the first event are read on the way.
    fn behind(journal: &Journal, live: &LiveCalls, silent_until: Position) -> Self {
        let (naming, known) = live.naming_at();
        let tail = journal.subscribe(known.min(silent_until), Durability::Written);
        Self { journal: journal.clone(), live: live.clone(), tail, naming, silent_until }
    }

    /// The next events, at least one and at most `max`; empty once the journal is closed.
    ///
    /// # Errors
    /// When the journal cannot be read now; call again.
    pub async fn next(&mut self, max: usize) -> Result<Vec<Event>, ReadError> {
        loop {
            let read = self.tail.next(max).await?;
            if read.is_empty() {
                return Ok(Vec::new());
            }
            let events: Vec<_> = read.iter().filter_map(|stored| self.event(stored)).collect();
            self.live.reached(self.tail.position()).await;
            if !events.is_empty() {
                return Ok(events);
            }
        }
    }

    /// Events among the next `max` entries that are written already; waits for no new ones.
    ///
    /// # Errors
    /// When the journal cannot be read now; call again.
    pub async fn ready(&mut self, max: usize) -> Result<Vec<Event>, ReadError> {
        if self.lag() == 0 {
            return Ok(Vec::new());
        }
        let read = self.tail.next(max).await?;
        self.live.reached(self.tail.position()).await;
        Ok(read.iter().filter_map(|stored| self.event(stored)).collect())
    }

    /// Entries that are written and come after [`Self::place`].
    #[must_use]
    pub fn lag(&self) -> u64 {
        let written = self.journal.reached(Durability::Written);
        written.sequence.saturating_sub(self.stand().sequence)
    }

    /// Where the feed stands: the next events are those after this id.
    #[must_use]
    pub fn place(&self) -> EventId {
        EventId { journal: self.journal.id(), position: self.stand() }
    }

    fn stand(&self) -> Position {
        self.tail.position().max(self.silent_until)
    }

    fn event(&mut self, stored: &Arc<Stored>) -> Option<Event> {
        let id = EventId { journal: self.journal.id(), position: stored.position };
        match stored.entry.as_ref().ok()? {
            Entry::Name { kind, id, account, name } => {
                self.naming.names.insert(*kind, *id, account, name);
                None
            }
            _ if stored.position <= self.silent_until => None,
            Entry::Call(step) => {
                let JourneyStep { seq, at, kind, leg, data } = JourneyStep::of(step, &self.naming);
                let mut data = data;
                if let Some(fields) = data.as_object_mut() {
                    fields.insert("seq".to_owned(), json!(seq));
                    leg.map(|leg| fields.insert("leg".to_owned(), json!(leg.0)));
                }
                Some(Event { id, kind, at, account: None, call: Some(step.call), data })
            }
            Entry::LostCallOverdue { call, account, number, queue, agent, lost_at, at } => {
                let waited_s = at.millis_since(*lost_at) / 1_000;
                let data = json!({ "number": number, "queue": queue, "agent": agent, "waited_s": waited_s });
                let account = Some(account.clone());
                Some(Event { id, kind: LOST_CALL_OVERDUE.to_owned(), at: *at, account, call: Some(*call), data })
            }
            Entry::CallRecovered(told) => {
                let recovery_s = told.recovered_at.millis_since(told.lost_at) / 1_000;
                let data = json!({ "number": told.number, "queue": told.queue, "agent": told.agent,
                    "recovered_by_call_id": told.by.to_string(), "recovery_s": recovery_s });
                let account = Some(told.account.clone());
                Some(Event { id, kind: CALL_RECOVERED.to_owned(), at: told.at, account, call: Some(told.call), data })
            }
            Entry::Callback(entry) => {
                let callback = Callback::of(entry, &self.naming);
                let kind = format!("callback.{}", entry.state.word());
                let account = Some(callback.account.clone());
                Some(Event { id, kind, at: entry.at, account, call: entry.call, data: callback_json(&callback) })
            }
            Entry::Campaign(entry) => Some(campaigns::changed(id, entry, &self.naming)),
            Entry::Attempt(entry) => Some(campaigns::attempt(id, entry, &self.naming)),
            Entry::CampaignStep(step) => campaigns::step(id, step, &self.naming),
            Entry::Quarantine(note) => Some(quarantine_event(id, note, &self.naming)),
            Entry::LeadList(note) => Some(lead_list_event(id, note)),
            entry => agent_event(id, entry, &self.naming),
        }
    }
}

fn callback_json(callback: &Callback) -> Value {
    json!({
        "callback": callback.id.to_string(),
        "state": callback.state.word(),
        "number": callback.number,
        "queue": callback.queue,
        "agent": callback.agent.as_ref().or(callback.served_by.as_ref()),
        "attempts": callback.attempts,
        "related_call_id": callback.related_call_id.map(|id| id.to_string()),
        "reason": callback.why,
    })
}

/// The event that an entry of an agent is.
fn agent_event(id: EventId, entry: &Entry, naming: &Naming) -> Option<Event> {
    let (agent, kind, at, call, mut data) = match entry {
        Entry::AgentStateChanged { agent, state, reason, call, at, cause } => {
            let data = json!({ "state": state.word(), "reason": reason, "cause": cause.word() });
            (*agent, AGENT_STATE_CHANGED, *at, *call, data)
        }
        Entry::AgentStatus { agent, status, reason, at } => {
            (*agent, AGENT_STATUS_CHANGED, *at, None, json!({ "status": status.word(), "reason": reason }))
        }
        Entry::Agent(step) => {
            let (call, data) = step_data(&step.event, naming);
            (step.agent, step.event.type_word(), step.at, call, data)
        }
        Entry::Disposition(given) => {
            let data = json!({ "code": given.code, "label": given.label, "is_success": given.is_success,
                "callback": given.callback.is_some(), "by": given.by });
            (given.agent, AGENT_DISPOSED, given.at, Some(given.call), data)
        }
        _ => return None,
    };
    data.as_object_mut()?.insert("extension".to_owned(), json!(naming.agent(agent)));
    let account = Some(naming.account_of_agent(agent));
    Some(Event { id, kind: kind.to_owned(), at, account, call, data })
}

fn step_data(event: &AgentEvent, naming: &Naming) -> (Option<CallId>, Value) {
    match event {
        AgentEvent::PauseLimit { reason, of_day, limit_s, then } => {
            let limit = if *of_day { "day" } else { "pause" };
            (None, json!({ "reason": reason, "limit": limit, "limit_s": limit_s, "then": then }))
        }
        AgentEvent::StatusDeferred { status, after, call } => {
            (*call, json!({ "status": status.word(), "after": after.word() }))
        }
        AgentEvent::QueuesChosen { queues } => {
            let names = |queues: &Vec<_>| queues.iter().map(|queue| naming.queue(*queue)).collect::<Vec<_>>();
            (None, json!({ "queues": queues.as_ref().map(names) }))
        }
        AgentEvent::StandingLeg { wanted, up, why } => (None, json!({ "logged_in": wanted, "up": up, "why": why })),
        AgentEvent::WrapUpExtended { call, by_s, .. } => (Some(*call), json!({ "by_s": by_s })),
    }
}

fn quarantine_event(id: EventId, note: &QuarantineNote, naming: &Naming) -> Event {
    let kind = if note.is_released { "quarantine.released" } else { "quarantine.began" };
    let (name, call) = match &note.thing {
        QuarantinedThing::Queue(queue) => (naming.queue(*queue), None),
        QuarantinedThing::Agent(agent) => (naming.agent(*agent), None),
        QuarantinedThing::Call(call) => (call.to_string(), Some(*call)),
        QuarantinedThing::SipCall(id) => (id.clone(), None),
    };
    let data = json!({ "kind": note.thing.kind(), "name": name });
    Event { id, kind: kind.to_owned(), at: note.at, account: Some(naming.home.clone()), call, data }
}

fn lead_list_event(id: EventId, note: &LeadListNote) -> Event {
    let kind = if note.is_progress { "progress" } else { note.state.as_str() };
    let data = json!({ "lead_list_id": note.list.to_string(), "name": note.name, "state": note.state,
        "read_bytes": note.read_bytes, "file_bytes": note.file_bytes, "rows_read": note.rows_read, "leads": note.leads,
        "rows_invalid": note.rows_invalid, "rows_duplicate": note.rows_duplicate,
        "rows_forbidden": note.rows_forbidden, "failure": note.failure });
    Event { id, kind: format!("lead_list.{kind}"), at: note.at, account: Some(note.account.clone()), call: None, data }
}

impl std::fmt::Display for EventId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Position { node, epoch, sequence } = self.position;
        write!(f, "{}{node:04x}{epoch:08x}{sequence:016x}", self.journal)
    }
}

impl std::str::FromStr for EventId {
    type Err = ResumeError;

    fn from_str(text: &str) -> Result<Self, ResumeError> {
        let hexadecimal = text.len() == 60 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        if !hexadecimal {
            return Err(ResumeError::Malformed);
        }
        let number = |range| text.get(range).and_then(|part| u128::from_str_radix(part, 16).ok());
        let part = |range| number(range).ok_or(ResumeError::Malformed);
        let position =
            Position { node: part(32..36)? as u16, epoch: part(36..44)? as u32, sequence: part(44..60)? as u64 };
        Ok(Self { journal: JournalId(part(0..32)?.to_be_bytes()), position })
    }
}

const LOST_CALL_OVERDUE: &str = "lost_call.overdue";
const CALL_RECOVERED: &str = "call.recovered";
const AGENT_STATE_CHANGED: &str = "agent.state_changed";
const AGENT_STATUS_CHANGED: &str = "agent.status_changed";
const AGENT_DISPOSED: &str = "agent.disposed";
