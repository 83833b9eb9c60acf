//! Commands that come from outside (REST), each for exactly one owner, and their answers.

use core::time::Duration;
use std::sync::Arc;

use acd::{AgentSnapshot, CallbackPick, CallbackRefusal, CallbackRequest, CallbackTaken, Status, Steering};
use clock::{AgentId, CallId, CampaignId, LeadId, ListId, QueueId, WallTime};
use dialer::campaign::{Actor, Step};
use dialer::gate::Pattern;
use dialer::runner::{Answered, ByHand, CallbackAsked, Written};
use journal_core::ConsentEntry;

/// A command of an outside client.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Choose a status for an agent (to the ACD).
    SetAgentStatus {
        /// The agent.
        agent: AgentId,
        /// The status.
        status: Status,
        /// Pause reason, if any.
        reason: Option<String>,
    },
    /// Why an agent has no call (to the ACD).
    WhyIdle {
        /// The agent.
        agent: AgentId,
    },
    /// Why calls wait (to the ACD).
    WhyWait {
        /// The calls: of more than [`acd::WHY_CALLS_MAX`] the first.
        calls: Vec<CallId>,
    },
    /// What came of a call (to the ACD).
    Dispose(Box<acd::Disposed>),
    /// A longer wrap-up (to the ACD).
    ExtendWrapUp {
        /// The agent.
        agent: AgentId,
        /// By how much.
        by: Duration,
    },
    /// Which of his queues an agent serves (to the ACD).
    ChooseQueues {
        /// The agent.
        agent: AgentId,
        /// The queues; `None` for all of his.
        queues: Option<Vec<QueueId>>,
    },
    /// An agent logs in with a standing leg, or out (to the ACD).
    SetStandingLeg {
        /// The agent.
        agent: AgentId,
        /// In or out.
        wanted: bool,
    },
    /// Click-to-call: the agent's phone first, then the other side (to a shard).
    Originate {
        /// The agent who calls.
        from_agent: AgentId,
        /// Number or extension as typed.
        to: String,
        /// The PIN that the agent gave, for destinations that take one.
        pin: Option<String>,
    },
    /// End a call (to the shard that owns it).
    HangUp {
        /// The call.
        call: CallId,
    },
    /// Ask for a callback (through the dialer's gate to the ACD).
    RequestCallback {
        /// The request. Its `asker` is set on the way.
        request: Box<CallbackRequest>,
        /// The PIN that the agent gave.
        pin: Option<String>,
    },
    /// Call a callback off (to the ACD).
    CancelCallback {
        /// Which.
        pick: CallbackPick,
    },
    /// Put a number or prefix on the do-not-call list, or take it off (to the dialer).
    DoNotCall {
        /// The number or prefix.
        pattern: Pattern,
        /// On or off.
        listed: bool,
        /// Why.
        reason: Option<String>,
    },
    /// Write down that somebody agreed to something, or agrees to it no more (to the dialer).
    Consent(Box<ConsentEntry>),
    /// Do something with a campaign (to the dialer).
    Campaign(Box<CampaignCommand>),
    /// Do something with a waiting call (to the ACD).
    Steer {
        /// The call.
        call: CallId,
        /// What.
        steering: Steering,
    },
    /// Lift a ban (to location).
    LiftBan {
        /// Its number.
        ban: u64,
    },
    /// Let an owner handle again what it was spared after breaking at it twice (to that owner's task).
    Release {
        /// Number of the quarantine.
        quarantine: u64,
    },
}

