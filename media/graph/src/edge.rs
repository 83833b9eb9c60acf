//! The compiled form of an edge: where a source's sound goes, and what must be done to it on the way.

use crate::command::{Codec, Node, RemoteMedia};

/// The place of a node in the graph: small, dense, free again when the node is
/// removed. Valid as long as the node exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeIx(pub(crate) u32);

impl NodeIx {
    /// As an index into a table that runs beside the graph.
    #[must_use]
    pub const fn as_usize(self) -> usize {
        self.0 as usize
    }

    /// The place with this index, for tokens that left the program as a number.
    #[must_use]
    pub const fn from_u32(index: u32) -> Self {
        Self(index)
    }

    /// As a number for such a token.
    #[must_use]
    pub const fn as_u32(self) -> u32 {
        self.0
    }
}

/// What happens to sound on an edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mode {
    /// Leg to leg, and all that the source may send is the sink's codec: the payload passes untouched.
    Relay,
    /// Leg to leg, and the codecs may differ: each packet is translated unless it happens to fit.
    Transcode,
    /// A leg hears itself.
    Echo,
    /// A player is all that the leg hears: one frame each tick, encoded once a codec.
    Play,
    /// The sink has several sources: they are added each tick.
    Mix,
    /// Into a channel of a recording; never changes what anyone else hears.
    Tap,
}

/// One compiled edge, as the packet path reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Sink {
    /// Who hears.
    pub node: NodeIx,
    /// How.
    pub mode: Mode,
}

/// What a leg may receive and what it sends, as far as offer and answer settled it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LegCodecs {
    /// The peer may send A-law.
    pub receives_pcma: bool,
    /// The peer may send u-law.
    pub receives_pcmu: bool,
    /// What we send; `None` before the first answer.
    pub sends: Option<Codec>,
}

impl LegCodecs {
    /// True when all that this leg may say can go to `sink` as it is.
    #[must_use]
    pub fn fits(self, sink: Self) -> bool {
        match sink.sends {
            Some(Codec::Pcma) => self.receives_pcma && !self.receives_pcmu,
            Some(Codec::Pcmu) => self.receives_pcmu && !self.receives_pcma,
            None => false,
        }
    }
}

impl From<&RemoteMedia> for LegCodecs {
    fn from(remote: &RemoteMedia) -> Self {
        Self {
            receives_pcma: remote.receive_pcma.is_some(),
            receives_pcmu: remote.receive_pcmu.is_some(),
            sends: Some(remote.codec),
        }
    }
}

/// The mode of the edge `source` -> `sink`, when `sink` has `sources` of them.
pub(crate) fn mode(source: (Node, LegCodecs), sink: (Node, LegCodecs), sources: usize) -> Mode {
    match (source.0, sink.0) {
        (_, Node::Recorder(..)) => Mode::Tap,
        _ if sources > 1 => Mode::Mix,
        (Node::Player(_), _) => Mode::Play,
        (from, to) if from == to => Mode::Echo,
        _ if source.1.fits(sink.1) => Mode::Relay,
        _ => Mode::Transcode,
    }
}
