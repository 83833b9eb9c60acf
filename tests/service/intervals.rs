//! The log of an agent's states: intervals without gap or overlap, also over a crash, and figures that agree with them.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::queue_calls::talk;
use crate::support::{Node, NodeConfig, unique, until};

/// An interval of the API, with times in microseconds.
#[derive(Clone, Debug)]
struct Interval {
    state: String,
    reason: Option<String>,
    cause: String,
    since: i64,
    until: Option<i64>,
}

impl Interval {
    fn of(value: &Value) -> Self {
        let text = |field: &str| value[field].as_str().map(str::to_owned);
        Self {
            state: text("state").expect("a state"),
            reason: text("reason"),
            cause: text("cause").expect("a cause"),
            since: micros(value["since"].as_str().expect("a begin")),
            until: value["until"].as_str().map(micros),
        }
    }

    /// How much of it lies in a span.
    fn within(&self, from: i64, to: i64) -> i64 {
        (self.until.unwrap_or(to).min(to) - self.since.max(from)).max(0)
    }
}

/// All of them, page by page.
fn intervals(node: &Node, extension: &str) -> Vec<Value> {
    let (mut all, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = node.http().get(&format!("/v1/agents/{extension}/intervals?limit=4{cursor}")).json();
        all.extend(page["data"].as_array().expect("a page").iter().cloned());
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return all,
        }
    }
}

#[track_caller]
fn assert_tile(intervals: &[Interval]) {
    for pair in intervals.windows(2) {
        assert_eq!(pair[0].until, Some(pair[1].since), "no gap, no overlap: {intervals:#?}");
    }
    assert!(intervals.iter().all(|one| one.until.is_none_or(|until| until >= one.since)), "{intervals:#?}");
    assert_eq!(intervals.last().map(|last| last.until), Some(None), "the present is open: {intervals:#?}");
}

#[test]
fn they_tile_over_a_crash_and_my_stats_agree_with_them() {
    let config = NodeConfig::demo()
        .queue_times(15, 120, 60)
        .push("pause_reason", "name = \"lunch\"\nkind = \"break\"")
        .push("pause_reason", "name = \"training\"")
        .push("disposition", "code = \"sold\"\nis_success = true");
    let mut node = Node::start(config);
    let phone = node.registered("1001");
    let state = |node: &Node, body: Value| {
        assert_eq!(node.http().put("/v1/agents/1001/state", &body).status, 200, "{body}");
    };
    let (mut caller, agent) = talk(&node, &phone);
    caller.bye();
    agent.expect_bye();
    node.http().wait_agent("1001", "wrap_up");
    let call = node.http().record_of(&caller.id)["id"].as_str().expect("an id").to_owned();
    let sold = node.http().post(&format!("/v1/calls/{call}/disposition"), &unique(), &json!({"code": "sold"}));
    assert_eq!((sold.status, &sold.json()["state"]), (200, &"ready".into()));
    state(&node, json!({"state": "paused", "reason": "lunch"}));
    state(&node, json!({"state": "paused", "reason": "training"}));
    state(&node, json!({"state": "ready"}));
    let (_caller, _agent) = talk(&node, &phone);
    // What happened in the last moment before a crash may not be written; this conversation is.
    let last = || intervals(&node, "1001").pop();
    until("the conversation in the log", last, |row| row.as_ref().is_some_and(|row| row["state"] == "on_call"));

    let killed = now();
    node.kill();
    let dead = now();
    node.restart();
    let started = now();
    node.http().wait_agent("1001", "ready");

    let rows = until(
        "the present in the log",
        || intervals(&node, "1001"),
        |rows| {
            let down = rows.iter().position(|row| row["reason"] == "node_down");
            down.is_some_and(|down| rows[down..].iter().any(|row| row["state"] == "ready" && row["until"].is_null()))
        },
    );
    let log: Vec<Interval> = rows.iter().map(Interval::of).collect();
    assert_tile(&log);
    let down: Vec<&Interval> = log.iter().filter(|one| one.reason.as_deref() == Some("node_down")).collect();
    let [down] = down[..] else { panic!("one stretch: {log:#?}") };
    assert_eq!((down.state.as_str(), down.cause.as_str()), ("offline", "node_down"));
    // The node was up at least until its last entry, and is not said to be up when it was not.
    assert!(down.since <= dead && killed - down.since <= 6_000_000, "{down:?}, killed at {killed}");
    assert!(down.until.is_some_and(|until| (dead..=started).contains(&until)), "{down:?}, {dead} to {started}");
    let before = log.iter().rev().find(|one| one.since < down.since).expect("what was before");
    assert_eq!(before.state, "on_call", "{log:#?}");
    assert_stats(&node, &rows, &log);
}

