//! Random histories of calls, judged by a reference of its own and by the projector: lost, recovered, self-resolved and
//! every number of the report agree, whatever the order in which the entries came and however often they were taken.

mod history;
mod reference;

use clock::{CallId, CallbackId, Rng};
use journal_core::{CallStatus, CallbackEntry, CallbackOwner, CallbackSource, CallbackState, Entry, Shared};
use records::{LostCallFilter, LostCallGroup, LostCallRow, TeamScope};

use crate::world::{On, World, at};
use history::{History, QUEUES};
use reference::{Lost, Standing, judge, nearest_rank};

pub(crate) async fn histories_are_judged_as_the_reference_does(on: On) {
    let mut seen = [0_usize; 3];
    for seed in 0..SEEDS {
        let mut rng = Rng::new(seed);
        let history = History::random(&mut rng);
        let mut world = World::open(on).await;
        history.give_names(&world);
        for (place, entry) in history.entries.iter().enumerate() {
            world.append(entry.clone());
            if place % 97 == 96 {
                tokio::task::yield_now().await;
                world.crash_projector().await;
            }
        }
        world.applied().await;
        let expected = judge(&history);
        for lost in &expected {
            seen[match lost.standing {
                Standing::Open => 0,
                Standing::Recovered { .. } => 1,
                Standing::SelfResolved { .. } => 2,
            }] += 1;
        }
        check_calls(&world, &expected, seed).await;
        check_lists(&world, &expected, seed).await;
        check_report(&world, &expected, &mut rng, seed).await;
    }
    assert!(seen.iter().all(|count| *count > 20), "the histories have all of it: {seen:?}");
}

/// Who was promised a callback that ended before anybody dialed him is a lost call from then on, once; who was dialed, called
/// it off or was asked for by somebody else is none.
pub(crate) async fn a_promise_that_was_not_kept_is_a_lost_call(on: On) {
    use CallbackState::{Cancelled, Expired, Queued};
    let mut world = World::open(on).await;
    let ways = [
        (10, Expired, None, 0, CallbackSource::Key),
        (30, Cancelled, Some("queue_gone"), 0, CallbackSource::Key),
        (50, Cancelled, Some("caller"), 0, CallbackSource::Key),
        (70, Expired, None, 1, CallbackSource::Key),
        (90, Expired, None, 0, CallbackSource::Api),
    ];
    for (n, ..) in ways {
        let call = world.ring(n);
        world.promise_callback(call);
    }
    let entry = |(n, state, why, attempts, source): (u64, CallbackState, Option<&str>, u32, CallbackSource)| {
        let (callback, related) = (CallbackId(u128::from(n)), Some(CallId(u128::from(n))));
        let (number, why, owner) = (format!("+4420700{n:05}"), why.map(str::to_owned), CallbackOwner::Acd);
        let (requested_at, at) = (at(n + 4), at(n + 500));
        let entry = CallbackEntry {
            callback,
            owner,
            state,
            number,
            queue: None,
            agent: None,
            source,
            related,
            call: None,
            served_by: None,
            requested_at,
            arrived: requested_at,
            seq: n,
            priority: 0,
            due_at: None,
            next_at: None,
            expires_at: at,
            attempts,
            device: None,
            is_verified: false,
            why,
            at,
            steps: Vec::new(),
        };
        Entry::Callback(Shared::from(entry))
    };
    for way in ways {
        world.append(entry((way.0, Queued, None, 0, way.4)));
    }
    world.applied().await;
    assert_eq!(world.count("lost_calls").await, 0);
    for way in ways {
        world.append(entry(way));
    }
    world.append(entry(ways[0]));
    world.applied().await;
    world.crash_projector().await;
    world.applied().await;
    let lost = async |world: &World| {
        let mut ids = Vec::new();
        for (n, ..) in ways {
            let call = world.call(CallId(u128::from(n))).await;
            assert_eq!((call.status, call.is_lost), (CallStatus::Completed, call.lost.is_some()));
            ids.extend(call.lost.map(|state| (n, state.recovered().map(|by| by.by))));
        }
        ids
    };
    assert_eq!(lost(&world).await, [(10, None), (30, None)]);
    let (listed, _) = world.database.lost_calls(&LostCallFilter::of("demo")).await.unwrap();
    let listed: Vec<_> = listed.iter().map(|lost| (lost.id.0, lost.ended_at, lost.status)).collect();
    assert_eq!(listed, [(30, at(34), CallStatus::NoAnswer), (10, at(14), CallStatus::NoAnswer)]);
}

async fn check_calls(world: &World, expected: &[Lost], seed: u64) {
    for lost in expected {
        let call = world.database.call("demo", lost.id).await.unwrap().unwrap();
        let state = call.lost.unwrap_or_else(|| panic!("seed {seed}: {lost:?} is lost"));
        let got = match (state.recovered(), state.self_resolved()) {
            (Some(by), None) => Standing::Recovered { by: by.by, at: by.at },
            (None, Some(by)) => Standing::SelfResolved { by: by.by, at: by.at },
            _ => Standing::Open,
        };
        assert_eq!(got, lost.standing, "seed {seed}: {lost:?}");
    }
    assert_eq!(world.count("lost_calls").await, expected.len() as i64, "seed {seed}");
}

