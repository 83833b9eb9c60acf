//! Where what owners, media worker and journal say goes: to each other, into a gate, onto the network.

use core::time::Duration;
use std::collections::BTreeMap;

use centre::Delivery;
use centre::owner::DialerInput;
use journal_core::{CallEvent, Durability, Entry, Mark, Owner};
use sip::{Message, Method, Source};

use super::journal::Line;
use super::media::Outcome;
use super::owners::{GateLane, Held, Input};
use super::{NODE_ADDR, Node, NodeEvent};
use crate::chance::{between, exponential};
use crate::ctx::Ctx;
use crate::watch::Seen;

impl Node {
    pub(super) fn deliver(&mut self, ctx: &mut Ctx, from: usize, delivery: Delivery) {
        let acd = usize::from(self.shards);
        match delivery {
            // Production puts the list into every shard's lane before it goes on: what is sent later comes behind it.
            Delivery::Shard(shard, input) if from == acd + 2 => {
                let owner = usize::from(shard.0);
                self.schedule(ctx, ctx.now, NodeEvent::Input { owner, input: Input::Shard(input) });
            }
            Delivery::Shard(shard, input) => self.pass(ctx, from, usize::from(shard.0), Input::Shard(input)),
            Delivery::Acd(input) => self.pass(ctx, from, acd, Input::Acd(input)),
            Delivery::Location(input) => self.pass(ctx, from, acd + 1, Input::Location(input)),
            Delivery::Attempt(report) => self.pass(ctx, from, acd + 2, Input::Dialer(DialerInput::Attempt(report))),
            Delivery::AttemptFacts { shard, attempts } => {
                let input = DialerInput::AttemptFacts { shard, attempts };
                self.pass(ctx, from, acd + 2, Input::Dialer(input));
            }
            Delivery::Disposed(said) => self.pass(ctx, from, acd + 2, Input::Dialer(DialerInput::Disposed(said))),
            Delivery::Leads { campaign, wanted, gate } => {
                self.hold(ctx, from, GateLane::Answers, Some(gate), Held::Leads { campaign, wanted });
            }
            Delivery::Media(command) => {
                ctx.see(&Seen::MediaOrdered { command: &command });
                let at = self.arrival(ctx.now, from, self.parts() - 1);
                self.schedule(ctx, at, NodeEvent::Media { shard: from, command });
            }
            Delivery::Journal { number, entry } => {
                self.note_live(from, &entry);
                self.note_campaign(ctx, &entry);
                let owner = self.owner_of(from);
                self.append(ctx, owner, number, entry);
            }
            Delivery::Transmit { peer, bytes, gate: None, .. } => {
                ctx.send(NODE_ADDR, peer.addr, peer.transport, bytes);
            }
            Delivery::Transmit { peer, bytes, gate, .. } => {
                self.hold(ctx, from, GateLane::Network, gate, Held::Transmit { peer, bytes });
            }
            Delivery::Answer { request, gate, .. } => {
                if gate.is_some() {
                    ctx.see(&Seen::Promised { owner: self.owner_of(from), request });
                }
                let gate = gate.or(Some(NO_MARK));
                self.hold(ctx, from, GateLane::Answers, gate, Held::Answer { request });
            }
            Delivery::GatedShard { shard, input, gate } => {
                self.hold(ctx, from, GateLane::Answers, Some(gate), Held::Shard { shard, input: Box::new(input) });
            }
            Delivery::CallIdOwned { sip_call_id, owned } => {
                if let Some(running) = &mut self.running {
                    running.directory.set(from, sip_call_id, owned);
                }
            }
            Delivery::Dropped { reason } => *self.dropped.entry(reason).or_default() += 1,
            Delivery::Repaired { what } => ctx.see(&Seen::Repaired { what }),
            Delivery::Alarm(alarm) => {
                if let Some(post) = self.post(from) {
                    post.breaks = false;
                }
                ctx.see(&Seen::Alarmed { owner: self.owner_of(from), alarm: &alarm });
            }
            Delivery::Drained(_) => {
                if let Some(left) = self.running.as_mut().and_then(|running| running.draining.as_mut()) {
                    *left = left.saturating_sub(1);
                }
            }
        }
    }

    fn note_live(&mut self, shard: usize, entry: &Entry) {
        let Entry::Call(step) = entry else { return };
        match step.event {
            CallEvent::Started { .. } => drop(self.live.insert(step.call, shard)),
            CallEvent::Ended { .. } => drop(self.live.remove(&step.call)),
            _ => {}
        }
    }

    /// The limit of a gate is far above what a run holds: refused is what a failing journal cannot promise.
    fn hold(&mut self, ctx: &mut Ctx, owner: usize, lane: GateLane, gate: Option<Mark>, held: Held) {
        let Some(post) = self.post(owner) else { return };
        if let Err((_, refused)) = post.gate.push(lane, gate, held) {
            self.refuse_held(ctx, owner, refused);
        }
    }

