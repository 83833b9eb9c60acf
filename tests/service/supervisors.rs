//! What supervisors do with waiting calls and agents, with SIPp as carrier and phones; and what they see meanwhile:
//! figures as a stream, an alert, and a report that counts the same.

use serde_json::{Value, json};

use crate::queue_calls::talk;
use crate::support::{
    EventStream, Node, NodeConfig, Running, SUPPORT, Sipp, free_port, postgres_database, unique, until,
};

/// One agent a queue, and 1040 who is in neither.
fn two_queues() -> NodeConfig {
    let config = NodeConfig::demo().queue_times(15, 120, 0);
    config.set("queue.0.agents", vec!["1001"]).set("queue.1.agents", vec!["1002"])
}

/// A SIPp in the queue, behind those who wait already; it stays until it gets a BYE. Its call's id.
fn waiting(node: &Node, from: &str, place: u64) -> (Running, String) {
    let caller = Sipp::carrier(node, "caller_waits_for_bye").key("to", SUPPORT).key("from", from).start();
    node.http().wait_waiting("support", place);
    let own = || line(node, "support").into_iter().find(|call| call["from"] == from);
    let call = until("the call in the list", own, Option::is_some);
    (caller, call.expect("just seen")["call_id"].as_str().expect("an id").to_owned())
}

/// A SIPp phone that answers so many calls and hangs up after a moment.
fn phone(node: &Node, extension: &str, calls: &str) -> Running {
    let port = free_port("127.0.0.1");
    Sipp::phone(node, "register", extension, port).run();
    let phone = Sipp::phone(node, "answer_and_hang_up", extension, port).with("TALK_MS", "200").args(&["-m", calls]);
    phone.start().listening("127.0.0.1", port)
}

/// Who waits in a queue, in order.
fn line(node: &Node, queue: &str) -> Vec<Value> {
    let page = node.http().get(&format!("/v1/queues/{queue}/calls")).json();
    page["data"].as_array().cloned().unwrap_or_default()
}

#[track_caller]
fn until_line(node: &Node, queue: &str, expected: &[&str]) {
    let ids = || -> Vec<Value> { line(node, queue).iter().map(|call| call["call_id"].clone()).collect() };
    until(&format!("the line of {queue}"), ids, |ids| ids == expected);
}

#[track_caller]
fn order(node: &Node, call: &str, verb: &str, body: Value) {
    let done = node.http().post(&format!("/v1/calls/{call}/{verb}"), &unique(), &body);
    assert!([200, 202].contains(&done.status), "{verb}: {}", done.text());
}

fn set_state(node: &Node, extension: &str, state: &str) {
    let changed = node.http().put(&format!("/v1/agents/{extension}/state"), &json!({ "state": state }));
    assert_eq!(changed.status, 200, "{}", changed.text());
}

#[test]
fn waiting_calls_of_sipp_go_where_a_supervisor_sends_them() {
    let node = Node::start(two_queues());
    let (first, a) = waiting(&node, "+447700900001", 1);
    let (second, b) = waiting(&node, "+447700900002", 2);
    let (third, c) = waiting(&node, "+447700900003", 3);
    let (fourth, d) = waiting(&node, "+447700900004", 4);
    until_line(&node, "support", &[&a, &b, &c, &d]);
    order(&node, &c, "prioritise", json!({"priority": 10}));
    until_line(&node, "support", &[&c, &a, &b, &d]);
    order(&node, &a, "requeue", json!({"keep_arrival": false}));
    until_line(&node, "support", &[&c, &b, &d, &a]);
    order(&node, &b, "move", json!({"queue": "sales"}));
    until_line(&node, "sales", &[&b]);
    until_line(&node, "support", &[&c, &d, &a]);

    order(&node, &d, "hangup", json!({}));
    fourth.finish();
    let over = node.http().post(&format!("/v1/calls/{d}/prioritise"), &unique(), &json!({"priority": 1}));
    over.assert_problem(409, "call_ended");

    // To an agent of no queue at all; the others wait on.
    let outsider = phone(&node, "1040", "1");
    node.http().wait_agent("1040", "ready");
    order(&node, &c, "pull", json!({"agent": "1040"}));
    outsider.finish();
    third.finish();
    assert_eq!(record(&node, &c)["agent"], "1040");

    // A supervisor signs the agents of both queues on.
    set_state(&node, "1001", "paused");
    let own = phone(&node, "1001", "1");
    node.http().wait_agent("1001", "paused");
    let not_ready = node.http().post(&format!("/v1/calls/{a}/pull"), &unique(), &json!({"agent": "1001"}));
    not_ready.assert_problem(409, "agent_not_ready");
    set_state(&node, "1001", "ready");
    own.finish();
    first.finish();
    let of_sales = phone(&node, "1002", "1");
    of_sales.finish();
    second.finish();
    assert_eq!((&record(&node, &a)["agent"], &record(&node, &b)["agent"]), (&json!("1001"), &json!("1002")));
    assert_eq!(record(&node, &b)["queue"], "sales");
    let journey = node.http().journey(&record(&node, &b));
    assert_eq!(journey.iter().filter(|step| *step == "queue.moved").count(), 1, "{journey:?}");
}

