//! Calling hours and holidays while a campaign runs: what is denied by the clock of the called person waits in the hopper,
//! and is dialed by itself when his hours open. It is Monday, 2025-10-13, 12:00 UTC; in Canada it is Thanksgiving.

use core::time::Duration;
use std::collections::BTreeMap;

use clock::LeadId;
use dialer::campaign::Recycle;
use dialer::gate::{Choice, Rule};
use dialer::runner::WhyNot;

use super::why::few;
use super::world::World;

/// Where each of some leads is, with the UTC offset of that day in hours.
const PLACES: [(u128, &str, i64); 5] = [
    (1, "+12136210001", -7), // Los Angeles: 05:00
    (3, "+12125550003", -4), // New York: 08:00 to the second
    (5, "+81332240005", 9),  // Tokyo: 21:00, to the second
    (7, "+6561230007", 8),   // Singapore: 20:00
    (9, "+19024200009", -3), // Halifax: 09:00 of a holiday
];
const HOUR: u64 = 3_600;

/// Leads of many places; nobody picks up for good, so that they are called again and again.
fn world(agents: u32) -> World {
    let mut scene = few(3, agents);
    scene.definition.terms.rule_set = Choice::ByNumber;
    scene.definition.recycle.attempts_max = Recycle::ATTEMPTS_MAX;
    for again in scene.definition.recycle.rules.values_mut() {
        (again.after, again.times) = (Duration::from_secs(600), Recycle::TIMES_MAX);
    }
    let mut world = World::new(scene);
    for (lead, number, _) in PLACES {
        world.mend(LeadId(lead), &[number]);
    }
    world
}

/// When each lead was dialed, in seconds since the start.
fn dials(world: &World) -> BTreeMap<u128, Vec<u64>> {
    let mut dials: BTreeMap<u128, Vec<u64>> = BTreeMap::new();
    for dial in &world.judge.log {
        let words: Vec<&str> = dial.split_whitespace().collect();
        let [_, at, lead, _] = words[..] else { panic!("{dial}") };
        let at = (at.parse::<i64>().expect("a time") - World::START.as_micros()) / 1_000_000;
        let lead = PLACES.iter().map(|(lead, ..)| *lead).find(|known| LeadId(*known).to_string() == lead);
        dials.entry(lead.unwrap_or_default()).or_default().push(at as u64);
    }
    dials
}

fn why(world: &World, lead: u128) -> WhyNot {
    let campaign = world.campaign().campaign;
    world.dialer.why_not(campaign, LeadId(lead), world.now()).expect("its campaign").why
}

#[test]
fn each_is_dialed_in_his_own_hours_alone_and_comes_by_himself_when_they_open() {
    let mut world = world(3);
    world.run_for(HOUR / 2);
    for (lead, rule) in [(1, Rule::CallingHours), (5, Rule::CallingHours), (9, Rule::Holiday)] {
        let why = why(&world, lead);
        assert!(matches!(&why, WhyNot::Denied { rule: denied, again_at: Some(_), .. } if *denied == rule), "{why:?}");
    }
    let early = dials(&world);
    assert!(early.contains_key(&3) && early.contains_key(&7), "New York has opened, Singapore is open: {early:?}");
    world.run_for(32 * HOUR);
    let dials = dials(&world);
    for (lead, number, offset) in PLACES {
        let of_his_day = |at: &u64| (12 * HOUR as i64 + offset * HOUR as i64 + *at as i64).rem_euclid(86_400);
        let his = dials.get(&lead).unwrap_or_else(|| panic!("{number} was dialed when it opened: {dials:?}"));
        let hours = his.iter().map(of_his_day).all(|at| (8 * 3_600..21 * 3_600).contains(&at));
        assert!(hours, "{number} at {his:?} s after noon");
    }
    // Within a quarter of an hour of the opening: Los Angeles in three hours, Tokyo in eleven, Halifax when the day after
    // the holiday has come to nine o'clock.
    for (lead, opens) in [(1, 3 * HOUR), (5, 11 * HOUR), (9, 24 * HOUR)] {
        let first = dials[&lead][0];
        assert!((opens..opens + HOUR / 4 + 60).contains(&first), "{lead}: {first} s after noon, not {opens}");
    }
}

/// Singapore closes in an hour, and opens at midnight UTC.
#[test]
fn what_waits_in_the_hopper_when_the_hours_close_is_not_dialed_until_they_open_again() {
    let mut world = world(1);
    let all: Vec<LeadId> = world.leads().collect();
    for (at, lead) in all.iter().enumerate() {
        world.mend(*lead, &[&format!("+65612300{at:02}")]);
    }
    let in_hours = |world: &World, from: u64, to: u64| {
        dials(world).values().flatten().filter(|at| (from..to).contains(*at)).count()
    };
    world.run_for(HOUR - 60);
    assert!(in_hours(&world, 0, HOUR) > 5, "{:?}", dials(&world));
    world.run_for(12 * HOUR - HOUR);
    assert_eq!(in_hours(&world, HOUR, 12 * HOUR), 0, "{:?}", dials(&world));
    world.run_for(2 * HOUR);
    assert!(in_hours(&world, 12 * HOUR, 13 * HOUR) > 5, "{:?}", dials(&world));
}
