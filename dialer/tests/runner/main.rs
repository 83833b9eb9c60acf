//! The dialer's core in a world of chance: lists, agents, carriers that report late, twice or never. A judge beside it
//! goes by what was ordered and noted alone.

mod by_hand;
mod hours;
mod judge;
mod mended;
mod own_lists;
mod rest;
mod why;
mod world;

use clock::ListId;
use dialer::campaign::{Definition, ListShare, Method, Service, Step};
use dialer::runner::{AlertKind, Hold, Hour, Ledger};
use world::{Scene, World, actor};

const QUEUE: Service = Service::Queue(clock::QueueId(1));

fn scene(seed: u64, method: Method) -> Scene {
    let service = if matches!(method, Method::Bot { .. }) { Service::Message(clock::MessageId(1)) } else { QUEUE };
    let mut definition = Definition::new("Autumn", method, service);
    definition.lists = [1, 2].map(|list| ListShare { list: ListId(list), share: 50 }).into();
    definition.max_lines = 25;
    definition.terms.caps.number_in_24_h = Some(2);
    definition.terms.caps.lead = Some(3);
    if service != QUEUE {
        definition.terms.voice = dialer::gate::Voice::Recorded;
        definition.detection.enabled = false;
    }
    Scene { seed, definition, leads: 400, others: 0, agents: 8, seconds: 900 }
}

const METHODS: [Method; 5] = [
    Method::Progressive,
    Method::Ratio { lines: 2.5 },
    Method::Predictive,
    Method::Bot { concurrent: 7 },
    Method::Preview { may_skip: true, limit: Some(core::time::Duration::from_secs(5)) },
];

#[test]
fn no_dial_outside_the_gate_no_cap_exceeded_every_attempt_ends_once_and_the_ledger_is_a_recount() {
    for (at, method) in METHODS.into_iter().enumerate() {
        for seed in 0..4 {
            let mut world = World::new(scene(seed * 10 + at as u64, method));
            world.run();
            assert!(world.judge.dials > 20, "{method:?} {seed}: {} dials", world.judge.dials);
            world.settle();
            world.judge.close(&world.dialer.snapshot(world.now().wall));
        }
    }
}

#[test]
fn the_same_seed_gives_the_same_dials() {
    let log = |seed| {
        let mut world = World::new(scene(seed, Method::Predictive));
        world.run();
        world.judge.log
    };
    assert_eq!(log(3), log(3));
    assert_ne!(log(3), log(4));
}

#[test]
fn nothing_new_is_dialed_after_the_answer_to_pause_stop_and_cancel() {
    let steps: [fn() -> Step; 3] =
        [|| Step::Pause(actor("ann")), || Step::Stop(actor("ann")), || Step::Cancel(actor("ann"), None)];
    for step in steps {
        let mut world = World::new(scene(11, Method::Predictive));
        world.run_for(300);
        let dialed = world.judge.dials;
        assert!(dialed > 20);
        world.step(step());
        world.run_for(120);
        assert_eq!(world.judge.dials, dialed, "{:?}", step());
    }
}

#[test]
fn a_restart_ends_what_was_open_and_no_lead_is_lost_or_dialed_twice() {
    for seed in 0..6 {
        let mut world = World::new(scene(100 + seed, Method::Predictive));
        world.run_for(200);
        world.restart();
        world.run_for(200);
        world.settle();
        world.judge.close(&world.dialer.snapshot(world.now().wall));
    }
}

#[test]
fn a_number_that_does_not_exist_is_dialed_once_and_the_leads_others_are_tried_on() {
    for seed in 0..4 {
        let mut scene = Scene { others: 2, leads: 60, seconds: 900, ..scene(200 + seed, Method::Progressive) };
        for again in scene.definition.recycle.rules.values_mut() {
            again.after = again.after.min(core::time::Duration::from_secs(300));
        }
        (scene.definition.terms.caps.number_in_24_h, scene.definition.terms.caps.lead) = (None, None);
        let mut world = World::new(scene);
        world.run();
        world.restart();
        world.run_for(6_000);
        assert!(world.judge.unknown.len() > 8, "{}", world.judge.unknown.len());
        assert_eq!(world.given_up_too_soon(), []);
        world.settle();
        world.judge.close(&world.dialer.snapshot(world.now().wall));
    }
}

#[test]
fn what_was_counted_before_a_restart_still_holds() {
    let hour = |people, abandoned| Hour { people, abandoned, ..Hour::default() };
    // Yesterday went wrong; in the 30 days that is nothing.
    let days = [(20, hour(3_000, 60)), (1, hour(1_000, 40))];
    for (method, strict_day, is_held) in [
        (Method::Predictive, true, true),
        (Method::Ratio { lines: 2.5 }, true, true),
        (Method::Predictive, false, false),
    ] {
        let mut scene = scene(12, method);
        scene.definition.abandon.strict_day = strict_day;
        let mut world = World::new(scene);
        world.run_for(60);
        let hour_now = world.now().wall.as_micros() / 3_600_000_000;
        let ledger = Ledger::of(days.map(|(ago, hour)| (hour_now - 24 * ago + 2, hour)), Hour::default());
        assert_eq!(ledger.counts(world.now().wall).day.abandoned, 40);
        world.restart_with(ledger);
        world.run_for(120);
        let snapshot = world.dialer.snapshot(world.now().wall);
        let pace = snapshot.campaigns.values().next().unwrap().pace.clone().unwrap();
        assert_eq!(pace.hold == Some(Hold::Budget), is_held, "{method:?} {pace:?}");
        assert!(!is_held || pace.ringing <= pace.agents, "one line an agent at most: {pace:?}");
    }
}

