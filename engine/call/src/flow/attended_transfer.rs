//! Attended transfer: REFER with Replaces (RFC 3891, RFC 5589 7). An agent who
//! talks in two calls joins their other parties; the older call goes on, the
//! consultation ends.

use clock::{CallId, LegId};
use journal_core::{CallEvent, LegKind, Who};
use sip::ua::SessionId;
use sip::{Message, NameAddr, Replaces};

use crate::call::Flow;
use crate::contract::Effect;
use crate::leg::Leg;
use crate::shard::Shard;
use crate::termination::{Reason, Termination};

/// Two calls of one agent that are to become one.
#[derive(Clone, Debug)]
pub(crate) struct Join {
    /// The leg that sent the REFER.
    by: LegId,
    /// The older call, and the agent's leg in it.
    stays: (CallId, LegId),
    /// The call that ends, and the agent's leg in it.
    goes: (CallId, LegId),
    /// The target as dialed.
    to: String,
}

impl Shard {
    /// Whether `leg`, which talks, may be joined with the dialog that `replaces` names; else the status for the REFER.
    pub(crate) fn judge_join(&self, leg: &Leg, replaces: &str, to: String) -> Result<Join, u16> {
        let replaces = Replaces::parse(replaces).map_err(|_| 400_u16)?;
        let is_named = |other: &&Leg| other.session.is_some_and(|session| self.is_dialog(session, &replaces));
        let other = self.legs.values().map(Box::as_ref).find(is_named).ok_or(481_u16)?;
        let talks = self.calls.get(&other.call).is_some_and(|call| call.other_party(other.id).is_some());
        let is_his = other.agent == leg.agent && other.call != leg.call;
        if !is_his || !talks || self.transfer_of(other.call).is_some() {
            return Err(603);
        }
        let (one, two) = ((leg.call, leg.id), (other.call, other.id));
        let (stays, goes) = if one < two { (one, two) } else { (two, one) };
        Ok(Join { by: leg.id, stays, goes, to })
    }

    /// The status for an INVITE that wants to take the place of a dialog (RFC 3891 3); none if it does not. Here
    /// calls are joined by REFER alone, so one that names a dialog of ours is declined. It is no new call either.
    pub(crate) fn refuse_replaces(&self, request: &Message) -> Option<u16> {
        let Ok(replaces) = request.replaces() else { return Some(400) };
        let replaces = replaces?;
        let is_named = |leg: &Leg| leg.session.is_some_and(|session| self.is_dialog(session, &replaces));
        Some(if self.legs.values().any(|leg| is_named(leg)) { 603 } else { 481 })
    }

    /// Joins the two calls.
    pub(crate) fn join(&mut self, join: Join) {
        let Join { by, stays: (call, leaves), goes: (consultation, consulting), to } = join;
        let party = |call| self.calls.get(&call);
        let Some(stays) = party(call).and_then(|call| call.other_party(leaves)) else { return };
        let Some(comes) = party(consultation).and_then(|call| call.other_party(consulting)) else { return };
        let agent = self.legs.get(&comes).and_then(|leg| leg.agent);
        self.log(call, CallEvent::TransferStarted { leg: leaves, to: to.clone() });
        self.notify(by, 100, false);
        self.notify(by, 200, true);
        self.log(call, CallEvent::Transferred { leg: leaves, to, agent });
        self.let_go(leaves, &Termination::system(Reason::Transferred));
        self.set_flow(consultation, Flow::Over);
        self.move_leg(comes, call);
        self.end_call(consultation, Termination::new(Who::Agent, Reason::Transferred));
        self.seat(call, stays, comes);
    }

    /// A leg changes its call; its session and media go on.
    fn move_leg(&mut self, leg: LegId, to: CallId) {
        let why = Termination::system(Reason::Transferred);
        let Some(known) = self.legs.get_mut(&leg) else { return };
        let (from, agent, busy, talked) = (known.call, known.agent, known.busy, known.talked);
        let (session, stands) = (known.session, known.home.is_some());
        known.call = to;
        known.kind = LegKind::Transfer;
        known.busy = false;
        self.log(from, CallEvent::LegEnded { leg, cause: why.cause() });
        if let Some(agent) = agent.filter(|_| busy) {
            self.effects.push_back(Effect::AgentFree { agent, call: from, leg, talked });
        }
        if let Some(call) = self.calls.get_mut(&from) {
            call.legs.retain(|known| *known != leg);
        }
        if let Some(call) = self.calls.get_mut(&to) {
            call.legs.push(leg);
        }
        let Some(session) = session else { return };
        let sip_call_id = self.ua.sip_call_id(session).unwrap_or_default().to_owned();
        self.log(to, CallEvent::LegStarted { leg, kind: LegKind::Transfer, sip_call_id, agent });
        self.log_dialog(to, leg, session);
        // Else a restart would end it for the call that it left too. A leg that stands has it under its home.
        if !stands {
            self.dialog_over(from, None, leg);
        }
        self.occupy(leg);
    }

    /// Whether a session's dialog is the one that Replaces names: our tag is its to-tag (RFC 3891 3).
    fn is_dialog(&self, session: SessionId, replaces: &Replaces) -> bool {
        if self.ua.sip_call_id(session) != Some(replaces.call_id.as_str()) {
            return false;
        }
        let Some(dialog) = self.ua.dialog(session) else { return false };
        let tag = |address: &str| NameAddr::parse(address).ok().and_then(|address| address.tag().map(str::to_owned));
        tag(&dialog.local).as_deref() == Some(replaces.to_tag())
            && tag(&dialog.remote).as_deref() == Some(replaces.from_tag())
    }
}
