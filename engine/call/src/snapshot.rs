//! What a shard shows of itself.

use clock::TrunkId;

/// What the next time-out is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TimerReason {
    /// A SIP transaction or session.
    Sip,
    /// `Facts` are due.
    Facts,
    /// A phone has rung long enough.
    Ring,
    /// The ACD did not answer a claim.
    Claim,
    /// A call reaches its longest time.
    CallMax,
    /// A silent side is asked whether it lives.
    Ping,
    /// The media worker did not open a leg's ports.
    Open,
    /// A trunk's target has said nothing.
    Target,
    /// A voicemail is long enough to be kept, or reaches its end.
    Voicemail,
    /// The media worker did not finish a recording.
    Recorder,
    /// What a caller or an agent hears or types about a callback takes too long.
    Callback,
    /// A campaign's attempt: its minimum ring, its detection, a machine's beep.
    Attempt,
    /// Dialogs from before a crash have ended.
    Restored,
    /// Nothing was pressed in a menu for its time.
    Menu,
    /// A waiting caller is to be told something.
    Announce,
    /// The queue of a waiting caller closes.
    Closing,
}

/// How much of everything a shard holds: all zero when no call is up and every peer has answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Live calls.
    pub calls: usize,
    /// Live legs.
    pub legs: usize,
    /// Groups of phones that ring together.
    pub rings: usize,
    /// SIP sessions, those that only wait for the answer to a BYE included.
    pub sessions: usize,
    /// Claims that the ACD has not answered.
    pub claims: usize,
    /// Port pairs at the media worker, until it says `Closed`.
    pub ports: usize,
    /// Players.
    pub players: usize,
    /// Recordings, until the media worker has finished them.
    pub recorders: usize,
    /// Timers of the shard's own.
    pub timers: usize,
}

/// What others may see of a shard. Single calls are seen by their journal entries.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// How much it holds.
    pub counts: Counts,
    /// Trunks that were used since the start.
    pub trunks: Vec<TrunkUsage>,
}

/// One trunk's use on this shard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TrunkUsage {
    /// The trunk.
    pub trunk: TrunkId,
    /// Live legs over it.
    pub calls: u32,
    /// INVITEs refused for its limits since the start.
    pub refused: u64,
}
