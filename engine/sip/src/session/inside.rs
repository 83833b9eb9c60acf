//! Requests inside a dialog other than INVITE and BYE (RFC 3261 12.2): OPTIONS, INFO, NOTIFY, and those we refuse.

use clock::Instant;

use super::Stage;
use crate::{
    Message, Method, Name,
    transaction::TxId,
    ua::{ClientUser, Event, Headers, Peer, SUPPORTED, SessionEnd, SessionId, Ua},
};

impl Ua {
    /// Asks by OPTIONS inside the dialog whether the peer is alive; ends in `PingDone`. A peer that does not answer,
    /// or does not know the dialog, is given up: `Ended` with `Gone` follows (RFC 3261 12.2.1.2). Nothing before the
    /// session is confirmed or while another ping runs.
    pub fn ping(&mut self, now: Instant, id: SessionId) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        if session.pinging || !matches!(session.stage, Stage::Confirmed) {
            return;
        }
        session.pinging = true;
        let headers: Headers = vec![("Accept", "application/sdp".to_owned())];
        self.send_inside(now, id, &Method::Options, &headers, None, ClientUser::Ping(id));
    }

    /// Sends INFO with this body (a key pressed: `application/dtmf-relay`); nobody waits for its answer.
    pub fn info(&mut self, now: Instant, id: SessionId, body: &crate::ua::Body) {
        if self.sessions.get(&id).is_some_and(|session| matches!(session.stage, Stage::Confirmed)) {
            self.send_inside(now, id, &Method::Info, &Headers::new(), Some(body), ClientUser::Nobody);
        }
    }

    /// Sends a request inside the session's dialog.
    pub(crate) fn send_inside(
        &mut self,
        now: Instant,
        id: SessionId,
        method: &Method,
        headers: &Headers,
        body: Option<&crate::ua::Body>,
        user: ClientUser,
    ) -> Option<TxId> {
        let session = self.sessions.get_mut(&id)?;
        let (peer, contact_user) = (session.peer, session.contact_user.clone());
        let dialog = session.dialog.as_mut()?;
        let cseq = dialog.next_cseq();
        let dialog = dialog.clone();
        let contact = self.contact(contact_user.as_deref(), peer);
        let builder = self.request_inside(method, &dialog, cseq, peer).header(Name::Contact, contact);
        let bytes = body.map(|body| body.bytes.as_ref()).unwrap_or_default();
        let builder = self.authorize(id, builder, (method, &dialog.addressing().request_uri, bytes));
        let request = self.finish_request(builder, headers, body);
        Some(self.start_client(now, request, peer, user))
    }

    /// The end of a ping.
    pub(crate) fn on_ping_done(&mut self, now: Instant, id: SessionId, tx: TxId, response: Option<&Message>) {
        if response.is_some_and(|response| self.answer_challenge(now, tx, response).is_some()) {
            return;
        }
        let Some(session) = self.sessions.get_mut(&id) else { return };
        session.pinging = false;
        let alive = response.is_some_and(|response| !matches!(response.status(), 408 | 481));
        let is_confirmed = matches!(session.stage, Stage::Confirmed);
        self.event(Event::PingDone { session: id, alive });
        if !alive && is_confirmed {
            self.abandon_session(now, id, None, SessionEnd::Gone);
        }
    }

    /// A request with a To tag of ours that passed the checks.
    pub(crate) fn on_request_inside(&mut self, now: Instant, id: SessionId, source: Peer, request: Message) {
        let Some(method) = request.method().cloned() else { return };
        let Some(session) = self.sessions.get_mut(&id) else { return };
        let tag = session.local_tag.clone();
        let cseq = request.cseq().map_or(0, |(cseq, _)| cseq);
        let remote_tag = request.from().ok().and_then(|from| from.tag().map(str::to_owned));
        let call_id = session.call_id.clone();
        let in_order =
            session.dialog_of(&call_id, remote_tag.as_deref()).is_some_and(|dialog| dialog.accept_cseq(cseq));
        if !in_order {
            // RFC 3261 12.2.2.
            return self.answer_at_once(now, source, &request, 500, tag, &[]);
        }
        let is_ending = matches!(session.stage, Stage::Ending { .. });
        match method {
            Method::Bye => self.on_bye(now, id, source, &request),
            Method::Invite => self.on_reinvite(now, id, source, request),
            _ if is_ending => self.answer_at_once(now, source, &request, 481, tag, &[]),
            Method::Options => self.answer_options(now, source, &request, tag),
            Method::Info => {
                self.answer_at_once(now, source, &request, 200, tag, &[]);
                self.event(Event::Info { session: id, request });
            }
            Method::Prack => self.on_prack(now, id, source, &request),
            Method::Update => self.on_update(now, id, source, request),
            Method::Refer => self.on_refer(now, id, source, request),
            Method::Notify => self.on_notify(now, id, source, request),
            _ => {
                let allow = self.allow();
                self.answer_at_once(now, source, &request, 405, tag, &[(Name::Allow, allow)]);
            }
        }
    }

    /// 200 to OPTIONS with what we understand (RFC 3261 11.2).
    fn answer_options(&mut self, now: Instant, source: Peer, request: &Message, tag: crate::Text) {
        let headers = [(Name::Allow, self.allow()), (Name::Accept, "application/sdp"), (Name::Supported, SUPPORTED)];
        self.answer_at_once(now, source, request, 200, tag, &headers);
    }
}
