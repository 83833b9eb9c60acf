//! A new INVITE: who calls, may he, and where to (DESIGN section 7).

use clock::{AgentId, CallId, TrunkId};
use journal_core::outcome::Reached;
use journal_core::{CallEvent, Direction, LegKind};
use sip::Message;
use sip::ua::{Headers, Peer, SessionId, Ua};

use crate::call::{Call, Flow};
use crate::identity::wants_privacy;
use crate::leg::{Leg, Side};
use crate::legs::RETRY_AFTER_S;
use crate::plan::Target;
use crate::route::{Destination, Dialer, NoRoute, Route};
use crate::shard::{SessionUse, Shard};
use crate::termination::{Reason, Termination};

/// An INVITE that passed authentication and limits: from here on it makes a record.
struct Arrival<'a> {
    session: SessionId,
    request: &'a Message,
    dialer: Dialer,
    /// The number or extension that calls, and whether it is a number.
    from: (String, bool),
    /// What was dialed; none for a foreign host or no user part.
    dialed: Option<String>,
}

/// Why an INVITE is refused.
enum Refused {
    /// By metrics only: 403, 503.
    Quietly(u16, &'static str),
    /// With a failed record.
    Recorded(Termination, Headers),
}

impl Shard {
    /// A new INVITE outside any dialog.
    pub(crate) fn invited(&mut self, session: SessionId, request: &Message, peer: Peer) {
        self.sessions.insert(session, SessionUse::default());
        if let Err(word) = self.has_capacity() {
            return self.refuse_quietly(session, 503, word);
        }
        let dialer = match self.identify(request, peer) {
            Ok(dialer) => dialer,
            Err(challenges) => return self.ua.reject(self.now.mono, session, 401, challenges),
        };
        if let Dialer::Trunk(trunk) = dialer
            && !self.admit(trunk)
        {
            return self.refuse_quietly(session, 503, "trunk_limit");
        }
        if let Some(status) = self.refuse_replaces(request) {
            return self.refuse_quietly(session, status, "replaces");
        }
        let dialed = match self.trunk_by_contact(request) {
            // Sent to the Contact that we registered: the number called stands in To.
            Some(_) => request.to().ok().and_then(|to| to.uri.user().map(|user| user.into_owned())),
            None => request.request_uri().ok().and_then(|uri| self.dialed(&uri)),
        };
        let arrival = Arrival { session, request, dialer, from: self.caller_of(dialer, request), dialed };
        match self.find_way(&arrival).and_then(|route| self.check_offer(&arrival).map(|leg| (route, leg))) {
            Ok((route, leg)) if route.destination == Destination::Own(Target::StandingLeg) => {
                self.begin_standing_leg(&arrival, leg);
            }
            Ok((route, leg)) => self.begin_call(&arrival, route, leg),
            Err(Refused::Quietly(status, word)) => self.refuse_quietly(session, status, word),
            Err(Refused::Recorded(why, headers)) => self.refuse_with_record(&arrival, why, headers),
        }
    }

    /// The ports of a caller are open: his call goes where it was routed.
    pub(crate) fn arrived(&mut self, call: CallId, leg: clock::LegId) {
        let route = match self.calls.get(&call).map(|call| call.flow.clone()) {
            Some(Flow::Arriving { route }) => route,
            Some(Flow::Standing(_)) => return self.standing_leg_arrived(call, leg),
            _ => return,
        };
        match route.destination {
            Destination::Own(target) => self.enter_number(call, leg, &route.to, target),
            destination => self.connect_to(call, leg, &destination),
        }
    }

    /// Whether one more call may leave over the trunk.
    pub(crate) fn trunk_has_room(&mut self, trunk: TrunkId) -> bool {
        let plan = self.plan.clone();
        plan.trunks.get(&trunk).is_some_and(|plan| self.limits.has_room(trunk, plan))
    }

    fn admit(&mut self, trunk: TrunkId) -> bool {
        let plan = self.plan.clone();
        plan.trunks.get(&trunk).is_some_and(|plan| self.limits.admit(trunk, plan, self.now.mono))
    }

    fn find_way(&mut self, arrival: &Arrival<'_>) -> Result<Route, Refused> {
        let recorded = |reason| Refused::Recorded(Termination::refusal(reason), Headers::new());
        let dialed = arrival.dialed.as_deref().ok_or_else(|| recorded(Reason::UnknownNumber))?;
        let route = self.plan.route(arrival.dialer, dialed).map_err(|refused| match refused {
            NoRoute::Unknown => recorded(Reason::UnknownNumber),
            NoRoute::Denied => Refused::Quietly(403, "denied"),
        })?;
        match &route.destination {
            Destination::Own(Target::Agent(agent)) if self.phones_of(*agent).is_empty() => {
                Err(recorded(Reason::Unreachable))
            }
            Destination::Own(Target::StandingLeg) if !self.may_stand(arrival.dialer) => {
                Err(Refused::Quietly(486, "standing_leg"))
            }
            _ if route.is_emergency => Ok(route),
            Destination::Trunk { trunk, .. } if !self.trunk_has_room(*trunk) => {
                Err(Refused::Quietly(503, "trunk_limit"))
            }
            Destination::Trunk { .. } if !self.within_cap(arrival.dialer) => Err(Refused::Quietly(403, "agent_cap")),
            _ => Ok(route),
        }
    }

