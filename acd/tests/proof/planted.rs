//! The checker bites: a fault of the kinds that other products have, planted in the ACD, is found by the rule that is
//! there for it, within the stated number of seeds of 5,000 events. Without it nothing is found: see the storms.

use acd::Planted;

use crate::storm::Storm;

#[track_caller]
fn is_found(fault: Planted, rule: &str, seeds: u64) {
    let found = (1..=seeds).find_map(|seed| {
        let mut storm = Storm::new(seed, |acd| acd.plant(fault));
        storm.run(EVENTS);
        let broken = storm.checker.violations.iter().any(|(broken, _)| *broken == rule);
        broken.then_some((seed, storm.events))
    });
    let Some((seed, events)) = found else { panic!("{fault:?}: {rule} not found within {seeds} seeds") };
    println!("{fault:?}: {rule}, seed {seed}, after {events} events");
}

#[test]
fn two_agents_who_answer_one_call_are_found_within_2_seeds() {
    is_found(Planted::TwoAnswer, "P2 one winner a call", 2);
}

#[test]
fn two_offers_of_one_call_are_found_within_2_seeds() {
    is_found(Planted::DoubleOffer, "P2 one live offer a call", 2);
}

#[test]
fn an_agent_left_reserved_is_found_within_2_seeds() {
    is_found(Planted::LeftReserved, "every offer and wait ends", 2);
}

#[test]
fn wrap_up_lost_after_a_transfer_is_found_within_10_seeds() {
    is_found(Planted::WrapUpLost, "P6 states as they are", 10);
}

#[test]
fn a_head_of_the_queue_blocked_by_an_announcement_is_found_within_2_seeds() {
    is_found(Planted::HeadBlocked, "P3 work conserving", 2);
}

#[test]
fn starvation_by_priority_is_found_within_10_seeds() {
    is_found(Planted::Starved, "P4 order of service", 10);
}

#[test]
fn a_missed_timer_is_found_within_20_seeds() {
    is_found(Planted::MissedTimer, "P6 timers to one tick", 20);
}

#[test]
fn a_lease_kept_after_a_crash_is_found_within_5_seeds() {
    is_found(Planted::LeaseKept, "P6 states as they are", 5);
}

const EVENTS: u64 = 5_000;
