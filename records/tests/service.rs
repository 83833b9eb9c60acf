//! The projector, lists and events over a real journal and a real database: SQLite, and PostgreSQL.

#![allow(clippy::unwrap_used, reason = "each function is a test, on both databases")]

mod agents;
mod campaigns;
mod decisions;
mod leads;
mod lost;
mod people;
#[path = "../../tests/support/postgres.rs"]
mod postgres;
mod visits;
mod world;

use std::time::Duration;

use agents::{
    a_pause_that_is_interrupted_counts_once, figures_of_calls_are_those_of_the_list,
    intervals_tile_the_time_and_figures_are_their_sums,
};
use campaigns::{campaigns_their_leads_and_attempts_are_rows, figures_of_campaigns_are_a_recount_of_their_attempts};
use clock::CallId;
use decisions::decisions_are_kept_once_and_found_by_what_they_are_about;
use journal_core::{CallStatus, Durability, Entry, Outcome, Position};
use leads::{
    a_list_is_written_piece_by_piece_and_each_once, leads_are_read_in_pages_without_gap_or_double,
    lists_are_changed_by_one_and_deleted_with_their_rows,
};
use lost::{a_promise_that_was_not_kept_is_a_lost_call, histories_are_judged_as_the_reference_does};
use people::{
    a_change_is_made_whole_or_not_at_all, commands_are_in_the_log_once_and_in_its_chain,
    people_are_kept_beside_the_journal,
};
use records::{CallFilter, CallSort, EventFeed, PrepareError, Refusal, ResumeError, VoicemailFilter, VoicemailId};
use records::{find_call, find_call_events, list_calls};
use visits::stays_in_queues_are_what_the_steps_say;
use world::{On, Store, World, at};

