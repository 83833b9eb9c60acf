//! What agents of a campaign say of their conversations, over real SIP: callbacks, and what reaches the lead over a crash.

use std::time::Duration;

use clock::WallTime;
use hours::Zone;
use serde_json::{Value, json};

use crate::campaign::{Campaign, called, demo, nothing_is_dialed, number, on_duty};
use crate::support::{Call, Endpoint, EventStream, Node, NodeConfig, postgres_database, unique, until};

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
    until("the new agreement", || campaign.lead(0, "callback"), |lead| lead["agent"].is_null());
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
    campaign.wait("running");
}

/// A list of leads of whom something is known.
fn list_of(node: &Node, leads: Value) -> (String, Vec<String>) {
    let made = node.http().post("/v1/lead-lists", &unique(), &json!({"name": "winter"}));
    let list = made.json()["id"].as_str().expect("an id").to_owned();
    let added = node.http().post(&format!("/v1/lead-lists/{list}/leads"), &unique(), &json!({"leads": leads}));
    assert_eq!(added.status, 200, "{}", added.text());
    let added = added.json();
    let ids = added["leads"].as_array().into_iter().flatten();
    (list, ids.filter_map(|lead| lead["id"].as_str().map(str::to_owned)).collect())
}

pub(crate) fn desk(campaign: &Campaign<'_>, extension: &str) -> Value {
    let seen = campaign.node.http().get(&format!("{}/agents/{extension}", campaign.path));
    assert_eq!(seen.status, 200, "{}", seen.text());
    seen.json()
}

fn selling() -> NodeConfig {
    demo().push("disposition", "code = \"bought\"\nlabel = \"Bought\"\nis_success = true")
}

#[test]
fn agents_see_lead_script_form_and_counters_and_answers_outlive_a_crash() {
    see_and_answer(selling());
}

#[test]
fn agents_see_and_answer_the_same_on_postgresql() {
    see_and_answer(selling().set("node.database", postgres_database()));
}

fn see_and_answer(config: NodeConfig) {
    let mut node = Node::start(config);
    let agent = on_duty(&node, "1001");
    let lead = json!({"numbers": [number(0)], "first_name": "Ann", "city": "Bath", "extra": {"Policy": "P-7"}});
    let (list, leads) = list_of(&node, json!([lead]));
    let form = json!([
        {"name": "age", "label": "How old?", "kind": "number", "required": true, "minimum": 18, "maximum": 120},
        {"name": "plan", "label": "Which plan?", "kind": "choice", "required": true, "choices": ["Gold", "Silver"]},
        {"name": "since", "label": "Since when?", "kind": "date"},
    ]);
    let more = json!({"script": "Hello {first_name} of {city}, about {Policy} on {number}.", "form": form});
    let (path, leads, call) = {
        let campaign = Campaign::of(&node, &list, leads, more);
        let mut customer = node.carrier.expect_call();
        customer.answer();
        node.http().wait_agent("1001", "on_call");
        let seen = until("the desk", || desk(&campaign, "1001"), |seen| seen["lead"]["doing"] == "talking");
        let lead = &seen["lead"];
        assert_eq!(lead["script"], format!("Hello Ann of Bath, about P-7 on {}.", number(0)), "{seen:#}");
        let told = (&lead["lead_id"], &lead["entry"]["first_name"], &lead["form"][1]["choices"][0]);
        assert_eq!(told, (&json!(campaign.leads[0]), &json!("Ann"), &json!("Gold")), "{seen:#}");
        let call = lead["call_id"].as_str().expect("a call").to_owned();
        let put = |answers: Value| {
            node.http().put(&format!("/v1/calls/{call}/answers"), &json!({"agent": "1001", "answers": answers}))
        };
        for (answers, at) in [
            (json!({"age": 17}), "#/answers/age"),
            (json!({"plan": "Bronze"}), "#/answers/plan"),
            (json!({"since": "2026-02-30"}), "#/answers/since"),
            (json!({"else": "x"}), "#/answers/else"),
        ] {
            let problem = put(answers).assert_problem(422, "invalid_body");
            assert_eq!(problem["errors"][0]["pointer"], at, "{problem:#}");
        }
        let kept = put(json!({"age": 44.5, "since": "2026-02-28"}));
        assert_eq!((kept.status, &kept.json()["answers"]["age"]), (200, &json!(44.5)), "{}", kept.text());
        customer.bye();
        until("the desk", || desk(&campaign, "1001"), |seen| seen["lead"]["doing"] == "afterwards");
        (campaign.path.clone(), campaign.leads.clone(), call)
    };
    node.kill();
    node.restart();
    agent.1.expect_bye();
    let campaign = Campaign { node: &node, path, leads };
    let seen = until("the desk", || desk(&campaign, "1001"), |seen| seen["lead"]["doing"] == "afterwards");
    assert_eq!(seen["lead"]["answers"]["age"], 44.5, "{seen:#}");
    let bought = |answers: Value| {
        dispose(&node, &call, json!({"code": "bought", "agent": "1001", "note": "by card", "answers": answers}))
    };
    let problem = bought(json!({})).assert_problem(422, "invalid_body");
    assert_eq!(problem["errors"][0]["pointer"], "#/answers/plan", "{problem:#}");
    let said = bought(json!({"plan": "Gold", "since": null}));
    assert_eq!(said.status, 200, "{}", said.text());
    let is_told = |all: &[Value]| all.iter().any(|attempt| attempt["disposition"] == "bought");
    let attempt = campaign.attempts(is_told).remove(0);
    let told = (&attempt["answers"], &attempt["is_success"]);
    assert_eq!(told, (&json!({"age": 44.5, "plan": "Gold"}), &json!(true)), "{attempt:#}");
    let file = node.http().get(&format!("{}/attempts/export", campaign.path)).text();
    let (head, row) = file.split_once("\r\n").expect("two lines");
    assert!(head.ends_with("disposition,is_success,answer_age,answer_plan,answer_since"), "{head}");
    assert!(row.ends_with("connected,bought,true,44.5,Gold,\r\n"), "{row}");

    let seen = until("the desk: he has said it", || desk(&campaign, "1001"), |seen| seen["lead"].is_null());
    let (own, all) = (&seen["own"], &seen["campaign"]);
    assert_eq!((&own["dialed"], &own["connected"], &own["successes"]), (&json!(1), &json!(1), &json!(1)), "{seen:#}");
    assert_eq!(own["dispositions"], json!([{"code": "bought", "label": "Bought", "count": 1}]));
    assert_eq!((own, &desk(&campaign, "1002")["campaign"]), (all, all));
    assert_eq!(desk(&campaign, "1002")["own"]["dialed"], 0);
    node.http().get(&format!("{}/agents/9999", campaign.path)).assert_problem(404, "agent_not_found");
}

