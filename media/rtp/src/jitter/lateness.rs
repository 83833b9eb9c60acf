//! How much earlier than needed packets come, and when that is too early.

use core::time::Duration;

use clock::Instant;

use super::FRAME;

/// Watches the packet that came closest to its deadline.
#[derive(Clone, Debug)]
pub(super) struct Lateness {
    /// Least time before the deadline since the watch began.
    slack: Option<Duration>,
    watch_began: Option<Instant>,
    /// How long to watch before shrinking.
    watch: Duration,
    last_shrink: Option<Instant>,
}

impl Lateness {
    pub(super) fn new() -> Self {
        Self { slack: None, watch_began: None, watch: SHORTEST_WATCH, last_shrink: None }
    }

    /// A packet came at `now` that is needed at `deadline`.
    pub(super) fn note(&mut self, deadline: Instant, now: Instant) {
        let slack = deadline.since(now);
        self.slack = Some(self.slack.map_or(slack, |least| least.min(slack)));
        self.watch_began.get_or_insert(now);
    }

    /// The delay had to grow. Soon after it shrank, that was a mistake: watch longer.
    pub(super) fn grew(&mut self, now: Instant) {
        if self.last_shrink.take().is_some_and(|at| now.since(at) < REGRET) {
            self.watch = (self.watch * 2).min(LONGEST_WATCH);
        }
        self.begin();
    }

    /// Whether every packet of the watch came more than a frame too early.
    /// Far too early, after a stall, the watch is short.
    pub(super) fn should_shrink(&mut self, now: Instant) -> bool {
        let (Some(slack), Some(began)) = (self.slack, self.watch_began) else { return false };
        let watch = if slack > FAR_TOO_EARLY { QUICK_WATCH } else { self.watch };
        if now.since(began) < watch {
            return false;
        }
        let shrink = slack >= FRAME + MARGIN;
        self.begin();
        if shrink {
            self.last_shrink = Some(now);
        }
        shrink
    }

    fn begin(&mut self) {
        (self.slack, self.watch_began) = (None, None);
    }
}

/// What must be left after shrinking, against the jitter of our own tick.
const MARGIN: Duration = Duration::from_millis(5);
const SHORTEST_WATCH: Duration = Duration::from_secs(2);
const LONGEST_WATCH: Duration = Duration::from_secs(32);
/// A delay that grows again within this time should not have shrunk.
const REGRET: Duration = Duration::from_secs(10);
const FAR_TOO_EARLY: Duration = Duration::from_millis(80);
const QUICK_WATCH: Duration = Duration::from_millis(200);
