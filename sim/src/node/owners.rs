//! The owners of one life: production's cores and outlets, each with its gate.

use centre::Delivery;
use centre::owner::{AcdOwner, DialerInput, DialerOwner, LocationOwner, ShardOwner};
use clock::{Instant, Now, ShardId};
use journal_core::{Gate, Owner};
use sip::ua::Peer;

use crate::ctx::Ctx;
use crate::planted::Planted;
use crate::watch::Seen;

/// An input of any owner.
#[derive(Debug)]
pub(crate) enum Input {
    Shard(call::Input),
    Acd(acd::Input),
    Location(sip::location::Input),
    Dialer(DialerInput),
}

/// A core as its owner's task runs it, built anew when it breaks.
#[derive(Debug)]
pub(crate) enum Core {
    Shard(ShardId, Box<ShardOwner>),
    Acd(Box<AcdOwner>),
    Location(Box<LocationOwner>),
    Dialer(Box<DialerOwner>),
}

/// One owner as its task holds it.
#[derive(Debug)]
pub(crate) struct Post {
    pub(crate) core: Core,
    pub(crate) gate: Gate<GateLane, Held>,
    /// When it will be woken, in true time.
    pub(crate) wake: Option<Instant>,
    /// It is about to break: twice at one input would be a quarantine.
    pub(crate) breaks: bool,
}

/// What waits in a gate.
#[derive(Debug)]
pub(crate) enum Held {
    Transmit { peer: Peer, bytes: bytes::Bytes },
    Answer { request: clock::RequestId },
    Shard { shard: clock::ShardId, input: Box<call::Input> },
    Leads { campaign: clock::CampaignId, wanted: dialer::hopper::Wanted },
}

/// As in production: gated effects keep their order, others pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum GateLane {
    Network,
    Answers,
}

impl Post {
    pub(crate) fn new(core: Core) -> Self {
        Self { core, gate: Gate::default(), wake: None, breaks: false }
    }

    /// Whose entries these are.
    pub(crate) fn owner(&self) -> Owner {
        match &self.core {
            Core::Shard(shard, ..) => Owner::Shard(*shard),
            Core::Acd(..) => Owner::Acd,
            Core::Location(..) => Owner::Location,
            Core::Dialer(..) => Owner::Dialer,
        }
    }

    /// Takes an input, or time only, and says what is to be delivered.
    pub(crate) fn step(&mut self, ctx: &mut Ctx, now: Now, input: Option<Input>) -> Vec<Delivery> {
        let mut deliveries = Vec::new();
        match (&mut self.core, input) {
            (Core::Shard(id, shard), input) => {
                match input {
                    Some(Input::Shard(input)) => {
                        ctx.see(&Seen::ShardTold { shard: *id, input: &input });
                        shard.handle(now, input);
                    }
                    _ => shard.handle_timeout(now),
                }
                while let Some(delivery) = shard.poll_delivery() {
                    deliveries.push(delivery);
                }
            }
            (Core::Acd(acd), input) => {
                // Timers that are due come first, in a step of their own, so that what follows from which is seen.
                ctx.see(&Seen::AcdWoken { now });
                acd.handle_timeout(now);
                drain_acd(ctx, now, acd, &mut deliveries);
                if let Some(Input::Acd(input)) = input {
                    ctx.see(&Seen::AcdTold { now, input: &input });
                    acd.handle(now, input);
                    drain_acd(ctx, now, acd, &mut deliveries);
                }
            }
            (Core::Location(location), input) => {
                match input {
                    Some(Input::Location(input)) => location.handle(now, input),
                    _ => location.handle_timeout(now),
                }
                while let Some(delivery) = location.poll_delivery() {
                    deliveries.push(delivery);
                }
            }
            (Core::Dialer(dialer), input) => {
                match input {
                    Some(Input::Dialer(input)) => {
                        ctx.see(&Seen::DialerTold { input: &input });
                        dialer.handle(now, input);
                    }
                    _ => dialer.handle_timeout(now),
                }
                while let Some(delivery) = dialer.poll_delivery() {
                    deliveries.push(delivery);
                }
            }
        }
        deliveries
    }

    /// Lets the core break an assertion at its next input. Without the feature of tests it does not.
    pub(crate) fn break_next(&mut self) {
        let breaks_already = core::mem::replace(&mut self.breaks, true);
        #[cfg(feature = "fault-injection")]
        match &mut self.core {
            _ if breaks_already => {}
            Core::Shard(_, shard) => shard.break_at(centre::owner::Fault::Next),
            Core::Acd(acd) => acd.break_at(centre::owner::Fault::Next),
            Core::Location(location) => location.break_at(centre::owner::Fault::Next),
            Core::Dialer(dialer) => dialer.break_at(centre::owner::Fault::Next),
        }
        #[cfg(not(feature = "fault-injection"))]
        let _ = breaks_already;
    }

    /// Plants a fault in the core it belongs to. Without the feature of tests it does not.
    pub(crate) fn plant(&mut self, fault: Planted) {
        #[cfg(feature = "planted-faults")]
        match &mut self.core {
            Core::Shard(_, shard) => fault.in_shard().into_iter().for_each(|fault| shard.plant(fault)),
            Core::Acd(acd) => fault.in_acd().into_iter().for_each(|fault| acd.plant(fault)),
            Core::Dialer(dialer) => fault.in_dialer().into_iter().for_each(|fault| dialer.plant(fault)),
            Core::Location(_) => {}
        }
        #[cfg(not(feature = "planted-faults"))]
        let _ = fault;
    }

    /// When the core wants to be called, on the node's monotonic clock.
    pub(crate) fn due(&mut self) -> Option<Instant> {
        match &mut self.core {
            Core::Shard(_, shard) => shard.poll_timeout(),
            Core::Acd(acd) => acd.poll_timeout(),
            Core::Location(location) => location.poll_timeout(),
            Core::Dialer(dialer) => dialer.poll_timeout(),
        }
    }

    /// What should be empty when all is quiet, with how many it holds.
    pub(crate) fn left(&self) -> Vec<(&'static str, usize)> {
        let mut left = vec![("effects held in a gate", self.gate.held())];
        match &self.core {
            Core::Shard(_, shard) => {
                let counts = shard.counts();
                left.extend([
                    ("calls of a shard", counts.calls),
                    ("legs of a shard", counts.legs),
                    ("rings of a shard", counts.rings),
                    ("SIP sessions of a shard", counts.sessions),
                    ("claims of a shard", counts.claims),
                    ("ports of a shard", counts.ports),
                    ("players of a shard", counts.players),
                    ("recorders of a shard", counts.recorders),
                    ("timers of a shard", counts.timers),
                ]);
            }
            Core::Acd(acd) => {
                let counts = acd.counts();
                left.extend([
                    ("waiting calls of the ACD", counts.waiting),
                    ("offers of the ACD", counts.offers),
                    ("legs of the ACD", counts.legs),
                    ("timers of the ACD", counts.timers.saturating_sub(counts.places)),
                    ("suspicions of the ACD", counts.suspects),
                    ("callbacks of the ACD", counts.callbacks),
                ]);
            }
            Core::Location(location) => {
                left.push(("requests of location that wait", location.counts().waiting_requests));
            }
            Core::Dialer(_) => {}
        }
        left
    }
}

fn drain_acd(ctx: &mut Ctx, now: Now, acd: &mut AcdOwner, deliveries: &mut Vec<Delivery>) {
    while let Some(delivery) = acd.poll_seen(now, |effect| ctx.see(&Seen::AcdSaid { effect })) {
        deliveries.push(delivery);
    }
    ctx.see(&Seen::AcdSettled);
}
