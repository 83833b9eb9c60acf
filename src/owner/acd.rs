//! The ACD's core as its task runs it.

use std::sync::Arc;
use std::time::Duration;

use acd::Input;
use centre::Delivery;
use centre::owner::AcdOwner;
use clock::{Instant, Now};

use super::Core;
use crate::net::SipInput;
use crate::snapshots::Snapshots;

/// The ACD, and where its snapshot goes.
pub(crate) struct AcdCore {
    acd: AcdOwner,
    snapshots: Arc<Snapshots>,
    changed: bool,
    /// A client waits for an answer: it must find what it did.
    asked: bool,
    /// What changed is shown from then on.
    publish_at: Instant,
}

impl AcdCore {
    pub(crate) fn new(acd: AcdOwner, snapshots: Arc<Snapshots>) -> Self {
        Self { acd, snapshots, changed: false, asked: false, publish_at: Instant::ZERO }
    }
}

impl Core for AcdCore {
    type Input = Input;

    fn from_sip(_: SipInput) -> Option<Input> {
        None
    }

    fn from_journal(_: bool) -> Option<Input> {
        None
    }

    fn handle(&mut self, now: Now, input: Input) {
        // Facts change nothing as a rule, and come every 5 s.
        self.changed |= !matches!(input, Input::Facts { .. });
        self.acd.handle(now, input);
    }

    fn handle_timeout(&mut self, now: Now) {
        self.acd.handle_timeout(now);
    }

    fn poll_delivery(&mut self, now: Now) -> Option<Delivery> {
        let delivery = self.acd.poll_delivery(now)?;
        self.changed = true;
        self.asked |= matches!(delivery, Delivery::Answer { .. });
        Some(delivery)
    }

    fn poll_timeout(&mut self) -> Option<Instant> {
        let publish = self.changed.then_some(self.publish_at);
        self.acd.poll_timeout().into_iter().chain(publish).min()
    }

    fn release(&mut self, now: Now, named: &centre::owner::Named) {
        self.changed = true;
        self.acd.release(now, named);
    }

    #[cfg(feature = "fault-injection")]
    fn break_at(&mut self, fault: centre::owner::Fault) {
        self.acd.break_at(fault);
    }

    /// A snapshot costs as much as there are agents and callers, so a large centre shows it a few times a second, and at
    /// once only when a client is to be answered: offers do not wait for it.
    fn publish(&mut self, now: Now) {
        if !self.changed || (now.mono < self.publish_at && !self.asked) {
            return;
        }
        (self.changed, self.asked) = (false, false);
        let snapshot = self.acd.snapshot();
        let waiting: usize = snapshot.queues.iter().map(|queue| queue.waiting.len()).sum();
        let rows = u32::try_from(snapshot.agents.len() + waiting + snapshot.callbacks.len()).unwrap_or(u32::MAX);
        self.publish_at = now.mono + PUBLISH_REST_EACH.saturating_mul(rows).min(PUBLISH_REST_MAX);
        self.snapshots.set_acd(now.wall, snapshot);
    }
}

/// After a snapshot nothing is published for so long, for each row in it: a hundred times what a row costs.
const PUBLISH_REST_EACH: Duration = Duration::from_micros(25);
/// What others see of the largest centre is no older than this.
const PUBLISH_REST_MAX: Duration = Duration::from_millis(500);
