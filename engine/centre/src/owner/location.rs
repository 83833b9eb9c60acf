//! Location that is built anew when it breaks.

use std::collections::{BTreeMap, VecDeque};

use clock::{AgentId, Instant, Now, Rng, ShardId};
use sip::Method;
use sip::location::{Ban, Binding, Contact, Effect, Input, Location, LocationConfig};
use sip::ua::{Counts, Peer, stateless_response};

use super::guard::{Guard, attempt};
use super::{Alarm, Named};
use crate::{Delivery, LocationOutlet};

/// Location with its outlet, the bindings it told the journal, and the ways it told the shards.
///
/// Another one takes over every binding. Those over streams stay too: their connections stand, and the end of one is
/// an input like any other. Bans stand; the counts of wrong passwords that lead to one begin anew.
pub struct LocationOwner {
    config: LocationConfig,
    shards: u16,
    rng: Rng,
    location: Location,
    outlet: LocationOutlet,
    rules: Option<Input>,
    bindings: BTreeMap<(AgentId, String), Binding>,
    ways: BTreeMap<AgentId, Vec<Contact>>,
    bans: Vec<Ban>,
    changed: bool,
    /// Newer than `bans`.
    bans_stale: bool,
    bans_changed: bool,
    guard: Guard,
    out: VecDeque<Delivery>,
    #[cfg(feature = "fault-injection")]
    faults: super::fault::Faults,
}

impl core::fmt::Debug for LocationOwner {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("LocationOwner").field("bindings", &self.bindings).finish_non_exhaustive()
    }
}

impl LocationOwner {
    /// A location that knows nobody yet and tells `shards` shards, numbered from 0.
    #[must_use]
    pub fn new(config: LocationConfig, shards: u16, mut rng: Rng) -> Self {
        Self {
            location: Location::new(config.clone(), rng.fork()),
            config,
            shards,
            rng,
            outlet: LocationOutlet::new(),
            rules: None,
            bindings: BTreeMap::new(),
            ways: BTreeMap::new(),
            bans: Vec::new(),
            changed: false,
            bans_stale: false,
            bans_changed: false,
            guard: Guard::default(),
            out: VecDeque::new(),
            #[cfg(feature = "fault-injection")]
            faults: super::fault::Faults::default(),
        }
    }

    /// Takes one input.
    pub fn handle(&mut self, now: Now, input: Input) {
        if self.guard.has_given_up() {
            return;
        }
        self.note_bans(now);
        if self.guard.bars_anything() && Named::in_location(&input).is_some_and(|named| self.guard.bars(&named)) {
            return self.refuse(input);
        }
        match self.take(now, input.clone()) {
            Ok(()) => self.note(input),
            Err(why) => self.recover(now, Some(input), why),
        }
    }

    /// Does what is due; early calls do nothing.
    pub fn handle_timeout(&mut self, now: Now) {
        if self.guard.has_given_up() {
            return;
        }
        let worked = attempt(|| {
            self.location.handle_timeout(now);
            #[cfg(feature = "fault-injection")]
            self.faults.strike(None);
        });
        if let Err(why) = worked {
            self.recover(now, None, why);
        }
    }

    /// Takes requests that name this again. Whatever broke it may do so again.
    pub fn release(&mut self, named: &Named) {
        if self.guard.release(named) {
            self.out.push_back(Delivery::Alarm(Alarm::Released(named.clone())));
        }
    }

    /// What is to be delivered next; drained before the next input.
    pub fn poll_delivery(&mut self) -> Option<Delivery> {
        while self.out.is_empty() {
            let effect = self.location.poll_effect()?;
            self.route(effect);
        }
        self.out.pop_front()
    }

    /// All bans, if they changed since this was asked last.
    pub fn changed_bans(&mut self, now: Now) -> Option<Vec<Ban>> {
        self.note_bans(now);
        core::mem::take(&mut self.bans_changed).then(|| self.bans.clone())
    }

    /// When to call `handle_timeout` again.
    pub fn poll_timeout(&mut self) -> Option<Instant> {
        self.location.poll_timeout().map(|(at, _)| at)
    }

    /// All bindings, if they changed since this was asked last.
    pub fn changed_bindings(&mut self) -> Option<impl Iterator<Item = &Binding>> {
        core::mem::take(&mut self.changed).then(|| self.bindings.values())
    }

