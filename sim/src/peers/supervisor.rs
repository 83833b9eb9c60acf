//! Whoever uses the API: sets statuses, starts calls by a click, ends calls.

use core::time::Duration;

use centre::owner::DialerInput;
use clock::{AgentId, QueueId, Rng};

use crate::chance::{between, index, number};
use crate::ctx::{self, Ctx};
use crate::node::{self, Input, Node};
use crate::watch::Seen;

/// What a client of the API does.
#[derive(Clone, Copy, Debug)]
pub(crate) enum SupervisorAct {
    /// Something for an agent.
    Order,
    /// The agent works again.
    Ready(AgentId),
    /// Somebody looks whether all agents are at work who should be.
    Rounds,
}

/// The client.
#[derive(Debug)]
pub(crate) struct Supervisor {
    rng: Rng,
    agents: u32,
    standing_legs: bool,
    next_request: u64,
}

impl Supervisor {
    pub(crate) const fn new(agents: u32, standing_legs: bool, rng: Rng) -> Self {
        Self { rng, agents, standing_legs, next_request: 0 }
    }

    pub(crate) fn act(&mut self, ctx: &mut Ctx, node: &mut Node, act: SupervisorAct, is_calm: bool) {
        match act {
            SupervisorAct::Order if !is_calm => self.order(ctx, node),
            SupervisorAct::Order => {}
            SupervisorAct::Ready(agent) => self.set_status(ctx, node, agent, acd::Status::Ready),
            SupervisorAct::Rounds => {
                // RONA pauses whoever let his phone ring; somebody wakes him up.
                let agent = self.any_agent();
                self.set_status(ctx, node, agent, acd::Status::Ready);
                if !is_calm {
                    self.log_in(ctx, node);
                    let next = between(&mut self.rng, Duration::from_secs(5), Duration::from_secs(40));
                    ctx.events.at(ctx.now + next, ctx::Event::Supervisor(SupervisorAct::Rounds));
                }
            }
        }
    }

    /// A click: the agent's phone first, then the other side.
    pub(crate) fn click(&mut self, ctx: &mut Ctx, node: &mut Node, to: String) {
        let (from_agent, request) = (self.any_agent(), self.request());
        let input = call::Input::Originate { request, from_agent, to, pin: None };
        self.ask(ctx, node, request, Input::Shard(input));
    }

    /// A program asks for a callback.
    pub(crate) fn ask_back(&mut self, ctx: &mut Ctx, node: &mut Node, queue: QueueId, number: String) {
        let request = self.request();
        let asked = acd::CallbackRequest {
            asker: acd::Asker::Client(request),
            number: Some(number),
            queue: Some(queue),
            agent: None,
            source: acd::CallbackSource::Api,
            related: None,
            due_at: None,
            priority: 0,
            device: None,
            is_verified: false,
            is_open: true,
            denied_by: None,
        };
        let input = DialerInput::Callback { request: Box::new(asked), pin: None };
        self.ask(ctx, node, request, Input::Dialer(input));
    }

    /// A program calls one off.
    pub(crate) fn call_off(&mut self, ctx: &mut Ctx, node: &mut Node, queue: QueueId, number: String) {
        let request = self.request();
        let pick = acd::CallbackPick::Of { queue, number };
        let input = acd::Input::CancelCallback { request: Some(request), pick, why: "api" };
        self.ask(ctx, node, request, Input::Acd(input));
    }

    /// A number is not to be called any more, or may be called again.
    pub(crate) fn list(&mut self, ctx: &mut Ctx, node: &mut Node, number: &str, listed: bool) {
        let Ok(pattern) = number.parse() else { return };
        let request = self.request();
        let input = DialerInput::DoNotCall { request, pattern, listed, reason: None };
        self.ask(ctx, node, request, Input::Dialer(input));
    }

    /// An agent logs in with a standing leg, or out.
    fn log_in(&mut self, ctx: &mut Ctx, node: &mut Node) {
        if self.standing_legs {
            let (agent, request, wanted) = (self.any_agent(), self.request(), self.rng.chance(0.8));
            let input = acd::Input::SetStandingLeg { request: Some(request), agent, wanted };
            self.ask(ctx, node, request, Input::Acd(input));
        }
    }

    /// Every agent is at work.
    pub(crate) fn all_ready(&mut self, ctx: &mut Ctx, node: &mut Node) {
        for agent in 1..=self.agents {
            self.set_status(ctx, node, AgentId(agent), acd::Status::Ready);
        }
    }

    fn order(&mut self, ctx: &mut Ctx, node: &mut Node) {
        let agent = self.any_agent();
        match number(&mut self.rng, 0, 3) {
            0 => {
                if let Some(call) = node.any_live_call(self.rng.next_u64()) {
                    let request = self.request();
                    self.ask(ctx, node, request, Input::Shard(call::Input::HangUp { request, call }));
                }
            }
            1 => self.set_status(ctx, node, agent, acd::Status::Offline),
            _ => self.set_status(ctx, node, agent, acd::Status::Paused),
        }
        let away = between(&mut self.rng, Duration::from_millis(100), Duration::from_secs(20));
        ctx.events.at(ctx.now + away, ctx::Event::Supervisor(SupervisorAct::Ready(agent)));
    }

    fn set_status(&mut self, ctx: &mut Ctx, node: &mut Node, agent: AgentId, status: acd::Status) {
        let request = self.request();
        let reason = (status == acd::Status::Paused).then(|| "lunch".to_owned());
        let input = acd::Input::SetStatus { request: Some(request), agent, status, reason };
        self.ask(ctx, node, request, Input::Acd(input));
    }

    fn ask(&mut self, ctx: &mut Ctx, node: &mut Node, request: clock::RequestId, input: Input) {
        if node.is_up() {
            ctx.see(&Seen::Asked { request });
            node.command(ctx, input);
        }
    }

    fn any_agent(&mut self) -> AgentId {
        AgentId(1 + u32::try_from(index(&mut self.rng, self.agents as usize)).unwrap_or(0))
    }

    fn request(&mut self) -> clock::RequestId {
        self.next_request += 1;
        node::request(self.next_request)
    }
}