#[test]
fn figures_of_a_campaign_are_a_recount_of_its_attempts() {
    let node = Node::start(selling());
    let _agent = on_duty(&node, "1001");
    let leads = |from: usize| (from..from + 2).map(|which| json!({"numbers": [number(which)]})).collect::<Vec<_>>();
    let (first, second) = (list_of(&node, json!(leads(0))), list_of(&node, json!(leads(2))));
    let lists = json!([{"list_id": first.0}, {"list_id": second.0}]);
    let ids = [first.1, second.1].concat();
    let campaign = Campaign::of(&node, &first.0, ids, json!({"lists": lists, "recycle": {}}));
    let (sold, _) = conversation(&node, "1001");
    assert_eq!(dispose(&node, &sold, json!({"code": "bought", "agent": "1001"})).status, 200);
    node.carrier.expect_call().reject(486);
    let (talked, _) = conversation(&node, "1001");
    assert_eq!(dispose(&node, &talked, json!({"code": "later", "agent": "1001"})).status, 200);
    let last = node.carrier.expect_call();
    campaign.step("stop");
    last.reject(404);
    campaign.wait("completed");
    let ended = |all: &[Value]| all.len() == 4 && all.iter().all(|attempt| attempt["outcome"].is_string());
    let attempts = campaign
        .attempts(|all| ended(all) && all.iter().filter(|attempt| attempt["disposition"].is_string()).count() == 2);
    let ask = || node.http().get(&format!("{}/figures", campaign.path)).json();
    let figures = until("the figures", ask, |figures| {
        figures["total"]["attempts"] == 4 && figures["agent_hours"].as_f64() > Some(0.0)
    });
    for row in figures["lists"].as_array().expect("lists").iter().chain([&figures["total"]]) {
        let is_its = |attempt: &&Value| row["list_id"].is_null() || attempt["list_id"] == row["list_id"];
        let count =
            |fits: &dyn Fn(&Value) -> bool| attempts.iter().filter(is_its).filter(|one| fits(one)).count() as f64;
        let people =
            count(&|one| ["connected", "abandoned", "hung_up", "message"].iter().any(|word| one["outcome"] == *word));
        let (dialed, connected) =
            (count(&|one| one["outcome"] != "not_dialed"), count(&|one| one["connected_at"].is_string()));
        let successes = count(&|one| one["is_success"] == true);
        let share = |part: f64, of: f64| if of > 0.0 { json!(part / of) } else { Value::Null };
        let hours = figures["agent_hours"].as_f64().expect("hours");
        let leads = if row["list_id"].is_null() { 4.0 } else { 2.0 };
        let expected = json!({
            "attempts": count(&|_| true) as u64, "connected": connected as u64, "people": people as u64,
            "successes": successes as u64, "list_penetration": share(dialed, leads),
            "contact_rate": share(people, dialed), "conversion_rate": share(successes, connected),
            "abandon_rate": share(count(&|one| one["outcome"] == "abandoned"), people),
            "connects_per_agent_hour": share(connected, hours),
        });
        for (name, value) in expected.as_object().expect("fields") {
            let is_same = match (row[name].as_f64(), value.as_f64()) {
                (Some(told), Some(counted)) => (told - counted).abs() <= counted.abs() * 1e-9,
                _ => &row[name] == value,
            };
            assert!(is_same, "{name}: {value} was counted: {row:#}");
        }
    }
    let total = &figures["total"];
    assert_eq!(
        (&total["successes"], &total["conversion_rate"], &total["contact_rate"]),
        (&json!(1), &json!(0.5), &json!(0.5))
    );
    assert!(figures["definitions"]["contact_rate"].as_str().is_some_and(|says| says.contains("people / dialed")));
    let long_ago =
        node.http().get(&format!("{}/figures?first_day=2026-01-01&last_day=2026-01-02", campaign.path)).json();
    assert_eq!((&long_ago["total"]["attempts"], &long_ago["total"]["contact_rate"]), (&json!(0), &Value::Null));
    let path = format!("{}/figures?first_day=2026-01-02&last_day=2026-01-01", campaign.path);
    node.http().get(&path).assert_problem(400, "invalid_parameter");
}

