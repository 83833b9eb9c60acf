//! Attempts of campaigns: dialed, listened to, and a person with an agent or the safe harbour within two seconds.

use core::time::Duration;

use call::Input;
use clock::{AttemptId, CampaignId, LeadId, LegId, MessageId, QueueId, RequestId};
use dialer::contract::{Dial, EndClass, Ending, Fact, Heard, OnMachine, OnPerson};
use journal_core::{CallEvent, CallStatus, Direction, Entry, QueueLeft};
use media_graph::{Event, LineEvent, LineHeard, LineVerdict, PlaySource, ToneKind};

use crate::rig::World;
use crate::rig::plan::{SUPPORT, SUPPORT_DID, agent_id};

const ATTEMPT: AttemptId = AttemptId(7);
const SORRY: MessageId = MessageId(1);
const NUMBER: &str = "+442079460000";

pub(crate) fn order() -> Dial {
    Dial {
        attempt: ATTEMPT,
        campaign: CampaignId(1),
        lead: LeadId(2),
        number: NUMBER.to_owned(),
        caller_id: Some("+442071830009".to_owned()),
        ring_min_s: 15,
        ring_max_s: 25,
        on_person: OnPerson::Queue(SUPPORT),
        on_machine: OnMachine::HangUp,
        detect: true,
        agent: None,
        skill: None,
        connect_limit_ms: 2_000,
        abandon_message: Some(SORRY),
        record: true,
    }
}

/// The carrier is called.
fn dialing(order: Dial) -> (World, usize) {
    let mut world = World::new();
    let carrier = world.carrier();
    world.input(Input::Dial(Box::new(order)));
    (world, carrier)
}

/// Somebody answered.
fn answered(order: Dial) -> (World, usize, LegId) {
    let (mut world, carrier) = dialing(order);
    world.phones[carrier].ring(world.now.mono);
    world.secs(2);
    world.phones[carrier].answer_call(world.now.mono);
    world.settle();
    let leg = *world.media.legs.last().unwrap();
    (world, carrier, leg)
}

/// The same with an agent whose standing leg is up.
fn answered_with_agent(order: Dial) -> (World, usize, usize, LegId) {
    let mut world = World::new();
    let (carrier, agent) = (world.carrier(), world.agent("1001"));
    world.input(Input::CallStandingLeg { agent: agent_id("1001") });
    world.phones[agent].answer_call(world.now.mono);
    world.settle();
    world.acd.agents = vec![agent_id("1001")];
    world.input(Input::Dial(Box::new(order)));
    world.phones[carrier].ring(world.now.mono);
    world.secs(2);
    world.phones[carrier].answer_call(world.now.mono);
    world.settle();
    let leg = *world.media.legs.last().unwrap();
    (world, carrier, agent, leg)
}

fn hear(world: &mut World, leg: LegId, heard: LineHeard, early: bool) {
    let greeting_ended_ago = (!early).then_some(Duration::from_millis(1_060));
    let verdict =
        LineVerdict { heard, early, confidence: 90, reason: "as the test says".to_owned(), greeting_ended_ago };
    world.media.say(Event::Line { leg, event: LineEvent::Verdict(verdict) });
    world.settle();
}

/// What is told of a call that a machine took.
fn took_voicemail(world: &World) -> bool {
    let voicemail = journal_core::Outcome::Voicemail;
    world.has(world.call(), |event| matches!(event, CallEvent::Ended { outcome, .. } if *outcome == voicemail))
}

fn facts(world: &World) -> Vec<&Fact> {
    world.reports.iter().map(|report| &report.fact).collect()
}

fn ended(world: &World) -> &Ending {
    match world.reports.last().map(|report| &report.fact) {
        Some(Fact::Ended(ending)) => ending,
        other => panic!("{other:?}"),
    }
}

