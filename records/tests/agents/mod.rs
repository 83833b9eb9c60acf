//! The log of agents' states, their calls and their figures: what figures say is what the lists behind them say.

use clock::{CallId, Rng, WallTime};
use journal_core::{AgentState, Disposition, Entry, NOT_SET, StateCause, WantedCallback};
use records::{AgentCall, AgentCallFilter, AgentStats, StateInterval};

use crate::world::{AGENT, On, World, at};

/// Random states at random times, figures over random spans: each is what a naive sum over the list says, and all of
/// them together fill the span.
pub(crate) async fn intervals_tile_the_time_and_figures_are_their_sums(on: On) {
    let world = World::open(on).await;
    let mut rng = Rng::new(5);
    let mut now = 1_000;
    let mut states = Vec::new();
    for _ in 0..120 {
        let state = STATES[rng.below(6) as usize];
        let reason = (state == AgentState::Paused).then(|| ["lunch", "coffee"][rng.below(2) as usize].to_owned());
        states.push((state, reason, at(now)));
        // Two changes in one moment happen.
        now += rng.below(4) * rng.below(50);
    }
    for (state, reason, at) in states {
        let cause = StateCause::Chosen;
        world.append(Entry::AgentStateChanged { agent: AGENT, state, reason, call: None, at, cause });
    }
    world.applied().await;
    let log = world.intervals().await;
    assert_eq!(log.len(), 120);
    assert!(log.windows(2).all(|pair| pair[0].until == Some(pair[1].since)), "without gap or overlap");
    assert!(log[119].until.is_none() && log[..119].iter().all(|interval| interval.until.is_some()));
    for _ in 0..40 {
        let from = rng.below(now + 500);
        let to = from + rng.below(now);
        let present = 1 + rng.below(now + 1_000);
        let span = (at(from), at(to));
        let stats = world.database.agent_stats("demo", "1001", span, at(present)).await.unwrap();
        let end = to.min(present).max(from);
        agree(&log, &stats, at(from), at(end));
        let known_from = from.max(1_000).min(end.max(1_000));
        let whole: u64 = stats.time_ms(|_| true);
        assert_eq!(whole, end.saturating_sub(known_from) * 1_000, "the parts fill {from}..{end}");
    }
}

/// A pause that calls interrupt, or a phone that goes, is one; another reason or work between two pauses makes another.
pub(crate) async fn a_pause_that_is_interrupted_counts_once(on: On) {
    use AgentState::{Offline, OnCall, Paused, Ready, Reserved, WrapUp};
    let world = World::open(on).await;
    let states = [
        (Ready, None),
        (Reserved, None),
        (Paused, Some("lunch")),
        (OnCall, None),
        (WrapUp, None),
        (Paused, Some("lunch")),
        (Offline, Some("no_device")),
        (Paused, Some("lunch")),
        (OnCall, None),
        (Paused, Some("coffee")),
        (Reserved, None),
        (OnCall, None),
        (Ready, None),
        (Paused, Some("coffee")),
        (Offline, None),
        (Paused, Some("coffee")),
        (Paused, None),
    ];
    for (place, (state, reason)) in states.into_iter().enumerate() {
        let (reason, at, cause) = (reason.map(str::to_owned), at(10 * place as u64), StateCause::Chosen);
        world.append(Entry::AgentStateChanged { agent: AGENT, state, reason, call: None, at, cause });
    }
    world.applied().await;
    let of_span = async |from, to| {
        let stats = world.database.agent_stats("demo", "1001", (at(from), at(to)), at(1_000)).await.unwrap();
        let word = |reason: Option<String>| reason.unwrap_or_default();
        stats.pauses.into_iter().map(|(reason, count)| (word(reason), count)).collect::<Vec<_>>()
    };
    let counts = |pairs: &[(&str, u64)]| pairs.iter().map(|(word, n)| ((*word).to_owned(), *n)).collect::<Vec<_>>();
    assert_eq!(of_span(0, 1_000).await, counts(&[("", 1), ("coffee", 3), ("lunch", 1)]));
    assert_eq!(of_span(35, 95).await, counts(&[("coffee", 1), ("lunch", 1)]), "it began before the span");
    assert_eq!(of_span(0, 20).await, counts(&[]));
}

