//! The registrar's bindings (RFC 3261 10.3): which contacts an address of record has, until when.
//!
//! It knows no users, passwords or transactions: who may register is decided before.

mod binding;

use core::{cmp::Reverse, net::IpAddr, time::Duration};
use std::collections::BTreeMap;

use clock::{Instant, Now, TimerQueue};

pub use binding::Binding;

use crate::{Contacts, Fault, Message, NameAddr, ua::Peer};

/// Limits of registrations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RegistrarConfig {
    /// Shortest time a contact may ask for; less is a 423. At most an hour (RFC 3261 10.3 step 7).
    pub min_expires: Duration,
    /// Time of a contact that asks for none.
    pub default_expires: Duration,
    /// Longest time that is granted.
    pub max_expires: Duration,
}

impl Default for RegistrarConfig {
    /// 30 s to 2 h, an hour when nothing is asked for: phones behind address translation refresh every minute,
    /// others every hour.
    fn default() -> Self {
        Self {
            min_expires: Duration::from_secs(30),
            default_expires: Duration::from_secs(3_600),
            max_expires: Duration::from_secs(7_200),
        }
    }
}

/// How many contacts an address of record may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ContactRule {
    /// At most so many; a further one takes the place of the one refreshed longest ago.
    pub max_contacts: usize,
    /// A new contact replaces all former ones.
    pub replace: bool,
}

/// What a REGISTER changed, and what its 200 says.
#[derive(Clone, Debug, Default)]
pub struct Registered {
    /// Contact values of the 200: all bindings, with what is left of their time.
    pub contacts: Vec<String>,
    /// Bindings made or refreshed.
    pub set: Vec<Binding>,
    /// Bindings that are gone.
    pub removed: Vec<Binding>,
}

/// Why a REGISTER is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RegisterError {
    /// 400: a header cannot be read, or `*` is not alone (10.3 step 6).
    #[error("REGISTER cannot be read: {0}")]
    Syntax(Fault),
    /// 400: `Contact: *` without `Expires: 0`.
    #[error("Contact: * needs Expires: 0")]
    StarWithoutZero,
    /// 423: a contact asks for less than the shortest time, in seconds.
    #[error("at least {0} s")]
    TooBrief(u64),
    /// 500: CSeq is not higher than that of the binding's last REGISTER (10.3 steps 6 and 7).
    #[error("CSeq does not rise")]
    OutOfOrder,
    /// 403: more contacts in one request than may be bound.
    #[error("at most {0} contacts")]
    TooMany(usize),
}

impl RegisterError {
    /// The status it is answered with.
    #[must_use]
    pub fn status(&self) -> u16 {
        match self {
            Self::Syntax(_) | Self::StarWithoutZero => 400,
            Self::TooBrief(_) => 423,
            Self::OutOfOrder => 500,
            Self::TooMany(_) => 403,
        }
    }
}

/// All bindings, by address of record `A`.
#[derive(Debug)]
pub struct Registrar<A> {
    config: RegistrarConfig,
    bindings: BTreeMap<A, Vec<Binding>>,
    timers: TimerQueue<(A, u64)>,
    /// How many bindings came from each address.
    sources: BTreeMap<IpAddr, usize>,
    next_id: u64,
}

impl<A: Ord + Copy> Registrar<A> {
    /// A registrar without bindings.
    #[must_use]
    pub fn new(config: RegistrarConfig) -> Self {
        Self { config, bindings: BTreeMap::new(), timers: TimerQueue::new(), sources: BTreeMap::new(), next_id: 0 }
    }

    /// Takes a REGISTER for `aor` that came from `source`. All of it is done, or nothing (10.3 step 7).
    pub fn register(
        &mut self,
        now: Now,
        aor: A,
        request: &Message,
        source: Peer,
        rule: ContactRule,
    ) -> Result<Registered, RegisterError> {
        let mut done = match request.contacts().map_err(RegisterError::Syntax)? {
            Contacts::All => self.remove_all(aor, request)?,
            Contacts::List(list) => self.bind(now, aor, request, &list, source, rule)?,
        };
        let current = self.bindings.get(&aor).into_iter().flatten();
        done.contacts = current.map(|binding| binding.contact_value(now.mono)).collect();
        Ok(done)
    }

    /// Puts back a binding of before a restart. False when its time is over.
    pub fn restore(&mut self, aor: A, binding: Binding, now: Instant) -> bool {
        if binding.expires_mono <= now {
            return false;
        }
        self.insert(aor, binding);
        true
    }

    /// Removes the bindings that `is_gone` tells.
    pub fn remove_where(&mut self, is_gone: impl Fn(&A, &Binding) -> bool) -> Vec<(A, Binding)> {
        let gone = |(aor, binding): &(A, &Binding)| is_gone(aor, binding);
        let keys: Vec<(A, u64)> = self.iter().filter(gone).map(|(aor, binding)| (aor, binding.id)).collect();
        keys.into_iter().filter_map(|(aor, id)| self.take(aor, id).map(|binding| (aor, binding))).collect()
    }

    /// Removes what has expired at `now`.
    pub fn expire(&mut self, now: Instant) -> Vec<(A, Binding)> {
        let mut expired = Vec::new();
        while let Some((aor, id)) = self.timers.pop_due(now) {
            expired.extend(self.take(aor, id).map(|binding| (aor, binding)));
        }
        expired
    }

    /// When the next binding expires.
    pub fn poll_timeout(&mut self) -> Option<Instant> {
        self.timers.peek().map(|(at, _)| at)
    }

    /// The bindings of one address of record, best `q` first, of equals the one refreshed last.
    #[must_use]
    pub fn bindings_of(&self, aor: A) -> Vec<&Binding> {
        let mut bindings: Vec<&Binding> = self.bindings.get(&aor).into_iter().flatten().collect();
        bindings.sort_by_key(|binding| (Reverse(binding.q_thousandths), Reverse(binding.id)));
        bindings
    }

