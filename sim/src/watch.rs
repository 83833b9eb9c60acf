//! What those who judge can see: messages between the parts and to the outside, media commands, records. Never the
//! state of a core.

use core::net::SocketAddr;

use bytes::Bytes;
use centre::owner::Alarm;
use clock::{CallId, Instant, Now, RequestId, ShardId};
use journal_core::{Durability, Entry, Owner};

use crate::check::Judges;
use crate::hash::TraceHash;
use crate::marks::Marks;

/// Something that happened.
#[derive(Debug)]
pub(crate) enum Seen<'a> {
    /// A datagram left.
    Sent { from: SocketAddr, to: SocketAddr, bytes: &'a Bytes },
    /// A datagram of anyone reaches the node.
    Arrived { bytes: &'a Bytes },
    /// A shard takes an input.
    ShardTold { shard: ShardId, input: &'a call::Input },
    /// A shard wants this done by the media worker.
    MediaOrdered { command: &'a media_graph::Command },
    /// An owner has the answer to a request, which is to wait for the journal.
    Promised { owner: Owner, request: RequestId },
    /// An owner broke an assertion, or what followed from that.
    Alarmed { owner: Owner, alarm: &'a Alarm },
    /// The journal begins to fail, or works again.
    JournalFailing { failing: bool },
    /// The dialer takes an input.
    DialerTold { input: &'a centre::owner::DialerInput },
    /// An order to dial leaves the dialer, when its clock shows this.
    DialHandedOver { dial: &'a dialer::contract::Dial, wall: clock::WallTime },
    /// A campaign is written so from now.
    CampaignWritten { campaign: clock::CampaignId, written: &'a dialer::runner::Written },
    /// A lead has these numbers from now.
    LeadMended { lead: clock::LeadId, numbers: &'a [String] },
    /// Somebody sets the node's wall clock.
    ClockSet,
    /// At the very end: what is shown of a campaign.
    CampaignTotals {
        campaign: clock::CampaignId,
        total: dialer::runner::Hour,
        month: dialer::runner::Hour,
        in_flight: u32,
    },
    /// The ACD takes an input.
    AcdTold { now: Now, input: &'a acd::Input },
    /// The ACD's time has come on.
    AcdWoken { now: Now },
    /// The ACD says something.
    AcdSaid { effect: &'a acd::Effect },
    /// The ACD has said all that follows from its input.
    AcdSettled,
    /// The media worker takes a command.
    MediaTold { command: &'a media_graph::Command },
    /// The media worker says something.
    MediaSaid { event: &'a media_graph::Event },
    /// The media worker's graph refuses a command.
    MediaRefused { command: &'a media_graph::Command, why: media_graph::GraphError },
    /// An owner's entry came to the journal.
    Journaled { owner: Owner, number: u64, entry: &'a Entry },
    /// Entries of an owner have come so far.
    Progress { owner: Owner, durability: Durability, number: u64 },
    /// A crash took these entries: never written, or (a power loss) never synced.
    EntryLost { owner: Owner, entry: &'a Entry },
    /// The node died.
    Crashed,
    /// The node starts; the journal holds these entries for it.
    Started,
    /// The journal was folded for a start; folded again, with each entry twice, it is the same or not.
    Replayed { same_again: bool },
    /// The node was stopped in order; so many shards had not said that they hold nothing any more.
    Stopped { left: usize },
    /// The journal says that the node was stopped in order, and that so many calls have no end.
    StartedInOrder { live: usize },
    /// The fold of the journal met an entry that does not fit.
    Misfit { entry: &'a Entry, anomaly: journal_core::Anomaly },
    /// A client of the API asks.
    Asked { request: RequestId },
    /// It gets its answer.
    Answered { request: RequestId },
    /// It hears instead that the journal fails.
    Refused { request: RequestId },
    /// A difference between leases and facts was repaired.
    Repaired { what: &'static str },
    /// A caller saw his call answered (18x or 2xx) by the node.
    PeerAnswered { sip_call_id: &'a str, status: u16 },
    /// A caller and an agent's phone have been in one undisturbed conversation for a while; who hears whom.
    Conversation { caller: &'a str, agent: clock::AgentId, hears_caller: bool, hears_agent: bool },
    /// An agent left without logging out.
    Forgot,
    /// A carrier refused a call because it refuses all.
    Stormed,
    /// A carrier called without an offer.
    OfferedLate,
    /// Someone pressed a key that INFO carries.
    PressedByInfo,
    /// Faults are over; now everything must come to rest.
    Calm,
    /// A call to this queue in the calm was taken by an agent (or was not).
    Probed { queue: clock::QueueId, taken: bool },
    /// At the very end: something that should be empty holds so many.
    Left { what: &'static str, count: usize },
    /// At the very end: what an owner's own tally says of a queue.
    Tally { queue: clock::QueueId, tally: acd::QueueTally },
    /// The run is over.
    End,
}

/// A property that does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// When, in simulated time since the start.
    pub at: Instant,
    /// Which property, by its stable name.
    pub rule: &'static str,
    /// What was expected and what came.
    pub what: String,
}

/// Who sees everything: the judges, the hash and, if wanted, a log.
#[derive(Debug)]
pub(crate) struct Watch {
    judges: Judges,
    hash: TraceHash,
    dialed: TraceHash,
    dials: u64,
    pub(crate) marks: Marks,
    log: Option<Vec<String>>,
}

/// What is left to say when the run is over.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) violations: Vec<Violation>,
    pub(crate) calls: u64,
    pub(crate) conversations: u64,
    pub(crate) hash: u64,
    pub(crate) dials: u64,
    pub(crate) dialed: u64,
    pub(crate) marks: Marks,
    pub(crate) log: Vec<String>,
}

impl Watch {
    pub(crate) fn new(judges: Judges, keep_log: bool) -> Self {
        Self {
            judges,
            hash: TraceHash::new(),
            dialed: TraceHash::new(),
            dials: 0,
            marks: Marks::default(),
            log: keep_log.then(Vec::new),
        }
    }

    /// Shows everyone what happened at `at`.
    pub(crate) fn see(&mut self, at: Instant, seen: &Seen<'_>) {
        self.hash_in(at, seen);
        self.marks.see(seen);
        if let Some(log) = &mut self.log {
            log.extend(crate::report::line(at, seen));
        }
        let before = self.judges.violations().len();
        self.judges.see(at, seen);
        if let Some(log) = &mut self.log {
            for violation in self.judges.violations().iter().skip(before) {
                log.push(format!("          !!! {}: {}", violation.rule, violation.what));
            }
        }
    }

    /// Callbacks that are open, by what the ACD said.
    pub(crate) fn open_callbacks(&self) -> usize {
        self.judges.open_callbacks()
    }

    pub(crate) fn finish(self) -> Outcome {
        Outcome {
            calls: self.judges.calls(),
            conversations: self.judges.conversations(),
            violations: self.judges.into_violations(),
            hash: self.hash.value(),
            dials: self.dials,
            dialed: self.dialed.value(),
            marks: self.marks,
            log: self.log.unwrap_or_default(),
        }
    }

    /// What leaves the node or changes its records tells two runs apart; the rest follows from it.
    fn hash_in(&mut self, at: Instant, seen: &Seen<'_>) {
        match seen {
            Seen::Sent { to, bytes, .. } => {
                self.hash.word(at.as_nanos());
                self.hash.word(u64::from(to.port()));
                self.hash.bytes(bytes);
            }
            Seen::DialHandedOver { dial, wall } => {
                self.dials += 1;
                for hash in [&mut self.hash, &mut self.dialed] {
                    hash.word(wall.as_micros().unsigned_abs());
                    hash.bytes(&dial.lead.to_bytes());
                    hash.bytes(dial.number.as_bytes());
                }
            }
            Seen::Journaled { number, entry, .. } => {
                self.hash.word(at.as_nanos() ^ number.rotate_left(48));
                if let Entry::Call(step) = entry {
                    self.hash.bytes(&step.call.to_bytes());
                }
            }
            Seen::AcdSaid { .. } | Seen::MediaTold { .. } | Seen::Crashed => self.hash.word(at.as_nanos()),
            _ => {}
        }
    }
}

/// Names a call in messages.
pub(crate) fn short(call: CallId) -> String {
    let bytes = call.to_bytes();
    let [.., a, b, c, d] = bytes;
    format!("call {a:02x}{b:02x}{c:02x}{d:02x}")
}
