//! Each checker bites: a fault planted in the cores is found by the checker that is there for it, within the stated
//! number of seeds, and nothing is found without it.

use std::sync::Once;

use sim::{Planted, Report, Scenario};

const CALLS: u32 = 40;

fn run(seed: u64, planted: Option<Planted>) -> Report {
    keep_quiet_about_breaks();
    let mut scenario = Scenario::draw(seed, CALLS);
    scenario.planted = planted;
    // The numbers of seeds in the names are of centres without callbacks and menus.
    scenario.people.callbacks = None;
    scenario.rules.menu = 0.0;
    sim::run(&scenario)
}

/// Owners that break on demand are caught: nobody needs to read where.
fn keep_quiet_about_breaks() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let loud = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if info.payload_as_str() != Some("broken on demand") {
                loud(info);
            }
        }));
    });
}

/// `rule` is said to be broken in one of the first `seeds` seeds; without the fault, in none.
#[track_caller]
fn is_found(planted: Planted, rule: &str, seeds: u64) {
    let found = (1..=seeds).find(|seed| {
        let report = run(*seed, Some(planted));
        report.violations.iter().any(|violation| violation.rule == rule)
    });
    let Some(seed) = found else { panic!("{planted:?}: {rule} not found within {seeds} seeds") };
    let honest = run(seed, None);
    assert!(honest.violations.is_empty(), "without the fault: {honest}");
}

#[test]
fn a_double_offer_is_found_within_5_seeds() {
    is_found(Planted::DoubleOffer, "P2 one live offer a call", 5);
    is_found(Planted::DoubleOffer, "every offer ends", 5);
}

#[test]
fn a_lost_release_is_found_within_5_seeds() {
    is_found(Planted::LostRelease, "facts and leases agree", 5);
}

#[test]
fn a_missed_timer_is_found_within_5_seeds() {
    is_found(Planted::MissedTimer, "busy exactly while a leg or wrap-up says so", 5);
    is_found(Planted::MissedTimer, "P3 work conserving", 10);
}

#[test]
fn a_record_written_twice_is_found_within_5_seeds() {
    is_found(Planted::RecordTwice, "one end and no gap", 5);
    is_found(Planted::RecordTwice, "entries fit each other", 5);
}

#[test]
fn a_wrap_up_skipped_after_a_transfer_is_found_within_40_seeds() {
    is_found(Planted::WrapUpSkipped, "P6 wrap-up on the wire", 40);
}

#[test]
fn an_answer_held_up_by_an_announcement_is_found_within_20_seeds() {
    is_found(Planted::HeldByWords, "an answer connects at once", 20);
}

#[test]
fn a_lease_kept_after_a_crash_is_found_within_20_seeds() {
    is_found(Planted::LeaseKept, "busy exactly while a leg or wrap-up says so", 20);
}

#[test]
fn a_head_of_the_queue_blocked_by_an_announcement_is_found_within_5_seeds() {
    is_found(Planted::HeadBlocked, "P3 work conserving", 5);
}

#[test]
fn an_agent_left_reserved_is_found_within_5_seeds() {
    is_found(Planted::LeftReserved, "every offer ends", 5);
}
