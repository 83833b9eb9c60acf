//! The hopper of one campaign.

use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};

use clock::{AgentId, AttemptId, LeadId, ListId, Rng, WallTime};

use super::after::After;
use super::lead::{Booked, Done, Lead, Place};
use super::numbers::NumberHistory;
use super::source::{Page, Source, Stock, Wanted, What};
use crate::campaign::{LeadAction, LeadOrder, ListShare, Mix, Outcome, Recycle};

/// Whom a campaign calls next.
#[derive(Clone, Debug)]
pub struct Hopper {
    mix: Mix,
    sources: Vec<Source>,
    leads: BTreeMap<LeadId, Held>,
    callbacks: BTreeSet<(WallTime, LeadId)>,
    retries: BTreeSet<(WallTime, LeadId)>,
    disposing: BTreeSet<(WallTime, LeadId)>,
    /// Leads that were let go of since their list was reset, and why: the database may not know yet.
    over: BTreeMap<LeadId, Done>,
    taken: usize,
    /// So many leads are held or let go of at most.
    most: usize,
    /// A callback that is one agent's own is anyone's when it is overdue by so long.
    handover: Duration,
}

#[derive(Clone, Debug)]
struct Held {
    lead: Lead,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    New,
    Retry(WallTime),
    Callback(WallTime, Option<AgentId>),
    Taken(Kind),
    InFlight(AttemptId),
    Disposing(WallTime),
}

/// As what a lead is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// At the time that was agreed.
    Callback(Option<AgentId>),
    /// Again.
    Retry,
    /// For the first time.
    New,
}

/// A lead that is to be called now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Taken {
    /// The lead.
    pub lead: LeadId,
    /// As what.
    pub kind: Kind,
}

/// How many leads the hopper holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// New ones at hand.
    pub new: usize,
    /// That wait for a retry.
    pub retries: usize,
    /// That wait for a callback.
    pub callbacks: usize,
    /// Taken, in flight, or waiting for a disposition.
    pub busy: usize,
    /// Let go of since their list was reset.
    pub over: usize,
}

impl Hopper {
    /// An empty hopper for these lists; with each, when it was reset last.
    #[must_use]
    pub fn new(lists: &[(ListShare, Option<WallTime>)], mix: Mix, order: LeadOrder) -> Self {
        let share = |share: &ListShare| if mix == Mix::Shares { u32::from(share.share) } else { 1 };
        let source = |(list, reset): &(ListShare, Option<WallTime>)| Source::new(list.list, share(list), order, *reset);
        Self {
            mix,
            sources: lists.iter().map(source).collect(),
            leads: BTreeMap::new(),
            callbacks: BTreeSet::new(),
            retries: BTreeSet::new(),
            disposing: BTreeSet::new(),
            over: BTreeMap::new(),
            taken: 0,
            most: HELD_MAX,
            handover: Duration::MAX,
        }
    }

    /// A callback that is one agent's own is anyone's when it is overdue by so long; otherwise it waits for him.
    #[must_use]
    pub fn handing_over(self, handover: Duration) -> Self {
        Self { handover, ..self }
    }

    /// It holds so many leads at most, for tests: the real bound takes long to reach.
    #[cfg(test)]
    pub(crate) fn hold_at_most(&mut self, most: usize) {
        self.most = most;
    }

    /// The next page to ask for, if one is needed. Asked until it says none.
    pub fn wanted(&mut self, now: WallTime) -> Option<Wanted> {
        if self.is_full() {
            return None;
        }
        self.sources.iter_mut().find_map(|source| source.wanted(now))
    }

