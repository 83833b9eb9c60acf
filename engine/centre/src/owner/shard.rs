//! A call shard that is built anew in place when it breaks.

use std::collections::VecDeque;

use call::{Counts, Effect, Input, Shard, ShardConfig, Snapshot};
use clock::{AttemptId, Instant, Now, Rng, ShardId};
use dialer::contract::{EndClass, Ending, Fact, Report};
use journal_core::{Durability, Mark, code};
use sip::Method;
use sip::ua::stateless_response;

use super::guard::{Guard, attempt};
use super::shard_memory::ShardMemory;
use super::{Alarm, Named};
use crate::{CommandError, Delivery, ShardOutlet};

/// A shard with its outlet and its memory.
///
/// When it breaks, its calls end with cause `shard_restart`: their peers are told by the dialogs of the fold, agents
/// are freed by [`acd::Input::ShardLost`], ports and players given back, recordings finished, Call-IDs released, and
/// callers who waited keep their places.
pub struct ShardOwner {
    id: ShardId,
    config: ShardConfig,
    rng: Rng,
    shard: Shard,
    outlet: ShardOutlet,
    memory: ShardMemory,
    guard: Guard,
    out: VecDeque<Delivery>,
    #[cfg(feature = "fault-injection")]
    faults: super::fault::Faults,
    #[cfg(feature = "planted-faults")]
    planted: Option<call::Planted>,
}

impl core::fmt::Debug for ShardOwner {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("ShardOwner").field("id", &self.id).field("shard", &self.shard).finish_non_exhaustive()
    }
}

impl ShardOwner {
    /// A shard without calls; the first input should be `Configure`. The seed of `rng` must be secret in production.
    #[must_use]
    pub fn new(id: ShardId, config: ShardConfig, mut rng: Rng) -> Self {
        Self {
            id,
            shard: Shard::new(id, config.clone(), rng.fork()),
            config,
            rng,
            outlet: ShardOutlet::new(id),
            memory: ShardMemory::default(),
            guard: Guard::default(),
            out: VecDeque::new(),
            #[cfg(feature = "fault-injection")]
            faults: super::fault::Faults::default(),
            #[cfg(feature = "planted-faults")]
            planted: None,
        }
    }

    /// Takes one input.
    pub fn handle(&mut self, now: Now, input: Input) {
        if self.guard.has_given_up() {
            return;
        }
        if self.guard.bars_anything() && Named::in_shard(&input).is_some_and(|named| self.guard.bars(&named)) {
            return self.refuse(now, input);
        }
        match self.take(now, input.clone()) {
            Ok(()) => self.memory.told(now, input),
            Err(why) => self.recover(now, Some(input), why),
        }
    }

    /// Does what is due at `now`; early calls do nothing.
    pub fn handle_timeout(&mut self, now: Now) {
        if self.guard.has_given_up() {
            return;
        }
        let worked = attempt(|| {
            self.shard.handle_timeout(now);
            #[cfg(feature = "fault-injection")]
            self.faults.strike(None);
        });
        if let Err(why) = worked {
            self.recover(now, None, why);
        }
    }

    /// Takes inputs that name this again. Whatever broke it may do so again.
    pub fn release(&mut self, named: &Named) {
        if self.guard.release(named) {
            self.out.push_back(Delivery::Alarm(Alarm::Released(named.clone())));
        }
    }

    /// What is to be delivered next; drained before the next input.
    pub fn poll_delivery(&mut self) -> Option<Delivery> {
        self.poll_seen(|_| {})
    }

    /// The same, with the core's own words shown to `see` (the simulator judges them).
    pub fn poll_seen(&mut self, see: impl FnOnce(&Effect)) -> Option<Delivery> {
        if let Some(first) = self.out.pop_front() {
            return Some(first);
        }
        let effect = self.shard.poll_effect()?;
        see(&effect);
        Some(self.routed(effect))
    }

