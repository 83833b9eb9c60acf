//! The kinds of entries.
//!
//! Call entries are the call's journey: one writer (the shard that owns the call), numbered from 1 without a gap, from
//! which status, record, KPIs and live events are all derived.

use clock::{AgentId, AttemptId, CallId, CallbackId, CampaignId, LeadId, LegId, OfferId, QueueId, TrunkId, WallTime};
use serde::{Deserialize, Serialize};

use crate::{
    AgentState, AgentStatus, AgentStep, AttemptEntry, AuditNote, Binding, CallStatus, CallbackEntry, CampaignEntry,
    CampaignLeadEntry, CampaignStep, Cause, ConsentEntry, DialDecision, DialogIdentity, Direction, Disposition,
    FormAnswers, HoursFound, LeadListNote, LostCallRules, Outcome, QuarantineNote, QueueLeft, RecoveredCall, Routing,
    Shared, StateCause, Steering,
};

/// One entry of the journal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Entry {
    /// A step of a call.
    Call(CallEntry),
    /// What is needed to end a leg's dialog after a crash; replaces the leg's former one. Shared by the folds that keep
    /// it, and no larger in the queues than other entries.
    Dialog(Shared<DialogIdentity>),
    /// The leg's dialog is over, nothing to do after a crash.
    DialogOver {
        /// The call.
        call: CallId,
        /// The leg.
        leg: LegId,
    },
    /// A contact was bound, or refreshed.
    BindingSet(Binding),
    /// A contact is gone (expired, unregistered, replaced, flow lost).
    BindingRemoved {
        /// The agent whose phone it was.
        agent: AgentId,
        /// The contact URI.
        contact: String,
    },
    /// What an agent chose, or RONA chose for him; kept over a restart.
    AgentStatus {
        /// The agent.
        agent: AgentId,
        /// The status.
        status: AgentStatus,
        /// Why (pause reason, `rona`).
        reason: Option<String>,
        /// Since when.
        at: WallTime,
    },
    /// The state of an agent became another one: the interval log (DESIGN section 8).
    AgentStateChanged {
        /// The agent.
        agent: AgentId,
        /// The new state.
        state: AgentState,
        /// Why.
        reason: Option<String>,
        /// The call, while reserved or on one.
        call: Option<CallId>,
        /// Since when.
        at: WallTime,
        /// What made it so.
        cause: StateCause,
    },
    /// The answer that was given to a POST with an Idempotency-Key (rest.md section 2).
    Idempotency {
        /// Principal, method, path and key, hashed.
        key_hash: [u8; 32],
        /// Hash of the request body.
        body_hash: [u8; 32],
        /// The HTTP status given.
        status: u16,
        /// The JSON body given.
        body: String,
        /// When.
        at: WallTime,
    },
    /// An integer id of the cores was given to a name, for ever.
    Name {
        /// What it names.
        kind: NameKind,
        /// The id.
        id: u32,
        /// Account the name belongs to.
        account: String,
        /// The name: extension, queue name, trunk name.
        name: String,
    },
    /// The node started: entries after this one are of a new epoch.
    NodeStarted {
        /// When.
        at: WallTime,
    },
    /// The node stopped in order: nothing is left to end.
    NodeStopped {
        /// When.
        at: WallTime,
    },
    /// What wins lost calls back from here on: written at each start, and when the rules change.
    LostCallRules {
        /// The rules.
        rules: LostCallRules,
        /// When.
        at: WallTime,
    },
    /// `lost_call.overdue`: a lost call waited longer than it may. Once a call.
    LostCallOverdue {
        /// The call.
        call: CallId,
        /// Account of the call.
        account: String,
        /// Who called.
        number: String,
        /// The queue entered last, by name.
        queue: Option<String>,
        /// Extension of the agent it was offered to last.
        agent: Option<String>,
        /// When it ended.
        lost_at: WallTime,
        /// When.
        at: WallTime,
    },
    /// A callback as it is from now; replaces its former entry. After a terminal state none follows.
    Callback(Shared<CallbackEntry>),
    /// A number or prefix (with `*`) is on the internal do-not-call list from now, or is so no more.
    DoNotCall {
        /// E.164, or a prefix of it with `*`.
        pattern: String,
        /// Listed from now, or no more.
        listed: bool,
        /// Why, as it was given.
        reason: Option<String>,
        /// When.
        at: WallTime,
    },
    /// Somebody told an owner to do something over the API, or tried to: it becomes a row of the audit log.
    Audit(Box<AuditNote>),
    /// An owner is spared something that broke it twice, or handles it again.
    Quarantine(Box<QuarantineNote>),
    /// Something else happened to an agent.
    Agent(AgentStep),
    /// What an agent said came of a call.
    Disposition(Box<Disposition>),
    /// Why a call failed, as a person says (P-424); replaces what was said before.
    FailureReason {
        /// The call.
        call: CallId,
        /// Why; none takes back what was said.
        reason: Option<String>,
        /// Who says it.
        by: String,
        /// When.
        at: WallTime,
    },
    /// A caller gave up waiting, and has his place again if he rings in time.
    PlaceKept {
        /// The queue.
        queue: QueueId,
        /// His number.
        caller: String,
        /// Since when he had waited.
        arrived: WallTime,
        /// Until when the place is kept.
        until: WallTime,
    },
    /// The node is up: after a crash the last of these tells until when it was, at least.
    NodeAlive {
        /// When.
        at: WallTime,
    },
    /// `call.recovered`: a call out won a lost call back. Once a lost call.
    CallRecovered(Box<RecoveredCall>),
    /// What the dial gate said of an attempt: it becomes a row of the compliance decisions.
    DialDecision(Box<DialDecision>),
    /// `campaign.*`: a campaign as it is from now; replaces its former entry.
    Campaign(Shared<CampaignEntry>),
    /// `attempt.*`: an attempt of a campaign as it is from now; replaces its former entry. After its end none follows.
    Attempt(Shared<AttemptEntry>),
    /// A lead of a campaign as it is from now; replaces its former entry.
    CampaignLead(Box<CampaignLeadEntry>),
    /// Something else happened to a campaign.
    CampaignStep(Box<CampaignStep>),
    /// `attempt.answers`: what was answered to a campaign's form.
    FormAnswers(Box<FormAnswers>),
    /// Somebody agreed to something, or agrees to it no more.
    Consent(Box<ConsentEntry>),
    /// `lead_list.*`: a list of leads came to another state, or was read on.
    LeadList(Box<LeadListNote>),
}

