//! Sessions that come to us: INVITE, our responses, ACK, CANCEL (RFC 3261 9.2, 13.3).

use core::time::Duration;

use bytes::Bytes;
use clock::Instant;

use super::{Lifetime, Notifications, OwnReinvite, RELIABLE, Session, Stage, Unacked};
use crate::{
    Message, Name, Reason, Text,
    dialog::Dialog,
    transaction::{Effect, TxId},
    ua::{
        Body, Event, Headers, Peer, RETRY_AFTER_FULL_S, ServerUser, SessionEnd, SessionId, SessionTimer, TimerKey, Ua,
        next_peer, via_differs,
    },
};

impl Ua {
    /// A provisional response above 100 to an INVITE; reliably where that is required (RFC 3262). Nothing once it has a
    /// final one.
    pub fn provisional(&mut self, now: Instant, id: SessionId, status: u16, body: Option<Body>, headers: Headers) {
        let is_reliable = self.sessions.get(&id).is_some_and(|session| session.reliable.is_some());
        match status {
            101..200 if is_reliable => self.provisional_reliably(now, id, status, body, headers),
            101..200 => drop(self.respond_invite(now, id, status, body.as_ref(), &headers)),
            _ => {}
        }
    }

    /// Answers an INVITE with 200, which is repeated until the ACK comes (RFC 3261 13.3.1.4), and waits for the PRACK of
    /// a description that went before (RFC 3262 3). Nothing once it has a final response.
    pub fn accept(&mut self, now: Instant, id: SessionId, body: Body, headers: Headers) {
        if self.defer_accept(id, &body, &headers) {
            return;
        }
        let Some(invite) = self.sessions.get(&id).map(|session| session.invite) else { return };
        let headers = self.with_lifetime(now, id, invite, headers);
        let Some(response) = self.respond_invite(now, id, 200, Some(&body), &headers) else { return };
        let Some(session) = self.sessions.get_mut(&id) else { return };
        session.stage = Stage::Accepted { bye: None };
        let invite = session.invite;
        self.await_ack(now, id, invite, response);
    }

    /// The headers of a 2xx to the request of `tx`, with what it agrees on for the session's lifetime.
    pub(crate) fn with_lifetime(&mut self, now: Instant, id: SessionId, tx: TxId, mut headers: Headers) -> Headers {
        if let Some(request) = self.transactions.peek_server(tx).map(|server| server.request.clone()) {
            headers.extend(self.agree_lifetime(now, id, &request));
        }
        headers
    }

    /// Refuses an INVITE with 300 to 699; `Ended` follows. Nothing once it has a final response.
    pub fn reject(&mut self, now: Instant, id: SessionId, status: u16, headers: Headers) {
        let status = if (300..700).contains(&status) { status } else { 500 };
        if self.respond_invite(now, id, status, None, &headers).is_some() {
            self.end_session(id, SessionEnd::Refused { status });
        }
    }

    /// The session of a response of ours to an INVITE that its sender has not acknowledged.
    #[must_use]
    pub fn unacknowledged(&self, response: &Message) -> Option<SessionId> {
        let to = response.to().ok()?;
        let id = self.local_tags.get(&Text::from(to.tag()?))?;
        let session = self.sessions.get(id).filter(|session| !session.is_client)?;
        matches!(session.stage, Stage::Incoming | Stage::Accepted { .. }).then_some(*id)
    }

    /// Refuses an INVITE in place of a response, even a 2xx, that never left: `Ended` follows.
    pub fn withdraw(&mut self, now: Instant, id: SessionId, status: u16, headers: &Headers) {
        let Some(tx) = self.sessions.get(&id).map(|session| session.invite) else { return };
        let Some(response) = self.dialog_response(tx, status, None, None, headers) else { return };
        let Some(server) = self.transactions.server(tx) else { return };
        let effects = server.machine.on_withdraw();
        if effects.contains(&Effect::Send) {
            server.last = Some(response);
        }
        self.run_server(now, tx, effects);
        self.end_session(id, SessionEnd::Withdrawn { status });
    }

