//! How the owners of the call centre speak to each other: commands from
//! outside, snapshots for readers, and the translation of one owner's effect
//! into inputs of others.
//!
//! It owns no owner's state beyond what it takes to build a broken owner anew
//! ([`owner`]). Production calls it inside each owner's task, the simulator
//! calls the same functions in one loop (DESIGN section 2).

mod callbacks;
mod command;
mod delivery;
mod dialing;
mod duty;
mod from_acd;
mod from_location;
mod from_shard;
mod from_trunks;
mod measured;
pub mod owner;
pub mod restore;
mod routing;
mod snapshot;
mod standing;

pub use callbacks::state as callback_state;
pub use command::{Answer, CampaignCommand, Command, CommandError};
pub use delivery::Delivery;
pub use dialing::{restored as restored_campaigns, tries_of};
pub use duty::at_limit;
pub use from_acd::{AcdOutlet, agent_status, status_of};
pub use from_location::{LocationOutlet, binding_of};
pub use from_shard::ShardOutlet;
pub use from_trunks::from_trunks;
pub use measured::{fact_of, leave_of};
/// What the trunk watcher shows of trunks.
pub mod trunk_view {
    pub use sip::trunk::{RegistrationView, TargetView, TrunkView};
}

pub use snapshot::{
    Directory, DispositionRule, NamedAgent, NamedQueue, NamedTrunk, PauseReason, Quarantined, RegistrationSnapshot,
    Snapshot, TrunkSnapshot,
};
pub use standing::{QueueRules, QueueStanding};

pub use sip::location::Ban;