    /// Takes a page.
    pub fn page(&mut self, page: Page, now: WallTime, rng: &mut Rng) {
        let Some(at) = self.sources.iter().position(|source| source.list == page.wanted.list) else { return };
        let Some(source) = self.sources.get_mut(at) else { return };
        source.came(&page, now);
        let reset_at = source.reset_at;
        let Page { wanted, leads, .. } = page;
        let was_done = matches!(wanted.what, What::DoneBefore { .. });
        let mut fresh = Vec::new();
        for mut lead in leads.into_iter().flatten() {
            if self.leads.contains_key(&lead.id) || self.over.contains_key(&lead.id) {
                continue;
            }
            if was_done || lead.waits_since_before(reset_at) {
                lead.tries.reset();
                lead.booked = None;
            }
            lead.arrange();
            let (id, state) = (lead.id, State::of(lead.booked));
            match state {
                None => continue,
                Some(State::New) => fresh.push(id),
                Some(state) => self.enter(id, state),
            }
            self.leads.insert(id, Held { lead, state: state.unwrap_or(State::New) });
        }
        let Some(source) = self.sources.get_mut(at) else { return };
        if source.is_shuffled() {
            shuffle(&mut fresh, rng);
        }
        source.buffer.extend(fresh);
    }

    /// The lead that is to be called now: callbacks that are due, then retries, then new ones. It stays taken until it
    /// is said what became of it. `is_free` tells whether an agent can take a callback that is his alone.
    pub fn take(&mut self, now: WallTime, is_free: impl Fn(AgentId) -> bool) -> Option<Taken> {
        let handover = self.handover;
        let is_handed_over = |at: WallTime| at + handover <= now;
        let his = |leads: &BTreeMap<LeadId, Held>, id| match leads.get(&id).map(|held| held.state) {
            Some(State::Callback(at, agent)) => is_handed_over(at) || agent.is_none_or(&is_free),
            _ => true,
        };
        let due = self.callbacks.iter().take(LOOKED_AT).take_while(|(at, _)| *at <= now).copied();
        let callback = due.into_iter().find(|(_, lead)| his(&self.leads, *lead));
        let found = callback.or_else(|| self.retries.first().copied().filter(|(at, _)| *at <= now));
        let lead = match found {
            Some((_, lead)) => lead,
            None => self.take_new()?,
        };
        let held = self.leads.get_mut(&lead)?;
        let kind = match held.state {
            State::Callback(at, agent) => {
                self.callbacks.remove(&(at, lead));
                Kind::Callback(agent.filter(|agent| is_free(*agent)))
            }
            State::Retry(at) => {
                self.retries.remove(&(at, lead));
                Kind::Retry
            }
            _ => Kind::New,
        };
        held.state = State::Taken(kind);
        self.taken += 1;
        Some(Taken { lead, kind })
    }

    /// Takes one lead whatever its place, unless it is busy: an agent asked for it.
    pub fn take_one(&mut self, lead: LeadId) -> Option<Taken> {
        let held = self.leads.get_mut(&lead)?;
        let kind = match held.state {
            State::New => Kind::New,
            State::Retry(_) => Kind::Retry,
            State::Callback(_, agent) => Kind::Callback(agent),
            State::Taken(_) | State::InFlight(_) | State::Disposing(_) => return None,
        };
        let state = core::mem::replace(&mut held.state, State::Taken(kind));
        self.leave(lead, state);
        self.taken += 1;
        Some(Taken { lead, kind })
    }

    /// A lead that was taken is being called.
    pub fn dialing(&mut self, lead: LeadId, attempt: AttemptId) {
        if let Some(held) = self.leads.get_mut(&lead) {
            held.state = State::InFlight(attempt);
        }
    }

    /// A lead that was taken comes back to where it was.
    pub fn put_back(&mut self, lead: LeadId, now: WallTime) {
        let Some(held) = self.leads.get_mut(&lead) else { return };
        let State::Taken(kind) = held.state else { return };
        self.taken -= 1;
        let state = match kind {
            Kind::Callback(agent) => State::Callback(now, agent),
            Kind::Retry => State::Retry(now),
            Kind::New => State::New,
        };
        held.state = state;
        let list = held.lead.list;
        match state {
            State::New => {
                let source = self.sources.iter_mut().find(|source| source.list == list);
                if let Some(source) = source {
                    source.buffer.push_front(lead);
                    source.served = source.served.saturating_sub(1);
                }
            }
            state => self.enter(lead, state),
        }
    }

