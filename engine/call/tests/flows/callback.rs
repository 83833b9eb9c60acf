//! Callbacks: the caller who asks by key, the agent who takes one, the customer who is called.

use core::time::Duration;
use std::sync::Arc;

use call::{CallbackOrder, CallbackStep, Effect, Input, OfferOutcome};
use clock::{CallId, CallbackId, LegId, OfferId, RequestId, WallTime};
use dialer::gate::{Listed, Lists};
use journal_core::{CallEvent, CallStatus, DialDecision, DialOccasion, Direction, Entry, Outcome, QueueLeft};
use media_graph::{Event, PlaySource, ToneKind};

use crate::rig::World;
use crate::rig::acd::GENERATION;
use crate::rig::phone::CUSTOMER;
use crate::rig::plan::{SUPPORT, SUPPORT_DID, agent_id};

const NUMBER: &str = "+442079460000";
const CALL: CallId = CallId(0x77);
const OFFER: OfferId = OfferId(1_000);

fn order() -> CallbackOrder {
    CallbackOrder {
        call: CALL,
        callback: CallbackId(5),
        number: NUMBER.to_owned(),
        queue: Some(SUPPORT),
        agent: None,
        device: None,
        arrived: WallTime::from_micros(1),
        priority: 0,
        ring: Duration::from_secs(20),
        customer_first: false,
    }
}

fn offer(world: &mut World, extension: &str) {
    let (agent, ring) = (agent_id(extension), Duration::from_secs(15));
    world.input(Input::Offer {
        offer: OFFER,
        generation: GENERATION,
        call: CALL,
        queue: SUPPORT,
        agent,
        ring,
        routing: None,
    });
}

/// The agent's phone was answered and he has it.
fn taken(order: CallbackOrder) -> (World, usize, usize) {
    let mut world = World::new();
    let (carrier, agent) = (world.carrier(), world.agent("1001"));
    world.input(Input::BeginCallback(Box::new(order)));
    world.acd.is_dead = true;
    offer(&mut world, "1001");
    world.phones[agent].answer_call(world.now.mono);
    world.settle();
    world.input(Input::ClaimGranted { offer: OFFER, generation: GENERATION });
    (world, carrier, agent)
}

fn steps(world: &World) -> Vec<CallbackStep> {
    let steps = world.callbacks.iter().filter_map(|effect| match effect {
        Effect::CallbackStep { step, .. } => Some(step.clone()),
        _ => None,
    });
    steps.collect()
}

fn failed(may_retry: bool, why: &str) -> CallbackStep {
    CallbackStep::Failed { may_retry, why: why.to_owned() }
}

fn leg_of(world: &World, nth: usize) -> LegId {
    *world.media.legs.iter().nth(nth).expect("a leg")
}

#[test]
fn the_agent_hears_the_announcement_while_the_customer_is_called_and_then_both_talk() {
    let (mut world, carrier, agent) = taken(order());
    let shown = world.phones[agent].invite_received().from().unwrap();
    assert_eq!(shown.display_name().unwrap(), format!("support · {NUMBER}"));
    assert!(world.phones[carrier].is_called(), "he is called at once: no announcement delays a connection");
    assert_eq!(world.media.played_to(leg_of(&world, 0)), [PlaySource::Prompt("callback".to_owned())]);
    world.secs(6);
    assert_eq!(world.media.played_to(leg_of(&world, 0)), [PlaySource::Tone(ToneKind::RingBack)], "at most 6 s");
    world.phones[carrier].ring(world.now.mono);
    world.phones[carrier].answer_call(world.now.mono);
    world.settle();
    let (with_agent, with_customer) = (leg_of(&world, 0), leg_of(&world, 1));
    assert!(world.media.hears(with_agent, with_customer) && world.media.hears(with_customer, with_agent));
    assert_eq!((world.media.recorded_legs(0), world.media.recorded_legs(1)), (vec![with_customer], vec![with_agent]));
    assert_eq!(steps(&world), [CallbackStep::Dialing, CallbackStep::Connected]);
    assert!(world.has(CALL, |event| matches!(
        event,
        CallEvent::Started { direction: Direction::OutboundDial, internal: false, .. }
    )));
    world.phones[carrier].hang_up(world.now.mono);
    world.settle();
    assert_eq!(world.ended(CALL).status, CallStatus::Completed);
    assert_eq!(world.freed, [(agent_id("1001"), CALL, true)]);
    world.assert_nothing_left();
}

