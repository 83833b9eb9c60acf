//! What must hold besides: requests are answered, nothing is repaired, and in the calm everything comes to rest.

use std::collections::BTreeSet;

use centre::owner::Alarm;
use clock::RequestId;

use super::Bench;
use crate::watch::Seen;

/// Requests that wait, probes that came back.
#[derive(Debug)]
pub(crate) struct RestJudge {
    asked: BTreeSet<RequestId>,
    probes: usize,
}

impl RestJudge {
    pub(crate) const fn new(queues: usize) -> Self {
        Self { asked: BTreeSet::new(), probes: queues }
    }

    pub(crate) fn see(&mut self, seen: &Seen<'_>, bench: &mut Bench) {
        match seen {
            Seen::Asked { request } => drop(self.asked.insert(*request)),
            Seen::Answered { request } | Seen::Refused { request } if !self.asked.remove(request) => {
                bench.broken("one answer a request", format!("{request:?} was answered before"));
            }
            Seen::Crashed => self.asked.clear(),
            Seen::Alarmed { alarm: Alarm::GaveUp, owner } => {
                bench.broken("an owner is built anew", format!("{owner:?} gave up"));
            }
            Seen::Alarmed { alarm: Alarm::Quarantined(named), owner } => {
                bench.broken("an owner is built anew", format!("{owner:?}: {named:?} broke it twice"));
            }
            Seen::Repaired { what } => bench.broken("facts and leases agree", *what),
            Seen::Stopped { left } if *left > 0 => {
                bench.broken("a stop ends everything", format!("{left} shards were not drained"));
            }
            Seen::StartedInOrder { live } if *live > 0 => {
                bench.broken("a stop ends everything", format!("{live} calls have no end"));
            }
            Seen::Probed { taken: true, .. } => {
                self.probes = self.probes.saturating_sub(1);
            }
            Seen::Probed { queue, taken: false } => {
                bench.broken("liveness", format!("a call to {queue:?} in the calm reached no agent"));
            }
            Seen::Left { what, count } if *count > 0 => {
                bench.broken("nothing is left", format!("{count} {what}"));
            }
            Seen::End => {
                for request in &self.asked {
                    bench.broken("one answer a request", format!("{request:?} got none"));
                }
                if self.probes > 0 {
                    bench.broken("liveness", format!("{} queues were not probed", self.probes));
                }
            }
            _ => {}
        }
    }
}
