//! Media: commands that the worker can carry out, ports opened and closed, nobody connected across calls or after the
//! end, and both sides of a conversation heard.

use std::collections::{BTreeMap, BTreeSet};

use clock::{CallId, LegId};
use journal_core::{CallEvent, Entry};
use media_graph::{Command, Event, Node, PlayerId, RecorderId};

use super::Bench;
use crate::watch::{Seen, short};

/// What is known of nodes.
#[derive(Debug, Default)]
pub(crate) struct MediaJudge {
    legs: BTreeMap<LegId, CallId>,
    /// Of which call a leg's ports were opened: there a standing leg goes when it leaves another.
    homes: BTreeMap<LegId, CallId>,
    players: BTreeMap<PlayerId, CallId>,
    recorders: BTreeMap<RecorderId, CallId>,
    ended: BTreeSet<CallId>,
    open: BTreeSet<LegId>,
    conversations: u64,
}

impl MediaJudge {
    pub(crate) const fn conversations(&self) -> u64 {
        self.conversations
    }

    pub(crate) fn see(&mut self, seen: &Seen<'_>, bench: &mut Bench) {
        match seen {
            Seen::MediaOrdered { command } => self.command(command, bench),
            Seen::Journaled { entry: Entry::Call(step), .. } => {
                match step.event {
                    CallEvent::Ended { .. } => drop(self.ended.insert(step.call)),
                    // A leg that joins from another call (attended transfer) begins anew in this one.
                    CallEvent::LegStarted { leg, .. } => drop(self.legs.insert(leg, step.call)),
                    CallEvent::LegEnded { leg, .. } => {
                        if let Some(home) = self.homes.get(&leg) {
                            self.legs.insert(leg, *home);
                        }
                    }
                    _ => {}
                }
            }
            Seen::MediaSaid { event: Event::Opened { leg, .. } } => {
                self.open.insert(*leg);
            }
            Seen::MediaSaid { event: Event::Closed { leg, .. } } if !self.open.remove(leg) => {
                bench.broken("ports opened = closed", format!("{leg:?} closed and was not open"));
            }
            Seen::MediaRefused { command, why } => {
                bench.broken("the worker can carry out commands", format!("{command:?}: {why}"));
            }
            Seen::Conversation { caller, agent, hears_caller, hears_agent } => {
                self.conversations += 1;
                if !(*hears_caller && *hears_agent) {
                    let what =
                        format!("{caller} and {agent:?}: agent hears {hears_caller}, caller hears {hears_agent}");
                    bench.broken("both sides hear each other", what);
                }
            }
            Seen::Crashed => *self = Self { conversations: self.conversations, ..Self::default() },
            Seen::End => {
                for leg in &self.open {
                    bench.broken("ports opened = closed", format!("{leg:?} of {:?} is open", self.legs.get(leg)));
                }
            }
            _ => {}
        }
    }

    fn command(&mut self, command: &Command, bench: &mut Bench) {
        match command {
            Command::Open { leg, call } => {
                self.legs.insert(*leg, *call);
                self.homes.insert(*leg, *call);
            }
            Command::Play { player, call, .. } => drop(self.players.insert(*player, *call)),
            Command::Record { recorder, call, .. } => drop(self.recorders.insert(*recorder, *call)),
            Command::Connect { source, sink } => {
                let (from, to) = (self.call_of(*source), self.call_of(*sink));
                if from != to || from.is_none() {
                    let what = format!("{source:?} of {from:?} to {sink:?} of {to:?}");
                    bench.broken("nobody hears another call", what);
                }
                if let Some(call) = from.filter(|call| self.ended.contains(call)) {
                    bench.broken("nothing connected after the end", short(call));
                }
            }
            _ => {}
        }
    }

    fn call_of(&self, node: Node) -> Option<CallId> {
        match node {
            Node::Leg(leg) => self.legs.get(&leg).copied(),
            Node::Player(player) => self.players.get(&player).copied(),
            Node::Recorder(recorder, _) => self.recorders.get(&recorder).copied(),
        }
    }
}