#[test]
fn leads_are_shown_passed_on_or_accepted_and_what_happens_is_told() {
    let node = Node::start(demo());
    let mut stream = EventStream::open(node.http(), "/v1/events?topics=campaigns,agents", None);
    let _agent = on_duty(&node, "1001");
    let campaign = Campaign::started(&node, 2, json!({"pacing": "preview"}));
    let seen = until("a lead", || desk(&campaign, "1001"), |seen| seen["lead"]["doing"] == "shown");
    assert_eq!(seen["lead"]["number"], json!(number(0)), "{seen:#}");
    nothing_is_dialed(&node, Duration::from_millis(800));
    let hand = |campaign: &Campaign<'_>, verb: &str| {
        node.http().send("POST", &format!("{}/agents/1001/{verb}", campaign.path), &[], None)
    };
    let skipped = hand(&campaign, "skip-lead");
    assert_eq!((skipped.status, &skipped.json()["number"]), (200, &json!(number(1))), "{}", skipped.text());
    let accepted = hand(&campaign, "accept-lead");
    assert!(accepted.json()["attempt_id"].is_string(), "{}", accepted.text());
    let (call, lead) = conversation(&node, "1001");
    assert_eq!(lead, number(1));
    let said = dispose(&node, &call, json!({"code": "later", "agent": "1001", "note": "rings"}));
    assert_eq!(said.status, 200, "{}", said.text());
    pause(&node, "1001", "paused");
    let mut wanted: Vec<&str> = vec!["campaign.running", "lead.shown", "attempt.connected", "attempt.ended"];
    wanted.extend(["lead.disposed", "campaign.progress", "campaign.alert"]);
    while !wanted.is_empty() {
        let event = stream.next();
        let data = &event.data["data"];
        assert!(
            event.kind != "campaign.alert" || data["remedy"].as_str().is_some_and(|says| says.len() > 20),
            "{data}"
        );
        wanted.retain(|kind| *kind != event.kind);
    }
    campaign.step("stop");

    // By hand: with all checks.
    let by_hand = Campaign::started(&node, 1, json!({"pacing": "manual", "do_not_call": [number(6)]}));
    ready(&node, "1001");
    let dial = |which: usize| {
        let path = format!("{}/agents/1001/dial", by_hand.path);
        node.http().post(&path, &unique(), &json!({"number": number(which)}))
    };
    until("the refusal", || dial(6).status, |status| *status == 403);
    let dialed = dial(5);
    assert_eq!(dialed.status, 200, "{}", dialed.text());
    assert_eq!(called(&node.carrier.expect_call()), number(5));
}
