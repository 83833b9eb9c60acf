//! Nodes and edges, and the flat array of sinks of each source, kept up to date edit by edit.

use std::collections::BTreeMap;

use clock::LegId;
use smallvec::SmallVec;
use thiserror::Error;

use crate::command::{ChannelLayout, Command, Node};
use crate::edge::{LegCodecs, NodeIx, Sink, mode};

/// Nodes of one graph: four times the legs that one media thread can carry.
pub const MAX_NODES: usize = 131_072;
/// Sources of one sink: as many as a conference has places.
pub const MAX_SOURCES: usize = 32;
/// Sinks of one source: a full conference, its recorder and monitors many times over.
pub const MAX_SINKS: usize = 256;

/// An edit that cannot be made; the graph is unchanged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum GraphError {
    /// The node was never added, or is gone.
    #[error("{0:?} is not in the graph")]
    Unknown(Node),
    /// The node exists already.
    #[error("{0:?} is in the graph already")]
    Twice(Node),
    /// A recorder channel says nothing.
    #[error("{0:?} cannot be heard: only legs and players are sources")]
    NotASource(Node),
    /// A player hears nothing.
    #[error("{0:?} cannot hear: only legs and recorder channels are sinks")]
    NotASink(Node),
    /// The sink has [`MAX_SOURCES`].
    #[error("{0:?} hears {MAX_SOURCES} sources already")]
    TooManySources(Node),
    /// The source has [`MAX_SINKS`].
    #[error("{0:?} is heard by {MAX_SINKS} sinks already")]
    TooManySinks(Node),
    /// The graph has [`MAX_NODES`].
    #[error("the graph has {MAX_NODES} nodes already")]
    Full,
}

/// The media graph. Legs are sources and sinks, players sources, recorder
/// channels sinks. An edge exists only between nodes that exist.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    index: BTreeMap<Node, NodeIx>,
    slots: Vec<Option<Slot>>,
    free: Vec<NodeIx>,
}

impl Graph {
    /// A graph without nodes.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes the edit that `command` asks for, if it is one: `Open`, `Play` and
    /// `Record` add nodes, `SetRemote` sets codecs, `Connect` and `Disconnect`
    /// edit edges, `StopPlay`, `StopRecord` and `Close` remove nodes.
    pub fn apply(&mut self, command: &Command) -> Result<(), GraphError> {
        match command {
            Command::Open { leg, .. } => self.add(Node::Leg(*leg)).map(drop),
            Command::Play { player, .. } => self.add(Node::Player(*player)).map(drop),
            Command::Record { recorder, layout, .. } => {
                self.add(Node::Recorder(*recorder, 0))?;
                if *layout == ChannelLayout::Stereo {
                    self.add(Node::Recorder(*recorder, 1))?;
                }
                Ok(())
            }
            Command::SetRemote { leg, remote } => self.set_codecs(*leg, LegCodecs::from(remote)),
            Command::Connect { source, sink } => self.connect(*source, *sink).map(drop),
            Command::Disconnect { source, sink } => {
                self.disconnect(*source, *sink);
                Ok(())
            }
            Command::StopPlay { player } => {
                self.remove(Node::Player(*player));
                Ok(())
            }
            Command::StopRecord { recorder, .. } => {
                self.remove(Node::Recorder(*recorder, 0));
                self.remove(Node::Recorder(*recorder, 1));
                Ok(())
            }
            Command::Close { leg } => {
                self.remove(Node::Leg(*leg));
                Ok(())
            }
            Command::Listen { .. }
            | Command::StopListening { .. }
            | Command::Watch { .. }
            | Command::PauseRecord { .. } => Ok(()),
        }
    }

    /// Adds a node without edges.
    pub fn add(&mut self, node: Node) -> Result<NodeIx, GraphError> {
        if self.index.contains_key(&node) {
            return Err(GraphError::Twice(node));
        }
        if self.index.len() >= MAX_NODES {
            return Err(GraphError::Full);
        }
        let slot = Slot { node, codecs: LegCodecs::default(), sinks: SmallVec::new(), sources: SmallVec::new() };
        let ix = match self.free.pop() {
            Some(ix) => ix,
            None => {
                self.slots.push(None);
                NodeIx(self.slots.len() as u32 - 1)
            }
        };
        self.slots[ix.as_usize()] = Some(slot);
        self.index.insert(node, ix);
        Ok(ix)
    }

    /// Removes a node and its edges; the sinks that lost a source, none when
    /// the node does not exist.
    pub fn remove(&mut self, node: Node) -> SmallVec<[NodeIx; 2]> {
        let Some(ix) = self.index.remove(&node) else { return SmallVec::new() };
        let Some(gone) = self.slots[ix.as_usize()].take() else { return SmallVec::new() };
        for source in gone.sources.iter().filter(|source| **source != ix) {
            if let Some(slot) = self.slot_mut(*source) {
                slot.sinks.retain(|sink| sink.node != ix);
            }
        }
        let deafened: SmallVec<[NodeIx; 2]> = gone.sinks.iter().map(|sink| sink.node).filter(|n| *n != ix).collect();
        for sink in &deafened {
            if let Some(slot) = self.slot_mut(*sink) {
                slot.sources.retain(|source| *source != ix);
            }
            self.recompile_sink(*sink);
        }
        self.free.push(ix);
        deafened
    }