/// Else it is none of the transactions of its customer.
#[test]
fn the_call_of_a_callback_is_no_consultation_of_the_call_that_it_came_of() {
    let (world, ..) = taken(order());
    assert!(world.has(CALL, |event| matches!(event, CallEvent::Started { parent: None, .. })));
}

#[test]
fn a_customer_who_answers_at_once_is_connected_at_once_and_the_announcement_comes_to_its_end() {
    let (mut world, carrier, _) = taken(order());
    world.phones[carrier].answer_call(world.now.mono);
    world.settle();
    let (with_agent, with_customer) = (leg_of(&world, 0), leg_of(&world, 1));
    assert!(world.media.hears(with_agent, with_customer) && world.media.hears(with_customer, with_agent));
    assert_eq!(world.media.played_to(with_agent), [PlaySource::Prompt("callback".to_owned())]);
    world.secs(6);
    assert!(world.media.played_to(with_agent).is_empty() && world.media.hears(with_agent, with_customer));
}

#[test]
fn the_customers_invite_waits_until_the_attempt_survives_a_power_loss() {
    let mut world = World::new();
    let (carrier, agent) = (world.carrier(), world.agent("1001"));
    world.input(Input::BeginCallback(Box::new(order())));
    world.acd.is_dead = true;
    offer(&mut world, "1001");
    world.phones[agent].answer_call(world.now.mono);
    world.settle();
    world.journal_holds = true;
    world.input(Input::ClaimGranted { offer: OFFER, generation: GENERATION });
    assert!(!world.phones[carrier].is_called());
    assert!(world.has(CALL, |event| matches!(event, CallEvent::CallbackDialing { .. })));
    world.journal_writes();
    assert!(world.phones[carrier].is_called());
}

#[test]
fn nobody_answers_and_the_agent_is_free_without_wrap_up() {
    let (mut world, carrier, agent) = taken(order());
    world.phones[carrier].ring(world.now.mono);
    world.secs(21);
    assert!(world.phones[carrier].got_cancel() && world.phones[agent].got_bye());
    assert_eq!(steps(&world), [CallbackStep::Dialing, failed(true, "no_answer")]);
    assert_eq!(world.freed, [(agent_id("1001"), CALL, false)]);
    assert_eq!(world.ended(CALL).status, CallStatus::NoAnswer);
    world.assert_nothing_left();
}

#[test]
fn a_number_that_does_not_exist_is_not_tried_again() {
    let (mut world, carrier, _) = taken(order());
    world.phones[carrier].reject(world.now.mono, 404);
    world.settle();
    assert_eq!(steps(&world), [CallbackStep::Dialing, failed(false, "unknown_number")]);
}

#[test]
fn the_agent_may_miss_it_and_another_takes_the_same_call() {
    let mut world = World::new();
    let (carrier, agent) = (world.carrier(), world.agent("1001"));
    world.input(Input::BeginCallback(Box::new(order())));
    world.acd.is_dead = true;
    offer(&mut world, "1001");
    world.phones[agent].ring(world.now.mono);
    world.secs(16);
    assert_eq!((world.acd.outcomes.clone(), steps(&world)), (vec![OfferOutcome::NoAnswer], Vec::new()));
    let other = world.agent("1002");
    let next = OfferId(1_001);
    let (agent, ring) = (agent_id("1002"), Duration::from_secs(15));
    world.input(Input::Offer {
        offer: next,
        generation: GENERATION,
        call: CALL,
        queue: SUPPORT,
        agent,
        ring,
        routing: None,
    });
    world.phones[other].answer_call(world.now.mono);
    world.settle();
    world.input(Input::ClaimGranted { offer: next, generation: GENERATION });
    assert!(world.phones[carrier].is_called());
}

