//! Leads with several numbers: each is tried by what came of it, also over a restart.

use std::time::Duration;

use serde_json::{Value, json};

use crate::campaign::{Campaign, called, demo, list_of, nothing_is_dialed, number, on_duty};
use crate::support::{Call, Node, until};

#[test]
fn a_lead_is_reached_by_its_third_number_and_the_bad_ones_are_left_alone_over_a_restart() {
    let mut node = Node::start(demo());
    let agent = on_duty(&node, "1001");
    let (path, leads) = {
        let (list, leads) = list_of(&node, vec![(0..3).map(number).collect()]);
        // Without a rule a number that does not exist is left alone; one that is busy has had its try.
        let recycle = json!({"recycle": {"busy": {"after_s": 120, "times": 0, "next_number": true}}});
        let campaign = Campaign::of(&node, &list, leads, recycle);
        let first = node.carrier.expect_call();
        assert_eq!(called(&first), number(0));
        first.reject(404);
        let second = node.carrier.expect_call();
        assert_eq!(called(&second), number(1), "where there is no such number the next one comes at once");
        second.reject(486);
        campaign.outcomes(&["unobtainable", "busy"]);
        campaign.lead(0, "retry");
        (campaign.path.clone(), campaign.leads.clone())
    };
    node.kill();
    node.restart();
    agent.1.expect_bye();
    let leg = agent.0.expect_call();
    leg.answer();
    let campaign = Campaign { node: &node, path, leads };
    campaign.wait("running");
    let why = until("its leads are read", || campaign.why_not(0), |why| why["why"] == "retry");
    let stands = |at: usize| (why["numbers"][at]["why"].clone(), why["numbers"][at]["last_outcome"].clone());
    assert_eq!(stands(0), (json!("left_alone"), json!("unobtainable")), "{why:#}");
    assert_eq!(stands(1), (json!("left_alone"), json!("busy")));
    assert_eq!(stands(2).1, Value::Null);
    // A phone that is silent for a minute is taken for gone.
    leg.talk(300.0);
    nothing_is_dialed(&node, Duration::from_secs(100));
    let third = node.carrier.take(Duration::from_secs(40), |msg| msg.is_request("INVITE"));
    let third = third.unwrap_or_else(|| panic!("{:#}\n{:#}", campaign.why_not(0), campaign.seen()));
    let mut third = Call::incoming(&node.carrier, third);
    assert_eq!(called(&third), number(2));
    third.answer();
    node.http().wait_agent("1001", "on_call");
    third.bye();
    let all = campaign.outcomes(&["unobtainable", "busy", "connected"]);
    let mut dialed: Vec<&Value> = all.iter().map(|attempt| &attempt["number"]).collect();
    dialed.sort_by_key(|number| number.to_string());
    assert_eq!(dialed, [&json!(number(0)), &json!(number(1)), &json!(number(2))], "each once");
    until("an agent's word is waited for", || campaign.why_not(0), |why| why["why"] == "disposing");
}

#[test]
fn a_lead_that_is_mended_is_dialed_so_and_every_lead_says_why_it_is_not() {
    let node = Node::start(demo());
    let (list, leads) = list_of(&node, (0..2).map(|which| vec![number(which)]).collect());
    let (other, others) = list_of(&node, vec![vec![number(5)]]);
    let campaign = Campaign::of(&node, &list, leads, json!({"recycle": {}}));
    let held = until("it is read", || campaign.why_not(0), |why| why["hold"] == "no_agents");
    assert_eq!(
        (&held["why"], &held["ahead"], &held["numbers"][0]["number"]),
        (&json!("next"), &json!(0), &json!(number(0)))
    );
    assert!(held["because"].as_str().is_some_and(|because| because.contains("standing leg")), "{held}");
    let ask = |lead: &str| node.http().get(&format!("{}/leads/{lead}/why-not", campaign.path));
    let of_other = ask(&others[0]).json();
    assert_eq!((&of_other["why"], of_other["because"].is_string()), (&json!("other_list"), true), "{of_other}");
    ask("lead_00000000000000000000000000000007").assert_problem(404, "lead_not_found");
    ask("somebody").assert_problem(404, "lead_not_found");

    let path = format!("/v1/lead-lists/{list}/leads/{}", campaign.leads[0]);
    let tag = node.http().get(&path).header("ETag").expect("an ETag").to_owned();
    let body = json!({"numbers": [number(7)], "name": "Jo"}).to_string();
    let patch = |path: &str| {
        let headers = [("If-Match", &*tag), ("Content-Type", "application/json")];
        node.http().send("PATCH", path, &headers, Some(body.as_bytes()))
    };
    patch(&path.replace(&list, &other)).assert_problem(404, "lead_not_found");
    let mended = patch(&path);
    assert_eq!((mended.status, &mended.json()["name"]), (200, &json!("Jo")), "{}", mended.text());
    patch(&path).assert_problem(412, "precondition_failed");
    let is_new = |why: &Value| why["numbers"][0]["number"] == json!(number(7));
    until("it is read again", || campaign.why_not(0), is_new);
    let _agent = on_duty(&node, "1001");
    let first = node.carrier.expect_call();
    assert_eq!(called(&first), number(7), "by what it is now");
    let calling = until("it is being called", || campaign.why_not(0), |why| why["why"] == "in_flight");
    assert!(calling["attempt_id"].is_string(), "{calling}");
    first.reject(404);
    let done = until("it is done", || campaign.why_not(0), |why| why["why"] == "done");
    assert_eq!(done["done_because"], "outcome", "{done}");
    campaign.lead(0, "done");
    let numbers = |why: &Value| why["numbers"][0]["last_outcome"] == "unobtainable";
    until("its number says what came of it", || campaign.why_not(0), numbers);
}
