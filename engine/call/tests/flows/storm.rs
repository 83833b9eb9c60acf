//! Random people and random owners: whatever they do, in whatever order, every
//! call ends with exactly one `Ended` and nothing is left.

use call::{Input, WithdrawReason};
use clock::{AttemptId, MessageId, RequestId, Rng};
use dialer::contract::{Dial, EndClass, Fact, OnMachine};
use journal_core::{CallEvent, CallStatus};
use media_graph::{Event, LineEvent, LineHeard, LineVerdict};
use proptest::prelude::*;
use sdp::Direction;

use crate::rig::World;
use crate::rig::plan::{ECHO_DID, STANDING_CODE, SUPPORT, SUPPORT_DID, TONE_DID, VOICEMAIL_DID, agent_id, demo};

/// One thing that happens.
#[derive(Clone, Copy, Debug)]
enum Act {
    /// A phone dials something.
    Dial(usize, usize),
    Ring(usize),
    EarlyMedia(usize),
    Answer(usize),
    Reject(usize, usize),
    HangUp(usize),
    Hold(usize),
    Resume(usize),
    Refer(usize, usize),
    /// The ACD takes back what rings, or refuses and grants late.
    Withdraw(usize),
    AcdFalls,
    AcdRises,
    AcdRefuses(bool),
    AgentsServe,
    WaitOver(usize),
    Click(usize, usize),
    Silent(usize),
    Digit(usize),
    HangUpByRest(usize),
    PhoneDies(usize),
    Unregister(usize),
    NoPorts(bool),
    Pass(u64),
    /// An agent's phone is to stay connected, or no more.
    Stand(usize),
    Unstand(usize),
    /// A campaign dials, or thinks better of it.
    Attempt(usize, bool),
    CancelAttempt(usize),
    /// Something is heard on a line.
    Line(usize, usize),
    MaySpeak(usize),
}

const DIALED: [&str; 11] = [
    STANDING_CODE,
    SUPPORT_DID,
    SUPPORT_DID,
    VOICEMAIL_DID,
    ECHO_DID,
    TONE_DID,
    "1001",
    "1002",
    "02079460000",
    "0033123456789",
    "nobody",
];
const LINES: [LineHeard; 6] = [
    LineHeard::Person,
    LineHeard::Person,
    LineHeard::Machine,
    LineHeard::Busy,
    LineHeard::Ringback,
    LineHeard::DeadAir,
];
const REFUSALS: [u16; 6] = [486, 480, 603, 404, 503, 302];
const EXTENSIONS: [&str; 3] = ["1001", "1002", "1003"];
/// The carrier twice, so that both ends of a trunk call are there, and the agents.
const PHONES: usize = 5;

fn act() -> impl Strategy<Value = Act> {
    let phone = || 0..PHONES;
    prop_oneof![
        4 => (phone(), 0..DIALED.len()).prop_map(|(phone, to)| Act::Dial(phone, to)),
        4 => phone().prop_map(Act::Ring),
        1 => phone().prop_map(Act::EarlyMedia),
        14 => phone().prop_map(Act::Answer),
        1 => (phone(), 0..REFUSALS.len()).prop_map(|(phone, status)| Act::Reject(phone, status)),
        2 => phone().prop_map(Act::HangUp),
        2 => phone().prop_map(Act::Hold),
        2 => phone().prop_map(Act::Resume),
        5 => (phone(), 0..DIALED.len()).prop_map(|(phone, to)| Act::Refer(phone, to)),
        1 => (0_usize..3).prop_map(Act::Withdraw),
        1 => Just(Act::AcdFalls),
        4 => Just(Act::AcdRises),
        1 => prop::bool::weighted(0.3).prop_map(Act::AcdRefuses),
        3 => Just(Act::AgentsServe),
        1 => (0_usize..8).prop_map(Act::WaitOver),
        2 => (0_usize..3, 0..DIALED.len()).prop_map(|(agent, to)| Act::Click(agent, to)),
        1 => (0_usize..8).prop_map(Act::Silent),
        1 => (0_usize..8).prop_map(Act::Digit),
        1 => (0_usize..8).prop_map(Act::HangUpByRest),
        1 => phone().prop_map(Act::PhoneDies),
        1 => (0_usize..3).prop_map(Act::Unregister),
        1 => prop::bool::weighted(0.2).prop_map(Act::NoPorts),
        6 => (0_u64..10_000).prop_map(Act::Pass),
        3 => (0_usize..3).prop_map(Act::Stand),
        1 => (0_usize..3).prop_map(Act::Unstand),
        3 => (0_usize..4, prop::bool::ANY).prop_map(|(attempt, by_hand)| Act::Attempt(attempt, by_hand)),
        1 => (0_usize..4).prop_map(Act::CancelAttempt),
        4 => (0_usize..8, 0..LINES.len()).prop_map(|(leg, heard)| Act::Line(leg, heard)),
        1 => (0_usize..8).prop_map(Act::MaySpeak),
    ]
}