#[test]
fn with_the_customer_first_he_is_answered_and_then_the_agent_rings() {
    let mut world = World::new();
    let (carrier, agent) = (world.carrier(), world.agent("1001"));
    world.acd.is_dead = true;
    world.input(Input::BeginCallback(Box::new(CallbackOrder { customer_first: true, ..order() })));
    offer(&mut world, "1001");
    assert!(world.phones[carrier].is_called() && !world.phones[agent].is_called());
    world.phones[carrier].answer_call(world.now.mono);
    world.settle();
    assert!(world.phones[agent].is_called());
    assert_eq!(world.media.played_to(leg_of(&world, 0)), [PlaySource::Music("waiting".to_owned())]);
    world.phones[agent].answer_call(world.now.mono);
    world.settle();
    world.input(Input::ClaimGranted { offer: OFFER, generation: GENERATION });
    assert_eq!(steps(&world), [CallbackStep::Dialing, CallbackStep::Connected]);
    world.phones[agent].hang_up(world.now.mono);
    world.settle();
    assert_eq!(world.ended(CALL).status, CallStatus::Completed);
    world.assert_nothing_left();
}

#[test]
fn a_customer_who_was_called_first_and_hangs_up_before_an_agent_comes_has_abandoned() {
    let mut world = World::new();
    let (carrier, _) = (world.carrier(), world.agent("1001"));
    world.acd.is_dead = true;
    world.input(Input::BeginCallback(Box::new(CallbackOrder { customer_first: true, ..order() })));
    offer(&mut world, "1001");
    world.phones[carrier].answer_call(world.now.mono);
    world.secs(3);
    world.phones[carrier].hang_up(world.now.mono);
    world.settle();
    assert_eq!(steps(&world), [CallbackStep::Dialing, failed(true, "abandoned")]);
    let picked_up = world.has(CALL, |event| matches!(event, CallEvent::PickedUp { .. }));
    assert!(picked_up, "his journey says that he was there");
    world.assert_nothing_left();
}

#[test]
fn an_agents_own_rings_his_phone_first_and_needs_no_offer() {
    let mut world = World::new();
    let (carrier, agent) = (world.carrier(), world.agent("1001"));
    let own = CallbackOrder { queue: None, agent: Some(agent_id("1001")), ..order() };
    world.input(Input::BeginCallback(Box::new(own)));
    assert_eq!(world.busy.len(), 1);
    world.phones[agent].answer_call(world.now.mono);
    world.settle();
    assert_eq!(world.media.played_to(leg_of(&world, 0)), [PlaySource::Prompt("callback".to_owned())]);
    world.phones[carrier].answer_call(world.now.mono);
    world.settle();
    assert_eq!(steps(&world), [CallbackStep::Dialing, CallbackStep::Connected]);
    world.phones[agent].hang_up(world.now.mono);
    world.settle();
    world.assert_nothing_left();
}

