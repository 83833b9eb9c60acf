//! What happens to the ACD.

use core::time::Duration;
use std::collections::BTreeMap;
use std::sync::Arc;

use clock::{AgentId, CallId, Generation, LegId, OfferId, QueueId, RequestId, ShardId, SkillId, WallTime};

use super::{
    AgentConfig, AgentFact, Callback, CallbackPick, CallbackRequest, CallbackStep, Disposed, Enqueue, PauseRule,
    QueueConfig, StandingStep, Status, Steer, WaitingFact,
};

/// Callers who have an agent of their own, by number. Many of them, and shared: nobody changes it in place.
pub type Owners = Arc<BTreeMap<Box<str>, AgentId>>;
/// Skills that agents have beside their own.
pub type Lent = Arc<BTreeMap<AgentId, Vec<SkillId>>>;

/// What happens to the ACD.
#[derive(Clone, Debug, PartialEq)]
pub enum Input {
    /// New or changed rules; agents and queues not named any more are gone. The first input after a start.
    Configure {
        /// All queues.
        queues: Vec<QueueConfig>,
        /// All agents.
        agents: Vec<AgentConfig>,
    },
    /// Rules that hold for all agents: pauses, by reason, and how often the phones of ready agents are asked whether
    /// they are still there (`None`: never). Without this input pauses have no limit and no phone is asked.
    AgentRules {
        /// Pauses.
        pauses: Vec<PauseRule>,
        /// Time between two probes of a phone, about.
        probe_every: Option<Duration>,
    },
    /// The agent's phone leaves probes without an answer, or answers again.
    Answers {
        /// The agent.
        agent: AgentId,
        /// It answers.
        answers: bool,
    },
    /// What came of a call; answered by `Reply`.
    Dispose {
        /// Whom to answer.
        request: Option<RequestId>,
        /// What he says.
        disposed: Box<Disposed>,
    },
    /// An agent needs longer for his wrap-up; answered by `Reply`.
    ExtendWrapUp {
        /// Whom to answer.
        request: Option<RequestId>,
        /// The agent.
        agent: AgentId,
        /// By how much.
        by: Duration,
    },
    /// An agent chooses which of his queues he serves; answered by `Reply`.
    ChooseQueues {
        /// Whom to answer.
        request: Option<RequestId>,
        /// The agent.
        agent: AgentId,
        /// The queues; `None` for all of his.
        queues: Option<Vec<QueueId>>,
    },
    /// A call waits from now. A second one for the same call moves it: it keeps
    /// its arrival time, and in another queue that queue's longest wait begins.
    Enqueue(Enqueue),
    /// The caller is gone from the queue (hung up, or the shard ended the call), or the call in which he asked to be
    /// called back is over. Idempotent.
    CallerGone {
        /// The call.
        call: CallId,
    },
    /// The caller went elsewhere by a key, or as the queue closed: he did not give up. Idempotent.
    CallerMoved {
        /// The call.
        call: CallId,
    },
    /// Where does a call stand? Answered by `Place`, if it waits.
    AskPlace {
        /// The call.
        call: CallId,
    },
    /// The agent's phone answered; the shard wants the agent. Answered by `ClaimGranted` or `ClaimRefused`.
    Claim {
        /// The shard that asks, and is answered even when the offer is unknown.
        shard: ShardId,
        /// The offer.
        offer: OfferId,
        /// Its generation.
        generation: Generation,
    },
    /// The offer's leg is down without a claim.
    OfferEnded {
        /// The offer.
        offer: OfferId,
        /// Its generation.
        generation: Generation,
        /// How.
        outcome: OfferOutcome,
    },
    /// A live leg of an agent began (extension call, click-to-call, transfer to him). Offers claim instead.
    AgentBusy(AgentFact),
    /// A live leg of an agent ended; after a queue call wrap-up follows if he talked.
    AgentFree {
        /// The agent.
        agent: AgentId,
        /// The call.
        call: CallId,
        /// His leg.
        leg: LegId,
        /// He talked to the customer in it.
        talked: bool,
    },
    /// A live leg of an agent is on hold from now, by his phone or by us, or is so no more.
    AgentHolds {
        /// The agent.
        agent: AgentId,
        /// The call.
        call: CallId,
        /// His leg.
        leg: LegId,
        /// On hold.
        holds: bool,
    },
    /// The agent's phone can be reached, or no more.
    Reachable {
        /// The agent.
        agent: AgentId,
        /// At least one contact is registered.
        reachable: bool,
    },
    /// Someone chose a status for an agent; answered by `Reply`.
    SetStatus {
        /// Whom to answer; `None` for the owner itself (restart).
        request: Option<RequestId>,
        /// The agent.
        agent: AgentId,
        /// The status.
        status: Status,
        /// Pause reason.
        reason: Option<String>,
    },
    /// Someone asks why an agent has no call; answered by `Reply`.
    WhyIdle {
        /// Whom to answer.
        request: RequestId,
        /// The agent.
        agent: AgentId,
    },
    /// Someone asks why calls wait; answered by `Reply`. Of more than [`crate::WHY_CALLS_MAX`] the first.
    WhyWait {
        /// Whom to answer.
        request: RequestId,
        /// The calls.
        calls: Vec<CallId>,
    },
    /// With whom callers talked last, the longest ago first: after a node restart.
    LastAgents(Vec<(String, AgentId)>),
    /// Whose customers call from which numbers; replaces what was said before. Where the queue keeps a call for its
    /// preferred agent, that is the owner of its caller, and the last agent only if he cannot be it.
    Owners(Owners),
    /// Skills that agents have for now beside their own, at level 1: campaigns lend them to those whom they name, and ask
    /// them of whoever gets their calls. Replaces what was said before.
    Lent(Lent),
    /// A supervisor wants something done with a waiting call.
    Steer(Steer),
    /// An agent logs in with a standing leg, or out; answered by `Reply` before his phone has answered.
    SetStandingLeg {
        /// Whom to answer.
        request: Option<RequestId>,
        /// The agent.
        agent: AgentId,
        /// In or out.
        wanted: bool,
    },
    /// A shard says what became of an agent's standing leg.
    StandingLeg {
        /// The shard.
        shard: ShardId,
        /// The agent.
        agent: AgentId,
        /// What.
        step: StandingStep,
    },
    /// All standing legs of a shard, with `Facts`.
    StandingFacts {
        /// The shard.
        shard: ShardId,
        /// Agents whose leg is up, in order.
        up: Vec<AgentId>,
        /// Agents whose phone holds it between calls, in order.
        held: Vec<AgentId>,
        /// Agents whose phone is being called for it, in order.
        calling: Vec<AgentId>,
    },
    /// All that is live on a shard, every 5 s and after a shard's restart: differences are repaired and counted.
    Facts {
        /// The shard.
        shard: ShardId,
        /// Every live agent leg (claimed offers and extension calls).
        legs: Vec<AgentFact>,
        /// Every call that waits in a queue there.
        waiting: Vec<WaitingFact>,
        /// Every offer whose leg exists (calling, ringing, answered) but has no granted claim.
        offers: Vec<(OfferId, Generation)>,
    },
    /// The shard broke and begins anew with nothing: its calls, legs and offers
    /// are gone at once. No difference to be repaired, hence no `Facts`.
    ShardLost {
        /// The shard.
        shard: ShardId,
    },
    /// After a node restart: this caller had waited since then, until the restart or until he gave up; he gets his place
    /// if he rings again in time.
    RestorePlace {
        /// The queue.
        queue: QueueId,
        /// His number.
        caller: String,
        /// Since when he had waited.
        arrived: WallTime,
        /// Until when the place is kept.
        until: WallTime,
        /// The priority that a supervisor had given his call.
        ordered: Option<i32>,
    },
    /// Somebody asks to be called back. Answered by `Reply` or `CallbackAnswer`.
    RequestCallback(Box<CallbackRequest>),
    /// Somebody calls a callback off.
    CancelCallback {
        /// Whom to answer; `None` for the caller himself, on the line.
        request: Option<RequestId>,
        /// Which.
        pick: CallbackPick,
        /// Who: a stable word.
        why: &'static str,
    },
    /// How far the call of a callback has come.
    CallbackStep {
        /// The call.
        call: CallId,
        /// How far.
        step: CallbackStep,
    },
    /// All calls of callbacks on a shard in which they do not talk yet, with `Facts`.
    CallbackFacts {
        /// The shard.
        shard: ShardId,
        /// The calls.
        calls: Vec<CallId>,
    },
    /// After a node restart: a callback that had not ended. Those that arrived together in the order of their sequence.
    RestoreCallback(Box<Callback>),
}

/// How an offer ended at the shard without a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OfferOutcome {
    /// Rang out: counts as missed.
    NoAnswer,
    /// The agent or the phone refused (busy, declined).
    Refused,
    /// The phone could not be reached (no binding, transport error, 408, 5xx without ringing).
    Unreachable,
    /// The caller hung up while it rang: the agent is ready again without wrap-up.
    CallerGone,
    /// A withdrawn offer's leg is down.
    Withdrawn,
}