    /// True when a live binding came from this address.
    #[must_use]
    pub fn has_source(&self, address: IpAddr) -> bool {
        self.sources.contains_key(&address)
    }

    /// All bindings.
    pub fn iter(&self) -> impl Iterator<Item = (A, &Binding)> {
        self.bindings.iter().flat_map(|(aor, bindings)| bindings.iter().map(|binding| (*aor, binding)))
    }

    /// `Contact: *`: every binding goes, unless one was set by a later request of the same Call-ID (10.3 step 6).
    fn remove_all(&mut self, aor: A, request: &Message) -> Result<Registered, RegisterError> {
        if request.expires_s().map_err(RegisterError::Syntax)? != Some(0) {
            return Err(RegisterError::StarWithoutZero);
        }
        let (call_id, cseq) = identity(request)?;
        let bindings = self.bindings.get(&aor).map(Vec::as_slice).unwrap_or_default();
        if bindings.iter().any(|binding| binding.is_newer_than(call_id, cseq)) {
            return Err(RegisterError::OutOfOrder);
        }
        let ids: Vec<u64> = bindings.iter().map(|binding| binding.id).collect();
        let removed = ids.into_iter().filter_map(|id| self.take(aor, id)).collect();
        Ok(Registered { removed, ..Registered::default() })
    }

    fn bind(
        &mut self,
        now: Now,
        aor: A,
        request: &Message,
        contacts: &[NameAddr],
        source: Peer,
        rule: ContactRule,
    ) -> Result<Registered, RegisterError> {
        let header_s = request.expires_s().map_err(RegisterError::Syntax)?;
        let (call_id, cseq) = identity(request)?;
        let mut wanted = Vec::new();
        for contact in contacts {
            wanted.push((contact, self.granted(contact, header_s)?));
        }
        if wanted.iter().filter(|(_, granted)| !granted.is_zero()).count() > rule.max_contacts.max(1) {
            return Err(RegisterError::TooMany(rule.max_contacts));
        }
        let known = self.bindings.get(&aor).map(Vec::as_slice).unwrap_or_default();
        let in_order = wanted.iter().all(|(contact, _)| {
            known.iter().all(|binding| !binding.is_same(contact) || !binding.is_newer_than(call_id, cseq))
        });
        if !in_order {
            return Err(RegisterError::OutOfOrder);
        }
        let mut done = Registered::default();
        for (contact, granted) in wanted {
            let former = self.take_contact(aor, contact);
            if granted.is_zero() {
                done.removed.extend(former);
            } else {
                let binding = Binding::new(now, contact, (call_id, cseq), granted, source);
                done.set.push(self.insert(aor, binding));
            }
        }
        self.make_room(aor, rule, &mut done);
        Ok(done)
    }

    /// The time a contact gets (10.3 step 7); zero to remove it.
    fn granted(&self, contact: &NameAddr, header_s: Option<u32>) -> Result<Duration, RegisterError> {
        let asked_s = contact.expires_s().or(header_s);
        let asked = asked_s.map_or(self.config.default_expires, |seconds| Duration::from_secs(seconds.into()));
        if asked.is_zero() {
            return Ok(asked);
        }
        if asked < self.config.min_expires {
            return Err(RegisterError::TooBrief(self.config.min_expires.as_secs()));
        }
        Ok(asked.min(self.config.max_expires))
    }

    /// Drops what the rule has no room for: all former contacts, or those refreshed longest ago.
    fn make_room(&mut self, aor: A, rule: ContactRule, done: &mut Registered) {
        let Some(first_set) = done.set.first().map(|binding| binding.id) else { return };
        loop {
            let bindings = self.bindings.get(&aor).map(Vec::as_slice).unwrap_or_default();
            let too_many = bindings.len() > rule.max_contacts.max(1);
            let oldest = bindings.iter().map(|binding| binding.id).min();
            let Some(oldest) = oldest.filter(|oldest| too_many || (rule.replace && *oldest < first_set)) else {
                return;
            };
            done.removed.extend(self.take(aor, oldest));
        }
    }

    fn insert(&mut self, aor: A, mut binding: Binding) -> Binding {
        self.next_id += 1;
        binding.id = self.next_id;
        self.timers.set((aor, binding.id), binding.expires_mono);
        *self.sources.entry(binding.source.addr.ip()).or_default() += 1;
        self.bindings.entry(aor).or_default().push(binding.clone());
        binding
    }

    fn take_contact(&mut self, aor: A, contact: &NameAddr) -> Option<Binding> {
        let id = self.bindings.get(&aor)?.iter().find(|binding| binding.is_same(contact))?.id;
        self.take(aor, id)
    }

    fn take(&mut self, aor: A, id: u64) -> Option<Binding> {
        self.timers.cancel(&(aor, id));
        let bindings = self.bindings.get_mut(&aor)?;
        let index = bindings.iter().position(|binding| binding.id == id)?;
        let binding = bindings.remove(index);
        if bindings.is_empty() {
            self.bindings.remove(&aor);
        }
        let address = binding.source.addr.ip();
        match self.sources.get_mut(&address) {
            Some(count) if *count > 1 => *count -= 1,
            _ => {
                self.sources.remove(&address);
            }
        }
        Some(binding)
    }
}

fn identity(request: &Message) -> Result<(&str, u32), RegisterError> {
    let call_id = request.call_id().map_err(RegisterError::Syntax)?;
    let (cseq, _) = request.cseq().map_err(RegisterError::Syntax)?;
    Ok((call_id, cseq))
}

#[cfg(test)]
mod tests;