#[test]
fn its_start_is_safe_before_the_invite_leaves() {
    let (world, carrier) = dialing(order());
    let call = world.call();
    assert!(matches!(facts(&world)[..], [Fact::Began { .. }]));
    assert!(world.has(call, |event| matches!(
        event,
        CallEvent::Started { direction: Direction::OutboundAuto, internal: false, .. }
    )));
    let (_, _, gate) = world.sent.iter().find(|(to, ..)| *to == world.phones[carrier].addr).unwrap();
    let written = &world.entries[..gate.unwrap() as usize];
    let is_start = |entry: &Entry| match entry {
        Entry::Call(step) => matches!(step.event, CallEvent::AttemptStarted { attempt: ATTEMPT, .. }),
        _ => false,
    };
    assert!(written.iter().any(is_start));
    let from = world.phones[carrier].invite_received().from().unwrap();
    assert_eq!(from.uri.user().unwrap(), "+442071830009");
}

#[test]
fn a_person_meets_an_agent_and_his_first_words_are_heard() {
    let (mut world, carrier, agent, leg) = answered_with_agent(order());
    assert_eq!(world.media.listens, [(leg, true)]);
    hear(&mut world, leg, LineHeard::Person, false);
    let standing = *world.media.legs.first().unwrap();
    assert_eq!(world.acd.dialed, [Some(Duration::from_millis(940))]);
    assert_eq!(world.media.played_to(standing), [PlaySource::Tone(ToneKind::Cue), PlaySource::FirstWords(leg)]);
    assert!(world.media.hears(standing, leg) && world.media.hears(leg, standing));
    let wanted = |fact: &&Fact| matches!(fact, Fact::Connected { waited_ms: 1_060, .. });
    assert!(facts(&world).iter().any(wanted), "{:?}", facts(&world));
    world.secs(10);
    world.phones[carrier].hang_up(world.now.mono);
    world.settle();
    assert_eq!(ended(&world).class, EndClass::HungUp);
    assert_eq!(world.verdict(), (CallStatus::Completed, "normal".to_owned()));
    assert!(!world.phones[agent].got_bye());
    world.input(Input::EndStandingLeg { agent: agent_id("1001") });
    world.assert_nothing_left();
}

#[test]
fn nobody_in_time_is_the_safe_harbour() {
    let (mut world, carrier, leg) = answered(order());
    hear(&mut world, leg, LineHeard::Person, false);
    assert!(world.media.played_to(leg).is_empty(), "no music in two seconds");
    let call = world.call();
    world.acd.forget(call);
    world.input(Input::LeaveQueue { call, queue: SUPPORT, why: call::Unserved::TimedOut });
    assert_eq!(world.media.played_to(leg), [PlaySource::Prompt("sorry".to_owned())]);
    assert!(facts(&world).contains(&&Fact::Abandoned));
    world.secs(5);
    assert!(world.phones[carrier].got_bye());
    assert_eq!((ended(&world).class, ended(&world).code.as_str()), (EndClass::HungUp, "abandoned"));
    assert!(world.has(call, |event| matches!(event, CallEvent::QueueLeft { how: QueueLeft::TimedOut, .. })));
    assert_eq!(world.verdict(), (CallStatus::Failed, "abandoned".to_owned()), "he answered");
    assert!(!facts(&world).contains(&&Fact::Played), "the safe harbour is no message of the campaign");
    world.assert_nothing_left();
}

#[test]
fn the_limit_holds_while_the_distributor_is_away() {
    let (mut world, _, leg) = answered(order());
    world.acd.is_dead = true;
    hear(&mut world, leg, LineHeard::Person, false);
    world.millis(900);
    assert!(!facts(&world).contains(&&Fact::Abandoned));
    world.millis(100);
    assert!(facts(&world).contains(&&Fact::Abandoned));
    world.acd.is_dead = false;
    world.secs(5);
    world.assert_nothing_left();
}

