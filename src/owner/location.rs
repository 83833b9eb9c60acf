//! Location's core as its task runs it.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use centre::{Delivery, LocationOutlet, RegistrationSnapshot};
use clock::{AgentId, Instant, Now};
use sip::location::{Binding, Effect, Input, Location};

use super::Core;
use crate::net::{Admission, CallIdDirectory, SipInput};
use crate::snapshots::Snapshots;

/// Location, its outlet, and where its snapshot goes.
pub(crate) struct LocationCore {
    location: Location,
    outlet: LocationOutlet,
    directory: Arc<CallIdDirectory>,
    snapshots: Arc<Snapshots>,
    /// Learns which addresses are trunks' and phones'.
    admission: Arc<Admission>,
    bindings: BTreeMap<(AgentId, String), Binding>,
    changed: bool,
    bans_changed: bool,
    routed: VecDeque<Delivery>,
}

impl LocationCore {
    pub(crate) fn new(
        location: Location,
        directory: Arc<CallIdDirectory>,
        snapshots: Arc<Snapshots>,
        admission: Arc<Admission>,
    ) -> Self {
        Self {
            location,
            outlet: LocationOutlet::new(),
            directory,
            snapshots,
            admission,
            bindings: BTreeMap::new(),
            changed: false,
            bans_changed: false,
            routed: VecDeque::new(),
        }
    }

    fn note(&mut self, effect: &Effect) {
        match effect {
            Effect::BindingSet(binding) => {
                self.bindings.insert((binding.agent, binding.contact.clone()), binding.clone());
                self.changed = true;
            }
            Effect::BindingRemoved { agent, contact } => {
                self.bindings.remove(&(*agent, contact.clone()));
                self.changed = true;
            }
            Effect::Silenced(_) | Effect::Released { .. } => self.bans_changed = true,
            _ => {}
        }
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

    fn handle(&mut self, now: Now, input: Input) {
        if let Input::Configure { trunks, .. } = &input {
            self.admission.set_trunks(trunks.iter().copied());
        }
        if let Input::Restore(bindings) = &input {
            // Those that are not taken back are said to be removed.
            self.bindings.extend(bindings.iter().map(|one| ((one.agent, one.contact.clone()), one.clone())));
            self.changed = true;
        }
        self.location.handle(now, input);
    }

    fn handle_timeout(&mut self, now: Now) {
        self.location.handle_timeout(now);
    }

    fn poll_delivery(&mut self, _: Now) -> Option<Delivery> {
        while self.routed.is_empty() {
            let effect = self.location.poll_effect()?;
            self.note(&effect);
            self.routed.extend(self.outlet.route(self.directory.shards(), effect));
        }
        self.routed.pop_front()
    }

    fn poll_timeout(&mut self) -> Option<Instant> {
        self.location.poll_timeout().map(|(at, _)| at)
    }

    fn publish(&mut self, now: Now) {
        if std::mem::take(&mut self.bans_changed) {
            self.snapshots.set_bans(now.wall, self.location.bans(now.mono));
        }
        if std::mem::take(&mut self.changed) {
            self.admission.set_phones(self.bindings.values().map(|binding| binding.source.ip()));
            let shown = |binding: &Binding| RegistrationSnapshot {
                agent: binding.agent,
                contact: binding.contact.clone(),
                transport: if binding.stream { "tcp" } else { "udp" },
                source: binding.source.to_string(),
                expires_at: binding.expires_at,
            };
            self.snapshots.set_registrations(now.wall, self.bindings.values().map(shown).collect());
        }
    }
}