    /// When to call `handle_timeout` again.
    pub fn poll_timeout(&mut self) -> Option<Instant> {
        self.shard.poll_timeout().map(|(at, _)| at)
    }

    /// What others may see.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        self.shard.snapshot()
    }

    /// How much it holds.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.shard.counts()
    }

    /// Lets it break, as `fault` says.
    #[cfg(feature = "fault-injection")]
    pub fn break_at(&mut self, fault: super::Fault) {
        self.faults.add(fault);
    }

    /// Plants a fault in the shard, and in each that takes its place.
    #[cfg(feature = "planted-faults")]
    pub fn plant(&mut self, fault: call::Planted) {
        self.planted = Some(fault);
        self.shard.plant(fault);
    }

    fn take(&mut self, now: Now, input: Input) -> Result<(), String> {
        attempt(|| {
            #[cfg(feature = "fault-injection")]
            let names = Vec::from_iter(Named::in_shard(&input));
            self.shard.handle(now, input);
            #[cfg(feature = "fault-injection")]
            self.faults.strike(Some(&names));
        })
    }

    fn routed(&mut self, effect: Effect) -> Delivery {
        let delivery = self.outlet.route(effect);
        self.memory.said(&delivery);
        delivery
    }

    /// Another shard takes the place of the broken one. The input is tried again while it is still empty, so that a
    /// second break costs nothing; then it ends what was lost.
    fn recover(&mut self, now: Now, input: Option<Input>, why: String) {
        if let Some(Input::Media(event)) = &input {
            self.memory.ports_closed(event);
        }
        let lost = self.memory.lost();
        if !self.rebuild(now, input.as_ref(), why) {
            return;
        }
        self.out.push_back(Delivery::Acd(acd::Input::ShardLost { shard: self.id }));
        self.out.extend(self.memory.places(now.wall).into_iter().map(Delivery::Acd));
        let attempts: Vec<AttemptId> = self.memory.attempts().collect();
        attempts.into_iter().for_each(|attempt| self.attempt_over(now, attempt, RESTARTED));
        let released: Vec<String> = self.memory.owned().cloned().collect();
        for sip_call_id in released {
            let delivery = Delivery::CallIdOwned { sip_call_id, owned: false };
            self.memory.said(&delivery);
            self.out.push_back(delivery);
        }
        // The end of a recording is for whoever knows of it, which the empty shard does not.
        let (first, last) = input.map_or((None, None), |input| match is_end_of_recording(&input) {
            true => (None, Some(input)),
            false => (Some(input), None),
        });
        if let Some(input) = first.filter(|input| !self.is_of_a_lost_dialog(input)) {
            self.try_again(now, input);
        }
        if self.guard.has_given_up() {
            return;
        }
        match self.take_unseen(now, Input::Recover(lost)) {
            Ok(()) => self.drain_behind_the_journal(),
            Err(_) => return self.give_up(),
        }
        if let Some(input) = last {
            self.try_again(now, input);
        }
    }

    fn try_again(&mut self, now: Now, input: Input) {
        match self.take(now, input.clone()) {
            Ok(()) => {
                self.memory.told(now, input);
                while let Some(effect) = self.shard.poll_effect() {
                    let delivery = self.routed(effect);
                    self.out.push_back(delivery);
                }
            }
            Err(why) => {
                if !self.rebuild(now, Some(&input), why) {
                    return;
                }
                if let Some(named) = Named::in_shard(&input)
                    && self.guard.quarantine(named.clone())
                {
                    self.out.push_back(Delivery::Alarm(Alarm::Quarantined(named)));
                }
                self.refuse(now, input);
            }
        }
    }

    /// An empty shard that lives by the rules of the former one; false when the owner gives up.
    fn rebuild(&mut self, now: Now, input: Option<&Input>, why: String) -> bool {
        self.out.push_back(Delivery::Alarm(Alarm::Broke { named: input.and_then(Named::in_shard), why }));
        if !self.guard.may_rebuild(now.mono) {
            self.give_up();
            return false;
        }
        self.shard = Shard::new(self.id, self.config.clone(), self.rng.fork());
        #[cfg(feature = "planted-faults")]
        self.planted.into_iter().for_each(|fault| self.shard.plant(fault));
        self.shard.follow_on(self.outlet.entries(), self.memory.last_id());
        let rules = self.memory.rules(now);
        let ruled = rules.into_iter().try_for_each(|rule| self.take_unseen(now, rule));
        if ruled.is_err() {
            self.give_up();
        }
        ruled.is_ok()
    }

    /// Without faults on demand: what rebuilds is not what a test breaks.
    fn take_unseen(&mut self, now: Now, input: Input) -> Result<(), String> {
        attempt(|| self.shard.handle(now, input))
    }

    /// A second INVITE of a dialog that is being ended would begin a call of its own.
    fn is_of_a_lost_dialog(&self, input: &Input) -> bool {
        let Input::Received { message, .. } = input else { return false };
        message.call_id().is_ok_and(|sip_call_id| self.memory.has_dialog(sip_call_id))
    }

    /// What ends dialogs must not overtake a response that still waits for the journal.
    fn drain_behind_the_journal(&mut self) {
        while let Some(effect) = self.shard.poll_effect() {
            let mut delivery = self.routed(effect);
            if let Delivery::Transmit { gate: gate @ None, .. } = &mut delivery {
                *gate = Some(Mark { entry: self.outlet.entries(), durability: Durability::Written });
            }
            self.out.push_back(delivery);
        }
    }

    /// What the others hear of an input that is not handed to the shard.
    fn refuse(&mut self, now: Now, input: Input) {
        let reason = "quarantined".to_owned();
        let delivery = match input {
            Input::Received { peer, message } if message.method().is_some_and(|method| *method != Method::Ack) => {
                let server = &self.config.ua.user_agent;
                let (peer, response) = stateless_response(peer, &message, 500, server, &[]);
                Delivery::Transmit { peer, bytes: response.bytes().clone(), gate: None, again: false }
            }
            Input::Offer { offer, generation, .. } => {
                Delivery::Acd(acd::Input::OfferEnded { offer, generation, outcome: acd::OfferOutcome::Unreachable })
            }
            Input::Originate { request, .. }
            | Input::HangUp { request, .. }
            | Input::Steered { request: Some(request), .. } => {
                Delivery::Answer { request, result: Err(CommandError::Unavailable { reason }), gate: None }
            }
            Input::Dial(dial) => return self.attempt_over(now, dial.attempt, (EndClass::NotDialed, "quarantined")),
            _ => Delivery::Dropped { reason: "quarantined" },
        };
        self.out.push_back(delivery);
    }

    /// The dialer hears that an attempt is over, which the shard cannot tell it.
    fn attempt_over(&mut self, now: Now, attempt: AttemptId, (class, code): (EndClass, &str)) {
        let ending = Ending { class, code: code.to_owned(), q850: TEMPORARY_FAILURE, sip: None };
        let delivery = Delivery::Attempt(Box::new(Report { attempt, at: now.wall, fact: Fact::Ended(ending) }));
        self.memory.said(&delivery);
        self.out.push_back(delivery);
    }

    fn give_up(&mut self) {
        self.guard.give_up();
        self.out.push_back(Delivery::Alarm(Alarm::GaveUp));
    }
}

/// What the media worker says once of a recording.
const fn is_end_of_recording(input: &Input) -> bool {
    use media_graph::Event::{Discarded, RecordFailed, Recorded};
    matches!(input, Input::Media(Recorded { .. } | Discarded { .. } | RecordFailed { .. }))
}

/// How an attempt ends whose shard broke.
const RESTARTED: (EndClass, &str) = (EndClass::Restart, code::SHARD_RESTART);
/// Q.850 cause of what failed for a moment.
const TEMPORARY_FAILURE: u8 = 41;
