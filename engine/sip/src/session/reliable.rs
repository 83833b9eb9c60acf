//! Provisional responses that arrive (RFC 3262): ours are repeated until PRACK, those to us acknowledged by it.

use core::time::Duration;
use std::collections::VecDeque;

use clock::Instant;
use smallvec::SmallVec;

use super::{MAX_EARLY_DIALOGS, Session, Stage};
use crate::{
    Message, Method, Name, RAck, Reason, Text,
    dialog::Dialog,
    transaction::TxId,
    ua::{Body, ClientUser, Headers, Peer, SessionEnd, SessionId, SessionTimer, TimerKey, Ua, next_peer},
};

/// What one session knows of reliable provisional responses.
#[derive(Debug, Default)]
pub(crate) struct Reliable {
    /// RSeq of the last one that we sent; 0 before the first.
    rseq: u32,
    unacknowledged: Option<Unacknowledged>,
    /// To be sent when the one before is acknowledged: one at a time (RFC 3262 3).
    waiting: VecDeque<Provisional>,
    /// The 2xx that waits for a PRACK.
    accept: Option<(Body, Headers)>,
    /// Client: the last RSeq of each fork, by its tag.
    received: SmallVec<[(Text, u32); 1]>,
}

#[derive(Debug)]
struct Provisional {
    status: u16,
    body: Option<Body>,
    headers: Headers,
}

#[derive(Debug)]
struct Unacknowledged {
    response: Message,
    interval: Duration,
}

impl Reliable {
    /// A 2xx was decided on and waits.
    pub(crate) fn is_accepted(&self) -> bool {
        self.accept.is_some()
    }

    /// A 2xx must not overtake a description (RFC 3262 3).
    fn holds_2xx(&self) -> bool {
        let sent =
            self.unacknowledged.as_ref().is_some_and(|unacknowledged| !unacknowledged.response.body().is_empty());
        sent || self.waiting.iter().any(|provisional| provisional.body.is_some())
    }
}

// Of our responses.
impl Ua {
    /// Sends a provisional response to an INVITE that requires reliable ones. One to an INVITE without an offer would
    /// have to carry ours (RFC 3262 5): it is not sent, the 2xx has it.
    pub(super) fn provisional_reliably(
        &mut self,
        now: Instant,
        id: SessionId,
        status: u16,
        body: Option<Body>,
        headers: Headers,
    ) {
        let Some(session) = self.sessions.get_mut(&id).filter(|session| matches!(session.stage, Stage::Incoming))
        else {
            return;
        };
        let has_offer = self.transactions.peek_server(session.invite).is_some_and(|tx| !tx.request.body().is_empty());
        let Some(reliable) = session.reliable.as_mut().filter(|reliable| has_offer && !reliable.is_accepted()) else {
            return;
        };
        if reliable.waiting.len() < MAX_WAITING {
            reliable.waiting.push_back(Provisional { status, body, headers });
        }
        self.send_next_reliable(now, id);
    }

    fn send_next_reliable(&mut self, now: Instant, id: SessionId) {
        let first = 1 + self.rng.below(MAX_FIRST_RSEQ);
        let Some(reliable) = self.sessions.get_mut(&id).and_then(|session| session.reliable.as_mut()) else { return };
        let Some(provisional) = reliable.waiting.pop_front_if(|_| reliable.unacknowledged.is_none()) else { return };
        reliable.rseq =
            if reliable.rseq == 0 { u32::try_from(first).unwrap_or(1) } else { reliable.rseq.wrapping_add(1) };
        let Provisional { status, body, mut headers } = provisional;
        headers.push(("Require", RELIABLE.to_owned()));
        headers.push(("RSeq", reliable.rseq.to_string()));
        let Some(response) = self.respond_invite(now, id, status, body.as_ref(), &headers) else { return };
        let timing = self.config.timing;
        if let Some(reliable) = self.sessions.get_mut(&id).and_then(|session| session.reliable.as_mut()) {
            reliable.unacknowledged = Some(Unacknowledged { response, interval: timing.t1 });
        }
        self.timers.set(TimerKey::Session(id, SessionTimer::RetransmitReliable), now + timing.t1);
        self.timers.set(TimerKey::Session(id, SessionTimer::PrackOverdue), now + timing.transaction_timeout());
    }