#[test]
fn a_campaign_whose_leads_are_all_done_is_completed() {
    let mut scene = scene(5, Method::Progressive);
    scene.leads = 12;
    scene.definition.recycle.rules.clear();
    let mut world = World::new(scene);
    world.run();
    let snapshot = world.dialer.snapshot(world.now().wall);
    let campaign = snapshot.campaigns.values().next().unwrap();
    assert_eq!(campaign.life.status, dialer::campaign::Status::Completed, "{:?} {:?}", campaign.pace, campaign.leads);
}

#[test]
fn what_has_rung_for_long_makes_way_when_dialing_is_predictive() {
    let given_up = |method| {
        let mut world = World::new(scene(6, method));
        world.run();
        world.given_up
    };
    assert!(given_up(Method::Predictive) > 20, "{}", given_up(Method::Predictive));
    // Those alone of which nobody ever says anything.
    assert!(given_up(Method::Progressive) < 10, "{}", given_up(Method::Progressive));
}

#[test]
fn what_was_written_anew_is_dialed_by_the_new_text_alone() {
    for seed in 0..4 {
        let mut world = World::new(scene(40 + seed, Method::Predictive));
        world.run_for(200);
        let dialed = world.judge.dials;
        let mut definition = scene(0, Method::Predictive).definition;
        let mut lists = dialer::gate::Lists::default();
        let listed = dialer::gate::Listed { reason: None, since: clock::WallTime::default() };
        lists.add(&"+4420718001*".parse().unwrap(), listed).unwrap();
        definition.terms.do_not_call = std::sync::Arc::new(lists);
        world.judge.rewritten(&definition);
        world.rewrite(definition);
        world.run_for(600);
        assert!(world.judge.dials > dialed, "it goes on");
        world.settle();
        world.judge.close(&world.dialer.snapshot(world.now().wall));
    }
}

#[test]
fn a_carrier_that_fails_costs_no_lead_its_tries() {
    for method in [Method::Progressive, Method::Predictive, Method::Bot { concurrent: 7 }] {
        let mut world = World::new(scene(60, method));
        world.run_for(60);
        let (dialed, done) = (world.judge.dials, world.done().len());
        world.carrier_fails = true;
        world.run_for(1_800);
        let tried = world.judge.dials - dialed;
        // What rang before still ends otherwise, and is hope.
        assert!(tried < 80 + 1_800 / 10, "{method:?}: {tried} numbers in half an hour");
        let hold =
            world.dialer.snapshot(world.now().wall).campaigns.values().next().unwrap().pace.as_ref().unwrap().hold;
        assert_eq!(hold, Some(dialer::runner::Hold::Trunk));
        let ended = world.done().len() - done;
        assert!(ended < 25, "{method:?}: {ended} leads were ended by it, beside those whose calls ended");
        world.carrier_fails = false;
        let dialed = world.judge.dials;
        world.run_for(120);
        assert!(world.judge.dials > dialed + 20, "{method:?}: it goes on at once");
        world.settle();
        world.judge.close(&world.dialer.snapshot(world.now().wall));
    }
}

#[test]
fn nobody_at_work_and_too_many_abandoned_are_told() {
    let mut world = World::new(Scene { agents: 0, ..scene(9, Method::Progressive) });
    world.run_for(60);
    assert!(world.alerted.contains(&AlertKind::NoAgents), "{:?}", world.alerted);
    let mut world = World::new(Scene { leads: 4_000, seconds: 3_600, ..scene(9, Method::Ratio { lines: 10.0 }) });
    world.run();
    assert!(world.alerted.contains(&AlertKind::AbandonNear), "{:?}", world.alerted);
}

#[test]
fn it_says_why() {
    let mut world = World::new(scene(8, Method::Predictive));
    world.run_for(300);
    let now = world.now();
    let snapshot = world.dialer.snapshot(now.wall);
    let campaign = snapshot.campaigns.values().next().unwrap();
    let pace = campaign.pace.as_ref().unwrap();
    assert!(pace.predictive.is_some_and(|why| why.agents > 0 && why.target < 0.03), "{pace:?}");
    let words: std::collections::BTreeSet<&str> =
        world.leads().map(|lead| world.dialer.why_not(campaign.campaign, lead, now).unwrap().why.word()).collect();
    for word in ["in_flight", "retry", "next"] {
        assert!(words.contains(word), "{words:?}");
    }
    world.step(Step::Pause(actor("ann")));
    let lead = world.leads().last().unwrap();
    assert_eq!(world.dialer.why_not(campaign.campaign, lead, world.now()).unwrap().why.word(), "status");
}
