//! Callbacks: asked for by key and over REST, served by an agent, tried again, refused, kept over a crash.

use serde_json::{Value, json};

use crate::support::{Baresip, Call, Endpoint, Node, NodeConfig, SUPPORT, Sipp, free_port, unique, until};

const CUSTOMER: &str = "+442079460123";

/// The demo with short times and one customer's phone that the carrier is.
fn demo() -> NodeConfig {
    NodeConfig::demo().queue_times(15, 120, 0).set("queue.0.callback_retry_s", 2).set("queue.0.callback_ring_s", 15)
}

fn ask(node: &Node, number: &str) -> (u16, Value) {
    let response = node.http().post("/v1/queues/support/callbacks", &unique(), &json!({ "number": number }));
    (response.status, response.json())
}

fn queue(node: &Node) -> Value {
    node.http().get("/v1/queues/support").json()["callbacks"].clone()
}

fn wait_state(node: &Node, id: &Value, state: &str) -> Value {
    let path = format!("/v1/callbacks/{}", id.as_str().unwrap_or_default());
    until("the state of the callback", || node.http().get(&path).json(), |callback| callback["state"] == state)
}

/// A caller in the queue who presses a key, by INFO as some carriers send it.
fn press(caller: &mut Call, digit: char) {
    let body = format!("Signal={digit}\r\nDuration=160\r\n");
    let answer = caller.request("INFO", "Content-Type: application/dtmf-relay\r\n", &body);
    assert_eq!(answer.status(), 200, "{answer:?}");
}

fn waiting(node: &Node, number: &str) -> Call {
    let mut caller = node.carrier.named(number).call(SUPPORT);
    caller.expect_final(200);
    caller
}

/// The agent takes the callback, and the customer's phone is called.
fn take(node: &Node, phone: &Endpoint, number: &str) -> (Call, Call) {
    let offer = phone.expect_call();
    let (name, user) = crate::queue_calls::from_of(&offer);
    assert_eq!((name, user), (format!("support · {number}"), number.to_owned()));
    offer.reply(180);
    offer.answer();
    let customer = node.carrier.expect_call();
    (offer, customer)
}

#[test]
fn asked_for_by_key_and_served_by_the_next_agent() {
    let node = Node::start(demo());
    let mut caller = waiting(&node, CUSTOMER);
    node.http().wait_waiting("support", 1);
    press(&mut caller, '1');
    until("the callback", || queue(&node), |callbacks| callbacks["waiting"] == 1);
    caller.expect_bye();
    let asked = node.http().record_of(&caller.id);
    assert_eq!((&asked["status"], &asked["outcome"]), (&"completed".into(), &"callback".into()), "{asked:#}");
    assert_eq!(asked["is_lost"], false);
    let journey = node.http().journey(&asked);
    crate::queue_calls::assert_order(&journey, &["queue.entered", "callback.requested", "queue.left", "call.ended"]);

    let listed = node.http().get("/v1/callbacks").json()["data"][0].clone();
    assert_eq!(
        (&listed["number"], &listed["queue"], &listed["position"]),
        (&CUSTOMER.into(), &"support".into(), &1.into())
    );
    assert_eq!((&listed["state"], &listed["related_call_id"]), (&"queued".into(), &asked["id"]));
    assert!(listed["ewt_ms"].is_null(), "nobody is on duty: {listed}");

    let phone = node.registered("1001");
    let (mut agent, customer) = take(&node, &phone, CUSTOMER);
    let heard = agent.rtp.wait_packets(100);
    let samples = agent.rtp.samples(heard);
    let loudest = samples.iter().map(|sample| i32::from(*sample).abs()).max();
    assert!(loudest > Some(500), "the announcement: {loudest:?}");
    wait_state(&node, &listed["id"], "dialing");
    customer.reply(180);
    customer.answer();
    wait_state(&node, &listed["id"], "connected");
    agent.bye();
    customer.expect_bye();
    let record = node.http().record_of(&customer.id);
    assert_eq!((&record["direction"], &record["to"]), (&"outbound_dial".into(), &CUSTOMER.into()), "{record:#}");
    assert_eq!((&record["status"], &record["agent"]), (&"completed".into(), &"1001".into()));
    assert_eq!((&record["parent_call_id"], &record["queue"]), (&Value::Null, &"support".into()));
    assert_eq!(record["sip_call_ids"], json!([agent.id, customer.id]));
    assert_eq!(queue(&node), json!({"waiting": 0, "dialing": 0}));
    node.http().wait_agent("1001", "ready");
    assert_transactions(&node, &asked["id"], &record["id"]);
}

