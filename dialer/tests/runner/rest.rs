//! What a campaign is left with: lists that are still imported or have nothing, a reset when all is done, denials.

use clock::{AgentId, AttemptId, CampaignId, LeadId, ListId, QueueId, WallTime};
use dialer::campaign::{Denied, Method, Status, Step};
use dialer::contract::{Doing, Fact};
use dialer::gate::{Choice, Voice};
use dialer::hopper::{Done, Stock};
use dialer::runner::{AlertKind, Attempt, Hold, House, Refusal};

use super::scene;
use super::world::{Scene, World, actor};

/// Over nobody, or few who are tried once.
fn short(seed: u64, leads: u64) -> Scene {
    let mut scene = scene(seed, Method::Progressive);
    scene.leads = leads;
    scene.definition.recycle.rules.clear();
    (scene.definition.terms.caps.number_in_24_h, scene.definition.terms.caps.lead) = (None, None);
    scene
}

/// Whoever sends a customer on, who comes back to an agent: the attempt is his who had him first.
#[test]
fn an_attempt_is_with_the_first_agent_from_the_first_moment_whatever_is_told_later() {
    let at = |seconds: i64| WallTime::from_micros(seconds * 1_000_000);
    let whom = (LeadId(1), ListId(1));
    let mut attempt =
        Attempt::ordered(AttemptId(1), CampaignId(1), whom, ("+442071838750".to_owned(), None), None, at(0));
    assert!(attempt.take(at(5), Fact::Answered));
    assert!(attempt.take(at(6), Fact::Connected { agent: AgentId(1), waited_ms: 300 }));
    assert!(!attempt.take(at(90), Fact::Connected { agent: AgentId(2), waited_ms: 84_300 }));
    assert!(!attempt.take(at(91), Fact::Answered));
    assert_eq!((attempt.agent, attempt.waited_ms), (Some(AgentId(1)), Some(300)));
    assert_eq!((attempt.times.answered_at, attempt.times.connected_at), (Some(at(5)), Some(at(6))));
}

#[test]
fn a_campaign_waits_for_leads_that_are_still_imported() {
    for (stock, hold, says) in [
        (Stock::Importing, Hold::Importing, "not imported to its end"),
        (Stock::Empty, Hold::NoLeads, "never had a lead"),
    ] {
        let mut world = World::new(short(5, 12));
        world.stock = stock;
        world.run();
        let seen = world.campaign();
        let held = seen.pace.as_ref().and_then(|pace| pace.hold);
        assert_eq!((seen.life.status, held), (Status::Running, Some(hold)), "{stock:?}");
        let dry = seen.alerts.iter().find(|alert| alert.kind == AlertKind::ListDry).expect("an alert");
        assert!(dry.says.contains(says), "{}", dry.says);
        world.stock = Stock::Whole;
        world.run_for(60);
        assert_eq!(world.campaign().life.status, Status::Completed, "{stock:?}: it is imported, and all are called");
    }
}

#[test]
fn a_list_that_is_reset_when_all_is_done_is_called_again() {
    let mut world = World::new(short(5, 12));
    world.run();
    let dialed = world.judge.dials;
    assert_eq!((world.campaign().life.status, dialed > 5), (Status::Completed, true));
    world.reset(ListId(1));
    assert_eq!(world.campaign().life.status, Status::Approved);
    world.run_for(60);
    assert_eq!(world.judge.dials, dialed, "not before it is started");
    world.step(Step::Start(actor("ann")));
    world.run();
    assert!(world.judge.dials > dialed + 2, "{} and {dialed}", world.judge.dials);
    assert_eq!(world.campaign().life.status, Status::Completed);
    world.settle();
    world.judge.close(&world.dialer.snapshot(world.now().wall));
}