#[test]
fn a_machine_is_hung_up_or_gets_its_message_after_the_beep() {
    let (mut world, carrier, leg) = answered(order());
    hear(&mut world, leg, LineHeard::Machine, false);
    assert!(world.phones[carrier].got_bye());
    assert_eq!(ended(&world).class, EndClass::HungUp);
    assert_eq!(world.verdict(), (CallStatus::Completed, "normal".to_owned()));
    assert!(took_voicemail(&world));
    world.assert_nothing_left();

    let (mut world, carrier, leg) = answered(Dial { on_machine: OnMachine::Message(SORRY), ..order() });
    hear(&mut world, leg, LineHeard::Machine, false);
    world.secs(3);
    assert!(world.media.played_to(leg).is_empty(), "it still speaks");
    world.media.say(Event::Line { leg, event: LineEvent::MaySpeak });
    world.settle();
    assert_eq!(world.media.played_to(leg), [PlaySource::Prompt("sorry".to_owned())]);
    world.secs(5);
    assert!(world.phones[carrier].got_bye() && facts(&world).contains(&&Fact::Played));
    assert!(took_voicemail(&world), "no conversation");
    world.assert_nothing_left();

    let (mut world, _, leg) = answered(Dial { on_machine: OnMachine::Queue(SUPPORT), ..order() });
    hear(&mut world, leg, LineHeard::Machine, false);
    assert_eq!(world.acd.enqueued.len(), 1);
    // It may be a person: without an agent in time it is treated as one.
    let call = world.call();
    world.acd.forget(call);
    world.input(Input::LeaveQueue { call, queue: SUPPORT, why: call::Unserved::TimedOut });
    assert_eq!(world.media.played_to(leg), [PlaySource::Prompt("sorry".to_owned())]);
    assert!(facts(&world).contains(&&Fact::Abandoned), "{:?}", facts(&world));
    world.secs(5);
    world.assert_nothing_left();
}

#[test]
fn a_beep_that_comes_never_ends_after_a_minute() {
    let (mut world, carrier, leg) = answered(Dial { on_machine: OnMachine::Message(SORRY), ..order() });
    hear(&mut world, leg, LineHeard::Machine, false);
    world.secs(61);
    assert!(world.phones[carrier].got_bye());
    assert!(!facts(&world).contains(&&Fact::Played));
    world.assert_nothing_left();
}

#[test]
fn fax_and_dead_air_are_hung_up_and_a_silent_detector_is_doubt() {
    for heard in [LineHeard::Fax, LineHeard::DeadAir, LineHeard::Busy] {
        let (mut world, carrier, leg) = answered(order());
        hear(&mut world, leg, heard, false);
        assert!(world.phones[carrier].got_bye(), "{heard:?}");
        world.assert_nothing_left();
    }
    let (mut world, ..) = answered(order());
    world.secs(23);
    assert_eq!(world.acd.dialed, [Some(Duration::from_secs(2))], "a person, for all we know");
    world.input(Input::EndAll);
    world.assert_nothing_left();
}

#[test]
fn what_the_network_says_before_the_answer() {
    for (heard, class) in [
        (LineHeard::Busy, EndClass::Busy),
        (LineHeard::Sit, EndClass::Unobtainable),
        (LineHeard::Unobtainable, EndClass::Unobtainable),
        (LineHeard::Congestion, EndClass::Failed),
    ] {
        let (mut world, carrier) = dialing(order());
        world.phones[carrier].early_media(world.now.mono);
        world.settle();
        let leg = *world.media.legs.last().unwrap();
        assert_eq!(world.media.listens, [(leg, false)]);
        hear(&mut world, leg, heard, true);
        assert!(world.phones[carrier].got_cancel(), "{heard:?}");
        assert_eq!(ended(&world).class, class, "{heard:?}");
        world.assert_nothing_left();
    }
    let (mut world, carrier) = dialing(order());
    world.phones[carrier].early_media(world.now.mono);
    world.settle();
    let leg = *world.media.legs.last().unwrap();
    assert!(!facts(&world).contains(&&Fact::Rang));
    hear(&mut world, leg, LineHeard::Ringback, true);
    assert!(facts(&world).contains(&&Fact::Rang), "it rings by its sound");
    hear(&mut world, leg, LineHeard::Announcement, true);
    assert!(facts(&world).contains(&&Fact::Early(Heard::Announcement)));
    assert!(!world.phones[carrier].got_cancel());
    world.input(Input::EndAll);
    world.assert_nothing_left();
}

