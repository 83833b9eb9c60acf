//! Sessions that we start: INVITE, its responses and forks, CANCEL (RFC 3261 9.1, 13.2).

use clock::Instant;

use super::{Lifetime, MAX_EARLY_DIALOGS, Notifications, OwnReinvite, Session, Stage};
use crate::{
    Message, Method, Name, NameAddr, Reason, Text, Uri,
    auth::ClientAuth,
    dialog::Dialog,
    transaction::{SentAck, TimerName, TxId},
    ua::{
        ClientUser, Event, InviteParams, Peer, SessionEnd, SessionId, SessionTimer, TimerKey, Ua, names_other_address,
        next_peer,
    },
};

impl Ua {
    /// Sends an INVITE. What becomes of it comes as events, at last `Ended`: also when an address cannot be read or
    /// a limit is reached (`SessionEnd::Refused` with 400 or 503, nothing was sent).
    pub fn invite(&mut self, now: Instant, params: InviteParams) -> SessionId {
        let id = SessionId(self.mint());
        let status = match self.start_invite(now, id, params) {
            Ok(()) => return id,
            Err(status) => status,
        };
        self.event(Event::Ended { session: id, how: SessionEnd::Refused { status } });
        id
    }

    fn start_invite(&mut self, now: Instant, id: SessionId, params: InviteParams) -> Result<(), u16> {
        let limits = self.config.limits;
        let is_full =
            self.sessions.len() >= limits.sessions || self.transactions.client_count() >= limits.client_transactions;
        if is_full {
            return Err(503);
        }
        let local_tag: Text = self.new_tag().into();
        let local = NameAddr::parse(&params.from).and_then(|from| from.with_tag(&local_tag)).map_err(|_| 400u16)?;
        let remote = NameAddr::parse(&params.to).map_err(|_| 400u16)?;
        let request_uri = Uri::parse(&params.request_uri).map_err(|_| 400u16)?;
        let call_id: Text = params.call_id.unwrap_or_else(|| self.new_call_id()).into();
        let contact_user = local.uri.user().map(|user| user.into_owned());
        let (request, peer) = self.sized(params.peer, params.transport_fixed, |ua, peer| {
            let contact = ua.contact(contact_user.as_deref(), peer);
            let builder = ua.first_request(&Method::Invite, &request_uri, peer);
            let builder = builder.header(Name::From, &local).header(Name::To, &remote);
            let builder = builder.header(Name::CallId, &call_id).header(Name::CSeq, "1 INVITE");
            let builder = ua.describe(builder.header(Name::Contact, contact), None, params.reliable);
            ua.finish_request(builder, &params.headers, params.body.as_ref())
        });
        let session = Session {
            stage: Stage::Calling { cancel: None },
            is_client: true,
            call_id,
            peer,
            translated: names_other_address(&request_uri, peer),
            local_tag: local_tag.clone(),
            contact_user,
            invite: TxId(0),
            dialog: None,
            early: Vec::new(),
            auth: params.auth.map(ClientAuth::new).map(Box::new),
            unacked: None,
            own_reinvite: OwnReinvite::None,
            peer_reinvite: None,
            notifications: Notifications::default(),
            pinging: false,
            lifetime: Lifetime::default(),
            reliable: None,
            takes_late: false,
            late_cancel: false,
            late_bye: None,
        };
        self.sessions.insert(id, Box::new(session));
        self.local_tags.insert(local_tag, id);
        let tx = self.start_client(now, request, peer, ClientUser::Invite(id));
        if let Some(session) = self.sessions.get_mut(&id) {
            session.invite = tx;
        }
        Ok(())
    }

    /// Cancels an unanswered INVITE of ours: at once after a provisional response, else as soon as one comes
    /// (RFC 3261 9.1). Nothing when it was answered. A 2xx that crosses it is ended with BYE.
    pub fn cancel(&mut self, now: Instant, id: SessionId, reason: Option<Reason>) {
        self.begin_cancel(now, id, reason, false);
    }

    /// The same for one who wants whoever answers all the same: a CANCEL does nothing to an INVITE that was answered
    /// (RFC 3261 9.1), so a 2xx that crosses it makes a session like any other.
    pub fn call_off(&mut self, now: Instant, id: SessionId, reason: Option<Reason>) {
        self.begin_cancel(now, id, reason, true);
    }

