//! A caller, a queue, an agent: DESIGN sections 4 and 9.

use call::OfferOutcome;
use journal_core::{CallEvent, CallStatus, DialogSide, Entry, Outcome, QueueLeft, Who};
use media_graph::PlaySource;
use sip::ua::Event;
use sip::{Message, Method};

use crate::rig::World;
use crate::rig::phone::header;
use crate::rig::plan::{SUPPORT, SUPPORT_DID, agent_id};

/// A caller who waits, with the agents whose phones will ring.
fn waiting(agents: &[&str]) -> (World, usize, Vec<usize>) {
    let mut world = World::new();
    let carrier = world.carrier();
    let phones = agents.iter().map(|extension| world.agent(extension)).collect();
    world.acd.agents = agents.iter().map(|extension| agent_id(extension)).collect();
    world.phones[carrier].call(world.now.mono, SUPPORT_DID);
    world.settle();
    (world, carrier, phones)
}

#[test]
fn the_queue_answers_at_once_and_plays_music() {
    let (world, carrier, _) = waiting(&[]);
    assert!(world.phones[carrier].is_answered());
    let call = world.call();
    let leg = *world.media.legs.first().unwrap();
    assert_eq!(world.media.played_to(leg), [PlaySource::Music("waiting".to_owned())]);
    assert_eq!(world.acd.enqueued, [(call, SUPPORT, Some(crate::rig::phone::CUSTOMER.to_owned()))]);
    assert!(world.has(call, |event| matches!(event, CallEvent::QueueEntered { queue: SUPPORT, .. })));
    assert!(!world.has(call, |event| matches!(event, CallEvent::Answered { .. })), "the queue's 200 is no answer");
}

#[test]
fn the_first_response_and_each_2xx_wait_for_the_journal() {
    let mut world = World::new();
    let carrier = world.carrier();
    world.journal_holds = true;
    world.phones[carrier].call(world.now.mono, SUPPORT_DID);
    world.settle();
    assert_eq!(world.lines_to(carrier), ["100 Trying", "200 OK"]);
    let (_, _, gate) = world.sent.last().unwrap();
    let last = &world.entries[gate.unwrap() as usize - 1];
    assert!(matches!(last, Entry::Dialog(dialog) if dialog.side == DialogSide::ServerConfirmed), "{last:?}");
    assert!(!world.phones[carrier].is_answered());
    world.journal_writes();
    assert!(world.phones[carrier].is_answered());
    world.phones[carrier].hang_up(world.now.mono);
    world.assert_nothing_left();
}

/// A crash behind the ACK finds the entry, and ends the dialog with BYE; one before it is told of by the phone's 200,
/// which comes again.
#[test]
fn the_ack_of_a_phone_that_answered_waits_for_the_journal_and_the_bye_behind_it() {
    let (mut world, carrier, agents) = waiting(&["1001"]);
    let agent = agents[0];
    let acked = |world: &World| world.phones[agent].saw(|event| matches!(event, Event::Acked { .. }));
    world.journal_holds = true;
    world.phones[agent].answer_call(world.now.mono);
    world.settle();
    assert!(!acked(&world));
    let address = world.phones[agent].addr;
    let sent = |world: &World, method: Method| {
        let is_it = |message: &Message| message.method().is_some_and(|one| *one == method);
        world.sent.iter().rev().find(|(to, message, _)| *to == address && is_it(message)).and_then(|(_, _, gate)| *gate)
    };
    let gate = sent(&world, Method::Ack).expect("it waits");
    let entry = &world.entries[gate as usize - 1];
    assert!(matches!(entry, Entry::Dialog(dialog) if dialog.side == DialogSide::ClientConfirmed), "{entry:?}");
    world.phones[carrier].hang_up(world.now.mono);
    world.settle();
    assert!(sent(&world, Method::Bye).is_some_and(|bye| bye >= gate), "BYE does not overtake it");
    world.journal_writes();
    assert!(acked(&world) && world.phones[agent].got_bye());
    world.secs(40);
    world.assert_nothing_left();
}

