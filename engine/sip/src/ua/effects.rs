//! Carrying out what transactions want, and who is told what they deliver.

use clock::Instant;

use super::{
    ClientUser, Event, Headers, Output, Peer, Sent, ServerUser, SessionEnd, SessionId, TimerKey, Transport, Ua,
};
use crate::{
    Message, Method, Name, RequestBuilder, Text, Uri,
    auth::ClientAuth,
    dialog::Dialog,
    transaction::{
        Client, ClientMachine, Effect, Effects, InviteClient, InviteServer, MergeKey, NonInviteClient, NonInviteServer,
        ResponseClass, Server, ServerKey, ServerMachine, TimerName, TxId,
    },
};

impl Ua {
    // Client transactions.

    /// Sends a request in a transaction of its own.
    pub(crate) fn start_client(&mut self, now: Instant, request: Message, peer: Peer, user: ClientUser) -> TxId {
        let (timing, reliable) = (self.config.timing, peer.transport == Transport::Tcp);
        let (machine, effects) = if request.method() == Some(&Method::Invite) {
            let (machine, effects) = InviteClient::start(timing, reliable);
            (ClientMachine::Invite(machine), effects)
        } else {
            let (machine, effects) = NonInviteClient::start(timing, reliable);
            (ClientMachine::NonInvite(machine), effects)
        };
        let acks = smallvec::SmallVec::new();
        let id = self.transactions.insert_client(Client { machine, request, peer, user, acks });
        self.run_client(now, id, effects, None);
        id
    }

    pub(crate) fn run_client(&mut self, now: Instant, id: TxId, effects: Effects, response: Option<&Message>) {
        for effect in effects {
            match effect {
                Effect::Send => self.send_client(id, false),
                Effect::Resend => self.send_client(id, true),
                Effect::SendAck => self.ack_failure(id, response),
                Effect::Deliver => self.deliver(now, id, response),
                Effect::TimedOut | Effect::TransportFailed => {
                    self.on_client_failed(now, id, effect == Effect::TransportFailed);
                }
                Effect::Set(name, after) => self.timers.set(TimerKey::Client(id, name), now + after),
                Effect::Cancel(name) => {
                    self.timers.cancel(&TimerKey::Client(id, name));
                }
                Effect::Terminated => self.forget_client(id),
            }
        }
    }

    pub(crate) fn on_client_timer(&mut self, now: Instant, id: TxId, name: TimerName) {
        let Some(client) = self.transactions.client(id) else { return };
        let effects = client.machine.on_timer(name);
        self.run_client(now, id, effects, None);
    }

    pub(crate) fn forget_client(&mut self, id: TxId) {
        if self.transactions.remove_client(id).is_none() {
            return;
        }
        for name in CLIENT_TIMERS {
            self.timers.cancel(&TimerKey::Client(id, name));
        }
        self.timers.cancel(&TimerKey::Orphan(id));
    }

    fn send_client(&mut self, id: TxId, again: bool) {
        let Some(client) = self.transactions.peek_client(id) else { return };
        let (peer, request, session) = (client.peer, client.request.clone(), client.user.session());
        if again {
            self.transmit_again(peer, &request, session, None);
        } else {
            self.transmit_request(peer, &request, session);
        }
    }

    /// ACK of a final response that is no 2xx (RFC 3261 17.1.1.3).
    fn ack_failure(&mut self, id: TxId, response: Option<&Message>) {
        let (Some(client), Some(response)) = (self.transactions.peek_client(id), response) else { return };
        let (peer, session) = (client.peer, client.user.session());
        let Some(builder) = self.hop_request(&Method::Ack, &client.request, response) else { return };
        let ack = builder.build();
        self.transmit_request(peer, &ack, session);
    }

