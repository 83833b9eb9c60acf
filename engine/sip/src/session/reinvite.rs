//! Changing a session: re-INVITE both ways, and what happens when both meet (RFC 3261 14).

use core::time::Duration;

use bytes::Bytes;
use clock::Instant;

use super::Stage;
use crate::{
    Message, Method, Name,
    dialog::Dialog,
    transaction::TxId,
    ua::{
        Body, ClientUser, Event, Headers, Peer, ServerUser, SessionEnd, SessionId, SessionTimer, TimerKey, Ua,
        next_peer,
    },
};

/// Our side of changing a session.
#[derive(Debug)]
pub(crate) enum OwnReinvite {
    /// Nothing under way.
    None,
    /// Sent; its final response is awaited.
    Sent {
        tx: TxId,
        body: Body,
        /// How often it met the peer's.
        glares: u8,
        /// Asked for meanwhile: sent afterwards.
        next: Option<Body>,
    },
    /// To be sent when no other INVITE of the session is under way, and not before timer `Glare`.
    Waiting { body: Body, glares: u8 },
}

impl Ua {
    /// Sends a re-INVITE with this offer; ends in `ReinviteDone`. While another INVITE of the session is under way
    /// it waits (RFC 3261 14.1); of several that wait, only the newest is sent.
    pub fn reinvite(&mut self, now: Instant, id: SessionId, body: Body) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        if !matches!(session.stage, Stage::Accepted { .. } | Stage::Confirmed) {
            return;
        }
        match &mut session.own_reinvite {
            OwnReinvite::Sent { next, .. } => *next = Some(body),
            OwnReinvite::Waiting { body: waiting, .. } => *waiting = body,
            OwnReinvite::None => {
                session.own_reinvite = OwnReinvite::Waiting { body, glares: 0 };
                self.start_waiting_reinvite(now, id);
            }
        }
    }

    /// Answers the peer's re-INVITE: 200 with our answer, or a refusal. Nothing when none waits.
    pub fn answer_reinvite(&mut self, now: Instant, id: SessionId, status: u16, body: Option<Body>) {
        self.end_peer_reinvite(now, id, status, body, &Headers::new());
    }

    /// Refuses the peer's re-INVITE with headers that say why; the session stays as it was (RFC 3261 14.2).
    pub fn refuse_reinvite(&mut self, now: Instant, id: SessionId, status: u16, headers: &Headers) {
        let status = if status < 300 { 500 } else { status };
        self.end_peer_reinvite(now, id, status, None, headers);
    }

    fn end_peer_reinvite(&mut self, now: Instant, id: SessionId, status: u16, body: Option<Body>, headers: &Headers) {
        let status = if (200..700).contains(&status) { status } else { 500 };
        let Some(session) = self.sessions.get_mut(&id) else { return };
        let user = session.contact_user.clone();
        let Some(tx) = session.peer_reinvite.take() else { return };
        let agreed = if status < 300 { self.with_lifetime(now, id, tx, headers.clone()) } else { headers.clone() };
        let Some(response) = self.dialog_response(tx, status, user.as_deref(), body.as_ref(), &agreed) else {
            return;
        };
        self.respond_with(now, tx, response.clone());
        let is_update = response.cseq().is_ok_and(|(_, method)| method == Method::Update);
        if status < 300 && !is_update {
            self.await_ack(now, id, tx, response);
        } else {
            self.start_waiting_reinvite(now, id);
        }
    }

    /// A re-INVITE of the peer: 491 while ours is under way, 500 while an earlier one of its waits (RFC 3261 14.2).
    pub(crate) fn on_reinvite(&mut self, now: Instant, id: SessionId, source: Peer, request: Message) {
        let retry_s = self.rng.below(11).to_string();
        let small = self.interval_refusal(&request);
        let Some(session) = self.sessions.get_mut(&id) else { return };
        let tag = session.local_tag.clone();
        if let Some(min) = small {
            return self.answer_at_once(now, source, &request, 422, tag, &[(Name::MinSe, &min)]);
        }
        let is_first_unanswered = matches!(session.stage, Stage::Incoming) || session.peer_reinvite.is_some();
        let is_early = session.dialog.is_none() || matches!(session.stage, Stage::Ending { .. });
        if is_early {
            return self.answer_at_once(now, source, &request, 481, tag, &[]);
        }
        if is_first_unanswered {
            return self.answer_at_once(now, source, &request, 500, tag, &[(Name::RetryAfter, &retry_s)]);
        }
        let is_glare = matches!(session.own_reinvite, OwnReinvite::Sent { .. });
        if is_glare {
            return self.answer_at_once(now, source, &request, 491, tag, &[]);
        }
        self.imply_ack(now, id);
        let Some(session) = self.sessions.get_mut(&id) else { return };
        if matches!(session.stage, Stage::Ending { .. }) {
            return self.answer_at_once(now, source, &request, 487, tag, &[]);
        }
        if let Some(dialog) = &mut session.dialog {
            dialog.refresh_target(&request);
            session.peer = next_peer(dialog, source, session.translated);
        }
        let Some(tx) = self.start_server(now, source, &request, ServerUser::Reinvite(id), tag) else { return };
        if let Some(session) = self.sessions.get_mut(&id) {
            session.peer_reinvite = Some(tx);
        }
        let trying = self.response_builder(&request, source, 100).build();
        self.respond_with(now, tx, trying);
        self.event(Event::Reinvite { session: id, request });
    }

    /// The ACK of our 2xx was lost or is late: the peer has the 2xx, or it would not change the session.
    fn imply_ack(&mut self, now: Instant, id: SessionId) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        if session.unacked.is_some() {
            self.on_acked(now, id, Bytes::new());
        }
    }

    /// Answers the peer's re-INVITE with 487: it was cancelled, or the session ends.
    pub(crate) fn cancel_peer_reinvite(&mut self, now: Instant, id: SessionId) {
        self.answer_reinvite(now, id, 487, None);
    }

    /// Sends the re-INVITE that waits, unless something is still in its way.
    pub(crate) fn start_waiting_reinvite(&mut self, now: Instant, id: SessionId) {
        let glare = TimerKey::Session(id, SessionTimer::Glare);
        if self.timers.due(&glare).is_some() {
            return;
        }
        let Some(session) = self.sessions.get_mut(&id) else { return };
        let is_free =
            matches!(session.stage, Stage::Confirmed) && session.peer_reinvite.is_none() && session.unacked.is_none();
        if !is_free || !matches!(session.own_reinvite, OwnReinvite::Waiting { .. }) {
            return;
        }
        let OwnReinvite::Waiting { body, glares } = core::mem::replace(&mut session.own_reinvite, OwnReinvite::None)
        else {
            return;
        };
        self.send_reinvite(now, id, body, glares);
    }

    fn send_reinvite(&mut self, now: Instant, id: SessionId, body: Body, glares: u8) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        let (peer, user) = (session.peer, session.contact_user.clone());
        let Some(dialog) = &mut session.dialog else { return };
        let cseq = dialog.next_cseq();
        let dialog = dialog.clone();
        let contact = self.contact(user.as_deref(), peer);
        let builder = self.request_inside(&Method::Invite, &dialog, cseq, peer);
        let builder = self.describe(builder.header(Name::Contact, contact), Some(id), false);
        let builder = self.authorize(id, builder, (&Method::Invite, &dialog.addressing().request_uri, &body.bytes));
        let request = self.finish_request(builder, &Headers::new(), Some(&body));
        let tx = self.start_client(now, request, peer, ClientUser::Reinvite(id));
        if let Some(session) = self.sessions.get_mut(&id) {
            session.own_reinvite = OwnReinvite::Sent { tx, body, glares, next: None };
        }
    }

    /// A response to our re-INVITE.
    pub(crate) fn on_reinvite_response(&mut self, now: Instant, id: SessionId, tx: TxId, response: &Message) {
        match response.status() {
            0..=199 => {
                // Timer B stops with a provisional response; something has to end a peer that says nothing more.
                let give_up = self.config.timing.transaction_timeout();
                if self.sessions.contains_key(&id) {
                    self.timers.set(TimerKey::Session(id, SessionTimer::ReinviteOverdue), now + give_up);
                }
                // The session may end before; the transaction must not outlive it for ever.
                self.timers.set(TimerKey::Orphan(tx), now + give_up.saturating_mul(2));
            }
            200..=299 => self.on_reinvite_success(now, id, tx, response),
            491 => self.on_glare(now, id, response),
            401 | 407 | 422 => self.on_reinvite_challenged(now, id, tx, response),
            408 | 481 => {
                self.finish_reinvite(id, Some(response));
                self.abandon_session(now, id, None, SessionEnd::Gone);
            }
            _ => {
                self.finish_reinvite(id, Some(response));
                self.start_waiting_reinvite(now, id);
            }
        }
    }

    fn on_reinvite_success(&mut self, now: Instant, id: SessionId, tx: TxId, response: &Message) {
        if self.resend_ack(tx, response) {
            return;
        }
        let Some(session) = self.sessions.get_mut(&id) else { return self.ack_without_session(tx, response) };
        let Some(dialog) = &mut session.dialog else { return };
        dialog.refresh_target(response);
        let dialog = dialog.clone();
        session.peer = next_peer(&dialog, session.peer, session.translated);
        let peer = session.peer;
        self.send_ack(tx, response, &dialog, peer);
        self.learn_lifetime(now, id, response);
        self.finish_reinvite(id, Some(response));
        self.start_waiting_reinvite(now, id);
    }

    /// The session ended before its re-INVITE was answered: the 2xx gets its ACK all the same.
    fn ack_without_session(&mut self, tx: TxId, response: &Message) {
        let Some(client) = self.transactions.peek_client(tx) else { return };
        let (request, peer) = (client.request.clone(), client.peer);
        let Ok(mut dialog) = Dialog::of_client(&request, response) else { return };
        dialog.routes = request.routes().map(|routes| routes.to_vec()).unwrap_or_default();
        self.send_ack(tx, response, &dialog, peer);
    }

    fn on_reinvite_challenged(&mut self, now: Instant, id: SessionId, tx: TxId, response: &Message) {
        match self.answer_refusal(now, tx, response) {
            Some(again) => {
                if let Some(session) = self.sessions.get_mut(&id)
                    && let OwnReinvite::Sent { tx, .. } = &mut session.own_reinvite
                {
                    *tx = again;
                }
            }
            None => {
                self.finish_reinvite(id, Some(response));
                self.start_waiting_reinvite(now, id);
            }
        }
    }

    /// 491: again after 2.1 to 4 s on the side that made the Call-ID, after 0 to 2 s on the other (RFC 3261 14.1).
    fn on_glare(&mut self, now: Instant, id: SessionId, response: &Message) {
        let tenths = |rng: &mut clock::Rng, from_ms: u64, steps: u64| from_ms + 10 * rng.below(steps);
        let Some(session) = self.sessions.get_mut(&id) else { return };
        let OwnReinvite::Sent { body, glares, next, .. } = &mut session.own_reinvite else { return };
        if *glares >= MAX_GLARES {
            return self.finish_reinvite(id, Some(response));
        }
        let body = next.take().unwrap_or_else(|| body.clone());
        session.own_reinvite = OwnReinvite::Waiting { body, glares: *glares + 1 };
        let is_owner = session.is_client;
        self.timers.cancel(&TimerKey::Session(id, SessionTimer::ReinviteOverdue));
        let wait_ms = if is_owner { tenths(&mut self.rng, 2_100, 191) } else { tenths(&mut self.rng, 0, 201) };
        self.timers.set(TimerKey::Session(id, SessionTimer::Glare), now + Duration::from_millis(wait_ms));
    }

    pub(crate) fn on_glare_over(&mut self, now: Instant, id: SessionId) {
        self.start_waiting_reinvite(now, id);
    }

    /// Our re-INVITE got provisional responses, and then nothing for 64*T1.
    pub(crate) fn on_reinvite_overdue(&mut self, now: Instant, id: SessionId) {
        let Some(session) = self.sessions.get(&id) else { return };
        if let OwnReinvite::Sent { tx, .. } = session.own_reinvite {
            self.forget_client(tx);
            self.on_reinvite_failed(now, id);
        }
    }

    /// Time-out or transport failure of our re-INVITE: the dialog is over (RFC 3261 14.1, 12.2.1.2).
    pub(crate) fn on_reinvite_failed(&mut self, now: Instant, id: SessionId) {
        if self.sessions.contains_key(&id) {
            self.finish_reinvite(id, None);
            self.abandon_session(now, id, None, SessionEnd::Gone);
        }
    }

    /// The session ends: an unanswered re-INVITE of ours is no longer waited for. Its transaction still ACKs.
    pub(crate) fn drop_own_reinvite(&mut self, id: SessionId) {
        if let Some(session) = self.sessions.get_mut(&id) {
            session.own_reinvite = OwnReinvite::None;
        }
        self.timers.cancel(&TimerKey::Session(id, SessionTimer::Glare));
    }

    fn finish_reinvite(&mut self, id: SessionId, response: Option<&Message>) {
        self.timers.cancel(&TimerKey::Session(id, SessionTimer::ReinviteOverdue));
        let Some(session) = self.sessions.get_mut(&id) else { return };
        let next = match core::mem::replace(&mut session.own_reinvite, OwnReinvite::None) {
            OwnReinvite::Sent { next, .. } => next,
            other => {
                session.own_reinvite = other;
                return;
            }
        };
        if let Some(body) = next {
            session.own_reinvite = OwnReinvite::Waiting { body, glares: 0 };
        }
        self.event(Event::ReinviteDone { session: id, response: response.cloned() });
    }
}

/// Tries of one re-INVITE that meet the peer's: two well-behaved sides need two; more is a peer that says 491 to
/// everything.
const MAX_GLARES: u8 = 8;
