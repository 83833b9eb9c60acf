//! Who hears whom: the media graph that the call layer edits and the media
//! worker runs, and the commands and events between the two.
//!
//! It touches no socket, no packet and no file.

mod command;
mod edge;
mod graph;
mod line;

pub use command::{
    ChannelLayout, Codec, Command, DtmfTypes, Event, LegStats, Node, PlaySource, PlayerId, RecorderId, RemoteMedia,
    ToneKind,
};
pub use edge::{LegCodecs, Mode, NodeIx, Sink};
pub use graph::{Graph, GraphError, MAX_NODES, MAX_SINKS, MAX_SOURCES};
pub use line::{LineEvent, LineHeard, LineVerdict};
