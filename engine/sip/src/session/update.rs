//! UPDATE (RFC 3311): a change or a refresh of a session outside INVITE transactions.

use clock::Instant;

use super::{OwnReinvite, Stage};
use crate::{
    Message, Name,
    ua::{Event, Headers, Peer, ServerUser, SessionId, Ua, next_peer},
};

impl Ua {
    /// An UPDATE of the peer. Without an offer it is answered at once: it refreshes target and lifetime. With one, it
    /// is the owner's as a re-INVITE is, unless another offer is in the way (RFC 3311 5.2).
    pub(crate) fn on_update(&mut self, now: Instant, id: SessionId, source: Peer, request: Message) {
        let retry_s = self.rng.below(11).to_string();
        let small = self.interval_refusal(&request);
        let Some(session) = self.sessions.get_mut(&id) else { return };
        let tag = session.local_tag.clone();
        if let Some(min) = small {
            return self.answer_at_once(now, source, &request, 422, tag, &[(Name::MinSe, &min)]);
        }
        let has_offer = !request.body().is_empty();
        // To the offer of our INVITE or re-INVITE, or, for all we know, of a 2xx whose ACK has not come.
        let awaits_answer = (session.is_client && session.dialog.is_none())
            || matches!(session.own_reinvite, OwnReinvite::Sent { .. })
            || session.unacked.is_some();
        let is_early = session.dialog.is_none() || matches!(session.stage, Stage::Incoming);
        let owes_answer = matches!(session.stage, Stage::Incoming) || session.peer_reinvite.is_some();
        if has_offer && owes_answer {
            return self.answer_at_once(now, source, &request, 500, tag, &[(Name::RetryAfter, &retry_s)]);
        }
        if has_offer && awaits_answer {
            return self.answer_at_once(now, source, &request, 491, tag, &[]);
        }
        if let Some(dialog) = &mut session.dialog {
            dialog.refresh_target(&request);
            session.peer = next_peer(dialog, source, session.translated);
        }
        let Some(tx) = self.start_server(now, source, &request, ServerUser::Reinvite(id), tag) else { return };
        if has_offer {
            if let Some(session) = self.sessions.get_mut(&id) {
                session.peer_reinvite = Some(tx);
            }
            return self.event(Event::Reinvite { session: id, request });
        }
        let user = self.sessions.get(&id).and_then(|session| session.contact_user.clone());
        // The lifetime begins with the 2xx of the INVITE (RFC 4028 10).
        let headers = if is_early { Headers::new() } else { self.with_lifetime(now, id, tx, Headers::new()) };
        if let Some(response) = self.dialog_response(tx, 200, user.as_deref(), None, &headers) {
            self.respond_with(now, tx, response);
        }
    }
}
