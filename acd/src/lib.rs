//! The automatic call distributor: queues, agents, offers.
//!
//! It decides which waiting call is offered to which agent. It knows neither
//! SIP nor the database, reads no clock, and holds every offer as a lease that
//! always ends (DESIGN sections 3 and 4).

mod acd;
mod agent;
mod agents;
mod ask;
mod bits;
mod callbacks;
mod calls;
mod checkpoint;
mod class;
mod configure;
mod contract;
mod conversations;
mod dispatch;
mod ewt;
mod expected;
mod facts;
mod fixed_map;
mod gone;
mod join;
mod limits;
mod line;
pub mod measure;
mod not_taken;
mod offers;
mod order;
mod pause;
mod place;
mod planted;
mod preferred;
mod probe;
mod profile;
mod queue;
mod skills;
mod standing;
mod steer;
mod strategy;
mod table;
mod timers;
mod view;
mod waiting;
mod why;
mod wrap_up;

pub use acd::{Acd, Counts};
pub use checkpoint::Checkpoint;
pub use contract::{
    AgentConfig, AgentFact, AgentSnapshot, Asker, AtLimit, Blend, Callback, CallbackCounts, CallbackOrder,
    CallbackPick, CallbackRefusal, CallbackRequest, CallbackRules, CallbackSnapshot, CallbackSource, CallbackState,
    CallbackStep, CallbackTaken, Candidate, CommandError, Disposed, Effect, Empty, Enqueue, IdleIn, Input, LeaveReason,
    Lent, Need, NoCall, NotTaken, Note, OfferOutcome, OfferRules, Others, Owners, PauseRule, QueueAgent, QueueConfig,
    QueueSnapshot, QueueTally, Reply, Skill, Snapshot, Standing, StandingLeg, StandingStep, State, StateCause, Status,
    Steer, Steering, Step, Strategy, TimerReason, WaitingFact, WaitingSnapshot, Waits, WantedCallback, Why, WhyIdle,
    WhyWaits, WithdrawReason, WorkKind, WrapUpMode, WrapUpView,
};
pub use ewt::{Announcement, Basis, Estimate, Estimator, Forecast, Line, Promise, RaisedBy, Rates, UPPER};
pub use expected::{InLine, Rank, Rival};
pub use limits::{
    CALLBACKS_OF_AN_AGENT, CANDIDATES_MAX, FACTS_SETTLE, Limits, MIN_RING, MISSED_REST, OFFER_GRACE, REFUSED_REST,
    UNREACHABLE_REST, WHY_CALLS_MAX,
};
pub use planted::Planted;
pub use view::Changes;
pub use wrap_up::NOT_SET;
