//! Click-to-call: the agent's phone first, then the other side.

use clock::{AgentId, CallId, LegId, RequestId, TrunkId};
use dialer::gate::{self, Facts, Purpose as DialPurpose, Verdict};
use journal_core::{CallEvent, Cause, DialOccasion, Direction, Durability, LegKind, Who};

use crate::audio::codecs_from;
use crate::call::{Call, Flow};
use crate::contract::{CommandError, Effect, NewCall, Reply};
use crate::decision::decision;
use crate::identity::Identity;
use crate::ids::RingId;
use crate::plan::Target;
use crate::ring::Purpose;
use crate::ringing::RingOrder;
use crate::route::{Destination, Dialer, NoRoute, Route};
use crate::shard::{DrainState, Shard, Timer};

impl Shard {
    /// From REST: calls the agent's phone, whatever his status, then `to`.
    pub(crate) fn originate(&mut self, request: RequestId, agent: AgentId, to: &str, pin: Option<&str>) {
        let result = self.plan_originate(agent, to, pin).map(|(route, verdict)| {
            let call = self.start_originate(agent, route);
            if let Some(verdict) = verdict {
                self.journal(decision(verdict, DialOccasion::ClickToCall { agent, call: Some(call) }));
            }
            call
        });
        let gate = result.is_ok().then(|| self.mark(Durability::Synced));
        let result = result.map(|call| Reply::Called(NewCall { call }));
        self.effects.push_back(Effect::Reply { request, result, gate });
    }

    /// The agent's phone answered: now the other side.
    pub(crate) fn originator_answered(&mut self, call: CallId, ring: RingId, leg: LegId) {
        self.close_ring(ring);
        if self.awaits_claim(call) {
            return self.owner_answered(call, leg);
        }
        let Some(Flow::Originating { route }) = self.calls.get(&call).map(|call| call.flow.clone()) else { return };
        self.set_flow(call, Flow::Dialing { party: leg });
        self.connect_to(call, leg, &route.destination);
    }

    /// Where it leads, with what the dial gate says of it, if it was asked.
    fn plan_originate(
        &mut self,
        agent: AgentId,
        to: &str,
        pin: Option<&str>,
    ) -> Result<(Route, Option<Verdict>), CommandError> {
        if !self.plan.agents.contains_key(&agent) {
            return Err(CommandError::UnknownAgent);
        }
        let route = self.plan.route(Dialer::Agent(agent), to).map_err(|refused| match refused {
            NoRoute::Unknown => CommandError::BadDestination,
            NoRoute::Denied => CommandError::Denied,
        })?;
        if self.phones_of(agent).is_empty() {
            return Err(CommandError::NoDevice);
        }
        self.has_capacity().map_err(|code| CommandError::Unavailable(unavailable(code)))?;
        match &route.destination {
            _ if route.is_emergency => Ok((route, None)),
            Destination::Trunk { trunk, .. } => {
                let verdict = self.judge_click(agent, &route.to, pin);
                let admitted =
                    if verdict.is_allowed() { self.admit_click(agent, *trunk) } else { Err(CommandError::Denied) };
                if let Err(refused) = admitted {
                    self.journal(decision(verdict, DialOccasion::ClickToCall { agent, call: None }));
                    return Err(refused);
                }
                Ok((route, Some(verdict)))
            }
            Destination::Own(_) => Ok((route, None)),
        }
    }

    /// The dial gate stands before whatever is dialed from a screen (an emergency call never comes here).
    fn judge_click(&self, agent: AgentId, number: &str, pin: Option<&str>) -> Verdict {
        let personal = self.plan.agents.get(&agent).map(|agent| &agent.personal);
        let facts = Facts { pin, personal, ..Facts::new(number, DialPurpose::ClickToCall, self.now.wall) };
        gate::judge(&self.plan.dial_rules, &self.do_not_call, &facts)
    }

    /// There is room in the trunk and under the agent's cap, and it is taken.
    fn admit_click(&mut self, agent: AgentId, trunk: TrunkId) -> Result<(), CommandError> {
        if !self.trunk_has_room(trunk) {
            return Err(CommandError::Unavailable(unavailable("trunk_limit")));
        }
        let cap = self.plan.agents.get(&agent).map_or(0, |agent| agent.calls_per_day_max);
        if self.limits.admit_agent(agent, cap, self.now) { Ok(()) } else { Err(CommandError::Denied) }
    }

    fn start_originate(&mut self, agent: AgentId, route: Route) -> CallId {
        let extension = self.plan.agents.get(&agent).map(|agent| agent.extension.clone()).unwrap_or_default();
        let internal = matches!(route.destination, Destination::Own(_));
        let to = route.to.clone();
        let id = CallId::mint(self.now.wall, &mut self.rng);
        let started = CallEvent::Started {
            direction: Direction::OutboundDial,
            internal,
            from: extension.clone(),
            to: to.clone(),
            parent: None,
            trunk: None,
            agent: Some(agent),
        };
        self.add_call(Call::new(id, self.now, extension, Flow::Originating { route }), started);
        let order = RingOrder {
            purpose: Purpose::Originator,
            kind: LegKind::Caller,
            identity: Identity::plain(self.target_from(&to)),
            codecs: codecs_from(None),
            limit: self.plan.limits.click_ring_max,
        };
        let phones = self.phones_of(agent);
        self.start_ring(id, order, phones);
        id
    }

    /// The agent's phone shows whom it is about to call.
    fn target_from(&self, to: &str) -> String {
        let name = match self.plan.extensions.get(to) {
            Some(Target::Agent(agent)) => self.plan.agents.get(agent).and_then(|agent| agent.name.as_deref()),
            _ => None,
        };
        self.address(name, to)
    }

    /// A live call begins: its record, its time limit.
    pub(crate) fn add_call(&mut self, call: Call, started: CallEvent) {
        let id = call.id;
        self.calls.insert(id, Box::new(call));
        self.log(id, started);
        let longest = self.plan.limits.call_max;
        self.arm(Timer::CallMax(id), longest);
    }

    /// Whether new calls are taken at all; else the word for why not.
    pub(crate) fn has_capacity(&self) -> Result<(), &'static str> {
        if self.drain != DrainState::Open {
            return Err("draining");
        }
        if self.journal_failing {
            return Err("journal_failing");
        }
        if self.calls.len() >= self.plan.limits.calls_max {
            return Err("calls_max");
        }
        Ok(())
    }
}

fn unavailable(code: &str) -> Cause {
    Cause { who: Who::System, q850: Some(42), sip: Some(503), code: code.to_owned() }
}