/// The same tests on both databases.
macro_rules! on_both {
    ($($test:ident),* $(,)?) => {
        mod sqlite {
            $(#[tokio::test] async fn $test() { super::$test(super::On::Sqlite).await; })*
        }
        mod postgresql {
            $(#[tokio::test] async fn $test() { super::$test(super::On::Postgres).await; })*
        }
    };
}

on_both! {
    a_call_is_live_then_stored_with_its_journey,
    campaigns_their_leads_and_attempts_are_rows,
    figures_of_campaigns_are_a_recount_of_their_attempts,
    each_entry_counts_once_over_restarts,
    each_entry_counts_once_over_crashes_at_any_moment,
    an_older_copy_of_the_database_is_replayed,
    foreign_and_newer_databases_are_refused_until_adopted,
    a_database_of_another_program_is_refused,
    older_tables_are_brought_up_to_date_and_then_filled,
    texts_that_one_of_them_does_not_take_are_kept_by_both,
    a_poison_entry_is_put_aside_and_the_rest_goes_on,
    a_row_that_the_database_refuses_goes_aside_alone,
    a_locked_database_delays_rows_and_nothing_else,
    lists_without_a_database_say_that_they_are_incomplete,
    a_thousand_calls_live_and_stored_page_without_gap_or_double,
    filters_mean_the_same_for_live_and_stored_calls,
    voicemails_are_listed_newest_first_and_short_ones_are_none,
    events_resume_where_a_client_left,
    the_final_state_shows_within_a_second,
    a_change_is_made_whole_or_not_at_all,
    people_are_kept_beside_the_journal,
    histories_are_judged_as_the_reference_does,
    a_promise_that_was_not_kept_is_a_lost_call,
    a_list_is_written_piece_by_piece_and_each_once,
    leads_are_read_in_pages_without_gap_or_double,
    lists_are_changed_by_one_and_deleted_with_their_rows,
    commands_are_in_the_log_once_and_in_its_chain,
    a_pause_that_is_interrupted_counts_once,
    intervals_tile_the_time_and_figures_are_their_sums,
    figures_of_calls_are_those_of_the_list,
    stays_in_queues_are_what_the_steps_say,
    decisions_are_kept_once_and_found_by_what_they_are_about,
}

async fn a_call_is_live_then_stored_with_its_journey(on: On) {
    let world = World::open(on).await;
    let call = world.ring(1);
    world.written().await;
    let live = world.call(call).await;
    assert_eq!((live.status, live.outcome), (CallStatus::Ringing, Outcome::InProgress));
    assert_eq!((live.queue.as_deref(), live.agent), (Some("support"), None));
    world.talk_and_hang_up(call);
    world.applied().await;
    assert_eq!(world.live.active(), 0);
    let stored = world.database.call("demo", call).await.unwrap().unwrap();
    assert_eq!((stored.status, stored.outcome), (CallStatus::Completed, Outcome::Successful));
    assert_eq!((stored.queue.as_deref(), stored.agent.as_deref()), (Some("support"), Some("1001")));
    assert_eq!(
        (stored.trunk.as_deref(), stored.queue_wait_ms, stored.talk_ms),
        (Some("carrier"), Some(4_000), Some(3_000))
    );
    assert_eq!(stored.sip_call_ids, ["sip-1-1", "sip-1-2"]);
    assert_eq!(stored.recording.as_ref().unwrap().duration_ms, 3_000);
    assert_eq!(stored.cause.as_ref().unwrap().code, "normal");
    let steps = find_call_events(&world.live, &world.database, "demo", call).await.unwrap().unwrap();
    let kinds: Vec<_> = steps.iter().map(|step| step.kind.as_str()).collect();
    assert_eq!(kinds.first(), Some(&"call.started"));
    assert_eq!(kinds.last(), Some(&"recording.ready"));
    assert!(steps.iter().map(|step| step.seq).eq(1..=steps.len() as u32));
    assert_eq!(steps[4].data["agent"], "1001");
    assert_eq!(world.database.call("other", call).await.unwrap(), None, "another account's");
    assert_eq!(find_call_events(&world.live, &world.database, "other", call).await.unwrap(), None);
}

async fn each_entry_counts_once_over_restarts(on: On) {
    let world = World::open(on).await;
    let (done, open) = (world.ring(1), world.ring(2));
    world.talk_and_hang_up(done);
    world.applied().await;
    let world = world.stop().await.start().await;
    world.talk_and_hang_up(open);
    world.applied().await;
    assert_eq!(world.count("calls").await, 2);
    assert_eq!(world.count("projection_poison").await, 0);
    let steps = world.database.call_events(open).await.unwrap();
    assert!(steps.iter().map(|step| step.seq).eq(1..=steps.len() as u32), "those before the restart are there");
    assert_eq!(steps.last().unwrap().kind, "recording.ready");
}

async fn each_entry_counts_once_over_crashes_at_any_moment(on: On) {
    let mut world = World::open(on).await;
    world.written().await;
    for round in 1..=30 {
        let first = world.ring(3 * round);
        world.talk_and_hang_up(first);
        let second = world.ring(3 * round + 1);
        world.agent_states(2);
        for _ in 0..round * 7 {
            tokio::task::yield_now().await;
        }
        world.crash_projector().await;
        world.talk_and_hang_up(second);
    }
    world.applied().await;
    assert_eq!((world.count("calls").await, world.count("recordings").await), (60, 60));
    assert_eq!((world.count("call_events").await, world.count("agent_state_intervals").await), (600, 60));
    assert_eq!((world.count("call_sip_ids").await, world.count("projection_poison").await), (120, 0));
}

async fn an_older_copy_of_the_database_is_replayed(on: On) {
    let world = World::open(on).await;
    let calls: Vec<_> = (1..=3).map(|n| world.ring(n)).collect();
    world.talk_and_hang_up(calls[0]);
    world.agent_states(2);
    world.applied().await;
    let stopped = world.stop().await;
    let copy = stopped.store.copy();
    let world = stopped.start().await;
    world.talk_and_hang_up(calls[1]);
    world.agent_states(3);
    world.applied().await;
    let stopped = world.stop().await;
    stopped.store.restore(&copy);
    let world = stopped.start().await;
    world.applied().await;
    world.talk_and_hang_up(calls[2]);
    world.applied().await;
    assert_eq!((world.count("calls").await, world.count("recordings").await), (3, 3));
    assert_eq!(world.count("agent_state_intervals").await, 5);
    assert_eq!(world.count("projection_poison").await, 0);
    let states = world.intervals().await;
    assert_eq!(states.iter().filter(|interval| interval.until.is_none()).count(), 1);
    assert!(states.windows(2).all(|pair| pair[0].until == Some(pair[1].since)));
}

async fn foreign_and_newer_databases_are_refused_until_adopted(on: On) {
    let world = World::open(on).await;
    let call = world.ring(1);
    world.talk_and_hang_up(call);
    world.applied().await;
    let stopped = world.stop().await;
    let other = World::open(on).await.stop().await;
    other.store.restore(&stopped.store.copy());
    let other = other.unprojected().await;
    let refused = other.prepare().await.unwrap_err();
    assert!(matches!(refused, PrepareError::Refused(Refusal::Foreign { .. })), "{refused:?}");
    assert!(refused.to_string().contains("trunkline adopt") && !refused.to_string().contains('\n'));
    records::adopt(&other.database, &other.journal).await.unwrap();
    other.prepare().await.unwrap();

    stopped.lose_journal_end();
    let world = stopped.unprojected().await;
    let refused = world.prepare().await.unwrap_err();
    assert!(matches!(refused, PrepareError::Refused(Refusal::Ahead { .. })), "{refused:?}");
    // What this start appends does not hide the hole.
    world.append(Entry::NodeStarted { at: at(9) });
    world.until("the sync", || world.journal.reached(Durability::Synced).epoch == world.journal.epoch()).await;
    let refused = world.prepare().await.unwrap_err();
    assert!(matches!(refused, PrepareError::Refused(Refusal::Ahead { .. })), "{refused:?}");
    records::adopt(&world.database, &world.journal).await.unwrap();
    world.prepare().await.unwrap();
    assert_eq!(world.count("calls").await, 1);
    world
        .execute(
            "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
             SELECT 9999, 'of tomorrow', TRUE, checksum, 0 FROM _sqlx_migrations WHERE version = 1",
        )
        .await;
    let refused = world.prepare().await.unwrap_err();
    assert!(matches!(refused, PrepareError::Refused(Refusal::Schema { .. })), "{refused:?}");
}

async fn a_database_of_another_program_is_refused(on: On) {
    let stopped = World::open(on).await.stop().await;
    match &stopped.store {
        Store::Sqlite(file) => std::fs::write(file, [b'x'; 4_096]).unwrap(),
        store @ Store::Postgres(_) => {
            store.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public; CREATE TABLE calls (a TEXT)").await;
        }
    }
    let world = stopped.unprojected().await;
    let refused = world.prepare().await.unwrap_err();
    assert!(matches!(refused, PrepareError::Refused(Refusal::Schema { .. })), "{refused:?}");
    assert!(refused.to_string().contains("set it aside"), "{refused}");
}

/// The server ends our connections at any moment, also while it commits.
#[tokio::test]
async fn connections_that_break_neither_lose_nor_double_a_row() {
    let world = World::open(On::Postgres).await;
    for round in 1..=20 {
        let call = world.ring(round);
        world.agent_states(5);
        world.talk_and_hang_up(call);
        for _ in 0..round * 5 {
            tokio::task::yield_now().await;
        }
        world
            .execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                 WHERE datname = current_database() AND pid <> pg_backend_pid()",
            )
            .await;
    }
    world.applied().await;
    assert_eq!((world.count("calls").await, world.count("agent_state_intervals").await), (20, 100));
    assert_eq!((world.count("call_events").await, world.count("projection_poison").await), (200, 0));
}

/// The tables of the first program, and calls that its successor finds in the journal.
async fn older_tables_are_brought_up_to_date_and_then_filled(on: On) {
    let world = World::closed(on).made_by_migration(2).await.unprojected().await;
    world.give_names();
    let calls: Vec<CallId> = (1..=50).map(|n| world.ring(n)).collect();
    for call in &calls {
        world.talk_and_hang_up(*call);
    }
    world.agent_states(4);
    world.written().await;
    let world = world.stop().await.start().await;
    world.applied().await;
    assert_eq!((world.count("calls").await, world.count("agent_state_intervals").await), (50, 4));
    assert_eq!(world.count("projection_poison").await, 0);
    assert_eq!(world.call(calls[7]).await.status, CallStatus::Completed);
}

/// Too long for an index of PostgreSQL, which cannot be compressed, and with a NUL.
async fn texts_that_one_of_them_does_not_take_are_kept_by_both(on: On) {
    let world = World::open(on).await;
    let long: String = (0..1_500_u32).map(|n| format!("{:x}é", n.wrapping_mul(2_654_435_761))).collect();
    let calls = [world.odd_call(1, &long), world.odd_call(2, "nothing\0there"), world.odd_call(3, "it's; --\\ \"")];
    world.applied().await;
    assert_eq!((world.count("calls").await, world.count("projection_poison").await), (3, 0));
    let stored = world.database.call("demo", calls[0]).await.unwrap().unwrap();
    assert!(stored.from.len() >= 990 && long.starts_with(&stored.from));
    assert_eq!(world.database.call("demo", calls[1]).await.unwrap().unwrap().from, "nothing\u{fffd}there");
    for (text, call) in [(long.as_str(), calls[0]), ("it's; --\\ \"", calls[2])] {
        let demo = || CallFilter::of("demo");
        assert_eq!(world.pages(CallFilter { from: vec![text.to_owned()], ..demo() }, |_| ()).await, [call]);
        assert_eq!(world.pages(CallFilter { sip_call_id: Some(text.to_owned()), ..demo() }, |_| ()).await, [call]);
    }
}

async fn a_poison_entry_is_put_aside_and_the_rest_goes_on(on: On) {
    let world = World::open(on).await;
    let first = world.ring(1);
    world.talk_and_hang_up(first);
    world.applied().await;
    let stopped = world.stop().await;
    stopped.plant_unreadable_entry();
    let world = stopped.start().await;
    world.stray_step();
    let second = world.ring(2);
    world.talk_and_hang_up(second);
    world.applied().await;
    assert_eq!((world.count("calls").await, world.count("projection_poison").await), (2, 2));
    assert_eq!(world.metrics.poisoned_total(), 2);
}

async fn a_row_that_the_database_refuses_goes_aside_alone(on: On) {
    let world = World::open(on).await;
    world.execute("CREATE UNIQUE INDEX one_caller ON calls (from_number)").await;
    let calls: Vec<_> = [(1, 1), (2, 3), (3, 3), (4, 4)].map(|(n, from)| world.ring_from(n, from)).into();
    for call in &calls {
        world.talk_and_hang_up(*call);
    }
    world.applied().await;
    assert_eq!((world.count("calls").await, world.count("projection_poison").await), (3, 1));
    assert_eq!(world.metrics.poisoned_total(), 1);
    assert!(world.database.call("demo", calls[3]).await.unwrap().is_some());
}

async fn a_locked_database_delays_rows_and_nothing_else(on: On) {
    let world = World::open(on).await;
    let lock = world.lock().await;
    let call = world.ring(1);
    world.talk_and_hang_up(call);
    world.away().await;
    let page = list_calls(&world.live, &world.database, &CallFilter::of("demo")).await;
    assert_eq!(page.calls.iter().map(|call| call.status).collect::<Vec<_>>(), [CallStatus::Completed]);
    assert!(find_call(&world.live, &world.database, "demo", call).await.unwrap().is_some());
    assert!(world.metrics.backlog() > 0);
    lock.release().await;
    world.applied().await;
    assert_eq!((world.count("calls").await, world.metrics.backlog()), (1, 0));
}

async fn lists_without_a_database_say_that_they_are_incomplete(on: On) {
    let world = World::open(on).await;
    let stored = world.ring(1);
    world.talk_and_hang_up(stored);
    world.applied().await;
    let live = world.ring(2);
    world.written().await;
    world.database.close().await;
    let page = list_calls(&world.live, &world.database, &CallFilter::of("demo")).await;
    assert_eq!((page.calls.iter().map(|call| call.id).collect::<Vec<_>>(), page.incomplete), (vec![live], true));
    assert!(find_call(&world.live, &world.database, "demo", stored).await.is_err());
    assert!(find_call(&world.live, &world.database, "demo", live).await.unwrap().is_some());
}

async fn a_thousand_calls_live_and_stored_page_without_gap_or_double(on: On) {
    let world = World::open(on).await;
    let calls: Vec<CallId> = (1..=1_000).map(|n| world.ring_from(n, n % 7)).collect();
    for call in calls.iter().step_by(2) {
        world.talk_and_hang_up(*call);
    }
    world.applied().await;
    for sort in [CallSort::NewestFirst, CallSort::OldestFirst] {
        let filter = CallFilter { sort, limit: 70, ..CallFilter::of("demo") };
        let mut expected = calls.clone();
        if sort == CallSort::NewestFirst {
            expected.reverse();
        }
        assert_eq!(world.pages(filter, |_| ()).await, expected);
    }
    let moving = CallFilter { limit: 100, ..CallFilter::of("demo") };
    let mut ending = calls.iter().skip(1).step_by(2).copied();
    let seen =
        world.pages(moving, |world| ending.by_ref().take(60).for_each(|call| world.talk_and_hang_up(call))).await;
    assert_eq!(seen, calls.iter().rev().copied().collect::<Vec<_>>(), "calls move to the database between pages");
}

async fn filters_mean_the_same_for_live_and_stored_calls(on: On) {
    let world = World::open(on).await;
    let calls: Vec<CallId> = (1..=40).map(|n| world.ring_from(n, n % 4)).collect();
    for call in &calls[..20] {
        world.talk_and_hang_up(*call);
    }
    world.applied().await;
    let demo = || CallFilter { sort: CallSort::OldestFirst, limit: 200, ..CallFilter::of("demo") };
    let count = async |filter: CallFilter| world.pages(filter, |_| ()).await.len();
    assert_eq!(count(CallFilter { from: vec!["+447700900001".to_owned()], ..demo() }).await, 10);
    assert_eq!(count(CallFilter { status: vec![CallStatus::Ringing], ..demo() }).await, 20);
    let either = vec![CallStatus::Ringing, CallStatus::Completed];
    assert_eq!(count(CallFilter { status: either, ..demo() }).await, 40);
    assert_eq!(count(CallFilter { agent: vec!["1001".to_owned()], ..demo() }).await, 20);
    assert_eq!(count(CallFilter { queue: vec!["sales".to_owned()], ..demo() }).await, 0);
    assert_eq!(count(CallFilter { queue: vec!["support".to_owned()], ..demo() }).await, 40);
    let none = || vec![records::NONE.to_owned()];
    assert_eq!(count(CallFilter { agent: none(), ..demo() }).await, 20);
    assert_eq!(count(CallFilter { agent: vec!["1001".to_owned(), "none".to_owned()], ..demo() }).await, 40);
    assert_eq!(count(CallFilter { queue: none(), ..demo() }).await, 0);
    assert_eq!(count(CallFilter { internal: Some(true), ..demo() }).await, 0);
    for n in [3, 33] {
        let by_header = CallFilter { sip_call_id: Some(format!("sip-{n}-2")), ..demo() };
        assert_eq!(world.pages(by_header, |_| ()).await, [calls[n - 1]]);
    }
    let (gte, lt) = (Some(at(5)), Some(at(31)));
    let span = CallFilter { started_at_gte: gte, started_at_lt: lt, ..demo() };
    assert_eq!(world.pages(span, |_| ()).await, &calls[4..30]);
    assert_eq!(count(CallFilter::of("other")).await, 0);
}

async fn voicemails_are_listed_newest_first_and_short_ones_are_none(on: On) {
    let world = World::open(on).await;
    for n in 1..=5 {
        world.leave_voicemail(n, if n == 3 { 1_500 } else { 4_000 });
    }
    world.applied().await;
    let filter = VoicemailFilter { account: "demo".to_owned(), queue: vec![], cursor: None, limit: 3 };
    let (page, next) = world.database.voicemails(&filter).await.unwrap();
    let (rest, end) = world.database.voicemails(&VoicemailFilter { cursor: next, ..filter }).await.unwrap();
    let from: Vec<_> = page.iter().chain(&rest).map(|voicemail| voicemail.from.as_str()).collect();
    assert_eq!(from, ["+447700900005", "+447700900004", "+447700900002", "+447700900001"]);
    assert_eq!((end, page[0].queue.as_str(), page[0].duration_ms), (None, "support", 4_000));
    let id: VoicemailId = page[0].id.to_string().parse().unwrap();
    assert_eq!(world.database.voicemail("demo", id).await.unwrap().as_ref(), page.first());
    assert_eq!(world.database.voicemail("other", id).await.unwrap(), None);
    let call = world.database.call("demo", rest[0].call_id).await.unwrap().unwrap();
    assert_eq!((call.outcome, call.is_lost), (Outcome::Voicemail, false));
}

async fn events_resume_where_a_client_left(on: On) {
    let world = World::open(on).await;
    let mut feed = EventFeed::from_now(&world.journal, &world.live);
    let call = world.ring(1);
    world.agent_states(1);
    let mut events = Vec::new();
    while events.len() < 6 {
        events.extend(feed.next(2).await.unwrap());
    }
    let kinds: Vec<_> = events.iter().map(|event| event.kind.as_str()).collect();
    assert_eq!(
        kinds,
        ["call.started", "leg.started", "queue.entered", "leg.started", "offer.ringing", "agent.state_changed"]
    );
    assert_eq!((events[0].call, &events[5].data["extension"]), (Some(call), &"1001".into()));
    let third = events[2].id.to_string().parse().unwrap();
    let mut again = EventFeed::after(&world.journal, &world.live, third).unwrap();
    assert_eq!(again.next(100).await.unwrap(), events[3..]);
    assert_eq!((again.lag(), again.place()), (0, events[5].id));
    assert_eq!(again.ready(100).await.unwrap(), []);
    let mut oldest = EventFeed::from_oldest(&world.journal, &world.live);
    let mut all = Vec::new();
    while oldest.lag() > 0 {
        all.extend(oldest.ready(3).await.unwrap());
    }
    assert_eq!(all, events);
    assert_eq!("12".parse::<records::EventId>(), Err(ResumeError::Malformed));
    let other = World::open(on).await;
    assert_eq!(EventFeed::after(&other.journal, &other.live, third).map(drop), Err(ResumeError::Gone));
}

async fn the_final_state_shows_within_a_second(on: On) {
    let world = World::open(on).await;
    let call = world.ring(1);
    world.talk_and_hang_up(call);
    let seen = async {
        while world.live.call("demo", call).is_none_or(|call| call.ended_at.is_none())
            && world.database.call("demo", call).await.unwrap().is_none()
        {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(1), seen).await.expect("within a second");
    assert!(world.journal.reached(Durability::Written) > Position::START);
}
