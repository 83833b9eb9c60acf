//! An ACD that offers each waiting call to the agents it is told, one at a time.

use core::time::Duration;
use std::collections::VecDeque;

use call::{Effect, Input, OfferOutcome};
use clock::{AgentId, CallId, Generation, Now, OfferId, QueueId};

#[derive(Debug, Default)]
pub(crate) struct Acd {
    /// Agents to offer calls to, in turn.
    pub(crate) agents: Vec<AgentId>,
    /// Claims are neither granted nor refused.
    pub(crate) is_dead: bool,
    /// Claims are refused.
    pub(crate) refuses: bool,
    /// How long to ring; 15 s unless set.
    pub(crate) ring: Option<Duration>,
    pub(crate) enqueued: Vec<(CallId, QueueId, Option<String>)>,
    pub(crate) gone: Vec<CallId>,
    pub(crate) outcomes: Vec<OfferOutcome>,
    pub(crate) claims: Vec<OfferId>,
    waiting: VecDeque<(CallId, QueueId)>,
    open: Vec<(OfferId, CallId, QueueId, AgentId)>,
    /// Offers that ended when their callers went elsewhere.
    taken_back: Vec<OfferId>,
    busy: Vec<AgentId>,
    pub(crate) offers: u64,
    /// Position and wait of every call that asks.
    pub(crate) place: (u32, Option<Duration>),
    /// Calls whose callers went elsewhere by a key.
    pub(crate) moved: Vec<CallId>,
    /// What each enqueued call asks of an agent.
    pub(crate) needs: Vec<call::CallNeeds>,
    /// Arrivals that calls brought with them.
    pub(crate) since: Vec<Option<clock::WallTime>>,
    /// The longest wait of calls that a campaign made.
    pub(crate) dialed: Vec<Option<Duration>>,
    /// Whether the queue is to take a call though it is full or nobody is there.
    pub(crate) is_let_in: Vec<bool>,
    inputs: VecDeque<Pending>,
}

#[derive(Debug)]
enum Pending {
    Enqueued(CallId, QueueId),
    Decide(OfferId, bool),
    Place(CallId),
}

impl Acd {
    pub(crate) fn take(&mut self, effect: Effect) {
        match effect {
            Effect::Enqueue { call, queue, caller, needs, since, is_let_in, dialed } => {
                self.dialed.push(dialed);
                self.needs.push(needs);
                self.is_let_in.push(is_let_in);
                self.since.push(since);
                self.enqueued.push((call, queue, caller));
                self.waiting.push_back((call, queue));
                self.inputs.push_back(Pending::Enqueued(call, queue));
            }
            Effect::CallerGone { call } => {
                self.gone.push(call);
                self.waiting.retain(|(waiting, _)| *waiting != call);
            }
            Effect::CallerMoved { call } => {
                self.moved.push(call);
                self.waiting.retain(|(waiting, _)| *waiting != call);
                let rings = self.open.extract_if(.., |(_, offered, ..)| *offered == call);
                self.taken_back.extend(rings.map(|(offer, ..)| offer));
            }
            Effect::AskPlace { call } => self.inputs.push_back(Pending::Place(call)),
            Effect::Claim { offer, .. } => {
                self.claims.push(offer);
                let open = self.open.iter().position(|(open, ..)| *open == offer);
                let granted = !self.refuses && open.is_some();
                if let Some(open) = open {
                    let (_, call, queue, agent) = self.open.remove(open);
                    match granted {
                        true => self.busy.push(agent),
                        false => {
                            self.waiting.push_back((call, queue));
                            // A leg that stands answers at once: offered again to him, the world never comes to rest.
                            self.agents.retain(|known| *known != agent);
                        }
                    }
                }
                self.inputs.push_back(Pending::Decide(offer, granted));
            }
            Effect::OfferEnded { offer, outcome, .. } => self.offer_ended(offer, outcome),
            other => panic!("not for an ACD: {other:?}"),
        }
    }

    pub(crate) fn agent_free(&mut self, agent: AgentId) {
        self.busy.retain(|busy| *busy != agent);
    }

    pub(crate) fn take_inputs(&mut self, now: Now) -> Vec<Input> {
        if self.is_dead {
            return Vec::new();
        }
        let enqueued = self.enqueued.clone();
        let queue_of =
            |call: CallId| enqueued.iter().rev().find(|(known, ..)| *known == call).map(|(_, queue, _)| *queue);
        let (position, wait) = self.place;
        let mut inputs: Vec<Input> = core::mem::take(&mut self.inputs)
            .into_iter()
            .map(|pending| match pending {
                Pending::Place(call) => {
                    Input::Place { call, queue: queue_of(call).unwrap_or_default(), position, wait }
                }
                Pending::Enqueued(call, queue) => Input::Enqueued { call, queue, arrived: now.wall, priority: 0 },
                Pending::Decide(offer, true) => Input::ClaimGranted { offer, generation: GENERATION },
                Pending::Decide(offer, false) => Input::ClaimRefused { offer, generation: GENERATION },
            })
            .collect();
        inputs.extend(self.next_offers());
        inputs
    }

    /// The offer that is open for an agent.
    pub(crate) fn open_offer(&self, agent: AgentId) -> Option<OfferId> {
        self.open.iter().find(|(_, _, _, to)| *to == agent).map(|(offer, ..)| *offer)
    }

    /// The wait of a call is over.
    pub(crate) fn forget(&mut self, call: CallId) {
        self.waiting.retain(|(waiting, _)| *waiting != call);
    }

    fn next_offers(&mut self) -> Vec<Input> {
        let mut inputs = Vec::new();
        while let Some(agent) = self.idle_agent() {
            let Some((call, queue)) = self.waiting.pop_front() else { break };
            self.offers += 1;
            let offer = OfferId(self.offers);
            self.open.push((offer, call, queue, agent));
            let ring = self.ring.unwrap_or(RING);
            inputs.push(Input::Offer { offer, generation: GENERATION, call, queue, agent, ring, routing: None });
        }
        inputs
    }

    fn idle_agent(&mut self) -> Option<AgentId> {
        let is_idle =
            |agent: &&AgentId| !self.busy.contains(agent) && !self.open.iter().any(|(_, _, _, to)| to == *agent);
        let agent = *self.agents.iter().find(is_idle)?;
        // The next call goes to the next agent.
        self.agents.retain(|known| *known != agent);
        self.agents.push(agent);
        Some(agent)
    }

    /// Late words about offers that were taken back are passed over.
    fn offer_ended(&mut self, offer: OfferId, outcome: OfferOutcome) {
        if self.taken_back.contains(&offer) {
            return;
        }
        self.outcomes.push(outcome);
        let Some(open) = self.open.iter().position(|(open, ..)| *open == offer) else { return };
        let (_, call, queue, agent) = self.open.remove(open);
        if outcome != OfferOutcome::CallerGone {
            self.waiting.push_front((call, queue));
        }
        if matches!(outcome, OfferOutcome::NoAnswer | OfferOutcome::Refused | OfferOutcome::Unreachable) {
            // One chance an agent: tests say who comes next.
            self.agents.retain(|known| *known != agent);
        }
    }
}

pub(crate) const GENERATION: Generation = Generation(1);
pub(crate) const RING: Duration = Duration::from_secs(15);
