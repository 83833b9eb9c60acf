//! Named limits and delays, each with its reason.

use core::time::Duration;

/// How much one ACD holds. What goes beyond is refused and counted
/// ([`crate::Counts::refused`]), never grown into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Agents.
    pub agents: usize,
    /// Queues.
    pub queues: usize,
    /// Waiting calls of all queues together; above, `LeaveQueue` at once.
    pub waiting: usize,
    /// Kept places of callers, from before a restart or who gave up.
    pub places: usize,
    /// Open callbacks of all queues and agents together.
    pub callbacks: usize,
    /// Callers of whom it is known with whom they talked last.
    pub last_agents: usize,
    /// Callers who have an agent of their own.
    pub owners: usize,
}

impl Default for Limits {
    /// Twice what the speed goals are measured with (pacing.md section 8: 10,000
    /// agents, 500 queues, 100,000 waiting calls).
    fn default() -> Self {
        Self {
            agents: 20_000,
            queues: 1_000,
            waiting: 200_000,
            places: 200_000,
            last_agents: 100_000,
            owners: 200_000,
            callbacks: 100_000,
        }
    }
}

/// The owner's own deadline of an offer is its ring time and this (DESIGN section 4).
pub const OFFER_GRACE: Duration = Duration::from_secs(5);

/// After a missed offer an agent is offered nothing for this long: others come
/// first, and an agent who is alone is not rung without a pause.
pub const MISSED_REST: Duration = Duration::from_secs(1);

/// After a refused offer: longer than for a missed one, since a phone refuses in
/// milliseconds where a missed ring took its whole time.
pub const REFUSED_REST: Duration = Duration::from_secs(3);

/// After an offer that did not reach the phone, or about which the shard said
/// nothing: time for a registration or a flow to heal. A new registration ends it early.
pub const UNREACHABLE_REST: Duration = Duration::from_secs(5);

/// A difference between facts and leases is repaired when a shard reports it
/// again after at least this long. Facts come every 5 s, and whatever was in
/// flight at the first has arrived by the second.
pub const FACTS_SETTLE: Duration = Duration::from_secs(4);

/// Live legs of one agent. A phone has a handful of lines.
pub(crate) const MAX_LEGS: usize = 32;

/// Differences remembered from one report of a shard to its next.
pub(crate) const MAX_SUSPECTS: usize = 10_000;

/// Agents named in the explanation of a decision; the rest is counted by reason.
pub const CANDIDATES_MAX: usize = 20;

/// Calls of one question why they wait: a page of a list. Each costs as much as there are profiles that may serve it.
pub const WHY_CALLS_MAX: usize = 200;

/// Agents and calls looked at one by one after an input; above, all queues are.
pub(crate) const MAX_WOKEN: usize = 32;

/// Callbacks of an agent's own that may be due at the same time: the calls that an extension may have (contact-centre.md
/// section 5, reading R2).
pub const CALLBACKS_OF_AN_AGENT: u32 = 2;

/// A customer's phone rings at least so long before it counts as not answered (47 CFR 64.1200 (a) (6)).
pub const MIN_RING: Duration = Duration::from_secs(15);

/// A caller who asked to be called back is told so in a few seconds. His shard says when his call is over; after this he
/// is called back whatever it says.
pub(crate) const PARTING_MAX: Duration = Duration::from_secs(60);

/// An agent who took a callback and hung up before the customer was called leaves it to others after this: he may be the
/// only one, and would be asked again at once.
pub(crate) const BEGIN_AGAIN: Duration = Duration::from_secs(5);

/// A standing leg that went down without its agent's doing is called again after this.
pub(crate) const STANDING_RETRY: Duration = Duration::from_secs(5);

/// So often in a row; then its agent is logged out, as nobody seems to be there.
pub(crate) const STANDING_TRIES: u32 = 3;