/// The figures from the first state to the last that is over are the sums of the intervals between.
fn assert_stats(node: &Node, rows: &[Value], log: &[Interval]) {
    let (first, last) = (&rows[0]["since"], &rows[rows.len() - 1]["since"]);
    let (from, to) = (log[0].since, log[log.len() - 1].since);
    let span = format!("from={}&to={}", first.as_str().expect("a time"), last.as_str().expect("a time"));
    let stats = node.http().get(&format!("/v1/agents/1001/stats?{span}")).json();
    let sum = |is_wanted: &dyn Fn(&Interval) -> bool| -> i64 {
        log.iter().filter(|one| is_wanted(one)).map(|one| one.within(from, to)).sum::<i64>() / 1_000
    };
    let of = |state: &'static str| move |one: &Interval| one.state == state;
    let because = |reason: &'static str| move |one: &Interval| one.reason.as_deref() == Some(reason);
    let expected = [
        ("login_ms", sum(&|one| one.state != "offline")),
        ("available_ms", sum(&of("ready"))),
        ("reserved_ms", sum(&of("reserved"))),
        ("talk_ms", sum(&of("on_call"))),
        ("wrap_up_ms", sum(&of("wrap_up"))),
        ("pause_ms", sum(&of("paused"))),
        ("break_ms", sum(&because("lunch"))),
        ("unknown_ms", sum(&because("node_down"))),
    ];
    for (field, wanted) in expected {
        let shown = stats[field].as_i64().expect("a figure");
        assert!(wanted > 0 && (shown - wanted).abs() <= 1, "{field} is {shown}, not {wanted}: {stats:#} of {log:#?}");
    }
    let calls = node.http().get(&format!("/v1/agents/1001/calls?{span}")).json();
    let counted = calls["data"].as_array().into_iter().flatten().filter(|call| call["counted"] == true).count();
    assert_eq!((stats["total_calls"].as_u64(), counted), (Some(2), 2), "{stats:#} {calls:#}");
    assert_eq!((&stats["calls_handled"], &stats["successes"]), (&json!(2), &json!(1)), "{stats:#}");
    assert_eq!(stats["conversion_rate"], 0.5);
    let active = log.iter().filter(|one| one.state != "offline" && one.since < to);
    let (begins, ends): (Vec<_>, Vec<_>) = active.map(|one| (one.since, one.until.unwrap_or(to).min(to))).unzip();
    let shown = |field: &str| stats[field].as_str().map(micros);
    assert_eq!(shown("first_activity_at"), begins.into_iter().min());
    assert_eq!(shown("last_activity_at"), ends.into_iter().max());
}

fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
    i64::try_from(since.as_micros()).expect("a time")
}

/// `2026-07-30T12:34:56.000001Z` (days from a date: Hinnant, chrono-compatible low-level date algorithms).
fn micros(time: &str) -> i64 {
    let number = |range: std::ops::Range<usize>| {
        time.get(range).and_then(|text: &str| text.parse::<i64>().ok()).expect("digits")
    };
    let (year, month, day) = (number(0..4), number(5..7), number(8..10));
    let year = if month <= 2 { year - 1 } else { year };
    let of_year = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + day - 1;
    let of_era = year.rem_euclid(400) * 365 + year.rem_euclid(400) / 4 - year.rem_euclid(400) / 100 + of_year;
    let days = year.div_euclid(400) * 146_097 + of_era - 719_468;
    let seconds = days * 86_400 + number(11..13) * 3_600 + number(14..16) * 60 + number(17..19);
    seconds * 1_000_000 + number(20..26)
}
