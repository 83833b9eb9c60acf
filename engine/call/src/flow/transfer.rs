//! Transfer by REFER (RFC 3515). Blind: 202, NOTIFY with a sipfrag, the target
//! rings, and the call goes on without the transferring leg.

use clock::{AgentId, CallId, LegId};
use journal_core::{CallEvent, LegKind};
use sip::ua::{RequestToken, SessionId};
use sip::{Message, Uri};

use crate::call::Flow;
use crate::flow::attended_transfer::Join;
use crate::ids::RingId;
use crate::menu::steer_number;
use crate::plan::{Exit, Target};
use crate::planted::Planted;
use crate::ring::Purpose;
use crate::ringing::{Callee, RingOrder};
use crate::route::{Destination, Dialer, NoRoute};
use crate::shard::Shard;
use crate::termination::{Reason, Termination};

impl Shard {
    /// A party asks us to connect the other one elsewhere.
    pub(crate) fn referred(&mut self, session: SessionId, token: RequestToken, request: &Message) {
        if self.keeps_early_refer(session, token, request) {
            return;
        }
        let order = self.judge_refer(session, request);
        let status = order.as_ref().map_or_else(|status| *status, |_| 202);
        self.ua.respond(self.now.mono, token, status, Vec::new(), None);
        match order {
            Ok(Order::Blind(transfer)) => self.transfer(transfer),
            Ok(Order::Attended(join)) => self.join(join),
            Err(_) => {}
        }
    }

    /// A phone may refer in the same moment in which it answers; until the ACD has said that the call is his, the
    /// REFER waits. One does.
    fn keeps_early_refer(&mut self, session: SessionId, token: RequestToken, request: &Message) -> bool {
        let Some(leg) = self.leg_of(session) else { return false };
        let claims = self.claims.values().any(|claimed| claimed.leg == leg);
        match self.legs.get_mut(&leg) {
            Some(leg) if claims && leg.early_refer.is_none() => {
                leg.early_refer = Some((token, request.clone()));
                true
            }
            _ => false,
        }
    }

    /// The claim is granted: what waited for it is judged.
    pub(crate) fn take_early_refer(&mut self, leg: LegId) {
        let Some(known) = self.legs.get_mut(&leg) else { return };
        if let (Some((token, request)), Some(session)) = (known.early_refer.take(), known.session) {
            self.referred(session, token, &request);
        }
    }

    /// Tells the transferring leg how its target stands; nothing once it hung up.
    pub(crate) fn notify(&mut self, by: LegId, status: u16, terminated: bool) {
        if let Some(session) = self.legs.get(&by).and_then(|leg| leg.session) {
            self.ua.notify_refer(self.now.mono, session, status, None, terminated);
        }
    }

    /// The target answered: it has the call, the transferring leg leaves.
    pub(crate) fn transfer_answered(&mut self, call: CallId, ring: RingId, leg: LegId, by: LegId, to: &str) {
        self.close_ring(ring);
        let agent = self.legs.get(&leg).and_then(|leg| leg.agent);
        if let Some(stays) = self.hand_over(call, by, to, agent) {
            self.seat(call, stays, leg);
        }
    }

    /// Connects the party that stayed with the one that came.
    pub(crate) fn seat(&mut self, call: CallId, stays: LegId, comes: LegId) {
        let is_agent = self.legs.get(&stays).is_some_and(|leg| leg.kind == LegKind::Agent);
        let (customer, agent) = if is_agent { (comes, stays) } else { (stays, comes) };
        self.talk(call, customer, agent);
    }

    /// The target cannot be had: the transferring leg keeps the call, if it is still there.
    pub(crate) fn transfer_failed(&mut self, call: CallId, by: LegId, why: Termination) {
        let status = why.status_for_caller();
        self.log(call, CallEvent::TransferFailed { leg: by, status });
        if self.legs.contains_key(&by) {
            self.notify(by, status, true);
            self.rewire(call);
        } else {
            self.end_call(call, why);
        }
    }

    /// Whether the call goes on when this leg hangs up, because its transfer is under way.
    pub(crate) fn transferor_left(&self, call: CallId, leg: LegId) -> bool {
        self.transfer_of(call) == Some(leg)
    }

    fn judge_refer(&self, session: SessionId, request: &Message) -> Result<Order, u16> {
        let leg = self.leg_of(session).and_then(|leg| self.legs.get(&leg)).ok_or(481_u16)?;
        let agent = leg.agent.ok_or(403_u16)?;
        let refer_to = request.refer_to().ok().flatten().ok_or(400_u16)?;
        let call = self.calls.get(&leg.call).ok_or(481_u16)?;
        call.other_party(leg.id).ok_or(403_u16)?;
        if self.transfer_of(call.id).is_some() {
            return Err(491);
        }
        let to = self.dialed(&refer_to.uri);
        if let Some(replaces) = refer_to.uri.header("Replaces") {
            let to = to.as_deref().map(|to| self.plan.shown(to)).unwrap_or_default();
            return self.judge_join(leg, &replaces, to).map(Order::Attended);
        }
        Ok(Order::Blind(Transfer { call: call.id, by: leg.id, agent, to }))
    }