#[test]
fn it_rings_for_its_minimum_whatever_is_asked() {
    let (mut world, carrier) = dialing(order());
    world.secs(3);
    world.phones[carrier].ring(world.now.mono);
    world.settle();
    world.input(Input::CancelDial { attempt: ATTEMPT });
    world.secs(14);
    assert!(!world.phones[carrier].got_cancel());
    world.secs(2);
    assert!(world.phones[carrier].got_cancel());
    assert_eq!(ended(&world).class, EndClass::Canceled);
    world.assert_nothing_left();

    // Rung late: the longest ring gives way to the shortest.
    let (mut world, carrier) = dialing(order());
    world.secs(20);
    world.phones[carrier].ring(world.now.mono);
    world.settle();
    world.secs(14);
    assert!(!world.phones[carrier].got_cancel());
    world.secs(2);
    assert!(world.phones[carrier].got_cancel());
    assert_eq!(ended(&world).class, EndClass::NoAnswer);
    world.assert_nothing_left();
}

/// Whoever picks up as his ring is called off is served as anybody (RFC 3261 9.1); of a network that never agrees, the
/// attempt ends when it would have had to answer.
#[test]
fn a_ring_that_was_called_off_is_over_when_the_network_says_so() {
    let (mut world, carrier) = dialing(Dial { detect: false, ..order() });
    world.phones[carrier].ring(world.now.mono);
    world.secs(16);
    // The answer and the CANCEL pass each other.
    world.phones[carrier].answer_call(world.now.mono);
    world.input(Input::CancelDial { attempt: ATTEMPT });
    let is_cancel = |message: &sip::Message| message.method() == Some(&sip::Method::Cancel);
    assert!(world.sent.iter().any(|(_, message, _)| is_cancel(message)));
    world.secs(4);
    let told = facts(&world);
    assert!(matches!(told[..], [Fact::Began { .. }, Fact::Rang, Fact::Answered, Fact::Abandoned, ..]), "{told:?}");
    world.input(Input::EndAll);
    assert_eq!(ended(&world).class, EndClass::HungUp);
    world.assert_nothing_left();

    let (mut world, carrier) = dialing(Dial { ring_max_s: 15, ..order() });
    world.phones[carrier].ring(world.now.mono);
    world.settle();
    world.loss = 1.0;
    world.secs(40);
    assert!(!matches!(facts(&world).last(), Some(Fact::Ended(_))), "{:?}", facts(&world));
    world.secs(10);
    assert_eq!((ended(&world).class, ended(&world).sip), (EndClass::NoAnswer, Some(480)));
}