#[test]
fn an_agent_answers_and_both_talk_and_are_recorded() {
    let (mut world, carrier, agents) = waiting(&["1001"]);
    let agent = agents[0];
    let invite = world.phones[agent].invite_received();
    let from = invite.from().unwrap();
    assert_eq!(from.display_name().unwrap(), format!("support · {}", crate::rig::phone::CUSTOMER));
    assert_eq!(from.uri.user().unwrap(), crate::rig::phone::CUSTOMER);
    world.phones[agent].ring(world.now.mono);
    world.secs(3);
    world.phones[agent].answer_call(world.now.mono);
    world.settle();

    let call = world.call();
    let legs: Vec<_> = world.media.legs.iter().copied().collect();
    assert!(world.media.hears(legs[0], legs[1]) && world.media.hears(legs[1], legs[0]));
    assert_eq!((world.media.recorded_legs(0), world.media.recorded_legs(1)), (vec![legs[0]], vec![legs[1]]));
    assert!(world.media.players.is_empty(), "no music any more");
    assert!(
        world.has(
            call,
            |event| matches!(event, CallEvent::Answered { agent: Some(who), .. } if *who == agent_id("1001"))
        )
    );
    assert!(world.has(call, |event| matches!(event, CallEvent::QueueLeft { how: QueueLeft::Answered, .. })));

    world.secs(10);
    world.phones[carrier].hang_up(world.now.mono);
    world.settle();
    assert!(world.phones[agent].got_bye());
    let ended = world.ended(call);
    assert_eq!((ended.status, ended.outcome), (CallStatus::Completed, Outcome::Successful));
    assert_eq!((ended.cause.who, ended.cause.q850, ended.cause.code.as_str()), (Who::Caller, Some(16), "normal"));
    assert_eq!(world.freed, [(agent_id("1001"), call, true)]);
    assert_eq!(world.media.recorded, [(format!("recordings/2026/11/20/{call}"), 10_000)]);
    assert!(matches!(world.events(call).last(), Some(CallEvent::RecordingEnded { duration_ms: 10_000, .. })));
    world.assert_nothing_left();
}

#[test]
fn the_agent_hangs_up() {
    let (mut world, carrier, agents) = waiting(&["1001"]);
    world.phones[agents[0]].answer_call(world.now.mono);
    world.secs(5);
    world.phones[agents[0]].hang_up(world.now.mono);
    world.settle();
    assert!(world.phones[carrier].got_bye());
    let ended = world.ended(world.call());
    assert_eq!((ended.status, ended.cause.who, ended.cause.q850), (CallStatus::Completed, Who::Agent, Some(16)));
    world.assert_nothing_left();
}

#[test]
fn both_hang_up_at_once() {
    let (mut world, carrier, agents) = waiting(&["1001"]);
    world.phones[agents[0]].answer_call(world.now.mono);
    world.secs(5);
    world.phones[agents[0]].hang_up(world.now.mono);
    world.phones[carrier].hang_up(world.now.mono);
    world.settle();
    assert_eq!(world.verdict(), (CallStatus::Completed, "normal".to_owned()));
    world.assert_nothing_left();
}

#[test]
fn the_caller_gives_up_while_waiting() {
    let (mut world, carrier, _) = waiting(&[]);
    world.secs(20);
    world.phones[carrier].hang_up(world.now.mono);
    world.settle();
    let call = world.call();
    let ended = world.ended(call);
    assert_eq!((ended.status, ended.outcome), (CallStatus::Canceled, Outcome::NoAnswer));
    assert_eq!((ended.cause.who, ended.cause.q850, ended.cause.code.as_str()), (Who::Caller, Some(16), "canceled"));
    assert!(world.has(call, |event| matches!(event, CallEvent::QueueLeft { how: QueueLeft::Abandoned, .. })));
    assert_eq!(world.acd.gone, [call]);
    world.assert_nothing_left();
}

