//! What the call layer tells the media worker, and what comes back.

use core::net::SocketAddr;
use core::time::Duration;

use clock::{CallId, LegId};

use crate::LineEvent;

/// One player: a prompt, music or a tone that nodes may listen to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PlayerId(pub u64);

/// One recording being written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecorderId(pub u64);

/// An end of an edge of the graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Node {
    /// The party of a leg: as a source what it says, as a sink what it hears.
    Leg(LegId),
    /// A player; only ever a source.
    Player(PlayerId),
    /// One channel (0 left, 1 right) of a recording; only ever a sink.
    Recorder(RecorderId, u8),
}

/// A G.711 codec (RFC 3551 4.5.14).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Codec {
    /// A-law, static payload type 8.
    Pcma,
    /// u-law, static payload type 0.
    Pcmu,
}

/// Payload types of telephone-event (RFC 4733) on a leg, where negotiated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DtmfTypes {
    /// The type the peer sends to us.
    pub receive: Option<u8>,
    /// The type we send to the peer.
    pub send: Option<u8>,
}

/// What offer and answer settled for a leg.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RemoteMedia {
    /// Where the peer wants RTP.
    pub rtp: SocketAddr,
    /// Where the peer wants RTCP.
    pub rtcp: SocketAddr,
    /// What we send, with `send_type`.
    pub codec: Codec,
    /// Payload type of the codec on packets we send.
    pub send_type: u8,
    /// Payload type the peer uses for A-law, where negotiated.
    pub receive_pcma: Option<u8>,
    /// Payload type the peer uses for u-law, where negotiated.
    pub receive_pcmu: Option<u8>,
    /// Payload types of telephone-event.
    pub dtmf: DtmfTypes,
    /// We may send to the peer (it is not `sendonly` or `inactive`).
    pub may_send: bool,
    /// The peer may send to us (it is not `recvonly` or `inactive`).
    pub may_receive: bool,
}

/// What a player plays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PlaySource {
    /// A WAV prompt by its name in the configured prompts folder, no suffix: `closed`, or in a language `es/closed`,
    /// for which `closed` stands in where that language has no such file.
    Prompt(String),
    /// The hold music of that name.
    Music(String),
    /// A generated tone.
    Tone(ToneKind),
    /// A stored recording or voicemail, by its path relative to the data folder.
    File(String),
    /// What the party of a leg said first, before anybody heard it (see [`Command::Listen`]); nothing where it said
    /// nothing.
    FirstWords(LegId),
}

/// A generated tone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ToneKind {
    /// 1004 Hz at 0 dBm0, the test tone of the field.
    Milliwatt,
    /// Ring-back of the home country.
    RingBack,
    /// The beep before a voicemail.
    Beep,
    /// Silence, packet by packet, without end: who listens sees that we are there.
    Comfort,
    /// The short tone before a customer is on an agent's standing leg.
    Cue,
}

/// Channels of a recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChannelLayout {
    /// One channel: voicemail.
    Mono,
    /// Left the customer, right the agent.
    Stereo,
}