async fn check_lists(world: &World, expected: &[Lost], seed: u64) {
    let all = LostCallFilter { limit: 200, ..LostCallFilter::of("demo") };
    let (listed, more) = world.database.lost_calls(&all).await.unwrap();
    let mut newest_first: Vec<_> = expected.iter().map(|lost| (lost.ended_at, lost.id)).collect();
    newest_first.sort_unstable_by(|a, b| b.cmp(a));
    assert!(listed.iter().map(|lost| (lost.ended_at, lost.id)).eq(newest_first), "seed {seed}");
    assert_eq!(more, None);
    for lost in expected {
        let row = listed.iter().find(|row| row.id == lost.id).unwrap();
        assert_eq!((&row.number, row.queue.as_deref()), (&lost.number, lost.queue), "seed {seed}");
    }
    let open = LostCallFilter { recovered: Some(false), self_resolved: Some(false), ..all.clone() };
    let counted = expected.iter().filter(|lost| lost.standing == Standing::Open).count();
    assert_eq!(world.database.lost_calls(&open).await.unwrap().0.len(), counted, "seed {seed}");
    let counts = world.database.lost_call_counts("demo", at(0)).await.unwrap();
    assert_eq!((counts.open, counts.overdue), (counted as u64, 0), "seed {seed}");
    let team = TeamScope { queues: vec![QUEUES[0].to_owned()], agents: vec!["1001".to_owned()] };
    let of_team = LostCallFilter { teams: vec![team.clone()], ..all };
    let mine = expected.iter().filter(|lost| team.has(lost.queue, lost.agent)).count();
    assert_eq!(world.database.lost_calls(&of_team).await.unwrap().0.len(), mine, "seed {seed}");
}

async fn check_report(world: &World, expected: &[Lost], rng: &mut Rng, seed: u64) {
    let mut bounds: Vec<_> = (0..2 + rng.below(4)).map(|_| at(rng.below(history::SPAN_S + 500))).collect();
    bounds.sort_unstable();
    for by in [LostCallGroup::Whole, LostCallGroup::Queue, LostCallGroup::Agent] {
        let filter = LostCallFilter { limit: 200, ..LostCallFilter::of("demo") };
        let report = world.database.lost_call_report(&filter, &bounds, by).await.unwrap();
        let mut total = 0;
        for row in &report.rows {
            let (from, to) = (bounds[row.span], bounds[row.span + 1]);
            let of_row: Vec<_> = expected
                .iter()
                .filter(|lost| lost.ended_at >= from && lost.ended_at < to && name_of(lost, by) == row.name.as_deref())
                .collect();
            assert_eq!(*row, expected_row(row, &of_row), "seed {seed} {by:?} {bounds:?}");
            let name = || vec![row.name.clone().unwrap_or_else(|| records::NONE.to_owned())];
            let list = LostCallFilter {
                lost_at_gte: Some(from),
                lost_at_lt: Some(to),
                recovered: Some(true),
                queue: if by == LostCallGroup::Queue { name() } else { Vec::new() },
                agent: if by == LostCallGroup::Agent { name() } else { Vec::new() },
                ..filter.clone()
            };
            let listed = world.database.lost_calls(&list).await.unwrap().0.len() as u64;
            assert_eq!(listed, row.recovered, "seed {seed}: the list behind the number");
            total += row.lost;
        }
        let first_and_last = (bounds[0], bounds[bounds.len() - 1]);
        let within = |lost: &&Lost| lost.ended_at >= first_and_last.0 && lost.ended_at < first_and_last.1;
        assert_eq!(total, expected.iter().filter(within).count() as u64, "seed {seed}: no call is left out");
    }
}

fn name_of(lost: &Lost, by: LostCallGroup) -> Option<&str> {
    match by {
        LostCallGroup::Whole => None,
        LostCallGroup::Queue => lost.queue,
        LostCallGroup::Agent => lost.agent,
    }
}

fn expected_row(row: &LostCallRow, lost: &[&Lost]) -> LostCallRow {
    let seconds = |lost: &&Lost| match lost.standing {
        Standing::Recovered { at, .. } => Some(at.millis_since(lost.ended_at) / 1_000),
        _ => None,
    };
    let mut recovery: Vec<u64> = lost.iter().filter_map(seconds).collect();
    recovery.sort_unstable();
    LostCallRow {
        span: row.span,
        name: row.name.clone(),
        lost: lost.len() as u64,
        recovered: recovery.len() as u64,
        self_resolved: lost.iter().filter(|lost| matches!(lost.standing, Standing::SelfResolved { .. })).count() as u64,
        recovery_s_p50: nearest_rank(&recovery, 50),
        recovery_s_p90: nearest_rank(&recovery, 90),
    }
}

const SEEDS: u64 = 12;
