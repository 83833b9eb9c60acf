//! What the dialer asks of those who make calls, and what it is told of each attempt and of the agents.
//!
//! The dialer knows no SIP and no call distributor: an attempt is an order ([`Order::Dial`]) that some part of the call
//! engine carries out and tells of ([`Report`]) until it is over. [`Fact::Ended`] comes exactly once an attempt and is
//! the last; whoever carries attempts out sends it even when nothing was dialed. Whatever else is told may be missing
//! (a number that is busy never rings), comes at most once, and in the order of [`Fact`]'s list, save that the detection
//! may speak before and after the answer.

use core::time::Duration;

use clock::{AgentId, AttemptId, CallId, CampaignId, LeadId, MessageId, QueueId, SkillId, WallTime};
use serde::{Deserialize, Serialize};

/// What the dialer asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Order {
    /// Dial a number. Its start is journaled and synced before the INVITE (DESIGN section 6).
    Dial(Box<Dial>),
    /// End an attempt that nobody has answered. Before the minimum ring is over it is remembered and done then; an
    /// answer in between is served as if nothing had been asked.
    Cancel {
        /// The attempt.
        attempt: AttemptId,
    },
}

/// One attempt to reach a lead by one number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dial {
    /// The attempt.
    pub attempt: AttemptId,
    /// Whose it is.
    pub campaign: CampaignId,
    /// Whom it is to reach.
    pub lead: LeadId,
    /// The number, E.164.
    pub number: String,
    /// The caller id that is shown, E.164; none: the trunk's own.
    pub caller_id: Option<String>,
    /// It rings at least so long before we give up, s; 15 by law (16 CFR 310.4(b)(4)(ii), Ofcom).
    pub ring_min_s: u16,
    /// It rings at most so long, s; at least the minimum.
    pub ring_max_s: u16,
    /// Where a person who answers goes.
    pub on_person: OnPerson,
    /// What becomes of an answering machine.
    pub on_machine: OnMachine,
    /// Listen for who answered. Without it whoever answers is a person, and his greeting ends at the answer.
    pub detect: bool,
    /// The agent who waits for this very call (manual and preview): nobody else is offered it, and he hears the ringing.
    pub agent: Option<AgentId>,
    /// Whoever gets it needs this skill, which the campaign has lent to the agents whom it names; none: anyone of the queue.
    pub skill: Option<SkillId>,
    /// How long after the end of the greeting an agent must be there, ms.
    pub connect_limit_ms: u32,
    /// What a person hears whom no agent took in time (the safe harbour), before we hang up; none: a short silence.
    pub abandon_message: Option<MessageId>,
    /// Record the conversation.
    pub record: bool,
}

/// Where a person who answers goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum OnPerson {
    /// To an agent of this queue with a standing leg; nobody within the limit: abandoned.
    Queue(QueueId),
    /// Hears this message, then we hang up.
    Message(MessageId),
}

/// What becomes of an answering machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum OnMachine {
    /// We hang up.
    HangUp,
    /// It gets this message after the beep.
    Message(MessageId),
    /// To an agent, as a person would.
    Queue(QueueId),
}

/// Something that happened to an attempt.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// The attempt.
    pub attempt: AttemptId,
    /// When.
    pub at: WallTime,
    /// What.
    pub fact: Fact,
}

/// What can happen to an attempt.
#[derive(Clone, Debug, PartialEq)]
pub enum Fact {
    /// Its call was created.
    Began {
        /// The call, by which everything else about it is found.
        call: CallId,
    },
    /// The called phone rings: 180, or ringback was heard.
    Rang,
    /// The line told something before the answer.
    Early(Heard),
    /// It was answered, by whomever: 200.
    Answered,
    /// The detection has decided who answered.
    Detected(Detection),
    /// An agent talks with it.
    Connected {
        /// The agent.
        agent: AgentId,
        /// How long it had waited for him since the end of the greeting, ms.
        waited_ms: u32,
    },
    /// A person was there and no agent in time: he hears the safe-harbour message.
    Abandoned,
    /// A message was played to its end, to a person or a machine.
    Played,
    /// It is over.
    Ended(Ending),
}

/// What was heard on the line (the words of the detection).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Heard {
    /// The phone rings.
    Ringback,
    /// Busy.
    Busy,
    /// Congestion: fast busy.
    Congestion,
    /// Number unobtainable.
    Unobtainable,
    /// Special information tone: a recording says why the call fails.
    Sit,
    /// Speech or music before the answer.
    Announcement,
    /// A person, or doubt.
    Person,
    /// An answering machine or voicemail.
    Machine,
    /// A fax machine.
    Fax,
    /// Answered, and nothing to be heard.
    DeadAir,
}

