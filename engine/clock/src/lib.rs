//! The vocabulary every core shares: time, chance, timers and ids.
//!
//! It never reads a clock, a random source or the environment: `now` and the
//! seed come from the caller, so that any run can be repeated exactly.

mod id;
mod rng;
mod time;
mod timer_queue;

pub use id::{
    AgentId, AttemptId, BadAttemptId, BadCallId, BadCallbackId, BadCampaignId, BadLeadId, BadListId, CallId,
    CallbackId, CampaignId, FlowId, Generation, LeadId, LegId, ListId, MessageId, OfferId, QueueId, RequestId, ShardId,
    SkillId, TrunkId,
};
pub use rng::Rng;
pub use time::{Instant, Now, WallTime};
pub use timer_queue::TimerQueue;