    fn deliver(&mut self, now: Instant, id: TxId, response: Option<&Message>) {
        let (Some(client), Some(response)) = (self.transactions.peek_client(id), response) else { return };
        let user = client.user;
        let is_final = response.status() >= 200;
        let is_invite = matches!(client.machine, ClientMachine::Invite(_));
        match user {
            ClientUser::Invite(session) => self.on_invite_response(now, session, id, response),
            ClientUser::Reinvite(session) => self.on_reinvite_response(now, session, id, response),
            ClientUser::Request(request) => self.on_request_response(now, request, id, response),
            ClientUser::Bye(session) if is_final => self.on_bye_done(now, session, id, Some(response)),
            ClientUser::Ping(session) if is_final => self.on_ping_done(now, session, id, Some(response)),
            ClientUser::Update(session) if is_final => self.on_update_done(now, session, id, Some(response)),
            ClientUser::Prack(_) if is_final => drop(self.answer_challenge(now, id, response)),
            ClientUser::Notify(session) if is_final => self.on_notify_done(now, session, id, Some(response)),
            ClientUser::Refer(session) if is_final => self.on_refer_done(now, session, id, Some(response)),
            // An INVITE of before a restart was answered after all.
            ClientUser::Nobody if is_invite && ResponseClass::of(response.status()) == ResponseClass::Success => {
                let reason = self.restored_reason.clone();
                self.end_fork(now, id, response, reason.as_ref());
            }
            _ => {}
        }
    }

    fn on_client_failed(&mut self, now: Instant, id: TxId, transport_failed: bool) {
        let Some(user) = self.transactions.peek_client(id).map(|client| client.user) else { return };
        match user {
            ClientUser::Invite(session) => self.on_invite_unanswered(session, id, transport_failed),
            ClientUser::Reinvite(session) => self.on_reinvite_failed(now, session),
            ClientUser::Request(request) => self.on_request_unanswered(request),
            ClientUser::Bye(session) => self.on_bye_done(now, session, id, None),
            ClientUser::Ping(session) => self.on_ping_done(now, session, id, None),
            ClientUser::Update(session) => self.on_update_done(now, session, id, None),
            ClientUser::Notify(session) => self.on_notify_done(now, session, id, None),
            ClientUser::Refer(session) => self.on_refer_done(now, session, id, None),
            ClientUser::Prack(_) | ClientUser::Nobody => {}
        }
    }

    fn on_invite_unanswered(&mut self, id: SessionId, tx: TxId, transport_failed: bool) {
        // In Completed a lost transport concerns an ACK only; the session knows its end already.
        if self.sessions.get(&id).is_some_and(|session| session.invite == tx) {
            let how = if transport_failed { SessionEnd::TransportFailed } else { SessionEnd::TimedOut };
            self.end_session(id, how);
        }
    }

    /// Answers a 401 or 407: the same request with credentials, the next CSeq and a new branch
    /// (RFC 3261 22.2, 22.3). None when it cannot be answered, or was in vain.
    pub(crate) fn answer_challenge(&mut self, now: Instant, id: TxId, response: &Message) -> Option<TxId> {
        let client = self.transactions.peek_client(id)?;
        let (request, peer, user) = (client.request.clone(), client.peer, client.user);
        let method = request.method()?.clone();
        let cnonce = self.new_tag();
        let auth = self.auth_of(user)?;
        if !auth.take(&request, response) {
            return None;
        }
        let answers = auth.answers((&method, request.request_uri_text(), request.body().as_ref()), &cnonce);
        let cseq = self.cseq_after(user, &request)?;
        let again = self.again(&request, peer, cseq)?;
        let again = answers.iter().fold(again, |again, (name, answer)| again.header(*name, answer));
        Some(self.start_client(now, with_body_of(again, &request), peer, user))
    }

    /// Sends a session's request once more with these headers in place of its own of the same names.
    pub(crate) fn reissue(
        &mut self,
        now: Instant,
        request: &Message,
        (peer, user): (Peer, ClientUser),
        headers: &Headers,
    ) -> Option<TxId> {
        let (id, uri, method) = (user.session()?, request.request_uri().ok()?, request.method()?.clone());
        let cseq = self.cseq_after(user, request)?;
        let again = self.again_without(request, peer, cseq, headers)?;
        let again = headers.iter().fold(again, |again, (name, value)| again.header(*name, value));
        let again = self.authorize(id, again, (&method, &uri, request.body()));
        Some(self.start_client(now, with_body_of(again, request), peer, user))
    }