#[test]
fn a_campaign_whose_queue_is_gone_pauses_itself_says_why_and_goes_on_when_it_is_back() {
    let mut world = World::new(scene(5, Method::Predictive));
    let there = House { queues: [QueueId(1)].into(), ..House::default() };
    world.house(there.clone());
    world.run_for(60);
    let dialed = world.judge.dials;
    world.house(House::default());
    let seen = world.campaign();
    assert_eq!(seen.life.status, Status::Paused, "at once");
    assert_eq!(seen.life.reason.as_deref(), Some("Its queue is gone from the configuration."));
    world.run_for(30);
    assert!(world.alerted.contains(&AlertKind::TargetGone), "{:?}", world.alerted);
    world.restart();
    world.house(House::default());
    world.run_for(60);
    let seen = world.campaign();
    assert!(seen.alerts.iter().any(|alert| alert.kind == AlertKind::TargetGone), "{:?}", seen.alerts);
    assert_eq!((seen.life.status, world.judge.dials), (Status::Paused, dialed));
    world.house(there);
    world.step(Step::Start(actor("ann")));
    assert_eq!(world.campaign().life.reason, None);
    world.run_for(60);
    assert!(world.judge.dials > dialed, "it goes on");
    assert_eq!(world.campaign().alerts, []);
    world.settle();
    world.judge.close(&world.dialer.snapshot(world.now().wall));
}

#[test]
fn only_agents_whom_it_names_count_and_others_may_be_named_at_any_time() {
    let mut named = scene(5, Method::Progressive);
    named.definition.agents = Some([AgentId(2), AgentId(3)].into());
    let mut world = World::new(named);
    let at_work = |world: &World| world.campaign().pace.map(|pace| pace.agents);
    world.run_for(20);
    assert_eq!((at_work(&world), world.judge.dials > 0), (Some(2), true), "of eight");
    assert_eq!(world.lent, [AgentId(2), AgentId(3)]);
    let mut definition = scene(5, Method::Progressive).definition;
    definition.agents = Some([AgentId(3), AgentId(4), AgentId(5)].into());
    world.assign(definition);
    assert_eq!(world.lent, [AgentId(3), AgentId(4), AgentId(5)], "at once");
    world.run_for(1);
    assert_eq!(at_work(&world), Some(3));
    assert_eq!(world.campaign().life.status, Status::Running, "its approval stands");
    world.settle();
    assert_eq!(world.lent, [], "it is over");
    assert_eq!(
        world.assign_refused(),
        Some(Refusal::Denied(Denied::Status { status: Status::Completed, verb: "assigned" }))
    );
}

#[test]
fn who_is_not_named_dials_nothing_by_hand() {
    let mut named = Scene { agents: 2, ..scene(5, Method::Manual) };
    named.definition.agents = Some([AgentId(2)].into());
    let mut world = World::new(named);
    world.run_for(5);
    assert_eq!(world.dial_refused(AgentId(1), "+442071800001"), Some(Refusal::NotAssigned));
    assert_eq!(world.dial_refused(AgentId(2), "+442071800001"), None);
}

#[test]
fn an_agents_own_callback_that_he_does_not_keep_is_told() {
    let mut world = World::new(Scene { agents: 1, ..scene(5, Method::Progressive) });
    world.callback_in = Some(core::time::Duration::from_secs(60));
    let overdue = |world: &World| {
        let alerts = world.campaign().alerts.into_iter();
        alerts.filter(|alert| alert.kind == AlertKind::CallbackOverdue).map(|alert| alert.says).next()
    };
    world.run();
    assert_eq!((world.callback_in, overdue(&world)), (None, None), "it was promised, and a quarter is not over");
    world.run_for(400);
    assert!(overdue(&world).is_some_and(|says| says.contains("15 minutes")), "{:?}", overdue(&world));
    world.agent(AgentId(1), Doing::Ready);
    world.run_for(30);
    assert_eq!(overdue(&world), None, "he keeps it");
    world.settle();
}

#[test]
fn a_typed_number_that_is_denied_is_kept_with_its_verdict() {
    let mut world = World::new(Scene { agents: 1, ..scene(5, Method::Manual) });
    world.run_for(5);
    let refused = world.dial_refused(AgentId(1), "+442071800003");
    assert!(matches!(refused, Some(Refusal::Gate(_))), "{refused:?}");
    let judged = world.judged.expect("a verdict");
    assert_eq!((judged.agent, judged.attempt, judged.lead), (Some(AgentId(1)), None, LeadId::default()));
    assert_eq!((judged.verdict.is_allowed(), judged.verdict.evidence.number.as_str()), (false, "+442071800003"));
}

