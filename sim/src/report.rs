//! What a run tells.

use core::fmt;
use core::time::Duration;

use clock::Instant;

use crate::marks::Marks;
use crate::watch::{Seen, Violation};

/// The outcome of a run.
#[derive(Clone, Debug)]
pub struct Report {
    /// The seed: with it the run happens again, step by step.
    pub seed: u64,
    /// Calls of which a record began.
    pub calls: u64,
    /// Conversations of callers and agents that were listened to.
    pub conversations: u64,
    /// Crashes of the node.
    pub crashes: u64,
    /// Datagrams sent, by anyone.
    pub datagrams: u64,
    /// Simulated time.
    pub simulated: Duration,
    /// Hash over all that left the node and all its records: equal for equal runs.
    pub trace_hash: u64,
    /// Numbers that campaigns dialed.
    pub dials: u64,
    /// Hash over when they dialed whom.
    pub dial_hash: u64,
    /// What did not hold, the first ones.
    pub violations: Vec<Violation>,
    /// What the run came by.
    pub marks: Marks,
    /// One line for everything that happened, if the scenario asked for it.
    pub log: Vec<String>,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "seed {}: {} calls, {} crashes, {} datagrams, {} s simulated, trace {:016x}",
            self.seed,
            self.calls,
            self.crashes,
            self.datagrams,
            self.simulated.as_secs(),
            self.trace_hash
        )?;
        for violation in &self.violations {
            write!(f, "\n  seed {} {violation}", self.seed)?;
        }
        Ok(())
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at {} {}: {}", Clock(self.at), self.rule, self.what)
    }
}

/// What happened, in one line.
pub(crate) fn line(at: Instant, seen: &Seen<'_>) -> Option<String> {
    let at = Clock(at);
    Some(match seen {
        Seen::Sent { from, to, bytes } => {
            let first = bytes.split(|byte| *byte == b'\r').next().unwrap_or_default();
            let call_id = sip::Message::parse((*bytes).clone(), sip::Source::Datagram)
                .ok()
                .and_then(|message| message.call_id().ok().map(str::to_owned))
                .unwrap_or_default();
            format!("{at} {from} > {to} {} [{call_id}]", String::from_utf8_lossy(first))
        }
        // The journal and the network tell of these.
        Seen::MediaOrdered { .. }
        | Seen::Arrived { .. }
        | Seen::AcdWoken { .. }
        | Seen::AcdSettled
        | Seen::Progress { .. } => return None,
        Seen::ShardTold { shard, input: call::Input::Received { peer, .. } } => {
            format!("{at} {shard:?} takes a message of {}", peer.addr)
        }
        Seen::MediaTold { command } => format!("{at} media: {command:?}"),
        other => format!("{at} {other:?}"),
    })
}

struct Clock(Instant);

impl fmt::Display for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:06}", self.0.as_nanos() / 1_000_000_000, self.0.as_nanos() / 1_000 % 1_000_000)
    }
}
