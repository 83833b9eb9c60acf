//! Agents' own black and white lists, where it is known before the dial who will talk.

use std::time::Duration;

use clock::{AgentId, LeadId, MessageId, QueueId};
use dialer::campaign::Method;
use dialer::gate::Personal;
use dialer::hopper::Booked;
use dialer::runner::{House, Refusal, WhyNot};

use super::scene;
use super::world::{Scene, World};

/// Neither the first agent nor anybody whose list is white calls these.
const NEVER: &str = "+44207180002*";

fn own_lists() -> House {
    let list = |text: &str| vec![text.parse().expect("a pattern")];
    let black = Personal { blacklist: list(NEVER), whitelist: Vec::new() };
    let white = Personal { blacklist: Vec::new(), whitelist: list("+44207180003*") };
    let (queues, messages) = ([QueueId(1)].into(), [MessageId(1)].into());
    House { personal: [(AgentId(1), black), (AgentId(2), white)].into(), queues, messages }
}

#[test]
fn previews_are_of_leads_that_the_agent_may_call_and_the_others_are_for_others() {
    let preview = Method::Preview { may_skip: true, limit: Some(Duration::from_secs(5)) };
    let mut world = World::new(Scene { agents: 3, seconds: 3_600, ..scene(3, preview) });
    world.house(own_lists());
    world.run();
    let by = |agent: &str| world.judge.log.iter().filter(|line| line.starts_with(agent)).count();
    assert!(by("1 ") > 5 && by("2 ") > 5 && by("3 ") > 5, "{:#?}", world.judge.log);
    let others = world.judge.log.iter().filter(|line| line.contains("+44207180002")).count();
    assert!(others > 0, "whom the third agent may call is called");
    assert_eq!(world.own_denials, [], "somebody at work may call each lead");
    world.settle();
    world.judge.close(&world.dialer.snapshot(world.now().wall));
}

#[test]
fn a_lead_that_nobody_at_work_may_call_waits_and_says_why() {
    let preview = Method::Preview { may_skip: true, limit: Some(Duration::from_secs(5)) };
    let mut world = World::new(Scene { agents: 1, leads: 40, ..scene(3, preview) });
    world.house(own_lists());
    world.run();
    let own =
        |(agent, number): &(Option<AgentId>, String)| *agent == Some(AgentId(1)) && number.starts_with("+44207180002");
    assert!(world.own_denials.iter().all(own) && world.own_denials.len() >= 5, "{:?}", world.own_denials);
    assert!(world.judge.dials > 10, "the others are called");
    let why = world.dialer.why_not(world.campaign().campaign, LeadId(23), world.now());
    let Some(WhyNot::Denied { rule, because, .. }) = why.as_ref().map(|why| &why.why) else { panic!("{why:?}") };
    assert_eq!((rule.word(), because.contains("own black list as")), ("personal_blacklist", true), "{because}");
}

#[test]
fn a_typed_number_is_judged_by_the_lists_of_him_who_typed_it() {
    let mut world = World::new(Scene { agents: 3, ..scene(5, Method::Manual) });
    world.house(own_lists());
    world.run_for(5);
    for (agent, rule) in [(1, "personal_blacklist"), (2, "personal_whitelist")] {
        let Some(Refusal::Gate(verdict)) = world.dial_refused(AgentId(agent), "+442071800021") else {
            panic!("{:?}", world.judged)
        };
        assert_eq!(verdict.denied_by(), Some(rule));
        assert!(verdict.evidence.rules.iter().any(|asked| asked.word() == rule), "{:?}", verdict.evidence);
    }
    assert_eq!(world.dial_refused(AgentId(3), "+442071800021"), None);
}

#[test]
fn a_callback_that_its_agent_may_not_make_is_made_by_somebody_else() {
    let mut world = World::new(Scene { agents: 3, leads: 40, ..scene(5, Method::Progressive) });
    world.house(own_lists());
    let (lead, due) = (LeadId(22), world.now().wall + Duration::from_secs(2));
    world.booked(lead, Booked::Callback(due, Some(AgentId(1))));
    world.run_for(10);
    assert!(matches!(world.booking(lead), Some(Booked::Callback(_, None))), "{:?}", world.booking(lead));
    assert_eq!(world.own_denials, [(Some(AgentId(1)), "+442071800021".to_owned())]);
    world.run_for(60);
    assert!(world.judge.log.iter().any(|line| line.contains("+442071800021")), "{:?}", world.judge.log);
}