    /// Adds the credentials that this session's peer asked for before, so that it need not ask again
    /// (RFC 3261 22.2).
    pub(crate) fn authorize(
        &mut self,
        session: SessionId,
        builder: RequestBuilder,
        (method, uri, body): (&Method, &Uri, &[u8]),
    ) -> RequestBuilder {
        let cnonce = self.new_tag();
        let auth = self.sessions.get_mut(&session).and_then(|session| session.auth.as_mut());
        let Some(auth) = auth.filter(|auth| auth.is_asked()) else { return builder };
        let uri = uri.without_headers().to_string();
        let answers = auth.answers((method, &uri, body), &cnonce);
        answers.iter().fold(builder, |builder, (name, answer)| builder.header(*name, answer))
    }

    fn auth_of(&mut self, user: ClientUser) -> Option<&mut ClientAuth> {
        match user {
            ClientUser::Request(id) => self.request_auth.get_mut(&id),
            _ => self.sessions.get_mut(&user.session()?)?.auth.as_deref_mut(),
        }
    }

    /// The next CSeq: of the dialog where there is one, else one more than the request's.
    fn cseq_after(&mut self, user: ClientUser, request: &Message) -> Option<u32> {
        let session = user.session().and_then(|id| self.sessions.get_mut(&id));
        let to = request.to().ok()?;
        // Before the 2xx: the dialog that a PRACK was in.
        let of_fork = |dialog: &&mut Dialog| dialog.remote.tag().is_some() && dialog.remote.tag() == to.tag();
        let dialog = session.and_then(|session| session.dialog.as_mut().or(session.early.iter_mut().find(of_fork)));
        match dialog {
            Some(dialog) => Some(dialog.next_cseq()),
            None => Some(request.cseq().ok()?.0.saturating_add(1)),
        }
    }

    /// The same request once more, with a new Via and CSeq, without its credentials and body.
    fn again(&mut self, request: &Message, peer: Peer, cseq: u32) -> Option<RequestBuilder> {
        self.again_without(request, peer, cseq, &Headers::new())
    }

    fn again_without(
        &mut self,
        request: &Message,
        peer: Peer,
        cseq: u32,
        replaced: &Headers,
    ) -> Option<RequestBuilder> {
        let (uri, method) = (request.request_uri().ok()?, request.method()?.clone());
        let branch = self.new_branch();
        let mut builder = RequestBuilder::new(&method, &uri).header(Name::Via, self.via(peer, &branch));
        for (name, value) in request.headers() {
            builder = match Name::parse(name) {
                Some(Name::Via | Name::ContentLength | Name::ContentType) => builder,
                Some(Name::Authorization | Name::ProxyAuthorization) => builder,
                Some(Name::CSeq) => builder.header(Name::CSeq, format_args!("{cseq} {method}")),
                _ if replaced.iter().any(|(other, _)| name.eq_ignore_ascii_case(other)) => builder,
                _ => builder.header(name, value),
            };
        }
        Some(builder)
    }

    // Server transactions.

    /// Enters a request that is new. None when it has no key, which validated requests do not lack.
    pub(crate) fn start_server(
        &mut self,
        now: Instant,
        source: Peer,
        request: &Message,
        user: ServerUser,
        to_tag: Text,
    ) -> Option<TxId> {
        let (timing, reliable) = (self.config.timing, source.transport == Transport::Tcp);
        let (machine, effects) = if request.method() == Some(&Method::Invite) {
            let (machine, effects) = InviteServer::start(timing, reliable);
            (ServerMachine::Invite(machine), effects)
        } else {
            let (machine, effects) = NonInviteServer::start(timing, reliable);
            (ServerMachine::NonInvite(machine), effects)
        };
        let server = Server {
            machine,
            key: ServerKey::of(request)?,
            merge: MergeKey::of(request),
            request: request.clone(),
            source,
            peer: super::send::response_peer(request, source),
            to_tag,
            last: None,
            user,
        };
        let id = self.transactions.insert_server(server);
        self.run_server(now, id, effects);
        Some(id)
    }