/// Something that is done with a campaign.
#[derive(Clone, Debug, PartialEq)]
pub enum CampaignCommand {
    /// It is written, for the first time or anew.
    Write {
        /// Which.
        campaign: CampaignId,
        /// What it is now.
        written: Written,
        /// The text that he had seen; none: whatever it is.
        based_on: Option<Arc<str>>,
        /// Who writes it.
        by: Actor,
    },
    /// A step of its life.
    Step {
        /// Which.
        campaign: CampaignId,
        /// What.
        step: Step,
        /// The text that he had seen; none: whatever it is.
        based_on: Option<Arc<str>>,
    },
    /// Other agents work for it: it is the same but for them.
    Assign {
        /// Which.
        campaign: CampaignId,
        /// What it is now.
        written: Written,
        /// The text that it was made of.
        based_on: Arc<str>,
    },
    /// A list of it is called anew.
    Reset {
        /// Which.
        campaign: CampaignId,
        /// The list.
        list: ListId,
    },
    /// Leads were added to a list: campaigns that call from it look for them.
    Added {
        /// The list.
        list: ListId,
    },
    /// What a list knows of a lead was mended: campaigns that call from it read the lead again before they dial it.
    Mended {
        /// The list.
        list: ListId,
        /// The lead.
        lead: LeadId,
    },
    /// An agent dials by hand.
    ByHand {
        /// Which.
        campaign: CampaignId,
        /// The agent.
        agent: AgentId,
        /// What he does.
        what: ByHand,
    },
    /// An agent answers the campaign's form for a call.
    Answer(Answered),
    /// May the lead of a call be called back then?
    Callback(CallbackAsked),
    /// What is known of consents to call these numbers, E.164?
    Consents(Vec<String>),
    /// Why is a lead not being dialed?
    WhyNot {
        /// Which.
        campaign: CampaignId,
        /// The lead.
        lead: LeadId,
    },
}

/// A good answer; it is given when what it says is synced (DESIGN section 6).
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// The agent as he is now.
    Agent(AgentSnapshot),
    /// Why he has no call, for each of his queues.
    WhyIdle(acd::WhyIdle),
    /// Why the calls wait: those that still do.
    WhyWait(Vec<acd::Waits>),
    /// The call was created.
    Called(CallId),
    /// The call is being ended.
    HangingUp(CallId),
    /// The callback that was taken, was there already, or was called off.
    Callback(Box<CallbackTaken>),
    /// The entry of the do-not-call list.
    DoNotCall {
        /// The number or prefix.
        pattern: String,
        /// Why.
        reason: Option<String>,
        /// Since when.
        since: WallTime,
        /// It was not listed before, and is now.
        is_new: bool,
    },
    /// What was written down of a consent.
    Consent(Box<ConsentEntry>),
    /// What a campaign is now, or what was asked of it.
    Campaign(Box<dialer::runner::Reply>),
    /// The order about the waiting call is carried out, or it was so already.
    Steered(CallId),
    /// The ban as it was: it is over.
    BanLifted(crate::Ban),
    /// What was quarantined: it is over.
    Released(crate::Quarantined),
}

/// Why a command was not carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CommandError {
    /// No such agent.
    UnknownAgent,
    /// The agent wraps nothing up.
    NoWrapUp,
    /// The wrap-up may not be made so much longer.
    WrapUpExtensionOver {
        /// By how much it may, s.
        left_s: u64,
    },
    /// No such live call.
    UnknownCall,
    /// No such queue.
    UnknownQueue,
    /// The call does not wait in a queue, or no more.
    NotWaiting,
    /// The queue has no room.
    QueueFull,
    /// The agent is not ready.
    AgentNotReady,
    /// No such ban, or it is over.
    UnknownBan,
    /// No such open callback.
    UnknownCallback,
    /// The callback is not taken.
    Callback(CallbackRefusal),
    /// The number or prefix is not on the list.
    NotListed,
    /// The list has no room.
    ListFull,
    /// Nothing is done with the campaign.
    Campaign(Box<dialer::runner::Refusal>),
    /// No such quarantine, or it is over.
    UnknownQuarantine,
    /// The agent has no registered phone.
    NoDevice,
    /// The destination may not be dialed.
    Denied,
    /// The destination cannot be read as a number or extension.
    BadDestination,
    /// Limits, shutdown, a failing journal, an owner's full queue or a missed deadline: try again later.
    Unavailable {
        /// Stable word.
        reason: String,
    },
}