    /// Whether whoever dialed the code is an agent without a standing leg.
    fn may_stand(&self, dialer: Dialer) -> bool {
        matches!(dialer, Dialer::Agent(agent) if !self.homes.contains_key(&agent))
    }

    fn within_cap(&mut self, dialer: Dialer) -> bool {
        let Dialer::Agent(agent) = dialer else { return true };
        let cap = self.plan.agents.get(&agent).map_or(0, |agent| agent.calls_per_day_max);
        self.limits.admit_agent(agent, cap, self.now)
    }

    /// The body, last of the checks: a leg that can answer it.
    fn check_offer(&mut self, arrival: &Arrival<'_>) -> Result<Leg, Refused> {
        let refused = |status, headers| {
            Refused::Recorded(Termination { sip: Some(status), ..Termination::refusal(Reason::NotAcceptable) }, headers)
        };
        Ua::check_body(arrival.request).map_err(|refusal| refused(refusal.status, refusal.headers))?;
        let call = CallId::mint(self.now.wall, &mut self.rng);
        let mut leg = Leg::new(self.ids.leg(), call, LegKind::Caller, Side::Server);
        let body = arrival.request.body();
        if !body.is_empty() {
            leg.audio
                .take_offer(body, self.media_address)
                .map_err(|refusal| refused(refusal.status(), vec![warning(&refusal)]))?;
        }
        leg.session = Some(arrival.session);
        match arrival.dialer {
            Dialer::Agent(agent) => leg.agent = Some(agent),
            Dialer::Trunk(trunk) => leg.trunk = Some(trunk),
            Dialer::System => {}
        }
        Ok(leg)
    }

    fn begin_call(&mut self, arrival: &Arrival<'_>, route: Route, leg: Leg) {
        let (call, leg_id, session) = (leg.call, leg.id, arrival.session);
        let internal = is_internal(arrival.dialer, &route.destination);
        let started = self.started(arrival, route.to.clone(), internal);
        let (from, from_is_number) = arrival.from.clone();
        let needs = self.plan.needs.get(&route.to).cloned().unwrap_or_default();
        let flow = Flow::Arriving { route };
        let hidden = wants_privacy(arrival.request);
        self.add_call(Call { from_is_number, hidden, needs, ..Call::new(call, self.now, from, flow) }, started);
        if let Some(used) = self.sessions.get_mut(&session) {
            *used = SessionUse { leg: Some(leg_id), gate: Some(0), ..SessionUse::default() };
        }
        self.log_caller_leg(call, &leg, arrival.request);
        self.log_dialog(call, leg_id, session);
        self.add_leg(leg);
        self.occupy(leg_id);
    }

    /// An agent dialed the code: no call, and no record.
    fn begin_standing_leg(&mut self, arrival: &Arrival<'_>, mut leg: Leg) {
        let Some(agent) = leg.agent else { return };
        let (home, leg_id, session) = (self.make_home(agent), leg.id, arrival.session);
        (leg.call, leg.kind) = (home, LegKind::Agent);
        if let Some(used) = self.sessions.get_mut(&session) {
            *used = SessionUse { leg: Some(leg_id), gate: Some(0), ..SessionUse::default() };
        }
        self.log_dialog(home, leg_id, session);
        self.add_leg(leg);
    }

    /// An INVITE that exists but goes nowhere: a record that begins and ends at once.
    fn refuse_with_record(&mut self, arrival: &Arrival<'_>, why: Termination, mut headers: Headers) {
        let id = CallId::mint(self.now.wall, &mut self.rng);
        let to = self.plan.shown(arrival.dialed.as_deref().unwrap_or(arrival.request.request_uri_text()));
        let route = arrival.dialed.as_deref().and_then(|dialed| self.plan.route(arrival.dialer, dialed).ok());
        let internal = route.is_some_and(|route| is_internal(arrival.dialer, &route.destination));
        let started = self.started(arrival, to, internal);
        let mut leg = Leg::new(self.ids.leg(), id, LegKind::Caller, Side::Server);
        leg.agent = agent_of(arrival.dialer);
        let (status, outcome) = why.verdict(Reached::default());
        let flow = Flow::Dialing { party: leg.id };
        self.calls.insert(id, Box::new(Call::new(id, self.now, arrival.from.0.clone(), flow)));
        self.log(id, started);
        self.log_caller_leg(id, &leg, arrival.request);
        self.log(id, CallEvent::LegEnded { leg: leg.id, cause: why.cause() });
        self.log(id, CallEvent::Ended { status, outcome, cause: why.cause() });
        self.calls.remove(&id);
        if let Some(used) = self.sessions.get_mut(&arrival.session) {
            used.gate = Some(0);
        }
        headers.push(("Reason", why.header().to_string()));
        self.ua.reject(self.now.mono, arrival.session, why.status_for_caller(), headers);
    }