#[test]
fn the_caller_gives_up_while_the_agent_rings() {
    let (mut world, carrier, agents) = waiting(&["1001"]);
    world.phones[agents[0]].ring(world.now.mono);
    world.secs(2);
    world.phones[carrier].hang_up(world.now.mono);
    world.settle();
    assert!(world.phones[agents[0]].got_cancel());
    let cancel = world.last_to(agents[0], "CANCEL");
    assert!(header(cancel, "Reason").starts_with("Q.850;cause=16"), "no false news of an answer elsewhere");
    assert_eq!(world.acd.outcomes, [OfferOutcome::CallerGone]);
    assert!(world.freed.is_empty(), "he was never on the call");
    assert_eq!(world.verdict(), (CallStatus::Canceled, "canceled".to_owned()));
    world.assert_nothing_left();
}

#[test]
fn a_phone_that_rings_out_puts_the_caller_back_to_the_next() {
    let (mut world, carrier, agents) = waiting(&["1001", "1002"]);
    world.phones[agents[0]].ring(world.now.mono);
    world.secs(16);
    assert!(world.phones[agents[0]].got_cancel());
    assert_eq!(world.acd.outcomes, [OfferOutcome::NoAnswer]);
    let call = world.call();
    assert!(world.has(call, |event| matches!(event, CallEvent::OfferMissed { .. })));
    world.phones[agents[1]].answer_call(world.now.mono);
    world.settle();
    assert!(world.has(call, |event| matches!(event, CallEvent::Answered { .. })));
    world.phones[carrier].hang_up(world.now.mono);
    world.assert_nothing_left();
    assert_eq!(world.freed, [(agent_id("1002"), call, true)]);
}

#[test]
fn a_busy_phone_a_dead_phone_and_none_at_all() {
    let (mut world, carrier, agents) = waiting(&["1001"]);
    world.phones[agents[0]].reject(world.now.mono, 486);
    world.settle();
    assert_eq!(world.acd.outcomes, [OfferOutcome::Refused]);
    world.acd.agents = vec![agent_id("1003")];
    world.settle();
    assert_eq!(world.acd.outcomes[1..], [OfferOutcome::Unreachable], "no phone is registered");
    world.phones[agents[0]].is_dead = true;
    world.acd.agents = vec![agent_id("1001")];
    world.secs(16);
    assert_eq!(world.acd.outcomes[2..], [OfferOutcome::NoAnswer]);
    world.phones[carrier].hang_up(world.now.mono);
    world.assert_nothing_left();
}

#[test]
fn an_answer_that_crosses_the_cancel_is_ended_and_told() {
    let (mut world, carrier, agents) = waiting(&["1001"]);
    world.phones[agents[0]].ring(world.now.mono);
    world.settle();
    // His 200 is on the way when the caller hangs up: our CANCEL crosses it.
    world.millis(100);
    let offer = world.acd.open_offer(agent_id("1001")).unwrap();
    world.phones[agents[0]].answer_call(world.now.mono);
    world.shard.handle(
        world.now,
        call::Input::Withdraw { offer, generation: crate::rig::acd::GENERATION, reason: call::WithdrawReason::Paused },
    );
    world.settle();
    let call = world.call();
    assert!(world.has(call, |event| matches!(event, CallEvent::OfferWithdrawn { why, .. } if why == "paused")));
    assert_eq!(world.acd.outcomes, [OfferOutcome::Withdrawn]);
    world.secs(1);
    assert!(world.phones[agents[0]].got_bye(), "{:?}", world.phones[agents[0]].events);
    assert!(world.has(call, |event| matches!(event, CallEvent::OfferTooLate { .. })));
    assert!(world.phones[carrier].is_answered(), "the caller keeps his place");
    world.phones[carrier].hang_up(world.now.mono);
    world.assert_nothing_left();
}