    /// A new INVITE that passed the checks.
    pub(crate) fn on_invite(&mut self, now: Instant, source: Peer, request: Message) {
        if self.sessions.len() >= self.config.limits.sessions {
            self.dropped("sessions_full");
            return self.respond_stateless(source, &request, 503, &[(Name::RetryAfter, RETRY_AFTER_FULL_S)]);
        }
        if let Some(min) = self.interval_refusal(&request) {
            self.dropped("session_interval_small");
            return self.respond_stateless(source, &request, 422, &[(Name::MinSe, &min)]);
        }
        let local_tag: Text = self.new_tag().into();
        let dialog = match Dialog::of_server(&request, &local_tag) {
            Ok(dialog) => dialog,
            Err(fault) => return self.respond_stateless(source, &request, fault.status().0, &[]),
        };
        let id = SessionId(self.mint());
        let Some(tx) = self.start_server(now, source, &request, ServerUser::Invite(id), local_tag.clone()) else {
            return;
        };
        let translated = via_differs(&request, source.addr);
        let session = Session {
            stage: Stage::Incoming,
            is_client: false,
            call_id: dialog.call_id.clone(),
            peer: next_peer(&dialog, source, translated),
            translated,
            local_tag: local_tag.clone(),
            contact_user: request.request_uri().ok().and_then(|uri| uri.user().map(|user| user.into_owned())),
            invite: tx,
            dialog: Some(dialog),
            early: Vec::new(),
            auth: None,
            unacked: None,
            own_reinvite: OwnReinvite::None,
            peer_reinvite: None,
            notifications: Notifications::default(),
            pinging: false,
            lifetime: Lifetime::default(),
            reliable: requires_reliable(&request).then(Box::default),
            late_cancel: false,
            takes_late: false,
            late_bye: None,
        };
        self.sessions.insert(id, Box::new(session));
        self.local_tags.insert(local_tag, id);
        let trying = self.response_builder(&request, source, 100).build();
        self.respond_with(now, tx, trying);
        self.event(Event::Invite { session: id, request, peer: source });
    }

    /// Builds and sends a response to a session's first INVITE while it has no final one.
    pub(super) fn respond_invite(
        &mut self,
        now: Instant,
        id: SessionId,
        status: u16,
        body: Option<&Body>,
        headers: &Headers,
    ) -> Option<Message> {
        let session = self.sessions.get(&id).filter(|session| matches!(session.stage, Stage::Incoming))?;
        let (tx, user) = (session.invite, session.contact_user.clone());
        let response = self.dialog_response(tx, status, user.as_deref(), body, headers)?;
        self.respond_with(now, tx, response.clone());
        Some(response)
    }

    /// Repeats the 2xx of an INVITE from T1 on, doubling up to T2, for 64*T1 (RFC 3261 13.3.1.4).
    pub(crate) fn await_ack(&mut self, now: Instant, id: SessionId, tx: TxId, response: Message) {
        let timing = self.config.timing;
        let Some(peer) = self.transactions.peek_server(tx).map(|server| server.peer) else { return };
        let Some(session) = self.sessions.get_mut(&id) else { return };
        let Ok((cseq, _)) = response.cseq() else { return };
        session.unacked = Some(Unacked { cseq, response, peer, interval: timing.t1 });
        self.timers.set(TimerKey::Session(id, SessionTimer::Retransmit2xx), now + timing.t1);
        self.timers.set(TimerKey::Session(id, SessionTimer::AckOverdue), now + timing.transaction_timeout());
    }

    pub(crate) fn retransmit_2xx(&mut self, now: Instant, id: SessionId) {
        let t2 = self.config.timing.t2;
        let Some(unacked) = self.sessions.get_mut(&id).and_then(|session| session.unacked.as_mut()) else { return };
        unacked.interval = unacked.interval.saturating_mul(2).min(t2);
        let (peer, response, interval) = (unacked.peer, unacked.response.clone(), unacked.interval);
        self.timers.set(TimerKey::Session(id, SessionTimer::Retransmit2xx), now + interval);
        self.transmit_again(peer, &response, Some(id), Some(response.status()));
    }