/// Call and callback are transactions of their own, both in the customer's journey, and linked once.
fn assert_transactions(node: &Node, asked: &Value, called: &Value) {
    let linked = |call: &Value, relation: &str, other: &Value| {
        let transaction = format!("/v1/transactions/{}", call.as_str().unwrap_or_default().replace("call_", "txn_"));
        let links =
            until("the link", || node.http().get(&transaction).json()["links"].clone(), |links| links[0].is_object());
        let links: Vec<_> =
            links.as_array().into_iter().flatten().map(|link| (&link["relation"], &link["call_id"])).collect();
        assert_eq!(links, [(&json!(relation), other)]);
    };
    linked(asked, "callback", called);
    linked(called, "callback_of", asked);
    let calls_at = |path: &str| {
        let page = node.http().get(path).json();
        page["data"].as_array().into_iter().flatten().map(|item| item["call_id"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(calls_at("/v1/transactions?channel=callback"), std::slice::from_ref(called));
    assert_eq!(calls_at("/v1/customers/%2B442079460123/journey"), [asked.clone(), called.clone()]);
}

#[test]
fn over_rest_the_first_is_kept_and_the_third_is_a_conflict_without_a_call() {
    let node = Node::start(demo());
    let (status, first) = ask(&node, "02079460123");
    assert_eq!(status, 201, "{first}");
    assert_eq!(
        (&first["number"], &first["queue"], &first["state"]),
        (&CUSTOMER.into(), &"support".into(), &"queued".into())
    );
    assert_eq!(first["position"], 1);
    let (status, again) = ask(&node, CUSTOMER);
    assert_eq!((status, &again["id"], &again["duplicate"]), (200, &first["id"], &true.into()));
    assert_eq!(ask(&node, "+442079460124").0, 201);
    let body = json!({"number": "+442079460125"});
    node.http().post("/v1/queues/support/callbacks", &unique(), &body).assert_problem(409, "callback_limit");
    assert_eq!(queue(&node), json!({"waiting": 2, "dialing": 0}));
    assert!(node.http().calls("").is_empty(), "no call record");

    let path = format!("/v1/callbacks/{}/cancel", first["id"].as_str().unwrap_or_default());
    let cancelled = node.http().send("POST", &path, &[], None);
    assert_eq!((cancelled.status, &cancelled.json()["state"]), (200, &"cancelled".into()));
    node.http().send("POST", &path, &[], None).assert_problem(404, "callback_not_found");
    assert_eq!(ask(&node, "+442079460125").0, 201, "the slot is free");
    for (body, code) in
        [(json!({"number": "+33142685300"}), "destination_denied"), (json!({"number": "x"}), "bad_destination")]
    {
        let status = if code == "bad_destination" { 422 } else { 403 };
        node.http().post("/v1/queues/sales/callbacks", &unique(), &body).assert_problem(status, code);
    }
    node.http().post("/v1/queues/none/callbacks", &unique(), &body).assert_problem(404, "queue_not_found");
}

#[test]
fn who_waits_on_the_line_is_not_called_back_besides() {
    let node = Node::start(demo());
    let mut caller = waiting(&node, CUSTOMER);
    let body = json!({"number": CUSTOMER});
    node.http().post("/v1/queues/support/callbacks", &unique(), &body).assert_problem(409, "caller_waiting");
    caller.bye();
    node.http().record_of(&caller.id);
    assert_eq!(ask(&node, CUSTOMER).0, 201);
}

#[test]
fn a_closed_queue_takes_none_over_rest() {
    let office = "name = \"office\"\ntime_zone = \"Europe/London\"\nopen = []";
    let node = Node::start(demo().push("schedule", office).set("queue.0.schedule", "office"));
    let body = json!({"number": CUSTOMER});
    node.http().post("/v1/queues/support/callbacks", &unique(), &body).assert_problem(409, "queue_closed");
    let planned = json!({"number": CUSTOMER, "queue": "support", "due_at": in_seconds(3_600)});
    node.http().post("/v1/callbacks", &unique(), &planned).assert_problem(409, "queue_closed");
    assert_eq!(node.http().post("/v1/queues/sales/callbacks", &unique(), &body).status, 201, "the other is open");
}

#[test]
fn what_takes_a_pin_is_called_with_it_and_the_agent_says_why_a_call_failed() {
    let node = Node::start(demo().set("dialing.pin_for", vec!["+442079*"]).set("dialing.pin", "4711"));
    let phone = node.registered("1001");
    let click = json!({"from_agent": "1001", "to": CUSTOMER});
    node.http().post("/v1/calls", &unique(), &click).assert_problem(403, "destination_denied");
    let with = json!({"from_agent": "1001", "to": CUSTOMER, "pin": "4711"});
    assert_eq!(node.http().post("/v1/calls", &unique(), &with).status, 201);
    let own = phone.expect_call();
    own.answer();
    let customer = node.carrier.expect_call();
    let live = node.http().call_with(&customer.id)["id"].clone();
    let path = format!("/v1/calls/{}", live.as_str().unwrap_or_default());
    let reason = json!({"failure_reason": "a fax"}).to_string();
    let say = || node.http().send("PATCH", &path, &[("Content-Type", "application/json")], Some(reason.as_bytes()));
    say().assert_problem(409, "call_not_failed");
    customer.reject(486);
    own.expect_bye();
    node.http().record_of(&customer.id);
    assert_eq!(say().json()["failure_reason"], "a fax");
    until("the reason", || node.http().get(&path).json(), |call| call["failure_reason"] == "a fax");
}

#[test]
fn the_third_caller_on_the_line_is_a_lost_call() {
    let node = Node::start(demo());
    for number in ["+442079460123", "+442079460124"] {
        assert_eq!(ask(&node, number).0, 201);
    }
    let mut caller = waiting(&node, "+442079460125");
    press(&mut caller, '1');
    caller.expect_bye();
    let record = node.http().record_of(&caller.id);
    assert_eq!((&record["status"], &record["outcome"]), (&"no_answer".into(), &"no_answer".into()), "{record:#}");
    assert_eq!(record["is_lost"], true);
    assert!(node.http().journey(&record).iter().any(|step| step == "callback.rejected"));
}

#[test]
fn nobody_answers_and_it_is_tried_again() {
    let node = Node::start(demo());
    let (_, callback) = ask(&node, CUSTOMER);
    let phone = node.registered("1001");
    let (agent, customer) = take(&node, &phone, CUSTOMER);
    customer.reject(486);
    agent.expect_bye();
    let resting = wait_state(&node, &callback["id"], "no_answer");
    assert_eq!((&resting["attempts"], &resting["reason"]), (&1.into(), &"busy".into()), "{resting}");
    assert_eq!(queue(&node), json!({"waiting": 1, "dialing": 0}));
    let (mut agent, customer) = take(&node, &phone, CUSTOMER);
    customer.answer();
    let over = wait_state(&node, &callback["id"], "connected");
    assert_eq!((&over["attempts"], &over["arrived_at"]), (&2.into(), &callback["arrived_at"]));
    agent.bye();
    customer.expect_bye();
}

#[test]
fn who_rings_again_has_the_place() {
    let node = Node::start(demo());
    let (_, callback) = ask(&node, CUSTOMER);
    let caller = waiting(&node, CUSTOMER);
    wait_state(&node, &callback["id"], "superseded");
    assert_eq!(queue(&node), json!({"waiting": 0, "dialing": 0}));
    let phone = node.registered("1001");
    let offer = phone.expect_call();
    offer.answer();
    node.http().wait_agent("1001", "on_call");
    let mut caller = caller;
    caller.bye();
    offer.expect_bye();
}

#[test]
fn a_crash_gives_back_the_same_callbacks() {
    let mut node = Node::start(demo().set("queue.0.callback_max", 0));
    let numbers = ["+442079460123", "+442079460124", "+442079460125"];
    let asked: Vec<Value> = numbers.iter().map(|number| ask(&node, number).1).collect();
    node.http().post("/v1/dnc", &unique(), &json!({"number": "+4420794601*", "reason": "test"}));
    node.kill();
    node.restart();
    let restored = until(
        "the callbacks",
        || node.http().get("/v1/callbacks").json()["data"].clone(),
        |data| data.as_array().is_some_and(|data| data.len() == 3),
    );
    for (place, (before, after)) in asked.iter().zip(restored.as_array().expect("a list")).enumerate() {
        for field in ["id", "number", "arrived_at", "requested_at", "state"] {
            assert_eq!(before[field], after[field], "{field}");
        }
        assert_eq!(after["position"], place + 1);
    }
    assert_eq!(node.http().get("/v1/dnc").json()["data"][0]["number"], "+4420794601*");
}

#[test]
fn the_do_not_call_list_binds_when_it_is_acknowledged() {
    let node = Node::start(demo());
    let phone = node.registered("1001");
    let body = json!({"number": "+4420794601*", "reason": "asked us"});
    let added = node.http().post("/v1/dnc", &unique(), &body);
    assert_eq!((added.status, &added.json()["number"]), (201, &"+4420794601*".into()));
    assert_eq!(node.http().post("/v1/dnc", &unique(), &body).status, 200);
    let click = json!({"from_agent": "1001", "to": CUSTOMER});
    node.http().post("/v1/calls", &unique(), &click).assert_problem(403, "destination_denied");
    let number = json!({"number": CUSTOMER});
    node.http().post("/v1/queues/support/callbacks", &unique(), &number).assert_problem(403, "destination_denied");
    assert_eq!(node.http().send("DELETE", "/v1/dnc/+4420794601*", &[], None).status, 200);
    node.http().send("DELETE", "/v1/dnc/+4420794601*", &[], None).assert_problem(404, "dnc_entry_not_found");
    assert_eq!(node.http().post("/v1/calls", &unique(), &click).status, 201);
    assert!(phone.expect_call().invite.is_some());
}

#[test]
fn an_agent_calls_back_from_a_call_with_his_phone_first() {
    let node = Node::start(demo());
    let mut caller = waiting(&node, CUSTOMER);
    node.http().wait_waiting("support", 1);
    caller.bye();
    let missed = node.http().record_of(&caller.id);
    let path = format!("/v1/calls/{}/callback", missed["id"].as_str().unwrap_or_default());
    let body = json!({"agent": "1001", "verified": true});
    node.http().post(&path, &unique(), &body).assert_problem(409, "no_active_device");
    let phone = node.registered("1001");
    let absent = json!({"agent": "1001", "device": "sip:1001@192.0.2.1"});
    node.http().post(&path, &unique(), &absent).assert_problem(409, "no_active_device");
    let begun = node.http().post(&path, &unique(), &body);
    assert_eq!(begun.status, 201, "{}", begun.text());
    let begun = begun.json();
    assert_eq!(
        (&begun["number"], &begun["verified"], &begun["related_call_id"]),
        (&CUSTOMER.into(), &true.into(), &missed["id"])
    );
    let mut own = phone.expect_call();
    assert!(!node.carrier.has(|msg| msg.is_request("INVITE")), "the agent's phone first");
    own.answer();
    let customer = node.carrier.expect_call();
    customer.answer();
    wait_state(&node, &begun["id"], "connected");
    own.bye();
    customer.expect_bye();
    let record = node.http().record_of(&customer.id);
    assert_eq!((&record["parent_call_id"], &record["direction"]), (&Value::Null, &"outbound_dial".into()));
}

#[test]
fn from_a_transaction_with_another_number_and_a_chosen_phone() {
    let node = Node::start(demo().set("agents.0.contacts_max", 5).set("dialing.recording", true));
    let mut caller = waiting(&node, CUSTOMER);
    node.http().wait_waiting("support", 1);
    caller.bye();
    let missed = node.http().record_of(&caller.id)["id"].as_str().unwrap_or_default().to_owned();
    let transaction = format!("/v1/transactions/{}", missed.replace("call_", "txn_"));
    let (other, chosen) = (node.registered("1001"), node.registered("1001"));
    let registered = || node.http().get("/v1/registrations?extension=1001").json()["data"].clone();
    let devices = until("both phones", registered, |data| data.as_array().is_some_and(|data| data.len() == 2));
    let port = format!(":{}", chosen.addr().port());
    let contacts = devices.as_array().into_iter().flatten().filter_map(|device| device["contact"].as_str());
    let device = contacts.into_iter().find(|contact| contact.contains(&port)).expect("the chosen phone").to_owned();
    let body = json!({"agent": "1001", "number": "02079460199", "device": device, "verified": true});
    let begun = node.http().post(&format!("{transaction}/callback"), &unique(), &body);
    assert_eq!(begun.status, 201, "{}", begun.text());
    let begun = begun.json();
    assert_eq!((&begun["number"], &begun["verified"]), (&"+442079460199".into(), &true.into()));
    let mut own = chosen.expect_call();
    own.answer();
    assert!(!other.has(|msg| msg.is_request("INVITE")), "only the phone that he chose rings");
    let customer = node.carrier.expect_call();
    customer.answer();
    wait_state(&node, &begun["id"], "connected");
    own.bye();
    customer.expect_bye();
    let record = node.http().record_of(&customer.id);
    assert_eq!(record["to"], "+442079460199");
    assert!(!record["recording"].is_null(), "as `dialing.recording` says: {record:#}");
    let related = || node.http().get(&transaction).json()["links"].clone();
    until("the link", related, |links| {
        links.as_array().is_some_and(|links| links.iter().any(|link| link["call_id"] == record["id"]))
    });
}

#[test]
fn with_the_customer_first_no_agent_rings_before_he_answers() {
    let node = Node::start(demo().set("queue.0.callback_first", "customer"));
    let phone = node.registered("1001");
    let (_, callback) = ask(&node, CUSTOMER);
    let customer = node.carrier.expect_call();
    customer.reply(180);
    wait_state(&node, &callback["id"], "dialing");
    assert!(!phone.has(|msg| msg.is_request("INVITE")), "nobody's phone rings yet");
    customer.answer();
    let mut agent = phone.expect_call();
    agent.answer();
    wait_state(&node, &callback["id"], "connected");
    agent.bye();
    customer.expect_bye();
}

#[test]
fn who_asks_twice_is_told_so_and_calls_it_off_by_key() {
    let node = Node::start(demo());
    let (_, first) = ask(&node, CUSTOMER);
    let phone = node.registered("1001");
    // His phone is being called: what he asked for stays, and he is told that it is registered already.
    let (_agent, _customer) = take(&node, &phone, CUSTOMER);
    wait_state(&node, &first["id"], "dialing");
    let mut caller = waiting(&node, CUSTOMER);
    node.http().wait_waiting("support", 1);
    press(&mut caller, '1');
    let asked = || node.http().get(&format!("/v1/callbacks/{}", first["id"].as_str().unwrap_or_default())).json();
    let step = || {
        let call = node.http().call_with(&caller.id);
        let steps = node.http().get(&format!("/v1/calls/{}/events", call["id"].as_str().unwrap_or_default())).json();
        let steps = steps["data"].as_array().cloned().unwrap_or_default();
        steps.into_iter().find(|step| step["type"] == "callback.requested")
    };
    let requested = until("the request", step, Option::is_some).expect("it was waited for");
    assert_eq!((&requested["data"]["callback"], &requested["data"]["duplicate"]), (&asked()["id"], &true.into()));
    press(&mut caller, '2');
    wait_state(&node, &first["id"], "cancelled");
}

#[test]
fn planned_for_a_time_it_begins_then() {
    let node = Node::start(demo());
    let phone = node.registered("1001");
    let due_at = in_seconds(3);
    let body = json!({"number": CUSTOMER, "agent": "1001", "due_at": due_at});
    let planned = node.http().post("/v1/callbacks", &unique(), &body);
    assert_eq!(planned.status, 201, "{}", planned.text());
    assert_eq!(planned.json()["state"], "requested");
    assert!(!phone.has(|msg| msg.is_request("INVITE")));
    let own = phone.expect_call();
    own.answer();
    assert!(node.carrier.expect_call().invite.is_some());
    let past = json!({"number": CUSTOMER, "queue": "support", "due_at": "2020-01-01T00:00:00Z"});
    node.http().post("/v1/callbacks", &unique(), &past).assert_problem(422, "invalid_body");
}

#[test]
fn with_a_real_phone_and_a_real_carrier() {
    let port = free_port("127.0.0.2");
    let node = Node::with_trunk_port(demo(), port);
    let mut agent = Baresip::start(&node, "1001", 440.0, true);
    let customer = Sipp::carrier_at(&node, "answer_and_hang_up", port).with("TALK_MS", "1500");
    let customer = customer.start().listening("127.0.0.2", port);
    let (status, callback) = ask(&node, CUSTOMER);
    assert_eq!(status, 201, "{callback}");
    agent.expect("CALL_ESTABLISHED");
    customer.finish();
    agent.expect("CALL_CLOSED");
    wait_state(&node, &callback["id"], "connected");
    let record = until(
        "the record",
        || node.http().calls("").into_iter().next().unwrap_or_default(),
        |call| !call["ended_at"].is_null(),
    );
    assert_eq!((&record["direction"], &record["to"]), (&"outbound_dial".into(), &CUSTOMER.into()), "{record:#}");
    assert_eq!((&record["status"], &record["agent"]), (&"completed".into(), &"1001".into()), "{record:#}");
    let heard = agent.heard();
    assert!(heard.channels[0].iter().any(|sample| sample.unsigned_abs() > 500), "the announcement");
}

#[test]
fn who_has_no_number_types_one_on_a_real_phone() {
    let node = Node::start(demo());
    let mut phone = Baresip::start(&node, "1050", 1_000.0, false);
    phone.command("dial", &format!("sip:{SUPPORT}@demo.local"));
    phone.expect("CALL_ESTABLISHED");
    node.http().wait_waiting("support", 1);
    phone.command("sndcode", "102079460123#");
    let listed = until(
        "the callback",
        || node.http().get("/v1/callbacks").json()["data"][0].clone(),
        |callback| callback["number"] == CUSTOMER,
    );
    assert_eq!((&listed["state"], &listed["source"]), (&"queued".into(), &"key".into()));
    phone.expect("CALL_CLOSED");
}

/// A time to come as in RFC 3339 (days to a date: Hinnant, chrono-compatible low-level date algorithms).
pub(crate) fn in_seconds(seconds: u64) -> String {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970");
    let at = i64::try_from(since.as_secs() + seconds).expect("a time");
    let (days, of_day) = (at.div_euclid(86_400) + 719_468, at.rem_euclid(86_400));
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * of_year + 2) / 153;
    let (day, month) = (of_year - (153 * month + 2) / 5 + 1, if month < 10 { month + 3 } else { month - 9 });
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z", of_day / 3_600, of_day / 60 % 60, of_day % 60)
}