    /// Says what a leg may receive and what it sends.
    pub fn set_codecs(&mut self, leg: LegId, codecs: LegCodecs) -> Result<(), GraphError> {
        let ix = self.known(Node::Leg(leg))?;
        let Some(slot) = self.slot_mut(ix) else { return Err(GraphError::Unknown(Node::Leg(leg))) };
        slot.codecs = codecs;
        let heard_by: SmallVec<[NodeIx; 8]> = slot.sinks.iter().map(|sink| sink.node).collect();
        for sink in heard_by {
            self.recompile_sink(sink);
        }
        self.recompile_sink(ix);
        Ok(())
    }

    /// `sink` begins to hear `source`; false when it did already.
    pub fn connect(&mut self, source: Node, sink: Node) -> Result<bool, GraphError> {
        if matches!(source, Node::Recorder(..)) {
            return Err(GraphError::NotASource(source));
        }
        if matches!(sink, Node::Player(_)) {
            return Err(GraphError::NotASink(sink));
        }
        let (from, to) = (self.known(source)?, self.known(sink)?);
        if self.sources(to).contains(&from) {
            return Ok(false);
        }
        if self.sources(to).len() >= MAX_SOURCES {
            return Err(GraphError::TooManySources(sink));
        }
        if self.sinks(from).len() >= MAX_SINKS {
            return Err(GraphError::TooManySinks(source));
        }
        if let Some(slot) = self.slot_mut(to) {
            slot.sources.push(from);
        }
        if let Some(slot) = self.slot_mut(from) {
            slot.sinks.push(Sink { node: to, mode: crate::Mode::Mix });
        }
        self.recompile_sink(to);
        Ok(true)
    }

    /// `sink` no longer hears `source`; false when it did not.
    pub fn disconnect(&mut self, source: Node, sink: Node) -> bool {
        let (Some(from), Some(to)) = (self.ix(source), self.ix(sink)) else { return false };
        if !self.sources(to).contains(&from) {
            return false;
        }
        if let Some(slot) = self.slot_mut(to) {
            slot.sources.retain(|other| *other != from);
        }
        if let Some(slot) = self.slot_mut(from) {
            slot.sinks.retain(|other| other.node != to);
        }
        self.recompile_sink(to);
        true
    }

    /// Where `source` is heard, and how: all that the packet path reads.
    #[must_use]
    pub fn sinks(&self, source: NodeIx) -> &[Sink] {
        self.slot(source).map_or(&[], |slot| &slot.sinks)
    }

    /// Whom `sink` hears, in the order in which they were connected.
    #[must_use]
    pub fn sources(&self, sink: NodeIx) -> &[NodeIx] {
        self.slot(sink).map_or(&[], |slot| &slot.sources)
    }

    /// The place of a node.
    #[must_use]
    pub fn ix(&self, node: Node) -> Option<NodeIx> {
        self.index.get(&node).copied()
    }

    /// The node at a place.
    #[must_use]
    pub fn node(&self, ix: NodeIx) -> Option<Node> {
        self.slot(ix).map(|slot| slot.node)
    }

    /// All nodes, in order.
    pub fn nodes(&self) -> impl Iterator<Item = Node> {
        self.index.keys().copied()
    }

    /// All edges (source, sink), by source.
    pub fn edges(&self) -> impl Iterator<Item = (Node, Node)> {
        self.index.iter().flat_map(move |(node, ix)| {
            self.sinks(*ix).iter().filter_map(move |sink| Some((*node, self.node(sink.node)?)))
        })
    }

    /// How many nodes there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.index.len()
    }

    /// True without nodes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.index.is_empty()
    }

    /// Sets the mode of every edge into `sink`, after its sources or a codec changed.
    fn recompile_sink(&mut self, sink: NodeIx) {
        let Some(slot) = self.slot(sink) else { return };
        let (to, sources) = ((slot.node, slot.codecs), slot.sources.clone());
        for source in &sources {
            let Some(slot) = self.slot_mut(*source) else { continue };
            let mode = mode((slot.node, slot.codecs), to, sources.len());
            if let Some(edge) = slot.sinks.iter_mut().find(|edge| edge.node == sink) {
                edge.mode = mode;
            }
        }
    }

    fn known(&self, node: Node) -> Result<NodeIx, GraphError> {
        self.ix(node).ok_or(GraphError::Unknown(node))
    }

    fn slot(&self, ix: NodeIx) -> Option<&Slot> {
        self.slots.get(ix.as_usize())?.as_ref()
    }

    fn slot_mut(&mut self, ix: NodeIx) -> Option<&mut Slot> {
        self.slots.get_mut(ix.as_usize())?.as_mut()
    }
}

#[derive(Clone, Debug)]
struct Slot {
    node: Node,
    codecs: LegCodecs,
    /// Small and inline: the usual leg is heard by its partner and a recorder.
    sinks: SmallVec<[Sink; 3]>,
    sources: SmallVec<[NodeIx; 3]>,
}

#[cfg(test)]
mod tests;