/// Nobody is there for whoever picks up as it is hung up by hand or by a node that goes down: that counts, and he hears
/// why where there is time for it.
#[test]
fn whoever_answers_what_is_hung_up_is_abandoned() {
    let rings = || {
        let (mut world, carrier) = dialing(order());
        world.phones[carrier].ring(world.now.mono);
        world.secs(2);
        (world, carrier)
    };
    let hang_up = |world: &World| Input::HangUp { request: RequestId(1), call: world.call() };
    for is_by_hand in [true, false] {
        let (mut world, carrier) = rings();
        world.phones[carrier].answer_call(world.now.mono);
        let input = if is_by_hand { hang_up(&world) } else { Input::EndAll };
        world.input(input);
        let is_cancel = |message: &sip::Message| message.method() == Some(&sip::Method::Cancel);
        assert!(world.sent.iter().any(|(_, message, _)| is_cancel(message)), "at once");
        let told = facts(&world);
        assert!(matches!(told[..], [Fact::Began { .. }, Fact::Rang, Fact::Answered, Fact::Abandoned, ..]), "{told:?}");
        assert_eq!(world.phones[carrier].got_bye(), !is_by_hand, "a message, or nothing");
        world.secs(5);
        assert!(world.phones[carrier].got_bye());
        let (failed, cause) = world.verdict();
        let expected = if is_by_hand { "abandoned" } else { "shutdown" };
        assert_eq!((failed, cause.as_str()), (CallStatus::Failed, expected));
        assert_eq!(ended(&world).class, EndClass::HungUp);
        world.assert_nothing_left();

        let (mut world, carrier) = rings();
        let input = if is_by_hand { hang_up(&world) } else { Input::EndAll };
        world.input(input);
        assert!(world.phones[carrier].got_cancel(), "nobody picks up");
        assert_eq!(ended(&world).class, if is_by_hand { EndClass::Canceled } else { EndClass::Failed });
        world.assert_nothing_left();
    }
    // The agent who waits for it is free at once, whatever the network says.
    let (mut world, carrier, _) = dialed_for_an_agent();
    world.phones[carrier].ring(world.now.mono);
    world.settle();
    world.loss = 1.0;
    let input = hang_up(&world);
    world.input(input);
    assert!(world.busy.is_empty(), "he is free");
    assert!(!matches!(facts(&world).last(), Some(Fact::Ended(_))), "{:?}", facts(&world));
    world.secs(40);
    assert_eq!(ended(&world).class, EndClass::Canceled);
}

/// A number that is dialed while its agent waits on his standing leg: the carrier's phone and his.
fn dialed_for_an_agent() -> (World, usize, usize) {
    let mut world = World::new();
    let (carrier, agent) = (world.carrier(), world.agent("1001"));
    world.input(Input::CallStandingLeg { agent: agent_id("1001") });
    world.phones[agent].answer_call(world.now.mono);
    world.settle();
    world.input(Input::Dial(Box::new(Dial { agent: Some(agent_id("1001")), ..order() })));
    (world, carrier, agent)
}

/// What was heard before it is no reason to leave him alone.
#[test]
fn whoever_answers_as_a_busy_tone_is_hung_up_is_served() {
    let (mut world, carrier) = dialing(Dial { detect: true, ..order() });
    world.phones[carrier].early_media(world.now.mono);
    world.settle();
    let leg = *world.media.legs.last().unwrap();
    world.phones[carrier].answer_call(world.now.mono);
    hear(&mut world, leg, LineHeard::Busy, true);
    assert!(facts(&world).contains(&&Fact::Answered), "{:?}", facts(&world));
    hear(&mut world, leg, LineHeard::Person, false);
    assert_eq!(world.acd.dialed.len(), 1, "he waits for an agent");
    world.input(Input::EndAll);
    world.secs(5);
    world.assert_nothing_left();
}

#[test]
fn refusals_have_their_class_and_what_cannot_be_dialed_ends_at_once() {
    for (status, class) in [
        (486, EndClass::Busy),
        (480, EndClass::NoAnswer),
        (404, EndClass::Unobtainable),
        (603, EndClass::Refused),
        (503, EndClass::Failed),
    ] {
        let (mut world, carrier) = dialing(order());
        world.phones[carrier].reject(world.now.mono, status);
        world.settle();
        assert_eq!((ended(&world).class, ended(&world).sip), (class, Some(status)));
        world.assert_nothing_left();
    }
    // A carrier that says nothing at all is no phone that rang out.
    for ring_max_s in [25, 60] {
        let mut world = World::new();
        world.input(Input::Dial(Box::new(Dial { ring_max_s, ..order() })));
        world.secs(35);
        assert_eq!((ended(&world).class, &*ended(&world).code), (EndClass::NotDialed, "trunk_down"));
        assert!(facts(&world).iter().all(|fact| **fact != Fact::Rang));
        world.assert_nothing_left();
    }
    let (world, _) = dialing(Dial { number: "+33123456789".to_owned(), ..order() });
    assert_eq!(ended(&world).class, EndClass::NotDialed);
    assert!(world.calls().is_empty());
}

