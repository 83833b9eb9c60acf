//! The owners of one life: production's cores and outlets, each with its gate.

use centre::{AcdOutlet, Delivery, LocationOutlet, ShardOutlet};
use clock::{Instant, Now, ShardId};
use journal_core::{Gate, Owner};
use sip::location::Location;
use sip::ua::Peer;

use crate::ctx::Ctx;
use crate::watch::Seen;

/// An input of any owner.
#[derive(Debug)]
pub(crate) enum Input {
    Shard(call::Input),
    Acd(acd::Input),
    Location(sip::location::Input),
}

/// A core with its outlet.
#[derive(Debug)]
pub(crate) enum Core {
    Shard(ShardId, Box<call::Shard>, ShardOutlet),
    Acd(Box<acd::Acd>, AcdOutlet),
    Location(Box<Location>, LocationOutlet),
}

/// One owner as its task holds it.
#[derive(Debug)]
pub(crate) struct Post {
    pub(crate) core: Core,
    pub(crate) gate: Gate<GateLane, Held>,
    /// When it will be woken, in true time.
    pub(crate) wake: Option<Instant>,
}

/// What waits in a gate.
#[derive(Debug)]
pub(crate) enum Held {
    Transmit { peer: Peer, bytes: bytes::Bytes },
    Answer { request: clock::RequestId },
}

/// As in production: gated effects keep their order, others pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum GateLane {
    Network,
    Answers,
}

impl Post {
    pub(crate) fn new(core: Core) -> Self {
        Self { core, gate: Gate::default(), wake: None }
    }

    /// Whose entries these are.
    pub(crate) fn owner(&self) -> Owner {
        match &self.core {
            Core::Shard(shard, ..) => Owner::Shard(*shard),
            Core::Acd(..) => Owner::Acd,
            Core::Location(..) => Owner::Location,
        }
    }

    /// Takes an input, or time only, and says what is to be delivered.
    pub(crate) fn step(&mut self, ctx: &mut Ctx, now: Now, input: Option<Input>, shards: u16) -> Vec<Delivery> {
        match (&mut self.core, input) {
            (Core::Shard(id, shard, outlet), input) => {
                match input {
                    Some(Input::Shard(input)) => {
                        ctx.see(&Seen::ShardTold { shard: *id, input: &input });
                        shard.handle(now, input);
                    }
                    _ => shard.handle_timeout(now),
                }
                drain_shard(ctx, *id, shard, outlet)
            }
            (Core::Acd(acd, outlet), input) => {
                // Timers that are due come first, in a step of their own, so that what follows from which is seen.
                ctx.see(&Seen::AcdWoken { now });
                acd.handle_timeout(now);
                let mut deliveries = drain_acd(ctx, now, acd, outlet);
                if let Some(Input::Acd(input)) = input {
                    ctx.see(&Seen::AcdTold { now, input: &input });
                    acd.handle(now, input);
                    deliveries.extend(drain_acd(ctx, now, acd, outlet));
                }
                deliveries
            }
            (Core::Location(location, outlet), input) => {
                match input {
                    Some(Input::Location(input)) => location.handle(now, input),
                    _ => location.handle_timeout(now),
                }
                let mut deliveries = Vec::new();
                while let Some(effect) = location.poll_effect() {
                    deliveries.extend(outlet.route((0..shards).map(ShardId), effect));
                }
                deliveries
            }
        }
    }

    /// When the core wants to be called, on the node's monotonic clock.
    pub(crate) fn due(&mut self) -> Option<Instant> {
        match &mut self.core {
            Core::Shard(_, shard, _) => shard.poll_timeout().map(|(at, _)| at),
            Core::Acd(acd, _) => acd.poll_timeout().map(|(at, _)| at),
            Core::Location(location, _) => location.poll_timeout().map(|(at, _)| at),
        }
    }

    /// What should be empty when all is quiet, with how many it holds.
    pub(crate) fn left(&self) -> Vec<(&'static str, usize)> {
        let mut left = vec![("effects held in a gate", self.gate.held())];
        match &self.core {
            Core::Shard(_, shard, _) => {
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
            Core::Acd(acd, _) => {
                let counts = acd.counts();
                left.extend([
                    ("waiting calls of the ACD", counts.waiting),
                    ("offers of the ACD", counts.offers),
                    ("legs of the ACD", counts.legs),
                    ("timers of the ACD", counts.timers - counts.places),
                    ("suspicions of the ACD", counts.suspects),
                ]);
            }
            Core::Location(location, _) => {
                left.push(("requests of location that wait", location.counts().waiting_requests));
            }
        }
        left
    }
}

fn drain_shard(ctx: &mut Ctx, id: ShardId, shard: &mut call::Shard, outlet: &mut ShardOutlet) -> Vec<Delivery> {
    let mut deliveries = Vec::new();
    while let Some(effect) = shard.poll_effect() {
        ctx.see(&Seen::ShardSaid { shard: id, effect: &effect });
        deliveries.push(outlet.route(effect));
    }
    deliveries
}

fn drain_acd(ctx: &mut Ctx, now: Now, acd: &mut acd::Acd, outlet: &mut AcdOutlet) -> Vec<Delivery> {
    let mut deliveries = Vec::new();
    while let Some(effect) = acd.poll_effect() {
        ctx.see(&Seen::AcdSaid { effect: &effect });
        deliveries.push(outlet.route(now.wall, effect));
    }
    ctx.see(&Seen::AcdSettled);
    deliveries
}
