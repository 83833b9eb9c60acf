//! Ending what a crash left behind (DESIGN section 6, Restart).

use clock::Instant;

use crate::{
    Message, Method, Name, NameAddr, Reason, RequestBuilder, Text, Uri,
    dialog::Dialog,
    transaction::{Client, ClientMachine, InviteClient},
    ua::{ClientUser, DialogStage, DialogState, Headers, ServerUser, SessionId, TimerKey, Transport, Ua},
};

impl Ua {
    /// The Call-ID of a session.
    #[must_use]
    pub fn sip_call_id(&self, id: SessionId) -> Option<&str> {
        self.sessions.get(&id).map(|session| session.call_id.as_str())
    }

    /// What it takes to end this session after a crash; changes with each stage and each request of ours.
    #[must_use]
    pub fn dialog(&self, id: SessionId) -> Option<DialogState> {
        let session = self.sessions.get(&id)?;
        if session.is_client {
            let client = self.transactions.peek_client(session.invite);
            return session.dialog_state(client.map(|client| &client.request), None);
        }
        let server = self.transactions.peek_server(session.invite);
        session.dialog_state(server.map(|server| &server.request), server.map(|server| server.source))
    }

    /// Ends a session of before a crash: BYE, CANCEL (then ACK and BYE if a 2xx still comes) or a final 503. No
    /// session is made and no event follows; `counts` tells when it is through. Nothing when a part cannot be read.
    pub fn end_restored(&mut self, now: Instant, state: &DialogState, reason: &Reason) {
        self.restored_reason = Some(reason.clone());
        let done = match state.stage {
            DialogStage::ClientConfirmed | DialogStage::ServerConfirmed => self.bye_restored(now, state, reason),
            DialogStage::ClientEarly => self.cancel_restored(now, state, reason),
            DialogStage::ServerEarly => self.refuse_restored(now, state, reason),
        };
        if done.is_none() {
            self.dropped("dialog_unreadable");
        }
    }

    fn bye_restored(&mut self, now: Instant, state: &DialogState, reason: &Reason) -> Option<()> {
        let mut dialog = Dialog {
            call_id: state.call_id.as_str().into(),
            local: NameAddr::parse(&state.local).ok()?,
            remote: NameAddr::parse(&state.remote).ok()?,
            // A request may have gone out after the state was written down.
            local_cseq: state.local_cseq.saturating_add(CSEQ_MARGIN),
            remote_cseq: None,
            target: Uri::parse(&state.target).ok()?,
            routes: state.routes.iter().map(|route| NameAddr::parse(route)).collect::<Result<_, _>>().ok()?,
        };
        self.bye_without_session(now, &mut dialog, state.peer, Some(reason));
        Some(())
    }

    /// The INVITE is made again, without its body, as what CANCEL and ACK are derived from; it is not sent.
    fn cancel_restored(&mut self, now: Instant, state: &DialogState, reason: &Reason) -> Option<()> {
        let invite = self.restored_request(state, vec![self.via(state.peer, &state.branch)])?;
        let timing = self.config.timing;
        let reliable = state.peer.transport == Transport::Tcp;
        let tx = self.transactions.insert_client(Client {
            machine: ClientMachine::Invite(InviteClient::resume(timing, reliable)),
            request: invite,
            peer: state.peer,
            user: ClientUser::Nobody,
            acks: smallvec::SmallVec::new(),
        });
        self.timers.set(TimerKey::Orphan(tx), now + timing.transaction_timeout().saturating_mul(2));
        self.cancel_transaction(now, tx, Some(reason));
        Some(())
    }

    /// The INVITE is made again as far as a response needs it, and refused.
    fn refuse_restored(&mut self, now: Instant, state: &DialogState, reason: &Reason) -> Option<()> {
        let request = self.restored_request(state, state.vias.clone())?;
        let tag: Text = NameAddr::parse(&state.local).ok()?.tag()?.into();
        let tx = self.start_server(now, state.peer, &request, ServerUser::Nobody, tag)?;
        let headers: Headers = vec![("Reason", reason.to_string())];
        let response = self.dialog_response(tx, 503, None, None, &headers)?;
        self.respond_with(now, tx, response);
        Some(())
    }

    fn restored_request(&self, state: &DialogState, vias: Vec<String>) -> Option<Message> {
        let target = Uri::parse(&state.target).ok()?;
        let is_client = state.stage == DialogStage::ClientEarly;
        let (from, to) = if is_client { (&state.local, &state.remote) } else { (&state.remote, &state.local) };
        let mut builder = RequestBuilder::new(&Method::Invite, &target);
        for via in &vias {
            builder = builder.header(Name::Via, via);
        }
        for route in state.routes.iter().filter(|_| is_client) {
            builder = builder.header(Name::Route, route);
        }
        let request = builder
            .header(Name::From, from)
            .header(Name::To, to)
            .header(Name::CallId, &state.call_id)
            .header(Name::CSeq, format_args!("{} INVITE", state.invite_cseq))
            .build();
        request.validate_request().is_ok().then_some(request)
    }
}

/// Requests of ours that a dialog may have seen after its state was written: CSeq may jump, not fall (RFC 3261
/// 12.2.2).
const CSEQ_MARGIN: u32 = 1_000;
