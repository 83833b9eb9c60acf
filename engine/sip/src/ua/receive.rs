//! What comes from the wire, and whom it reaches.

use clock::{FlowId, Instant};

use super::{Event, Peer, SessionId, Transport, Ua, checks::refuse_fault};
use crate::{
    Message, Method, Name, ParseError, Text,
    transaction::{ResponseClass, ServerKey, TxId},
};

impl Ua {
    /// Takes a message that was read from `peer`.
    pub fn receive(&mut self, now: Instant, peer: Peer, message: Message) {
        if message.is_request() { self.on_request(now, peer, message) } else { self.on_response(now, &message) }
    }

    /// Takes a request outside any dialog without remembering it: a challenge and the answer to OPTIONS need no
    /// state, and so a flood of what asks for them finds none to fill (RFC 3261 8.2.7, 26.3.2.4). What passes the
    /// checks comes back as `Event::Stateless`.
    pub fn receive_stateless(&mut self, peer: Peer, request: Message) {
        if let Err(refusal) = Self::check_request(&request) {
            self.dropped("request_refused");
            return self.refuse(peer, &request, &refusal);
        }
        if self.is_loop_or_merged(&request) {
            self.dropped("loop_or_merged");
            return self.respond_stateless(peer, &request, 482, &[]);
        }
        self.event(Event::Stateless { request, peer });
    }

    /// Takes bytes from `peer` that are no message: a request is refused (400, 414, 505, 513) without being
    /// remembered, all else dropped.
    pub fn receive_bad(&mut self, _now: Instant, peer: Peer, error: &ParseError) {
        match error.answerable() {
            Some(hint) => {
                let refusal = refuse_fault(&error.fault);
                self.dropped("request_unreadable");
                self.refuse(peer, &hint.request, &refusal);
            }
            None => self.dropped("message_unreadable"),
        }
    }

    /// What was sent to `peer` could not be: its transactions fail (RFC 3261 17.1.4, 17.2.4).
    pub fn transport_failed(&mut self, now: Instant, peer: Peer) {
        let is_it = |other: &Peer| other.transport == peer.transport && other.addr == peer.addr;
        let clients: Vec<TxId> =
            self.transactions.clients().filter(|(_, client)| is_it(&client.peer)).map(|(id, _)| id).collect();
        let servers: Vec<TxId> =
            self.transactions.servers().filter(|(_, server)| is_it(&server.peer)).map(|(id, _)| id).collect();
        for id in clients {
            self.fail_client(now, id);
        }
        for id in servers {
            let Some(server) = self.transactions.server(id) else { continue };
            let effects = server.machine.on_transport_error();
            self.run_server(now, id, effects);
        }
    }

    /// A connection is closed: requests on it fail; sessions that used it let the shell find another way to the
    /// address that the peer's Contact names.
    pub fn flow_gone(&mut self, now: Instant, flow: FlowId) {
        let uses = |peer: &Peer| peer.flow == Some(flow) && peer.transport == Transport::Tcp;
        for session in self.sessions.values_mut().filter(|session| uses(&session.peer)) {
            session.peer.flow = None;
            if let Some(unacked) = &mut session.unacked {
                unacked.peer.flow = None;
            }
            if let Some(dialog) = &session.dialog {
                session.peer = super::next_peer(dialog, session.peer, session.translated);
            }
        }
        let servers: Vec<TxId> =
            self.transactions.servers().filter(|(_, server)| uses(&server.peer)).map(|(id, _)| id).collect();
        for id in servers {
            if let Some(server) = self.transactions.server(id) {
                server.source.flow = None;
                server.peer = super::send::response_peer(&server.request, server.source);
            }
        }
        let clients: Vec<TxId> =
            self.transactions.clients().filter(|(_, client)| uses(&client.peer)).map(|(id, _)| id).collect();
        for id in clients {
            self.fail_client(now, id);
        }
    }

    fn fail_client(&mut self, now: Instant, id: TxId) {
        let Some(client) = self.transactions.client(id) else { return };
        let effects = client.machine.on_transport_error();
        self.run_client(now, id, effects, None);
    }

