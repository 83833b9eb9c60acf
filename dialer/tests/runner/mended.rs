//! Leads that are mended while they are called: what was read before is never dialed after.

use core::time::Duration;
use std::collections::BTreeSet;

use clock::LeadId;
use dialer::campaign::Method;

use super::scene;
use super::why::few;
use super::world::World;

const LEAD: LeadId = LeadId(39);
const ONE: &str = "+442073000001";
const TWO: &str = "+442073000002";

/// The numbers by which a lead is dialed, from the `from`th dial on.
fn dialed(world: &World, lead: LeadId, from: usize) -> BTreeSet<&str> {
    let whose = lead.to_string();
    let dials = world.judge.log[from..].iter().filter(|dial| dial.contains(&whose));
    dials.filter_map(|dial| dial.split_whitespace().last()).collect()
}

#[test]
fn a_lead_that_is_mended_is_dialed_by_what_it_is_now() {
    for seed in 0..6 {
        let mut world = World::new(few(seed, 1));
        world.run_for(2);
        world.mend(LEAD, &[ONE]);
        world.run_for(600);
        world.settle();
        let dials: Vec<&String> =
            world.judge.log.iter().filter(|dial| dial.contains(&LeadId(39).to_string())).collect();
        assert!(!dials.is_empty() && dials.iter().all(|dial| dial.ends_with("+442073000001")), "{dials:?}");
    }
}

/// What is read for the first change is older than the second.
#[test]
fn a_lead_that_is_mended_twice_is_not_dialed_as_it_was_in_between() {
    let mut world = World::new(few(1, 3));
    world.read_failure = 0.0;
    world.run_for(1);
    world.hold_pages();
    world.mend(LEAD, &[ONE]);
    world.mend(LEAD, &[TWO]);
    world.pages_come(1);
    world.run_for(1_200);
    assert_eq!(dialed(&world, LEAD, 0), BTreeSet::new(), "what it is now is still being read");
    world.all_pages_come();
    world.run_for(1_200);
    assert_eq!(dialed(&world, LEAD, 0), [TWO].into());
}

/// The page was asked for by what the campaign was before, and the database is away when the lead is read again: the
/// campaign that begins anew reads it as it is now.
#[test]
fn a_page_from_before_a_campaign_began_anew_brings_no_lead_as_it_was() {
    let scene = few(1, 3);
    let definition = scene.definition.clone();
    let mut world = World::new(scene);
    world.hold_pages();
    world.run_for(1);
    world.pages_come(1);
    world.read_failure = 1.0;
    world.mend(LEAD, &[ONE]);
    world.read_failure = 0.0;
    world.rewrite(definition);
    world.run_for(1);
    world.all_pages_come();
    world.run_for(1_200);
    assert_eq!(dialed(&world, LEAD, 0), [ONE].into());
}

/// It was read because an agent said that it is to be called again.
#[test]
fn a_lead_that_was_let_go_of_comes_back_as_it_is_now() {
    let mut world = World::new(few(1, 3));
    world.run_for(900);
    let is_over = |lead: &LeadId| matches!(world.booking(*lead), Some(dialer::hopper::Booked::Done(_)));
    let lead = world.talked().into_iter().find(is_over).expect("one who talked is done");
    let before = world.judge.log.len();
    world.hold_pages();
    world.called_again(lead, (world.now().wall + Duration::from_secs(120), None));
    world.mend(lead, &[ONE]);
    world.pages_come(1);
    world.run_for(600);
    assert_eq!(dialed(&world, lead, before), BTreeSet::new());
    world.all_pages_come();
    world.run_for(600);
    assert_eq!(dialed(&world, lead, before), [ONE].into());
}

/// More than any reader takes at once.
#[test]
fn of_very_many_leads_that_are_mended_at_once_none_is_dialed_as_it_was() {
    let mut scene = scene(1, Method::Progressive);
    (scene.leads, scene.agents) = (21_000, 1);
    scene.definition.lists.truncate(1);
    let mut world = World::new(scene);
    world.hold_pages();
    world.run_for(1);
    world.pages_come(2);
    let leads: Vec<LeadId> = world.leads().collect();
    for lead in &leads {
        world.mend(*lead, &[ONE]);
    }
    world.run_for(60);
    assert_eq!(world.judge.dials, 0);
    world.all_pages_come();
    world.run_for(60);
    assert!(world.judge.dials > 0);
    assert!(leads.iter().all(|lead| dialed(&world, *lead, 0).is_subset(&[ONE].into())));
}
