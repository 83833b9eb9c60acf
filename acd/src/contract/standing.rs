//! Standing legs: agents' phones that stay connected between the calls of queues which ask for it (DESIGN section 8).

/// What the shard says of an agent's standing leg.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StandingStep {
    /// It is connected.
    Up {
        /// The agent dialed the code for it himself: he logs in.
        is_his_doing: bool,
    },
    /// His phone holds it while nobody is on it, or takes it back.
    Held {
        /// It is on hold now.
        is_held: bool,
    },
    /// It could not be had, or is gone.
    Down {
        /// He hung up, declined, or let it ring: he logs out.
        is_his_doing: bool,
        /// Stable word.
        why: String,
    },
}

/// How an agent's standing leg stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum StandingLeg {
    /// He is not logged in: none is wanted.
    #[default]
    None,
    /// He is logged in, and it is down: his phone is called again in a moment, or when it is there.
    Down,
    /// His phone is being called.
    Calling,
    /// His phone holds it: whoever were bridged to it would hear nobody, so he gets no calls of queues that ask for it.
    Held,
    /// It is up: he gets calls of queues that ask for it.
    Up,
}
