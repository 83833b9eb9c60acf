//! Who gets a call: strategies, skills, and what a call asks for as it waits.

use core::time::Duration;

use clock::SkillId;

/// Which of the agents who can take a call gets it. Agents of a lower level come first with all of them, then those
/// who have the preferred skills best; the strategy decides among equals, and the lower id among what is left.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Strategy {
    /// Who had no routed call for the longest time (a missed or refused offer counts as one).
    #[default]
    LongestIdle,
    /// All of them ring; the first who answers has it.
    RingAll,
    /// The next in position after the one who was offered a call last.
    RoundRobin,
    /// Who answered the fewest calls of queues.
    FewestCalls,
    /// Who talked the least in calls of queues.
    LeastTalk,
    /// The first in position.
    TopDown,
    /// Anyone, all equally likely.
    Random,
    /// Who is furthest behind the share that his weight gives him of the queue's answered calls.
    Weighted,
    /// As top down, but the next one joins after each such time while the former go on ringing.
    ProgressiveRing {
        /// Time between two joins.
        every: Duration,
    },
}

/// A skill of an agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Skill {
    /// Which.
    pub skill: SkillId,
    /// How well: 1 is the least.
    pub level: u8,
}

/// A skill that a call needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Need {
    /// Which.
    pub skill: SkillId,
    /// How well at least.
    pub level: u8,
}

/// What calls ask of an agent from some wait on, until the next step. The call keeps its place in each.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Step {
    /// From this wait on, counted from the arrival that decides the place.
    pub after: Duration,
    /// Who lacks one of these is not offered the call.
    pub required: Vec<Need>,
    /// Who has these better comes first.
    pub preferred: Vec<SkillId>,
    /// Agents above this level are not offered the call; `None`: all levels.
    pub level_max: Option<u8>,
}
