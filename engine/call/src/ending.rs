//! How calls end: what a lost leg means for its call, and the one place where a call is over.

use core::time::Duration;

use clock::{CallId, LegId, RequestId};
use journal_core::outcome::Reached;
use journal_core::{CallEvent, Durability, QueueLeft, Who};

use crate::call::Flow;
use crate::contract::{CommandError, Effect, OfferOutcome, Reply};
use crate::flow::attempt::Dialed;
use crate::ids::RingId;
use crate::leg::Side;
use crate::ring::Purpose;
use crate::shard::{DrainState, Shard, Timer};
use crate::termination::{Reason, Termination};

impl Shard {
    /// A leg is gone (`session_over`) or must go; its call goes on or ends.
    pub(crate) fn leg_lost(&mut self, leg: LegId, why: Termination, session_over: bool) {
        let Some(known) = self.legs.get(&leg) else { return };
        let (call, ring) = (known.call, known.ring);
        let why = if session_over { why } else { self.with_status(why, &[leg]) };
        let onward = self.next_target(leg, &why);
        self.drop_leg(leg, &why, session_over);
        match (ring, onward) {
            (_, Some(onward)) => self.go_on(leg, onward),
            (Some(ring), None) => self.fork_lost(ring, leg, why),
            (None, None) => self.party_lost(call, leg, why),
        }
    }

    fn party_lost(&mut self, call: CallId, leg: LegId, why: Termination) {
        if self.attempt_rings_on(call) {
            return;
        }
        let Some(known) = self.calls.get(&call) else { return };
        if let Some(other) = known.other_party(leg) {
            if self.transferor_left(call, leg) {
                self.set_flow(call, Flow::Dialing { party: other });
                return;
            }
            return self.end_call(call, why);
        }
        match known.flow {
            // Whatever he still hears, he is called back.
            Flow::Farewell { .. } => self.end_call(call, Termination::system(Reason::CalledBack)),
            Flow::Voicemail(voicemail) => self.voicemail_party_lost(call, voicemail, why),
            _ => self.end_call(call, why),
        }
    }

    /// Ends a call: its rings, legs, sounds and recording, and its record. Exactly one `Ended` a call.
    pub(crate) fn end_call(&mut self, call: CallId, why: Termination) {
        let Some(known) = self.calls.get(&call) else { return };
        if matches!(known.flow, Flow::Standing(_)) {
            return self.end_home(call, &why);
        }
        self.attempt_left(call, &why);
        let Some(known) = self.calls.get(&call) else { return };
        let (rings, legs) = (known.rings.clone(), known.legs.clone());
        let machine = known.dialed.as_ref().is_some_and(|dialed| dialed.is_with_machine());
        let why = left_alone(why, known.dialed.as_deref());
        let why = self.with_status(given_up(why, known.answered || known.voicemail_left), &legs);
        self.finish_voicemail(call);
        for ring in rings {
            self.abandon_ring(ring, &why);
        }
        self.end_standing_claims(call, "caller_gone");
        for leg in legs {
            self.let_go(leg, &why);
        }
        self.callback_over(call, &why);
        self.attempt_over(call, &why);
        self.leave_queue_for_good(call, &why);
        self.set_flow(call, Flow::Over);
        let Some(known) = self.calls.get_mut(&call) else { return };
        let reached = Reached { conversation: known.answered, voicemail: known.voicemail_left, machine };
        let (status, outcome) = why.verdict(reached);
        let recorder = known.recorder;
        if let Some(recorder) = recorder {
            self.stop_recorder(recorder, Duration::ZERO);
        }
        self.log(call, CallEvent::Ended { status, outcome, cause: why.cause() });
        let Some(over) = self.calls.remove(&call) else { return };
        if let Some(recording) = recorder.and_then(|recorder| self.recordings.get_mut(&recorder)) {
            recording.next_seq = Some(over.seq + 1);
        }
        let own = [Timer::CallMax, Timer::VoicemailKept, Timer::VoicemailMax, Timer::Typing, Timer::Announced];
        for timer in own.map(|timer| timer(call)) {
            self.timers.cancel(&timer);
        }
    }

    /// Sets what a call does, and lets its parties hear it.
    pub(crate) fn set_flow(&mut self, call: CallId, flow: Flow) {
        self.timers.cancel(&Timer::Menu(call));
        self.timers.cancel(&Timer::Closing(call));
        if let Some(known) = self.calls.get_mut(&call) {
            if !matches!(flow, Flow::Waiting { .. }) && known.comfort.take().is_some() {
                self.timers.cancel(&Timer::Announce(call));
            }
            known.flow = flow;
        }
        self.rewire(call);
    }

