//! What a call shard is told, and what it wants done.
//!
//! The types of the ACD's side are mirrored here, because neither core knows
//! the other: `engine/centre` turns one into the other.

use core::time::Duration;
use std::sync::Arc;

use bytes::Bytes;
use clock::{AgentId, AttemptId, CallId, CallbackId, FlowId, Generation, LegId, OfferId, QueueId, RequestId, WallTime};
use dialer::contract::{Dial, Report};
use journal_core::{Cause, Entry, Mark, Routing, Steering};
use sip::ua::Peer;
use sip::{Message, ParseError};

use crate::lost::{Lost, RestoredCall};
use crate::plan::{CallNeeds, Plan, Unserved};

/// A way to an agent's phone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contact {
    /// Contact URI: request URI of the INVITE.
    pub uri: String,
    /// Where to send it.
    pub peer: Peer,
}

/// How an offer ended without a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OfferOutcome {
    /// Rang out.
    NoAnswer,
    /// Busy or declined.
    Refused,
    /// Could not be reached.
    Unreachable,
    /// The caller hung up meanwhile.
    CallerGone,
    /// Withdrawn, and the leg is down.
    Withdrawn,
}

/// Why an offer is taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WithdrawReason {
    /// The agent paused.
    Paused,
    /// The agent signed off or lost his phone.
    Offline,
    /// The caller's maximum wait is over.
    WaitOver,
    /// The ACD's own deadline passed.
    Overdue,
    /// The caller is gone.
    CallerGone,
    /// The agent is busy with a call of his own.
    Busy,
    /// The call was moved to another queue.
    Moved,
    /// Another agent of the ring group took the call.
    AnsweredElsewhere,
}

/// One live leg of an agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct AgentFact {
    /// The agent.
    pub agent: AgentId,
    /// The call.
    pub call: CallId,
    /// His leg.
    pub leg: LegId,
    /// The queue, for a queue's call.
    pub queue: Option<QueueId>,
}

/// One call that waits in a queue: enough for the ACD to put it back in its
/// place after it has forgotten it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WaitingFact {
    /// The call.
    pub call: CallId,
    /// The queue.
    pub queue: QueueId,
    /// Caller's number, if known.
    pub caller: Option<String>,
    /// Priority, and what it asks of an agent.
    pub needs: CallNeeds,
    /// What decides the place, from `Input::Enqueued`; until that came, the time of `Enqueue`.
    pub arrived: WallTime,
}

/// A callback whose call is to begin. An [`Input::Offer`] follows, save for an agent's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallbackOrder {
    /// The call that begins.
    pub call: CallId,
    /// The callback.
    pub callback: CallbackId,
    /// Whom to call, E.164.
    pub number: String,
    /// The queue.
    pub queue: Option<QueueId>,
    /// The agent whose own it is: his phone is called at once.
    pub agent: Option<AgentId>,
    /// The contact of his phone that he chose.
    pub device: Option<String>,
    /// What decides its place.
    pub arrived: WallTime,
    /// Its priority.
    pub priority: i32,
    /// How long the customer's phone rings.
    pub ring: Duration,
    /// The customer is called before the agent's phone.
    pub customer_first: bool,
}

/// How far the call of a callback has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CallbackStep {
    /// The customer's phone is being called.
    Dialing,
    /// Customer and agent talk.
    Connected,
    /// The call is over and they never talked.
    Failed {
        /// Another attempt may succeed.
        may_retry: bool,
        /// Stable word.
        why: String,
    },
}

/// What becomes of a standing leg.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StandingStep {
    /// It is connected.
    Up {
        /// The agent dialed the code for it himself.
        is_his_doing: bool,
    },
    /// His phone holds it while nobody is on it, or takes it back.
    Held {
        /// It is on hold now.
        is_held: bool,
    },
    /// It could not be had, or is gone.
    Down {
        /// He hung up, declined, or let it ring.
        is_his_doing: bool,
        /// Stable word of the table of causes.
        why: String,
    },
}

