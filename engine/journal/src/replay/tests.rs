use core::net::SocketAddr;

use super::*;
use crate::{
    ActorKind, AgentEvent, AgentState, AgentStatus, AgentStep, AuditNote, AuditOutcome, CallStatus, Cause, DialogSide,
    Direction, LegKind, NameKind, Outcome, QueueLeft, RecordingState, StateCause, Who,
};
use clock::TrunkId;

const QUEUE: QueueId = QueueId(7);

fn at(seconds: u64) -> WallTime {
    WallTime::from_micros(1_000_000 * seconds as i64)
}

fn step(call: u128, seq: u32, event: CallEvent) -> Entry {
    Entry::Call(CallEntry { call: CallId(call), seq, at: at(u64::from(seq)), event })
}

fn started(from: &str) -> CallEvent {
    CallEvent::Started {
        direction: Direction::Inbound,
        internal: false,
        from: from.to_owned(),
        to: "+442071830001".to_owned(),
        parent: None,
        trunk: Some(TrunkId(1)),
        agent: None,
    }
}

fn entered(arrived: u64) -> CallEvent {
    CallEvent::QueueEntered { queue: QUEUE, arrived: at(arrived), priority: 0 }
}

fn ended(code: &str) -> CallEvent {
    let cause = Cause { who: Who::System, q850: None, sip: None, code: code.to_owned() };
    CallEvent::Ended { status: CallStatus::Failed, outcome: Outcome::Error, cause }
}

fn dialog(call: u128, leg: u64) -> Entry {
    Entry::Dialog(Shared::from(DialogIdentity {
        call: CallId(call),
        leg: LegId(leg),
        side: DialogSide::ServerConfirmed,
        sip_call_id: "a".to_owned(),
        local: "<sip:us>;tag=1".to_owned(),
        remote: "<sip:them>;tag=2".to_owned(),
        target: "sip:them@127.0.0.2".to_owned(),
        routes: vec![],
        invite_cseq: 1,
        local_cseq: 1,
        branch: String::new(),
        vias: vec![],
        peer: SocketAddr::from(([127, 0, 0, 2], 5060)),
        stream: false,
    }))
}

fn binding(agent: u32, contact: &str, stream: bool) -> Entry {
    Entry::BindingSet(Binding {
        agent: AgentId(agent),
        contact: contact.to_owned(),
        call_id: "r".to_owned(),
        cseq: 1,
        expires_at: at(3_600),
        source: SocketAddr::from(([127, 0, 0, 1], 5062)),
        stream,
    })
}

fn fold(entries: &[Entry]) -> Replay {
    let mut replay = Replay::default();
    for entry in entries {
        assert_eq!(replay.apply(entry), Ok(()), "{entry:?}");
    }
    replay
}

#[test]
fn live_calls_and_their_dialogs_are_left_to_end() {
    let over = Entry::DialogOver { call: CallId(1), leg: LegId(1) };
    let replay = fold(&[
        step(1, 1, started("+441")),
        dialog(1, 1),
        step(2, 1, started("+442")),
        dialog(2, 5),
        step(1, 2, ended("normal")),
        over,
    ]);
    let live: Vec<_> = replay.live_calls().map(|call| (call.id, call.next_seq())).collect();
    assert_eq!(live, [(CallId(2), 2)]);
    assert_eq!(replay.dialogs().map(|d| d.leg).collect::<Vec<_>>(), [LegId(5)]);
    assert_eq!((replay.last_leg, replay.stopped_in_order), (LegId(5), false));
}

#[test]
fn a_recording_under_way_keeps_an_ended_call() {
    let path = "rec/1".to_owned();
    let mut replay =
        fold(&[step(1, 1, started("+441")), step(1, 2, CallEvent::RecordingStarted { path }), step(1, 3, ended("x"))]);
    assert_eq!((replay.live_calls().count(), replay.unfinished_recordings().count()), (0, 1));
    let done = CallEvent::RecordingEnded { state: RecordingState::Failed, duration_ms: 0, sha256: [0; 32] };
    assert_eq!(replay.apply(&step(1, 4, done)), Ok(()));
    assert_eq!(replay.call(CallId(1)), None);
}