    pub(crate) fn call_max_reached(&mut self, call: CallId) {
        self.end_call(call, Termination::system(Reason::CallMax));
    }

    /// From REST: end a call.
    pub(crate) fn hang_up(&mut self, request: RequestId, call: CallId) {
        let known = self.calls.contains_key(&call);
        let why = Termination::system(Reason::Normal);
        if !self.hang_up_attempt(call, why) {
            self.end_call(call, why);
        }
        let result = if known { Ok(Reply::HangingUp(call)) } else { Err(CommandError::UnknownCall) };
        let gate = known.then(|| self.mark(Durability::Synced));
        self.effects.push_back(Effect::Reply { request, result, gate });
    }

    pub(crate) fn start_drain(&mut self) {
        if self.drain == DrainState::Open {
            self.drain = DrainState::Draining;
            self.end_standing_legs();
        }
    }

    pub(crate) fn end_all(&mut self) {
        self.start_drain();
        let calls: Vec<CallId> = self.calls.keys().copied().collect();
        let why = Termination::system(Reason::Shutdown);
        for call in calls {
            if !self.hang_up_attempt(call, why) {
                self.end_call(call, why);
            }
        }
    }

    pub(crate) fn tell_if_drained(&mut self) {
        let nothing_runs = self.calls.is_empty() && self.recordings.is_empty() && self.awaiting.is_empty();
        let is_idle = nothing_runs && self.sessions.is_empty();
        if self.drain == DrainState::Draining && is_idle {
            self.drain = DrainState::Drained;
            self.effects.push_back(Effect::Drained);
        }
    }

    /// The call is over while phones ring for it.
    fn abandon_ring(&mut self, ring: RingId, why: &Termination) {
        let Some(known) = self.rings.get(&ring) else { return };
        let claiming = known.answered.is_some();
        self.mark_late(ring);
        let Some(closed) = self.abort_ring(ring, why) else { return };
        match closed.purpose {
            Purpose::Offer(lease) => {
                let gone = "caller_gone".to_owned();
                let withdrawn = CallEvent::OfferWithdrawn { offer: lease.offer, agent: lease.agent, why: gone };
                self.log(closed.call, withdrawn);
                // A claim under way is answered by the ACD, and then given back.
                if !claiming {
                    self.offer_ended(lease, OfferOutcome::CallerGone);
                }
            }
            Purpose::Transfer { by, .. } => self.notify(by, 487, true),
            _ => {}
        }
    }

    /// The status that a caller without a final response is about to get belongs to the cause.
    fn with_status(&self, why: Termination, legs: &[LegId]) -> Termination {
        let mut legs = legs.iter().filter_map(|leg| self.legs.get(leg));
        let is_refused = legs.any(|leg| leg.side == Side::Server && !leg.is_up());
        let sip = why.sip.or_else(|| is_refused.then(|| why.status_for_caller()));
        Termination { sip, ..why }
    }

    /// A call that ends while it waits leaves its queue; whoever is to be called back can be called from now.
    fn leave_queue_for_good(&mut self, call: CallId, why: &Termination) {
        let Some(known) = self.calls.get(&call) else { return };
        let queue = match known.flow {
            Flow::Waiting { queue, .. } => queue,
            Flow::Farewell { .. } => return self.effects.push_back(Effect::CallerGone { call }),
            // The call of a callback that no agent took.
            Flow::Prepared => {
                if let Some(queue) = known.queue {
                    self.log(call, CallEvent::QueueLeft { queue, how: QueueLeft::Ended });
                }
                return;
            }
            _ => return,
        };
        self.effects.push_back(Effect::CallerGone { call });
        self.log_arrival(call);
        let how = if why.who == Who::System { QueueLeft::Ended } else { QueueLeft::Abandoned };
        self.log(call, CallEvent::QueueLeft { queue, how });
    }
}

/// A hang-up before anyone answered is the caller giving up.
fn given_up(why: Termination, answered: bool) -> Termination {
    match why.reason {
        Reason::Normal if !answered && why.who == Who::Caller => Termination { reason: Reason::Canceled, ..why },
        _ => why,
    }
}

/// Whoever hangs up on the safe harbour: what ended the call is that no agent was there. A failure of ours stays one.
fn left_alone(why: Termination, dialed: Option<&Dialed>) -> Termination {
    let is_ordinary = matches!(why.reason, Reason::Normal | Reason::Canceled | Reason::WaitOver);
    if is_ordinary && dialed.is_some_and(|dialed| dialed.abandoned) {
        return Termination::system(Reason::Abandoned);
    }
    why
}
