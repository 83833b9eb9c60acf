//! Who hears whom: the media graph that the call layer edits and the media
//! worker runs, and the commands and events between the two.
//!
//! It touches no socket, no packet and no file.

mod command;

pub use command::{
    ChannelLayout, Codec, Command, DtmfTypes, Event, LegStats, Node, PlaySource, PlayerId, RecorderId, RemoteMedia,
    ToneKind,
};