#[test]
fn a_refused_claim_is_bye_with_a_reason() {
    let (mut world, carrier, agents) = waiting(&["1001"]);
    world.acd.refuses = true;
    world.acd.agents.clear();
    world.phones[agents[0]].answer_call(world.now.mono);
    world.settle();
    assert!(world.phones[agents[0]].got_bye());
    assert!(header(world.last_to(agents[0], "BYE"), "Reason").contains("cause=200"));
    let call = world.call();
    assert!(world.has(call, |event| matches!(event, CallEvent::OfferTooLate { .. })));
    assert!(world.freed.is_empty());
    world.phones[carrier].hang_up(world.now.mono);
    world.assert_nothing_left();
}

#[test]
fn a_silent_acd_lets_the_agent_go_and_keeps_the_caller() {
    let (mut world, carrier, agents) = waiting(&["1001"]);
    world.acd.is_dead = true;
    world.phones[agents[0]].answer_call(world.now.mono);
    world.secs(6);
    assert!(world.phones[agents[0]].got_bye());
    assert!(!world.phones[carrier].got_bye());
    // The late grant is given back, and the caller asks for his place.
    world.acd.is_dead = false;
    world.acd.agents.clear();
    world.settle();
    assert_eq!(world.freed.len(), 1);
    assert_eq!(world.acd.enqueued.len(), 2);
    assert_eq!(world.acd.is_let_in, [false, true], "also if others have taken the room meanwhile");
    world.phones[carrier].hang_up(world.now.mono);
    world.assert_nothing_left();
}

#[test]
fn the_caller_leaves_while_the_claim_is_decided() {
    let (mut world, carrier, agents) = waiting(&["1001"]);
    world.acd.is_dead = true;
    world.phones[agents[0]].answer_call(world.now.mono);
    world.settle();
    world.phones[carrier].hang_up(world.now.mono);
    world.settle();
    assert!(world.phones[agents[0]].got_bye());
    assert_eq!(world.verdict(), (CallStatus::Canceled, "canceled".to_owned()));
    world.acd.is_dead = false;
    world.settle();
    assert_eq!(world.freed.len(), 1, "the granted agent is given back");
    world.assert_nothing_left();
}

#[test]
fn the_agent_leaves_while_the_claim_is_decided() {
    let (mut world, carrier, agents) = waiting(&["1001"]);
    world.acd.is_dead = true;
    world.phones[agents[0]].answer_call(world.now.mono);
    world.settle();
    world.phones[agents[0]].hang_up(world.now.mono);
    world.settle();
    world.acd.is_dead = false;
    world.settle();
    assert!(world.phones[carrier].got_bye());
    let ended = world.ended(world.call());
    assert_eq!((ended.status, ended.cause.who), (CallStatus::Completed, Who::Agent));
    assert_eq!((world.freed.len(), world.acd.enqueued.len()), (1, 1), "given back, and in no queue any more");
    world.assert_nothing_left();
}

#[test]
fn the_agent_holds_while_the_claim_is_decided() {
    let (mut world, carrier, agents) = waiting(&["1001"]);
    world.acd.is_dead = true;
    world.phones[agents[0]].answer_call(world.now.mono);
    world.settle();
    world.phones[agents[0]].reinvite(world.now.mono, sdp::Direction::SendOnly);
    world.settle();
    world.acd.is_dead = false;
    world.settle();
    world.phones[agents[0]].reinvite(world.now.mono, sdp::Direction::SendRecv);
    world.settle();
    let call = world.call();
    let is_hold = |event: &&CallEvent| matches!(event, CallEvent::Held { .. } | CallEvent::Resumed { .. });
    assert_eq!(world.events(call).into_iter().filter(is_hold).count(), 2);
    world.phones[carrier].hang_up(world.now.mono);
    world.assert_nothing_left();
}

