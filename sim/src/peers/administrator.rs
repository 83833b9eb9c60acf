//! Whoever runs campaigns: writes, submits, approves and starts them, pauses, edits and stops them, adds leads, lists
//! numbers that are not to be called, and sees to it that agents log in; and the agents' own words about campaigns.

use core::time::Duration;

use acd::{Disposed, WantedCallback};
use centre::owner::DialerInput;
use clock::{AgentId, CampaignId, LeadId, Rng};
use dialer::campaign::{Actor, Step};
use dialer::runner::{self, ByHand, Question};

use crate::chance::{between, exponential, index, number};
use crate::ctx::{self, Ctx};
use crate::node::{self, Input, Node};
use crate::scenario::{CampaignScenario, Scenario};
use crate::watch::Seen;

/// What an administrator does, or an agent of a campaign.
#[derive(Clone, Copy, Debug)]
pub(crate) enum AdministratorAct {
    /// A campaign is written, approved and started.
    Open(u32),
    /// It dials again.
    Start(u32),
    /// Something is ordered.
    Order,
    /// Somebody looks whether the agents are logged in, and what came of their conversations.
    Rounds,
}

/// The administrator.
#[derive(Debug)]
pub(crate) struct Administrator {
    rng: Rng,
    scenario: CampaignScenario,
    agents: u32,
    /// Of each campaign its newest wording.
    versions: Vec<u32>,
    next_request: u64,
}

impl Administrator {
    pub(crate) fn new(scenario: &Scenario) -> Option<Self> {
        let campaigns = scenario.campaigns.clone()?;
        let rng = Rng::new(scenario.seed ^ 0x4144_4D49_4E5F_5F5F);
        Some(Self { rng, scenario: campaigns, agents: scenario.agents, versions: Vec::new(), next_request: REQUESTS })
    }

    /// The campaigns are opened one after the other, once the agents are there.
    pub(crate) fn begin(&mut self, ctx: &mut Ctx) {
        self.later(ctx, Duration::from_secs(4), AdministratorAct::Rounds);
        for campaign in 1..=self.scenario.campaigns {
            let at = between(&mut self.rng, Duration::from_secs(5), Duration::from_secs(20));
            self.later(ctx, at, AdministratorAct::Open(campaign));
        }
        self.next_order(ctx);
    }

    pub(crate) fn act(&mut self, ctx: &mut Ctx, node: &mut Node, act: AdministratorAct, is_calm: bool) {
        if is_calm {
            return;
        }
        match act {
            AdministratorAct::Open(campaign) => self.open(ctx, node, campaign),
            AdministratorAct::Start(campaign) => self.step(ctx, node, campaign, Step::Start(ann())),
            AdministratorAct::Order => {
                self.order(ctx, node);
                self.next_order(ctx);
            }
            AdministratorAct::Rounds => {
                self.rounds(ctx, node);
                let next = between(&mut self.rng, Duration::from_secs(1), Duration::from_secs(6));
                self.later(ctx, next, AdministratorAct::Rounds);
            }
        }
    }

    /// Nothing new is dialed any more, and the agents' phones are let go.
    pub(crate) fn rest(&mut self, ctx: &mut Ctx, node: &mut Node) {
        for agent in (1..=self.agents).map(AgentId) {
            let request = self.request();
            let input = acd::Input::SetStandingLeg { request: Some(request), agent, wanted: false };
            self.send(ctx, node, request, Input::Acd(input));
        }
        for campaign in 1..=self.versions.len() as u32 {
            self.step(ctx, node, campaign, Step::Pause(ann()));
        }
    }

    fn open(&mut self, ctx: &mut Ctx, node: &mut Node, campaign: u32) {
        self.versions.resize(self.versions.len().max(campaign as usize), 0);
        self.write(ctx, node, campaign);
    }