#[test]
fn bindings_statuses_and_answers_come_back() {
    let status = |status, seconds| Entry::AgentStatus { agent: AgentId(1), status, reason: None, at: at(seconds) };
    let mut replay = fold(&[
        binding(1, "sip:a", false),
        binding(2, "sip:b", true),
        binding(3, "sip:c", false),
        Entry::BindingRemoved { agent: AgentId(3), contact: "sip:c".to_owned() },
        status(AgentStatus::Ready, 1),
        status(AgentStatus::Paused, 2),
        Entry::Idempotency { key_hash: [1; 32], body_hash: [2; 32], status: 201, body: "{}".to_owned(), at: at(1) },
        Entry::NodeStopped { at: at(3) },
    ]);
    assert_eq!(replay.bindings().map(|b| b.agent).collect::<Vec<_>>(), [AgentId(1)]);
    let statuses: Vec<_> = replay.statuses().map(|(agent, s)| (agent, s.status, s.since)).collect();
    assert_eq!(statuses, [(AgentId(1), AgentStatus::Paused, at(2))]);
    assert_eq!(replay.answers.find(&[1; 32]).map(|a| a.status), Some(201));
    assert!(replay.stopped_in_order);
    // Location ends bindings itself: a clock that was set for a moment must not take phones away.
    replay.expire(at(3_600));
    assert_eq!((replay.bindings().count(), replay.answers.len()), (1, 1));
}

#[test]
fn who_waited_gets_his_place_for_ten_minutes_over_two_crashes() {
    let mut replay = fold(&[step(1, 1, started("+441")), step(1, 2, entered(2))]);
    let place = Place { queue: QUEUE, arrived: at(2), ordered: None };
    assert_eq!(replay.places(at(50)), [("+441".to_owned(), KeptPlace { place, until: at(650) })]);
    let put_out = CallEvent::QueueLeft { queue: QUEUE, how: QueueLeft::Ended };
    for entry in [step(1, 3, put_out), step(1, 4, ended(code::NODE_RESTART))] {
        assert_eq!(replay.apply(&entry), Ok(()));
    }
    let mut later = replay.clone();
    assert_eq!(replay.places(at(603)).len(), 1);
    assert_eq!(replay.places(at(604)).len(), 0);
    for entry in [step(2, 1, started("+441")), step(2, 2, entered(2))] {
        assert_eq!(later.apply(&entry), Ok(()));
    }
    let back: Vec<_> = later.places(at(60)).iter().map(|(_, kept)| kept.until).collect();
    assert_eq!(back, [at(660)], "the place is his new call's now");
}

#[test]
fn who_gave_up_has_his_place_over_a_crash_until_its_time_is_over() {
    let until = at(30);
    let kept = Entry::PlaceKept { queue: QUEUE, caller: "+441".to_owned(), arrived: at(2), until };
    let gave_up = [step(1, 1, started("+441")), step(1, 2, entered(2)), step(1, 3, ended("canceled")), kept.clone()];
    let mut replay = fold(&gave_up);
    let place = Place { queue: QUEUE, arrived: at(2), ordered: None };
    assert_eq!(replay.places(at(29)), [("+441".to_owned(), KeptPlace { place, until })]);
    assert_eq!(replay.places(at(30)), []);
    let mut again = replay.clone();
    for entry in [step(2, 1, started("+441")), step(2, 2, entered(2)), step(2, 3, ended("canceled"))] {
        assert_eq!(again.apply(&entry), Ok(()));
    }
    assert_eq!(again.places(at(20)), [], "it was given once");
    replay.expire(until);
    assert_eq!(replay.places(at(3)), [], "nothing is left of it");
}

#[test]
fn anomalies_are_said_and_do_not_stop_the_fold() {
    let mut replay = fold(&[step(1, 1, started("+441"))]);
    assert_eq!(replay.apply(&step(9, 4, entered(1))), Err(Anomaly::UnknownCall));
    assert_eq!(replay.apply(&step(1, 1, started("+441"))), Err(Anomaly::Duplicate));
    assert_eq!(replay.apply(&step(1, 3, entered(1))), Err(Anomaly::Gap));
    assert_eq!(replay.apply(&step(1, 4, ended("normal"))), Ok(()));
    assert_eq!(replay.live_calls().count(), 0);
}

