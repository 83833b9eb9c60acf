//! Calls out through a trunk with several targets, from outside: one that failed before it rang is left for the next
//! one, and a customer whose phone rang is never called a second time (RFC 3263 4.3).

use core::net::SocketAddr;
use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};

use clock::{AttemptId, CallId, Instant, LegId};
use journal_core::{CallEvent, Entry, LegKind, Who};

use super::Bench;
use super::glance::Glance;
use crate::node::{NODE_ADDR, carrier_addr};
use crate::watch::{Seen, short};

/// What is known of calls out.
#[derive(Debug)]
pub(crate) struct TrunkJudge {
    /// Targets of the trunk; all of them are up as far as the node was told.
    targets: BTreeSet<SocketAddr>,
    calls: BTreeMap<CallId, Out>,
    by_call_id: BTreeMap<String, (CallId, LegId)>,
    /// Attempts that the dialer does not want any more: nothing else is tried for them.
    unwanted: BTreeSet<AttemptId>,
}

/// A call out.
#[derive(Debug, Default)]
struct Out {
    attempt: Option<AttemptId>,
    /// The leg of the agent for whom a campaign calls.
    agent: Option<LegId>,
    tried: BTreeMap<LegId, Attempt>,
}

/// One leg of it, to one target.
#[derive(Debug, Default)]
struct Attempt {
    target: Option<SocketAddr>,
    /// Since when the customer's phone rings or is answered, as the node has heard.
    rang: Option<Instant>,
    /// The target's own failure.
    failed: bool,
    /// When it was left for the next one.
    left: Option<Instant>,
}

impl TrunkJudge {
    pub(crate) fn new(targets: impl Iterator<Item = usize>) -> Self {
        let targets = targets.map(carrier_addr).collect();
        Self { targets, calls: BTreeMap::new(), by_call_id: BTreeMap::new(), unwanted: BTreeSet::new() }
    }

    pub(crate) fn see(&mut self, at: Instant, seen: &Seen<'_>, bench: &mut Bench) {
        match seen {
            Seen::Journaled { entry: Entry::Call(step), .. } => self.record(at, step.call, &step.event, bench),
            Seen::Sent { from, to, bytes } if *from == NODE_ADDR && self.targets.contains(to) => {
                if let Some(invite) = Glance::at(bytes).filter(|it| it.method == "INVITE" && it.status.is_none()) {
                    self.invited(at, *to, invite, bench);
                }
            }
            Seen::Arrived { bytes } if !self.calls.is_empty() && bytes.starts_with(b"SIP/2.0") => self.heard(at, bytes),
            Seen::ShardTold { input: call::Input::CancelDial { attempt }, .. } => drop(self.unwanted.insert(*attempt)),
            Seen::Crashed => {
                self.calls.clear();
                self.unwanted.clear();
                self.by_call_id.clear();
            }
            _ => {}
        }
    }

    fn record(&mut self, at: Instant, call: CallId, event: &CallEvent, bench: &mut Bench) {
        match event {
            CallEvent::AttemptStarted { attempt, .. } => {
                self.calls.entry(call).or_default().attempt = Some(*attempt);
            }
            CallEvent::LegStarted { leg, kind: LegKind::Callee, sip_call_id, agent: None } => {
                self.calls.entry(call).or_default().tried.entry(*leg).or_default();
                self.by_call_id.insert(sip_call_id.clone(), (call, *leg));
            }
            CallEvent::TargetFailed { leg, .. } => {
                let tried = self.calls.get_mut(&call).and_then(|out| out.tried.get_mut(leg));
                tried.into_iter().for_each(|tried| tried.left = Some(at));
            }
            CallEvent::LegStarted { leg, agent: Some(_), .. } => {
                if let Some(out) = self.calls.get_mut(&call).filter(|out| out.attempt.is_some()) {
                    out.agent = Some(*leg);
                }
            }
            // Without him nobody else is called.
            CallEvent::LegEnded { leg, .. } => {
                let out = self.calls.get(&call).filter(|out| out.agent == Some(*leg));
                self.unwanted.extend(out.and_then(|out| out.attempt));
            }
            CallEvent::Ended { cause, .. } => {
                let Some(out) = self.calls.remove(&call) else { return };
                self.by_call_id.retain(|_, (of, _)| *of != call);
                let targets: BTreeSet<SocketAddr> = out.tried.values().filter_map(|tried| tried.target).collect();
                let is_wanted = !out.attempt.is_some_and(|attempt| self.unwanted.remove(&attempt));
                let all_failed = is_wanted && out.tried.values().all(|tried| tried.failed);
                // The caller stayed, and nobody's phone rang: each target must have had its chance.
                if cause.who == Who::Callee && all_failed && !targets.is_empty() && targets.len() < self.targets.len() {
                    let what = format!("{} ended with {cause:?} after {targets:?}", short(call));
                    bench.broken("the next target is tried", what);
                }
            }
            _ => {}
        }
    }

    fn invited(&mut self, at: Instant, to: SocketAddr, invite: Glance<'_>, bench: &mut Bench) {
        let Some((call, leg)) = self.by_call_id.get(invite.call_id).copied().filter(|_| !invite.in_dialog) else {
            return;
        };
        let Some(out) = self.calls.get_mut(&call) else { return };
        let Some(attempt) = out.tried.get_mut(&leg) else { return };
        if attempt.target.replace(to).is_some() {
            return;
        }
        for (other, former) in out.tried.iter().filter(|(other, _)| **other != leg) {
            if former.target == Some(to) {
                bench.broken("each target once", format!("{} goes to {to} again", short(call)));
            }
            if former.rang.is_some_and(|rang| former.left.unwrap_or(at).since(rang) > CROSSING) {
                let what = format!("{} rings at {:?} as {other:?} and goes to {to} too", short(call), former.target);
                bench.broken("no second call to the customer", what);
            }
        }
    }

    fn heard(&mut self, at: Instant, bytes: &[u8]) {
        let Some(response) = Glance::at(bytes).filter(|response| response.method == "INVITE") else { return };
        let Some((call, leg)) = self.by_call_id.get(response.call_id) else { return };
        let Some(attempt) = self.calls.get_mut(call).and_then(|out| out.tried.get_mut(leg)) else { return };
        match response.status {
            Some(101..300) => drop(attempt.rang.get_or_insert(at)),
            Some(408 | 500..600) if attempt.rang.is_none() => attempt.failed = true,
            _ => {}
        }
    }
}

/// A response may wait in a lane of the node while the time to wait for it runs out.
const CROSSING: Duration = Duration::from_secs(2);
