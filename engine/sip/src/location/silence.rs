//! Who gets no answer, as each call shard keeps it.

use core::net::IpAddr;
use std::collections::BTreeMap;

use clock::Instant;

use super::ban::{MAX_ENTRIES, shortened};
use crate::{Message, Method};

/// Requests outside dialogs that get no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Silence {
    /// Whoever sends from here.
    pub address: IpAddr,
    /// This user alone; everyone when none.
    pub user: Option<String>,
    /// When it is over.
    pub until: Instant,
}

/// The silences of now: location alone counts failures, of whichever request.
#[derive(Debug, Default)]
pub struct Silences {
    until: BTreeMap<(IpAddr, Option<String>), Instant>,
}

impl Silences {
    /// Notes a silence.
    pub fn begin(&mut self, now: Instant, silence: Silence) {
        self.until.retain(|_, until| now < *until);
        if self.until.len() < MAX_ENTRIES {
            self.until.insert((silence.address, silence.user), silence.until);
        }
    }

    /// Ends the silence of one user at an address; all of the address where none is named.
    pub fn release(&mut self, address: IpAddr, user: Option<&str>) {
        let is_meant = |other: &Option<String>| user.is_none() || other.as_deref() == user;
        self.until.retain(|(other, other_user), _| *other != address || !is_meant(other_user));
    }

    /// True when an INVITE from `address` outside any dialog gets no answer.
    #[must_use]
    pub fn covers(&self, now: Instant, address: IpAddr, request: &Message) -> bool {
        let is_on = |user| self.until.get(&(address, user)).is_some_and(|until| now < *until);
        let is_new = || request.method() == Some(&Method::Invite) && request.to().is_ok_and(|to| to.tag().is_none());
        !self.until.is_empty() && is_new() && (is_on(None) || is_on(Some(shortened(&claimed_user(request)))))
    }
}

/// Who a request says that it is from: the user of its credentials, else that of From.
#[must_use]
pub fn claimed_user(request: &Message) -> String {
    let credentials = request.authorization().unwrap_or_default();
    let claimed = credentials.first().map(|credentials| credentials.user.clone());
    claimed.or_else(|| Some(request.from().ok()?.uri.user()?.into_owned())).unwrap_or_default()
}
