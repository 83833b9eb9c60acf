//! The ACD's core as its task runs it.

use std::sync::Arc;

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
}

impl AcdCore {
    pub(crate) fn new(acd: AcdOwner, snapshots: Arc<Snapshots>) -> Self {
        Self { acd, snapshots, changed: false }
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
        Some(delivery)
    }

    fn poll_timeout(&mut self) -> Option<Instant> {
        self.acd.poll_timeout()
    }

    fn release(&mut self, now: Now, named: &centre::owner::Named) {
        self.changed = true;
        self.acd.release(now, named);
    }

    #[cfg(feature = "fault-injection")]
    fn break_at(&mut self, fault: centre::owner::Fault) {
        self.acd.break_at(fault);
    }

    fn publish(&mut self, now: Now) {
        if std::mem::take(&mut self.changed) {
            self.snapshots.set_acd(now.wall, self.acd.snapshot());
        }
    }
}