    /// Gives a server transaction its response.
    pub(crate) fn respond_with(&mut self, now: Instant, id: TxId, response: Message) {
        let Some(server) = self.transactions.server(id) else { return };
        let effects = server.machine.on_respond(ResponseClass::of(response.status()));
        if effects.contains(&Effect::Send) {
            server.last = Some(response);
        }
        self.run_server(now, id, effects);
    }

    /// Answers a request whole, at once.
    pub(crate) fn answer_at_once(
        &mut self,
        now: Instant,
        source: Peer,
        request: &Message,
        status: u16,
        to_tag: Text,
        headers: &[(Name, &str)],
    ) {
        let Some(id) = self.start_server(now, source, request, ServerUser::Nobody, to_tag.clone()) else { return };
        let mut builder = self.response_builder(request, source, status).to_tag(&to_tag);
        for (name, value) in headers {
            builder = builder.header(*name, value);
        }
        self.respond_with(now, id, builder.build());
    }

    pub(crate) fn run_server(&mut self, now: Instant, id: TxId, effects: Effects) {
        for effect in effects {
            match effect {
                Effect::Send => self.send_server(id, false),
                Effect::Resend => self.send_server(id, true),
                Effect::Set(name, after) => self.timers.set(TimerKey::Server(id, name), now + after),
                Effect::Cancel(name) => {
                    self.timers.cancel(&TimerKey::Server(id, name));
                }
                Effect::Terminated => self.forget_server(id),
                Effect::TimedOut => self.dropped("ack_missing"),
                Effect::TransportFailed => self.dropped("response_undeliverable"),
                // What came was looked at before it reached the transaction; clients alone send ACK.
                Effect::Deliver | Effect::SendAck => {}
            }
        }
    }

    pub(crate) fn on_server_timer(&mut self, now: Instant, id: TxId, name: TimerName) {
        let Some(server) = self.transactions.server(id) else { return };
        let effects = server.machine.on_timer(name);
        self.run_server(now, id, effects);
    }

    pub(crate) fn forget_server(&mut self, id: TxId) {
        let Some(server) = self.transactions.remove_server(id) else { return };
        for name in SERVER_TIMERS {
            self.timers.cancel(&TimerKey::Server(id, name));
        }
        if let ServerUser::Token(token, _) = server.user {
            self.waiting.remove(&token);
            self.timers.cancel(&TimerKey::Token(token));
        }
    }

    fn send_server(&mut self, id: TxId, again: bool) {
        let Some(server) = self.transactions.peek_server(id) else { return };
        let Some(response) = server.last.clone() else { return };
        let (peer, status) = (server.peer, response.status());
        let session = match server.user {
            ServerUser::Invite(session) => Some(session),
            ServerUser::Reinvite(session) | ServerUser::Token(_, Some(session)) if again => Some(session),
            _ => None,
        };
        if again {
            return self.transmit_again(peer, &response, session, Some(status));
        }
        let sent = match session {
            Some(session) => Sent::InviteResponse { session, status },
            None => Sent::Response { status },
        };
        self.output(Output::Transmit { peer, bytes: response.bytes().clone(), sent });
    }

    /// Tells that a request of ours got a response, or none.
    pub(crate) fn report(&mut self, id: super::ClientRequestId, response: Option<&Message>) {
        self.event(Event::Response { id, response: response.cloned() });
    }
}

/// The request, with the body of the one that it repeats.
fn with_body_of(again: RequestBuilder, request: &Message) -> Message {
    match request.header(Name::ContentType).next() {
        Some(content_type) => again.body(content_type, request.body().clone()).build(),
        None => again.build(),
    }
}

/// Timers that a client transaction may leave behind.
const CLIENT_TIMERS: [TimerName; 7] =
    [TimerName::A, TimerName::B, TimerName::D, TimerName::E, TimerName::F, TimerName::K, TimerName::M];
/// Timers that a server transaction may leave behind.
const SERVER_TIMERS: [TimerName; 5] = [TimerName::G, TimerName::H, TimerName::I, TimerName::J, TimerName::L];