    fn write(&mut self, ctx: &mut Ctx, node: &mut Node, campaign: u32) {
        let version = self.versions.get(campaign as usize - 1).copied().unwrap_or(0);
        let Some(written) = node.campaigns.as_ref().map(|campaigns| campaigns.written(campaign, version)) else {
            return;
        };
        let (request, id) = (self.request(), CampaignId(campaign.into()));
        let input = runner::Input::Write { request: Some(request), campaign: id, written, based_on: None, by: ann() };
        self.ask(ctx, node, request, input);
        for step in [Step::Submit(ann(), None), Step::Approve(bob()), Step::Start(ann())] {
            self.step(ctx, node, campaign, step);
        }
    }

    fn rewrite(&mut self, ctx: &mut Ctx, node: &mut Node, campaign: u32) {
        self.step(ctx, node, campaign, Step::Pause(ann()));
        if let Some(version) = self.versions.get_mut(campaign as usize - 1) {
            *version += 1;
        }
        self.write(ctx, node, campaign);
    }

    fn order(&mut self, ctx: &mut Ctx, node: &mut Node) {
        let Some(campaign) = self.any_campaign() else { return };
        match self.rng.below(20) {
            0..5 => {
                self.step(ctx, node, campaign, Step::Pause(ann()));
                let rest = between(&mut self.rng, Duration::from_millis(100), Duration::from_secs(20));
                self.later(ctx, rest, AdministratorAct::Start(campaign));
            }
            5..8 => self.step(ctx, node, campaign, Step::Start(ann())),
            8..11 => self.rewrite(ctx, node, campaign),
            11 | 12 => self.add_leads(ctx, node),
            13 => self.mend_leads(ctx, node),
            14..17 => self.list_number(ctx, node),
            17 => {
                let (request, list) = (self.request(), node::any_list(&mut self.rng));
                let campaign = CampaignId(campaign.into());
                self.ask(ctx, node, request, runner::Input::Reset { request: Some(request), campaign, list });
            }
            ends => {
                let step = if ends == 18 { Step::Stop(ann()) } else { Step::Cancel(ann(), None) };
                self.step(ctx, node, campaign, step);
                // What is over is followed by another one.
                let next = self.versions.len() as u32 + 1 + (campaign + self.versions.len() as u32 + 1) % 2;
                self.later(ctx, Duration::from_secs(2), AdministratorAct::Open(next));
            }
        }
    }

    fn add_leads(&mut self, ctx: &mut Ctx, node: &mut Node) {
        let (list, count) = (node::any_list(&mut self.rng), number(&mut self.rng, 1, 20) as u32);
        let Some(campaigns) = &mut node.campaigns else { return };
        campaigns.leads.add(list, count);
        let request = self.request();
        self.ask(ctx, node, request, runner::Input::Added { request: Some(request), list });
    }

    /// Some leads have other numbers, as soon as the database has them; some once more at once, while the first change is
    /// being read.
    fn mend_leads(&mut self, ctx: &mut Ctx, node: &mut Node) {
        let list = node::any_list(&mut self.rng);
        for _ in 0..number(&mut self.rng, 1, 20) {
            let draw = self.rng.next_u64();
            for _ in 0..number(&mut self.rng, 1, 2) {
                let Some(campaigns) = &mut node.campaigns else { return };
                let Some(person) = campaigns.leads.mend(list, draw) else { return };
                let lead = person.lead;
                ctx.see(&Seen::LeadMended { lead, numbers: &person.numbers });
                let request = self.request();
                self.ask(ctx, node, request, runner::Input::Mended { request: Some(request), list, lead });
            }
        }
    }

    /// A lead is not to be called any more, or may be called again.
    fn list_number(&mut self, ctx: &mut Ctx, node: &mut Node) {
        let draw = self.rng.next_u64();
        let number = node.campaigns.as_ref().and_then(|campaigns| campaigns.leads.any_number(draw));
        let Some(pattern) = number.and_then(|number| number.parse().ok()) else { return };
        let (request, listed) = (self.request(), self.rng.chance(0.8));
        let input = DialerInput::DoNotCall { request, pattern, listed, reason: None };
        self.send(ctx, node, request, Input::Dialer(input));
    }

