//! Whole runs: small ones of two hundred seeds, the same one twice, and seeds that once found something.

use std::sync::Once;

use sim::{Marks, Report, RulesScenario, Scenario};

/// Calls of one seed: enough for the faults of its scenario to meet a call or two.
const CALLS: u32 = 40;
/// Seeds in `make test`; `make sim` runs more of them, and longer.
const SEEDS: u64 = 200;
const LOTS: u64 = 4;

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

#[track_caller]
fn hold(seed: u64, calls: u32) -> Report {
    hold_scenario(Scenario::draw(seed, calls))
}

/// As `hold`, of a seed that was found before there were campaigns.
#[track_caller]
fn hold_without_campaigns(seed: u64, calls: u32) {
    hold_scenario(Scenario { campaigns: None, ..Scenario::draw(seed, calls) });
}

#[track_caller]
fn hold_scenario(scenario: Scenario) -> Report {
    keep_quiet_about_breaks();
    let report = sim::run(&scenario);
    assert!(report.violations.is_empty(), "{report}");
    report
}

/// Runs the seeds of one of the four lots that make up the first 200, so that two cores share them.
fn lot(number: u64) -> (Marks, u64) {
    let mut marks = Marks::default();
    let mut crashes = 0;
    for seed in (1..=SEEDS).filter(|seed| seed % LOTS == number) {
        let report = hold(seed, CALLS);
        marks.add(&report.marks);
        crashes += report.crashes;
    }
    (marks, crashes)
}

/// Forty calls are over before the leads of a campaign are done: it takes a longer run.
#[test]
fn a_campaign_whose_leads_are_all_done_is_completed() {
    let completed = |seed| hold(seed, 100).marks.count("campaign.completed");
    assert!([80, 90, 110, 120].map(completed).iter().sum::<u64>() > 0, "none was met");
}

#[test]
fn two_hundred_seeds_hold_first_lot() {
    lot(0);
}

#[test]
fn two_hundred_seeds_hold_second_lot() {
    lot(1);
}

#[test]
fn two_hundred_seeds_hold_third_lot() {
    lot(2);
}

#[test]
fn two_hundred_seeds_hold_fourth_lot_and_meet_what_matters() {
    let (marks, crashes) = lot(3);
    assert!(crashes > 0, "no node died");
    for case in [
        "offer.answered",
        "offer.missed",
        "offer.refused",
        "acd.offer.caller_gone",
        "queue.left.TimedOut",
        "queue.left.Abandoned",
        "call.held",
        "call.transferred",
        "voicemail.left",
        "ended.node_restart",
        "restart.with_calls",
        "place.restored",
        "recording.ended",
        "dropped.message_unreadable",
        "broke.shard",
        "ended.shard_restart",
        "broke.acd",
        "journal.failing",
        "journal.refused",
        "carrier.storm",
        "trunk.target_failed",
        "agent.forgot",
        "offer.late",
        "key.by_info",
        "callback.queued",
        "callback.connected",
        "callback.no_answer",
        "callback.exhausted",
        "callback.cancelled",
        "callback.rejected",
        "callback.restored",
        "do_not_call.changed",
        "menu.entered",
        "menu.left.key.queue",
        "menu.left.key.menu",
        "menu.left.key.number",
        "menu.left.key.message",
        "menu.left.key.agent",
        "menu.left.default.queue",
        "menu.missed.nothing",
        "menu.missed.wrong",
        "queue.left.Key",
        "queue.announced",
        "place.kept",
        "attempt.connected",
        "attempt.abandoned",
        "attempt.message",
        "attempt.machine",
        "attempt.busy",
        "attempt.no_answer",
        "attempt.unobtainable",
        "attempt.failed",
        "attempt.node_restart",
        "campaign.paused",
        "gate.attempts",
        "gate.calling_hours",
        "gate.do_not_call",
        "gate.live_agent_only",
        "gate.unknown_time_zone",
    ] {
        assert!(marks.count(case) > 0, "{case} was never met");
    }
}