#[test]
fn a_message_to_people_and_a_preview_whose_agent_waits() {
    let (mut world, carrier, leg) = answered(Dial { on_person: OnPerson::Message(SORRY), detect: false, ..order() });
    assert_eq!(world.media.played_to(leg), [PlaySource::Prompt("sorry".to_owned())]);
    world.secs(5);
    assert!(world.phones[carrier].got_bye() && facts(&world).contains(&&Fact::Played));
    world.assert_nothing_left();

    let (mut world, carrier, agent) = dialed_for_an_agent();
    let standing = *world.media.legs.first().unwrap();
    assert_eq!(world.media.played_to(standing), [PlaySource::Tone(ToneKind::RingBack)]);
    assert_eq!(world.busy.len(), 1);
    world.phones[carrier].answer_call(world.now.mono);
    world.settle();
    let customer = *world.media.legs.last().unwrap();
    assert!(world.media.hears(standing, customer));
    assert!(facts(&world).iter().any(|fact| matches!(fact, Fact::Connected { .. })));
    world.phones[carrier].hang_up(world.now.mono);
    world.settle();
    assert!(!world.phones[agent].got_bye() && world.busy.is_empty());
    world.input(Input::EndStandingLeg { agent: agent_id("1001") });
    world.assert_nothing_left();
}

#[test]
fn whoever_answered_and_is_ended_by_us_unserved_is_abandoned() {
    let left = |world: &mut World| {
        let counts = |wanted: &Fact| facts(world).iter().filter(|fact| **fact == wanted).count();
        assert_eq!((counts(&Fact::Abandoned), counts(&Fact::Played)), (1, 0), "{:?}", facts(world));
        let failed = journal_core::CallStatus::Failed;
        assert_eq!(world.verdict(), (failed, "abandoned".to_owned()));
        world.assert_nothing_left();
    };
    // What was to take him is gone since he was dialed: his message, his queue.
    let nowhere = [
        Dial { on_person: OnPerson::Message(MessageId(99)), detect: false, ..order() },
        Dial { on_person: OnPerson::Queue(QueueId(99)), detect: false, ..order() },
    ];
    for order in nowhere {
        let (mut world, carrier, leg) = answered(order);
        assert_eq!(world.media.played_to(leg), [PlaySource::Prompt("sorry".to_owned())]);
        world.secs(5);
        assert!(world.phones[carrier].got_bye());
        left(&mut world);
    }
    // His message cannot be played.
    let (mut world, carrier) = dialing(Dial { on_person: OnPerson::Message(SORRY), detect: false, ..order() });
    world.media.no_prompts = true;
    world.phones[carrier].ring(world.now.mono);
    world.secs(2);
    world.phones[carrier].answer_call(world.now.mono);
    world.settle();
    assert!(world.phones[carrier].got_bye());
    left(&mut world);
    // Somebody ends the call while he waits, or while it is listened to who he is.
    for heard in [Some(LineHeard::Person), None] {
        let (mut world, carrier, leg) = answered(order());
        heard.into_iter().for_each(|heard| hear(&mut world, leg, heard, false));
        let call = world.call();
        world.input(Input::HangUp { request: RequestId(1), call });
        assert!(world.phones[carrier].got_bye());
        left(&mut world);
    }
    // A machine is nobody.
    let on_machine = OnMachine::Queue(QueueId(99));
    let (mut world, _, leg) = answered(Dial { on_machine, ..order() });
    hear(&mut world, leg, LineHeard::Machine, false);
    assert!(!facts(&world).contains(&&Fact::Abandoned) && took_voicemail(&world), "{:?}", facts(&world));
    world.assert_nothing_left();
}

