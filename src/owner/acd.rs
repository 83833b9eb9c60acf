//! The ACD's core as its task runs it.

use std::sync::Arc;

use acd::{Acd, Input};
use centre::{AcdOutlet, Delivery};
use clock::{Instant, Now};

use super::Core;
use crate::net::SipInput;
use crate::snapshots::Snapshots;

/// The ACD, its outlet, and where its snapshot goes.
pub(crate) struct AcdCore {
    acd: Acd,
    outlet: AcdOutlet,
    snapshots: Arc<Snapshots>,
    changed: bool,
}

impl AcdCore {
    pub(crate) fn new(acd: Acd, snapshots: Arc<Snapshots>) -> Self {
        Self { acd, outlet: AcdOutlet::new(), snapshots, changed: false }
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
        let effect = self.acd.poll_effect()?;
        self.changed = true;
        Some(self.outlet.route(now.wall, effect))
    }

    fn poll_timeout(&mut self) -> Option<Instant> {
        self.acd.poll_timeout().map(|(at, _)| at)
    }

    fn publish(&mut self, now: Now) {
        if std::mem::take(&mut self.changed) {
            self.snapshots.set_acd(now.wall, self.acd.snapshot());
        }
    }
}
