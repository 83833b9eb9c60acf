//! Location's core as its task runs it.

use std::sync::Arc;

use bytes::Bytes;
use centre::owner::LocationOwner;
use centre::{Delivery, RegistrationSnapshot};
use clock::{Instant, Now};
use sip::location::{Binding, Input};

use super::{Core, Refused};
use crate::net::{Admission, SipInput};
use crate::snapshots::Snapshots;

/// Location, and where its snapshot goes.
pub(crate) struct LocationCore {
    location: LocationOwner,
    snapshots: Arc<Snapshots>,
    /// Learns which addresses are trunks' and phones'.
    admission: Arc<Admission>,
}

impl LocationCore {
    pub(crate) fn new(location: LocationOwner, snapshots: Arc<Snapshots>, admission: Arc<Admission>) -> Self {
        Self { location, snapshots, admission }
    }
}

impl Core for LocationCore {
    type Input = Input;

    fn from_sip(input: SipInput) -> Option<Input> {
        Some(match input {
            SipInput::Received { peer, message } => Input::Received { peer, message },
            SipInput::Bad { peer, error, .. } => Input::ReceivedBad { peer, error },
            SipInput::FlowGone(flow) => Input::FlowGone(flow),
            SipInput::TransportFailed(peer) => Input::TransportFailed { peer },
        })
    }

    fn from_journal(_: bool) -> Option<Input> {
        None
    }

    /// Phones stay bound while the journal fails: what they lose by a crash then is until their next REGISTER.
    fn from_refused(_: &Bytes) -> Refused<Input> {
        Refused::Send
    }

    fn handle(&mut self, now: Now, input: Input) {
        if let Input::Configure { trunks, .. } = &input {
            self.admission.set_trunks(trunks.iter().copied());
        }
        self.location.handle(now, input);
    }

    fn handle_timeout(&mut self, now: Now) {
        self.location.handle_timeout(now);
    }

    fn poll_delivery(&mut self, _: Now) -> Option<Delivery> {
        self.location.poll_delivery()
    }

    fn poll_timeout(&mut self) -> Option<Instant> {
        self.location.poll_timeout()
    }

    fn release(&mut self, _: Now, named: &centre::owner::Named) {
        self.location.release(named);
    }

    #[cfg(feature = "fault-injection")]
    fn break_at(&mut self, fault: centre::owner::Fault) {
        self.location.break_at(fault);
    }

    fn publish(&mut self, now: Now) {
        let shown = |binding: &Binding| RegistrationSnapshot {
            agent: binding.agent,
            contact: binding.contact.clone(),
            transport: if binding.stream { "tcp" } else { "udp" },
            source: binding.source.to_string(),
            expires_at: binding.expires_at,
        };
        if let Some(bans) = self.location.changed_bans(now) {
            self.snapshots.set_bans(now.wall, bans);
        }
        if let Some(bindings) = self.location.changed_bindings() {
            let bindings: Vec<&Binding> = bindings.collect();
            self.admission.set_phones(bindings.iter().map(|binding| binding.source.ip()));
            self.snapshots.set_registrations(now.wall, bindings.into_iter().map(shown).collect());
        }
    }
}
