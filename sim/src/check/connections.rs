//! Whoever answers is connected in the moment in which his claim is granted, whatever the caller is being told: an
//! announcement never delays a connection.

use std::collections::{BTreeMap, BTreeSet};

use clock::{CallId, LegId, OfferId, ShardId};
use journal_core::{CallEvent, Entry, Owner};
use media_graph::{Command, Event, Node, PlayerId};

use super::Bench;
use crate::watch::{Seen, short};

/// What is known of offers that ring, and of callers who wait.
#[derive(Debug, Default)]
pub(crate) struct ConnectionJudge {
    waiting: BTreeSet<CallId>,
    ringing: BTreeMap<OfferId, CallId>,
    /// Which call a player plays to.
    players: BTreeMap<PlayerId, CallId>,
    /// Calls with a player that failed: whose caller holds may have nothing to hear for him who answers.
    silent: BTreeSet<CallId>,
    /// What each shard was granted last, until its next input.
    granted: BTreeMap<ShardId, Granted>,
}

/// A claim that was granted, and what followed in the same moment.
#[derive(Debug)]
struct Granted {
    call: CallId,
    offer: OfferId,
    /// The leg of whoever answered.
    answered: Option<LegId>,
    /// He hears something, or is heard.
    connected: bool,
    ended: bool,
}

impl ConnectionJudge {
    pub(crate) fn see(&mut self, seen: &Seen<'_>, bench: &mut Bench) {
        match seen {
            Seen::ShardTold { shard, input } => {
                self.settle(*shard, bench);
                if let call::Input::ClaimGranted { offer, .. } = input
                    && let Some(call) = self.ringing.get(offer).copied().filter(|call| self.waiting.contains(call))
                {
                    let granted = Granted { call, offer: *offer, answered: None, connected: false, ended: false };
                    self.granted.insert(*shard, granted);
                }
            }
            Seen::Journaled { owner: Owner::Shard(shard), entry: Entry::Call(step), .. } => {
                self.record(*shard, step.call, &step.event);
            }
            Seen::MediaOrdered { command: Command::Connect { source, sink } } => {
                for granted in self.granted.values_mut() {
                    let leg = granted.answered.map(Node::Leg);
                    granted.connected |= leg.is_some() && [Some(*source), Some(*sink)].contains(&leg);
                }
            }
            Seen::MediaOrdered { command: Command::Play { player, call, .. } } => {
                self.players.insert(*player, *call);
            }
            Seen::MediaSaid { event: Event::PlayFailed { player, .. } } => {
                self.silent.extend(self.players.remove(player));
            }
            // A broken shard ends its calls; a dead node's are over.
            Seen::Alarmed { owner: Owner::Shard(shard), .. } => drop(self.granted.remove(shard)),
            Seen::Crashed => *self = Self::default(),
            Seen::End => {
                let shards: Vec<ShardId> = self.granted.keys().copied().collect();
                shards.into_iter().for_each(|shard| self.settle(shard, bench));
            }
            _ => {}
        }
    }

    /// All that followed from the grant has been seen.
    fn settle(&mut self, shard: ShardId, bench: &mut Bench) {
        let Some(Granted { call, answered, connected, ended, .. }) = self.granted.remove(&shard) else { return };
        let is_done = ended || (answered.is_some() && (connected || self.silent.contains(&call)));
        if !is_done {
            let what = format!("{}: answered {}, connected {connected}", short(call), answered.is_some());
            bench.broken("an answer connects at once", what);
        }
    }

    fn record(&mut self, shard: ShardId, call: CallId, event: &CallEvent) {
        match event {
            CallEvent::QueueEntered { .. } => drop(self.waiting.insert(call)),
            CallEvent::QueueLeft { .. } => drop(self.waiting.remove(&call)),
            CallEvent::OfferRinging { offer, .. } => drop(self.ringing.insert(*offer, call)),
            CallEvent::OfferWithdrawn { offer, why, .. } => {
                self.ringing.remove(offer);
                // His standing leg ended while his claim was on its way: the caller waits on.
                self.granted.retain(|_, granted| granted.offer != *offer || why != "ended");
            }
            CallEvent::OfferMissed { offer, .. }
            | CallEvent::OfferRefused { offer, .. }
            | CallEvent::OfferTooLate { offer, .. } => drop(self.ringing.remove(offer)),
            CallEvent::OfferAnswered { offer, leg, .. } => {
                self.ringing.remove(offer);
                if let Some(granted) = self.granted.get_mut(&shard).filter(|granted| granted.call == call) {
                    granted.answered = Some(*leg);
                }
            }
            // He held while his claim was on its way: the caller goes on hearing music, as he wants it.
            CallEvent::Held { leg } => {
                if let Some(granted) = self.granted.get_mut(&shard).filter(|granted| granted.answered == Some(*leg)) {
                    granted.connected = true;
                }
            }
            CallEvent::Ended { .. } => {
                self.waiting.remove(&call);
                self.silent.remove(&call);
                self.players.retain(|_, of| *of != call);
                self.ringing.retain(|_, of| *of != call);
                if let Some(granted) = self.granted.get_mut(&shard).filter(|granted| granted.call == call) {
                    granted.ended = true;
                }
            }
            _ => {}
        }
    }
}