#[test]
fn a_seed_gives_the_same_run_twice() {
    let (once, twice) = (hold(7, CALLS), hold(7, CALLS));
    assert_eq!(once.trace_hash, twice.trace_hash);
    assert_eq!((once.datagrams, once.simulated, once.calls), (twice.datagrams, twice.simulated, twice.calls));
    assert_eq!(once.marks, twice.marks);
    assert_ne!(once.trace_hash, hold(8, CALLS).trace_hash);
}

/// The first seed with campaigns, and the next one.
#[test]
fn a_seed_with_campaigns_dials_the_same_numbers_twice() {
    let mut with_campaigns = (1..).filter(|seed| Scenario::draw(*seed, CALLS).campaigns.is_some());
    let (seed, other) = (with_campaigns.next().unwrap_or(0), with_campaigns.next().unwrap_or(0));
    let (once, twice) = (hold(seed, CALLS), hold(seed, CALLS));
    assert!(once.dials > 0, "{once}");
    assert_eq!((once.dials, once.dial_hash), (twice.dials, twice.dial_hash));
    assert_ne!(once.dial_hash, hold(other, CALLS).dial_hash);
}

/// Offers are bridged to phones that stay connected, which hang up, die and refer as they like.
#[test]
fn agents_with_standing_legs_hold() {
    let mut answered = 0;
    for seed in 1..=30 {
        let report =
            hold_scenario(Scenario { standing_legs: true, shards: 1, campaigns: None, ..Scenario::draw(seed, CALLS) });
        answered += report.marks.count("offer.answered");
    }
    assert!(answered > 0);
}

#[test]
fn without_faults_every_answered_conversation_is_heard() {
    for seed in 100..105 {
        let report = sim::run(&Scenario::draw(seed, CALLS).without_faults());
        assert!(report.violations.is_empty(), "{report}");
        assert!(report.conversations > 0 && report.crashes == 0);
    }
}

/// As `hold`, of a seed that was found before there were menus, announcements and places of callers who gave up.
#[track_caller]
fn hold_without_rules(seed: u64, calls: u32) {
    hold_scenario(Scenario { rules: RulesScenario::default(), campaigns: None, ..Scenario::draw(seed, calls) });
}

/// As `hold_without_rules`, of a seed that was found before callers could be called back.
#[track_caller]
fn hold_without_callbacks(seed: u64, calls: u32) {
    let mut scenario = Scenario { rules: RulesScenario::default(), campaigns: None, ..Scenario::draw(seed, calls) };
    scenario.people.callbacks = None;
    hold_scenario(scenario);
}

/// One agent calls a queue and transfers the agent who answered to another queue: who was rung is a caller then, and
/// two agents talk in one call as they should.
#[test]
fn seed_600_an_agent_is_transferred_to_a_queue() {
    hold_without_callbacks(600, 100);
}

/// A shard breaks over hearing that ports are closed, and the one that takes its place does not wait for hearing it again.
#[test]
fn seed_190_ports_that_a_broken_shard_closed_are_closed() {
    hold_without_callbacks(190, CALLS);
}

/// A shard breaks before an order to begin a callback's call reaches the one that takes its place: the distributor,
/// which has tried again meanwhile, ends that call.
#[test]
fn seed_26_a_call_begun_for_a_callback_that_was_lost_is_ended() {
    hold_without_rules(26, CALLS);
}

/// The journal fails over the answer to who asked to be called back: he hears that he is not, and waits in his place.
#[test]
fn seed_122_who_could_not_be_told_waits_on() {
    hold_without_rules(122, CALLS);
}

/// A shard breaks over the call of a callback, and its word that it dials comes after the distributor has given that call
/// up: the callback rests, and is tried again.
#[test]
fn seed_730_what_a_lost_call_still_says_does_not_keep_its_callback_for_ever() {
    hold_without_campaigns(730, 100);
}

/// A caller gives up in the moment in which his shard breaks: he has his place for as long as after a restart.
#[test]
fn seed_457_a_place_that_is_kept_twice_is_kept_for_the_longer_time() {
    hold_without_campaigns(457, 100);
}

