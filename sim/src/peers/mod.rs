//! Everyone outside the node: carriers with their callers, agents with their phones, and who uses the API.

mod administrator;
mod called;
mod carrier;
mod endpoint;
mod party;
mod phone;
mod registration;
mod supervisor;

use core::time::Duration;
use std::collections::BTreeMap;

use clock::{AgentId, Instant, QueueId, Rng};

use self::administrator::Administrator;
use self::carrier::Carrier;
use self::party::{Party, Stage};
use self::phone::Phone;
use self::supervisor::Supervisor;
use crate::chance::{between, index};
use crate::ctx::{self, Ctx};
use crate::network::Datagram;
use crate::node::{self, Node};
use crate::scenario::{CallbackScenario, PeopleScenario, Scenario};
use crate::watch::Seen;

pub(crate) use self::administrator::AdministratorAct;
pub(crate) use self::carrier::CarrierAct;
pub(crate) use self::phone::PhoneAct;
pub(crate) use self::supervisor::SupervisorAct;

/// Everyone.
#[derive(Debug)]
pub(crate) struct Peers {
    scenario: Scenario,
    rng: Rng,
    carriers: Vec<Carrier>,
    phones: Vec<Phone>,
    supervisor: Supervisor,
    administrator: Option<Administrator>,
    /// Numbers of callers, for those who ring again.
    callers: Vec<String>,
    is_calm: bool,
    /// Conversations in which somebody was not heard, with how often in a row.
    deaf: BTreeMap<(String, AgentId), u32>,
}

impl Peers {
    pub(crate) fn new(scenario: &Scenario, mut rng: Rng) -> Self {
        let people = &scenario.people;
        let hosts = (0..scenario.carriers as usize).chain(node::gateways(scenario));
        let carriers = hosts.map(|at| Carrier::new(at, scenario, rng.fork())).collect();
        let mut targets: Vec<String> = (1..=scenario.agents).map(|agent| node::extension(AgentId(agent))).collect();
        targets.extend((1..=scenario.queues).map(|queue| node::queue_number(QueueId(queue))));
        targets.extend(["+442079460000", "+449001234567", "1999"].map(str::to_owned));
        let phones = (1..=scenario.agents).map(|agent| {
            let (at, agent) = (agent as usize - 1, AgentId(agent));
            Phone::new(at, agent, (people.clone(), scenario.campaigns.is_some()), targets.clone(), rng.fork())
        });
        let phones = phones.collect();
        let supervisor = Supervisor::new(scenario.agents, scenario.standing_legs, rng.fork());
        Self {
            scenario: scenario.clone(),
            carriers,
            phones,
            supervisor,
            administrator: Administrator::new(scenario),
            callers: Vec::new(),
            is_calm: false,
            deaf: BTreeMap::new(),
            rng,
        }
    }

    /// Phones register, one after the other; the rounds begin.
    pub(crate) fn start(&mut self, ctx: &mut Ctx) {
        for phone in 0..self.phones.len() {
            let at = ctx.now + between(&mut self.rng, Duration::ZERO, Duration::from_secs(2));
            ctx.events.at(at, ctx::Event::Phone(phone, PhoneAct::Register));
        }
        ctx.events.at(ctx.now + Duration::from_secs(10), ctx::Event::Supervisor(SupervisorAct::Rounds));
        self.administrator.iter_mut().for_each(|administrator| administrator.begin(ctx));
    }

    /// A datagram reaches whoever has this address.
    pub(crate) fn receive(&mut self, ctx: &mut Ctx, datagram: Datagram) {
        let to = datagram.to;
        if let Some(carrier) = (0..self.carriers.len()).find(|at| node::carrier_addr(*at) == to) {
            return self.carriers[carrier].receive(ctx, datagram);
        }
        if let Some(phone) = self.phones.iter_mut().find(|phone| node::phone_addr(phone.agent) == to) {
            phone.receive(ctx, datagram);
        }
    }

    pub(crate) fn carrier_acts(&mut self, ctx: &mut Ctx, node: &mut Node, carrier: usize, act: CarrierAct) {
        let pressed = self.carriers.get_mut(carrier).and_then(|carrier| carrier.act(ctx, act));
        if let Some((rtp, key)) = pressed {
            node.press(ctx, rtp, key);
        }
    }

    pub(crate) fn phone_acts(&mut self, ctx: &mut Ctx, phone: usize, act: PhoneAct) {
        if let Some(phone) = self.phones.get_mut(phone) {
            phone.act(ctx, act);
        }
    }

    pub(crate) fn supervisor_acts(&mut self, ctx: &mut Ctx, node: &mut Node, act: SupervisorAct) {
        self.supervisor.act(ctx, node, act, self.is_calm);
    }

    pub(crate) fn administrator_acts(&mut self, ctx: &mut Ctx, node: &mut Node, act: AdministratorAct) {
        self.administrator.iter_mut().for_each(|administrator| administrator.act(ctx, node, act, self.is_calm));
    }

