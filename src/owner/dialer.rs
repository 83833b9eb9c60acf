//! The dialer's core as its task runs it.

use std::sync::Arc;
use std::time::Duration;

use centre::Delivery;
use centre::owner::{DialerInput, DialerOwner};
use clock::{AttemptId, Instant, Now};

use super::Core;
use crate::net::SipInput;
use crate::snapshots::Snapshots;

/// The dialer, and where its lists and campaigns are shown.
pub(crate) struct DialerCore {
    dialer: DialerOwner,
    snapshots: Arc<Snapshots>,
    /// A client waits for an answer: it must find what it did.
    asked: bool,
    /// Campaigns are shown from then on.
    publish_at: Instant,
}

impl DialerCore {
    pub(crate) fn new(dialer: DialerOwner, snapshots: Arc<Snapshots>) -> Self {
        Self { dialer, snapshots, asked: false, publish_at: Instant::ZERO }
    }
}

impl Core for DialerCore {
    type Input = DialerInput;

    fn from_sip(_: SipInput) -> Option<DialerInput> {
        None
    }

    fn from_journal(failing: bool) -> Option<DialerInput> {
        Some(DialerInput::Campaigns(Box::new(dialer::runner::Input::Journal { is_well: !failing })))
    }

    fn from_undialed(attempt: AttemptId) -> Option<DialerInput> {
        Some(DialerInput::NotDialed(attempt))
    }

    fn handle(&mut self, now: Now, input: DialerInput) {
        // What was there before the restart is shown before anybody asks for it.
        self.asked |=
            matches!(&input, DialerInput::Campaigns(input) if matches!(**input, dialer::runner::Input::Restore(_)));
        self.dialer.handle(now, input);
    }

    fn handle_timeout(&mut self, now: Now) {
        self.dialer.handle_timeout(now);
    }

    fn poll_delivery(&mut self, _: Now) -> Option<Delivery> {
        let delivery = self.dialer.poll_delivery()?;
        self.asked |= matches!(delivery, Delivery::Answer { .. });
        Some(delivery)
    }

    fn poll_timeout(&mut self) -> Option<Instant> {
        let publish = self.dialer.has_changed_campaigns().then_some(self.publish_at);
        self.dialer.poll_timeout().into_iter().chain(publish).min()
    }

    #[cfg(feature = "fault-injection")]
    fn break_at(&mut self, fault: centre::owner::Fault) {
        self.dialer.break_at(fault);
    }

    /// Campaigns are shown a few times a second, and at once when a client is to be answered.
    fn publish(&mut self, now: Now) {
        if let Some(list) = self.dialer.changed_list() {
            self.snapshots.set_do_not_call(now.wall, list);
        }
        if now.mono < self.publish_at && !self.asked {
            return;
        }
        self.asked = false;
        if let Some(campaigns) = self.dialer.changed_campaigns(now) {
            self.publish_at = now.mono + PUBLISH_EVERY;
            self.snapshots.set_campaigns(now.wall, campaigns);
        }
    }
}

/// Faster than anyone reads.
const PUBLISH_EVERY: Duration = Duration::from_millis(250);