/// The record of an ended call.
fn record(node: &Node, call: &str) -> Value {
    let ask = || node.http().get(&format!("/v1/calls/{call}")).json();
    until("the call's end", ask, |call| !call["ended_at"].is_null())
}

#[test]
fn a_wallboard_sees_a_queue_fill_and_an_alert_come_and_go() {
    let mut node = Node::start(two_queues().set("queue.0.alert_longest_wait_s", 1));
    let mut board = EventStream::open(node.http(), "/v1/events?topics=queues", None);
    let (caller, call) = waiting(&node, "+447700900001", 1);
    let next = |board: &mut EventStream, kind: &str, wanted: &dyn Fn(&Value) -> bool| loop {
        let event = board.next();
        if event.kind == kind && wanted(&event.data["data"]) {
            return event.data["data"].clone();
        }
    };
    let of_support = |data: &Value| data["queue"]["name"] == "support";
    let filled = next(&mut board, "queue.stats", &|data| of_support(data) && data["queue"]["waiting"] == 1);
    assert_eq!((&filled["queue"]["agents"]["offline"], &filled["day"]["offered"]), (&json!(1), &json!(1)));
    let raised = next(&mut board, "queue.alert", &|data| data["state"] == "raised");
    assert_eq!((&raised["queue"], &raised["alert"]), (&json!("support"), &json!("longest_wait")));
    assert!(raised["value"].as_f64() > raised["threshold"].as_f64(), "{raised}");
    let line = "trunkline_queue_alert{alert=\"longest_wait\",queue=\"support\"}";
    assert_eq!(node.http().metric(line), 1.0);
    let shown = node.http().get("/v1/queues/support").json();
    assert_eq!(shown["alerts"][0]["alert"], "longest_wait", "{shown}");
    assert!(node.http().metric("trunkline_queue_longest_wait_seconds{queue=\"support\"}") > 1.0);

    // Without its threshold an alert cannot stand.
    node.edit(|config| config.without("queue.0.alert_longest_wait_s"));
    let reloaded = node.command("reload", &[]);
    assert!(reloaded.status.success(), "{reloaded:?}");
    let cleared = next(&mut board, "queue.alert", &|data| data["state"] == "cleared");
    assert_eq!((&cleared["queue"], &cleared["alert"]), (&json!("support"), &json!("longest_wait")));
    assert_eq!(node.http().metric(line), 0.0);
    order(&node, &call, "hangup", json!({}));
    caller.finish();
    let empty = next(&mut board, "queue.stats", &|data| of_support(data) && data["queue"]["waiting"] == 0);
    assert_eq!((&empty["day"]["ended"], &empty["day"]["waiting"]), (&json!(1), &json!(0)), "{empty}");
}

#[test]
fn live_figures_are_what_reports_count_on_both_databases_and_after_a_crash() {
    for config in [two_queues(), two_queues().set("node.database", postgres_database())] {
        let mut node = Node::start(config.set("node.time_zone", "Asia/Kolkata"));
        let agent = node.registered("1001");
        for _ in 0..2 {
            let (mut caller, answered) = talk(&node, &agent);
            caller.bye();
            answered.expect_bye();
            node.http().record_of(&caller.id);
            node.http().wait_agent("1001", "ready");
        }
        set_state(&node, "1001", "paused");
        let callers: Vec<_> = (1..=4)
            .map(|place| {
                let mut caller = node.carrier.named(&format!("+44770090000{place}")).call(SUPPORT);
                caller.expect_final(200);
                node.http().wait_waiting("support", place);
                caller
            })
            .collect();
        let [mut gives_up, mut moved, ended, waits] = callers.try_into().ok().expect("four");
        let id =
            |call: &crate::support::Call| node.http().call_with(&call.id)["id"].as_str().expect("an id").to_owned();
        gives_up.bye();
        order(&node, &id(&moved), "move", json!({"queue": "sales"}));
        node.http().wait_waiting("sales", 1);
        moved.bye();
        order(&node, &id(&ended), "hangup", json!({}));
        ended.expect_bye();
        for call in [&gives_up, &moved, &ended] {
            node.http().record_of(&call.id);
        }
        let counts = json!({"offered": 6, "answered": 2, "abandoned": 1, "moved": 1, "ended": 1, "waiting": 1});
        agree(&node, "support", &counts);
        agree(&node, "sales", &json!({"offered": 1, "abandoned": 1, "waiting": 0}));
        agree_with_calls(&node);
        // Another goal is one for all calls of the day, also for those that ended before.
        node.edit(|config| config.set("queue.0.short_abandon_s", 60).set("queue.0.service_level_s", 61));
        assert!(node.command("reload", &[]).status.success());
        agree(&node, "support", &json!({"offered": 6, "abandoned_short": 1, "abandoned_in_time": 1}));
        node.kill();
        node.restart();
        drop(waits);
        agree(&node, "support", &json!({"offered": 6, "answered": 2, "ended": 2, "waiting": 0, "abandoned_short": 1}));
        agree_with_calls(&node);
    }
}

