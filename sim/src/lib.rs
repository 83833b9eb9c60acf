//! The whole call centre in a simulated world: production's cores, wired by `centre`, between carriers, phones and
//! a network that a seed makes up, judged from outside.
//!
//! It never opens a socket, reads a clock or makes a random number that the seed does not give. The same seed gives
//! the same run, on every machine.

pub mod pacing;

mod chance;
mod check;
mod ctx;
mod events;
mod hash;
mod hostile;
mod marks;
mod network;
mod node;
mod peers;
mod planted;
mod report;
mod scenario;
mod watch;
mod world;

pub use marks::Marks;
pub use planted::Planted;
pub use report::Report;
pub use scenario::{
    CallbackScenario, CampaignScenario, NetworkScenario, NodeScenario, PeopleScenario, RulesScenario, Scenario,
};
pub use watch::Violation;
pub use world::run;