    /// Agents log in, ask for leads in preview campaigns, and say what came of their conversations.
    fn rounds(&mut self, ctx: &mut Ctx, node: &mut Node) {
        for _ in 0..self.agents.div_ceil(4) {
            let (request, agent) = (self.request(), self.any_agent());
            let input = acd::Input::SetStandingLeg { request: Some(request), agent, wanted: self.rng.chance(0.97) };
            self.send(ctx, node, request, Input::Acd(input));
        }
        if let Some(campaign) = self.any_campaign() {
            let what = [ByHand::Next, ByHand::Accept, ByHand::Accept, ByHand::Skip][index(&mut self.rng, 4)].clone();
            let (request, agent, campaign) = (self.request(), self.any_agent(), CampaignId(campaign.into()));
            self.ask(ctx, node, request, runner::Input::ByHand { request, campaign, agent, what });
            let (request, lead) = (self.request(), LeadId(1 << 32 | u128::from(number(&mut self.rng, 1, 60))));
            let question = Question::WhyNot { campaign, lead };
            self.ask(ctx, node, request, runner::Input::Ask { request, question });
        }
        let talked = node.campaigns.as_mut().and_then(node::Campaigns::take_talked);
        if let Some((agent, call)) = talked.filter(|_| self.rng.chance(0.7)) {
            let code = ["sale", "later", "back", "never", "other"][index(&mut self.rng, 5)];
            let at = node.wall(ctx.now) + between(&mut self.rng, Duration::from_secs(130), Duration::from_secs(300));
            let his = self.rng.chance(0.5).then_some(agent);
            let wanted = || WantedCallback { number: String::new(), due_at: Some(at), agent: his, zone: None };
            let callback = (code == "back").then(wanted);
            let disposed = Disposed { agent, call, code: code.to_owned(), callback, ..Disposed::default() };
            let request = self.request();
            let input = acd::Input::Dispose { request: Some(request), disposed: Box::new(disposed) };
            self.send(ctx, node, request, Input::Acd(input));
        }
    }

    fn step(&mut self, ctx: &mut Ctx, node: &mut Node, campaign: u32, step: Step) {
        let (request, campaign) = (self.request(), CampaignId(campaign.into()));
        self.ask(ctx, node, request, runner::Input::Step { request: Some(request), campaign, step, based_on: None });
    }

    fn ask(&mut self, ctx: &mut Ctx, node: &mut Node, request: clock::RequestId, input: runner::Input) {
        self.send(ctx, node, request, Input::Dialer(DialerInput::Campaigns(Box::new(input))));
    }

    fn send(&mut self, ctx: &mut Ctx, node: &mut Node, request: clock::RequestId, input: Input) {
        if node.is_up() {
            ctx.see(&Seen::Asked { request });
            node.command(ctx, input);
        }
    }

    fn next_order(&mut self, ctx: &mut Ctx) {
        let next = Duration::from_secs(20) + exponential(&mut self.rng, self.scenario.orders);
        self.later(ctx, next, AdministratorAct::Order);
    }

    fn later(&self, ctx: &mut Ctx, after: Duration, act: AdministratorAct) {
        ctx.events.at(ctx.now + after, ctx::Event::Administrator(act));
    }

    fn any_campaign(&mut self) -> Option<u32> {
        (!self.versions.is_empty()).then(|| 1 + index(&mut self.rng, self.versions.len()) as u32)
    }

    fn any_agent(&mut self) -> AgentId {
        AgentId(1 + index(&mut self.rng, self.agents as usize) as u32)
    }

    fn request(&mut self) -> clock::RequestId {
        self.next_request += 1;
        node::request(self.next_request)
    }
}

fn ann() -> Actor {
    Actor("ann".to_owned())
}

fn bob() -> Actor {
    Actor("bob".to_owned())
}

/// Requests of other clients are numbered below.
const REQUESTS: u64 = 1 << 32;
