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
