//! One thing that is to reach one place: what every owner's effects become.

use bytes::Bytes;
use clock::{AttemptId, CampaignId, RequestId, ShardId};
use dialer::contract::Report;
use dialer::hopper::Wanted;
use journal_core::{Entry, Mark};
use sip::ua::Peer;

use crate::owner::Alarm;
use crate::{Answer, CommandError};

/// Where an effect of an owner goes, and what it is there.
#[derive(Debug)]
pub enum Delivery {
    /// An input of a call shard.
    Shard(ShardId, call::Input),
    /// An input of a call shard that is held until the owner's entries have come so far.
    GatedShard {
        /// The shard.
        shard: ShardId,
        /// The input.
        input: call::Input,
        /// Hold until then.
        gate: Mark,
    },
    /// An input of the ACD.
    Acd(acd::Input),
    /// An input of location.
    Location(sip::location::Input),
    /// To the dialer: something happened to one of its attempts.
    Attempt(Box<Report>),
    /// To the dialer: all attempts that are not over on a shard, every 5 s.
    AttemptFacts {
        /// The shard.
        shard: ShardId,
        /// The attempts, in order.
        attempts: Vec<AttemptId>,
    },
    /// To the dialer: an agent said what came of a call.
    Disposed(Box<acd::Disposed>),
    /// Leads are wanted for a campaign: the answer is an input of the dialer. Held until the journal has what the dialer
    /// noted of them before: what is read must know of it.
    Leads {
        /// The campaign.
        campaign: CampaignId,
        /// Which.
        wanted: Wanted,
        /// Hold until then.
        gate: Mark,
    },
    /// A command for the media worker.
    Media(media_graph::Command),
    /// The owner's next journal entry.
    Journal {
        /// Its number among the owner's entries, from 1 without a gap.
        number: u64,
        /// The entry.
        entry: Entry,
    },
    /// A message for the network.
    Transmit {
        /// Where.
        peer: Peer,
        /// What.
        bytes: Bytes,
        /// Hold until the owner's entries have come so far.
        gate: Option<Mark>,
        /// It was sent before: a retransmission.
        again: bool,
    },
    /// The answer to a command from outside.
    Answer {
        /// Whom.
        request: RequestId,
        /// What.
        result: Result<Answer, CommandError>,
        /// Hold until the owner's entries have come so far.
        gate: Option<Mark>,
    },
    /// The directory of Call-IDs learns (true) or forgets (false) one of this owner's.
    CallIdOwned {
        /// The Call-ID header.
        sip_call_id: String,
        /// Owned from now, or released.
        owned: bool,
    },
    /// Something was refused or dropped: for `trunkline_drops_total{reason}`.
    Dropped {
        /// Stable word.
        reason: &'static str,
    },
    /// A difference between leases and facts was repaired: counted, alarmed, fails any test.
    Repaired {
        /// What was wrong.
        what: &'static str,
    },
    /// The shard holds no call any more after `Drain` or `EndAll`.
    Drained(ShardId),
    /// The owner broke an assertion: counted, logged as an error, shown. After [`Alarm::GaveUp`] the process must end.
    Alarm(Alarm),
}
