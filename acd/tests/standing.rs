//! Agents log in with a standing leg: queues that ask for one are served by those alone whose leg is up.

mod desk;

use acd::*;
use clock::*;
use desk::{Desk, SHARD, SUPPORT, offers, queue, secs};

const ONE: AgentId = AgentId(1);

fn desk() -> Desk {
    Desk::new(&[QueueConfig { standing_leg: true, ..queue(SUPPORT, &[1, 2]) }], &[1, 2])
}

fn up(desk: &mut Desk, agent: AgentId) -> Vec<Effect> {
    step(desk, agent, StandingStep::Up { is_his_doing: false })
}

fn step(desk: &mut Desk, agent: AgentId, step: StandingStep) -> Vec<Effect> {
    desk.say(Input::StandingLeg { shard: SHARD, agent, step })
}

fn down(is_his_doing: bool) -> StandingStep {
    StandingStep::Down { is_his_doing, why: "peer_gone".to_owned() }
}

fn want(desk: &mut Desk, agent: AgentId, wanted: bool) -> Vec<Effect> {
    desk.say(Input::SetStandingLeg { request: Some(RequestId(1)), agent, wanted })
}

fn calls(effects: &[Effect]) -> usize {
    effects.iter().filter(|effect| matches!(effect, Effect::CallStandingLeg { .. })).count()
}

fn leg_of(desk: &Desk, agent: AgentId) -> StandingLeg {
    desk.acd.agent_snapshot(agent).expect("an agent").standing_leg
}

#[test]
fn a_call_waits_for_an_agent_whose_leg_is_up_and_goes_to_no_other() {
    let mut desk = desk();
    let (_, effects) = desk.call(SUPPORT);
    assert!(offers(&effects).is_empty(), "both are ready, and neither is logged in");
    let effects = want(&mut desk, ONE, true);
    assert_eq!(calls(&effects), 1);
    assert!(effects.iter().any(|effect| matches!(effect, Effect::Reply { result: Ok(_), .. })));
    assert!(offers(&effects).is_empty() && leg_of(&desk, ONE) == StandingLeg::Calling);
    let effects = up(&mut desk, ONE);
    assert_eq!(offers(&effects).len(), 1);
    assert_eq!(offers(&effects)[0].agent, 1);
    assert_eq!(leg_of(&desk, ONE), StandingLeg::Up);
}

#[test]
fn one_that_drops_serves_no_more_at_once_and_is_called_again_three_times() {
    let mut desk = desk();
    want(&mut desk, ONE, true);
    up(&mut desk, ONE);
    let effects = step(&mut desk, ONE, down(false));
    assert_eq!((calls(&effects), leg_of(&desk, ONE)), (0, StandingLeg::Down));
    let (_, effects) = desk.call(SUPPORT);
    assert!(offers(&effects).is_empty());
    for _ in 0..3 {
        assert_eq!(calls(&desk.pass(secs(5))), 1);
        step(&mut desk, ONE, down(false));
    }
    assert_eq!((calls(&desk.pass(secs(60))), leg_of(&desk, ONE)), (0, StandingLeg::None), "he is logged out");
}

#[test]
fn whoever_hangs_up_or_signs_off_is_logged_out() {
    let mut desk = desk();
    want(&mut desk, ONE, true);
    up(&mut desk, ONE);
    step(&mut desk, ONE, down(true));
    assert_eq!(leg_of(&desk, ONE), StandingLeg::None);
    assert_eq!(calls(&desk.pass(secs(60))), 0);
    want(&mut desk, ONE, true);
    up(&mut desk, ONE);
    let effects = desk.status(1, Status::Offline);
    assert!(effects.contains(&Effect::EndStandingLeg { agent: ONE }));
    step(&mut desk, ONE, down(false));
    assert_eq!((calls(&desk.pass(secs(60))), leg_of(&desk, ONE)), (0, StandingLeg::None));
}