/// He had his agent: what becomes of him afterwards is no matter of the campaign.
#[test]
fn whom_his_agent_sends_on_to_a_queue_waits_there_as_any_caller() {
    let connected = |world: &World| facts(world).iter().filter(|fact| matches!(fact, Fact::Connected { .. })).count();
    for is_served in [false, true] {
        let (mut world, carrier, agent, leg) = answered_with_agent(order());
        hear(&mut world, leg, LineHeard::Person, false);
        world.secs(5);
        world.acd.agents.clear();
        world.phones[agent].refer(world.now.mono, &format!("<sip:{SUPPORT_DID}@demo.local>"));
        world.settle();
        assert_eq!(world.acd.dialed, [Some(Duration::from_millis(940)), None], "as long as the queue lets him");
        let call = world.call();
        if is_served {
            world.acd.agents = vec![agent_id("1001")];
            world.settle();
            assert!(world.media.hears(leg, *world.media.legs.first().unwrap()));
        } else {
            world.acd.forget(call);
            world.input(Input::LeaveQueue { call, queue: SUPPORT, why: call::Unserved::TimedOut });
            let played = world.media.played_to(leg);
            assert_eq!(played.first(), Some(&PlaySource::Prompt("voicemail".to_owned())), "the queue's own way on");
        }
        assert_eq!((connected(&world), facts(&world).contains(&&Fact::Abandoned)), (1, false), "{:?}", facts(&world));
        world.phones[carrier].hang_up(world.now.mono);
        world.settle();
        assert_eq!(ended(&world).class, EndClass::HungUp);
        world.input(Input::EndStandingLeg { agent: agent_id("1001") });
        world.secs(5);
        world.assert_nothing_left();
    }
}

#[test]
fn an_agent_who_leaves_while_his_number_rings_cuts_no_ring() {
    for answers in [false, true] {
        let mut world = World::new();
        let (carrier, agent) = (world.carrier(), world.agent("1001"));
        world.input(Input::CallStandingLeg { agent: agent_id("1001") });
        world.phones[agent].answer_call(world.now.mono);
        world.settle();
        let order = Dial { agent: Some(agent_id("1001")), detect: false, ..order() };
        world.input(Input::Dial(Box::new(order)));
        world.phones[carrier].ring(world.now.mono);
        world.secs(3);
        world.phones[agent].hang_up(world.now.mono);
        world.settle();
        assert!(world.busy.is_empty(), "he is free");
        if answers {
            world.phones[carrier].answer_call(world.now.mono);
            world.settle();
            assert_eq!(world.acd.dialed, [Some(Duration::from_secs(2))], "another may take him");
            let (call, leg) = (world.call(), *world.media.legs.last().unwrap());
            world.acd.forget(call);
            world.input(Input::LeaveQueue { call, queue: SUPPORT, why: call::Unserved::TimedOut });
            assert_eq!(world.media.played_to(leg), [PlaySource::Prompt("sorry".to_owned())]);
            assert!(facts(&world).contains(&&Fact::Abandoned));
        } else {
            world.secs(11);
            assert!(!world.phones[carrier].got_cancel());
            world.secs(2);
            assert!(world.phones[carrier].got_cancel());
            assert_eq!(ended(&world).class, EndClass::Canceled);
        }
        world.secs(5);
        world.assert_nothing_left();
    }
}

#[test]
fn a_ring_counts_from_the_invite_that_left_when_its_ports_were_open() {
    let mut world = World::new();
    let carrier = world.carrier();
    world.media.is_slow = true;
    world.input(Input::Dial(Box::new(order())));
    world.secs(2);
    world.input(Input::CancelDial { attempt: ATTEMPT });
    world.millis(500);
    world.media.is_slow = false;
    world.settle();
    assert!(world.phones[carrier].is_called());
    // Nothing is heard of the phone but that it is tried.
    world.secs(14);
    assert!(!world.phones[carrier].got_cancel());
    world.phones[carrier].ring(world.now.mono);
    world.secs(14);
    assert!(!world.phones[carrier].got_cancel(), "it rings for its minimum");
    world.secs(2);
    assert!(world.phones[carrier].got_cancel());
    world.assert_nothing_left();
}
