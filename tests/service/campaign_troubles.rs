//! What lines, phones and people do to a campaign that nobody planned: no attempt without its one end, nobody stuck, and
//! the counts are those of the calls.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::campaign::{Campaign, called, demo, nothing_is_dialed, number, on_duty};
use crate::support::{Call, EventStream, Node, NodeConfig, SALES, unique, until};

/// No wrap-up: who has talked is ready for the next.
pub(crate) fn quick() -> NodeConfig {
    demo().queue_times(15, 120, 0)
}

fn desk(campaign: &Campaign<'_>, extension: &str) -> Value {
    campaign.node.http().get(&format!("{}/agents/{extension}", campaign.path)).json()
}

fn hand(campaign: &Campaign<'_>, extension: &str, verb: &str) -> crate::support::Response {
    campaign.node.http().send("POST", &format!("{}/agents/{extension}/{verb}", campaign.path), &[], None)
}

fn shown(campaign: &Campaign<'_>, extension: &str) -> Value {
    until("a lead", || desk(campaign, extension)["lead"].clone(), |lead| lead["doing"] == "shown")
}

fn dispose(node: &Node, call: &str, said: Value) -> crate::support::Response {
    node.http().post(&format!("/v1/calls/{call}/disposition"), &unique(), &said)
}

/// Each attempt has ended once, as its call's record says, and the campaign's counts are those of its attempts.
pub(crate) fn assert_reconciled(campaign: &Campaign<'_>, attempts: usize) -> Vec<Value> {
    let http = campaign.node.http();
    let all = campaign.attempts(|all| {
        all.len() == attempts && all.iter().all(|one| one["ended_at"].is_string() && one["outcome"].is_string())
    });
    for attempt in &all {
        let Some(call) = attempt["call_id"].as_str() else { continue };
        let record =
            until("the record", || http.get(&format!("/v1/calls/{call}")).json(), |call| call["ended_at"].is_string());
        assert_eq!(record["to"], attempt["number"], "{record:#}");
        let talked = attempt["connected_at"].is_string();
        assert_eq!(record["answered_at"].is_string() && record["agent"].is_string(), talked, "{record:#} {attempt:#}");
        // What a crash cut has ended by it.
        let is_left = attempt["outcome"] == "abandoned" && record["cause"]["code"] != "node_restart";
        assert_eq!(record["cause"]["code"] == "abandoned", is_left, "{record:#} {attempt:#}");
    }
    let count = |fits: &dyn Fn(&Value) -> bool| json!(all.iter().filter(|one| fits(one)).count());
    let outcome = |word: &'static str| move |one: &Value| one["outcome"] == word;
    let expected = [
        ("attempts", count(&|_| true)),
        ("answered", count(&|one| one["answered_at"].is_string())),
        ("abandoned", count(&outcome("abandoned"))),
        ("served", count(&|one| one["outcome"] == "connected" || one["outcome"] == "message")),
    ];
    let is_same = |total: &Value| expected.iter().all(|(name, value)| total[*name] == *value);
    until(&format!("the counts {expected:?}"), || campaign.seen()["total"].clone(), is_same);
    let seen = campaign.seen();
    assert_eq!(seen["in_flight"], 0, "{seen:#}");
    assert_eq!(http.metric("trunkline_facts_repaired_total"), 0.0);
    all
}

#[test]
fn odd_lines_and_agents_leave_each_attempt_with_one_end() {
    let node = Node::start(quick());
    let (_phone, leg) = on_duty(&node, "1001");
    let campaign = Campaign::started(&node, 5, json!({"recycle": {}}));
    // Early media, and then busy.
    let busy = node.carrier.expect_call();
    busy.reply_with_sdp(183);
    busy.reject(486);
    let nobody = node.http().record_of(&busy.id)["id"].as_str().expect("an id").to_owned();
    let problem = dispose(&node, &nobody, json!({"code": "later"})).assert_problem(422, "invalid_body");
    assert_eq!(problem["errors"][0]["pointer"], "#/agent", "nobody talked: {problem:#}");
    // Answered, and gone in the same moment.
    let mut gone = node.carrier.expect_call();
    gone.answer();
    gone.bye();
    node.http().wait_agent("1001", "ready");
    // Paused while it rings: whoever answers then has his agent.
    let mut late = node.carrier.expect_call();
    late.reply(180);
    campaign.step("pause");
    late.answer();
    node.http().wait_agent("1001", "on_call");
    late.bye();
    node.http().wait_agent("1001", "ready");
    nothing_is_dialed(&node, Duration::from_millis(800));
    // The agent's phone hangs up in the middle: so is the customer's call over, and the next is not dialed for him.
    campaign.step("start");
    let left = node.carrier.expect_call();
    left.answer();
    node.http().wait_agent("1001", "on_call");
    let mut leg = leg;
    leg.bye();
    left.expect_bye();
    until("no standing leg", || node.http().agent("1001"), |agent| agent["standing_leg"] == "none");
    nothing_is_dialed(&node, Duration::from_millis(1_200));
    campaign.step("stop");
    let all = assert_reconciled(&campaign, 4);
    let outcomes: Vec<&str> = all.iter().filter_map(|one| one["outcome"].as_str()).collect();
    assert_eq!(outcomes[0], "busy");
    assert_eq!(outcomes[2..], ["connected", "connected"], "{all:#?}");
}

