//! Kinds of journal entries, their versions, their encoding, the marks that
//! effects wait for, and the pure folds from entries to what they mean.
//!
//! It stores nothing and knows no owner's state: the store is the crate
//! `journal`, the rows are `records`.

mod agent;
mod answers;
mod audit;
mod callbacks;
mod codec;
mod consent;
mod decision;
mod dialing;
mod dialog;
mod entry;
mod event;
mod gate;
mod last_agents;
mod lead_list;
mod lost;
mod mark;
mod names;
mod older;
pub mod outcome;
mod quarantine;
mod queue_left;
mod record;
mod replay;
mod routing;
mod shared;
mod steering;
mod verdict;

pub use agent::{AgentEvent, AgentState, AgentStatus, AgentStep, Disposition, NOT_SET, StateCause, WantedCallback};
pub use answers::{ANSWERS_KEPT, Answer, Answers, MAX_ANSWERS};
pub use audit::{ActorKind, AuditNote, AuditOutcome};
pub use callbacks::{CallbackEntry, CallbackOwner, CallbackSource, CallbackState, DoNotCall, MAX_CALLBACKS, SkillStep};
pub use codec::{DecodeError, EncodeError, KEY_BYTES, MAX_ENTRY_BYTES, Position, decode, encode, written_at};
pub use consent::{ConsentEntry, Consents, KnownConsent};
pub use decision::{DialClause, DialClock, DialDecision, DialDenial, DialEvidence, DialOccasion, DialTried};
pub use dialing::{
    AnswerEntry, AttemptEntry, AttemptTimes, CampaignEntry, CampaignEvent, CampaignHour, CampaignLeadEntry,
    CampaignStep, Dialing, FormAnswers, LeadBooked, LeadNumberTries, LeadTries, TalkedEntry,
};
pub use dialog::{Binding, DialogIdentity, DialogSide};
pub use entry::{CallEntry, CallEvent, Entry, LegKind, NameKind, RecordingState};
pub use gate::{DEFAULT_HELD_LIMIT, Gate, Refused};
pub use last_agents::{LastAgents, MAX_LAST_AGENTS};
pub use lead_list::LeadListNote;
pub use lost::{LostCallRules, RecoveredCall, Recovers};
pub use mark::{Durability, Mark, Owner};
pub use names::{Named, Names};
pub use outcome::code;
pub use quarantine::{QuarantineNote, QuarantinedThing};
pub use queue_left::QueueLeft;
pub use record::{CallRecord, MAX_SIP_CALL_IDS, Place, Recording, Step, Voicemail};
pub use replay::{Anomaly, ChosenStatus, KeptPlace, KnownState, MAX_PLACES, PLACE_KEPT, Replay};
pub use routing::{RoutedAgent, RoutedOthers, RoutedStanding, Routing, RoutingStrategy};
pub use shared::Shared;
pub use steering::{HoursFound, Steering};
pub use verdict::{CallStatus, Cause, Direction, Outcome, Who};