    /// From T1 on, twice as long each time, for 64*T1 (RFC 3262 3).
    pub(crate) fn retransmit_reliable(&mut self, now: Instant, id: SessionId) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        let Some(unacknowledged) = session.reliable.as_mut().and_then(|reliable| reliable.unacknowledged.as_mut())
        else {
            return;
        };
        unacknowledged.interval = unacknowledged.interval.saturating_mul(2);
        let (response, interval) = (unacknowledged.response.clone(), unacknowledged.interval);
        let Some(peer) = self.transactions.peek_server(session.invite).map(|server| server.peer) else { return };
        self.timers.set(TimerKey::Session(id, SessionTimer::RetransmitReliable), now + interval);
        self.transmit_again(peer, &response, Some(id), Some(response.status()));
    }

    /// No PRACK within 64*T1: the INVITE is refused with a 5xx (RFC 3262 3).
    pub(crate) fn on_prack_overdue(&mut self, now: Instant, id: SessionId) {
        let headers: Headers = vec![("Reason", Reason::sip(504, "No PRACK").to_string())];
        if self.respond_invite(now, id, 504, None, &headers).is_some() {
            self.end_session(id, SessionEnd::NoAck);
        }
    }

    /// PRACK: 200 if it is for the response that waits for it, else 481 (RFC 3262 3).
    pub(crate) fn on_prack(&mut self, now: Instant, id: SessionId, source: Peer, request: &Message) {
        let Some(tag) = self.sessions.get(&id).map(|session| session.local_tag.clone()) else { return };
        let status = match request.rack() {
            Err(_) | Ok(None) => 400,
            Ok(Some(rack)) if !self.acknowledge(id, &rack) => 481,
            // A new offer has to wait until the call is answered.
            Ok(Some(_)) if !request.body().is_empty() => 488,
            Ok(Some(_)) => 200,
        };
        self.answer_at_once(now, source, request, status, tag, &[]);
        if matches!(status, 200 | 488) {
            self.on_provisional_acknowledged(now, id);
        }
    }

    /// True when this is the RAck of the response that waits for it.
    fn acknowledge(&mut self, id: SessionId, rack: &RAck) -> bool {
        let Some(session) = self.sessions.get_mut(&id) else { return false };
        let invite = self.transactions.peek_server(session.invite).and_then(|server| server.request.cseq().ok());
        let Some(reliable) = &mut session.reliable else { return false };
        let is_it = reliable.rseq == rack.rseq && invite == Some((rack.cseq, rack.method.clone()));
        is_it && reliable.unacknowledged.take().is_some()
    }

    fn on_provisional_acknowledged(&mut self, now: Instant, id: SessionId) {
        self.stop_reliable(id);
        self.send_next_reliable(now, id);
        let Some(reliable) = self.sessions.get_mut(&id).and_then(|session| session.reliable.as_mut()) else { return };
        if !reliable.holds_2xx()
            && let Some((body, headers)) = reliable.accept.take()
        {
            self.accept(now, id, body, headers);
        }
    }

    /// Whether a 2xx has to wait for a PRACK; it is kept until that comes.
    pub(super) fn defer_accept(&mut self, id: SessionId, body: &Body, headers: &Headers) -> bool {
        let Some(session) = self.sessions.get_mut(&id).filter(|session| matches!(session.stage, Stage::Incoming))
        else {
            return false;
        };
        let Some(reliable) = &mut session.reliable else { return false };
        // What was only to be told of ringing is out of date.
        reliable.waiting.retain(|provisional| provisional.body.is_some());
        if reliable.holds_2xx() {
            reliable.accept.get_or_insert_with(|| (body.clone(), headers.clone()));
            return true;
        }
        self.stop_reliable(id);
        false
    }

    fn stop_reliable(&mut self, id: SessionId) {
        self.timers.cancel(&TimerKey::Session(id, SessionTimer::RetransmitReliable));
        self.timers.cancel(&TimerKey::Session(id, SessionTimer::PrackOverdue));
    }
}

// Of responses to us.
impl Ua {
    /// Acknowledges a provisional response that wants it. False when it is to be passed over: it came before, or one
    /// before it did not come (RFC 3262 4).
    pub(crate) fn take_reliable(&mut self, now: Instant, id: SessionId, tx: TxId, response: &Message) -> bool {
        let is_reliable =
            response.require().is_ok_and(|tags| tags.iter().any(|tag| tag.eq_ignore_ascii_case(RELIABLE)));
        let Ok(Some(rseq)) = response.rseq() else { return true };
        let Ok((cseq, _)) = response.cseq() else { return true };
        let Some(session) = self.sessions.get_mut(&id).filter(|_| is_reliable) else { return true };
        let tag = super::uac::to_tag(response);
        if !session.is_next(&tag, rseq) {
            return false;
        }
        let Some(sent_to) = self.transactions.peek_client(tx).map(|client| client.peer) else { return true };
        let translated = session.translated;
        let Some(dialog) = session.early.iter_mut().find(|dialog| dialog.remote.tag() == Some(&*tag)) else {
            return true;
        };
        let own_cseq = dialog.next_cseq();
        let dialog: Dialog = dialog.clone();
        let peer = next_peer(&dialog, sent_to, translated);
        let builder = self.request_inside(&Method::Prack, &dialog, own_cseq, peer);
        let builder = builder.header(Name::RAck, format_args!("{rseq} {cseq} INVITE"));
        let builder = self.authorize(id, builder, (&Method::Prack, &dialog.addressing().request_uri, &[]));
        let prack = builder.header(Name::UserAgent, &self.config.user_agent).build();
        self.start_client(now, prack, peer, ClientUser::Prack(id));
        true
    }
}

impl Session {
    /// Whether this is the first, or the next, reliable response of a fork; notes it then.
    fn is_next(&mut self, tag: &Text, rseq: u32) -> bool {
        let received = &mut self.reliable.get_or_insert_default().received;
        let has_room = received.len() < MAX_EARLY_DIALOGS;
        match received.iter_mut().find(|(known, _)| known == tag) {
            Some((_, last)) if last.checked_add(1) == Some(rseq) => *last = rseq,
            Some(_) => return false,
            None if has_room => received.push((tag.clone(), rseq)),
            None => return false,
        }
        true
    }
}

/// The option tag of reliable provisional responses.
pub(crate) const RELIABLE: &str = "100rel";
/// Room for as many to follow as any call has (RFC 3262 3: below 2**31).
const MAX_FIRST_RSEQ: u64 = (1 << 30) - 1;
/// Ringing, progress and their like that wait for a PRACK; more say nothing new.
const MAX_WAITING: usize = 4;