#[test]
fn a_dialed_code_logs_in_and_an_offer_is_withdrawn_with_the_leg() {
    let mut desk = desk();
    step(&mut desk, ONE, StandingStep::Up { is_his_doing: true });
    assert_eq!(leg_of(&desk, ONE), StandingLeg::Up);
    let (call, effects) = desk.call(SUPPORT);
    let offer = offers(&effects)[0];
    let effects = want(&mut desk, ONE, false);
    let is_taken_back =
        |effect: &Effect| matches!(effect, Effect::Withdraw { offer: back, .. } if *back == offer.offer);
    assert!(effects.iter().any(is_taken_back));
    assert!(desk.acd.waits_in(call).is_some(), "the caller keeps his place");
}

/// Whoever were bridged to a phone that holds would hear nobody.
#[test]
fn on_hold_it_gets_no_calls_until_it_is_taken_back() {
    let mut desk = desk();
    want(&mut desk, ONE, true);
    up(&mut desk, ONE);
    let holds = |is_held| Input::StandingLeg { shard: SHARD, agent: ONE, step: StandingStep::Held { is_held } };
    let facts = |up: &[AgentId], held: &[AgentId]| Input::StandingFacts {
        shard: SHARD,
        up: up.to_vec(),
        held: held.to_vec(),
        calling: vec![],
    };
    desk.say(holds(true));
    desk.say(facts(&[], &[ONE]));
    assert_eq!(leg_of(&desk, ONE), StandingLeg::Held);
    let (_, effects) = desk.call(SUPPORT);
    assert_eq!(offers(&effects), []);
    assert_eq!(offers(&desk.say(holds(false))).len(), 1, "he has whoever waits");
    assert_eq!(leg_of(&desk, ONE), StandingLeg::Up);
    // What was missed comes with the facts.
    desk.say(facts(&[], &[ONE]));
    assert_eq!(leg_of(&desk, ONE), StandingLeg::Held);
    desk.say(facts(&[ONE], &[]));
    assert_eq!(leg_of(&desk, ONE), StandingLeg::Up);
    desk.say(holds(true));
    assert_eq!(calls(&desk.say(facts(&[], &[]))), 0);
    assert_eq!(leg_of(&desk, ONE), StandingLeg::Down);
    assert_eq!(calls(&desk.pass(secs(5))), 1, "it is lost, and called again");
}

#[test]
fn facts_repair_what_was_missed_and_a_lost_shard_loses_its_legs() {
    let mut desk = desk();
    let facts = |up: &[AgentId]| Input::StandingFacts { shard: SHARD, up: up.to_vec(), held: vec![], calling: vec![] };
    want(&mut desk, ONE, true);
    up(&mut desk, ONE);
    desk.say(facts(&[ONE]));
    assert_eq!(leg_of(&desk, ONE), StandingLeg::Up);
    desk.say(facts(&[]));
    assert_eq!(leg_of(&desk, ONE), StandingLeg::Down);
    assert_eq!(calls(&desk.pass(secs(5))), 1);
    desk.say(facts(&[]));
    assert_eq!(leg_of(&desk, ONE), StandingLeg::Calling, "the order may still be on its way");
    desk.pass(secs(5));
    desk.say(facts(&[]));
    assert_eq!(leg_of(&desk, ONE), StandingLeg::Down);
    desk.pass(secs(5));
    desk.say(facts(&[ONE]));
    assert_eq!(leg_of(&desk, ONE), StandingLeg::Up);
    desk.say(Input::ShardLost { shard: SHARD });
    assert_eq!(leg_of(&desk, ONE), StandingLeg::Down);
    let effects = desk.say(facts(&[ONE, AgentId(2)]));
    assert!(effects.contains(&Effect::EndStandingLeg { agent: AgentId(2) }), "nobody wants his");
}

#[test]
fn it_is_wanted_over_a_restart_and_called_when_the_phone_is_there() {
    let mut desk = Desk::new(&[], &[]);
    let agents = vec![AgentConfig { standing_leg: true, ..desk::agent(1) }];
    let queues = vec![QueueConfig { standing_leg: true, ..queue(SUPPORT, &[1]) }];
    let effects = desk.say(Input::Configure { queues, agents });
    assert_eq!(calls(&effects), 0);
    assert_eq!(calls(&desk.reachable(1, true)), 1);
    let checkpoint = desk.acd.checkpoint();
    let again = checkpoint.replay(&[]);
    assert_eq!(again.agent_snapshot(ONE).unwrap().standing_leg, StandingLeg::Calling);
}