    /// One more call begins, and things happen around it.
    pub(crate) fn new_call(&mut self, ctx: &mut Ctx, node: &mut Node) {
        let people = self.scenario.people.clone();
        let asked_for = people.callbacks.as_ref().is_some_and(|callbacks| self.around_callbacks(ctx, node, callbacks));
        if !asked_for {
            self.begin_call(ctx, node, &people);
        }
        if self.rng.chance(people.outage) {
            self.outage(ctx);
        }
        if self.rng.chance(people.storms) {
            let lasts = between(&mut self.rng, Duration::from_secs(1), Duration::from_secs(60));
            let carrier = index(&mut self.rng, self.carriers.len());
            self.carriers[carrier].refuse_all(ctx.now + lasts);
        }
        if self.rng.chance(people.forgets) {
            self.forget(ctx);
        }
        if self.rng.chance(people.orders) {
            ctx.events.at(ctx.now, ctx::Event::Supervisor(SupervisorAct::Order));
        }
        if self.rng.chance(people.orders / 4.0) {
            let phone = index(&mut self.rng, self.phones.len());
            ctx.events.at(ctx.now, ctx::Event::Phone(phone, PhoneAct::Unregister));
        }
    }

    fn begin_call(&mut self, ctx: &mut Ctx, node: &mut Node, people: &PeopleScenario) {
        let draw = self.rng.unit();
        if draw < people.dial {
            let (phone, to) = (index(&mut self.rng, self.phones.len()), self.dialed());
            self.phones[phone].dial(ctx, &to);
        } else if draw < people.dial + people.click {
            let to = self.dialed();
            self.supervisor.click(ctx, node, to);
        } else {
            let (caller, to) = (self.caller(), self.called());
            let carrier = index(&mut self.rng, self.scenario.carriers as usize);
            self.carriers[carrier].call(ctx, &caller, &to, None);
        }
    }

    /// Programs ask for callbacks and call them off, and numbers are not to be called any more. True when a callback was
    /// asked for in place of a call.
    fn around_callbacks(&mut self, ctx: &mut Ctx, node: &mut Node, callbacks: &CallbackScenario) -> bool {
        if self.rng.chance(callbacks.cancel) {
            let (queue, number) = (self.queue(), self.known_caller());
            self.supervisor.call_off(ctx, node, queue, number);
        }
        if self.rng.chance(callbacks.listed) {
            let (number, listed) = (self.known_caller(), self.rng.chance(0.6));
            self.supervisor.list(ctx, node, &number, listed);
        }
        let asks = self.rng.chance(callbacks.ask);
        if asks {
            let (queue, number) = (self.queue(), self.known_caller());
            self.supervisor.ask_back(ctx, node, queue, number);
        }
        asks
    }

    /// One who has called, or is known otherwise.
    fn known_caller(&mut self) -> String {
        if self.callers.is_empty() || self.rng.chance(0.3) {
            return format!("+4420794700{:02}", self.rng.below(20));
        }
        self.callers[index(&mut self.rng, self.callers.len())].clone()
    }

    /// Faults are over: everyone hangs up, every phone is registered, every agent at work.
    pub(crate) fn calm(&mut self, ctx: &mut Ctx, node: &mut Node) {
        self.is_calm = true;
        for carrier in &mut self.carriers {
            carrier.hang_up_all(ctx);
        }
        for phone in &mut self.phones {
            phone.calm(ctx);
        }
        self.all_ready(ctx, node);
    }

    /// Every agent is at work.
    pub(crate) fn all_ready(&mut self, ctx: &mut Ctx, node: &mut Node) {
        self.supervisor.all_ready(ctx, node);
        if self.is_calm {
            self.administrator.iter_mut().for_each(|administrator| administrator.rest(ctx, node));
        }
    }

    /// A call to a queue, of this caller, who stays long enough for any agent.
    pub(crate) fn probe(&mut self, ctx: &mut Ctx, queue: QueueId) -> String {
        let caller = format!("+44770099{:04}", queue.0);
        self.carriers[0].call(ctx, &caller, &node::queue_number(queue), Some(Duration::from_secs(60)));
        caller
    }

    /// Whether an agent talks to this caller now.
    pub(crate) fn is_served(&self, caller: &str) -> bool {
        let mut parties = self.phones.iter().flat_map(|phone| phone.parties.values());
        parties.any(|party| party.number == caller && party.stage == Stage::Up)
    }