/// What an integer id names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum NameKind {
    /// `AgentId`: an extension.
    Agent,
    /// `QueueId`.
    Queue,
    /// `TrunkId`.
    Trunk,
    /// `MenuId`.
    Menu,
    /// `SkillId`.
    Skill,
}

/// One step of one call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CallEntry {
    /// The call.
    pub call: CallId,
    /// From 1, without a gap, in the order of events.
    pub seq: u32,
    /// When.
    pub at: WallTime,
    /// What happened.
    pub event: CallEvent,
}

impl CallEntry {
    /// Whether it says that an attempt of a callback has its place in the queue. Such a call begins with it, before there
    /// is any leg: nobody waits on the line, and figures of waiting callers leave it out.
    #[must_use]
    pub const fn is_callback_place(&self) -> bool {
        self.seq == 2 && matches!(self.event, CallEvent::QueueEntered { .. })
    }
}

/// What can happen to a call. Each maps to one `type` of the journey (DESIGN section 10).
///
/// New events go at the end: the place in this list is what is stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum CallEvent {
    /// `call.started`: always seq 1.
    Started {
        /// In which direction.
        direction: Direction,
        /// Between own parties only: in no KPI.
        internal: bool,
        /// Number or extension that calls (E.164 where it is a number).
        from: String,
        /// Number or extension called.
        to: String,
        /// The call this one is a consultation of.
        parent: Option<CallId>,
        /// The trunk of an inbound call.
        trunk: Option<TrunkId>,
        /// The agent who dials, for calls that an agent starts.
        agent: Option<AgentId>,
    },
    /// `leg.started`: a leg was created.
    LegStarted {
        /// The leg.
        leg: LegId,
        /// Its part in the call.
        kind: LegKind,
        /// Its Call-ID header.
        sip_call_id: String,
        /// The agent whose leg it is.
        agent: Option<AgentId>,
    },
    /// `call.ringing`: the other side (not a queue's agent) rings.
    Ringing {
        /// The ringing leg.
        leg: LegId,
    },
    /// `queue.entered`.
    QueueEntered {
        /// The queue.
        queue: QueueId,
        /// Time that decides the place: earlier than `at` when a place is given back.
        arrived: WallTime,
        /// Priority, higher first.
        priority: i32,
    },
    /// `offer.ringing`: an agent's phone is being called.
    OfferRinging {
        /// The offer.
        offer: OfferId,
        /// The agent.
        agent: AgentId,
        /// The agent's leg.
        leg: LegId,
    },
    /// `offer.answered`: the agent's claim was granted.
    OfferAnswered {
        /// The offer.
        offer: OfferId,
        /// The agent.
        agent: AgentId,
        /// The agent's leg.
        leg: LegId,
    },
    /// `offer.missed`: rang out.
    OfferMissed {
        /// The offer.
        offer: OfferId,
        /// The agent.
        agent: AgentId,
    },
    /// `offer.refused`: busy, declined, unreachable.
    OfferRefused {
        /// The offer.
        offer: OfferId,
        /// The agent.
        agent: AgentId,
        /// SIP status of the refusal; 0 when it could not be delivered.
        status: u16,
    },
    /// `offer.withdrawn`: by the ACD (pause, caller gone, wait over).
    OfferWithdrawn {
        /// The offer.
        offer: OfferId,
        /// The agent.
        agent: AgentId,
        /// Stable word: `caller_gone`, `paused`, `wait_over`, `offline`, `ended`.
        why: String,
    },
    /// `offer.too_late`: the phone answered an offer that was no longer his.
    OfferTooLate {
        /// The offer.
        offer: OfferId,
        /// The agent.
        agent: AgentId,
    },
    /// `call.answered`: a person, or the service itself, answered.
    Answered {
        /// The answering leg; the caller's own leg where a service (echo, tone, voicemail) answers.
        leg: LegId,
        /// The agent who talks from now.
        agent: Option<AgentId>,
    },
    /// `call.held`.
    Held {
        /// The leg whose party put the other on hold.
        leg: LegId,
    },
    /// `call.resumed`.
    Resumed {
        /// The leg whose party took the other back.
        leg: LegId,
    },
    /// `call.transfer_started`: a REFER was accepted.
    TransferStarted {
        /// The transferring leg.
        leg: LegId,
        /// Target as dialed.
        to: String,
    },
    /// `call.transfer_failed`: the transferor keeps the call.
    TransferFailed {
        /// The transferring leg.
        leg: LegId,
        /// Final status of the target.
        status: u16,
    },
    /// `call.transferred`.
    Transferred {
        /// The leg that left.
        leg: LegId,
        /// Target as dialed.
        to: String,
        /// The agent who has the call now.
        agent: Option<AgentId>,
    },
    /// `queue.left`.
    QueueLeft {
        /// The queue.
        queue: QueueId,
        /// How.
        how: QueueLeft,
    },
    /// `call.digit`: the party pressed a key.
    Digit {
        /// The leg.
        leg: LegId,
        /// The key.
        digit: char,
    },
    /// `voicemail.left`.
    VoicemailLeft {
        /// The voicemail box: a queue.
        queue: QueueId,
        /// Path of the WAV relative to the data folder, without suffix.
        path: String,
        /// Length, ms.
        duration_ms: u64,
    },
    /// `recording.started`.
    RecordingStarted {
        /// Path relative to the data folder, without suffix.
        path: String,
    },
    /// `recording.ready` or `recording.failed`. May follow `Ended`.
    RecordingEnded {
        /// Ready or failed.
        state: RecordingState,
        /// Length, ms.
        duration_ms: u64,
        /// SHA-256 of the WAV.
        sha256: [u8; 32],
    },
    /// `leg.ended`.
    LegEnded {
        /// The leg.
        leg: LegId,
        /// Why.
        cause: Cause,
    },
    /// `call.ended`: exactly one a call.
    Ended {
        /// Final status.
        status: CallStatus,
        /// Outcome by the table of data-model.md section 2.
        outcome: Outcome,
        /// Why it ended.
        cause: Cause,
    },
    /// `voicemail.started`: the box greets and records; what was said so far was no conversation.
    VoicemailStarted {
        /// The voicemail box: a queue.
        queue: QueueId,
    },
    /// `trunk.target_failed`: a target of a trunk did not take the call, so the next one is tried. `leg.ended` of the
    /// same leg says why.
    TargetFailed {
        /// The leg that was to reach it.
        leg: LegId,
        /// The trunk.
        trunk: TrunkId,
        /// Its address.
        target: String,
        /// The address that is tried now.
        next: String,
    },
    /// `menu.entered`: the caller hears a menu.
    MenuEntered {
        /// Name of the menu.
        menu: String,
    },
    /// `menu.missed`: nothing that the menu knows was pressed; it is heard again, or left by its default.
    MenuMissed {
        /// Name of the menu.
        menu: String,
        /// What was pressed; empty when nothing was in time.
        keys: String,
    },
    /// `menu.left`: where the caller goes from here.
    MenuLeft {
        /// Name of the menu.
        menu: String,
        /// What he pressed; empty when the menu's default sends him on.
        keys: String,
        /// Where to, as in the configuration: `queue:sales`.
        to: String,
    },
    /// `hours.checked`: a schedule decided which way the call goes.
    HoursChecked {
        /// What has the schedule, as in the configuration: `number:+44...`, `menu:main`, `queue:sales`.
        at: String,
        /// Name of the schedule.
        schedule: String,
        /// What it says.
        hours: HoursFound,
        /// Where to, when it is not open.
        to: Option<String>,
    },
    /// `queue.overflowed`: the queue does not serve the caller; where he goes instead.
    Overflowed {
        /// The queue.
        queue: QueueId,
        /// Stable word: `full`, `timed_out`, `empty`, `closed`.
        why: String,
        /// Where to, as in the configuration.
        to: String,
    },
    /// `queue.announced`: what a waiting caller is told.
    Announced {
        /// The queue.
        queue: QueueId,
        /// The place that is said, from 1.
        position: Option<u32>,
        /// The wait that is said, s.
        wait_s: Option<u32>,
        /// Comfort message by the name of its prompt.
        message: Option<String>,
    },
    /// `message.played`: the caller hears a message, after which the call ends.
    MessagePlayed {
        /// Name of the prompt.
        prompt: String,
    },
    /// `callback.requested`: the caller on the line is called back; his call ends with it.
    CallbackRequested {
        /// The queue.
        queue: QueueId,
        /// His callback.
        callback: CallbackId,
        /// He had asked before: the first is kept.
        is_duplicate: bool,
    },
    /// `callback.rejected`: the caller on the line asked to be called back, and is not.
    CallbackRejected {
        /// The queue.
        queue: QueueId,
        /// Stable word: `limit`, `closed`, `number_withheld`, a rule of the dial gate.
        reason: String,
    },
    /// `callback.dialing`: this call is an attempt of a callback, and the customer is called now.
    CallbackDialing {
        /// The callback.
        callback: CallbackId,
        /// The agent who has it; none yet where the customer is called first.
        agent: Option<AgentId>,
    },
    /// `dial.denied`: the dial gate lets the call not out.
    DialDenied {
        /// The number.
        number: String,
        /// The rule that denies it: stable word.
        rule: String,
        /// Its evidence, in words.
        evidence: String,
    },
    /// `leg.device`: what is known of the phone of an agent's leg, and of its agent.
    LegDevice {
        /// The leg.
        leg: LegId,
        /// Display name of the agent.
        name: Option<String>,
        /// What the phone calls itself (User-Agent or Server, RFC 3261 20.35 and 20.41).
        device: Option<String>,
    },
    /// `routing.decided`: the call is offered to an agent, and why to him.
    Routed(Box<Routing>),
    /// `queue.moved`, `queue.prioritised`, `queue.pulled`, `queue.requeued`: a supervisor's order about the waiting call.
    QueueSteered {
        /// The queue in which it was.
        queue: QueueId,
        /// What was done.
        steering: Steering,
    },
    /// `attempt.started`: a campaign dials a lead; the INVITE leaves when this is safe.
    AttemptStarted {
        /// The attempt.
        attempt: AttemptId,
        /// Its campaign.
        campaign: CampaignId,
        /// Whom it is to reach.
        lead: LeadId,
    },
    /// `call.picked_up`: the number that a campaign called was answered, by whomever, or the customer of a callback who is
    /// called before an agent. Nobody of ours talks yet.
    PickedUp {
        /// The leg.
        leg: LegId,
    },
    /// `line.heard`: who or what is on the line of a campaign's call.
    LineHeard {
        /// Stable word: `person`, `machine`, `busy`, `sit` ...
        heard: String,
        /// Before the answer.
        early: bool,
        /// How sure, percent.
        confidence: u8,
        /// Why, in words.
        reason: String,
        /// When the greeting ended, where there was one.
        greeting_ended_at: Option<WallTime>,
    },
}

/// Part of a leg in its call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum LegKind {
    /// Who called.
    Caller,
    /// An agent reached by an offer.
    Agent,
    /// Another called party: extension or trunk.
    Callee,
    /// The target of a transfer.
    Transfer,
}

/// State of a recording in the record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RecordingState {
    /// Being written.
    Recording,
    /// Complete on disk.
    Ready,
    /// Could not be written.
    Failed,
}