#[test]
fn names_survive() {
    let named = Entry::Name { kind: NameKind::Queue, id: 7, account: "demo".to_owned(), name: "support".to_owned() };
    assert_eq!(fold(&[named]).names.queue(QUEUE), Some("support"));
}

#[test]
fn what_the_audit_log_is_told_is_nothing_that_a_restart_needs() {
    let note = AuditNote {
        at: at(1),
        account: "demo".to_owned(),
        actor_kind: ActorKind::User,
        actor_id: "user_1".to_owned(),
        actor_name: "ann".to_owned(),
        address: "127.0.0.1".to_owned(),
        user_agent: String::new(),
        request_id: "req_1".to_owned(),
        action: "hang_up".to_owned(),
        resource_type: "call".to_owned(),
        resource_id: "call_1".to_owned(),
        outcome: AuditOutcome::Done,
        detail: "{}".to_owned(),
    };
    assert_eq!(fold(&[Entry::Audit(Box::new(note))]), Replay::default());
}

mod properties {
    use proptest::prelude::*;

    use super::*;

    /// A storm of entries over few calls and agents, most of them in order.
    fn storm() -> impl Strategy<Value = Vec<Entry>> {
        let one = (0..4u128, 1..9u32, 0..14u8).prop_map(|(call, seq, what)| match what {
            0 | 1 => step(call, 1, started("+441")),
            2 => step(call, seq, entered(u64::from(seq))),
            3 => dialog(call, u64::from(seq)),
            4 => Entry::DialogOver { call: CallId(call), leg: LegId(u64::from(seq)) },
            5 => binding(seq, "sip:a", false),
            6 => Entry::BindingRemoved { agent: AgentId(seq), contact: "sip:a".to_owned() },
            7 => step(call, seq, ended(code::NODE_RESTART)),
            8 => step(call, seq, ended("normal")),
            9 => step(call, seq, CallEvent::Answered { leg: LegId(u64::from(seq)), agent: Some(AgentId(seq)) }),
            10 => step(call, seq, CallEvent::RecordingStarted { path: "p".to_owned() }),
            11 => Entry::AgentStatus { agent: AgentId(seq), status: AgentStatus::Paused, reason: None, at: at(1) },
            12 => Entry::NodeStarted { at: at(1) },
            _ => step(
                call,
                seq,
                CallEvent::LegStarted {
                    leg: LegId(u64::from(seq)),
                    kind: LegKind::Caller,
                    sip_call_id: seq.to_string(),
                    agent: None,
                },
            ),
        });
        prop::collection::vec(one, 0..80)
    }

    fn fold_all<'a>(mut replay: Replay, entries: impl IntoIterator<Item = &'a Entry>) -> Replay {
        for entry in entries {
            let _anomaly = replay.apply(entry);
        }
        replay
    }

    proptest! {
        #[test]
        fn a_checkpoint_anywhere_changes_nothing(entries in storm(), cut in 0..80usize) {
            let cut = cut.min(entries.len());
            let half = fold_all(Replay::default(), &entries[..cut]);
            let bytes = postcard::to_allocvec(&half).unwrap();
            let read: Replay = postcard::from_bytes(&bytes).unwrap();
            prop_assert_eq!(fold_all(read, &entries[cut..]), fold_all(Replay::default(), &entries));
        }

        #[test]
        fn duplicate_steps_of_a_record_do_nothing(entries in storm(), twice in 1..5usize) {
            let steps: Vec<_> = entries.iter().filter_map(|e| match e { Entry::Call(s) => Some(s), _ => None }).collect();
            let Some(mut once) = steps.iter().find_map(|s| CallRecord::start(s)) else { return Ok(()) };
            let mut many = once.clone();
            for step in &steps {
                once.apply(step);
                for _ in 0..=twice {
                    many.apply(step);
                }
            }
            prop_assert_eq!(once, many);
        }
    }
}