#[test]
fn the_dial_gate_stands_before_callbacks_and_click_to_call() {
    let mut lists = Lists::default();
    let listed = Listed { reason: Some("asked us".to_owned()), since: WallTime::from_micros(1) };
    lists.add(&"+44207946*".parse().unwrap(), listed).unwrap();
    let mut world = World::new();
    let (carrier, agent) = (world.carrier(), world.agent("1001"));
    world.input(Input::DoNotCall(Arc::new(lists)));
    let request = RequestId(1);
    world.input(Input::Originate { request, from_agent: agent_id("1001"), to: NUMBER.to_owned(), pin: None });
    assert!(matches!(world.replies[0].1, Err(call::CommandError::Denied)));
    world.input(Input::BeginCallback(Box::new(order())));
    world.acd.is_dead = true;
    offer(&mut world, "1001");
    world.phones[agent].answer_call(world.now.mono);
    world.settle();
    world.input(Input::ClaimGranted { offer: OFFER, generation: GENERATION });
    assert!(!world.phones[carrier].is_called() && world.phones[agent].got_bye());
    assert_eq!(steps(&world), [failed(false, "do_not_call")]);
    assert!(world.has(CALL, |event| matches!(
        event,
        CallEvent::DialDenied { evidence, .. } if evidence.contains("+44207946*") && evidence.contains("asked us")
    )));
    let denials: Vec<_> =
        decisions(&world).map(|kept| kept.denial.as_ref().map(|denial| denial.rule.as_str())).collect();
    assert_eq!(denials, [Some("do_not_call"); 2]);
}

fn decisions(world: &World) -> impl Iterator<Item = &DialDecision> {
    world.entries.iter().filter_map(|entry| match entry {
        Entry::DialDecision(kept) => Some(&**kept),
        _ => None,
    })
}

#[test]
fn what_the_gate_says_is_kept_before_anything_is_dialed() {
    let mut world = World::new();
    let (carrier, agent) = (world.carrier(), world.agent("1001"));
    let request = RequestId(1);
    world.input(Input::Originate { request, from_agent: agent_id("1001"), to: NUMBER.to_owned(), pin: None });
    let Some(kept) = decisions(&world).next() else { panic!("{:?}", world.entries) };
    let call = Some(world.call());
    assert_eq!(kept.occasion, DialOccasion::ClickToCall { agent: agent_id("1001"), call });
    assert_eq!((kept.number.as_str(), &kept.denial), (NUMBER, &None));
    assert_eq!(kept.evidence.rules, ["do_not_call"]);
    assert_eq!(kept.evidence.rule_set.as_deref().map(|set| set.split(' ').next()), Some(Some("neutral")));
    assert!(!world.phones[carrier].is_called() && world.phones[agent].is_called());
    world.input(Input::BeginCallback(Box::new(order())));
    world.acd.is_dead = true;
    offer(&mut world, "1001");
    let occasion =
        DialOccasion::CallbackDialed { callback: CallbackId(5), queue: Some(SUPPORT), agent: None, call: CALL };
    assert!(decisions(&world).all(|kept| kept.occasion != occasion), "nobody is dialed yet");
}

#[test]
fn nothing_is_dialed_before_the_lists_are_known() {
    let mut world = World::new();
    let (carrier, _agent) = (world.carrier(), world.agent("1001"));
    world.input(Input::DoNotCall(Arc::new(Lists::unknown())));
    let request = RequestId(1);
    world.input(Input::Originate { request, from_agent: agent_id("1001"), to: NUMBER.to_owned(), pin: None });
    assert!(matches!(world.replies[0].1, Err(call::CommandError::Denied)));
    let rule = decisions(&world).next().and_then(|kept| Some(kept.denial.as_ref()?.rule.clone()));
    assert_eq!(rule.as_deref(), Some("facts_missing"));
    assert!(!world.phones[carrier].is_called());
}

/// A caller who waits and presses the key.
fn asked() -> (World, usize, CallId) {
    let mut world = World::new();
    let carrier = world.carrier();
    world.phones[carrier].call(world.now.mono, SUPPORT_DID);
    world.settle();
    let leg = leg_of(&world, 0);
    world.media.say(Event::Digit { leg, digit: '1' });
    world.settle();
    let call = world.call();
    (world, carrier, call)
}

