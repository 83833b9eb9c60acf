//! What agents of a campaign say of their conversations, over real SIP: callbacks, and what reaches the lead over a crash.

use std::time::Duration;

use clock::WallTime;
use hours::Zone;
use serde_json::{Value, json};

use crate::campaign::{Campaign, called, demo, nothing_is_dialed, number, on_duty};
use crate::support::{Call, Endpoint, Node, unique, until};

#[allow(clippy::disallowed_methods, reason = "what is agreed for a time is agreed by the clock")]
fn in_s(seconds: f64) -> WallTime {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970");
    WallTime::from_micros(((now.as_secs_f64() + seconds) * 1e6) as i64)
}

/// What calendar and clock on the wall say in UTC.
fn on_the_wall(at: WallTime) -> String {
    hours::written(at).trim_end_matches('Z').split('.').next().unwrap_or_default().to_owned()
}

/// A conversation of an agent with the next lead, from the answer to the hang-up of the lead.
fn conversation(node: &Node, agent: &str) -> (String, String) {
    let mut customer = node.carrier.expect_call();
    let number = called(&customer);
    customer.answer();
    node.http().wait_agent(agent, "on_call");
    customer.bye();
    let record = node.http().record_of(&customer.id);
    assert_eq!(record["agent"], agent, "{record:#}");
    (record["id"].as_str().expect("an id").to_owned(), number)
}

fn dispose(node: &Node, call: &str, said: Value) -> crate::support::Response {
    node.http().post(&format!("/v1/calls/{call}/disposition"), &unique(), &said)
}

fn pause(node: &Node, extension: &str, state: &str) {
    let done = node.http().put(&format!("/v1/agents/{extension}/state"), &json!({"state": state}));
    assert_eq!(done.status, 200, "{}", done.text());
    node.http().wait_agent(extension, state);
}

fn ready(node: &Node, extension: &str) {
    pause(node, extension, "ready");
}

#[test]
fn a_lead_is_called_back_by_me_or_by_anyone_at_a_time_in_a_zone() {
    let node = Node::start(demo());
    let _first: (Endpoint, Call) = on_duty(&node, "1001");
    let campaign = Campaign::started(&node, 1, json!({"callback_handover_s": 3600}));
    let (call, lead) = conversation(&node, "1001");
    assert_eq!(lead, number(0));

    // Refused, with the field and the reason.
    let tomorrow = Zone::utc().day(in_s(86_400.0)).expect("a day").start;
    let night = on_the_wall(tomorrow).replace("T00:00:00", "T03:30");
    for (callback, at, says) in [
        (json!({"due_at": "2026-01-01T10:00:00Z"}), "#/callback/due_at", "to come"),
        (json!({"local_time": "2026-01-01T10:00"}), "#/callback/due_at", "is over"),
        (json!({"local_time": night}), "#/callback/due_at", "03:30 in"),
        (json!({"local_time": "at noon"}), "#/callback/local_time", "a date and a time"),
        (json!({"local_time": night, "time_zone": "Europe/Atlantis"}), "#/callback/time_zone", "IANA"),
        (json!({"due_at": hours::written(in_s(60.0)), "number": "+442079460999"}), "#/callback/number", "lead"),
    ] {
        let refused = dispose(&node, &call, json!({"code": "later", "callback": callback}));
        let problem = refused.assert_problem(422, "invalid_body");
        assert_eq!(problem["errors"][0]["pointer"], at, "{problem:#}");
        assert!(problem["errors"][0].to_string().contains(says), "{says}: {problem:#}");
    }

    // For me: nobody else gets the lead, however long he is away within the campaign's patience.
    let due = in_s(2.5);
    let said = json!({"code": "later", "callback": {"due_at": hours::written(due), "by": "me"}});
    let said = dispose(&node, &call, said);
    assert_eq!(said.status, 200, "{}", said.text());
    let booked = campaign.lead(0, "callback");
    assert_eq!(booked["agent"], "1001", "{booked}");
    let given = node.http().get(&format!("/v1/calls/{call}/disposition")).json();
    assert_eq!(given["data"][0]["callback_agent"], "1001", "{given:#}");
    pause(&node, "1001", "paused");
    let _second = on_duty(&node, "1002");
    nothing_is_dialed(&node, Duration::from_millis(4_500));
    assert!(in_s(0.0) > due);
    assert_eq!(campaign.why_not(0)["why"], "callback");
    ready(&node, "1001");
    let (call, lead) = conversation(&node, "1001");
    assert_eq!(lead, number(0));

    // For anyone, as the clock on the wall says it in a zone that is named.
    let wall = on_the_wall(in_s(3.0));
    let callback = json!({"local_time": wall, "time_zone": "Etc/UTC", "by": "anyone"});
    let said = dispose(&node, &call, json!({"code": "later", "agent": "1001", "callback": callback}));
    assert_eq!(said.status, 200, "{}", said.text());
    assert_eq!(campaign.lead(0, "callback")["agent"], Value::Null);
    pause(&node, "1001", "paused");
    let given = node.http().get(&format!("/v1/calls/{call}/disposition")).json();
    assert_eq!(given["data"][0]["callback_time_zone"], "Etc/UTC", "{given:#}");
    let (_, lead) = conversation(&node, "1002");
    assert_eq!(lead, number(0));
    assert_eq!(node.http().metric("trunkline_facts_repaired_total"), 0.0);
}

#[test]
fn what_an_agent_says_after_a_restart_reaches_the_lead() {
    let mut node = Node::start(demo().push("disposition", "code = \"never\"\nlabel = \"Never again\""));
    let agent = on_duty(&node, "1001");
    let more =
        json!({"dispositions": {"later": {"action": "again", "after_s": 3600}, "never": {"action": "do_not_call"}}});
    let (path, leads, calls) = {
        let campaign = Campaign::started(&node, 2, more);
        let (first, _) = conversation(&node, "1001");
        ready(&node, "1001");
        let (second, _) = conversation(&node, "1001");
        campaign.outcomes(&["connected", "connected"]);
        (campaign.path.clone(), campaign.leads.clone(), [first, second])
    };
    node.kill();
    node.restart();
    agent.1.expect_bye();
    let campaign = Campaign { node: &node, path, leads };
    for (call, code) in calls.iter().zip(["later", "never"]) {
        let said = dispose(&node, call, json!({"code": code, "agent": "1001"}));
        assert_eq!(said.status, 200, "{}", said.text());
    }
    let lead = campaign.lead(0, "retry");
    assert_eq!((&lead["disposition"], &lead["attempts"]), (&json!("later"), &json!(1)), "{lead}");
    let disposed = |lead: &Value| lead["disposition"] == "never";
    until("the other lead", || campaign.lead(1, "done"), disposed);
    let listed = node.http().get("/v1/dnc").json();
    assert!(listed["data"].to_string().contains(&number(1)), "{listed:#}");
    assert_eq!(campaign.seen()["status"], "running", "a lead comes again");
}