    /// A lead that is taken or in flight is booked: it comes again, or is let go of.
    pub fn book(&mut self, lead: LeadId, booked: Booked) {
        let Some(held) = self.leads.get_mut(&lead) else { return };
        let before = held.state;
        held.lead.booked = Some(booked);
        let after = State::of(Some(booked));
        if let Some(after) = after {
            held.state = after;
        }
        self.leave(lead, before);
        match (after, booked) {
            (Some(after), _) => self.enter(lead, after),
            (None, Booked::Done(why)) => self.let_go(lead, why),
            (None, _) => {}
        }
    }

    /// An attempt of a lead, by one of its numbers, ended. Returns when the lead comes again; one that talked with an
    /// agent waits for his word.
    pub fn ended(
        &mut self,
        (lead, number): (LeadId, &str),
        outcome: Outcome,
        now: WallTime,
        recycle: &Recycle,
    ) -> Option<Booked> {
        let held = self.leads.get_mut(&lead)?;
        let booked = After::attempt(&mut held.lead.tries, number, outcome, now, recycle);
        self.book_after(lead, outcome, booked, now);
        Some(booked)
    }

    fn book_after(&mut self, lead: LeadId, outcome: Outcome, booked: Booked, now: WallTime) {
        if outcome != Outcome::Connected {
            self.book(lead, booked);
            return;
        }
        let Some(held) = self.leads.get_mut(&lead) else { return };
        held.lead.booked = Some(booked);
        let state = State::Disposing(now + DISPOSED_WITHIN);
        let before = core::mem::replace(&mut held.state, state);
        self.leave(lead, before);
        self.enter(lead, state);
    }

    /// An agent said what came of a lead that talked with him: returns when it comes again, if that changed.
    pub fn disposed(
        &mut self,
        lead: LeadId,
        action: LeadAction,
        callback: Option<(WallTime, Option<AgentId>)>,
        now: WallTime,
    ) -> Option<Booked> {
        let held = self.leads.get(&lead)?;
        if matches!(held.state, State::Taken(_) | State::InFlight(_)) {
            return None;
        }
        let booked = Booked::by(action, callback, now);
        self.book(lead, booked);
        Some(booked)
    }

    /// A lead that was let go of, or is not held, comes again: true. Otherwise it stays as it is.
    pub fn bring_back(&mut self, mut lead: Lead, booked: Booked) -> bool {
        let id = lead.id;
        lead.booked = Some(booked);
        lead.arrange();
        match State::of(Some(booked)) {
            Some(state) if !self.leads.contains_key(&id) => {
                self.over.remove(&id);
                self.leads.insert(id, Held { lead, state });
                self.enter(id, state);
                true
            }
            _ => false,
        }
    }

    /// What its list knows of a lead was mended: from now it has these numbers, this zone, state and consents. What was
    /// tried stays, as does where it stands. Returns the numbers that it had.
    pub fn mend(&mut self, mended: Lead) -> Option<Vec<(String, NumberHistory)>> {
        let lead = &mut self.leads.get_mut(&mended.id)?.lead;
        let former = core::mem::replace(&mut lead.numbers, mended.numbers);
        (lead.zone, lead.region, lead.consents) = (mended.zone, mended.region, mended.consents);
        lead.arrange();
        Some(former)
    }

    /// Callbacks that are one agent's own and were due by `by`, with whose they are; at most [`LOOKED_AT`].
    pub fn overdue(&self, by: WallTime) -> impl Iterator<Item = AgentId> {
        let due = self.callbacks.iter().take(LOOKED_AT).take_while(move |(at, _)| *at <= by);
        due.filter_map(|(_, lead)| match self.leads.get(lead)?.state {
            State::Callback(_, agent) => agent,
            _ => None,
        })
    }