#[test]
fn what_agents_dialed_today_counts_until_the_day_is_over() {
    let dialed = |call, agent, internal, kind| {
        let CallEvent::Started { from, to, parent, .. } = started("1001") else { unreachable!() };
        let agent = Some(AgentId(agent));
        let direction = Direction::OutboundDial;
        let started = CallEvent::Started { direction, internal, from, to, parent, trunk: None, agent };
        let leg = CallEvent::LegStarted { leg: LegId(2), kind, sip_call_id: "a".to_owned(), agent: None };
        [step(call, 1, started), step(call, 2, leg.clone()), step(call, 2, leg)]
    };
    let calls = [
        dialed(1, 1, false, LegKind::Callee),
        dialed(2, 1, false, LegKind::Callee),
        dialed(3, 2, false, LegKind::Callee),
        dialed(4, 2, true, LegKind::Callee),
        dialed(5, 2, false, LegKind::Caller),
    ];
    let mut replay = Replay::default();
    for entry in calls.iter().flatten() {
        // The repeated step is one, and not counted.
        let _ = replay.apply(entry);
    }
    let today = |replay: &Replay, seconds| replay.dialed_on(at(seconds)).collect::<Vec<_>>();
    assert_eq!(today(&replay, 86_399), [(AgentId(1), 2), (AgentId(2), 1)]);
    assert_eq!(today(&replay, 86_400), []);
    replay.expire(at(86_400));
    assert_eq!(today(&replay, 86_399), [], "and forgotten");
}

fn state(agent: u32, state: AgentState, reason: &str, second: u64) -> Entry {
    let reason = Some(reason.to_owned()).filter(|reason| !reason.is_empty());
    let cause = StateCause::Chosen;
    Entry::AgentStateChanged { agent: AgentId(agent), state, reason, call: None, at: at(second), cause }
}

#[test]
fn pauses_of_the_day_are_summed_by_reason_and_those_of_other_days_are_gone() {
    let day = 86_400;
    let mut replay = Replay::default();
    let entries = [
        state(1, AgentState::Paused, "lunch", day - 100),
        state(1, AgentState::Ready, "", day + 50),
        state(1, AgentState::Paused, "lunch", day + 60),
        state(1, AgentState::Paused, "coffee", day + 70),
        state(1, AgentState::Ready, "", day + 75),
        state(2, AgentState::Paused, "lunch", day + 1),
    ];
    entries.iter().for_each(|entry| replay.apply(entry).unwrap());
    let paused: Vec<_> =
        replay.paused_on(at(day + 80)).map(|(agent, reason, time)| (agent.0, reason, time.as_secs())).collect();
    assert_eq!(paused, [(1, "coffee", 5), (1, "lunch", 60)], "from midnight on, and what goes on is not over");
    assert_eq!(replay.last_at, at(day + 75));
    replay.expire(at(2 * day));
    assert_eq!(replay.paused_on(at(day + 80)).count(), 0);
}

#[test]
fn the_queues_that_an_agent_chose_last_are_kept() {
    let mut replay = Replay::default();
    let mut chose = |queues| {
        let event = AgentEvent::QueuesChosen { queues };
        replay.apply(&Entry::Agent(AgentStep { agent: AgentId(1), at: at(1), event })).unwrap();
        replay.chosen_queues().map(|(_, queues)| queues.to_vec()).next()
    };
    assert_eq!(chose(Some(vec![QUEUE])), Some(vec![QUEUE]));
    assert_eq!(chose(Some(vec![])), Some(vec![]));
    assert_eq!(chose(None), None);
}

#[test]
fn a_checkpoint_of_the_version_before_is_read() {
    use crate::older::{AttemptV1, CampaignV1, DialingV1};
    // As they were written: kinds 25 and 26, version 1.
    let golden = |text: &str| -> Vec<u8> {
        let hex = text.lines().next().and_then(|line| line.split(' ').nth(1)).unwrap_or_default();
        (0..hex.len() / 2).map(|at| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).unwrap()).collect()
    };
    let campaign = golden(include_str!("../../tests/golden/campaign.v1.hex"));
    let attempt = golden(include_str!("../../tests/golden/attempt.v1.hex"));
    let campaign_v1: CampaignV1 = postcard::from_bytes(&campaign[10..]).unwrap();
    let attempt_v1: AttemptV1 = postcard::from_bytes(&attempt[10..]).unwrap();
    let mut dialing = DialingV1::default();
    dialing.campaigns.insert(clock::CampaignId(3), campaign_v1);
    dialing.open.insert(clock::AttemptId(5), attempt_v1);
    let last_leg = clock::LegId(7);
    let older = Fold { dialing, last_leg, ..Fold::default() };
    let bytes = postcard::to_extend(&older, Vec::new()).unwrap();
    let read = Replay::of_older(&bytes, 6).unwrap();
    assert_eq!(read.last_leg, last_leg);
    let (_, Entry::Campaign(campaign)) = crate::decode(&campaign).unwrap() else { panic!("a campaign") };
    let (_, Entry::Attempt(attempt)) = crate::decode(&attempt).unwrap() else { panic!("an attempt") };
    assert_eq!(read.dialing.campaigns().collect::<Vec<_>>(), [&*campaign]);
    assert_eq!(read.dialing.open(clock::CampaignId(3)).collect::<Vec<_>>(), [&*attempt]);
}

