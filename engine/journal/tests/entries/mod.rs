//! One entry of each kind, and for calls one of each event, with the golden file it belongs to.

mod campaigns;

use core::net::{Ipv6Addr, SocketAddr};

use clock::{
    AgentId, AttemptId, CallId, CallbackId, CampaignId, LeadId, LegId, OfferId, QueueId, SkillId, TrunkId, WallTime,
};
use journal_core::{
    ActorKind, AgentEvent, AgentState, AgentStatus, AgentStep, AuditNote, AuditOutcome, Binding, CallEntry, CallEvent,
    CallStatus, CallbackEntry, CallbackOwner, CallbackSource, CallbackState, Cause, ConsentEntry, DialClause,
    DialClock, DialDecision, DialDenial, DialEvidence, DialOccasion, DialTried, DialogIdentity, DialogSide, Direction,
    Disposition, Entry, HoursFound, LegKind, LostCallRules, NOT_SET, NameKind, Outcome, QuarantineNote,
    QuarantinedThing, QueueLeft, RecordingState, RecoveredCall, Recovers, RoutedAgent, RoutedOthers, RoutedStanding,
    Routing, RoutingStrategy, Shared, SkillStep, StateCause, Steering, WantedCallback, Who,
};

use campaigns::{attempt, campaign, campaign_leads, campaign_steps, form_answers, lead_list, numbers};

