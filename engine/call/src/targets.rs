//! Calls out through a trunk: to the first of its targets that is up, and on to
//! the next when one fails before it rings (RFC 3263 4.3), without a second call
//! to the customer.

use std::collections::VecDeque;

use clock::{LegId, TrunkId};
use journal_core::{CallEvent, LegKind, Who};
use sip::trunk::Target;
use sip::ua::{Peer, SessionId, Transport};
use sip::{HostPort, Uri};

use crate::ids::RingId;
use crate::leg::{Hop, Invite, Leg, Side, Stage};
use crate::ringing::Callee;
use crate::shard::{Shard, Timer};
use crate::termination::{Reason, Termination};

impl Shard {
    /// The trunk as a callee for `number`; none when no target of it is up.
    pub(crate) fn over_trunk(&mut self, trunk: TrunkId, number: &str) -> Option<Callee> {
        let plan = self.plan.clone();
        let number = &plan.numbers.write(number, plan.trunks.get(&trunk)?.identity.called);
        let plan = plan.trunks.get(&trunk)?;
        let mut hops: VecDeque<Hop> = match self.targets.get(&trunk) {
            Some(targets) => {
                let up = targets.order(&mut self.rng).into_iter().filter(|target| target.up);
                up.filter_map(|target| hop_to(number, target)).take(MAX_TARGETS).collect()
            }
            // Known by name only, and not looked up yet.
            None if plan.destination.port() == 0 => return None,
            None => {
                let transport = if plan.tcp { Transport::Tcp } else { Transport::Udp };
                let peer = Peer { transport, addr: plan.destination, flow: None };
                hop(number, &HostPort::from(plan.destination), peer).into_iter().collect()
            }
        };
        let hop = hops.pop_front()?;
        Some(Callee { hop, others: hops, agent: None, trunk: Some(trunk) })
    }

    /// The INVITE of a leg is on its way: a target that says nothing is not waited for when there is another.
    pub(crate) fn await_target(&mut self, leg: LegId) {
        let Some(known) = self.legs.get(&leg).filter(|leg| leg.next.is_some()) else { return };
        let plan = known.trunk.and_then(|trunk| self.plan.trunks.get(&trunk));
        if let Some(silence_max) = plan.map(|plan| plan.target_silence_max) {
            self.arm(Timer::Target(leg), silence_max);
        }
    }

    /// The target works on the call: it has longer to ring than one that says nothing, but not for ever.
    pub(crate) fn target_tries(&mut self, session: SessionId) {
        let Some(known) = self.leg_of(session).and_then(|leg| self.legs.get_mut(&leg)) else { return };
        known.tried = true;
        let leg = known.id;
        self.timers.cancel(&Timer::Target(leg));
        let plan = known.trunk.filter(|_| known.next.is_some()).and_then(|trunk| self.plan.trunks.get(&trunk));
        if let Some(ring_start_max) = plan.map(|plan| plan.target_ring_start_max) {
            self.arm(Timer::Target(leg), ring_start_max);
        }
    }

    /// The target has said nothing at all, or nothing after 100: it is left, with CANCEL where it works on the call.
    pub(crate) fn target_silent(&mut self, leg: LegId) {
        let Some(known) = self.legs.get(&leg).filter(|leg| leg.stage == Stage::Calling) else { return };
        let silent = Termination { who: known.who(), reason: Reason::Unreachable, sip: Some(408) };
        if let Some(session) = known.session {
            self.ua.stop_retransmitting(session);
        }
        self.leg_lost(leg, silent, false);
    }

    /// What goes to the next target when a leg is lost for `why`; none when it must not be left, or was the last.
    pub(crate) fn next_target(&mut self, leg: LegId, why: &Termination) -> Option<Onward> {
        let call = self.legs.get(&leg)?.call;
        let is_wanted = !self.is_attempt_cancelled(call);
        let known = self.legs.get_mut(&leg)?;
        let may_leave = known.stage == Stage::Calling && is_targets_fault(why) && is_wanted;
        let (next, ring, trunk) = (known.next.take().filter(|_| may_leave)?, known.ring?, known.trunk?);
        let target = known.peer.map(|peer| peer.addr.to_string()).unwrap_or_default();
        Some(Onward { ring, kind: known.kind, trunk, target, invite: *next })
    }

    /// Calls the next target, in a leg of its own.
    pub(crate) fn go_on(&mut self, left: LegId, onward: Onward) {
        let Onward { ring, kind, trunk, target, invite } = onward;
        let Some(known) = self.rings.get_mut(&ring) else { return };
        let call = known.call;
        let mut leg = Leg::new(self.ids.leg(), call, kind, Side::Client);
        known.legs.push(leg.id);
        let next = invite.hop.peer.addr.to_string();
        leg.trunk = Some(trunk);
        leg.ring = Some(ring);
        leg.invite = Some(invite);
        self.log(call, CallEvent::TargetFailed { leg: left, trunk, target, next });
        self.add_leg(leg);
        self.attempt_rings_anew(call);
        self.rewire(call);
    }
}

/// A call that goes on to the next target.
pub(crate) struct Onward {
    ring: RingId,
    kind: LegKind,
    trunk: TrunkId,
    /// The one that failed.
    target: String,
    invite: Invite,
}

/// Whether another target may do better: this one did not answer, could not be reached, or said that it is broken.
/// What it says of the number or the customer holds everywhere.
fn is_targets_fault(why: &Termination) -> bool {
    let said = why.who != Who::System && matches!(why.sip, Some(408 | 500..=599));
    said || why.reason == Reason::Transport
}

fn hop_to(number: &str, target: &Target) -> Option<Hop> {
    hop(number, &HostPort::parse(&target.host).ok()?, target.peer)
}

fn hop(number: &str, host_port: &HostPort, peer: Peer) -> Option<Hop> {
    let uri = Uri::sip(Some(number), host_port).ok()?;
    let uri = match peer.transport {
        Transport::Tcp => uri.with_param("transport", Some("tcp")).ok()?,
        Transport::Udp => uri,
    };
    Some(Hop { uri: uri.to_string(), peer })
}

/// Targets tried for one call: with five seconds each, more than any caller waits for.
const MAX_TARGETS: usize = 8;