fn agree(log: &[StateInterval], stats: &AgentStats, from: WallTime, end: WallTime) {
    for state in STATES {
        for reason in [None, Some("lunch"), Some("coffee")] {
            let of_these = log.iter().filter(|one| one.state == state && one.reason.as_deref() == reason);
            let naive: i64 = of_these
                .map(|one| {
                    let until = one.until.unwrap_or(end).min(end);
                    (until.as_micros() - one.since.max(from).as_micros()).max(0)
                })
                .sum();
            let said = stats.time_ms(|total| total.state == state && total.reason.as_deref() == reason);
            assert_eq!(said, naive as u64 / 1_000, "{state:?} {reason:?}");
        }
    }
    if let Some((first, last)) = stats.activity() {
        assert!(from <= first && first <= last && last <= end);
    }
}

/// What is counted is what is listed; a later disposition stands in place of a former one, and one that says nothing
/// behind any other.
pub(crate) async fn figures_of_calls_are_those_of_the_list(on: On) {
    let world = World::open(on).await;
    for n in 1..=7 {
        let call = world.ring(10 * n);
        match n {
            1..=5 => world.talk_and_hang_up(call),
            6 => world.ring_out(call),
            _ => world.hang_up(call),
        }
    }
    let given = |n: u64, code: &str, is_success: bool| {
        let callback = is_success.then(|| WantedCallback {
            number: "+442070000009".to_owned(),
            due_at: Some(at(99)),
            agent: Some(AGENT),
            zone: Some("Europe/London".to_owned()),
        });
        world.append(Entry::Disposition(Box::new(Disposition {
            call: CallId(u128::from(10 * n)),
            agent: AGENT,
            code: code.to_owned(),
            label: code.to_uppercase(),
            is_success,
            note: Some("a note".to_owned()),
            callback,
            at: at(10 * n + 9),
            by: "demo".to_owned(),
        })));
    };
    given(1, "sold", true);
    given(1, NOT_SET, false);
    given(2, NOT_SET, false);
    given(2, "sold", true);
    given(3, "sold", true);
    given(3, "refused", false);
    given(4, NOT_SET, false);
    world.applied().await;
    let all = calls(&world, None).await;
    let counted = calls(&world, Some(true)).await;
    let codes: Vec<_> = all.iter().map(|call| call.disposition.as_ref().map(|given| given.code.as_str())).collect();
    assert_eq!(codes, [None, None, None, Some(NOT_SET), Some("refused"), Some("sold"), Some("sold")], "newest first");
    assert!(all.iter().all(|call| call.counts() == counted.contains(call)));
    let stats = world.database.agent_stats("demo", "1001", (at(0), at(1_000)), at(1_000)).await.unwrap();
    let count = |wanted: &dyn Fn(&AgentCall) -> bool| all.iter().filter(|call| wanted(call)).count() as u64;
    assert_eq!(stats.total_calls, counted.len() as u64);
    assert_eq!((stats.total_calls, stats.calls_handled, stats.calls_missed, stats.successes), (5, 5, 1, 2));
    assert_eq!(stats.calls_missed, count(&|call| call.missed));
    assert_eq!(stats.talk_in_calls_ms, counted.iter().map(|call| call.talk_ms).sum::<u64>());
    let of_one = world.database.call_dispositions("demo", CallId(10)).await.unwrap();
    assert_eq!((of_one.len(), of_one[0].code.as_str(), of_one[0].is_success), (1, "sold", true));
    let callback = of_one[0].callback.as_ref().unwrap();
    assert_eq!(callback.due_at, Some(at(99)));
    assert_eq!((callback.agent.as_deref(), callback.zone.as_deref()), (Some("1001"), Some("Europe/London")));
    let elsewhere = world.database.agent_stats("other", "1001", (at(0), at(1_000)), at(1_000)).await.unwrap();
    assert_eq!(elsewhere, AgentStats::default());
}

/// All pages of the list.
async fn calls(world: &World, counted: Option<bool>) -> Vec<AgentCall> {
    let (account, agent) = ("demo".to_owned(), "1001".to_owned());
    let mut filter = AgentCallFilter { account, agent, from: at(0), to: at(1_000), counted, cursor: None, limit: 2 };
    let mut all = Vec::new();
    loop {
        let (page, more) = world.database.agent_calls(&filter).await.unwrap();
        filter.cursor = page.last().map(AgentCall::place);
        all.extend(page);
        if !more {
            return all;
        }
    }
}

const STATES: [AgentState; 6] = [
    AgentState::Offline,
    AgentState::Ready,
    AgentState::Reserved,
    AgentState::OnCall,
    AgentState::WrapUp,
    AgentState::Paused,
];
