//! A call shard's core as its task runs it.

use std::sync::Arc;

use bytes::Bytes;
use call::Input;
use centre::Delivery;
use centre::owner::ShardOwner;
use clock::{Instant, Now, ShardId};
use sip::{Message, Method, Source};

use super::{Core, Refused};
use crate::net::{Admission, SipInput};
use crate::snapshots::Snapshots;

/// A shard, and where its snapshot goes.
pub(crate) struct ShardCore {
    id: ShardId,
    shard: ShardOwner,
    snapshots: Arc<Snapshots>,
    /// Learns which addresses are trunks'.
    admission: Arc<Admission>,
}

impl ShardCore {
    pub(crate) fn new(id: ShardId, shard: ShardOwner, snapshots: Arc<Snapshots>, admission: Arc<Admission>) -> Self {
        Self { id, shard, snapshots, admission }
    }
}

impl Core for ShardCore {
    type Input = Input;

    fn from_sip(input: SipInput) -> Option<Input> {
        Some(match input {
            SipInput::Received { peer, message } => Input::Received { peer, message },
            SipInput::Bad { peer, error, .. } => Input::ReceivedBad { peer, error },
            SipInput::FlowGone(flow) => Input::FlowGone(flow),
            SipInput::TransportFailed(peer) => Input::TransportFailed { peer },
        })
    }

    fn from_journal(failing: bool) -> Option<Input> {
        Some(Input::JournalFailing(failing))
    }

    fn from_refused(response: &Bytes) -> Refused<Input> {
        let Ok(response) = Message::parse(response.clone(), Source::Datagram) else { return Refused::Drop };
        let is_answer = response.cseq().is_ok_and(|(_, method)| method == Method::Invite);
        match is_answer && (101..300).contains(&response.status()) {
            true => Refused::Tell(Input::ResponseRefused(response)),
            false => Refused::Drop,
        }
    }

    fn handle(&mut self, now: Now, input: Input) {
        match &input {
            Input::Configure(plan) => {
                let destinations = plan.trunks.iter().map(|(trunk, plan)| (*trunk, plan.destination.ip()));
                self.admission.set_destinations(destinations);
            }
            Input::TrunkTargets(targets) => self.admission.set_targets(targets),
            _ => {}
        }
        self.shard.handle(now, input);
    }

    fn handle_timeout(&mut self, now: Now) {
        self.shard.handle_timeout(now);
    }

    fn poll_delivery(&mut self, _: Now) -> Option<Delivery> {
        self.shard.poll_delivery()
    }

    fn poll_timeout(&mut self) -> Option<Instant> {
        self.shard.poll_timeout()
    }

    fn release(&mut self, _: Now, named: &centre::owner::Named) {
        self.shard.release(named);
    }

    #[cfg(feature = "fault-injection")]
    fn break_at(&mut self, fault: centre::owner::Fault) {
        self.shard.break_at(fault);
    }

    fn publish(&mut self, now: Now) {
        if self.snapshots.shard_is_due(self.id, now.mono) {
            self.snapshots.set_shard(self.id, now, self.shard.snapshot());
        }
    }
}
