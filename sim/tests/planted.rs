//! Each checker bites: a fault planted in the cores is found by the checker that is there for it, within the stated
//! number of seeds, and nothing is found without it.

use std::sync::Once;

use sim::{Planted, Report, Scenario};

const CALLS: u32 = 40;

fn run(seed: u64, planted: Option<Planted>) -> Report {
    keep_quiet_about_breaks();
    let mut scenario = Scenario::draw(seed, CALLS);
    scenario.planted = planted;
    // The numbers of seeds in the names are of centres without callbacks, menus and campaigns.
    scenario.people.callbacks = None;
    scenario.campaigns = None;
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
    is_found_among(1..=seeds, run, planted, rule);
}

#[track_caller]
fn is_found_among(
    mut seeds: impl Iterator<Item = u64>,
    run: impl Fn(u64, Option<Planted>) -> Report,
    planted: Planted,
    rule: &str,
) {
    let is_broken = |seed: &u64| run(*seed, Some(planted)).violations.iter().any(|violation| violation.rule == rule);
    let Some(seed) = seeds.find(is_broken) else { panic!("{planted:?}: {rule} was not found") };
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

/// As `is_found`, in the first `seeds` seeds with campaigns.
#[track_caller]
fn is_found_in_campaigns(planted: Planted, rule: &str, seeds: usize) {
    is_found_in_those(|scenario| scenario.campaigns.is_some(), planted, rule, seeds);
}

#[track_caller]
fn is_found_in_those(are: impl Fn(&Scenario) -> bool, planted: Planted, rule: &str, seeds: usize) {
    keep_quiet_about_breaks();
    let run = |seed, planted| sim::run(&Scenario { planted, ..Scenario::draw(seed, CALLS) });
    let fits = |seed: &u64| are(&Scenario::draw(*seed, CALLS));
    is_found_among((1..).filter(fits).take(seeds), run, planted, rule);
}

#[test]
fn a_verdict_that_is_forged_is_found_within_20_seeds() {
    is_found_in_campaigns(Planted::GateForged, "C1 calling window", 20);
    is_found_in_campaigns(Planted::GateForged, "C1 caps", 20);
    is_found_in_campaigns(Planted::GateForged, "C1 do not call", 20);
}

#[test]
fn a_dial_before_the_sync_is_found_within_5_seeds() {
    is_found_in_campaigns(Planted::NotSynced, "an attempt waits for the sync", 5);
}

#[test]
fn lines_beyond_the_limit_are_found_within_10_seeds() {
    is_found_in_campaigns(Planted::LinesIgnored, "C2 lines", 10);
}

#[test]
fn an_attempt_that_ends_twice_is_found_within_5_seeds() {
    is_found_in_campaigns(Planted::EndedTwice, "C3 every attempt ends once", 5);
}

#[test]
fn a_number_called_twice_at_a_time_is_found_within_40_seeds() {
    is_found_in_campaigns(Planted::NumberForgotten, "C4 a number once at a time", 40);
}

#[test]
fn a_lead_that_is_lost_is_found_within_5_seeds() {
    is_found_in_campaigns(Planted::BookingLost, "C4 no lead is lost", 5);
}

#[test]
fn an_attempt_that_is_not_counted_is_found_within_5_seeds() {
    is_found_in_campaigns(Planted::NotCounted, "C5 the ledger is a recount", 5);
}

#[test]
fn a_campaign_that_dials_on_after_its_pause_is_found_within_10_seeds() {
    is_found_in_campaigns(Planted::PauseIgnored, "C6 nothing new after the answer", 10);
}

#[test]
fn a_schedule_that_is_ignored_is_found_within_20_seeds() {
    is_found_in_campaigns(Planted::ScheduleIgnored, "C1 schedule", 20);
}

#[test]
fn a_lead_dialed_as_it_was_before_it_was_mended_is_found_within_40_seeds() {
    is_found_in_campaigns(Planted::MendForgotten, "C1 a mended lead", 40);
}

#[test]
fn a_dialer_that_is_built_anew_without_its_past_is_found_within_40_seeds_in_which_owners_break() {
    let breaks = |scenario: &Scenario| scenario.campaigns.is_some() && scenario.node.breaks > 0;
    is_found_in_those(breaks, Planted::PastForgotten, "C4 a lead once at a time", 40);
}

#[test]
fn a_ring_cut_short_is_found_within_20_seeds() {
    is_found_in_campaigns(Planted::RingCut, "C7 it rings for 15 s", 20);
}

#[test]
fn a_person_who_hears_nothing_is_found_within_20_seeds() {
    is_found_in_campaigns(Planted::HarbourSkipped, "C8 an agent or the safe harbour in 2 s", 20);
}

#[test]
fn a_person_who_waits_for_more_than_two_seconds_is_found_within_20_seeds() {
    is_found_in_campaigns(Planted::LimitIgnored, "C8 an agent or the safe harbour in 2 s", 20);
}

#[test]
fn a_lock_out_that_is_forgotten_is_found_within_100_seeds() {
    is_found_in_campaigns(Planted::LockOutForgotten, "C8 72 h only with an agent", 100);
}

#[test]
fn an_answer_forgotten_over_a_crash_is_found_within_60_seeds() {
    is_found_in_campaigns(Planted::AnswerForgotten, "C8 answered before the crash is abandoned", 60);
}
