//! What came of an attempt, and what that means for its lead.

use core::time::Duration;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

macro_rules! outcomes {
    ($($(#[$doc:meta])* $name:ident = $word:literal,)*) => {
        /// What came of an attempt: the system's disposition of it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Outcome {
            $($(#[$doc])* $name,)*
        }

        impl Outcome {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The stable word of API and records.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }
        }
    };
}

outcomes! {
    /// A person talked with an agent.
    Connected = "connected",
    /// A person was there and no agent in time.
    Abandoned = "abandoned",
    /// A person answered and hung up before an agent was due.
    HungUp = "hung_up",
    /// A person heard the message.
    Message = "message",
    /// An answering machine.
    Machine = "machine",
    /// An answering machine has our message.
    MachineMessage = "machine_message",
    /// A fax machine.
    Fax = "fax",
    /// Answered, and nothing to be heard.
    DeadAir = "dead_air",
    /// It rang out.
    NoAnswer = "no_answer",
    /// Busy.
    Busy = "busy",
    /// The network had no way.
    Congestion = "congestion",
    /// No such number.
    Unobtainable = "unobtainable",
    /// The called side declined.
    Refused = "refused",
    /// We, the trunk or the network failed.
    Failed = "failed",
    /// We ended it while it rang, as asked.
    Canceled = "canceled",
    /// No line was taken: the phone never rang.
    NotDialed = "not_dialed",
    /// The node was restarted while it rang.
    NodeRestart = "node_restart",
}

impl Outcome {
    /// The outcome with this word.
    #[must_use]
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|outcome| outcome.word() == word)
    }

    /// A person answered: it counts in the abandon rate's denominator.
    #[must_use]
    pub const fn is_person(self) -> bool {
        matches!(self, Self::Connected | Self::Abandoned | Self::HungUp | Self::Message)
    }

    /// It says something of whom we call, who was reached or has our message, and not of the number alone.
    #[must_use]
    pub const fn is_of_lead(self) -> bool {
        self.is_person() || matches!(self, Self::MachineMessage | Self::Refused)
    }

    /// It was no fault of the called side, so the lead's tries are not used up by it.
    #[must_use]
    pub const fn is_ours(self) -> bool {
        matches!(self, Self::Failed | Self::Canceled | Self::NotDialed | Self::NodeRestart)
    }
}

/// When a lead is tried again after an outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Again {
    /// After how long.
    pub after: Duration,
    /// So many times is the number tried again after this outcome, 0 to [`Recycle::TIMES_MAX`]; then it is left alone,
    /// and where it says something of the lead ([`Outcome::is_of_lead`]) the lead is.
    pub times: u8,
    /// The lead's other numbers are tried first, those that may be, each after [`Recycle::AFTER_MIN`] at the earliest; at
    /// once where there was no such number.
    pub next_number: bool,
}

/// What becomes of leads after each outcome.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recycle {
    /// By outcome; after one that is not named the number is left alone, and where it says something of the lead the lead
    /// is. What was our fault ends nothing.
    pub rules: BTreeMap<Outcome, Again>,
    /// Attempts of a lead in all, since its list was reset.
    pub attempts_max: u32,
}

impl Recycle {
    /// Shortest time until a lead is tried again: nobody is called twice in a row.
    pub const AFTER_MIN: Duration = Duration::from_secs(120);
    /// Longest: a year.
    pub const AFTER_MAX: Duration = Duration::from_secs(365 * 86_400);
    /// Longest delay after what was our fault.
    pub const OURS_MAX: Duration = Duration::from_secs(64 * 60);
    /// Most times of one outcome.
    pub const TIMES_MAX: u8 = 10;
    /// Most attempts in all.
    pub const ATTEMPTS_MAX: u32 = 100;

    /// What the rules say of an outcome; none: it is not tried again after it, unless it was our fault.
    #[must_use]
    pub fn after(&self, outcome: Outcome) -> Option<Again> {
        self.rules.get(&outcome).copied()
    }

    /// After what was our fault a lead is tried again soon, the oftener it happened the later, and never given up.
    #[must_use]
    pub fn after_ours(times: u8) -> Duration {
        Self::AFTER_MIN.saturating_mul(1 << times.min(5)).min(Self::OURS_MAX)
    }
}

impl Default for Recycle {
    /// Three tries of who was not reached, a day apart for machines, hours for the rest.
    fn default() -> Self {
        let again =
            |minutes: u64, times, next_number| Again { after: Duration::from_secs(minutes * 60), times, next_number };
        let rules = [
            (Outcome::NoAnswer, again(240, 3, true)),
            (Outcome::Busy, again(15, 3, false)),
            (Outcome::Congestion, again(15, 3, false)),
            (Outcome::Machine, again(1_440, 3, true)),
            (Outcome::HungUp, again(1_440, 1, false)),
            (Outcome::DeadAir, again(1_440, 1, true)),
            (Outcome::Unobtainable, again(2, 0, true)),
            (Outcome::Abandoned, again(3 * 1_440, 1, false)),
        ];
        Self { rules: rules.into(), attempts_max: 6 }
    }
}

/// What an agent's disposition does to the lead.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum LeadAction {
    /// It is done.
    Done,
    /// It is tried again after so long.
    Again(Duration),
    /// It is called back at the time that was agreed; without one it is done.
    Callback,
    /// It is done, and its numbers go on the do-not-call list.
    DoNotCall,
}
