//! What stands at each place of the graph.

use media_graph::NodeIx;
use rtp_core::Frame;

use crate::leg::Leg;
use crate::player::Player;
use crate::recorder::Tap;

/// The table that runs beside the graph, by place.
#[derive(Debug, Default)]
pub(crate) struct Nodes(Vec<Place>);

/// One place.
#[derive(Debug, Default)]
pub(crate) enum Place {
    /// Nothing.
    #[default]
    Vacant,
    /// A leg.
    Leg(Box<Leg>),
    /// A player.
    Player(Box<Player>),
    /// The first channel of a recording, and the recording itself.
    Recorder(Box<Tap>),
    /// Another channel of the recording at that place.
    Channel(NodeIx, u8),
}

impl Nodes {
    /// Puts a node at its place.
    pub(crate) fn put(&mut self, ix: NodeIx, place: Place) {
        if self.0.len() <= ix.as_usize() {
            self.0.resize_with(ix.as_usize() + 1, Place::default);
        }
        self.0[ix.as_usize()] = place;
    }

    /// Takes a node away.
    pub(crate) fn take(&mut self, ix: NodeIx) -> Place {
        self.0.get_mut(ix.as_usize()).map(std::mem::take).unwrap_or_default()
    }

    /// The leg at a place.
    pub(crate) fn leg_mut(&mut self, ix: NodeIx) -> Option<&mut Leg> {
        match self.0.get_mut(ix.as_usize()) {
            Some(Place::Leg(leg)) => Some(leg),
            _ => None,
        }
    }

    /// The player at a place.
    pub(crate) fn player_mut(&mut self, ix: NodeIx) -> Option<&mut Player> {
        match self.0.get_mut(ix.as_usize()) {
            Some(Place::Player(player)) => Some(player),
            _ => None,
        }
    }

    /// The recording at a place.
    pub(crate) fn tap_mut(&mut self, ix: NodeIx) -> Option<&mut Tap> {
        self.channel_mut(ix).map(|(tap, _)| tap)
    }

    /// The recording that a channel's place belongs to, and which channel it is.
    pub(crate) fn channel_mut(&mut self, ix: NodeIx) -> Option<(&mut Tap, u8)> {
        let (ix, channel) = match self.0.get(ix.as_usize())? {
            Place::Channel(first, channel) => (*first, *channel),
            _ => (ix, 0),
        };
        match self.0.get_mut(ix.as_usize()) {
            Some(Place::Recorder(tap)) => Some((tap, channel)),
            _ => None,
        }
    }

    /// The frame that the node at a place made this tick.
    pub(crate) fn frame(&self, ix: NodeIx) -> Option<&Frame> {
        match self.0.get(ix.as_usize())? {
            Place::Leg(leg) => leg.playout.as_ref().map(|playout| &playout.frame),
            Place::Player(player) => Some(&player.frame),
            _ => None,
        }
    }
}
