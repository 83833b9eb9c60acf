//! What the user agent says: messages to send, and events of sessions.

use journal_core::{Mark, Who};
use sip::Message;
use sip::ua::{Event, Output, Sent, SessionEnd, SessionId};

use crate::contract::Effect;
use crate::leg::Stage;
use crate::legs::RETRY_AFTER_S;
use crate::shard::Shard;
use crate::termination::{Reason, Termination};

impl Shard {
    pub(crate) fn on_sip(&mut self, output: Output) {
        match output {
            Output::Transmit { peer, bytes, sent } => {
                let gate = self.gate_of(&sent);
                let again = matches!(sent, Sent::Retransmission { .. });
                self.effects.push_back(Effect::Transmit { peer, bytes, gate, again });
            }
            Output::Event(event) => self.on_sip_event(event),
        }
    }

    /// The first response above 100 of an INVITE that made a call, and each 2xx,
    /// wait for all entries so far (DESIGN section 6); later ones for what the
    /// former waited for, so that they do not overtake it. The ACK of a 2xx waits for the entry that lets a restart end
    /// the dialog with BYE, and what follows in it does not overtake the ACK.
    fn gate_of(&mut self, sent: &Sent) -> Option<Mark> {
        let journaled = self.journaled;
        match *sent {
            Sent::InviteResponse { session, status } if status > 100 => {
                let gate = self.sessions.get_mut(&session)?.gate.as_mut()?;
                if *gate == 0 || (200..300).contains(&status) {
                    *gate = journaled;
                }
                let gate = *gate;
                self.written(gate)
            }
            Sent::Retransmission { session: Some(session), status: Some(101..) } => {
                let gate = self.sessions.get(&session)?.gate?;
                self.written(gate)
            }
            Sent::Request { session: Some(session) } => {
                let used = self.sessions.get(&session)?;
                used.farewell.or_else(|| self.written(used.confirmed?))
            }
            _ => None,
        }
    }

    fn on_sip_event(&mut self, event: Event) {
        match event {
            Event::Invite { session, request, peer } => self.invited(session, &request, peer),
            Event::Cancelled { session, .. } => self.canceled(session),
            Event::CancelledTooLate { session } => self.canceled_too_late(session),
            Event::Acked { session, body } => self.acked(session, &body),
            Event::Reissued { session } => self.reissued(session),
            Event::Trying { session } => self.target_tries(session),
            Event::Progress { session, response } => self.progress(session, &response),
            Event::Answered { session, response } => self.answered(session, &response),
            Event::Reinvite { session, request } => self.reinvited(session, &request),
            Event::Refer { session, token, request } => self.referred(session, token, &request),
            Event::Info { session, request } => self.info(session, &request),
            Event::PingDone { session, alive } => self.ping_done(session, alive),
            Event::Ended { session, how } => self.session_over(session, &how),
            Event::Request { token, request, peer } => self.requested(token, &request, peer),
            Event::Stateless { request, peer } => self.challenge(&request, peer),
            Event::RefreshDue { session } => self.refresh(session),
            Event::ReinviteDone { session, response } => self.refreshed(session, response.as_ref()),
            // We send no REFER and no request outside sessions.
            Event::ReferDone { .. } | Event::Notify { .. } | Event::Response { .. } => {}
            Event::Dropped { reason } => self.dropped(reason),
        }
    }

    fn canceled(&mut self, session: SessionId) {
        let Some(leg) = self.leg_of(session) else { return };
        let by_caller = Termination { who: Who::Caller, reason: Reason::Canceled, sip: Some(487) };
        self.leg_lost(leg, by_caller, true);
    }

    /// The CANCEL crossed our 200. Where nobody has answered the caller he is gone, though
    /// his ACK and BYE are still to come, or never do: no agent rings for him meanwhile.
    fn canceled_too_late(&mut self, session: SessionId) {
        let Some(leg) = self.leg_of(session) else { return };
        let call = self.legs.get(&leg).and_then(|leg| self.calls.get(&leg.call));
        if call.is_some_and(|call| !call.answered) {
            self.leg_lost(leg, Termination::new(Who::Caller, Reason::Canceled), false);
        }
    }

    fn ping_done(&mut self, session: SessionId, alive: bool) {
        let Some(leg) = self.leg_of(session).and_then(|leg| self.legs.get(&leg)) else { return };
        if !alive {
            let gone = Termination::new(leg.who(), Reason::PeerGone);
            self.leg_lost(leg.id, gone, false);
        }
    }

    /// What ends the INVITE after a crash has changed.
    fn reissued(&mut self, session: SessionId) {
        let Some(leg) = self.leg_of(session).and_then(|leg| self.legs.get(&leg)) else { return };
        let (call, leg) = (leg.call, leg.id);
        self.log_dialog(call, leg, session);
        self.await_target(leg);
    }

    /// DTMF by INFO (`application/dtmf-relay`): `Signal=#`.
    fn info(&mut self, session: SessionId, request: &Message) {
        let Some(leg) = self.leg_of(session) else { return };
        let Ok(body) = core::str::from_utf8(request.body()) else { return };
        let signal = body.lines().find_map(|line| line.trim().strip_prefix("Signal="));
        if let Some(digit) = signal.and_then(|value| value.trim().chars().next()) {
            self.digit(leg, digit);
        }
    }

    /// What we said to an INVITE never left, as the journal fails: its sender gets a final answer at once.
    pub(crate) fn response_refused(&mut self, response: &Message) {
        let Some(session) = self.ua.unacknowledged(response) else { return self.dropped("journal_failing") };
        let Some(used) = self.sessions.get_mut(&session) else { return };
        // The refusal promises nothing.
        used.gate = None;
        let why = Termination::new(Who::System, Reason::Overload);
        let headers = vec![("Reason", why.header().to_string()), ("Retry-After", RETRY_AFTER_S.to_string())];
        self.ua.withdraw(self.now.mono, session, why.reason.row().sip, &headers);
    }

    /// Nothing of the session remains in the user agent.
    fn session_over(&mut self, session: SessionId, how: &SessionEnd) {
        let Some(used) = self.sessions.remove(&session) else { return };
        if let Some(sip_call_id) = used.sip_call_id {
            self.effects.push_back(Effect::CallIdOwned { sip_call_id, owned: false });
        }
        if let (Some(late), SessionEnd::CancelledLocal { crossed: true }) = (used.late, how) {
            self.too_late(late);
        }
        let Some(leg) = used.leg.and_then(|leg| self.legs.get(&leg)) else { return };
        let who = leg.who();
        let new = |reason| Termination::new(who, reason);
        let why = match how {
            SessionEnd::ByePeer { .. } | SessionEnd::ByeLocal => new(Reason::Normal),
            SessionEnd::CancelledByPeer | SessionEnd::CancelledLocal { .. } => new(Reason::Canceled),
            SessionEnd::Withdrawn { status } => {
                Termination { who: Who::System, reason: Reason::Overload, sip: Some(*status) }
            }
            SessionEnd::Refused { status } => Termination::of_response(Who::System, *status),
            SessionEnd::Rejected { response } => Termination::of_response(who, response.status()),
            SessionEnd::TimedOut if leg.stage == Stage::Ringing => new(Reason::NoAnswer),
            SessionEnd::TimedOut => Termination { who, reason: Reason::Unreachable, sip: Some(408) },
            SessionEnd::NoAck => new(Reason::NoAck),
            SessionEnd::TransportFailed => new(Reason::Transport),
            SessionEnd::Gone => new(Reason::PeerGone),
        };
        let why = self.called_off(leg).unwrap_or(why);
        self.leg_lost(leg.id, why, true);
    }
}
