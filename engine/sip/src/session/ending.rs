//! How sessions end: BYE from either side, and what is left (RFC 3261 15).

use clock::Instant;

use super::{Stage, uas::canceled};
use crate::{
    Message, Method, Name, Reason,
    dialog::Dialog,
    transaction::TxId,
    ua::{ClientUser, Event, Headers, Peer, SessionEnd, SessionId, SessionTimer, TimerKey, Ua},
};

impl Ua {
    /// Ends a session, whatever its state: an unanswered INVITE of ours is cancelled, one of the peer refused with
    /// 480, an answered one ended with BYE (which waits for the ACK of our 2xx: RFC 3261 15). `Ended` follows.
    pub fn bye(&mut self, now: Instant, id: SessionId, reason: Option<Reason>) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        match &mut session.stage {
            Stage::Calling { .. } | Stage::Proceeding => self.cancel(now, id, reason),
            Stage::Incoming => {
                let headers: Headers = reason.iter().map(|reason| ("Reason", reason.to_string())).collect();
                self.reject(now, id, 480, headers);
            }
            Stage::Accepted { bye } => {
                bye.get_or_insert(reason);
            }
            Stage::Confirmed => {
                self.flush_notifications(now, id);
                self.send_bye(now, id, reason.as_ref(), false);
            }
            Stage::Cancelling | Stage::Ending { .. } => {}
        }
    }

    /// Sends BYE; the session ends when it is answered or given up.
    pub(crate) fn send_bye(&mut self, now: Instant, id: SessionId, reason: Option<&Reason>, crossed: bool) {
        self.cancel_peer_reinvite(now, id);
        let Some(session) = self.sessions.get_mut(&id) else { return };
        session.stage = Stage::Ending { crossed };
        session.unacked = None;
        self.stop_awaiting_ack(id);
        self.drop_own_reinvite(id);
        let Some(session) = self.sessions.get_mut(&id) else { return };
        let peer = session.peer;
        let Some(mut dialog) = session.dialog.take() else { return self.end_session(id, SessionEnd::ByeLocal) };
        let bye = self.bye_request(&mut dialog, peer, reason, Some(id));
        if let Some(session) = self.sessions.get_mut(&id) {
            session.dialog = Some(dialog);
        }
        self.start_client(now, bye, peer, ClientUser::Bye(id));
    }

    /// Sends a BYE whose outcome nobody waits for.
    pub(crate) fn bye_without_session(
        &mut self,
        now: Instant,
        dialog: &mut Dialog,
        peer: Peer,
        reason: Option<&Reason>,
    ) {
        let bye = self.bye_request(dialog, peer, reason, None);
        self.start_client(now, bye, peer, ClientUser::Nobody);
    }

    fn bye_request(
        &mut self,
        dialog: &mut Dialog,
        peer: Peer,
        reason: Option<&Reason>,
        session: Option<SessionId>,
    ) -> Message {
        let cseq = dialog.next_cseq();
        let builder = self.request_inside(&Method::Bye, dialog, cseq, peer);
        let builder = match session {
            Some(id) => self.authorize(id, builder, (&Method::Bye, &dialog.addressing().request_uri, &[])),
            None => builder,
        };
        let builder = match reason {
            Some(reason) => builder.header(Name::Reason, reason),
            None => builder,
        };
        builder.header(Name::UserAgent, &self.config.user_agent).build()
    }

    /// The final response to our BYE, or none.
    pub(crate) fn on_bye_done(&mut self, now: Instant, id: SessionId, tx: TxId, response: Option<&Message>) {
        let challenged = response.is_some_and(|response| self.answer_challenge(now, tx, response).is_some());
        let Some(Stage::Ending { crossed }) = self.sessions.get(&id).map(|session| &session.stage) else { return };
        let how = if *crossed { SessionEnd::CancelledLocal { crossed: true } } else { SessionEnd::ByeLocal };
        if !challenged {
            self.end_session(id, how);
        }
    }

    /// BYE of the peer: 200, 487 to what it left unanswered (RFC 3261 15.1.2).
    pub(crate) fn on_bye(&mut self, now: Instant, id: SessionId, source: Peer, request: &Message) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        let tag = session.local_tag.clone();
        let is_early_fork = session.is_client && session.dialog.is_none();
        let is_ending = matches!(session.stage, Stage::Ending { .. });
        let is_incoming = matches!(session.stage, Stage::Incoming);
        if is_early_fork {
            let remote_tag = request.from().ok().and_then(|from| from.tag().map(str::to_owned));
            session.early.retain(|dialog| dialog.remote.tag() != remote_tag.as_deref());
        }
        self.answer_at_once(now, source, request, 200, tag, &[]);
        if is_early_fork || is_ending {
            return;
        }
        if is_incoming {
            self.respond_invite(now, id, 487, None, &canceled());
        }
        self.cancel_peer_reinvite(now, id);
        let reason = request.header(Name::Reason).next().map(str::to_owned);
        self.end_session(id, SessionEnd::ByePeer { reason });
    }

    /// The peer does not know the dialog, or does not answer in it: it is over here too (RFC 3261 12.2.1.2). A BYE
    /// goes out in case the peer is there after all.
    pub(crate) fn abandon_session(&mut self, now: Instant, id: SessionId, reason: Option<&Reason>, how: SessionEnd) {
        self.cancel_peer_reinvite(now, id);
        let Some(session) = self.sessions.get_mut(&id) else { return };
        let peer = session.peer;
        if let Some(mut dialog) = session.dialog.take() {
            self.bye_without_session(now, &mut dialog, peer, reason);
        }
        self.end_session(id, how);
    }

    /// Forgets a session and tells so.
    pub(crate) fn end_session(&mut self, id: SessionId, how: SessionEnd) {
        let Some(session) = self.sessions.remove(&id) else { return };
        self.local_tags.remove(&session.local_tag);
        for timer in SessionTimer::ALL {
            self.timers.cancel(&TimerKey::Session(id, timer));
        }
        self.event(Event::Ended { session: id, how });
    }
}