    fn begin_cancel(&mut self, now: Instant, id: SessionId, reason: Option<Reason>, takes_late: bool) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        session.takes_late = takes_late;
        match &mut session.stage {
            Stage::Calling { cancel } => *cancel = Some(reason),
            Stage::Proceeding => self.send_cancel(now, id, reason.as_ref()),
            _ => {}
        }
    }

    /// Sends an INVITE of ours that nobody has answered no more: its target is given up for another one, and must not
    /// begin to ring when it comes back. A response that is on its way is still dealt with.
    pub fn stop_retransmitting(&mut self, id: SessionId) {
        if let Some(session) = self.sessions.get(&id).filter(|session| matches!(session.stage, Stage::Calling { .. })) {
            let invite = session.invite;
            self.timers.cancel(&TimerKey::Client(invite, TimerName::A));
        }
    }

    fn send_cancel(&mut self, now: Instant, id: SessionId, reason: Option<&Reason>) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        session.stage = Stage::Cancelling;
        let invite = session.invite;
        self.cancel_transaction(now, invite, reason);
        let give_up = now + self.config.timing.transaction_timeout();
        self.timers.set(TimerKey::Session(id, SessionTimer::CancelOverdue), give_up);
    }

    /// Sends the CANCEL of an INVITE (RFC 3261 9.1): same branch, same Route, CSeq number of the INVITE.
    pub(crate) fn cancel_transaction(&mut self, now: Instant, invite: TxId, reason: Option<&Reason>) {
        let Some(client) = self.transactions.peek_client(invite) else { return };
        let (invite, peer) = (client.request.clone(), client.peer);
        let Some(builder) = self.hop_request(&Method::Cancel, &invite, &invite) else { return };
        let builder = match reason {
            Some(reason) => builder.header(Name::Reason, reason),
            None => builder,
        };
        let cancel = builder.header(Name::UserAgent, &self.config.user_agent).build();
        self.start_client(now, cancel, peer, ClientUser::Nobody);
    }

    /// No final response 64*T1 after CANCEL: the INVITE counts as cancelled (RFC 3261 9.1).
    pub(crate) fn on_cancel_overdue(&mut self, id: SessionId) {
        let Some(session) = self.sessions.get(&id) else { return };
        let invite = session.invite;
        self.forget_client(invite);
        self.end_session(id, SessionEnd::TimedOut);
    }

    /// A response to a session's first INVITE.
    pub(crate) fn on_invite_response(&mut self, now: Instant, id: SessionId, tx: TxId, response: &Message) {
        match response.status() {
            0..=199 => self.on_invite_progress(now, id, tx, response),
            200..=299 => self.on_invite_success(now, id, tx, response),
            _ => self.on_invite_failure(now, id, tx, response),
        }
    }

    fn on_invite_progress(&mut self, now: Instant, id: SessionId, tx: TxId, response: &Message) {
        let invite = self.transactions.peek_client(tx).map(|client| client.request.clone());
        let Some(session) = self.sessions.get_mut(&id) else { return };
        if let Stage::Calling { cancel } = &mut session.stage {
            let wanted = cancel.take();
            session.stage = Stage::Proceeding;
            if let Some(reason) = wanted {
                return self.send_cancel(now, id, reason.as_ref());
            }
            if response.status() == 100 {
                return self.event(Event::Trying { session: id });
            }
        }
        let Some(session) = self.sessions.get_mut(&id) else { return };
        if response.status() == 100 || !matches!(session.stage, Stage::Proceeding) {
            return;
        }
        if let Some(invite) = invite {
            note_early_dialog(session, &invite, response);
        }
        if self.take_reliable(now, id, tx, response) {
            self.event(Event::Progress { session: id, response: response.clone() });
        }
    }

    /// The first 2xx makes the dialog; it comes again until our ACK arrives; those of other forks, and one that
    /// crosses our CANCEL and that nobody wants, are ended with BYE (RFC 3261 13.2.2.4).
    fn on_invite_success(&mut self, now: Instant, id: SessionId, tx: TxId, response: &Message) {
        if self.resend_ack(tx, response) {
            return;
        }
        let is_open = self.sessions.get(&id).is_some_and(|session| {
            session.invite == tx
                && matches!(session.stage, Stage::Calling { .. } | Stage::Proceeding | Stage::Cancelling)
        });
        if !is_open {
            let elsewhere = Reason::sip(200, "Call completed elsewhere");
            return self.end_fork(now, tx, response, Some(&elsewhere));
        }
        let dialog = self.transactions.peek_client(tx).and_then(|c| Dialog::of_client(&c.request, response).ok());
        let (Some(mut dialog), Some(session)) = (dialog, self.sessions.get_mut(&id)) else {
            return self.dropped("response_unusable");
        };
        if let Some(early) = session.early.iter().find(|early| early.remote.tag() == dialog.remote.tag()) {
            // PRACKs went before.
            dialog.local_cseq = dialog.local_cseq.max(early.local_cseq);
            dialog.remote_cseq = early.remote_cseq;
        }
        let stage = core::mem::replace(&mut session.stage, Stage::Confirmed);
        let takes_late = session.takes_late;
        session.peer = next_peer(&dialog, session.peer, session.translated);
        session.dialog = Some(dialog.clone());
        session.early.clear();
        let peer = session.peer;
        self.timers.cancel(&TimerKey::Session(id, SessionTimer::CancelOverdue));
        let is_cancelled = matches!(stage, Stage::Cancelling | Stage::Calling { cancel: Some(_) });
        let is_wanted = takes_late || !is_cancelled;
        if is_wanted {
            // Before the ACK: its owner may want to write down first what ends the dialog.
            self.event(Event::Answered { session: id, response: response.clone() });
        }
        self.send_ack(tx, response, &dialog, peer);
        self.learn_lifetime(now, id, response);
        match stage {
            _ if is_wanted => {}
            Stage::Cancelling => self.send_bye(now, id, None, true),
            Stage::Calling { cancel: Some(reason) } => self.send_bye(now, id, reason.as_ref(), true),
            _ => {}
        }
    }

    fn on_invite_failure(&mut self, now: Instant, id: SessionId, tx: TxId, response: &Message) {
        let Some(session) = self.sessions.get(&id) else { return };
        let cancelled = matches!(session.stage, Stage::Cancelling | Stage::Calling { cancel: Some(_) });
        if cancelled {
            return self.end_session(id, SessionEnd::CancelledLocal { crossed: false });
        }
        if let Some(next) = self.answer_refusal(now, tx, response) {
            if let Some(session) = self.sessions.get_mut(&id) {
                session.invite = next;
                session.stage = Stage::Calling { cancel: None };
                session.early.clear();
            }
            return self.event(Event::Reissued { session: id });
        }
        self.end_session(id, SessionEnd::Rejected { response: response.clone() });
    }

    /// Sends the ACK of a 2xx inside `dialog` and remembers it for the next time this 2xx comes. It carries the
    /// credentials of the INVITE (RFC 3261 13.2.2.4, 22.1).
    pub(crate) fn send_ack(&mut self, tx: TxId, response: &Message, dialog: &Dialog, peer: Peer) {
        let Some(client) = self.transactions.peek_client(tx) else { return };
        let (invite, session) = (client.request.clone(), client.user.session());
        let Ok((cseq, _)) = invite.cseq() else { return };
        let builder = self.request_inside(&Method::Ack, dialog, cseq, peer);
        let builder = builder.copy(&invite, Name::Authorization).copy(&invite, Name::ProxyAuthorization);
        let ack = builder.header(Name::UserAgent, &self.config.user_agent).build();
        self.transmit_request(peer, &ack, session);
        if let Some(client) = self.transactions.client(tx)
            && client.acks.len() < MAX_EARLY_DIALOGS
        {
            client.acks.push(SentAck { to_tag: to_tag(response), ack, peer });
        }
    }

    /// True when this 2xx was acknowledged before: the same ACK goes out again.
    pub(crate) fn resend_ack(&mut self, tx: TxId, response: &Message) -> bool {
        let Some(client) = self.transactions.peek_client(tx) else { return false };
        let to_tag = to_tag(response);
        let Some(sent) = client.acks.iter().find(|sent| sent.to_tag == to_tag) else { return false };
        let (ack, peer, session) = (sent.ack.clone(), sent.peer, client.user.session());
        self.transmit_again(peer, &ack, session, None);
        true
    }

    /// A 2xx that nobody waits for: ACK, then BYE (RFC 3261 13.2.2.4). One that came before gets its ACK again.
    pub(crate) fn end_fork(&mut self, now: Instant, tx: TxId, response: &Message, reason: Option<&Reason>) {
        if self.resend_ack(tx, response) {
            return;
        }
        let Some(client) = self.transactions.peek_client(tx) else { return };
        let translated = client.user.session().and_then(|id| self.sessions.get(&id)).is_some_and(|s| s.translated);
        let Ok(mut dialog) = Dialog::of_client(&client.request, response) else { return };
        let peer = next_peer(&dialog, client.peer, translated);
        self.send_ack(tx, response, &dialog, peer);
        self.bye_without_session(now, &mut dialog, peer, reason);
    }
}

pub(super) fn to_tag(response: &Message) -> Text {
    response.to().ok().and_then(|to| to.tag().map(Text::from)).unwrap_or_default()
}

fn note_early_dialog(session: &mut Session, invite: &Message, response: &Message) {
    let Ok(dialog) = Dialog::of_client(invite, response) else { return };
    let has_tag = dialog.remote.tag().is_some();
    let is_known = session.early.iter().any(|known| known.remote.tag() == dialog.remote.tag());
    if has_tag && !is_known && session.early.len() < MAX_EARLY_DIALOGS {
        session.early.push(dialog);
    }
}
