//! Rules before and around a queue: menus, opening hours, overflow, announcements.

use core::time::Duration;
use std::collections::BTreeMap;
use std::sync::Arc;

use clock::{QueueId, WallTime};
use hours::{Hours, Schedule};

use super::{Plan, Target};

/// A menu, by the id that its name was given once and for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct MenuId(pub u32);

/// Where a caller goes from a menu, from a closed number, or from a queue that does not serve him.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Something of ours: a queue, a box, an agent, a menu, a service.
    Own(Target),
    /// A number, dialed as an agent with all rights would dial it: own ones stay inside.
    Number(String),
    /// A prompt is played, then the call ends.
    Message(String),
    /// He is called back by this queue, in the place of his arrival.
    Callback(QueueId),
    /// The call ends.
    HangUp,
}

/// A schedule, and where callers go when it is not open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gate {
    /// The schedule.
    pub schedule: Arc<Schedule>,
    /// Where to out of hours.
    pub closed: Exit,
    /// Where to on a holiday.
    pub holiday: Exit,
}

/// Rules of an own number beside its target.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EntryPlan {
    /// Language of its callers, by the folder of its prompts.
    pub language: Option<String>,
    /// When it is open; always where none.
    pub gate: Option<Gate>,
}

/// A key menu.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MenuPlan {
    /// Its name.
    pub name: String,
    /// Callers have this language from here on.
    pub language: Option<String>,
    /// When it is open; always where none.
    pub gate: Option<Gate>,
    /// What is said, one prompt after the other.
    pub prompts: Vec<String>,
    /// What leads where: one key or several in a row.
    pub keys: BTreeMap<String, Exit>,
    /// Extensions of agents may be dialed.
    pub extensions: bool,
    /// Silence after the prompts that counts as nothing pressed.
    pub wait: Duration,
    /// Silence after a key, when more could follow.
    pub digit_wait: Duration,
    /// How often the menu is heard again after nothing, or nothing valid, was pressed.
    pub retries: u8,
    /// Said before it is heard again, when what was pressed is not valid.
    pub invalid_prompt: String,
    /// Said before it is heard again, when nothing was pressed.
    pub silence_prompt: String,
    /// Where to after the last try.
    pub default: Exit,
}

/// Why a queue does not serve a caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Unserved {
    /// Its longest wait is over.
    TimedOut,
    /// As many wait as may.
    Full,
    /// Nobody is there, by its rule of who must be.
    Empty,
    /// Out of hours.
    Closed,
    /// A holiday.
    Holiday,
}

/// Where a caller goes whom a queue does not serve.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overflow {
    /// Where to.
    pub to: Exit,
    /// In another queue he has the place of his arrival in this.
    pub keeps_arrival: bool,
}

/// What a waiting caller is told, and when.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Announcements {
    /// Said once on entering; empty: nothing.
    pub welcome: Option<String>,
    /// From entering to the first announcement.
    pub first: Duration,
    /// From the end of one to the next; zero: none at all.
    pub every: Duration,
    /// Positions up to this are said; 0: none.
    pub position_max: u32,
    /// The expected wait is said.
    pub wait: bool,
    /// Comfort messages, one each time in turn.
    pub messages: Vec<String>,
}

impl Unserved {
    /// The stable word of the journey.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::TimedOut => "timed_out",
            Self::Full => "full",
            Self::Empty => "empty",
            Self::Closed | Self::Holiday => "closed",
        }
    }
}

impl Gate {
    /// What its schedule says, and where to go when that is not open.
    #[must_use]
    pub fn at(&self, moment: WallTime) -> (Hours<'_>, Option<&Exit>) {
        let hours = self.schedule.at(moment);
        let exit = match hours {
            Hours::Open => None,
            Hours::Closed => Some(&self.closed),
            Hours::Holiday(_) => Some(&self.holiday),
        };
        (hours, exit)
    }
}

impl Plan {
    /// A queue is open at that moment: always where it has no schedule.
    #[must_use]
    pub fn is_open(&self, queue: QueueId, at: WallTime) -> bool {
        let schedule = self.queues.get(&queue).and_then(|queue| queue.schedule.as_deref());
        schedule.is_none_or(|schedule| schedule.at(at) == Hours::Open)
    }

    /// An exit as the configuration writes it: `queue:sales`.
    #[must_use]
    pub fn written(&self, exit: &Exit) -> String {
        let queue = |id: &QueueId| self.queues.get(id).map_or("?", |queue| queue.name.as_str());
        match exit {
            Exit::Own(Target::Queue(id)) => format!("queue:{}", queue(id)),
            Exit::Own(Target::Voicemail(id)) => format!("voicemail:{}", queue(id)),
            Exit::Own(Target::Agent(id)) => {
                format!("agent:{}", self.agents.get(id).map_or("?", |agent| agent.extension.as_str()))
            }
            Exit::Own(Target::Menu(id)) => {
                format!("menu:{}", self.menus.get(id).map_or("?", |menu| menu.name.as_str()))
            }
            Exit::Own(Target::Echo) => "echo".to_owned(),
            Exit::Own(Target::Tone) => "tone".to_owned(),
            Exit::Own(Target::StandingLeg) => "standing_leg".to_owned(),
            Exit::Number(number) => format!("number:{number}"),
            Exit::Message(prompt) => format!("message:{prompt}"),
            Exit::Callback(id) => format!("callback:{}", queue(id)),
            Exit::HangUp => "hang_up".to_owned(),
        }
    }
}
