//! The user agent core: transactions, dialogs and INVITE sessions of one owner.
//!
//! Its shape is that of every core (DESIGN section 3), with methods instead of
//! one input enum: messages and failures by `receive` and its sisters, commands
//! by name, what comes out by `poll_output`, time by `handle_timeout`.

mod addresses;
mod checks;
mod config;
mod contract;
mod effects;
mod outside;
mod params;
mod receive;
mod send;
mod timers;

use core::time::Duration;
use std::collections::{BTreeMap, VecDeque};

use clock::{Instant, Rng, TimerQueue};

pub use crate::auth::ClientCredentials;
pub use addresses::{Addresses, Listener, Network};
pub use checks::Refusal;
pub use config::{SessionTimers, UaConfig, UaLimits};
pub use contract::{ClientRequestId, Event, Output, Peer, RequestToken, Sent, SessionEnd, SessionId, Transport};
pub use params::{Body, Counts, DialogStage, DialogState, Headers, InviteParams, RequestParams};
pub(crate) use receive::RETRY_AFTER_FULL_S;
pub use send::stateless_response;
pub(crate) use send::{SUPPORTED, names_other_address, next_peer, reason_phrase, via_differs};
pub use timers::TimerReason;
pub(crate) use timers::{SessionTimer, TimerKey};

use crate::{
    Reason, Text,
    auth::ClientAuth,
    session::Session,
    transaction::{Table, TxId},
};

/// The user agent core of one owner.
#[derive(Debug)]
pub struct Ua {
    pub(crate) config: UaConfig,
    pub(crate) rng: Rng,
    pub(crate) transactions: Table<ClientUser, ServerUser>,
    /// Boxed, as are transactions: a map leaves nearly half of its places empty when keys only grow.
    pub(crate) sessions: BTreeMap<SessionId, Box<Session>>,
    /// Sessions by our tag in their dialogs.
    pub(crate) local_tags: BTreeMap<Text, SessionId>,
    pub(crate) waiting: BTreeMap<RequestToken, TxId>,
    /// Credentials of `Ua::request`.
    pub(crate) request_auth: BTreeMap<ClientRequestId, ClientAuth>,
    pub(crate) timers: TimerQueue<TimerKey>,
    /// Why sessions of before a crash end, for answers that still come.
    pub(crate) restored_reason: Option<Reason>,
    outputs: VecDeque<Output>,
    next_id: u64,
}

/// Whose a client transaction is.
#[derive(Clone, Copy, Debug)]
pub(crate) enum ClientUser {
    /// A session's first INVITE.
    Invite(SessionId),
    /// A session's re-INVITE.
    Reinvite(SessionId),
    /// A session's BYE.
    Bye(SessionId),
    /// A session's OPTIONS.
    Ping(SessionId),
    /// A session's PRACK.
    Prack(SessionId),
    /// A session's UPDATE.
    Update(SessionId),
    /// A session's NOTIFY about its REFER.
    Notify(SessionId),
    /// A session's REFER.
    Refer(SessionId),
    /// `Ua::request`.
    Request(ClientRequestId),
    /// Nobody waits for the outcome: CANCEL, the BYE of a superfluous fork, what ends a restored dialog.
    Nobody,
}

impl ClientUser {
    /// The session it belongs to, if one.
    pub(crate) fn session(self) -> Option<SessionId> {
        match self {
            Self::Invite(id)
            | Self::Reinvite(id)
            | Self::Bye(id)
            | Self::Ping(id)
            | Self::Prack(id)
            | Self::Update(id)
            | Self::Notify(id)
            | Self::Refer(id) => Some(id),
            Self::Request(_) | Self::Nobody => None,
        }
    }
}

/// Whose a server transaction is.
#[derive(Clone, Copy, Debug)]
pub(crate) enum ServerUser {
    /// A session's first INVITE.
    Invite(SessionId),
    /// A session's re-INVITE, or UPDATE with an offer.
    Reinvite(SessionId),
    /// A request that waits for `respond`.
    Token(RequestToken, Option<SessionId>),
    /// Answered by the core at once.
    Nobody,
}

impl Ua {
    /// A core without any session. `rng` makes tags, branches and Call-IDs: its seed must be secret in production.
    #[must_use]
    pub fn new(mut config: UaConfig, rng: Rng) -> Self {
        config.timing = config.timing.at_least(MIN_TIME);
        Self {
            config,
            rng,
            transactions: Table::default(),
            sessions: BTreeMap::new(),
            local_tags: BTreeMap::new(),
            waiting: BTreeMap::new(),
            request_auth: BTreeMap::new(),
            timers: TimerQueue::new(),
            restored_reason: None,
            outputs: VecDeque::new(),
            next_id: 0,
        }
    }

    /// The next thing to do; drained before the next input.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When to call `handle_timeout` again, and for what.
    pub fn poll_timeout(&mut self) -> Option<(Instant, TimerReason)> {
        self.timers.peek().map(|(at, key)| (at, key.reason()))
    }

    /// Where the messages of a session go.
    #[must_use]
    pub fn peer_of(&self, session: SessionId) -> Option<Peer> {
        self.sessions.get(&session).map(|session| session.peer)
    }

    /// Our addresses, as peers are told them.
    #[must_use]
    pub fn addresses(&self) -> &Addresses {
        &self.config.addresses
    }

    /// What lives in this core.
    #[must_use]
    pub fn counts(&self) -> Counts {
        Counts {
            sessions: self.sessions.len(),
            dialogs: self.sessions.values().map(|session| session.dialog_count()).sum(),
            client_transactions: self.transactions.client_count(),
            server_transactions: self.transactions.server_count(),
            waiting_requests: self.waiting.len(),
            timers: self.timers.len(),
        }
    }

    pub(crate) fn output(&mut self, output: Output) {
        self.outputs.push_back(output);
    }

    pub(crate) fn event(&mut self, event: Event) {
        self.outputs.push_back(Output::Event(event));
    }

    pub(crate) fn dropped(&mut self, reason: &'static str) {
        self.event(Event::Dropped { reason });
    }

    /// A number for a session, token or request: never used twice.
    pub(crate) fn mint(&mut self) -> u64 {
        self.next_id += 1;
        self.next_id
    }
}

/// A base time of zero would make timers that are always due.
const MIN_TIME: Duration = Duration::from_millis(1);

#[cfg(test)]
mod tests;