/// What happens to a shard.
#[derive(Clone, Debug)]
pub enum Input {
    /// A new dial plan.
    Configure(Arc<Plan>),
    /// A SIP message of one of this shard's dialogs, or a new request.
    Received {
        /// Where it came from.
        peer: Peer,
        /// The message.
        message: Message,
    },
    /// Bytes that are no message but may be answered (400, 505).
    ReceivedBad {
        /// Where they came from.
        peer: Peer,
        /// What is wrong.
        error: ParseError,
    },
    /// Sending to the peer failed (refused, unreachable).
    TransportFailed {
        /// The peer.
        peer: Peer,
    },
    /// A connection is gone.
    FlowGone(FlowId),
    /// From location: who gets no answer to new INVITEs from now.
    Silenced(sip::location::Silence),
    /// From location: a silence ends before its time.
    Released {
        /// At this address.
        address: core::net::IpAddr,
        /// Of this user; of everyone when none.
        user: Option<String>,
    },
    /// From the trunk watcher: where the calls of a trunk go now, and whose calls are its. The newest counts.
    TrunkTargets(sip::trunk::Targets),
    /// From the media worker.
    Media(media_graph::Event),
    /// From location: all contacts of an agent now, best first.
    Contacts {
        /// The agent.
        agent: AgentId,
        /// His contacts.
        contacts: Vec<Contact>,
    },
    /// From the ACD: the call has its place.
    Enqueued {
        /// The call.
        call: CallId,
        /// The queue.
        queue: QueueId,
        /// What decides the place.
        arrived: WallTime,
        /// Priority.
        priority: i32,
    },
    /// From the ACD: ring this agent for this call.
    Offer {
        /// The offer.
        offer: OfferId,
        /// Its generation.
        generation: Generation,
        /// The call.
        call: CallId,
        /// The queue.
        queue: QueueId,
        /// The agent.
        agent: AgentId,
        /// How long to ring.
        ring: Duration,
        /// Why this agent, for the call's journey.
        routing: Option<Box<Routing>>,
    },
    /// From the ACD: stop ringing.
    Withdraw {
        /// The offer.
        offer: OfferId,
        /// Its generation.
        generation: Generation,
        /// Why.
        reason: WithdrawReason,
    },
    /// From the ACD: bridge.
    ClaimGranted {
        /// The offer.
        offer: OfferId,
        /// Its generation.
        generation: Generation,
    },
    /// From the ACD: too late, BYE with Reason.
    ClaimRefused {
        /// The offer.
        offer: OfferId,
        /// Its generation.
        generation: Generation,
    },
    /// From the ACD: the queue does not serve the call; its overflow says what does.
    LeaveQueue {
        /// The call.
        call: CallId,
        /// The queue.
        queue: QueueId,
        /// Why.
        why: Unserved,
    },
    /// From the ACD: the answer to `AskPlace`.
    Place {
        /// The call.
        call: CallId,
        /// The queue.
        queue: QueueId,
        /// How many are served before it, and one.
        position: u32,
        /// Upper estimate of what is left of its wait; none while nothing is known.
        wait: Option<Duration>,
    },
    /// From REST: click-to-call, the agent's phone first. Answered by `Reply`.
    Originate {
        /// Whom to answer.
        request: RequestId,
        /// The agent who calls.
        from_agent: AgentId,
        /// Number or extension as typed.
        to: String,
        /// The PIN that the agent gave, for destinations that take one.
        pin: Option<String>,
    },
    /// From REST: end a call. Answered by `Reply`.
    HangUp {
        /// Whom to answer.
        request: RequestId,
        /// The call.
        call: CallId,
    },
    /// From the ACD: begin the call of a callback.
    BeginCallback(Box<CallbackOrder>),
    /// From the ACD: end the call of a callback in which nobody talks yet.
    EndCallback {
        /// The call.
        call: CallId,
    },
    /// From the ACD, once it is synced: what became of `Effect::AskCallback`.
    CallbackAnswer {
        /// The call that asked.
        call: CallId,
        /// The callback and whether it was there before, or the word for why there is none.
        result: Result<(CallbackId, bool), String>,
    },
    /// The internal do-not-call list as it is from now. The newest counts.
    DoNotCall(Arc<dialer::gate::Lists>),
    /// From the ACD: a supervisor's order about a waiting call is carried out; answered where somebody waits for it.
    Steered {
        /// Whom to answer.
        request: Option<RequestId>,
        /// The call.
        call: CallId,
        /// The queue in which it was.
        queue: QueueId,
        /// What is done.
        steering: Steering,
    },
    /// From the dialer: dial a number for a campaign. `Effect::Attempt` tells of it until it is over.
    Dial(Box<Dial>),
    /// From the dialer: end an attempt that nobody has answered, once it has rung for its minimum.
    CancelDial {
        /// The attempt.
        attempt: AttemptId,
    },
    /// From the ACD: call the agent's phone, to stay connected between calls. Answered by `Effect::StandingLeg`.
    CallStandingLeg {
        /// The agent.
        agent: AgentId,
    },
    /// From the ACD: end his standing leg; while he talks, after the call.
    EndStandingLeg {
        /// The agent.
        agent: AgentId,
    },
    /// The journal cannot be written (true) or can again (false): new calls 503, calls in progress go on.
    JournalFailing(bool),
    /// A response to an INVITE that the journal was to have first, and does not take: it never left.
    ResponseRefused(Message),
    /// Calls from before a crash: each dialog is ended, each call gets its `Ended` with cause `node_restart`.
    Restore(Vec<RestoredCall>),
    /// What this shard held when it broke an assertion: each dialog is ended, each call gets its `Ended` with cause
    /// `shard_restart`, ports and players are given back, recordings finished and kept.
    Recover(Lost),
    /// How many calls agents dialed out today before a restart: they count for their caps.
    Dialed(Vec<(AgentId, u32)>),
    /// From the ACD, which was built anew: tell `Facts` now and not only in their turn.
    TellFacts,
    /// The node shuts down: refuse new calls with 503.
    Drain,
    /// The time to wait is over: end every call with BYE and a record.
    EndAll,
}