    /// Transactions and timers of its user agent core.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.location.counts()
    }

    /// Lets it break, as `fault` says.
    #[cfg(feature = "fault-injection")]
    pub fn break_at(&mut self, fault: super::Fault) {
        self.faults.add(fault);
    }

    fn take(&mut self, now: Now, input: Input) -> Result<(), String> {
        attempt(|| {
            #[cfg(feature = "fault-injection")]
            let names = Vec::from_iter(Named::in_location(&input));
            self.location.handle(now, input);
            #[cfg(feature = "fault-injection")]
            self.faults.strike(Some(&names));
        })
    }

    /// Notes an input that was taken.
    fn note(&mut self, input: Input) {
        match input {
            Input::Configure { .. } => self.rules = Some(input),
            Input::Restore(bindings) => {
                // Those that are not taken back are said to be removed.
                self.bindings.extend(bindings.into_iter().map(|one| ((one.agent, one.contact.clone()), one)));
                self.changed = true;
            }
            _ => {}
        }
    }

    /// After each change, before the next input.
    fn note_bans(&mut self, now: Now) {
        if core::mem::take(&mut self.bans_stale) {
            self.bans = self.location.bans(now.mono);
            self.bans_changed = true;
        }
    }

    fn route(&mut self, effect: Effect) {
        match &effect {
            Effect::BindingSet(binding) => {
                self.bindings.insert((binding.agent, binding.contact.clone()), binding.clone());
                self.changed = true;
            }
            Effect::BindingRemoved { agent, contact } => {
                self.bindings.remove(&(*agent, contact.clone()));
                self.changed = true;
            }
            Effect::Silenced(_) | Effect::Released { .. } => self.bans_stale = true,
            Effect::Contacts { agent, contacts } if contacts.is_empty() => drop(self.ways.remove(agent)),
            Effect::Contacts { agent, contacts } => drop(self.ways.insert(*agent, contacts.clone())),
            _ => {}
        }
        self.out.extend(self.outlet.route((0..self.shards).map(ShardId), effect));
    }

    /// Another location takes over the bindings and tries again what broke the former.
    fn recover(&mut self, now: Now, input: Option<Input>, why: String) {
        if !self.rebuild(now, input.as_ref(), why) {
            return;
        }
        let Some(input) = input else { return };
        match self.take(now, input.clone()) {
            Ok(()) => self.note(input),
            Err(why) => {
                if !self.rebuild(now, Some(&input), why) {
                    return;
                }
                if let Some(named) = Named::in_location(&input)
                    && self.guard.quarantine(named.clone())
                {
                    self.out.push_back(Delivery::Alarm(Alarm::Quarantined(named)));
                }
                self.refuse(input);
            }
        }
    }

    fn rebuild(&mut self, now: Now, input: Option<&Input>, why: String) -> bool {
        self.out.push_back(Delivery::Alarm(Alarm::Broke { named: input.and_then(Named::in_location), why }));
        if !self.guard.may_rebuild(now.mono) {
            self.give_up();
            return false;
        }
        self.location = Location::new(self.config.clone(), self.rng.fork());
        let bindings = self.bindings.values().map(|binding| (binding.clone(), self.way_of(binding))).collect();
        let inputs: Vec<Input> =
            self.rules.iter().cloned().chain([Input::Resume { bindings, bans: self.bans.clone() }]).collect();
        if inputs.into_iter().try_for_each(|input| attempt(|| self.location.handle(now, input))).is_err() {
            self.give_up();
            return false;
        }
        self.tell_ways();
        true
    }

    /// Where requests for a binding went: of one over a stream this names the connection.
    fn way_of(&self, binding: &Binding) -> Option<Peer> {
        let told = self.ways.get(&binding.agent)?;
        // A contact is told without its headers.
        let is_it = |way: &&Contact| binding.contact.starts_with(&way.uri) && way.peer.addr == binding.source;
        told.iter().find(is_it).map(|way| way.peer)
    }

    /// Contacts are told again, and that nobody can be reached any more of whom no binding is left.
    fn tell_ways(&mut self) {
        let before = core::mem::take(&mut self.ways);
        while let Some(effect) = self.location.poll_effect() {
            self.route(effect);
        }
        let gone: Vec<AgentId> = before.into_keys().filter(|agent| !self.ways.contains_key(agent)).collect();
        for agent in gone {
            self.route(Effect::Contacts { agent, contacts: Vec::new() });
        }
    }

    /// What the sender hears of a request that is not handed to location.
    fn refuse(&mut self, input: Input) {
        self.out.push_back(match input {
            Input::Received { peer, message } if message.method().is_some_and(|method| *method != Method::Ack) => {
                let (peer, response) = stateless_response(peer, &message, 500, &self.config.ua.user_agent, &[]);
                Delivery::Transmit { peer, bytes: response.bytes().clone(), gate: None, again: false }
            }
            _ => Delivery::Dropped { reason: "quarantined" },
        });
    }

    fn give_up(&mut self) {
        self.guard.give_up();
        self.out.push_back(Delivery::Alarm(Alarm::GaveUp));
    }
}