    /// No ACK within 64*T1: BYE, and the session is over (RFC 3261 13.3.1.4).
    pub(crate) fn on_ack_overdue(&mut self, now: Instant, id: SessionId) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        let bye_wanted = match &mut session.stage {
            Stage::Accepted { bye } => bye.take(),
            Stage::Ending { .. } => return,
            _ => None,
        };
        let (reason, how) = match bye_wanted {
            Some(reason) => (reason, SessionEnd::ByeLocal),
            None => (Some(Reason::sip(408, "No ACK")), SessionEnd::NoAck),
        };
        self.abandon_session(now, id, reason.as_ref(), how);
    }

    /// An ACK that no transaction took: it is for a 2xx of ours.
    pub(crate) fn on_ack_of_2xx(&mut self, now: Instant, request: &Message) {
        let Some(id) = self.session_of(request) else { return };
        let Ok((cseq, _)) = request.cseq() else { return };
        let unacked = self.sessions.get(&id).and_then(|session| session.unacked.as_ref());
        if unacked.is_none_or(|unacked| unacked.cseq != cseq) {
            return;
        }
        self.on_acked(now, id, request.body().clone());
        self.start_waiting_reinvite(now, id);
    }

    /// The peer has our 2xx: what waited for that goes on.
    pub(super) fn on_acked(&mut self, now: Instant, id: SessionId, body: Bytes) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        session.unacked = None;
        let bye_wanted = match &mut session.stage {
            Stage::Accepted { bye } => bye.take(),
            _ => None,
        };
        if matches!(session.stage, Stage::Accepted { .. }) {
            session.stage = Stage::Confirmed;
        }
        self.stop_awaiting_ack(id);
        self.event(Event::Acked { session: id, body });
        if let Some(reason) = bye_wanted {
            self.bye_after_ack(now, id, reason);
        }
    }

    /// A peer who cancelled too late sends BYE himself (RFC 3261 9.1): two that cross help nobody, so ours waits.
    fn bye_after_ack(&mut self, now: Instant, id: SessionId, reason: Option<Reason>) {
        match self.sessions.get_mut(&id) {
            Some(session) if session.late_cancel => {
                session.late_bye = reason;
                self.timers.set(TimerKey::Session(id, SessionTimer::LateBye), now + LATE_BYE_GRACE);
            }
            _ => self.send_bye(now, id, reason.as_ref(), false),
        }
    }

    /// The BYE of the peer who cancelled too late did not come.
    pub(crate) fn on_late_bye(&mut self, now: Instant, id: SessionId) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        let reason = session.late_bye.take();
        self.send_bye(now, id, reason.as_ref(), false);
    }

    pub(crate) fn stop_awaiting_ack(&mut self, id: SessionId) {
        self.timers.cancel(&TimerKey::Session(id, SessionTimer::Retransmit2xx));
        self.timers.cancel(&TimerKey::Session(id, SessionTimer::AckOverdue));
    }

    /// CANCEL (RFC 3261 9.2): 481 without its INVITE, else 200; the INVITE gets 487 if it has no final response.
    pub(crate) fn on_cancel(&mut self, now: Instant, source: Peer, request: &Message) {
        let invite =
            crate::transaction::ServerKey::of_cancelled(request).and_then(|key| self.transactions.server_of(&key));
        let status = if invite.is_some() { 200 } else { 481 };
        let tag = invite.and_then(|tx| self.transactions.peek_server(tx)).map(|server| server.to_tag.clone());
        let tag = tag.unwrap_or_else(|| self.new_tag().into());
        self.answer_at_once(now, source, request, status, tag, &[]);
        let Some(invite) = invite else { return };
        let Some(server) = self.transactions.peek_server(invite).filter(|server| server.status() < 300) else { return };
        let is_open = server.status() < 200;
        match server.user {
            ServerUser::Invite(id) if is_open => self.on_invite_cancelled(now, id, request),
            ServerUser::Invite(id) => self.on_late_cancel(id),
            _ if !is_open => {}
            ServerUser::Reinvite(id) => self.cancel_peer_reinvite(now, id),
            ServerUser::Token(..) | ServerUser::Nobody => {}
        }
    }

    fn on_late_cancel(&mut self, id: SessionId) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        if matches!(session.stage, Stage::Accepted { bye: None }) {
            session.late_cancel = true;
            self.event(Event::CancelledTooLate { session: id });
        }
    }

    fn on_invite_cancelled(&mut self, now: Instant, id: SessionId, cancel: &Message) {
        if self.respond_invite(now, id, 487, None, &canceled()).is_none() {
            return;
        }
        let reason = cancel.header(Name::Reason).next().map(str::to_owned);
        self.event(Event::Cancelled { session: id, reason });
        self.end_session(id, SessionEnd::CancelledByPeer);
    }
}

fn requires_reliable(invite: &Message) -> bool {
    invite.require().is_ok_and(|tags| tags.iter().any(|tag| tag.eq_ignore_ascii_case(RELIABLE)))
}

/// For the ACK of our 2xx and the BYE of a peer who cancelled too late: a retransmission of the BYE or two.
const LATE_BYE_GRACE: Duration = Duration::from_secs(2);

/// Why an INVITE is over that its sender gave up: normal clearing (RFC 3326, RFC 6432).
pub(super) fn canceled() -> Headers {
    vec![("Reason", Reason::q850(16, "canceled").to_string())]
}