    /// Lets go of leads of which nobody has said anything in time.
    pub fn expire(&mut self, now: WallTime) {
        while let Some((until, lead)) = self.disposing.first().copied().filter(|(until, _)| *until <= now) {
            self.disposing.remove(&(until, lead));
            let booked = self.leads.get(&lead).and_then(|held| held.lead.booked);
            self.book(lead, booked.unwrap_or(Booked::Done(Done::Outcome)));
        }
    }

    /// A list was reset: its leads are new again, save those that are busy. Callbacks stay.
    pub fn reset(&mut self, list: ListId, now: WallTime) {
        let Some(source) = self.sources.iter_mut().find(|source| source.list == list) else { return };
        source.reset(now);
        let mut again = Vec::new();
        for (id, held) in self.leads.iter_mut().filter(|(_, held)| held.lead.list == list) {
            held.lead.tries.reset();
            if let State::Retry(at) = held.state {
                self.retries.remove(&(at, *id));
                (held.state, held.lead.booked) = (State::New, None);
                again.push(*id);
            }
        }
        source.buffer.extend(again);
        // They are read again, those that were done before the reset: what is done after it counts as over anew.
        self.over.clear();
    }

    /// Leads may have been added to the lists.
    pub fn look(&mut self) {
        self.sources.iter_mut().for_each(Source::look);
    }

    /// A lead that is held.
    #[must_use]
    pub fn lead(&self, lead: LeadId) -> Option<&Lead> {
        self.leads.get(&lead).map(|held| &held.lead)
    }

    /// The numbers of all leads that are held.
    pub fn numbers(&self) -> impl Iterator<Item = &str> {
        self.leads.values().flat_map(|held| &held.lead.numbers).map(|(number, _)| number.as_str())
    }

    /// A lead that is held, to count what is tried.
    pub fn lead_mut(&mut self, lead: LeadId) -> Option<&mut Lead> {
        self.leads.get_mut(&lead).map(|held| &mut held.lead)
    }

    /// Where a lead stands; none: it is not held.
    #[must_use]
    pub fn place(&self, lead: LeadId) -> Option<Place> {
        let held = self.leads.get(&lead)?;
        Some(match held.state {
            State::New => {
                let source = self.sources.iter().find(|source| source.list == held.lead.list);
                let ahead = source.and_then(|source| source.buffer.iter().position(|other| *other == lead));
                Place::New { ahead: ahead.unwrap_or_default() }
            }
            State::Retry(at) => Place::Retry { at },
            State::Callback(at, agent) => Place::Callback { at, agent },
            State::Taken(_) => Place::Taken,
            State::InFlight(attempt) => Place::InFlight(attempt),
            State::Disposing(until) => Place::Disposing { until },
        })
    }

    /// It was let go of since its list was reset, for this reason.
    #[must_use]
    pub fn over(&self, lead: LeadId) -> Option<Done> {
        self.over.get(&lead).copied()
    }

