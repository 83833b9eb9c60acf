//! How the call of an attempt ends, as the dialer counts it.

use clock::{CallId, LegId};
use dialer::contract::{EndClass, Ending, Fact};
use journal_core::CallEvent;
use sip::ua::SessionId;

use crate::call::Flow;
use crate::leg::{Leg, Stage};
use crate::shard::{Shard, Timer};
use crate::termination::{Reason, Termination};

impl Shard {
    /// It has rung long enough. The phone may be picked up before the network hears of it: until that agrees, whoever
    /// answers is served as anybody, for he is a person whom we called (RFC 3261 9.1).
    pub(crate) fn call_off_attempt(&mut self, call: CallId, why: Termination) {
        let sessions = self.attempt_rings_at(call);
        let Some(dialed) = self.dialed_mut(call).filter(|dialed| dialed.customer.is_none()) else { return };
        if dialed.called_off.is_some() {
            return;
        }
        if sessions.is_empty() {
            return self.end_call(call, why);
        }
        (dialed.cancelled, dialed.called_off) = (true, Some(why));
        for session in sessions {
            self.ua.call_off(self.now.mono, session, Some(why.header()));
        }
    }

    /// Somebody hangs up what rings, or the node goes down: at once, and its agent is free. The phone may be picked up
    /// before the network hears of it all the same; then a person was called for whom nobody is there, and that counts.
    /// False: it rings for nobody any more, or for no attempt.
    pub(crate) fn hang_up_attempt(&mut self, call: CallId, why: Termination) -> bool {
        let Some(dialed) = self.dialed_mut(call).filter(|dialed| dialed.customer.is_none()) else { return false };
        dialed.hung_up = Some(why);
        if let Some(Flow::Dialing { party }) = self.calls.get(&call).map(|call| call.flow.clone()) {
            self.let_go(party, &why);
            self.set_flow(call, Flow::Attempt);
        }
        self.call_off_attempt(call, why);
        true
    }

    /// He answered what was hung up: the safe harbour, unless the node has no time left for it.
    pub(crate) fn answered_nobody(&mut self, call: CallId, leg: LegId, why: Termination) {
        match why.reason {
            Reason::Shutdown => self.end_call(call, why),
            _ => self.abandon_attempt(call, leg),
        }
    }

    /// Whoever answered did so in a codec that we do not speak: a person may have picked up, and nobody was there.
    pub(crate) fn attempt_unheard(&mut self, leg: LegId) {
        let Some(call) = self.legs.get(&leg).filter(|leg| leg.ring.is_some()).map(|leg| leg.call) else { return };
        let Some(dialed) = self.dialed_mut(call).filter(|dialed| dialed.customer.is_none()) else { return };
        (dialed.customer, dialed.called_off, dialed.abandoned) = (Some(leg), None, true);
        let attempt = dialed.order.attempt;
        self.log(call, CallEvent::PickedUp { leg });
        self.report(attempt, Fact::Answered);
        self.report(attempt, Fact::Abandoned);
    }

    /// Why the ringing of a leg was called off, if that is what has ended it.
    pub(crate) fn called_off(&self, leg: &Leg) -> Option<Termination> {
        leg.ring?;
        self.calls.get(&leg.call)?.dialed.as_ref()?.called_off
    }

    /// The sessions in which somebody works on its call; none where the trunk has not said a word.
    fn attempt_rings_at(&self, call: CallId) -> Vec<SessionId> {
        let rings = self.calls.get(&call).map(|call| call.rings.as_slice()).unwrap_or_default();
        let legs = rings.iter().filter_map(|ring| self.rings.get(ring)).flat_map(|ring| &ring.legs);
        let known = legs.filter_map(|leg| self.legs.get(leg)).filter(|leg| leg.stage == Stage::Ringing || leg.tried);
        known.filter_map(|leg| leg.session).collect()
    }

    /// The call is over: the dialer hears of it once.
    pub(crate) fn attempt_over(&mut self, call: CallId, why: &Termination) {
        let Some(dialed) = self.calls.get_mut(&call).and_then(|call| call.dialed.take()) else { return };
        let attempt = dialed.order.attempt;
        self.attempts.remove(&attempt);
        self.timers.cancel(&Timer::Attempt(call));
        // Timer B: the trunk never said a word. A phone that is not there is a 480.
        let is_silence = why.reason == Reason::Unreachable && why.sip == Some(408);
        let why = if is_silence { &Termination::system(Reason::TrunkDown) } else { why };
        let class = match (why.reason, dialed.customer) {
            (Reason::NodeRestart | Reason::ShardRestart, _) => EndClass::Restart,
            (_, Some(_)) => EndClass::HungUp,
            (reason, None) => class_of(reason),
        };
        self.report(attempt, Fact::Ended(Ending { class, ..ending(*why) }));
    }
}

/// No line was taken.
pub(crate) fn not_dialed(reason: Reason) -> Ending {
    Ending { class: EndClass::NotDialed, ..ending(Termination::system(reason)) }
}

fn ending(why: Termination) -> Ending {
    let row = why.reason.row();
    Ending { class: class_of(why.reason), code: row.code.to_owned(), q850: row.q850, sip: why.sip }
}

/// What a reason means for a call that nobody answered.
const fn class_of(reason: Reason) -> EndClass {
    match reason {
        Reason::Busy => EndClass::Busy,
        Reason::NoAnswer | Reason::Rona | Reason::Unreachable => EndClass::NoAnswer,
        Reason::Rejected | Reason::Denied | Reason::NotAcceptable => EndClass::Refused,
        Reason::UnknownNumber => EndClass::Unobtainable,
        Reason::Normal | Reason::Canceled => EndClass::Canceled,
        Reason::Overload | Reason::TrunkDown => EndClass::NotDialed,
        Reason::NodeRestart | Reason::ShardRestart => EndClass::Restart,
        _ => EndClass::Failed,
    }
}
