//! Campaigns that name their agents: nobody else gets a call of theirs, and who does may change at any time.

use std::time::Duration;

use serde_json::{Value, json};

use crate::campaign::{Campaign, called, demo, list, list_of, nothing_is_dialed, number, on_duty};
use crate::campaign_troubles::{assert_reconciled, quick};
use crate::support::{Call, Node, unique, until};

fn assign(campaign: &Campaign<'_>, agents: &[&str]) -> Value {
    let done = campaign.node.http().put(&format!("{}/agents", campaign.path), &json!({"agents": agents}));
    assert_eq!(done.status, 200, "{}", done.text());
    done.json()
}

#[test]
fn only_agents_whom_a_campaign_names_get_its_calls_and_who_they_are_changes_at_once() {
    let node = Node::start(demo());
    let _idle: Vec<_> = ["1001", "1002", "1003"].map(|agent| on_duty(&node, agent)).into();
    let campaign = Campaign::started(&node, 8, json!({"agents": ["1002"], "recycle": {}}));
    // A line for the one whom it names, who has been idle for a shorter time than 1001.
    let mut customer = node.carrier.expect_call();
    nothing_is_dialed(&node, Duration::from_millis(1_200));
    let pace = until("the pace", || campaign.seen()["pace"].clone(), |pace| pace["agents"] == 1);
    assert_eq!(pace["ringing"], 1, "{pace:#}");
    customer.answer();
    node.http().wait_agent("1002", "on_call");
    customer.bye();
    assert_eq!(node.http().record_of(&customer.id)["agent"], "1002");

    // At once: the next is called for the other one, and the first gets nothing more.
    let seen = assign(&campaign, &["1003"]);
    assert_eq!((&seen["status"], &seen["definition"]["agents"]), (&json!("running"), &json!(["1003"])), "{seen:#}");
    let ready = node.http().put("/v1/agents/1002/state", &json!({"state": "ready"}));
    assert_eq!(ready.status, 200, "{}", ready.text());
    let second = node.carrier.expect_call();
    second.answer();
    node.http().wait_agent("1003", "on_call");
    nothing_is_dialed(&node, Duration::from_millis(1_200));
    // All of the queue again.
    assign(&campaign, &[]);
    let others = [node.carrier.expect_call(), node.carrier.expect_call()];
    others.iter().for_each(|call| call.answer());
    node.http().wait_agent("1001", "on_call");
    node.http().wait_agent("1002", "on_call");

    // A call of the queue is anybody's still.
    campaign.step("stop");
    assert_eq!(node.http().metric("trunkline_facts_repaired_total"), 0.0);
}

#[test]
fn a_person_who_answers_waits_for_those_who_are_named_though_others_are_idle() {
    let node = Node::start(demo());
    let _idle: Vec<_> = ["1001", "1002"].map(|agent| on_duty(&node, agent)).into();
    let campaign = Campaign::started(&node, 4, json!({"agents": ["1002"], "pacing": "ratio", "lines_per_agent": 2.0}));
    let (one, two) = (node.carrier.expect_call(), node.carrier.expect_call());
    one.answer();
    node.http().wait_agent("1002", "on_call");
    two.answer();
    two.expect_bye();
    assert_eq!(node.http().record_of(&two.id)["cause"]["code"], "abandoned");
    assert_eq!(node.http().agent("1001")["state"], "ready");
    campaign.step("stop");
}

#[test]
fn two_campaigns_of_a_queue_run_beside_each_other_when_nobody_works_for_both() {
    let mut node = Node::start(demo());
    let idle: Vec<_> = ["1001", "1002"].map(|agent| on_duty(&node, agent)).into();
    let (one, two) = (list(&node, 2), list(&node, 3));
    let first = Campaign::of(&node, &one.0, one.1.clone(), json!({"agents": ["1001"], "max_lines": 1}));
    let started = first.node.carrier.expect_call();
    let more = json!({"agents": ["1002"], "do_not_call": [number(0), number(1)], "name": "Other"});
    let second = Campaign::of(&node, &two.0, two.1, more);
    let other = node.carrier.expect_call();
    assert_eq!((called(&started), called(&other)), (number(0), number(2)));
    let problem = node.http().put(&format!("{}/agents", second.path), &json!({"agents": ["1001", "1002"]}));
    problem.assert_problem(409, "queue_taken");
    other.answer();
    node.http().wait_agent("1002", "on_call");
    started.answer();
    node.http().wait_agent("1001", "on_call");
    let path = first.path.clone();

    // Who they are outlives a crash.
    node.kill();
    node.restart();
    drop(idle);
    let seen = node.http().get(&path).json();
    assert_eq!(seen["definition"]["agents"], json!(["1001"]));
}

