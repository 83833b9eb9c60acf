//! Requests outside INVITE sessions, both ways.

use clock::Instant;

use super::{
    Body, ClientRequestId, ClientUser, Event, Headers, Peer, RequestParams, RequestToken, ServerUser, TimerKey, Ua,
};
use crate::{Message, Method, Name, NameAddr, Text, Uri, auth::ClientAuth, transaction::TxId};

impl Ua {
    /// Answers a request that came as `Event::Request` or `Event::Refer`: 100 to 699. After a final answer the token
    /// is void, and so it is when 64*T1 passed without one.
    pub fn respond(&mut self, now: Instant, token: RequestToken, status: u16, headers: Headers, body: Option<Body>) {
        let status = if (100..700).contains(&status) { status } else { 500 };
        let Some(tx) = self.waiting.get(&token).copied() else { return };
        let Some(server) = self.transactions.peek_server(tx) else { return };
        let (request, user) = (server.request.clone(), server.user);
        let mut builder = self.response_builder(&request, server.source, status);
        if status > 100 {
            builder = builder.to_tag(&server.to_tag);
        }
        if let ServerUser::Token(_, Some(session)) = user
            && status < 300
        {
            // REFER is a target refresh: its 2xx names our Contact (RFC 3515 2.2).
            let contact_user = self.sessions.get(&session).and_then(|session| session.contact_user.clone());
            builder =
                builder.record_routes().header(Name::Contact, self.contact(contact_user.as_deref(), server.source));
        }
        for (name, value) in &headers {
            builder = builder.header(*name, value);
        }
        let response = match body {
            Some(body) => builder.body(body.content_type, body.bytes).build(),
            None => builder.build(),
        };
        if status >= 200 {
            self.waiting.remove(&token);
            self.timers.cancel(&TimerKey::Token(token));
            if let ServerUser::Token(_, Some(session)) = user {
                self.on_refer_answered(session, &request, status);
            }
        }
        self.respond_with(now, tx, response);
    }

    /// Answers what came as `Event::Stateless`: its retransmission comes as another and is answered the same.
    pub fn answer_stateless(&mut self, peer: Peer, request: &Message, status: u16, headers: &Headers) {
        let named = headers.iter().filter_map(|(name, value)| Some((Name::parse(name)?, value.as_str())));
        let named: Vec<(Name, &str)> = named.collect();
        self.respond_stateless(peer, request, status, &named);
    }

    /// Drops a request that waits for `respond`: it gets no answer.
    pub fn forget(&mut self, token: RequestToken) {
        if let Some(tx) = self.waiting.remove(&token) {
            self.forget_server(tx);
        }
    }

    /// Sends a request outside any session. Its responses come as `Event::Response`; one with `None` also when an
    /// address cannot be read, the method is INVITE, ACK or CANCEL, or a limit is reached.
    pub fn request(&mut self, now: Instant, params: RequestParams) -> ClientRequestId {
        let id = ClientRequestId(self.mint());
        if self.start_request(now, id, params).is_none() {
            self.request_auth.remove(&id);
            self.report(id, None);
        }
        id
    }

    fn start_request(&mut self, now: Instant, id: ClientRequestId, params: RequestParams) -> Option<TxId> {
        let is_session = matches!(params.method, Method::Invite | Method::Ack | Method::Cancel);
        if is_session || self.transactions.client_count() >= self.config.limits.client_transactions {
            return None;
        }
        let tag = self.new_tag();
        let from = NameAddr::parse(&params.from).and_then(|from| from.with_tag(&tag)).ok()?;
        let to = NameAddr::parse(&params.to).ok()?;
        let uri = Uri::parse(&params.request_uri).ok()?;
        let call_id = params.call_id.unwrap_or_else(|| self.new_call_id());
        let (method, cseq) = (params.method, params.cseq.unwrap_or(1));
        let (request, peer) = self.sized(params.peer, params.transport_fixed, |ua, peer| {
            let builder = ua.first_request(&method, &uri, peer);
            let builder = builder.header(Name::From, &from).header(Name::To, &to);
            let builder = builder.header(Name::CallId, &call_id);
            let builder = builder.header(Name::CSeq, format_args!("{cseq} {method}"));
            ua.finish_request(builder, &params.headers, params.body.as_ref())
        });
        if let Some(auth) = params.auth {
            self.request_auth.insert(id, ClientAuth::new(auth));
        }
        Some(self.start_client(now, request, peer, ClientUser::Request(id)))
    }

    pub(crate) fn on_request_response(&mut self, now: Instant, id: ClientRequestId, tx: TxId, response: &Message) {
        if self.answer_challenge(now, tx, response).is_some() {
            return;
        }
        if response.status() >= 200 {
            self.request_auth.remove(&id);
        }
        self.report(id, Some(response));
    }

    pub(crate) fn on_request_unanswered(&mut self, id: ClientRequestId) {
        self.request_auth.remove(&id);
        self.report(id, None);
    }

    /// A request outside sessions that passed the checks: the owner answers.
    pub(crate) fn on_other_request(&mut self, now: Instant, source: Peer, request: Message) {
        let tag: Text = self.new_tag().into();
        if let Some(token) = self.wait_for_owner(now, source, &request, tag, None) {
            self.event(Event::Request { token, request, peer: source });
        }
    }

    pub(crate) fn hold_token(&mut self, now: Instant, token: RequestToken, tx: TxId) {
        self.waiting.insert(token, tx);
        let overdue = now + self.config.timing.transaction_timeout();
        self.timers.set(TimerKey::Token(token), overdue);
    }

    /// The owner said nothing for as long as any client waits: the transaction is dropped.
    pub(crate) fn on_response_overdue(&mut self, token: RequestToken) {
        if let Some(tx) = self.waiting.remove(&token) {
            self.dropped("request_unanswered");
            self.forget_server(tx);
        }
    }
}