#[test]
fn whom_his_agent_sends_on_is_not_abandoned_by_the_next_queue() {
    let node = Node::start(quick().set("queue.1.wait_max_s", 2));
    let (_phone, mut leg) = on_duty(&node, "1001");
    let campaign = Campaign::started(&node, 1, json!({"recycle": {}}));
    let customer = node.carrier.expect_call();
    customer.answer();
    node.http().wait_agent("1001", "on_call");
    let begun = Instant::now();
    leg.refer(&format!("sip:{SALES}@demo.local"));
    leg.notified();
    node.http().wait_waiting("sales", 1);
    // The voicemail of that queue, after its own limit.
    let call = node.http().call_with(&customer.id);
    let journey = || node.http().journey(&call);
    until("the voicemail", journey, |kinds| kinds.iter().any(|kind| kind == "queue.overflowed"));
    assert!(begun.elapsed() > Duration::from_millis(1_900));
    let mut customer = customer;
    customer.bye();
    campaign.step("stop");
    let attempt = campaign.outcomes(&["connected"]).remove(0);
    assert_eq!((&attempt["agent"], &attempt["abandoned_at"]), (&json!("1001"), &Value::Null), "{attempt:#}");
    node.http().wait_agent("1001", "ready");
    let counted = |total: &Value| (&total["served"], &total["abandoned"]) == (&json!(1), &json!(0));
    until("the counts", || campaign.seen()["total"].clone(), counted);
}

#[test]
fn a_preview_is_accepted_once_passed_on_and_dialed_by_itself() {
    let node = Node::start(quick());
    let _agent = on_duty(&node, "1001");
    let campaign = Campaign::started(&node, 3, json!({"pacing": "preview", "preview_limit_s": 5, "recycle": {}}));
    assert_eq!(shown(&campaign, "1001")["number"], number(0));
    assert_eq!(hand(&campaign, "1001", "accept-lead").status, 200);
    hand(&campaign, "1001", "accept-lead").assert_problem(409, "agent_not_ready");
    let mut one = node.carrier.expect_call();
    nothing_is_dialed(&node, Duration::from_millis(500));
    one.answer();
    node.http().wait_agent("1001", "on_call");
    hand(&campaign, "1001", "skip-lead").assert_problem(409, "no_lead");
    one.bye();
    // The second is dialed without a word, when the time is over.
    assert_eq!(shown(&campaign, "1001")["number"], number(1));
    let since = Instant::now();
    let two = node.carrier.expect_call();
    assert!(since.elapsed() > Duration::from_secs(4), "{:?}", since.elapsed());
    hand(&campaign, "1001", "accept-lead").assert_problem(409, "agent_not_ready");
    two.reject(486);
    // The last one is passed on, and there is none.
    assert_eq!(shown(&campaign, "1001")["number"], number(2));
    let skipped = hand(&campaign, "1001", "skip-lead");
    assert_eq!((skipped.status, &skipped.json()["lead_id"]), (200, &Value::Null), "{}", skipped.text());
    hand(&campaign, "1001", "skip-lead").assert_problem(409, "no_lead");
    hand(&campaign, "1001", "next-lead").assert_problem(409, "no_lead");
    nothing_is_dialed(&node, Duration::from_millis(500));
    campaign.step("stop");
    assert_reconciled(&campaign, 2);
}

