//! What the pacing is told, and what it says.

use std::time::Duration;

/// What a campaign sets, and the one figure that comes from an audit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rules {
    /// Share of live answers that may be abandoned, such as 0.03.
    pub target_abandon: f64,
    /// How long after the end of the greeting an agent must be there, such as 2 s.
    pub connect_limit: Duration,
    /// Lines that may be in use at once, conversations included.
    pub max_lines: u32,
    /// Audited estimate of the share of people whom the detection calls machines: abandoned calls too.
    pub people_called_machines: f64,
    /// The share holds for each 24 hours too, not only for 30 days.
    pub strict_day: bool,
}

/// What is true of an agent of the campaign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AgentState {
    /// Waits for a call.
    Idle,
    /// In a call.
    Talking,
    /// After a call.
    WrapUp,
    /// Signed in, and takes no calls.
    Away,
    /// Signed off.
    Gone,
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// An agent's state became another.
    Agent {
        /// The agent.
        agent: u32,
        /// The state.
        state: AgentState,
    },
    /// A number was dialled.
    Dialled {
        /// The attempt.
        attempt: u64,
    },
    /// It rings: 180, or ringback is heard. Whoever never tells this never hears of numbers to give up.
    Rang {
        /// The attempt.
        attempt: u64,
    },
    /// It was answered. Without detection it needs an agent at once.
    Answered {
        /// The attempt.
        attempt: u64,
        /// It needs an agent from now; `false` while a detection runs.
        needs_agent: bool,
    },
    /// The detection has decided.
    Detected {
        /// The attempt.
        attempt: u64,
        /// It needs an agent from now; `false`: a machine.
        needs_agent: bool,
    },
    /// It got its agent.
    Connected {
        /// The attempt.
        attempt: u64,
    },
    /// It is over: unanswered, a machine, given up while it needed an agent, or after the conversation.
    Ended {
        /// The attempt.
        attempt: u64,
    },
}

/// By which rule numbers are dialled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// One line an idle agent: too little is known.
    Progressive,
    /// By the chance that an answer finds no agent.
    Predictive,
}

/// Why so many numbers were dialled, at the last tick.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Why {
    /// By which rule.
    pub mode: Mode,
    /// Numbers dialled at this tick.
    pub dials: u32,
    /// Numbers given up that had rung for the minimum.
    pub given_up: u32,
    /// Agents idle, and at work in all.
    pub idle: u32,
    /// Agents at work in all: idle, talking, in wrap-up.
    pub agents: u32,
    /// Numbers that ring.
    pub ringing: u32,
    /// Answered calls that need an agent and have none.
    pub waiting: u32,
    /// Agents who will have become free when a number dialled now is answered, on average.
    pub expected_releases: f64,
    /// Calls that will have come for them by then, on average.
    pub expected_answers: f64,
    /// Chance that a number dialled now will be answered by somebody.
    pub answer_chance: f64,
    /// Chance that its answer would find no agent.
    pub risk: f64,
    /// What that chance may be at most now.
    pub bound: f64,
    /// Abandoned calls that the target would still allow.
    pub budget_left: f64,
    /// The target that is aimed at, below the cap.
    pub target: f64,
}
