//! The trunk watcher that is built anew when it breaks.

use std::collections::{BTreeMap, VecDeque};

use clock::{Instant, Now, Rng};
use core::time::Duration;
use sip::trunk::{Effect, Input, Query, Record, TrunkConfig, TrunkView, Watcher};
use sip::ua::UaConfig;

use super::Alarm;
use super::guard::{Guard, attempt};

/// The watcher with its rules and what was looked up for them.
///
/// Another one registers anew, over the binding that stands, and counts a target as up until it was asked again. The
/// input that broke it is not tried again: what was lost is sent or asked once more by whoever waits for it.
pub struct TrunkOwner {
    ua: UaConfig,
    domain: String,
    rng: Rng,
    watcher: Watcher,
    rules: Vec<TrunkConfig>,
    /// Looked up last, with the moment.
    known: BTreeMap<Query, (Instant, Vec<Record>, Duration)>,
    stops: bool,
    guard: Guard,
    alarms: VecDeque<Alarm>,
    #[cfg(feature = "fault-injection")]
    faults: super::fault::Faults,
}

impl core::fmt::Debug for TrunkOwner {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("TrunkOwner").field("trunks", &self.rules.len()).finish_non_exhaustive()
    }
}

impl TrunkOwner {
    /// A watcher without trunks.
    #[must_use]
    pub fn new(ua: UaConfig, domain: &str, mut rng: Rng) -> Self {
        Self {
            watcher: Watcher::new(ua.clone(), domain, rng.fork()),
            ua,
            domain: domain.to_owned(),
            rng,
            rules: Vec::new(),
            known: BTreeMap::new(),
            stops: false,
            guard: Guard::default(),
            alarms: VecDeque::new(),
            #[cfg(feature = "fault-injection")]
            faults: super::fault::Faults::default(),
        }
    }

    /// Takes one input.
    pub fn handle(&mut self, now: Now, input: Input) {
        if self.guard.has_given_up() {
            return;
        }
        self.note(now, &input);
        let worked = attempt(|| {
            self.watcher.handle(now, input);
            #[cfg(feature = "fault-injection")]
            self.faults.strike(Some(&[]));
        });
        if let Err(why) = worked {
            self.recover(now, why);
        }
    }

    /// Does what is due; early calls do nothing.
    pub fn handle_timeout(&mut self, now: Now) {
        if self.guard.has_given_up() {
            return;
        }
        let worked = attempt(|| {
            self.watcher.handle_timeout(now);
            #[cfg(feature = "fault-injection")]
            self.faults.strike(None);
        });
        if let Err(why) = worked {
            self.recover(now, why);
        }
    }

    /// What an operator must hear, before the effects.
    pub fn poll_alarm(&mut self) -> Option<Alarm> {
        self.alarms.pop_front()
    }

    /// The next thing to do; drained before the next input.
    pub fn poll_effect(&mut self) -> Option<Effect> {
        self.watcher.poll_effect()
    }

    /// When to call `handle_timeout` again.
    pub fn poll_timeout(&mut self) -> Option<Instant> {
        self.watcher.poll_timeout()
    }

    /// What others may see.
    #[must_use]
    pub fn snapshot(&self, now: Now) -> Vec<TrunkView> {
        self.watcher.snapshot(now)
    }

    /// Lets it break, as `fault` says.
    #[cfg(feature = "fault-injection")]
    pub fn break_at(&mut self, fault: super::Fault) {
        self.faults.add(fault);
    }

    fn note(&mut self, now: Now, input: &Input) {
        match input {
            Input::Configure(trunks) => self.rules.clone_from(trunks),
            Input::Resolved { query, records, ttl } => {
                if self.known.len() >= KNOWN_MAX {
                    // Those of former rules too: what is still wanted is asked anew.
                    self.known.clear();
                }
                self.known.insert(query.clone(), (now.mono, records.clone(), *ttl));
            }
            Input::Stop => self.stops = true,
            _ => {}
        }
    }

    fn recover(&mut self, now: Now, why: String) {
        self.alarms.push_back(Alarm::Broke { named: None, why });
        let stops = self.stops;
        let built = self.guard.may_rebuild(now.mono).then(|| {
            let (ua, domain, rng) = (self.ua.clone(), self.domain.as_str(), self.rng.fork());
            let (rules, known) = (self.rules.clone(), &self.known);
            attempt(|| {
                let mut watcher = Watcher::new(ua, domain, rng);
                watcher.handle(now, Input::Configure(rules));
                for (query, (at, records, ttl)) in known {
                    let left = ttl.saturating_sub(now.mono.since(*at));
                    if !left.is_zero() {
                        let (query, records) = (query.clone(), records.clone());
                        watcher.handle(now, Input::Resolved { query, records, ttl: left });
                    }
                }
                if stops {
                    watcher.handle(now, Input::Stop);
                }
                watcher
            })
        });
        if let Some(Ok(watcher)) = built {
            self.watcher = watcher;
        } else {
            self.guard.give_up();
            self.alarms.push_back(Alarm::GaveUp);
        }
    }
}

/// Names and their services of all trunks, a few each.
const KNOWN_MAX: usize = 4_096;

#[cfg(all(test, feature = "fault-injection"))]
mod tests;