    /// What was tried before the start is known of every list.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.sources.iter().all(Source::is_ready)
    }

    /// It has no room for more leads: none is read until a list is reset.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.held() >= self.most
    }

    /// Leads that are held or were let go of.
    #[must_use]
    pub fn held(&self) -> usize {
        self.leads.len() + self.over.len()
    }

    /// No list has a lead that was not read, when they were looked at last.
    #[must_use]
    pub fn is_dry(&self) -> bool {
        self.sources.iter().all(|source| source.is_dry() && source.buffer.is_empty())
    }

    /// Nothing is called, and nothing can be until then, unless leads are added or an agent books one.
    #[must_use]
    pub fn rests(&self, until: WallTime) -> bool {
        self.taken == 0 && self.is_dry() && self.next_due().is_none_or(|at| at > until)
    }

    /// Nothing is left to call, now or later. A list that is still imported, or never had a lead, is not called to its
    /// end.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.is_dry() && self.leads.is_empty() && self.stock() == Stock::Whole
    }

    /// What its lists had when they were looked at last: of several the one of which most is to come.
    #[must_use]
    pub fn stock(&self) -> Stock {
        self.sources.iter().map(|source| source.stock).max().unwrap_or_default()
    }

    /// When the next lead that waits is due.
    #[must_use]
    pub fn next_due(&self) -> Option<WallTime> {
        self.callbacks.first().into_iter().chain(self.retries.first()).map(|(at, _)| *at).min()
    }

    /// How many leads it holds.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let (retries, callbacks) = (self.retries.len(), self.callbacks.len());
        let new = self.sources.iter().map(|source| source.buffer.len()).sum();
        let busy = self.leads.len().saturating_sub(new + retries + callbacks);
        Counts { new, retries, callbacks, busy, over: self.over.len() }
    }

    /// The next new lead, by the mix of the lists.
    fn take_new(&mut self) -> Option<LeadId> {
        let source = match self.mix {
            Mix::InOrder => {
                // A list whose next page is under way holds the later ones back.
                let first = self.sources.iter_mut().find(|source| !source.buffer.is_empty() || !source.is_dry());
                first.filter(|source| !source.buffer.is_empty())?
            }
            Mix::Even | Mix::Shares => {
                let full = self.sources.iter_mut().filter(|source| !source.buffer.is_empty());
                full.min_by(|a, b| {
                    let due = |one: &Source, other: &Source| u128::from(one.served + 1) * u128::from(other.share);
                    due(a, b).cmp(&due(b, a))
                })?
            }
        };
        source.served += 1;
        source.buffer.pop_front()
    }

    fn enter(&mut self, lead: LeadId, state: State) {
        match state {
            State::Callback(at, _) => self.callbacks.insert((at, lead)),
            State::Retry(at) => self.retries.insert((at, lead)),
            State::Disposing(until) => self.disposing.insert((until, lead)),
            State::New | State::Taken(_) | State::InFlight(_) => false,
        };
    }

    fn leave(&mut self, lead: LeadId, state: State) {
        match state {
            State::Callback(at, _) => self.callbacks.remove(&(at, lead)),
            State::Retry(at) => self.retries.remove(&(at, lead)),
            State::Disposing(until) => self.disposing.remove(&(until, lead)),
            State::New => {
                self.sources.iter_mut().for_each(|source| source.buffer.retain(|other| *other != lead));
                true
            }
            State::Taken(_) | State::InFlight(_) => {
                self.taken = self.taken.saturating_sub(1);
                true
            }
        };
    }

    fn let_go(&mut self, lead: LeadId, why: Done) {
        self.leads.remove(&lead);
        self.over.insert(lead, why);
    }
}

impl State {
    /// None: it is done.
    const fn of(booked: Option<Booked>) -> Option<Self> {
        match booked {
            None => Some(Self::New),
            Some(Booked::Retry(at)) => Some(Self::Retry(at)),
            Some(Booked::Callback(at, agent)) => Some(Self::Callback(at, agent)),
            Some(Booked::Done(_)) => None,
        }
    }
}

/// Fisher and Yates.
fn shuffle(leads: &mut [LeadId], rng: &mut Rng) {
    for at in (1..leads.len()).rev() {
        let other = usize::try_from(rng.below(at as u64 + 1)).unwrap_or_default();
        leads.swap(at, other);
    }
}

/// Leads of a running campaign that are held or were let go of: beyond it no more are read until a list is reset.
pub const HELD_MAX: usize = 2_000_000;
/// Callbacks that are due and belong to agents who are busy or away: so many are passed over.
pub const LOOKED_AT: usize = 2_000;
/// A conversation of an hour or two, wrap-up, and a pause: for so long a lead waits for an agent's word.
pub const DISPOSED_WITHIN: core::time::Duration = core::time::Duration::from_secs(4 * 3_600);

#[cfg(test)]
mod tests;