/// A golden file: its name, its text, and the entries it stands for.
pub(crate) type Golden = (&'static str, &'static str, Vec<(&'static str, Entry)>);

macro_rules! golden {
    ($file:literal, $entries:expr) => {
        ($file, include_str!(concat!("../golden/", $file)), $entries)
    };
}

pub(crate) fn all() -> Vec<Golden> {
    vec![
        golden!("call.v1.hex", call_entries()),
        golden!("dialog.v1.hex", vec![("dialog", dialog())]),
        golden!("dialog_over.v1.hex", vec![("dialog_over", Entry::DialogOver { call: CALL, leg: LEG })]),
        golden!("binding.v1.hex", bindings()),
        golden!("agent.v2.hex", agents()),
        golden!("agent_steps.v1.hex", agent_steps()),
        golden!("disposition.v2.hex", dispositions(Some(AGENT), Some("Europe/London"))),
        golden!("idempotency.v1.hex", vec![("idempotency", idempotency())]),
        golden!("name.v1.hex", names()),
        golden!("callback.v2.hex", vec![("callback", callback(skill_steps()))]),
        golden!("do_not_call.v1.hex", vec![("listed", do_not_call(true)), ("removed", do_not_call(false))]),
        golden!(
            "node.v1.hex",
            vec![("started", Entry::NodeStarted { at: AT }), ("stopped", Entry::NodeStopped { at: AT })]
        ),
        golden!("lost.v1.hex", lost_calls()),
        golden!("audit.v1.hex", audits()),
        golden!("quarantine.v1.hex", quarantines()),
        golden!("node_alive.v1.hex", vec![("alive", Entry::NodeAlive { at: AT })]),
        golden!("failure_reason.v1.hex", vec![("given", failure_reason())]),
        golden!("call_recovered.v1.hex", vec![("recovered", recovered())]),
        golden!("place_kept.v1.hex", vec![("kept", place_kept())]),
        golden!("dial_decision.v1.hex", dial_decisions()),
        golden!("campaign.v3.hex", vec![("running", campaign(Some("ann"), Some("{}"), Some("ann")))]),
        golden!("attempt.v2.hex", vec![("ended", attempt(numbers()))]),
        golden!("campaign_lead.v2.hex", campaign_leads(&numbers())),
        golden!("campaign_step.v1.hex", campaign_steps()),
        golden!("lead_list.v1.hex", vec![("importing", lead_list())]),
        golden!("consent.v1.hex", vec![("given", consent(true)), ("revoked", consent(false))]),
        golden!("form_answers.v1.hex", vec![("answered", form_answers())]),
    ]
}

/// Files of versions that are only read.
pub(crate) fn older() -> Vec<Golden> {
    let mut agents = agents();
    if let Some((_, Entry::AgentStateChanged { cause, .. })) = agents.last_mut() {
        *cause = StateCause::Unknown;
    }
    vec![
        golden!("agent.v1.hex", agents),
        golden!("callback.v1.hex", vec![("callback", callback(Vec::new()))]),
        golden!("disposition.v1.hex", dispositions(None, None)),
        golden!("campaign.v1.hex", vec![("running", campaign(None, None, None))]),
        golden!("campaign.v2.hex", vec![("running", campaign(Some("ann"), None, None))]),
        golden!("attempt.v1.hex", vec![("ended", attempt(Vec::new()))]),
        golden!("campaign_lead.v1.hex", campaign_leads(&[])),
    ]
}

fn call_entries() -> Vec<(&'static str, Entry)> {
    let entry = |(index, event): (usize, CallEvent)| {
        let label = event.type_word();
        (label, Entry::Call(CallEntry { call: CALL, seq: index as u32 + 1, at: AT, event }))
    };
    call_events().into_iter().enumerate().map(entry).collect()
}

fn call_events() -> Vec<CallEvent> {
    let mut events = vec![
        CallEvent::Started {
            direction: Direction::Inbound,
            internal: false,
            from: "+442070000001".to_owned(),
            to: "+442071830001".to_owned(),
            parent: Some(CallId(1)),
            trunk: Some(TrunkId(1)),
            agent: None,
        },
        CallEvent::LegStarted {
            leg: LEG,
            kind: LegKind::Caller,
            sip_call_id: "a84b4c76e66710@host".to_owned(),
            agent: Some(AGENT),
        },
        CallEvent::Ringing { leg: LEG },
        CallEvent::QueueEntered { queue: QUEUE, arrived: AT, priority: -3 },
    ];
    events.extend(offer_events());
    events.extend(talk_events());
    events.extend(end_events());
    events.extend(rule_events());
    events.extend(callback_events());
    events.push(routing_event());
    events.extend(steering_events());
    events.extend(attempt_events());
    events
}

fn offer_events() -> Vec<CallEvent> {
    vec![
        CallEvent::OfferRinging { offer: OFFER, agent: AGENT, leg: LEG },
        CallEvent::OfferAnswered { offer: OFFER, agent: AGENT, leg: LEG },
        CallEvent::OfferMissed { offer: OFFER, agent: AGENT },
        CallEvent::OfferRefused { offer: OFFER, agent: AGENT, status: 486 },
        CallEvent::OfferWithdrawn { offer: OFFER, agent: AGENT, why: "paused".to_owned() },
        CallEvent::OfferTooLate { offer: OFFER, agent: AGENT },
    ]
}

fn talk_events() -> Vec<CallEvent> {
    let to = "1002".to_owned();
    vec![
        CallEvent::Answered { leg: LEG, agent: Some(AGENT) },
        CallEvent::Held { leg: LEG },
        CallEvent::Resumed { leg: LEG },
        CallEvent::TransferStarted { leg: LEG, to: to.clone() },
        CallEvent::TransferFailed { leg: LEG, status: 480 },
        CallEvent::Transferred { leg: LEG, to, agent: None },
        CallEvent::QueueLeft { queue: QUEUE, how: QueueLeft::TimedOut },
        CallEvent::Digit { leg: LEG, digit: '#' },
    ]
}

fn end_events() -> Vec<CallEvent> {
    let cause = Cause { who: Who::Caller, q850: Some(16), sip: Some(200), code: "normal".to_owned() };
    vec![
        CallEvent::VoicemailLeft { queue: QUEUE, path: "voicemail/1".to_owned(), duration_ms: 12_345 },
        CallEvent::RecordingStarted { path: "recordings/1".to_owned() },
        CallEvent::RecordingEnded { state: RecordingState::Ready, duration_ms: 60_000, sha256: [0xab; 32] },
        CallEvent::LegEnded { leg: LEG, cause: cause.clone() },
        CallEvent::Ended { status: CallStatus::Completed, outcome: Outcome::Successful, cause },
        CallEvent::VoicemailStarted { queue: QUEUE },
        CallEvent::TargetFailed {
            leg: LEG,
            trunk: TrunkId(1),
            target: "192.0.2.1:5060".to_owned(),
            next: "192.0.2.2:5060".to_owned(),
        },
    ]
}

fn rule_events() -> Vec<CallEvent> {
    let (menu, to) = ("main".to_owned(), "queue:sales".to_owned());
    let checked =
        |hours, to| CallEvent::HoursChecked { at: "menu:main".to_owned(), schedule: "office".to_owned(), hours, to };
    vec![
        CallEvent::MenuEntered { menu: menu.clone() },
        CallEvent::MenuMissed { menu: menu.clone(), keys: "7".to_owned() },
        CallEvent::MenuLeft { menu, keys: "1".to_owned(), to: to.clone() },
        checked(HoursFound::Open, None),
        checked(HoursFound::Holiday("Christmas Day".to_owned()), Some(to.clone())),
        CallEvent::Overflowed { queue: QUEUE, why: "full".to_owned(), to },
        CallEvent::Announced {
            queue: QUEUE,
            position: Some(3),
            wait_s: Some(240),
            message: Some("comfort".to_owned()),
        },
        CallEvent::MessagePlayed { prompt: "closed".to_owned() },
        CallEvent::QueueLeft { queue: QUEUE, how: QueueLeft::Empty },
    ]
}

fn callback_events() -> Vec<CallEvent> {
    vec![
        CallEvent::CallbackRequested { queue: QUEUE, callback: CALLBACK, is_duplicate: true },
        CallEvent::CallbackRejected { queue: QUEUE, reason: "limit".to_owned() },
        CallEvent::CallbackDialing { callback: CALLBACK, agent: Some(AGENT) },
        CallEvent::DialDenied {
            number: "+442070000001".to_owned(),
            rule: "do_not_call".to_owned(),
            evidence: "on the list".to_owned(),
        },
        CallEvent::LegDevice { leg: LEG, name: Some("Ann".to_owned()), device: Some("baresip v1.0.0".to_owned()) },
    ]
}

fn attempt_events() -> Vec<CallEvent> {
    vec![
        CallEvent::AttemptStarted { attempt: AttemptId(3), campaign: CampaignId(4), lead: LeadId(5) },
        CallEvent::PickedUp { leg: LEG },
        CallEvent::LineHeard {
            heard: "machine".to_owned(),
            early: false,
            confidence: 97,
            reason: "3.2 s of speech".to_owned(),
            greeting_ended_at: Some(AT),
        },
    ]
}

fn routing_event() -> CallEvent {
    let agent = |agent, standing| RoutedAgent { agent, standing, level: 1, proficiency: 7, figure: 35_000 };
    CallEvent::Routed(Box::new(Routing {
        offer: OFFER,
        agent: AGENT,
        queue: QUEUE,
        strategy: RoutingStrategy::Weighted,
        preferred: false,
        joined: false,
        candidates: 2,
        attempt: 1,
        waited_ms: 12_000,
        idle_ms: 35_000,
        required: vec![(SkillId(3), 5)],
        agents: vec![
            agent(AGENT, RoutedStanding::Chosen),
            agent(AgentId(8), RoutedStanding::Skill(SkillId(3), 5)),
            agent(AgentId(9), RoutedStanding::OnCall),
        ],
        others: RoutedOthers { on_call: 1, skill: 1, ..RoutedOthers::default() },
    }))
}

fn steering_events() -> Vec<CallEvent> {
    let steered = |steering| CallEvent::QueueSteered { queue: QUEUE, steering };
    vec![
        steered(Steering::Moved { to: QueueId(2), keep_arrival: true }),
        steered(Steering::Prioritised { priority: 5 }),
        steered(Steering::Pulled { agent: AGENT }),
        steered(Steering::Requeued { keep_arrival: false }),
    ]
}

fn dialog() -> Entry {
    Entry::Dialog(Shared::from(DialogIdentity {
        call: CALL,
        leg: LEG,
        side: DialogSide::ServerEarly,
        sip_call_id: "a84b4c76e66710@host".to_owned(),
        local: "<sip:1001@demo.local>;tag=1".to_owned(),
        remote: "\"A\" <sip:a@host>;tag=2".to_owned(),
        target: "sip:a@127.0.0.2:5080".to_owned(),
        routes: vec!["<sip:proxy;lr>".to_owned()],
        invite_cseq: 314_159,
        local_cseq: 2,
        branch: "z9hG4bK1".to_owned(),
        vias: vec!["SIP/2.0/UDP host;branch=z9hG4bK2".to_owned()],
        peer: SocketAddr::from(([127, 0, 0, 2], 5080)),
        stream: true,
    }))
}

fn skill_steps() -> Vec<SkillStep> {
    let step = SkillStep {
        after_ms: 30_000,
        required: vec![(SkillId(4), 2)],
        preferred: vec![SkillId(300)],
        level_max: Some(1),
    };
    vec![step]
}

fn callback(steps: Vec<SkillStep>) -> Entry {
    Entry::Callback(Shared::from(CallbackEntry {
        callback: CALLBACK,
        owner: CallbackOwner::Acd,
        state: CallbackState::NoAnswer,
        number: "+442070000001".to_owned(),
        queue: Some(QUEUE),
        agent: None,
        source: CallbackSource::Key,
        related: Some(CALL),
        call: Some(CallId(2)),
        served_by: Some(AGENT),
        requested_at: AT,
        arrived: AT,
        seq: 7,
        priority: -1,
        due_at: None,
        next_at: Some(AT),
        expires_at: AT,
        attempts: 1,
        device: Some("sip:1001@host".to_owned()),
        is_verified: true,
        why: Some("busy".to_owned()),
        at: AT,
        steps,
    }))
}

fn failure_reason() -> Entry {
    Entry::FailureReason { call: CALL, reason: Some("fax".to_owned()), by: "demo".to_owned(), at: AT }
}

fn consent(given: bool) -> Entry {
    Entry::Consent(Box::new(ConsentEntry {
        id: 0x0190_f5a2_b6d0_7c3a_9d1e_4f50_0000_0000,
        account: "demo".to_owned(),
        number: "+442079460123".to_owned(),
        purpose: "artificial_voice".to_owned(),
        given,
        channel: "web".to_owned(),
        source: "form".to_owned(),
        evidence: given.then(|| "I agree".to_owned()),
        at: AT,
        by: "user_1".to_owned(),
        recorded_at: AT,
    }))
}

fn do_not_call(listed: bool) -> Entry {
    Entry::DoNotCall { pattern: "+4479*".to_owned(), listed, reason: Some("asked us".to_owned()), at: AT }
}

fn place_kept() -> Entry {
    let until = WallTime::from_micros(AT.as_micros() + 60_000_000);
    Entry::PlaceKept { queue: QUEUE, caller: "+442070000001".to_owned(), arrived: AT, until }
}

fn bindings() -> Vec<(&'static str, Entry)> {
    let set = Binding {
        agent: AGENT,
        contact: "sip:1001@[::1]:5062".to_owned(),
        call_id: "reg-1".to_owned(),
        cseq: 7,
        expires_at: AT,
        source: SocketAddr::from((Ipv6Addr::LOCALHOST, 5062)),
        stream: false,
    };
    let removed = Entry::BindingRemoved { agent: AGENT, contact: set.contact.clone() };
    vec![("set", Entry::BindingSet(set)), ("removed", removed)]
}

fn agents() -> Vec<(&'static str, Entry)> {
    let reason = Some("rona".to_owned());
    let status = Entry::AgentStatus { agent: AGENT, status: AgentStatus::Paused, reason, at: AT };
    let (state, call, cause) = (AgentState::OnCall, Some(CALL), StateCause::Answered);
    let state = Entry::AgentStateChanged { agent: AGENT, state, reason: None, call, at: AT, cause };
    vec![("status", status), ("state", state)]
}

fn agent_steps() -> Vec<(&'static str, Entry)> {
    let events = [
        AgentEvent::PauseLimit { reason: "lunch".to_owned(), of_day: true, limit_s: 3_600, then: "warn".to_owned() },
        AgentEvent::StatusDeferred { status: AgentStatus::Offline, after: AgentState::OnCall, call: Some(CALL) },
        AgentEvent::QueuesChosen { queues: Some(vec![QUEUE]) },
        AgentEvent::WrapUpExtended { call: CALL, by_s: 30, until: AT },
        AgentEvent::StandingLeg { wanted: true, up: true, why: "answered".to_owned() },
    ];
    let step = |event: AgentEvent| (event.type_word(), Entry::Agent(AgentStep { agent: AGENT, at: AT, event }));
    events.into_iter().map(step).collect()
}

fn dispositions(agent: Option<AgentId>, zone: Option<&str>) -> Vec<(&'static str, Entry)> {
    let zone = zone.map(str::to_owned);
    let whole = Disposition {
        call: CALL,
        agent: AGENT,
        code: "sold".to_owned(),
        label: "Sold".to_owned(),
        is_success: true,
        note: Some("two of them".to_owned()),
        callback: Some(WantedCallback { number: "+442070000001".to_owned(), due_at: Some(AT), agent, zone }),
        at: AT,
        by: "demo".to_owned(),
    };
    let none = Disposition { code: NOT_SET.to_owned(), note: None, callback: None, ..whole.clone() };
    vec![("given", Entry::Disposition(Box::new(whole))), ("not_set", Entry::Disposition(Box::new(none)))]
}

fn idempotency() -> Entry {
    let body = r#"{"id":"call_1"}"#.to_owned();
    Entry::Idempotency { key_hash: [1; 32], body_hash: [2; 32], status: 201, body, at: AT }
}

fn names() -> Vec<(&'static str, Entry)> {
    let name = |kind, id, name: &str| Entry::Name { kind, id, account: "demo".to_owned(), name: name.to_owned() };
    vec![
        ("agent", name(NameKind::Agent, 1, "1001")),
        ("queue", name(NameKind::Queue, 2, "support")),
        ("trunk", name(NameKind::Trunk, 300, "carrier")),
    ]
}

fn lost_calls() -> Vec<(&'static str, Entry)> {
    let rules = LostCallRules { recovers: Recovers::All, only_answered: true, outbound_auto: false, window_s: 86_400 };
    let overdue = Entry::LostCallOverdue {
        call: CALL,
        account: "demo".to_owned(),
        number: "+442070000001".to_owned(),
        queue: Some("support".to_owned()),
        agent: None,
        lost_at: AT,
        at: AT,
    };
    vec![("rules", Entry::LostCallRules { rules, at: AT }), ("overdue", overdue)]
}

fn recovered() -> Entry {
    Entry::CallRecovered(Box::new(RecoveredCall {
        call: CALL,
        account: "demo".to_owned(),
        number: "+442070000001".to_owned(),
        queue: Some("support".to_owned()),
        agent: None,
        lost_at: AT,
        by: CallId(7),
        recovered_at: AT,
        at: AT,
    }))
}

fn audits() -> Vec<(&'static str, Entry)> {
    let note = |actor_kind, outcome| AuditNote {
        at: AT,
        account: "demo".to_owned(),
        actor_kind,
        actor_id: "user_1".to_owned(),
        actor_name: "ann".to_owned(),
        address: "192.0.2.7".to_owned(),
        user_agent: "portal/1".to_owned(),
        request_id: "req_1".to_owned(),
        action: "hang_up".to_owned(),
        resource_type: "call".to_owned(),
        resource_id: "call_1".to_owned(),
        outcome,
        detail: r#"{"status":202}"#.to_owned(),
    };
    let entry = |actor_kind, outcome| Entry::Audit(Box::new(note(actor_kind, outcome)));
    vec![
        ("user", entry(ActorKind::User, AuditOutcome::Done)),
        ("key", entry(ActorKind::Key, AuditOutcome::Refused)),
        ("system", entry(ActorKind::System, AuditOutcome::Done)),
    ]
}

fn quarantines() -> Vec<(&'static str, Entry)> {
    let entry = |thing, is_released| Entry::Quarantine(Box::new(QuarantineNote { at: AT, thing, is_released }));
    vec![
        ("queue", entry(QuarantinedThing::Queue(QUEUE), false)),
        ("agent", entry(QuarantinedThing::Agent(AGENT), true)),
        ("call", entry(QuarantinedThing::Call(CALL), false)),
        ("sip_call", entry(QuarantinedThing::SipCall("a84b4c76e66710@host".to_owned()), false)),
    ]
}

fn dial_decisions() -> Vec<(&'static str, Entry)> {
    let (queue, agent) = (Some(QUEUE), Some(AGENT));
    let campaign = |attempt| DialOccasion::Campaign { campaign: CampaignId(3), queue, lead: LeadId(4), attempt, agent };
    let occasions = [
        ("click_to_call", DialOccasion::ClickToCall { agent: AGENT, call: None }),
        ("callback_asked", DialOccasion::CallbackAsked { queue, agent: None, call: Some(CALL) }),
        ("callback_dialed", DialOccasion::CallbackDialed { callback: CALLBACK, queue, agent, call: CALL }),
        ("campaign", campaign(Some(AttemptId(5)))),
    ];
    let denial = DialDenial {
        rule: "calling_hours".to_owned(),
        clause: Some("us.tsr.calling-hours".to_owned()),
        because: "it is 21:00".to_owned(),
    };
    let evidence = DialEvidence {
        rules: vec!["do_not_call".to_owned()],
        rule_set: Some("us 2026-11-21".to_owned()),
        clauses: vec![DialClause { id: "us.tsr.calling-hours".to_owned(), verified: true }],
        clocks: vec![DialClock { zone: "America/New_York".to_owned(), time: "2026-11-21 21:00".to_owned() }],
        regions: vec!["US-FL".to_owned()],
        tried: Some(DialTried {
            lead: 1,
            number: 2,
            lead_today: 3,
            number_today: 4,
            lead_in_24_h: 5,
            number_in_24_h: 6,
        }),
        consents: vec!["consent_1".to_owned()],
        lists: vec!["us-registry 2026-11-01".to_owned()],
    };
    let number = || "+12125550100".to_owned();
    let entry = |(label, occasion), denial, evidence| {
        (label, Entry::DialDecision(Box::new(DialDecision { at: AT, number: number(), occasion, denial, evidence })))
    };
    let mut entries: Vec<_> =
        occasions.into_iter().map(|occasion| entry(occasion, Some(denial.clone()), evidence.clone())).collect();
    entries.push(entry(("allowed", campaign(None)), None, DialEvidence::default()));
    entries
}

const AT: WallTime = WallTime::from_micros(1_760_000_000_000_000);
const CALL: CallId = CallId(0x0199_9999_9999_7000_8000_0000_0000_0001);
const CALLBACK: CallbackId = CallbackId(0x0199_9999_9999_7000_8000_0000_0000_0002);
const LEG: LegId = LegId(300);
const OFFER: OfferId = OfferId(5);
const AGENT: AgentId = AgentId(11);
const QUEUE: QueueId = QueueId(2);
