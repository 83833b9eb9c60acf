//! A ring: legs that are called together until one answers.

use clock::{AgentId, CallId, Generation, LegId, OfferId, QueueId};

use crate::termination::{Class, Termination};

/// A group of legs that ring together.
#[derive(Debug)]
pub(crate) struct Ring {
    pub(crate) call: CallId,
    pub(crate) purpose: Purpose,
    /// Those still ringing, and the one that answered.
    pub(crate) legs: Vec<LegId>,
    /// The journal knows that it rings.
    pub(crate) announced: bool,
    /// The first leg that answered.
    pub(crate) answered: Option<LegId>,
    /// The best of the refusals so far.
    pub(crate) refusal: Option<Termination>,
}

/// What the legs ring for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// An agent's phone, for a queue.
    Offer(Lease),
    /// The called party of an extension or trunk call.
    Callee,
    /// The phone of the agent who asked for click-to-call.
    Originator,
    /// A number that a campaign calls.
    Attempt,
    /// The phone of an agent, to stay connected.
    Standing,
    /// The target of a blind transfer.
    Transfer {
        /// The transferring leg; it may hang up meanwhile.
        by: LegId,
        /// Target as dialed.
        to: String,
    },
}

/// The ACD's offer behind a ring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Lease {
    pub(crate) offer: OfferId,
    pub(crate) generation: Generation,
    pub(crate) agent: AgentId,
    pub(crate) queue: QueueId,
}

impl Ring {
    pub(crate) fn new(call: CallId, purpose: Purpose) -> Self {
        Self { call, purpose, legs: Vec::new(), announced: false, answered: None, refusal: None }
    }

    /// The offer that it rings for.
    pub(crate) fn lease(&self) -> Option<Lease> {
        match self.purpose {
            Purpose::Offer(lease) => Some(lease),
            _ => None,
        }
    }

    /// Notes why a leg failed; of several the one that says most is kept.
    pub(crate) fn refused(&mut self, by: Termination) {
        if self.refusal.as_ref().is_none_or(|best| weight(&by) > weight(best)) {
            self.refusal = Some(by);
        }
    }
}

/// A person's refusal says more than an absent phone, and that more than a
/// broken one (RFC 3261 16.7 (6), with 6xx first).
fn weight(refusal: &Termination) -> u8 {
    match (refusal.sip, refusal.reason.row().class) {
        (Some(600..=699), _) => 3,
        (_, Class::NotAnswered) => 2,
        (Some(400..=499), _) => 1,
        _ => 0,
    }
}