#[test]
fn what_is_said_twice_late_or_wrongly_of_a_conversation() {
    let never = "code = \"never\"\nlabel = \"Never again\"";
    let node = Node::start(quick().push("disposition", never));
    let _agent = on_duty(&node, "1001");
    let more = json!({"recycle": {}, "dispositions": {"later": {"action": "again", "after_s": 3600}, "never": {"action": "do_not_call"}}});
    let campaign = Campaign::started(&node, 2, more);
    let talk = || {
        let customer: Call = node.carrier.expect_call();
        customer.answer();
        let talks = || node.http().call_with(&customer.id);
        let call = until("the call", talks, |call| call["agent"] == "1001")["id"].as_str().expect("an id").to_owned();
        (customer, call)
    };
    let (mut one, first) = talk();
    // While he talks: one that is none, one in the past, somebody else's, and then two of his own: the last counts.
    dispose(&node, &first, json!({"code": "nonsense"})).assert_problem(422, "invalid_body");
    dispose(&node, &first, json!({"code": "later", "agent": "1002"})).assert_problem(422, "invalid_body");
    dispose(&node, &first, json!({"code": "later", "agent": "9999"})).assert_problem(404, "agent_not_found");
    assert_eq!(dispose(&node, &first, json!({"code": "never"})).status, 200);
    assert_eq!(dispose(&node, &first, json!({"code": "later"})).status, 200);
    one.bye();
    campaign.lead(0, "retry");
    let listed = node.http().get("/v1/dnc").json();
    assert!(!listed["data"].to_string().contains(&number(0)), "the last word counts: {listed:#}");
    // The next call has begun: what is said of the first one is of the first one.
    let (mut two, second) = talk();
    assert_ne!(first, second);
    assert_eq!(dispose(&node, &first, json!({"code": "never", "agent": "1001"})).status, 200);
    until(
        "on the list",
        || node.http().get("/v1/dnc").json(),
        |listed| listed["data"].to_string().contains(&number(0)),
    );
    campaign.lead(0, "done");
    let sees = || desk(&campaign, "1001")["lead"]["number"].clone();
    until("he sees with whom he talks", sees, |seen| *seen == number(1));
    two.bye();
    assert_eq!(dispose(&node, &second, json!({"code": "later", "agent": "1001"})).status, 200);
    campaign.lead(1, "retry");
    campaign.step("stop");
    assert_reconciled(&campaign, 2);
}

#[test]
fn an_agent_who_is_taken_off_talks_on_and_logs_in_once() {
    let node = Node::start(quick());
    let (phone, _leg) = on_duty(&node, "1001");
    let campaign = Campaign::started(&node, 3, json!({"recycle": {}, "agents": ["1001"]}));
    // Twice logged in: one leg.
    let again = node.http().post("/v1/agents/1001/connect", &unique(), &json!({}));
    assert_eq!((again.status, &again.json()["standing_leg"]), (200, &json!("up")), "{}", again.text());
    let mut customer = node.carrier.expect_call();
    customer.answer();
    node.http().wait_agent("1001", "on_call");
    assert!(phone.take(Duration::from_millis(300), |msg| msg.is_request("INVITE")).is_none());
    let done = node.http().put(&format!("{}/agents", campaign.path), &json!({"agents": ["1002"]}));
    assert_eq!(done.status, 200, "{}", done.text());
    assert_eq!(desk(&campaign, "1001")["lead"]["doing"], "talking", "{:#}", desk(&campaign, "1001"));
    std::thread::sleep(Duration::from_millis(500));
    assert_eq!(node.http().agent("1001")["state"], "on_call");
    let call = node.http().call_with(&customer.id)["id"].as_str().expect("an id").to_owned();
    assert_eq!(dispose(&node, &call, json!({"code": "later", "agent": "1001"})).status, 200);
    customer.bye();
    node.http().wait_agent("1001", "ready");
    nothing_is_dialed(&node, Duration::from_millis(1_200));
    campaign.lead(0, "done");
    campaign.step("stop");
    assert_reconciled(&campaign, 1);
}

/// Killed while an agent talks, while one looks at a lead, while a message is played, while a number was just dialed.
#[test]
fn killed_in_each_state_no_lead_is_dialed_twice_or_lost_and_the_counts_are_a_recount() {
    let mut node = Node::start(quick());
    let agent = on_duty(&node, "1001");
    let (path, leads, first) = {
        let campaign = Campaign::started(&node, 4, json!({"recycle": {}, "pacing": "preview"}));
        let first = shown(&campaign, "1001")["number"].clone();
        (campaign.path.clone(), campaign.leads.clone(), first)
    };
    // He looks at a lead: it is shown again.
    node.kill();
    node.restart();
    agent.1.expect_bye();
    let leg = agent.0.expect_call();
    leg.answer();
    {
        let campaign = Campaign { node: &node, path: path.clone(), leads: leads.clone() };
        assert_eq!(shown(&campaign, "1001")["number"], first);
        assert_eq!(hand(&campaign, "1001", "accept-lead").status, 200);
    }
    // It was just dialed.
    let ringing = node.carrier.expect_call();
    node.kill();
    node.restart();
    ringing.expect_cancel();
    leg.expect_bye();
    let leg = agent.0.expect_call();
    leg.answer();
    let talking = {
        let campaign = Campaign { node: &node, path: path.clone(), leads: leads.clone() };
        assert_ne!(shown(&campaign, "1001")["number"], first, "it comes later");
        assert_eq!(hand(&campaign, "1001", "accept-lead").status, 200);
        let talking = node.carrier.expect_call();
        talking.answer();
        node.http().wait_agent("1001", "on_call");
        campaign.attempts(|all| all.iter().any(|one| one["connected_at"].is_string()));
        talking
    };
    // He talks.
    node.kill();
    node.restart();
    talking.expect_bye();
    leg.expect_bye();
    let leg = agent.0.expect_call();
    leg.answer();
    let campaign = Campaign { node: &node, path, leads };
    let all = campaign.attempts(|all| all.len() == 2 && all.iter().all(|one| one["outcome"].is_string()));
    let outcomes: Vec<&Value> = all.iter().map(|one| &one["outcome"]).collect();
    assert_eq!(outcomes, [&json!("node_restart"), &json!("connected")]);
    let seen = until("what he is to say", || desk(&campaign, "1001"), |seen| seen["lead"].is_object());
    assert!(seen["lead"]["doing"] == "afterwards" || seen["lead"]["doing"] == "shown", "{seen:#}");
    campaign.step("stop");
    assert_reconciled(&campaign, 2);
}

