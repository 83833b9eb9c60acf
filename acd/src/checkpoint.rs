//! What a rebuild of the owner within one life of the node needs.
//!
//! After a restart of the node there are no calls: statuses come with the
//! configuration and places with `RestorePlace`. This is for the ACD task that
//! broke while calls stay up (DESIGN section 4): rows without an index, so that
//! a broken index does not outlive its owner. What happened after the
//! checkpoint comes again as inputs, or as differences that facts repair.

use std::collections::{BTreeMap, VecDeque};

use clock::Now;

use crate::acd::Acd;
use crate::class::Classes;
use crate::contract::Input;
use crate::dispatch::Woken;
use crate::fixed_map::FixedMap;
use crate::line::Line;
use crate::timers::Timers;

/// The rows of an ACD at one moment.
#[derive(Clone, Debug)]
pub struct Checkpoint {
    rows: Acd,
}

impl Checkpoint {
    /// The ACD after `told`: what it took since the checkpoint, in order, each with its moment; none for a time-out.
    /// What it said then it says to nobody, and its offers have the ids that they had.
    #[must_use]
    pub fn replay(&self, told: &[(Now, Option<Input>)]) -> Acd {
        let mut acd = self.rows.clone();
        acd.reindex();
        acd.effects.clear();
        for (now, input) in told {
            match input {
                Some(input) => acd.handle(*now, input.clone()),
                None => acd.handle_timeout(*now),
            }
            acd.effects.clear();
        }
        acd.changed_agents = acd.agents.iter().map(|row| (row.agent, ())).collect();
        acd
    }
}

impl Acd {
    /// The rows as they are, between two inputs. What is built from them is left out.
    #[must_use]
    pub fn checkpoint(&self) -> Checkpoint {
        let rows = Self {
            limits: self.limits,
            now: self.now,
            agents: self.agents.clone(),
            gone: self.gone.clone(),
            queues: self.queues.clone(),
            calls: self.calls.clone(),
            places: self.places.clone(),
            callbacks: self.callbacks.clone(),
            last_agents: self.last_agents.clone(),
            owners: self.owners.clone(),
            lent: self.lent.clone(),
            rng: self.rng.clone(),
            pauses: self.pauses.clone(),
            probe_every: self.probe_every,
            cause: self.cause,
            reachable: self.reachable.clone(),
            suspects: self.suspects.clone(),
            next_offer: self.next_offer,
            next_seq: self.next_seq,
            repaired: self.repaired,
            refused: self.refused,
            offers: FixedMap::default(),
            profiles: Vec::new(),
            classes: Classes::default(),
            open: Line::default(),
            joining: Line::default(),
            held: BTreeMap::new(),
            timers: Timers::default(),
            woken: Woken::default(),
            effects: VecDeque::new(),
            changed_agents: FixedMap::default(),
            #[cfg(feature = "planted-faults")]
            planted: self.planted,
        };
        Checkpoint { rows }
    }

    /// An ACD that goes on from a checkpoint: offers and legs stand, timers run
    /// from where they were, and every state is told again only if it differs.
    #[must_use]
    pub fn restore(checkpoint: Checkpoint, now: Now) -> Self {
        let mut acd = checkpoint.rows;
        acd.now = Now { mono: now.mono.max(acd.now.mono), wall: now.wall };
        // Offers made after the checkpoint must not be taken for new ones.
        acd.next_offer = acd.next_offer.saturating_add(OFFERS_SKIPPED);
        acd.changed_agents = acd.agents.iter().map(|row| (row.agent, ())).collect();
        acd.reindex();
        acd.handle_timeout(now);
        acd
    }
}

/// More offers than can be made between two checkpoints.
const OFFERS_SKIPPED: u64 = 1 << 32;
