//! Every judge bites: a trace with one planted fault, and the rule that it breaks.

mod acd_rules;
mod burst;
mod outside_rules;

use clock::Instant;

use super::Judges;
use crate::watch::Seen;

/// A trace shown to all judges.
struct Trace {
    judges: Judges,
    at: u64,
}

impl Trace {
    fn new(queues: &[acd::QueueConfig], agents: &[acd::AgentConfig]) -> Self {
        Self { judges: Judges::new((queues, queues.len()), agents, vec![0, 3], false), at: 0 }
    }

    fn see(&mut self, seen: &Seen<'_>) {
        self.at += 1;
        self.judges.see(Instant::from_nanos(self.at), seen);
    }

    fn broken(&self) -> Vec<&'static str> {
        self.judges.violations().iter().map(|violation| violation.rule).collect()
    }

    #[track_caller]
    fn assert_broken(&self, rule: &str) {
        assert!(self.broken().contains(&rule), "{rule} expected, came: {:?}", self.judges.violations());
    }

    #[track_caller]
    fn assert_good(&self) {
        assert!(self.judges.violations().is_empty(), "{:?}", self.judges.violations());
    }
}
