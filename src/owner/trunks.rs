//! The trunk watcher's core as its task runs it.

use std::collections::VecDeque;
use std::sync::Arc;

use centre::owner::TrunkOwner;
use centre::{Delivery, Directory, from_trunks};
use clock::{Instant, Now, ShardId, TrunkId};
use sip::trunk::{Effect, Input, Query};
use tokio::sync::{mpsc, watch};

use super::Core;
use crate::net::SipInput;
use crate::snapshots::Snapshots;

/// The watcher, and whom it tells and asks.
pub(crate) struct TrunkCore {
    watcher: TrunkOwner,
    outside: Outside,
    routed: VecDeque<Delivery>,
    /// Questions that the resolver's full lane did not take.
    unasked: Vec<Query>,
    changed: bool,
}

/// Whom the watcher tells and asks.
pub(crate) struct Outside {
    /// Number of shards.
    pub(crate) shards: u16,
    pub(crate) snapshots: Arc<Snapshots>,
    pub(crate) names: watch::Receiver<Arc<Directory>>,
    pub(crate) resolver: mpsc::Sender<Query>,
    /// True once every registrar was left.
    pub(crate) stopped: watch::Sender<bool>,
}

impl TrunkCore {
    pub(crate) fn new(watcher: TrunkOwner, outside: Outside) -> Self {
        Self { watcher, outside, routed: VecDeque::new(), unasked: Vec::new(), changed: false }
    }

    fn carry_out(&mut self, effect: Effect) {
        match effect {
            Effect::Resolve(query) => self.unasked.extend(self.ask(query)),
            Effect::Changed { trunk, up, reason } => self.log(trunk, up, reason.word()),
            Effect::Stopped => drop(self.outside.stopped.send_replace(true)),
            _ => {}
        }
    }

    /// Gives the question back when the resolver's lane is full.
    fn ask(&self, query: Query) -> Option<Query> {
        self.outside.resolver.try_send(query).err().map(mpsc::error::TrySendError::into_inner)
    }

    fn log(&self, trunk: TrunkId, up: bool, reason: &'static str) {
        let names = self.outside.names.borrow();
        let name = names.trunks.get(&trunk).map(|named| named.name.as_str()).unwrap_or_default();
        match up {
            true => tracing::info!(trunk = name, reason, "trunk up"),
            false => tracing::warn!(trunk = name, reason, "trunk down"),
        }
    }
}

impl Core for TrunkCore {
    type Input = Input;

    fn from_sip(input: SipInput) -> Option<Input> {
        Some(match input {
            SipInput::Received { peer, message } => Input::Received { peer, message },
            SipInput::Bad { .. } => return None,
            SipInput::FlowGone(flow) => Input::FlowGone(flow),
            SipInput::TransportFailed(peer) => Input::TransportFailed { peer },
        })
    }

    fn from_journal(_: bool) -> Option<Input> {
        None
    }

    fn handle(&mut self, now: Now, input: Input) {
        self.changed = true;
        self.watcher.handle(now, input);
    }

    fn handle_timeout(&mut self, now: Now) {
        self.changed |= self.watcher.poll_timeout().is_some_and(|at| at <= now.mono);
        self.watcher.handle_timeout(now);
    }

    fn poll_delivery(&mut self, now: Now) -> Option<Delivery> {
        loop {
            if let Some(delivery) = self.routed.pop_front() {
                return Some(delivery);
            }
            if let Some(alarm) = self.watcher.poll_alarm() {
                return Some(Delivery::Alarm(alarm));
            }
            match self.watcher.poll_effect() {
                Some(effect) => match from_trunks((0..self.outside.shards).map(ShardId), effect) {
                    Ok(deliveries) => self.routed.extend(deliveries),
                    Err(effect) => self.carry_out(effect),
                },
                None if self.unasked.is_empty() => return None,
                None => {
                    for query in std::mem::take(&mut self.unasked) {
                        self.watcher.handle(now, Input::ResolveFailed { query });
                    }
                }
            }
        }
    }

    fn poll_timeout(&mut self) -> Option<Instant> {
        self.watcher.poll_timeout()
    }

    #[cfg(feature = "fault-injection")]
    fn break_at(&mut self, fault: centre::owner::Fault) {
        self.watcher.break_at(fault);
    }

    fn publish(&mut self, now: Now) {
        if std::mem::take(&mut self.changed) {
            self.outside.snapshots.set_watched(now.wall, self.watcher.snapshot(now));
        }
    }
}
