//! The dialer's core as its task runs it.

use std::sync::Arc;

use centre::Delivery;
use centre::owner::{DialerInput, DialerOwner};
use clock::{Instant, Now};

use super::Core;
use crate::net::SipInput;
use crate::snapshots::Snapshots;

/// The dialer, and where its list is shown.
pub(crate) struct DialerCore {
    dialer: DialerOwner,
    snapshots: Arc<Snapshots>,
}

impl DialerCore {
    pub(crate) fn new(dialer: DialerOwner, snapshots: Arc<Snapshots>) -> Self {
        Self { dialer, snapshots }
    }
}

impl Core for DialerCore {
    type Input = DialerInput;

    fn from_sip(_: SipInput) -> Option<DialerInput> {
        None
    }

    fn from_journal(_: bool) -> Option<DialerInput> {
        None
    }

    fn handle(&mut self, now: Now, input: DialerInput) {
        self.dialer.handle(now, input);
    }

    fn handle_timeout(&mut self, _: Now) {}

    fn poll_delivery(&mut self, _: Now) -> Option<Delivery> {
        self.dialer.poll_delivery()
    }

    fn poll_timeout(&mut self) -> Option<Instant> {
        None
    }

    /// It holds a list and nothing that an assertion watches.
    #[cfg(feature = "fault-injection")]
    fn break_at(&mut self, _: centre::owner::Fault) {}

    fn publish(&mut self, now: Now) {
        if let Some(list) = self.dialer.changed_list() {
            self.snapshots.set_do_not_call(now.wall, list);
        }
    }
}