/// What a shard wants done.
#[derive(Debug)]
pub enum Effect {
    /// Send.
    Transmit {
        /// Where.
        peer: Peer,
        /// What.
        bytes: Bytes,
        /// Hold until the owner's entries have come so far.
        gate: Option<Mark>,
        /// It was sent before: a retransmission.
        again: bool,
    },
    /// To location: an INVITE from here had a wrong password or an unknown user.
    AuthFailed {
        /// Where it came from.
        address: core::net::IpAddr,
        /// User name of its credentials.
        user: String,
    },
    /// To the media worker.
    Media(media_graph::Command),
    /// To the journal. The owner's entries are numbered by these effects, from 1.
    Journal(Entry),
    /// To the ACD: a call waits.
    Enqueue {
        /// The call.
        call: CallId,
        /// The queue.
        queue: QueueId,
        /// Caller's number, if known.
        caller: Option<String>,
        /// Priority, and what it asks of an agent.
        needs: CallNeeds,
        /// The arrival that decides its place, where that is not now: it overflowed from another queue, or waited here
        /// before.
        since: Option<WallTime>,
        /// The queue takes it though it is full or nobody is there: rules sent it here to be called back, or it waited
        /// here before.
        is_let_in: bool,
        /// A campaign called him, and he may be kept waiting for no longer than this.
        dialed: Option<Duration>,
    },
    /// To the ACD: where does the call stand, and how long will it wait? Answered by `Place`.
    AskPlace {
        /// The call.
        call: CallId,
    },
    /// To the ACD: the caller left the queue by a key, or as it closed; his call goes on elsewhere.
    CallerMoved {
        /// The call.
        call: CallId,
    },
    /// To the ACD: the caller is gone, or the call in which he was told that he is called back is over.
    CallerGone {
        /// The call.
        call: CallId,
    },
    /// To the ACD: the phone answered.
    Claim {
        /// The offer.
        offer: OfferId,
        /// Its generation.
        generation: Generation,
    },
    /// To the ACD: the offer's leg is down.
    OfferEnded {
        /// The offer.
        offer: OfferId,
        /// Its generation.
        generation: Generation,
        /// How.
        outcome: OfferOutcome,
    },
    /// To the ACD: a live leg of an agent began outside an offer.
    AgentBusy(AgentFact),
    /// To the ACD: a live leg of an agent ended.
    AgentFree {
        /// The agent.
        agent: AgentId,
        /// The call.
        call: CallId,
        /// His leg.
        leg: LegId,
        /// He talked to the customer.
        talked: bool,
    },
    /// To the ACD: an agent's leg that talks is on hold from now, or no more.
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
    /// To the ACD: a caller on the line asks to be called back. Answered by `Input::CallbackAnswer`.
    AskCallback {
        /// His call.
        call: CallId,
        /// The queue that he waits in.
        queue: QueueId,
        /// Whom to call, E.164; none when nothing was typed that is a number.
        number: Option<String>,
        /// The rule that keeps us from calling it.
        denied_by: Option<&'static str>,
    },
    /// To the ACD: a caller calls his callback off.
    CancelCallback {
        /// Its queue.
        queue: QueueId,
        /// His number, E.164.
        number: String,
    },
    /// To the ACD: how far the call of a callback has come.
    CallbackStep {
        /// The call.
        call: CallId,
        /// How far.
        step: CallbackStep,
    },
    /// To the ACD, with `Facts`: all calls of callbacks here in which they do not talk yet.
    CallbackFacts {
        /// The calls.
        calls: Vec<CallId>,
    },
    /// To the ACD: the standing leg of an agent came up, is on hold between calls, or is gone.
    StandingLeg {
        /// The agent.
        agent: AgentId,
        /// Which of it.
        step: StandingStep,
    },
    /// To the dialer: something happened to an attempt.
    Attempt(Box<Report>),
    /// To the dialer, with `Facts`: all attempts that are not over.
    AttemptFacts {
        /// The attempts, in order.
        attempts: Vec<AttemptId>,
    },
    /// To the ACD, with `Facts`: all standing legs.
    StandingFacts {
        /// Agents whose leg is up.
        up: Vec<AgentId>,
        /// Agents whose phone holds it between calls.
        held: Vec<AgentId>,
        /// Agents whose phone is being called for it.
        calling: Vec<AgentId>,
    },
    /// To the ACD, every 5 s: all that is live here.
    Facts {
        /// Live agent legs.
        legs: Vec<AgentFact>,
        /// Calls waiting in a queue.
        waiting: Vec<WaitingFact>,
        /// Offers calling, ringing or claiming.
        offers: Vec<(OfferId, Generation)>,
    },
    /// The answer to a request from REST.
    Reply {
        /// Whom.
        request: RequestId,
        /// What.
        result: Result<Reply, CommandError>,
        /// Hold until the owner's entries have come so far.
        gate: Option<Mark>,
    },
    /// The Call-ID of a leg that we called, or of one from before a restart, now belongs to this shard (true) or no
    /// more (false): for the directory (DESIGN section 4). Of callers it is the hash that chose the shard.
    CallIdOwned {
        /// The Call-ID header.
        sip_call_id: String,
        /// Owned or released.
        owned: bool,
    },
    /// Something was refused or dropped: for `trunkline_drops_total{reason}`.
    Dropped {
        /// Stable word.
        reason: &'static str,
    },
    /// After `Drain` or `EndAll`: calls, recordings and SIP sessions are all over. A peer that answers no BYE holds
    /// it back for 64*T1 (32 s), so whoever shuts down has a limit of his own.
    Drained,
}

/// A good answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Reply {
    /// The call was created; it shows among the live calls.
    Called(NewCall),
    /// The call is being ended.
    HangingUp(CallId),
    /// The order about the waiting call is carried out.
    Steered(CallId),
}

/// A call that REST created.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewCall {
    /// The call.
    pub call: CallId,
}

/// Why a command was not carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CommandError {
    /// No such agent.
    UnknownAgent,
    /// The agent has no registered phone.
    NoDevice,
    /// The destination is not one we have or may dial.
    Denied,
    /// The destination cannot be read as a number or extension.
    BadDestination,
    /// No such live call.
    UnknownCall,
    /// The call does not wait in the queue any more.
    NotWaiting,
    /// Limits, drain or a failing journal.
    Unavailable(Cause),
}