/// A shard breaks over hearing that a recording is finished: the one that takes its place hears it once it knows of it.
#[test]
fn seed_2101_a_recording_whose_end_broke_the_shard_ends() {
    hold_without_campaigns(2101, 100);
}

/// The judges know what a crash took before they ask for the rest (50), that who hears that he is called back is not
/// called yet (812), that a player may fail (870), and that nobody hears anything while the node is down (959).
#[test]
fn seeds_50_812_870_and_959_are_judged_by_what_was_so() {
    for seed in [50, 812, 870, 959] {
        hold_without_campaigns(seed, 100);
    }
}

/// A wall clock that is set back by an hour makes no callback rest for that hour.
#[test]
fn seed_46_callbacks_rest_as_long_as_the_rule_says() {
    hold_without_rules(46, CALLS);
}

/// The journal's fold counts an attempt once, however often its end is read; and a shard that breaks tells the dialer
/// what became of its attempts.
#[test]
fn seeds_6_and_74_attempts_count_once_and_end_with_their_shard() {
    hold(6, CALLS);
    hold(74, CALLS);
}

/// A campaign that is written anew and started while calls of its former wording go on takes the new one up when they
/// are over.
#[test]
fn seeds_90_and_110_what_is_written_anew_is_taken_up() {
    hold(90, CALLS);
    hold(110, CALLS);
}

/// A lead whose agent says nothing in time is dialed when there is a line for it.
#[test]
fn seeds_267_and_290_previews_wait_for_a_line() {
    hold(267, CALLS);
    hold(290, CALLS);
}

/// The next target of a trunk rings for the minimum of a ring too, whatever was left when the first one failed; and what
/// the dialer does not want any more is not tried at another one.
#[test]
fn seeds_364_467_and_622_the_next_target_rings_for_its_minimum() {
    for seed in [364, 467, 622] {
        hold(seed, 100);
    }
}

/// A standing leg ends while its agent's claim is on its way: the caller waits on, with the arrival that he had.
#[test]
fn seed_219_a_caller_who_is_given_back_keeps_his_arrival() {
    hold(219, 100);
}

/// An INVITE that waited for the disk when its call was hung up leaves before its CANCEL (48); callers of one moment have
/// one arrival (142); a target that was left says nothing any more (141); a callback that a crash took with all that was
/// said of it is nobody's (378); a list that is reset has new numbers (455).
#[test]
fn seeds_48_141_142_378_and_455_are_judged_by_what_was_so() {
    for seed in [48, 141, 142, 378, 455] {
        hold(seed, 100);
    }
}

/// A target whose answer was lost is left, and what it says in that moment is too late (2300); an INVITE whose ports open
/// late is hung up before it leaves (2239); whose agent hung up is not tried at the next target (18).
#[test]
fn seeds_18_2239_and_2300_are_judged_by_when_it_was() {
    hold(18, CALLS);
    for seed in [2239, 2300] {
        hold(seed, 100);
    }
}

/// What an agent had said before a crash reaches a lead that is read anew: with the attempt that the restart ended, which
/// counts for its caps.
#[test]
fn seed_4136_a_lead_is_read_with_what_was_noted_of_it() {
    hold(4136, 100);
}

/// An INVITE leaves when its ports are open, and rings for its minimum from then on.
#[test]
fn seed_6118_a_ring_counts_from_the_invite() {
    hold(6118, 100);
}

/// The agent of a callback failed at the bridge while its customer was on the line: he waits as any caller, and his shard
/// says so; the distributor forgot him after ten seconds.
#[test]
fn seed_3404_who_was_called_back_and_is_given_back_waits_on() {
    hold(3404, 100);
}

/// Who rang in while his callback rang keeps its slot when nobody answers that (899); a second 200 of a standing leg is no
/// ring (525); what expired while the node was down is not given back (3046).
#[test]
fn seeds_525_899_and_3046_are_judged_by_what_was_so() {
    for seed in [525, 899, 3046] {
        hold(seed, 100);
    }
}