    fn transfer(&mut self, transfer: Transfer) {
        let Transfer { call, by, agent, to } = transfer;
        let shown = to.as_deref().map(|to| self.plan.shown(to)).unwrap_or_default();
        self.log(call, CallEvent::TransferStarted { leg: by, to: shown.clone() });
        self.notify(by, 100, false);
        let route = to.ok_or(NoRoute::Unknown).and_then(|to| self.plan.route(Dialer::Agent(agent), &to));
        let (destination, number) = match route {
            Ok(route) => (route.destination, route.to),
            Err(NoRoute::Unknown) => {
                return self.transfer_failed(call, by, Termination::refusal(Reason::UnknownNumber));
            }
            Err(NoRoute::Denied) => return self.transfer_failed(call, by, Termination::refusal(Reason::Denied)),
        };
        match destination {
            Destination::Own(Target::Agent(target)) if self.rings_now(&number, target) => {
                let phones = self.phones_of(target);
                self.ring_target(call, by, shown, phones, Reason::Unreachable);
            }
            Destination::Trunk { trunk, number } => {
                let has_room = self.trunk_has_room(trunk);
                let callee = self.over_trunk(trunk, &number).filter(|_| has_room);
                let nobody = if has_room { Reason::TrunkDown } else { Reason::Overload };
                self.ring_target(call, by, shown, callee.into_iter().collect(), nobody);
            }
            Destination::Own(service) => {
                if let Some(stays) = self.hand_over(call, by, &shown, None) {
                    self.enter_number(call, stays, &number, service);
                }
            }
        }
    }

    /// Whether who reaches this agent by a number or extension finds it open.
    fn rings_now(&self, number: &str, agent: AgentId) -> bool {
        let target = Target::Agent(agent);
        steer_number(&self.plan, self.now.wall, number, target).to == Exit::Own(target)
    }

    fn ring_target(&mut self, call: CallId, by: LegId, to: String, callees: Vec<Callee>, empty: Reason) {
        let party = self.calls.get(&call).and_then(|call| call.other_party(by));
        let Some(party) = party.filter(|_| !callees.is_empty()) else {
            return self.transfer_failed(call, by, Termination::refusal(empty));
        };
        let trunk = callees.first().and_then(|callee| callee.trunk);
        let order = RingOrder {
            purpose: Purpose::Transfer { by, to },
            kind: LegKind::Transfer,
            identity: self.identity(call, trunk),
            codecs: self.codecs_for(party),
            limit: self.plan.limits.ring_max,
        };
        self.start_ring(call, order, callees);
    }

    /// The transferring leg leaves the call; the leg that stays.
    fn hand_over(&mut self, call: CallId, by: LegId, to: &str, agent: Option<AgentId>) -> Option<LegId> {
        let stays = match self.calls.get(&call)?.flow {
            Flow::Dialing { party } => party,
            _ => self.calls.get(&call)?.other_party(by)?,
        };
        self.log(call, CallEvent::Transferred { leg: by, to: to.to_owned(), agent });
        self.notify(by, 200, true);
        if self.strikes(Planted::WrapUpSkipped)
            && let Some(leg) = self.legs.get_mut(&by)
        {
            leg.talked = false;
        }
        self.let_go(by, &Termination::system(Reason::Transferred));
        Some(stays)
    }

    /// The leg that is transferring this call.
    pub(crate) fn transfer_of(&self, call: CallId) -> Option<LegId> {
        let rings = self.calls.get(&call)?.rings.iter().filter_map(|ring| self.rings.get(ring));
        rings.into_iter().find_map(|ring| match ring.purpose {
            Purpose::Transfer { by, .. } => Some(by),
            _ => None,
        })
    }

    /// What a URI dials: its user part, if its host is ours.
    pub(crate) fn dialed(&self, uri: &Uri) -> Option<String> {
        let is_own = uri.host().is_none_or(|host| self.plan.is_own_host(&host.to_string()));
        uri.user().filter(|user| is_own && !user.is_empty()).map(|user| user.into_owned())
    }
}

/// What an accepted REFER asks for.
enum Order {
    Blind(Transfer),
    Attended(Join),
}

/// A party to be connected with somebody who has to be called first.
struct Transfer {
    call: CallId,
    by: LegId,
    agent: AgentId,
    /// What was dialed; none for a foreign host.
    to: Option<String>,
}
