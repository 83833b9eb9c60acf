//! Random ways of calls through queues, told by a naive reader of their steps: the stays that reports count are these,
//! live or stored, over crashes of the projector, and they agree with the list of calls.

use std::collections::BTreeMap;

use clock::{CallId, LegId, QueueId, Rng, WallTime};
use journal_core::{
    CallEntry, CallEvent, CallStatus, Cause, Direction, Entry, LegKind, NameKind, Outcome, QueueLeft, Who,
};
use records::{CallFilter, QueueVisit, VisitFilter, queue_visits};

use crate::world::{On, World, at};

pub(crate) async fn stays_in_queues_are_what_the_steps_say(on: On) {
    for seed in 0..SEEDS {
        let mut rng = Rng::new(seed);
        let mut world = World::open(on).await;
        let name = "sales".to_owned();
        world.append(Entry::Name { kind: NameKind::Queue, id: 5, account: "demo".to_owned(), name });
        let calls: Vec<Vec<CallEntry>> = (1..=CALLS).map(|n| steps(&mut rng, n)).collect();
        let entries = in_order_of_time(&calls);
        let (half, rest) = entries.split_at(entries.len() / 2);
        append(&mut world, half).await;
        world.written().await;
        check(&world, half, &mut rng, seed).await;
        append(&mut world, rest).await;
        world.applied().await;
        check(&world, &entries, &mut rng, seed).await;
        check_calls(&world, &entries, seed).await;
    }
}

async fn append(world: &mut World, entries: &[CallEntry]) {
    for (place, step) in entries.iter().enumerate() {
        world.append(Entry::Call(step.clone()));
        if place % 97 == 96 {
            tokio::task::yield_now().await;
            world.crash_projector().await;
        }
    }
}

/// Lists, a page at a time, with any filter; and counts, each of which is a fact about the list.
async fn check(world: &World, entries: &[CallEntry], rng: &mut Rng, seed: u64) {
    let expected = naive(entries);
    for queues in [None, Some(vec!["support"]), Some(vec!["sales"]), Some(vec![])] {
        let from = at(rng.below(SPAN_S));
        let to = from + core::time::Duration::from_secs(1 + rng.below(SPAN_S));
        let queues = queues.map(|names| names.into_iter().map(str::to_owned).collect::<Vec<_>>());
        let meant = |visit: &&QueueVisit| {
            (from..to).contains(&visit.entered_at) && queues.as_ref().is_none_or(|names| names.contains(&visit.queue))
        };
        let expected: Vec<QueueVisit> = expected.iter().filter(meant).cloned().collect();
        let account = "demo".to_owned();
        let filter = VisitFilter { account, queues: queues.clone(), from, to, behind: None, limit: 7 };
        assert_eq!(pages(world, filter.clone()).await, expected, "seed {seed} {filter:?}");
        let elsewhere = VisitFilter { account: "another".to_owned(), ..filter };
        assert_eq!(pages(world, elsewhere).await, [], "seed {seed}");
    }
}

async fn pages(world: &World, mut filter: VisitFilter) -> Vec<QueueVisit> {
    let mut all = Vec::new();
    loop {
        let (page, more) = queue_visits(&world.database, &world.live, &filter).await.expect("the database answers");
        assert!(page.len() <= filter.limit && (!more || page.len() == filter.limit));
        filter.behind = page.last().map(QueueVisit::place);
        all.extend(page);
        if !more {
            return all;
        }
    }
}

/// A call in the list was in the queue of its last stay, and entered its first one when the list says; calls without a
/// queue have none.
async fn check_calls(world: &World, entries: &[CallEntry], seed: u64) {
    let mut stays: BTreeMap<CallId, Vec<QueueVisit>> = BTreeMap::new();
    naive(entries).into_iter().for_each(|visit| stays.entry(visit.call_id).or_default().push(visit));
    let filter = CallFilter { limit: 200, ..CallFilter::of("demo") };
    let listed = records::list_calls(&world.live, &world.database, &filter).await.calls;
    assert_eq!(listed.len(), CALLS as usize, "seed {seed}");
    for call in listed.iter().filter(|call| call.direction == Direction::Inbound) {
        let of_call = stays.remove(&call.id).unwrap_or_default();
        let last = of_call.last().map(|visit| visit.queue.as_str());
        assert_eq!(call.queue.as_deref(), last, "seed {seed} {call:?}");
        assert_eq!(call.queued_at, of_call.first().map(|visit| visit.entered_at), "seed {seed} {call:?}");
        assert!(call.ended_at.is_none() || of_call.iter().all(|visit| visit.left.is_some()), "seed {seed}");
    }
    assert_eq!(stays, BTreeMap::new(), "seed {seed}: no stay without a caller");
}

