//! REFER inside a session and the NOTIFYs about it (RFC 3515, RFC 6665).

use std::collections::VecDeque;

use bytes::Bytes;
use clock::Instant;

use super::Stage;
use crate::{
    Message, Method, Name,
    transaction::TxId,
    ua::{Body, ClientUser, Event, Headers, Peer, RequestToken, ServerUser, SessionId, Ua, reason_phrase},
};

/// What a session owes and is owed about REFER.
#[derive(Debug, Default)]
pub(crate) struct Notifications {
    /// CSeq of the peer's REFER that we accepted: the id of its subscription (RFC 3515 2.4.6).
    subscription: Option<u32>,
    /// The peer had sent a REFER before: the Event header needs the id.
    is_repeated: bool,
    /// NOTIFYs that wait for the one under way, so that none overtakes another.
    queue: VecDeque<Notification>,
    /// The NOTIFY under way.
    sent: Option<TxId>,
    /// We sent a REFER and may get NOTIFYs.
    subscribed: bool,
}

/// One NOTIFY to send.
#[derive(Debug)]
struct Notification {
    event: String,
    status: u16,
    reason: String,
    terminated: bool,
}

impl Ua {
    /// Asks the peer by REFER to call `refer_to` (a URI or name-addr); ends in `ReferDone`, then `Notify` events.
    /// Nothing before the session is confirmed.
    pub fn refer(&mut self, now: Instant, id: SessionId, refer_to: &str) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        if !matches!(session.stage, Stage::Confirmed) {
            return;
        }
        session.notifications.subscribed = true;
        let referred_by = session.dialog.as_ref().map(|dialog| format!("<{}>", dialog.local.uri)).unwrap_or_default();
        let headers: Headers = vec![("Refer-To", refer_to.to_owned()), ("Referred-By", referred_by)];
        self.send_inside(now, id, &Method::Refer, &headers, None, ClientUser::Refer(id));
    }

    /// Tells the peer how the call it asked for stands: a sipfrag with `status` and its phrase. `terminated` ends
    /// the subscription. Nothing without an accepted REFER.
    pub fn notify_refer(&mut self, now: Instant, id: SessionId, status: u16, reason: Option<&str>, terminated: bool) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        let notifications = &mut session.notifications;
        let Some(cseq) = notifications.subscription else { return };
        let event = if notifications.is_repeated { format!("refer;id={cseq}") } else { "refer".to_owned() };
        if terminated {
            notifications.subscription = None;
        }
        if notifications.queue.len() >= MAX_QUEUED_NOTIFICATIONS {
            notifications.queue.pop_front();
        }
        let reason = reason.unwrap_or_else(|| reason_phrase(status)).to_owned();
        notifications.queue.push_back(Notification { event, status, reason, terminated });
        self.send_next_notification(now, id);
    }

    /// REFER of the peer: the owner answers. Without exactly one Refer-To it is a 400 (RFC 3515 2.4.2).
    pub(crate) fn on_refer(&mut self, now: Instant, id: SessionId, source: Peer, request: Message) {
        let Some(session) = self.sessions.get(&id) else { return };
        let tag = session.local_tag.clone();
        let is_clear = request.header(Name::ReferTo).count() == 1 && request.refer_to().is_ok();
        if !is_clear || !matches!(session.stage, Stage::Confirmed | Stage::Accepted { .. }) {
            let status = if is_clear { 491 } else { 400 };
            return self.answer_at_once(now, source, &request, status, tag, &[]);
        }
        if let Some(token) = self.wait_for_owner(now, source, &request, tag, Some(id)) {
            self.event(Event::Refer { session: id, token, request });
        }
    }

    /// The owner answered a REFER: a 2xx makes the implicit subscription (RFC 3515 2.4.4).
    pub(crate) fn on_refer_answered(&mut self, id: SessionId, refer: &Message, status: u16) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        let Ok((cseq, _)) = refer.cseq() else { return };
        if (200..300).contains(&status) {
            session.notifications.is_repeated |= session.notifications.subscription.is_some();
            session.notifications.subscription = Some(cseq);
        }
    }

    /// NOTIFY of the peer: 200 when we sent a REFER, else 481 (RFC 6665 4.1.3).
    pub(crate) fn on_notify(&mut self, now: Instant, id: SessionId, source: Peer, request: Message) {
        let Some(session) = self.sessions.get(&id) else { return };
        let tag = session.local_tag.clone();
        let is_ours = request.event().ok().flatten().is_some_and(|event| event.package == *"refer");
        if !is_ours || !session.notifications.subscribed {
            let status = if is_ours { 481 } else { 489 };
            return self.answer_at_once(now, source, &request, status, tag, &[]);
        }
        self.answer_at_once(now, source, &request, 200, tag, &[]);
        self.event(Event::Notify { session: id, request });
    }

    /// The final response to our REFER, or none.
    pub(crate) fn on_refer_done(&mut self, now: Instant, id: SessionId, tx: TxId, response: Option<&Message>) {
        if response.is_some_and(|response| self.answer_challenge(now, tx, response).is_some()) {
            return;
        }
        if self.sessions.contains_key(&id) {
            self.event(Event::ReferDone { session: id, response: response.cloned() });
        }
    }

    /// A NOTIFY of ours is through: the next one.
    pub(crate) fn on_notify_done(&mut self, now: Instant, id: SessionId, tx: TxId, response: Option<&Message>) {
        let challenged = response.and_then(|response| self.answer_challenge(now, tx, response));
        let Some(session) = self.sessions.get_mut(&id) else { return };
        session.notifications.sent = challenged;
        if challenged.is_none() {
            self.send_next_notification(now, id);
        }
    }

    /// Before BYE: of the NOTIFYs that wait, the last one goes out at once.
    pub(crate) fn flush_notifications(&mut self, now: Instant, id: SessionId) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        if let Some(last) = session.notifications.queue.pop_back() {
            session.notifications.queue.clear();
            self.send_notification(now, id, &last);
        }
    }

    fn send_next_notification(&mut self, now: Instant, id: SessionId) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        let is_open = matches!(session.stage, Stage::Confirmed | Stage::Accepted { .. });
        if session.notifications.sent.is_some() || !is_open {
            return;
        }
        if let Some(next) = session.notifications.queue.pop_front() {
            self.send_notification(now, id, &next);
        }
    }

    fn send_notification(&mut self, now: Instant, id: SessionId, notification: &Notification) {
        let state = if notification.terminated { "terminated;reason=noresource" } else { "active;expires=60" };
        let headers: Headers = vec![("Event", notification.event.clone()), ("Subscription-State", state.to_owned())];
        let line = format!("SIP/2.0 {} {}\r\n", notification.status, notification.reason);
        let body = Body { content_type: "message/sipfrag;version=2.0", bytes: Bytes::from(line) };
        let sent = self.send_inside(now, id, &Method::Notify, &headers, Some(&body), ClientUser::Notify(id));
        if let Some(session) = self.sessions.get_mut(&id) {
            session.notifications.sent = sent;
        }
    }

    /// Keeps a request until the owner answers it.
    pub(crate) fn wait_for_owner(
        &mut self,
        now: Instant,
        source: Peer,
        request: &Message,
        tag: crate::Text,
        session: Option<SessionId>,
    ) -> Option<RequestToken> {
        let token = RequestToken(self.mint());
        let tx = self.start_server(now, source, request, ServerUser::Token(token, session), tag)?;
        self.hold_token(now, token, tx);
        Some(token)
    }
}

/// NOTIFYs that may wait for one REFER: 100, a few 18x and the final status; of more, the oldest is left out.
const MAX_QUEUED_NOTIFICATIONS: usize = 8;