#[test]
fn several_phones_of_an_agent_ring_together() {
    let (mut world, carrier, agents) = waiting(&[]);
    assert!(agents.is_empty());
    let (desk, soft) = (world.unregistered("1001"), world.unregistered("1001"));
    world.register("1001", &[desk, soft]);
    world.acd.agents = vec![agent_id("1001")];
    world.settle();
    world.phones[desk].ring(world.now.mono);
    world.phones[soft].ring(world.now.mono);
    world.settle();
    world.phones[soft].answer_call(world.now.mono);
    world.settle();
    assert!(world.phones[desk].got_cancel());
    assert!(header(world.last_to(desk, "CANCEL"), "Reason").starts_with("SIP;cause=200"));
    world.phones[carrier].hang_up(world.now.mono);
    world.assert_nothing_left();
    assert_eq!(world.freed.len(), 1);
}

#[test]
fn the_wait_is_over_without_voicemail() {
    let mut world = {
        let mut plan = crate::rig::plan::demo();
        plan.queues.get_mut(&SUPPORT).unwrap().voicemail_on_timeout = false;
        World::with(plan, 1)
    };
    let carrier = world.carrier();
    let agent = world.agent("1001");
    world.acd.agents = vec![agent_id("1001")];
    world.phones[carrier].call(world.now.mono, SUPPORT_DID);
    world.settle();
    world.phones[agent].ring(world.now.mono);
    world.settle();
    let call = world.call();
    world.acd.forget(call);
    world.acd.agents.clear();
    world.input(call::Input::LeaveQueue { call, queue: SUPPORT, why: call::Unserved::TimedOut });
    assert!(world.phones[carrier].got_bye() && world.phones[agent].got_cancel());
    let ended = world.ended(call);
    assert_eq!((ended.status, ended.cause.code.as_str()), (CallStatus::NoAnswer, "wait_over"));
    assert!(world.has(call, |event| matches!(event, CallEvent::QueueLeft { how: QueueLeft::TimedOut, .. })));
    world.assert_nothing_left();
}

#[test]
fn a_cancel_that_races_the_200_of_the_queue_makes_the_record_canceled() {
    let mut world = World::new();
    let carrier = world.carrier();
    world.journal_holds = true;
    world.phones[carrier].call(world.now.mono, SUPPORT_DID);
    world.settle();
    // Our 200 is on its way (held by the journal) when he cancels.
    world.phones[carrier].hang_up(world.now.mono);
    world.settle();
    world.journal_writes();
    world.secs(1);
    assert_eq!(world.verdict(), (CallStatus::Canceled, "canceled".to_owned()));
    world.assert_nothing_left();
}

#[test]
fn a_cancel_after_the_200_of_the_queue_ends_the_wait_though_no_ack_ever_comes() {
    let mut world = World::new();
    let agent = world.agent("1001");
    world.acd.agents = vec![agent_id("1001")];
    let request = |method: &str| {
        format!(
            "{method} sip:{SUPPORT_DID}@demo.local SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.2:5090;branch=z9hG4bKa\r\n\
             Max-Forwards: 70\r\nFrom: <sip:+447700900123@127.0.0.2>;tag=a\r\nTo: <sip:{SUPPORT_DID}@demo.local>\r\n\
             Call-ID: crossing\r\nCSeq: 1 {method}\r\nContact: <sip:c@127.0.0.2:5090>\r\nContent-Length: 0\r\n\r\n"
        )
    };
    world.raw("127.0.0.2:5090", &request("INVITE"));
    world.secs(1);
    assert!(world.phones[agent].is_called());
    world.raw("127.0.0.2:5090", &request("CANCEL"));
    world.secs(1);
    assert!(world.phones[agent].got_cancel(), "nobody rings for a caller who is gone");
    assert_eq!(world.verdict(), (CallStatus::Canceled, "canceled".to_owned()));
    world.secs(40);
    world.assert_nothing_left();
}