/// Each entry into a queue that is no repetition, and the first of its steps that ends it.
fn naive(entries: &[CallEntry]) -> Vec<QueueVisit> {
    let mut visits = Vec::new();
    let calls: std::collections::BTreeSet<CallId> = entries.iter().map(|step| step.call).collect();
    for call in calls {
        let steps: Vec<&CallEntry> = entries.iter().filter(|step| step.call == call).collect();
        let is_attempt = matches!(steps[0].event, CallEvent::Started { direction: Direction::OutboundDial, .. });
        let mut waits_in = None;
        let mut ordinal = 0;
        for (place, step) in steps.iter().enumerate() {
            match step.event {
                CallEvent::QueueEntered { queue, .. } if waits_in != Some(queue) && !is_attempt => {
                    waits_in = Some(queue);
                    ordinal += 1;
                    let end = steps[place + 1..].iter().find_map(|later| match later.event {
                        CallEvent::QueueEntered { queue: other, .. } if other != queue => {
                            Some((later.at, QueueLeft::Moved))
                        }
                        CallEvent::QueueLeft { queue: left, how } if left == queue => Some((later.at, how)),
                        CallEvent::Ended { .. } => Some((later.at, QueueLeft::Ended)),
                        _ => None,
                    });
                    let queue = if queue == QueueId(2) { "support" } else { "sales" }.to_owned();
                    visits.push(QueueVisit { call_id: call, ordinal, queue, entered_at: step.at, left: end });
                }
                CallEvent::QueueLeft { queue, .. } if waits_in == Some(queue) => waits_in = None,
                _ => {}
            }
        }
    }
    visits.sort_by_key(|visit| (visit.entered_at, visit.call_id, visit.ordinal));
    visits
}

/// A caller who enters queues, is moved, leaves, comes again; or an attempt of a callback.
fn steps(rng: &mut Rng, n: u64) -> Vec<CallEntry> {
    let is_attempt = rng.chance(0.15);
    let direction = if is_attempt { Direction::OutboundDial } else { Direction::Inbound };
    let (from, to) = ("+442070000001".to_owned(), "+442071830001".to_owned());
    let mut events =
        vec![CallEvent::Started { direction, internal: false, from, to, parent: None, trunk: None, agent: None }];
    if is_attempt {
        events.extend([entered(QueueId(2)), CallEvent::QueueLeft { queue: QueueId(2), how: QueueLeft::Answered }]);
    }
    let (leg, kind, sip_call_id) = (LegId(1), LegKind::Caller, format!("sip-{n}"));
    events.push(CallEvent::LegStarted { leg, kind, sip_call_id, agent: None });
    let mut waits_in = None;
    for _ in 0..if is_attempt { 0 } else { rng.below(7) } {
        let queue = [QueueId(2), QueueId(5)][rng.below(2) as usize];
        match waits_in {
            Some(queue) if rng.chance(0.6) => {
                let how = HOWS[rng.below(HOWS.len() as u64) as usize];
                events.push(CallEvent::QueueLeft { queue, how });
                waits_in = None;
            }
            // Into the same queue again says nothing new, into another one he was moved.
            _ => {
                events.push(entered(queue));
                waits_in = Some(queue);
            }
        }
    }
    if rng.chance(0.8) {
        let cause = Cause { who: Who::Caller, q850: None, sip: None, code: "normal".to_owned() };
        events.push(CallEvent::Ended { status: CallStatus::Canceled, outcome: Outcome::NoAnswer, cause });
    }
    let mut now = rng.below(SPAN_S);
    let mut number = |(event, seq)| {
        now += rng.below(30);
        CallEntry { call: CallId(u128::from(n)), seq, at: at(now), event }
    };
    events.into_iter().zip(1..).map(&mut number).collect()
}

fn entered(queue: QueueId) -> CallEvent {
    CallEvent::QueueEntered { queue, arrived: WallTime::default(), priority: 0 }
}

fn in_order_of_time(calls: &[Vec<CallEntry>]) -> Vec<CallEntry> {
    let mut all: Vec<CallEntry> = calls.iter().flatten().cloned().collect();
    all.sort_by_key(|step| (step.at, step.call, step.seq));
    all
}

const HOWS: [QueueLeft; 10] = [
    QueueLeft::Answered,
    QueueLeft::Abandoned,
    QueueLeft::TimedOut,
    QueueLeft::Ended,
    QueueLeft::Full,
    QueueLeft::Key,
    QueueLeft::Moved,
    QueueLeft::CalledBack,
    QueueLeft::Closed,
    QueueLeft::CallbackLimit,
];
const SEEDS: u64 = 3;
const CALLS: u64 = 120;
const SPAN_S: u64 = 2_000;