/// What the detection decided after the answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Detection {
    /// Who or what answered: `Person`, `Machine`, `Fax`, `DeadAir`, or a tone.
    pub heard: Heard,
    /// How sure it is, percent.
    pub confidence: u8,
    /// Why, in words; at most [`REASON_MAX`] bytes.
    pub reason: String,
    /// When the greeting ended, where there was one: the limit for the agent runs from here.
    pub greeting_ended_at: Option<WallTime>,
}

/// How an attempt ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ending {
    /// What it counts as, if it was not answered.
    pub class: EndClass,
    /// Stable word of the table of terminations (`no_answer`, `busy`, `node_restart` ...).
    pub code: String,
    /// Q.850 cause.
    pub q850: u8,
    /// SIP status, where one was seen.
    pub sip: Option<u16>,
}

/// What the end of a call means to a dialer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndClass {
    /// Hung up after an answer, by whomever.
    HungUp,
    /// It rang out.
    NoAnswer,
    /// The number is busy.
    Busy,
    /// Declined, or refused otherwise by the called side.
    Refused,
    /// No such number.
    Unobtainable,
    /// Ended by us on order.
    Canceled,
    /// It may not be dialed, or nobody could dial it: no line was taken, the called phone never rang.
    NotDialed,
    /// Network, trunk or media failed.
    Failed,
    /// The node, or the shard that had the call, was restarted.
    Restart,
}

/// What is true of an agent who serves a campaign's queue: level-triggered, each replaces the former (DESIGN section 4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AgentFact {
    /// The agent.
    pub agent: AgentId,
    /// What he does.
    pub doing: Doing,
    /// Since when.
    pub since: WallTime,
    /// His standing leg is up: without it he gets no call of a campaign.
    pub standing: bool,
}

/// What an agent does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Doing {
    /// Waits for a call.
    Ready,
    /// A call is being offered to him, or he talks.
    OnCall,
    /// After a call.
    WrapUp,
    /// Pauses.
    Paused,
    /// Signed off, or serves the queue no more.
    Gone,
}

impl Dial {
    /// The minimum ring.
    #[must_use]
    pub fn ring_min(&self) -> Duration {
        Duration::from_secs(self.ring_min_s.into())
    }

    /// The maximum ring.
    #[must_use]
    pub fn ring_max(&self) -> Duration {
        Duration::from_secs(self.ring_max_s.max(self.ring_min_s).into())
    }

    /// Within what an agent must be there after the end of the greeting.
    #[must_use]
    pub fn connect_limit(&self) -> Duration {
        Duration::from_millis(self.connect_limit_ms.into())
    }
}

impl Heard {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Ringback,
        Self::Busy,
        Self::Congestion,
        Self::Unobtainable,
        Self::Sit,
        Self::Announcement,
        Self::Person,
        Self::Machine,
        Self::Fax,
        Self::DeadAir,
    ];

    /// What has this word.
    #[must_use]
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|heard| heard.word() == word)
    }

    /// The stable word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Ringback => "ringback",
            Self::Busy => "busy",
            Self::Congestion => "congestion",
            Self::Unobtainable => "unobtainable",
            Self::Sit => "sit",
            Self::Announcement => "announcement",
            Self::Person => "person",
            Self::Machine => "machine",
            Self::Fax => "fax",
            Self::DeadAir => "dead_air",
        }
    }
}

impl EndClass {
    const WORDS: [(Self, &'static str); 9] = [
        (Self::HungUp, "hung_up"),
        (Self::NoAnswer, "no_answer"),
        (Self::Busy, "busy"),
        (Self::Refused, "refused"),
        (Self::Unobtainable, "unobtainable"),
        (Self::Canceled, "canceled"),
        (Self::NotDialed, "not_dialed"),
        (Self::Failed, "failed"),
        (Self::Restart, "restart"),
    ];

    /// The stable word.
    #[must_use]
    pub fn word(self) -> &'static str {
        Self::WORDS.iter().find(|(class, _)| *class == self).map_or("failed", |(_, word)| word)
    }

    /// The class with this word.
    #[must_use]
    pub fn of_word(word: &str) -> Option<Self> {
        Self::WORDS.iter().find(|(_, known)| *known == word).map(|(class, _)| *class)
    }
}

impl AgentFact {
    /// He may get a call of the campaign now.
    #[must_use]
    pub fn is_eligible(&self) -> bool {
        self.standing && self.doing == Doing::Ready
    }
}

/// Longest reason of a detection, bytes: a sentence with a few figures.
pub const REASON_MAX: usize = 240;
/// Shortest minimum ring that a campaign may ask for, s (16 CFR 310.4(b)(4)(ii): 15 s or four rings).
pub const RING_MIN_S: u16 = 15;