/// From the call layer to the media worker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Give the leg a port pair; answered by `Opened` or `OpenFailed`. Legs of one `call` share a thread.
    Open {
        /// The leg.
        leg: LegId,
        /// The call it belongs to.
        call: CallId,
    },
    /// What was negotiated, at first and at each re-offer.
    SetRemote {
        /// The leg.
        leg: LegId,
        /// What offer and answer settled.
        remote: RemoteMedia,
    },
    /// `sink` begins to hear `source`. Several sources are mixed; a leg may hear itself (echo).
    Connect {
        /// Who is heard.
        source: Node,
        /// Who hears.
        sink: Node,
    },
    /// `sink` no longer hears `source`.
    Disconnect {
        /// Who was heard.
        source: Node,
        /// Who heard.
        sink: Node,
    },
    /// Create a player. It starts when first connected; `Played` tells its end unless `looped`.
    Play {
        /// The new player.
        player: PlayerId,
        /// The call whose thread runs it.
        call: CallId,
        /// What to play, one after the other.
        sources: Vec<PlaySource>,
        /// Start over at the end.
        looped: bool,
    },
    /// Remove a player and its edges; no `Played` follows.
    StopPlay {
        /// The player.
        player: PlayerId,
    },
    /// Create a recording that runs from now; channels of equal length, silence where nothing is heard.
    Record {
        /// The new recording.
        recorder: RecorderId,
        /// The call.
        call: CallId,
        /// Path relative to the data folder, without suffix: `.wav`, `.wav.part` and `.json` are added.
        path: String,
        /// Channels.
        layout: ChannelLayout,
    },
    /// Let time stand still in a recording, or go on: what passes meanwhile is not in it, and its manifest says so.
    PauseRecord {
        /// The recording.
        recorder: RecorderId,
        /// Stand still (true) or go on (false).
        paused: bool,
    },
    /// End a recording: sync, rename, manifest, then `Recorded`.
    StopRecord {
        /// The recording.
        recorder: RecorderId,
        /// What is shorter is not kept: nothing of it stays on the disk, and `Discarded` takes the place of
        /// `Recorded`. Zero keeps whatever there is, `Duration::MAX` nothing.
        least: Duration,
    },
    /// Listen for who or what is on the far side of a leg: [`Event::Line`] tells. Told again when the call is answered.
    Listen {
        /// The leg.
        leg: LegId,
        /// It is answered; what was heard before is early media.
        answered: bool,
    },
    /// Nobody wants to know any more.
    StopListening {
        /// The leg.
        leg: LegId,
    },
    /// Watch for RTP that stops: `Silent` after `limit` without a packet. `None` ends the watch (hold, receive-only).
    Watch {
        /// The leg.
        leg: LegId,
        /// How long silence may last.
        limit: Option<Duration>,
    },
    /// Release the leg's ports and edges; `Closed` follows.
    Close {
        /// The leg.
        leg: LegId,
    },
}

/// From the media worker to the call layer.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// The leg has its ports; RTCP is on the next one.
    Opened {
        /// The leg.
        leg: LegId,
        /// Our RTP address, for SDP.
        rtp: SocketAddr,
    },
    /// No port was left.
    OpenFailed {
        /// The leg.
        leg: LegId,
    },
    /// The leg's first RTP packet was accepted.
    FirstPacket {
        /// The leg.
        leg: LegId,
    },
    /// The party pressed a key (RFC 4733), reported once a key.
    Digit {
        /// The leg.
        leg: LegId,
        /// `0`-`9`, `*`, `#`, `A`-`D`.
        digit: char,
    },
    /// Something was heard on the line of a leg that is listened to.
    Line {
        /// The leg.
        leg: LegId,
        /// What.
        event: LineEvent,
    },
    /// No RTP for the watched time.
    Silent {
        /// The leg.
        leg: LegId,
    },
    /// A player reached its end.
    Played {
        /// The player.
        player: PlayerId,
    },
    /// A player cannot play: a file is missing or not readable. It is removed.
    PlayFailed {
        /// The player.
        player: PlayerId,
        /// What failed, for the log.
        why: String,
    },
    /// The recording is complete on disk.
    Recorded {
        /// The recording.
        recorder: RecorderId,
        /// Length of the audio, ms.
        duration_ms: u64,
        /// SHA-256 of the WAV file.
        sha256: [u8; 32],
    },
    /// The recording was shorter than `StopRecord` wanted it: nothing of it is left.
    Discarded {
        /// The recording.
        recorder: RecorderId,
    },
    /// The recording could not be written or finished; what was written stays as `.part`.
    RecordFailed {
        /// The recording.
        recorder: RecorderId,
        /// What failed, for the log.
        why: String,
    },
    /// The leg's ports are free again.
    Closed {
        /// The leg.
        leg: LegId,
        /// What went through.
        stats: LegStats,
    },
}

/// Packet counts and quality of one leg (RFC 3550 6.4.1).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct LegStats {
    /// RTP packets accepted from the peer.
    pub received: u64,
    /// RTP packets sent to the peer.
    pub sent: u64,
    /// Packets that the sequence numbers say were lost on the way to us.
    pub lost: u64,
    /// Packets dropped: wrong source, malformed, unknown payload type.
    pub dropped: u64,
    /// Interarrival jitter at the end, ms.
    pub jitter_ms: f32,
    /// Round trip from RTCP, ms, if ever measured.
    pub round_trip_ms: Option<f32>,
}
