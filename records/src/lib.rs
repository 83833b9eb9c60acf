//! The database and what is read from it: calls, journeys, voicemails, agent
//! states; the projector that fills it from the journal; and live calls and
//! events, which need no database.
//!
//! It is never in the call path: nothing here can make a call wait.
//!
//! A start: open the [`journal::Journal`] and replay it, make the [`Projector`]
//! with the restored names and `prepare` it (`Refused` ends the start, `Away`
//! does not), start [`LiveCalls`] behind the projector's `resume`, then run the
//! projector and [`journal::Upkeep`] as tasks of their own.

mod agents;
mod attempts;
mod call;
mod call_events;
mod callbacks;
mod calls;
mod campaigns;
mod columns;
mod consents;
mod database;
mod decisions;
mod desk;
mod events;
mod experience;
mod failure;
mod figures;
mod filter;
mod journey;
mod leads;
mod list;
mod live;
mod lost;
mod naming;
mod people;
mod projector;
mod related;
mod routing;
mod visits;
mod voicemails;
mod words;

pub use agents::{
    AgentCall, AgentCallFilter, AgentStats, CallDisposition, GivenCallback, IntervalFilter, IntervalPlace,
    StateInterval, StateTotal,
};
pub use attempts::{Attempt, AttemptFilter, NumberHistory};
pub use call::{Call, CallRecording};
pub use callbacks::{Callback, CallbackFilter};
pub use campaigns::{CAMPAIGN_LEADS_MAX, CampaignLead, CampaignLeadFilter};
pub use consents::{Consent, ConsentFilter};
pub use database::{BadPostgresAddress, Database, DatabaseUnavailable, PostgresAddress};
pub use decisions::{BadDecisionId, Decision, DecisionFilter, DecisionId, DecisionSubject};
pub use desk::{DeskCounts, LeadNote};
pub use events::{Event, EventFeed, EventId, ResumeError};
pub use experience::Experience;
pub use figures::{AgentTime, CampaignFigures, ListFigures};
pub use filter::{BadCursor, CallFilter, CallSort, Cursor, DEFAULT_LIMIT, MAX_LIMIT, NONE};
pub use journey::{JourneyStep, tell};
pub use leads::{
    Chunk, ChunkWritten, LEADS_A_PAGE_MAX, LeadIssue, LeadList, LeadListCounts, LeadListState, LeadListTask,
    ListDuplicates, NewIssue, NewLead, NewNumber, StoredLead, StoredNumber, as_list_id, lead_of_row, list_of_lead,
    row_of_lead,
};
pub use list::{CallPage, find_call, find_call_events, list_calls};
pub use live::LiveCalls;
pub use lost::{
    LostCall, LostCallCounts, LostCallFilter, LostCallGroup, LostCallReport, LostCallRow, LostCallSort, LostState,
    OverdueCall, Resolved, TeamScope,
};
pub use naming::Naming;
pub use people::{
    Account, Actor, ActorKind, ApiKey, AuditEntry, AuditFilter, AuditOutcome, BadRowId, Change, ChangeError, People,
    Refused, RowId, Session, Team, User, keep_people, kept_people,
};
pub use projector::{PrepareError, Projector, ProjectorMetrics, ProjectorState, Refusal, adopt};
pub use related::Relation;
pub use visits::{MAX_VISITS_READ, QueueVisit, VisitFilter, VisitPlace, queue_visits};
pub use voicemails::{BadVoicemailId, Voicemail, VoicemailFilter, VoicemailId};
pub use words::Word;