/// Nobody has read its numbers since the restart, as it was done.
#[test]
fn who_is_to_be_called_back_by_what_is_said_after_a_restart_is_called() {
    let mut scene = short(5, 40);
    scene.definition.terms.caps.number_in_24_h = Some(5);
    let mut world = World::new(scene);
    while world.talked().is_empty() {
        world.run_for(1);
    }
    let lead = world.talked()[0];
    world.run_for(30);
    world.restart();
    world.run_for(30);
    let calls = |world: &World| world.judge.log.iter().filter(|dial| dial.contains(&lead.to_string())).count();
    assert_eq!(calls(&world), 1);
    // Its own number rests as long as one who did not pick up.
    world.called_again(lead, (world.now().wall + core::time::Duration::from_secs(300), None));
    world.run_for(1_500);
    let campaign = world.campaign().campaign;
    assert_eq!(calls(&world), 2, "{:?}", world.dialer.why_not(campaign, lead, world.now()));
    world.settle();
}

#[test]
fn what_was_approved_is_what_was_read() {
    let mut world = World::new(short(5, 12));
    assert_eq!(world.step_on("another text", Step::Pause(actor("ann"))), Some(Refusal::Changed));
    assert_eq!(world.step_on("{}", Step::Pause(actor("ann"))), None);
    assert_eq!(world.campaign().life.status, Status::Paused);
}

/// British numbers and a recorded message, to which nobody has agreed: all are denied. It is not over, as more are to come.
fn denied() -> World {
    let mut scene = Scene { leads: 40, ..scene(5, Method::Bot { concurrent: 3 }) };
    scene.definition.terms.rule_set = Choice::Uk;
    scene.definition.terms.voice = Voice::Recorded;
    let mut world = World::new(scene);
    world.stock = Stock::Importing;
    world.run_for(60);
    assert_eq!((world.judge.dials, world.done().len()), (0, 40));
    world
}

#[test]
fn who_was_denied_for_want_of_a_consent_is_called_once_one_is_written_down() {
    for is_restarted in [false, true] {
        let mut world = denied();
        if is_restarted {
            world.step(Step::Pause(actor("ann")));
            world.restart();
        }
        world.consent("+442071800001");
        world.step(Step::Start(actor("ann")));
        world.run_for(60);
        assert_eq!(world.judge.dials, 1, "restarted: {is_restarted}");
        // Another lead has the same number: it is looked at anew too, and rests after the first.
        let denied = world.done().into_iter().filter(|done| *done == Done::Denied).count();
        assert_eq!(denied, 38, "restarted: {is_restarted}");
        world.settle();
    }
}

/// Who wrote the consent down was told that it is written; its lead was not read when the node was killed.
#[test]
fn a_consent_that_a_crash_comes_after_brings_its_lead_back() {
    let mut world = denied();
    world.read_failure = 1.0;
    world.consent("+442071800001");
    world.restart();
    world.read_failure = 0.0;
    world.run_for(60);
    assert_eq!(world.judge.dials, 1);
    world.settle();
}

/// Two campaigns share their agents: the first calls; the other does once the first has nobody to call.
#[test]
fn agents_of_a_campaign_that_has_nobody_to_call_are_there_for_another() {
    let mut world = World::new(short(5, 12));
    // It is not over, as more are to come.
    world.stock = Stock::Importing;
    world.serves_too = Some(QueueId(2));
    world.begin_other();
    world.run_for(20);
    let held = |world: &World| {
        let snapshot = world.dialer.snapshot(world.now().wall);
        let hold = |campaign| snapshot.campaigns.get(&campaign).and_then(|seen| seen.pace.as_ref()?.hold);
        [hold(world.campaign().campaign), hold(world.other())]
    };
    assert_eq!(held(&world)[1], Some(Hold::NoAgents));
    world.run_for(600);
    assert_eq!(held(&world)[0], Some(Hold::Importing));
    assert_ne!(held(&world)[1], Some(Hold::NoAgents));
    world.settle();
}