#[test]
fn a_checkpoint_from_before_campaigns_were_put_away_is_read() {
    use crate::older::{CampaignV2, DialingV2};
    let text = include_str!("../../tests/golden/campaign.v2.hex");
    let hex = text.lines().next().and_then(|line| line.split(' ').nth(1)).unwrap_or_default();
    let bytes: Vec<u8> =
        (0..hex.len() / 2).map(|at| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).unwrap()).collect();
    let before: CampaignV2 = postcard::from_bytes(&bytes[10..]).unwrap();
    let mut dialing = DialingV2::default();
    dialing.campaigns.insert(clock::CampaignId(3), before);
    let older = Fold { dialing, ..Fold::default() };
    let read = Replay::of_older(&postcard::to_extend(&older, Vec::new()).unwrap(), 7).unwrap();
    let (_, Entry::Campaign(campaign)) = crate::decode(&bytes).unwrap() else { panic!("a campaign") };
    assert_eq!(read.dialing.campaigns().collect::<Vec<_>>(), [&*campaign]);
}

/// The dialer writes what it has heard, and may hear later than the disk has it, or never: the node ends between the two.
#[test]
fn what_befell_the_call_of_an_attempt_is_known_though_the_dialer_had_not_heard_of_it() {
    let (attempt, campaign, leg) = (clock::AttemptId(5), clock::CampaignId(3), LegId(2));
    let ordered = crate::AttemptEntry { attempt, campaign, ..crate::AttemptEntry::default() };
    let mut rang = crate::AttemptEntry { call: Some(CallId(1)), ..ordered.clone() };
    rang.times.rang_at = Some(at(2));
    let heard = |early, heard: &str| CallEvent::LineHeard {
        heard: heard.to_owned(),
        early,
        confidence: 90,
        reason: "spoke for long".to_owned(),
        greeting_ended_at: Some(at(4)),
    };
    let mut entries = vec![
        Entry::Attempt(Shared::from(ordered)),
        step(1, 0, started("")),
        step(1, 1, CallEvent::AttemptStarted { attempt, campaign, lead: clock::LeadId(1) }),
        step(1, 2, heard(true, "ringback")),
        step(1, 3, CallEvent::PickedUp { leg }),
        // Of before the answer, and written after it.
        Entry::Attempt(Shared::from(rang)),
    ];
    let open = |entries: &[Entry]| fold(entries).dialing.open(campaign).next().cloned().expect("it has not ended");
    let picked_up = open(&entries);
    assert_eq!((picked_up.call, picked_up.times.rang_at), (Some(CallId(1)), Some(at(2))));
    assert_eq!((picked_up.times.answered_at, picked_up.times.detected_at), (Some(at(3)), None));
    entries.push(step(1, 4, heard(false, "person")));
    entries.push(step(1, 5, CallEvent::Answered { leg, agent: Some(AgentId(9)) }));
    entries.push(step(1, 6, CallEvent::Answered { leg, agent: Some(AgentId(8)) }));
    let talked = open(&entries);
    assert_eq!(talked.detected.map(|(word, ..)| word), Some("person".to_owned()));
    assert_eq!((talked.times.detected_at, talked.times.greeting_ended_at), (Some(at(4)), Some(at(4))));
    assert_eq!((talked.times.connected_at, talked.agent), (Some(at(5)), Some(AgentId(9))));
}