#[test]
fn a_message_that_a_crash_cuts_is_an_abandoned_call_and_is_not_played_again() {
    let mut node = Node::start(demo());
    let (path, leads) = {
        let more = json!({"pacing": "bot", "concurrent": 2, "queue": null, "message": "goodbye", "voice": "recorded",
            "abandon_message": null, "recycle": {}});
        let campaign = Campaign::started(&node, 3, more);
        (campaign.path.clone(), campaign.leads.clone())
    };
    let (one, two) = (node.carrier.expect_call(), node.carrier.expect_call());
    nothing_is_dialed(&node, Duration::from_millis(500));
    one.answer();
    one.rtp.wait_packets(10);
    {
        let campaign = Campaign { node: &node, path: path.clone(), leads: leads.clone() };
        campaign.attempts(|all| all.iter().any(|attempt| attempt["answered_at"].is_string()));
    }
    node.kill();
    node.restart();
    one.expect_bye();
    two.expect_cancel();
    let campaign = Campaign { node: &node, path, leads };
    let three = node.carrier.expect_call();
    three.answer();
    three.expect_bye();
    assert_eq!([called(&one), called(&two), called(&three)], [number(0), number(1), number(2)]);
    campaign.step("stop");
    let all = assert_reconciled(&campaign, 3);
    let of = |which: usize| all.iter().find(|one| one["number"] == number(which)).expect("one")["outcome"].clone();
    assert_eq!([of(0), of(1), of(2)], ["abandoned", "node_restart", "message"], "{all:#?}");
}

#[test]
fn events_tell_of_each_attempt_what_rest_tells() {
    let node = Node::start(quick());
    let _agent = on_duty(&node, "1001");
    let mut stream = EventStream::open(node.http(), "/v1/events?topics=campaigns", None);
    let campaign = Campaign::started(&node, 3, json!({"pacing": "ratio", "lines_per_agent": 2.0, "recycle": {}}));
    let (mut one, two) = (node.carrier.expect_call(), node.carrier.expect_call());
    one.reply(180);
    one.answer();
    node.http().wait_agent("1001", "on_call");
    two.answer();
    two.expect_bye();
    one.bye();
    let three = node.carrier.expect_call();
    campaign.step("pause");
    three.reject(486);
    let mut told: Vec<(String, Value)> = Vec::new();
    while told.iter().filter(|(kind, _)| kind == "attempt.ended").count() < 3 {
        let event = stream.next();
        if event.kind.starts_with("attempt.") {
            told.push((event.kind, event.data));
        }
    }
    let steps = [
        ("ordered_at", "ordered"),
        ("call_id", "began"),
        ("rang_at", "ringing"),
        ("answered_at", "answered"),
        ("connected_at", "connected"),
        ("abandoned_at", "abandoned"),
        ("ended_at", "ended"),
    ];
    for attempt in assert_reconciled(&campaign, 3) {
        let its: Vec<&(String, Value)> =
            told.iter().filter(|(_, data)| data["data"]["attempt_id"] == attempt["id"]).collect();
        let kinds: Vec<&str> = its.iter().map(|(kind, _)| kind.trim_start_matches("attempt.")).collect();
        let expected: Vec<&str> =
            steps.iter().filter(|(field, _)| attempt[*field].is_string()).map(|(_, word)| *word).collect();
        assert_eq!(kinds, expected, "{attempt:#}");
        let last = &its.last().expect("its end").1;
        for field in ["lead_id", "number", "caller_id", "agent", "outcome"] {
            assert_eq!(last["data"][field], attempt[field], "{field}: {last:#} {attempt:#}");
        }
        assert_eq!(last["call_id"], attempt["call_id"], "{last:#}");
    }
}