    /// A refusal that makes no call: a counter, the cause, and for load the time to try again.
    fn refuse_quietly(&mut self, session: SessionId, status: u16, word: &'static str) {
        self.dropped(word);
        let why = if status == 503 { Reason::Overload } else { Reason::of_status(status) };
        let mut headers = vec![("Reason", Termination::system(why).header().to_string())];
        if status == 503 {
            headers.push(("Retry-After", RETRY_AFTER_S.to_string()));
        }
        self.ua.reject(self.now.mono, session, status, headers);
    }

    fn started(&self, arrival: &Arrival<'_>, to: String, internal: bool) -> CallEvent {
        let (direction, trunk, agent) = match arrival.dialer {
            Dialer::Trunk(trunk) => (Direction::Inbound, Some(trunk), None),
            Dialer::Agent(agent) => (Direction::OutboundDial, None, Some(agent)),
            Dialer::System => (Direction::OutboundDial, None, None),
        };
        let parent = agent.and_then(|agent| self.call_on_hold_by(agent));
        CallEvent::Started { direction, internal, from: arrival.from.0.clone(), to, parent, trunk, agent }
    }

    fn log_caller_leg(&mut self, call: CallId, leg: &Leg, request: &Message) {
        let sip_call_id = request.call_id().unwrap_or_default().to_owned();
        self.log(call, CallEvent::LegStarted { leg: leg.id, kind: leg.kind, sip_call_id, agent: leg.agent });
        self.log_device(call, leg.id, leg.agent, request);
    }

    /// Who calls: an agent's extension, whatever his From says; of a trunk the number in From, or, where that has
    /// none, in P-Asserted-Identity: if the trunk is trusted, and the caller does not want it kept from us
    /// (RFC 3325 7, 9.3).
    fn caller_of(&self, dialer: Dialer, request: &Message) -> (String, bool) {
        let trunk = match dialer {
            Dialer::Trunk(trunk) => self.plan.trunks.get(&trunk),
            Dialer::Agent(agent) => {
                let extension = self.plan.agents.get(&agent).map(|agent| agent.extension.clone());
                return (extension.unwrap_or_default(), false);
            }
            Dialer::System => None,
        };
        let believed = trunk.is_some_and(|trunk| trunk.identity.trusted) && !wants_privacy(request);
        let user = request.from().ok().and_then(|from| from.uri.user().map(|user| user.into_owned()));
        let asserted = request.p_asserted_identity().unwrap_or_default();
        let asserted =
            asserted.iter().filter(|_| believed).filter_map(|address| address.uri.user().map(|user| user.into_owned()));
        let mut written = user.iter().cloned().chain(asserted);
        match written.find_map(|user| self.plan.numbers.e164(&user)) {
            Some(number) => (number, true),
            None => (self.plan.shown(user.as_deref().unwrap_or("anonymous")), false),
        }
    }

    /// The call that an agent keeps on hold while he makes another: that one is a consultation of it.
    fn call_on_hold_by(&self, agent: AgentId) -> Option<CallId> {
        let mut legs = self.agent_legs.get(&agent)?.iter().filter_map(|leg| self.legs.get(leg));
        legs.find(|leg| leg.is_up() && leg.audio.is_held() && leg.home != Some(leg.call)).map(|leg| leg.call)
    }
}

fn agent_of(dialer: Dialer) -> Option<AgentId> {
    match dialer {
        Dialer::Agent(agent) => Some(agent),
        Dialer::Trunk(_) | Dialer::System => None,
    }
}

/// Between own parties only; echo and tone always (DESIGN section 10).
fn is_internal(dialer: Dialer, destination: &Destination) -> bool {
    let Destination::Own(target) = destination else { return false };
    matches!(dialer, Dialer::Agent(_)) || matches!(target, Target::Echo | Target::Tone)
}

/// Why a session description cannot be answered (RFC 3261 20.43).
pub(crate) fn warning(refusal: &sdp::Refusal) -> (&'static str, String) {
    ("Warning", format!("{} trunkline \"{}\"", refusal.warning(), quotable(&refusal.to_string())))
}

/// As the text of a Warning may stand between quotes.
fn quotable(text: &str) -> String {
    text.chars().filter(|c| !matches!(c, '"' | '\\') && !c.is_control()).collect()
}