#[test]
fn colleagues_in_a_queue_are_in_no_figure() {
    let node = Node::start(two_queues());
    let colleague = node.registered("1040");
    let mut call = colleague.call(SUPPORT);
    call.expect_final(200);
    node.http().wait_waiting("support", 1);
    call.bye();
    assert_eq!(node.http().record_of(&call.id)["internal"], true);
    let (caller, id) = waiting(&node, "+447700900001", 1);
    order(&node, &id, "hangup", json!({}));
    caller.finish();
    record(&node, &id);
    let figures = || node.http().get("/v1/queues/support/figures").json()["day"].clone();
    let live = until("the caller in the figures", figures, |day| day["ended"] == 1);
    assert_eq!((&live["offered"], &live["abandoned"]), (&json!(1), &json!(0)), "{live:#}");
    let report = node.http().get("/v1/reports/queues?by=whole&queue=support").json();
    assert_eq!(report["data"][0]["offered"], 1, "{report:#}");
    let visits = node.http().get("/v1/queue-visits").json();
    assert_eq!(visits["data"].as_array().map(Vec::len), Some(1), "{visits:#}");
}

/// The journal grows all the time: there is no moment at which somebody who follows it has read it all.
#[test]
fn a_wallboard_stands_again_under_load() {
    let mut node = Node::start(two_queues());
    let figures = |node: &Node| node.http().get("/v1/queues/support/figures").json()["day"].clone();
    let callers = Sipp::carrier(&node, "caller_waits_for_bye").key("to", SUPPORT).key("from", "+447700900001");
    let load = callers.args(&["-r", "100", "-m", "3000", "-l", "3000"]).start();
    until("callers in the figures", || figures(&node), |day| day["offered"].as_u64() > Some(50));
    node.kill();
    node.restart();
    let before = until("figures", || figures(&node), |day| day["ended"].as_u64() > Some(50));
    until("more callers", || figures(&node), |day| day["waiting"].as_u64() > before["waiting"].as_u64());
    drop(load);
}

/// The live figures of the day and the report since it began say the same, and this.
#[track_caller]
fn agree(node: &Node, queue: &str, expected: &Value) {
    let live = || node.http().get(&format!("/v1/queues/{queue}/figures")).json();
    let has = |row: &Value| expected.as_object().expect("counts").iter().all(|(name, count)| row[name] == *count);
    let figures = until(&format!("figures of {queue}"), live, |figures| has(&figures["day"]));
    let began = figures["day_began_at"].as_str().expect("a time");
    assert!(began.contains("T18:30:00"), "midnight in the node's time zone: {began}");
    let report = format!("/v1/reports/queues?queue={queue}&entered_at[gte]={began}");
    let report = until("the report", || node.http().get(&report).json(), |report| has(&report["data"][0]));
    let (live, counted) = (&figures["day"], &report["data"][0]);
    for (name, count) in counted.as_object().expect("a row") {
        if count.is_u64() && !live[name].is_null() {
            assert_eq!(live[name], *count, "{name}: {live:#} {counted:#}");
        }
    }
    let levels: Vec<&Value> =
        live["service_levels"].as_array().expect("rates").iter().map(|rate| &rate["value"]).collect();
    let of_report = &counted["service_levels"];
    assert_eq!(levels, ["a", "b", "c", "d", "e"].map(|letter| &of_report[letter]));
}

/// A naive count over the list of calls and their journeys.
#[track_caller]
fn agree_with_calls(node: &Node) {
    let calls = node.http().calls("");
    let journeys: Vec<Vec<String>> = calls.iter().map(|call| node.http().journey(call)).collect();
    let entered: usize = journeys.iter().flatten().filter(|step| *step == "queue.entered").count();
    let whole = node.http().get("/v1/reports/queues?by=whole").json();
    let row = &whole["data"][0];
    assert_eq!(row["offered"], entered, "{row:#}");
    assert_eq!(row["answered"], calls.iter().filter(|call| call["agent"] == "1001").count(), "{row:#}");
    let given_up = calls.iter().filter(|call| call["status"] == "canceled" && call["cause"]["who"] == "caller").count();
    assert_eq!(row["abandoned"], given_up, "{row:#}");
}