    /// Listens to every conversation of a carrier's caller and an agent that has been undisturbed for a while.
    pub(crate) fn listen(&mut self, ctx: &mut Ctx, node: &Node, since: Instant) {
        if !node.is_up() {
            self.deaf.clear();
            return;
        }
        let settled = |at: Instant| at >= since && ctx.now.since(at) >= SETTLED;
        let mut samples = Vec::new();
        for phone in &self.phones {
            let addr = node::phone_addr(phone.agent).ip();
            let parties = phone.parties.values().filter(|party| party.stage == Stage::Up && !party.outgoing);
            for party in parties.filter(|party| !party.occupied && settled(party.since)) {
                let callers = self.carriers.iter().flat_map(|carrier| carrier.parties.values());
                // Who calls, or is called back; not who, called back meanwhile, listens to a tone.
                let is_he = |caller: &&Party| match caller.outgoing {
                    true => caller.number == party.number && ![node::ECHO, node::TONE].contains(&&*caller.called),
                    false => caller.called == party.number,
                };
                let mut callers = callers.filter(is_he);
                let (Some(caller), None) = (callers.next(), callers.next()) else { continue };
                let heard = caller.stage == Stage::Up && !caller.occupied && settled(caller.since);
                let carrier = caller.rtp.ip();
                if heard && !ctx.net.is_silent(ctx.now, carrier) && !ctx.net.is_silent(ctx.now, addr) {
                    samples.push((phone.agent, caller.sip_call_id.clone(), party.rtp, caller.rtp));
                }
            }
        }
        let mut deaf = BTreeMap::new();
        for (agent, caller, phone, carrier) in samples {
            let (hears_caller, hears_agent) = (node.hears(phone, carrier), node.hears(carrier, phone));
            let key = (caller.clone(), agent);
            let times = if hears_caller && hears_agent { 0 } else { self.deaf.get(&key).map_or(1, |times| times + 1) };
            // A BYE of the node to either side may be lost a few times over; only what lasts is a fault.
            if times == 0 || times == DEAF_MAX {
                ctx.see(&Seen::Conversation { caller: &caller, agent, hears_caller, hears_agent });
            }
            deaf.insert(key, times);
        }
        self.deaf = deaf;
    }

    /// What should be empty when all is quiet.
    pub(crate) fn left(&self) -> [(&'static str, usize); 2] {
        let carriers = self.carriers.iter().map(Carrier::sessions).sum();
        [
            ("SIP sessions of carriers", carriers),
            ("SIP sessions of phones", self.phones.iter().map(Phone::sessions).sum()),
        ]
    }

    /// A phone, or now and then a carrier, neither sends nor hears for a while: ACKs and BYEs get lost for good.
    fn outage(&mut self, ctx: &mut Ctx) {
        let host = if self.rng.chance(0.25) {
            node::carrier_addr(index(&mut self.rng, self.carriers.len()))
        } else {
            node::phone_addr(self.phones[index(&mut self.rng, self.phones.len())].agent)
        };
        let silent = between(&mut self.rng, Duration::from_secs(1), Duration::from_secs(90));
        ctx.net.silence(host.ip(), ctx.now + silent);
    }

    /// An agent leaves and does not log out: his phone rings for nobody, or is unplugged and never says so.
    fn forget(&mut self, ctx: &mut Ctx) {
        let phone = index(&mut self.rng, self.phones.len());
        let back = ctx.now + between(&mut self.rng, Duration::from_secs(30), Duration::from_secs(900));
        if self.rng.chance(0.5) {
            self.phones[phone].leave_alone(back);
        } else {
            ctx.net.silence(node::phone_addr(self.phones[phone].agent).ip(), back);
        }
        ctx.see(&Seen::Forgot);
    }

    /// Whom an agent dials.
    fn dialed(&mut self) -> String {
        match self.rng.below(8) {
            0 => node::ECHO.to_owned(),
            1 => node::TONE.to_owned(),
            2 => node::queue_number(self.queue()),
            3 => "+449001234567".to_owned(),
            4 | 5 => format!("+4420794600{:02}", self.rng.below(100)),
            _ => node::extension(AgentId(1 + self.rng.below(u64::from(self.scenario.agents) + 1) as u32)),
        }
    }

    /// Whom a caller calls: queues mostly.
    fn called(&mut self) -> String {
        match self.rng.below(40) {
            0 => node::ECHO.to_owned(),
            1 => node::TONE.to_owned(),
            2 => node::VOICEMAIL.to_owned(),
            3 => "+442071839999".to_owned(),
            _ if self.scenario.rules.menu > 0.0 && self.rng.chance(self.scenario.rules.menu) => node::MENU.to_owned(),
            _ => node::queue_number(self.queue()),
        }
    }

    fn queue(&mut self) -> QueueId {
        QueueId(1 + self.rng.below(u64::from(self.scenario.queues)) as u32)
    }

    /// A new caller; now and then one who rings again, if he is not on the line.
    fn caller(&mut self) -> String {
        if !self.callers.is_empty() && self.rng.chance(0.2) {
            let again = self.callers[index(&mut self.rng, self.callers.len())].clone();
            let mut parties = self.carriers.iter().flat_map(|carrier| carrier.parties.values());
            if !parties.any(|party| party.number == again) {
                return again;
            }
        }
        let new = format!("+4477{:08}", self.callers.len());
        self.callers.push(new.clone());
        new
    }
}

/// After so long without a change both ends should hear each other.
const SETTLED: Duration = Duration::from_secs(3);
/// Samples in a row in which someone is not heard: twelve seconds, six retransmissions of a BYE.
const DEAF_MAX: u32 = 7;