fn world(seed: u64) -> World {
    let mut world = World::with(demo(), seed);
    world.carrier();
    world.stranger("127.0.0.2:7000");
    for extension in EXTENSIONS {
        world.agent(extension);
    }
    world.acd.agents = EXTENSIONS.map(agent_id).to_vec();
    world
}

fn perform(world: &mut World, act: Act) {
    let now = world.now.mono;
    match act {
        Act::Dial(phone, to) => drop(world.phones[phone].call(now, DIALED[to])),
        Act::Ring(phone) if world.phones[phone].session.is_some() => world.phones[phone].ring(now),
        Act::EarlyMedia(phone) if world.phones[phone].has_offer() => world.phones[phone].early_media(now),
        Act::Answer(phone) if world.phones[phone].has_offer() => world.phones[phone].answer_call(now),
        Act::Reject(phone, status) if world.phones[phone].session.is_some() => {
            world.phones[phone].reject(now, REFUSALS[status]);
        }
        Act::HangUp(phone) => world.phones[phone].hang_up(now),
        Act::Hold(phone) if world.phones[phone].session.is_some() => {
            world.phones[phone].reinvite(now, Direction::SendOnly);
        }
        Act::Resume(phone) if world.phones[phone].session.is_some() => {
            world.phones[phone].reinvite(now, Direction::SendRecv);
        }
        Act::Refer(phone, to) if world.phones[phone].session.is_some() => {
            world.phones[phone].refer(now, &format!("<sip:{}@demo.local>", DIALED[to]));
        }
        Act::Withdraw(agent) => {
            if let Some(offer) = world.acd.open_offer(agent_id(EXTENSIONS[agent])) {
                let reason = WithdrawReason::Paused;
                world
                    .shard
                    .handle(world.now, Input::Withdraw { offer, generation: crate::rig::acd::GENERATION, reason });
            }
        }
        Act::AcdFalls => world.acd.is_dead = true,
        Act::AcdRises => world.acd.is_dead = false,
        Act::AcdRefuses(refuses) => world.acd.refuses = refuses,
        Act::AgentsServe => world.acd.agents = EXTENSIONS.map(agent_id).to_vec(),
        Act::WaitOver(nth) => {
            if let Some(call) = world.calls().get(nth).copied() {
                world
                    .shard
                    .handle(world.now, Input::LeaveQueue { call, queue: SUPPORT, why: call::Unserved::TimedOut });
            }
        }
        Act::Click(agent, to) => world.shard.handle(
            world.now,
            Input::Originate {
                request: RequestId(1),
                from_agent: agent_id(EXTENSIONS[agent]),
                to: DIALED[to].to_owned(),
                pin: None,
            },
        ),
        Act::Silent(nth) => {
            if let Some(leg) = world.media.legs.iter().nth(nth).copied() {
                world.media.say(Event::Silent { leg });
            }
        }
        Act::Digit(nth) => {
            if let Some(leg) = world.media.legs.iter().nth(nth).copied() {
                world.media.say(Event::Digit { leg, digit: '#' });
            }
        }
        Act::HangUpByRest(nth) => {
            if let Some(call) = world.calls().get(nth).copied() {
                world.shard.handle(world.now, Input::HangUp { request: RequestId(2), call });
            }
        }
        Act::PhoneDies(phone) => world.phones[phone].is_dead = true,
        Act::Unregister(agent) => {
            world.shard.handle(world.now, Input::Contacts { agent: agent_id(EXTENSIONS[agent]), contacts: Vec::new() })
        }
        Act::NoPorts(none) => world.media.no_ports = none,
        Act::Pass(millis) => world.millis(millis),
        Act::Stand(agent) => {
            world.shard.handle(world.now, Input::CallStandingLeg { agent: agent_id(EXTENSIONS[agent]) });
        }
        Act::Unstand(agent) => {
            world.shard.handle(world.now, Input::EndStandingLeg { agent: agent_id(EXTENSIONS[agent]) });
        }
        Act::Attempt(nth, by_hand) => {
            let on_machine = [OnMachine::HangUp, OnMachine::Message(MessageId(1)), OnMachine::Queue(SUPPORT)];
            let order = Dial {
                attempt: AttemptId(nth as u128),
                on_machine: on_machine[nth % 3],
                detect: nth != 0,
                agent: by_hand.then(|| agent_id(EXTENSIONS[nth % 3])),
                ..crate::attempt::order()
            };
            world.shard.handle(world.now, Input::Dial(Box::new(order)));
        }
        Act::CancelAttempt(nth) => {
            world.shard.handle(world.now, Input::CancelDial { attempt: AttemptId(nth as u128) });
        }
        Act::Line(nth, heard) => {
            if let Some(leg) = world.media.legs.iter().nth(nth).copied() {
                let answered = world.media.listens.iter().any(|(known, answered)| *known == leg && *answered);
                let verdict = LineVerdict {
                    heard: LINES[heard],
                    early: !answered,
                    confidence: 80,
                    reason: "drawn".to_owned(),
                    greeting_ended_ago: answered.then(|| core::time::Duration::from_secs(1)),
                };
                world.media.say(Event::Line { leg, event: LineEvent::Verdict(verdict) });
            }
        }
        Act::MaySpeak(nth) => {
            if let Some(leg) = world.media.legs.iter().nth(nth).copied() {
                world.media.say(Event::Line { leg, event: LineEvent::MaySpeak });
            }
        }
        _ => {}
    }
}