/// Two queues, an agent of both. While the first campaign has nobody to call he has the second's people; when it has, what
/// rings for him there is his still, and nobody is dialed for him twice.
#[test]
fn an_agent_of_two_campaigns_is_there_for_the_second_while_the_first_has_nobody_to_call() {
    let node = Node::start(quick().set("queue.1.standing_leg", true));
    let _agent = on_duty(&node, "1025");
    let (own, leads) = list(&node, 1);
    let later = json!({"recycle": {"busy": {"after_s": 600, "times": 1}}});
    let support = Campaign::of(&node, &own, leads, later);
    node.carrier.expect_call().reject(486);
    support.lead(0, "retry");
    let (other, leads) = list_of(&node, (10..14).map(|which| vec![number(which)]).collect());
    let sales = Campaign::of(&node, &other, leads, json!({"name": "Winter", "queue": "sales", "recycle": {}}));
    let talk = |customer: &mut Call| {
        customer.answer();
        node.http().wait_agent("1025", "on_call");
        customer.bye();
    };
    let mut customer = node.carrier.expect_call();
    assert_eq!(called(&customer), number(10), "the first has nobody for ten minutes");
    talk(&mut customer);

    // It has somebody again while a number of the second rings for him.
    let mut customer = node.carrier.expect_call();
    assert_eq!(called(&customer), number(11));
    customer.reply(180);
    let more = json!({"leads": [{"numbers": [number(1)]}]});
    let added = node.http().post(&format!("{}/leads", support.path), &unique(), &more);
    assert_eq!(added.status, 200, "{}", added.text());
    let lead = added.json()["leads"][0]["id"].as_str().expect("a lead").to_owned();
    let why = || node.http().get(&format!("{}/leads/{lead}/why-not", support.path)).json();
    until("the lead is read", why, |why| why["why"] == "next");
    nothing_is_dialed(&node, Duration::from_millis(2_500));
    talk(&mut customer);
    let mut customer = node.carrier.expect_call();
    assert_eq!(called(&customer), number(1), "now he is the first's");
    nothing_is_dialed(&node, Duration::from_millis(1_200));
    talk(&mut customer);
    let last = node.carrier.expect_call();
    assert_eq!(called(&last), number(12), "and the second's again");
    for campaign in [&support, &sales] {
        campaign.step("stop");
    }
    last.reject(486);
    let outcomes = |campaign: &Campaign<'_>, count| -> Vec<Value> {
        assert_reconciled(campaign, count).iter().map(|attempt| attempt["outcome"].clone()).collect()
    };
    assert_eq!(outcomes(&support, 2), ["busy", "connected"]);
    assert_eq!(outcomes(&sales, 3), ["connected", "connected", "busy"]);
}

#[test]
fn who_is_not_named_neither_sees_nor_dials_a_lead() {
    let node = Node::start(demo());
    let _idle: Vec<_> = ["1001", "1002"].map(|agent| on_duty(&node, agent)).into();
    let campaign = Campaign::started(&node, 3, json!({"agents": ["1002"], "pacing": "preview"}));
    let desk = |agent: &str| node.http().get(&format!("{}/agents/{agent}", campaign.path)).json();
    until("a lead", || desk("1002"), |seen| seen["lead"]["doing"] == "shown");
    assert_eq!(desk("1001")["lead"], Value::Null);
    let hand = |agent: &str, verb: &str| {
        node.http().send("POST", &format!("{}/agents/{agent}/{verb}", campaign.path), &[], None)
    };
    hand("1001", "next-lead").assert_problem(409, "agent_not_ready");
    // What is shown to one who is named no more is not his to dial.
    assign(&campaign, &["1001"]);
    hand("1002", "accept-lead").assert_problem(409, "agent_not_ready");
    until("a lead", || desk("1001"), |seen| seen["lead"]["doing"] == "shown");
    assert_eq!(hand("1001", "accept-lead").status, 200);
    node.carrier.expect_call().answer();
    node.http().wait_agent("1001", "on_call");
    campaign.step("stop");

    let by_hand = Campaign::started(&node, 1, json!({"agents": ["1002"], "pacing": "manual"}));
    let dial = |agent: &str| {
        let path = format!("{}/agents/{agent}/dial", by_hand.path);
        node.http().post(&path, &unique(), &json!({"number": number(5)}))
    };
    by_hand.wait("running");
    dial("1001").assert_problem(409, "agent_not_ready");
    until("the call", || dial("1002").status, |status| *status == 200);
    assert_eq!(called(&node.carrier.expect_call()), number(5));
}

#[test]
fn all_that_is_wrong_with_named_agents_is_said_at_once() {
    let node = Node::start(demo());
    let (list, _) = list(&node, 1);
    let body = |agents: Value| json!({"name": "Autumn", "pacing": "progressive", "queue": "support", "lists": [{"list_id": list}], "agents": agents});
    let agents = json!(["1001", "9999", "1001", "1031", "nobody"]);
    let refused = node.http().post("/v1/campaigns", &unique(), &body(agents.clone()));
    let errors = |problem: &Value| -> Vec<(String, String)> {
        let all = problem["errors"].as_array().into_iter().flatten();
        all.map(|error| ["pointer", "code"].map(|name| error[name].as_str().unwrap_or_default().to_owned()).into())
            .collect()
    };
    let expected = [("1", "unknown"), ("2", "duplicate"), ("3", "contradiction"), ("4", "unknown")]
        .map(|(at, code)| (format!("#/agents/{at}"), code.to_owned()));
    assert_eq!(errors(&refused.assert_problem(422, "invalid_body")), expected);
    let made = node.http().post("/v1/campaigns", &unique(), &body(json!(["1001"]))).json();
    let path = format!("/v1/campaigns/{}/agents", made["id"].as_str().expect("an id"));
    let refused = node.http().put(&path, &json!({"agents": agents}));
    assert_eq!(errors(&refused.assert_problem(422, "invalid_body")), expected);
    let message = json!({"name": "Autumn", "pacing": "bot", "concurrent": 1, "message": "goodbye", "voice": "recorded",
        "lists": [{"list_id": list}], "agents": ["1001"]});
    let refused = node.http().post("/v1/campaigns", &unique(), &message).assert_problem(422, "invalid_body");
    assert_eq!(errors(&refused), [("#/agents".to_owned(), "contradiction".to_owned())]);
    let stale = [("If-Match", "\"v1\""), ("Content-Type", "application/json")];
    let stale = node.http().send("PUT", &path, &stale, Some(b"{\"agents\": []}"));
    stale.assert_problem(412, "precondition_failed");
}