    /// As in production: a client hears so, the sender of an INVITE gets a final answer, a phone is bound all the same;
    /// any other response is dropped, and its transaction sends it again.
    pub(super) fn refuse_held(&mut self, ctx: &mut Ctx, owner: usize, held: Held) {
        match held {
            Held::Transmit { peer, bytes } if owner == usize::from(self.shards) + 1 => {
                ctx.send(NODE_ADDR, peer.addr, peer.transport, bytes);
            }
            Held::Transmit { bytes, .. } => match self.refusal(owner, bytes) {
                Some(input) => self.step(ctx, owner, Some(input)),
                None => *self.dropped.entry("journal_failing").or_default() += 1,
            },
            Held::Answer { request } => ctx.see(&Seen::Refused { request }),
            Held::Leads { .. } => *self.dropped.entry("leads_wanted").or_default() += 1,
            Held::Shard { shard, input } => {
                let input = match *input {
                    // What is not written down is not dialed.
                    call::Input::Dial(dial) => {
                        let input = DialerInput::NotDialed(dial.attempt);
                        return self.step(ctx, owner, Some(Input::Dialer(input)));
                    }
                    call::Input::CallbackAnswer { call, .. } => {
                        call::Input::CallbackAnswer { call, result: Err("journal_failing".to_owned()) }
                    }
                    other => other,
                };
                self.pass(ctx, owner, usize::from(shard.0), Input::Shard(input));
            }
        }
    }

    fn refusal(&self, owner: usize, bytes: bytes::Bytes) -> Option<Input> {
        let response = Message::parse(bytes, Source::Datagram).ok().filter(|_| owner < usize::from(self.shards))?;
        let is_answer = matches!(response.cseq(), Ok((_, Method::Invite)));
        let refused = is_answer && (101..300).contains(&response.status());
        refused.then_some(Input::Shard(call::Input::ResponseRefused(response)))
    }

    pub(super) fn open_gate(&mut self, ctx: &mut Ctx, owner: usize) {
        while let Some(held) = self.post(owner).and_then(|post| post.gate.poll()) {
            match held {
                Held::Transmit { peer, bytes } => ctx.send(NODE_ADDR, peer.addr, peer.transport, bytes),
                Held::Answer { request } => ctx.see(&Seen::Answered { request }),
                Held::Shard { shard, input } => {
                    self.hand_over(ctx, &input);
                    self.pass(ctx, owner, usize::from(shard.0), Input::Shard(*input));
                }
                Held::Leads { campaign, wanted } => self.want_leads(ctx, campaign, wanted),
            }
        }
    }

    fn pass(&mut self, ctx: &mut Ctx, from: usize, to: usize, input: Input) {
        let at = self.arrival(ctx.now, from, to);
        self.schedule(ctx, at, NodeEvent::Input { owner: to, input });
    }

    pub(super) fn media_command(&mut self, ctx: &mut Ctx, shard: usize, command: &media_graph::Command) {
        ctx.see(&Seen::MediaTold { command });
        let Some(running) = &mut self.running else { return };
        match running.media.take(ctx.now, shard, command) {
            Ok(outcomes) => self.media_outcomes(ctx, outcomes),
            Err(why) => ctx.see(&Seen::MediaRefused { command, why }),
        }
    }

    pub(super) fn media_outcomes(&mut self, ctx: &mut Ctx, outcomes: Vec<Outcome>) {
        for outcome in outcomes {
            match outcome {
                Outcome::Tell(shard, event) => {
                    ctx.see(&Seen::MediaSaid { event: &event });
                    let at = self.arrival(ctx.now, self.parts() - 1, shard);
                    let input = Input::Shard(call::Input::Media(event));
                    self.schedule(ctx, at, NodeEvent::Input { owner: shard, input });
                }
                Outcome::Later(after, timer) => self.schedule(ctx, ctx.now + after, NodeEvent::MediaTimer(timer)),
            }
        }
    }

    pub(super) fn append(&mut self, ctx: &mut Ctx, owner: Owner, number: u64, entry: Entry) {
        ctx.see(&Seen::Journaled { owner, number, entry: &entry });
        if self.store.append(Line { owner, number, entry }) {
            let after = exponential(&mut self.rng, self.scenario.write_mean);
            self.schedule(ctx, ctx.now + after, NodeEvent::Write);
        }
    }

    /// While the disk fails, what is appended waits.
    pub(super) fn write(&mut self, ctx: &mut Ctx) {
        if self.is_journal_failing() {
            return;
        }
        let written = self.store.write();
        self.tell_progress(ctx, Durability::Written, written);
        let Some(running) = &mut self.running else { return };
        if !core::mem::replace(&mut running.syncing, true) {
            let after = between(&mut self.rng, Duration::from_millis(1), self.scenario.sync_max);
            self.schedule(ctx, ctx.now + after, NodeEvent::Sync);
        }
    }

    pub(super) fn sync(&mut self, ctx: &mut Ctx) {
        if let Some(running) = &mut self.running {
            running.syncing = false;
        }
        if self.is_journal_failing() {
            return;
        }
        let synced = self.store.sync();
        self.tell_progress(ctx, Durability::Synced, synced);
        self.rows_follow(ctx);
        for (entry, anomaly) in self.store.take_misfits() {
            ctx.see(&Seen::Misfit { entry: &entry, anomaly });
        }
    }

    fn tell_progress(&mut self, ctx: &mut Ctx, durability: Durability, numbers: BTreeMap<Owner, u64>) {
        for (owner, number) in numbers {
            ctx.see(&Seen::Progress { owner, durability, number });
            let to = match owner {
                Owner::Shard(shard) => usize::from(shard.0),
                Owner::Acd => usize::from(self.shards),
                Owner::Location => usize::from(self.shards) + 1,
                Owner::Dialer => usize::from(self.shards) + 2,
                Owner::Node | Owner::Api => continue,
            };
            let at = ctx.now + between(&mut self.rng, Duration::from_micros(1), Duration::from_micros(200));
            self.schedule(ctx, at, NodeEvent::Progress { owner: to, durability, number });
        }
    }
}

/// A mark that is always reached, so that answers keep their order.
const NO_MARK: Mark = Mark { entry: 0, durability: Durability::Written };