    /// A response belongs to a transaction or is dropped; one with several Via is none of ours (RFC 3261 8.1.3.3).
    fn on_response(&mut self, now: Instant, response: &Message) {
        if response.validate_response().is_err() {
            return self.dropped("response_invalid");
        }
        if response.vias().map_or(0, |vias| vias.len()) != 1 {
            return self.dropped("response_misrouted");
        }
        let Some(id) = self.transactions.client_of(response) else { return self.dropped("response_unmatched") };
        let Some(client) = self.transactions.client(id) else { return };
        let effects = client.machine.on_response(ResponseClass::of(response.status()));
        self.run_client(now, id, effects, Some(response));
    }

    fn on_request(&mut self, now: Instant, source: Peer, request: Message) {
        if request.method() == Some(&Method::Ack) {
            return self.on_ack(now, &request);
        }
        // A retransmission is answered as the first was, before anything is looked into (RFC 3261 17.2).
        if let Some(id) = ServerKey::of(&request).and_then(|key| self.transactions.server_of(&key)) {
            let Some(server) = self.transactions.server(id) else { return };
            let effects = server.machine.on_request();
            return self.run_server(now, id, effects);
        }
        if let Err(refusal) = Self::check_request(&request) {
            self.dropped("request_refused");
            return self.refuse(source, &request, &refusal);
        }
        let is_inside = request.to().is_ok_and(|to| to.tag().is_some());
        if self.is_full(is_inside) {
            self.dropped("transactions_full");
            return self.respond_stateless(source, &request, 503, &[(Name::RetryAfter, RETRY_AFTER_FULL_S)]);
        }
        if request.method() == Some(&Method::Cancel) {
            return self.on_cancel(now, source, &request);
        }
        if is_inside && request.method() != Some(&Method::Register) {
            return match self.session_of(&request) {
                Some(session) => self.on_request_inside(now, session, source, request),
                None => self.respond_stateless(source, &request, 481, &[]),
            };
        }
        if self.is_loop_or_merged(&request) {
            self.dropped("loop_or_merged");
            return self.respond_stateless(source, &request, 482, &[]);
        }
        self.on_request_outside(now, source, request);
    }

    fn on_request_outside(&mut self, now: Instant, source: Peer, request: Message) {
        match request.method() {
            Some(Method::Invite) => self.on_invite(now, source, request),
            // These exist inside dialogs only (RFC 3261 15.1.2, RFC 6086 4.2.2, RFC 3262, RFC 3311, RFC 6665 4.1.3).
            Some(Method::Bye | Method::Info | Method::Prack | Method::Update | Method::Notify) => {
                self.respond_stateless(source, &request, 481, &[]);
            }
            _ => self.on_other_request(now, source, request),
        }
    }

    fn on_ack(&mut self, now: Instant, request: &Message) {
        if request.validate_request().is_err() {
            return self.dropped("ack_invalid");
        }
        if let Some(id) = ServerKey::of(request).and_then(|key| self.transactions.server_of(&key))
            && let Some(server) = self.transactions.server(id)
            && !(200..300).contains(&server.status())
        {
            let effects = server.machine.on_ack();
            return self.run_server(now, id, effects);
        }
        self.on_ack_of_2xx(now, request);
    }

    /// The session in whose dialog a request is: our tag finds it, Call-ID and the peer's tag prove it.
    pub(crate) fn session_of(&mut self, request: &Message) -> Option<SessionId> {
        let (to, from) = (request.to().ok()?, request.from().ok()?);
        let id = *self.local_tags.get(&Text::from(to.tag()?))?;
        let session = self.sessions.get_mut(&id)?;
        session.dialog_of(request.call_id().ok()?, from.tag()).map(|_| id)
    }

    /// Requests inside dialogs may use as much again as new ones: calls in progress come first.
    fn is_full(&self, is_inside: bool) -> bool {
        let limits = self.config.limits;
        let above = |used: usize, limit: usize| used >= if is_inside { limit.saturating_mul(2) } else { limit };
        above(self.transactions.server_count(), limits.server_transactions)
            || above(self.transactions.server_bytes(), limits.server_bytes)
    }
}

/// Seconds after which a refused caller may try again: a few transactions have ended by then.
pub(crate) const RETRY_AFTER_FULL_S: &str = "5";