#[test]
fn a_caller_asks_by_key_hears_that_it_is_registered_and_his_call_has_an_outcome_of_its_own() {
    let (mut world, carrier, call) = asked();
    let Some(Effect::AskCallback { number, denied_by: None, .. }) = world.callbacks.first() else {
        panic!("{:?}", world.callbacks)
    };
    assert_eq!(number.as_deref(), Some(CUSTOMER));
    world.input(Input::CallbackAnswer { call, result: Ok((CallbackId(9), false)) });
    let heard = world.media.played_to(leg_of(&world, 0));
    assert!(matches!(&heard[..], [PlaySource::Prompt(prompt)] if prompt.ends_with("callback-registered")), "{heard:?}");
    world.secs(20);
    assert!(world.phones[carrier].got_bye(), "after the prompt we end the call");
    let ended = world.ended(call);
    assert_eq!((ended.status, ended.outcome), (CallStatus::Completed, Outcome::Callback));
    assert!(world.has(call, |event| matches!(event, CallEvent::QueueLeft { how: QueueLeft::CalledBack, .. })));
    world.assert_nothing_left();
}

/// Else his own phone is busy when he is called back.
#[test]
fn the_acd_hears_when_a_caller_who_is_called_back_is_off_the_line() {
    let (mut world, carrier, call) = asked();
    world.input(Input::CallbackAnswer { call, result: Ok((CallbackId(9), false)) });
    assert!(world.acd.gone.is_empty(), "he hears that he is called back");
    world.phones[carrier].hang_up(world.now.mono);
    world.settle();
    assert_eq!(world.acd.gone, [call]);
}

#[test]
fn who_hangs_up_on_the_prompt_is_called_back_all_the_same() {
    let (mut world, carrier, call) = asked();
    world.input(Input::CallbackAnswer { call, result: Ok((CallbackId(9), true)) });
    world.phones[carrier].hang_up(world.now.mono);
    world.settle();
    assert_eq!(world.ended(call).outcome, Outcome::Callback);
}

#[test]
fn the_third_takes_the_way_of_a_call_that_nobody_answered() {
    let (mut world, carrier, call) = asked();
    world.input(Input::CallbackAnswer { call, result: Err("limit".to_owned()) });
    assert!(world.phones[carrier].got_bye());
    assert!(world.has(call, |event| matches!(event, CallEvent::CallbackRejected { reason, .. } if reason == "limit")));
    let ended = world.ended(call);
    assert_eq!((ended.status, ended.outcome), (CallStatus::NoAnswer, Outcome::NoAnswer), "a lost call");
    let left = |event: &CallEvent| matches!(event, CallEvent::QueueLeft { how: QueueLeft::CallbackLimit, .. });
    assert!(world.has(call, left), "no wait was over");
    world.assert_nothing_left();
}

#[test]
fn who_cannot_be_called_back_waits_on() {
    let (mut world, carrier, call) = asked();
    world.input(Input::CallbackAnswer { call, result: Err("do_not_call".to_owned()) });
    world.secs(20);
    assert_eq!(world.media.played_to(leg_of(&world, 0)), [PlaySource::Music("waiting".to_owned())]);
    assert!(!world.phones[carrier].got_bye());
}

#[test]
fn who_could_not_be_told_waits_in_his_place_again() {
    let (mut world, carrier, call) = asked();
    let before = world.acd.enqueued.len();
    world.input(Input::CallbackAnswer { call, result: Err("journal_failing".to_owned()) });
    assert_eq!(world.acd.enqueued.len(), before + 1, "the distributor may have let him go");
    assert!(!world.phones[carrier].got_bye());
}

#[test]
fn another_key_on_the_prompt_calls_it_off() {
    let (mut world, _, call) = asked();
    world.input(Input::CallbackAnswer { call, result: Ok((CallbackId(9), true)) });
    let leg = leg_of(&world, 0);
    world.media.say(Event::Digit { leg, digit: '2' });
    world.settle();
    assert!(world.callbacks.iter().any(|effect| matches!(
        effect,
        Effect::CancelCallback { number, .. } if number == CUSTOMER
    )));
}