/// Everyone goes home: phones hang up, the ACD speaks again, the node shuts down.
fn end(world: &mut World) {
    (world.loss, world.duplicate) = (0.0, 0.0);
    world.acd.is_dead = false;
    world.acd.agents.clear();
    world.settle();
    world.input(Input::Drain);
    world.input(Input::EndAll);
    world.assert_nothing_left();
    assert!(world.drained);
    for call in world.calls() {
        judge(world, call);
    }
    judge_attempts(world);
}

/// The dialer hears of an attempt's end once, and of nothing else behind it.
fn judge_attempts(world: &World) {
    let mut open = std::collections::BTreeSet::new();
    for report in &world.reports {
        match &report.fact {
            Fact::Began { .. } => assert!(open.insert(report.attempt), "{:?}", world.reports),
            Fact::Ended(ending) if ending.class == EndClass::NotDialed => drop(open.remove(&report.attempt)),
            Fact::Ended(_) => assert!(open.remove(&report.attempt), "{:?}", world.reports),
            _ => assert!(open.contains(&report.attempt), "{:?}", world.reports),
        }
    }
    assert!(open.is_empty(), "{open:?}");
}

/// A record that says what cannot be.
fn judge(world: &World, call: clock::CallId) {
    let ended = world.ended(call);
    let answered = world.has(call, |event| matches!(event, CallEvent::Answered { .. }));
    let boxed = world.has(call, |event| matches!(event, CallEvent::VoicemailStarted { .. }));
    match ended.status {
        // Who picked up a campaign's call may be a machine, which nobody talks with.
        CallStatus::Completed => {
            let a_machine = world.has(
                call,
                |event| matches!(event, CallEvent::LineHeard { heard, early: false, .. } if heard == "machine"),
            );
            assert!(answered || a_machine, "completed without an answer: {:#?}", world.events(call));
        }
        CallStatus::Canceled | CallStatus::NoAnswer => {
            assert!(!answered || boxed, "answered, yet {:#?}", world.events(call));
        }
        CallStatus::Failed => {}
        other => panic!("no final status: {other:?}"),
    }
    let entered = world.events(call).iter().filter(|event| matches!(event, CallEvent::QueueEntered { .. })).count();
    let left = world.events(call).iter().filter(|event| matches!(event, CallEvent::QueueLeft { .. })).count();
    assert!(left >= entered, "never left a queue: {:#?}", world.events(call));
    let legs = |is: fn(&CallEvent) -> bool| world.events(call).into_iter().filter(|event| is(event)).count();
    let (began, over) = (
        legs(|event| matches!(event, CallEvent::LegStarted { .. })),
        legs(|event| matches!(event, CallEvent::LegEnded { .. })),
    );
    assert_eq!(began, over, "{:#?}", world.events(call));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, max_shrink_iters: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn every_call_ends_once_and_nothing_is_left(seed in any::<u64>(), acts in prop::collection::vec(act(), 1..80)) {
        let mut world = world(seed);
        let mut rng = Rng::new(seed);
        // Half of the storms come over a bad network.
        if rng.chance(0.5) {
            (world.loss, world.duplicate) = (rng.unit() * 0.3, rng.unit() * 0.3);
        }
        for act in acts {
            perform(&mut world, act);
            if rng.chance(0.8) {
                world.settle();
            }
        }
        end(&mut world);
    }
}

#[test]
fn the_same_seed_gives_the_same_messages() {
    let run = || {
        let mut world = world(11);
        let mut rng = Rng::new(4);
        for _ in 0..40 {
            let (phone, to) = (rng.below(PHONES as u64) as usize, rng.below(DIALED.len() as u64) as usize);
            perform(&mut world, Act::Dial(phone, to));
            perform(&mut world, Act::Pass(rng.below(5_000)));
            perform(&mut world, Act::Answer(rng.below(PHONES as u64) as usize));
            world.settle();
        }
        end(&mut world);
        world.sent.into_iter().map(|(to, message, gate)| (to, message.bytes().clone(), gate)).collect::<Vec<_>>()
    };
    assert_eq!(run(), run());
}
