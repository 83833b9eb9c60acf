//! Campaigns over real SIP: leads of a list are dialed for agents with standing legs, and what came of each is kept.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{Call, Endpoint, Node, NodeConfig, Response, unique, until};

/// The demo whose `support` is served over standing legs, and which may call where people are awake.
pub(crate) fn demo() -> NodeConfig {
    let demo = NodeConfig::demo()
        .queue_times(15, 120, 60)
        .set("queue.0.standing_leg", true)
        .set("dialing.messages", vec!["goodbye"])
        .push("disposition", "code = \"later\"\nlabel = \"Call later\"");
    match awake() {
        "+442079460" => demo,
        abroad => {
            let code = if abroad.starts_with("+81") { "81" } else { "1" };
            let route = format!("from = \"agents\"\npattern = \"+{code}\"\ntrunk = \"carrier\"");
            demo.set("node.allowed_countries", vec![code]).push("route", &route)
        }
    }
}

/// The first digits of numbers, three short of the whole, of a place where campaigns may call now.
#[allow(clippy::disallowed_methods, reason = "the gate goes by the clock, and so must a test of it")]
pub(crate) fn awake() -> &'static str {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970");
    match now.as_secs() / 3_600 % 24 {
        10..=19 => "+442079460",
        20..=23 => "+1213621",
        _ => "+81332240",
    }
}

/// A number of the test.
pub(crate) fn number(which: usize) -> String {
    let digits = if awake().starts_with("+1") { format!("0{which:03}") } else { format!("{which:03}") };
    format!("{}{digits}", awake())
}

/// A campaign over a list with some numbers, started.
pub(crate) struct Campaign<'a> {
    pub(crate) node: &'a Node,
    pub(crate) path: String,
    pub(crate) leads: Vec<String>,
}

impl<'a> Campaign<'a> {
    pub(crate) fn started(node: &'a Node, numbers: usize, more: Value) -> Self {
        let (list, leads) = list(node, numbers);
        Self::of(node, &list, leads, more)
    }

    pub(crate) fn of(node: &'a Node, list: &str, leads: Vec<String>, more: Value) -> Self {
        let mut body = json!({"name": "Autumn", "pacing": "progressive", "queue": "support", "detect": false,
            "lists": [{"list_id": list}], "abandon_message": "goodbye"});
        let fields = body.as_object_mut().expect("an object");
        fields.extend(more.as_object().expect("an object").clone());
        let made = node.http().post("/v1/campaigns", &unique(), &body);
        assert_eq!(made.status, 201, "{}", made.text());
        let path = format!("/v1/campaigns/{}", made.json()["id"].as_str().expect("an id"));
        let campaign = Self { node, path, leads };
        for verb in ["submit", "approve"] {
            campaign.step(verb);
        }
        assert_eq!(campaign.seen()["status"], "approved");
        campaign.step("start");
        campaign
    }

    pub(crate) fn step(&self, verb: &str) -> Value {
        let key = unique();
        let send = || -> Response {
            self.node.http().send("POST", &format!("{}/{verb}", self.path), &[("Idempotency-Key", &key)], None)
        };
        let done = send();
        assert_eq!(done.status, 200, "{verb}: {}", done.text());
        let again = send();
        assert_eq!((again.status, again.header("Idempotent-Replayed")), (200, Some("true")), "{verb}");
        done.json()
    }

    pub(crate) fn seen(&self) -> Value {
        self.node.http().get(&self.path).json()
    }

    pub(crate) fn wait(&self, status: &str) -> Value {
        until(status, || self.seen(), |seen| seen["status"] == status)
    }

    /// Attempts, oldest first, once they are as wanted.
    pub(crate) fn attempts(&self, wanted: impl Fn(&[Value]) -> bool) -> Vec<Value> {
        let ask = || {
            let page = self.node.http().get(&format!("{}/attempts?limit=200", self.path)).json();
            let mut all = page["data"].as_array().cloned().unwrap_or_default();
            all.reverse();
            all
        };
        until("the attempts", ask, |all| wanted(all))
    }

    /// Attempts that have all come to these outcomes, in any order.
    pub(crate) fn outcomes(&self, wanted: &[&str]) -> Vec<Value> {
        let mut wanted: Vec<&str> = wanted.to_vec();
        wanted.sort_unstable();
        self.attempts(|all| {
            let mut outcomes: Vec<&str> = all.iter().filter_map(|attempt| attempt["outcome"].as_str()).collect();
            outcomes.sort_unstable();
            all.len() == outcomes.len() && outcomes == wanted
        })
    }

    /// A lead that was tried, once it stands so.
    pub(crate) fn lead(&self, which: usize, state: &str) -> Value {
        let find = || {
            let page = self.node.http().get(&format!("{}/leads", self.path)).json();
            let mut all = page["data"].as_array().cloned().unwrap_or_default().into_iter();
            all.find(|lead| lead["lead_id"] == self.leads[which].as_str()).unwrap_or_default()
        };
        until("the lead", find, |lead| lead["state"] == state)
    }

    pub(crate) fn why_not(&self, which: usize) -> Value {
        self.node.http().get(&format!("{}/leads/{}/why-not", self.path, self.leads[which])).json()
    }
}

/// A list with some leads of a number each.
pub(crate) fn list(node: &Node, numbers: usize) -> (String, Vec<String>) {
    list_of(node, (0..numbers).map(|which| vec![number(which)]).collect())
}

/// A list with leads of these numbers.
pub(crate) fn list_of(node: &Node, leads: Vec<Vec<String>>) -> (String, Vec<String>) {
    let made = node.http().post("/v1/lead-lists", &unique(), &json!({"name": "autumn"}));
    assert_eq!(made.status, 201, "{}", made.text());
    let list = made.json()["id"].as_str().expect("an id").to_owned();
    let count = leads.len();
    let leads: Vec<Value> = leads.into_iter().map(|numbers| json!({"numbers": numbers})).collect();
    let added = node.http().post(&format!("/v1/lead-lists/{list}/leads"), &unique(), &json!({"leads": leads}));
    assert_eq!(added.status, 200, "{}", added.text());
    let added = added.json();
    let ids = added["leads"].as_array().into_iter().flatten();
    let ids: Vec<String> = ids.filter_map(|lead| lead["id"].as_str().map(str::to_owned)).collect();
    assert_eq!(ids.len(), count, "{added}");
    (list, ids)
}

/// An agent with his standing leg up.
pub(crate) fn on_duty(node: &Node, extension: &str) -> (Endpoint, Call) {
    let phone = node.registered(extension);
    let done = node.http().post(&format!("/v1/agents/{extension}/connect"), &unique(), &json!({}));
    assert_eq!(done.status, 200, "{}", done.text());
    let leg = phone.expect_call();
    leg.answer();
    until("the standing leg", || node.http().agent(extension), |agent| agent["standing_leg"] == "up");
    (phone, leg)
}

/// Which number is called.
pub(crate) fn called(call: &Call) -> String {
    let to = call.invite.as_ref().expect("an INVITE").header("To").to_owned();
    let user = to.split_once("sip:").and_then(|(_, rest)| rest.split_once('@')).map_or("", |(user, _)| user);
    user.to_owned()
}

pub(crate) fn nothing_is_dialed(node: &Node, limit: Duration) {
    let more = node.carrier.take(limit, |msg| msg.is_request("INVITE"));
    assert!(more.is_none(), "{more:?}");
}

#[test]
fn a_person_meets_an_agent_and_the_lead_comes_again_as_he_says() {
    let node = Node::start(demo());
    let (_phone, leg) = on_duty(&node, "1001");
    let campaign =
        Campaign::started(&node, 2, json!({"dispositions": {"later": {"action": "again", "after_s": 3600}}}));
    let mut customer = node.carrier.expect_call();
    assert_eq!(called(&customer), number(0));
    customer.reply(180);
    customer.answer();
    node.http().wait_agent("1001", "on_call");
    customer.talk(1_000.0);
    let from = leg.rtp.wait_packets(60);
    crate::queue_calls::assert_louder(&leg.rtp.samples(from), 1_000.0, 440.0);
    nothing_is_dialed(&node, Duration::from_millis(1_200));
    customer.bye();
    let record = node.http().record_of(&customer.id);
    let expected = (json!("outbound_auto"), json!("1001"), json!("support"), json!(number(0)));
    let told = (record["direction"].clone(), record["agent"].clone(), record["queue"].clone(), record["to"].clone());
    assert_eq!(told, expected, "{record:#}");
    node.http().wait_agent("1001", "wrap_up");
    assert_eq!(campaign.why_not(0)["why"], "disposing");

    let call = record["id"].as_str().unwrap_or_default();
    let said = json!({"code": "later", "agent": "1001"});
    let said = node.http().post(&format!("/v1/calls/{call}/disposition"), &unique(), &said);
    assert!(said.status == 200 || said.status == 201, "{}", said.text());
    let lead = campaign.lead(0, "retry");
    assert_eq!((&lead["disposition"], &lead["attempts"]), (&json!("later"), &json!(1)), "{lead}");
    assert_eq!(campaign.why_not(0)["why"], "retry");

    // What he said ended his wrap-up, so the other lead may be on its way by now.
    let is_his = |attempt: &Value| attempt["outcome"] == "connected";
    let all = campaign.attempts(|all| all.iter().any(is_his));
    let attempt = all.into_iter().find(is_his).expect("it is there");
    assert_eq!((&attempt["agent"], &attempt["call_id"]), (&json!("1001"), &record["id"]), "{attempt:#}");
    for moment in ["ordered_at", "rang_at", "answered_at", "connected_at", "ended_at"] {
        assert!(attempt[moment].is_string(), "{moment}: {attempt:#}");
    }
    let counted = |total: &Value| {
        (&total["attempts"], &total["served"], &total["abandoned"]) == (&json!(1), &json!(1), &json!(0))
    };
    until("the counts", || campaign.seen()["total"].clone(), counted);
    let verdicts =
        node.http().get(&format!("/v1/compliance/decisions?number={}", number(0).replace('+', "%2B"))).json();
    let verdict = &verdicts["data"][0];
    assert_eq!((&verdict["allowed"], &verdict["attempt_id"]), (&json!(true), &attempt["id"]), "{verdicts:#}");
    assert_eq!(node.http().metric("trunkline_facts_repaired_total"), 0.0);
}

#[test]
fn paused_and_stopped_nothing_new_is_dialed_and_a_busy_number_comes_again() {
    let node = Node::start(demo());
    let _agent = on_duty(&node, "1001");
    let campaign = Campaign::started(&node, 3, json!({"recycle": {"busy": {"after_s": 120, "times": 1}}}));
    let first = node.carrier.expect_call();
    assert_eq!(called(&first), number(0), "one idle agent, one line");
    assert_eq!(campaign.step("pause")["status"], "paused");
    first.reject(486);
    let attempt = campaign.outcomes(&["busy"]).remove(0);
    assert_eq!((&attempt["sip"], &attempt["answered_at"]), (&json!(486), &Value::Null), "{attempt:#}");
    let lead = campaign.lead(0, "retry");
    assert_eq!((&lead["last_outcome"], &lead["attempts"]), (&json!("busy"), &json!(1)));
    nothing_is_dialed(&node, Duration::from_millis(1_500));
    assert_eq!(campaign.why_not(1)["status"], "paused");

    campaign.step("start");
    let second = node.carrier.expect_call();
    assert_eq!(called(&second), number(1), "the first waits for its next try");
    assert_eq!(campaign.step("stop")["status"], "completed");
    second.reject(404);
    campaign.outcomes(&["busy", "unobtainable"]);
    campaign.lead(1, "done");
    nothing_is_dialed(&node, Duration::from_millis(1_500));
    assert_eq!(campaign.wait("completed")["in_flight"], 0);
}

#[test]
fn whom_no_agent_takes_hears_the_safe_harbour_and_is_locked_out() {
    let node = Node::start(demo());
    let _agent = on_duty(&node, "1001");
    let (list, leads) = list(&node, 3);
    let ratio = json!({"pacing": "ratio", "lines_per_agent": 2.0, "recycle": {}});
    let campaign = Campaign::of(&node, &list, leads.clone(), ratio.clone());
    let (one, two) = (node.carrier.expect_call(), node.carrier.expect_call());
    one.answer();
    node.http().wait_agent("1001", "on_call");
    two.answer();
    let heard = two.rtp.wait_packets(60);
    let loudest = two.rtp.samples(heard).iter().map(|sample| sample.unsigned_abs()).max();
    assert!(loudest > Some(500), "the message: {loudest:?}");
    two.expect_bye();
    let record = node.http().record_of(&two.id);
    let told = [&record["status"], &record["outcome"], &record["cause"]["code"], &record["agent"]];
    assert_eq!(told, [&json!("failed"), &json!("error"), &json!("abandoned"), &Value::Null], "{record:#}");
    let left = campaign.attempts(|all| all.iter().any(|attempt| attempt["outcome"] == "abandoned"));
    let left = left.iter().find(|attempt| attempt["outcome"] == "abandoned").expect("one");
    assert!(left["abandoned_at"].is_string() && left["agent"].is_null(), "{left:#}");
    let counted = |figures: &Value| (&figures["people"], &figures["abandoned"]) == (&json!(1), &json!(1));
    until("the figures", || campaign.seen()["last_30_days"].clone(), counted);
    campaign.step("stop");

    // Another campaign has his number: for 72 hours nobody may call it without an agent who waits for the call. Who has just
    // talked is not called either.
    let other = Campaign::of(&node, &list, leads, ratio);
    let which = other.leads.iter().position(|lead| left["lead_id"] == lead.as_str()).expect("a lead of the list");
    let mut one = one;
    one.bye();
    node.http().wait_agent("1001", "wrap_up");
    let ready = node.http().put("/v1/agents/1001/state", &json!({"state": "ready"}));
    assert_eq!(ready.status, 200, "{}", ready.text());
    let dialed = node.carrier.expect_call();
    assert_eq!(called(&dialed), number(2), "whom nobody has called yet");
    let why = until("why", || other.why_not(which), |why| why["why"] == "denied");
    assert!(why["because"].as_str().is_some_and(|because| because.contains("abandoned")), "{why}");
    dialed.reject(486);
}

#[test]
fn a_crash_dials_no_lead_twice_and_loses_none() {
    let mut node = Node::start(demo());
    let agent = on_duty(&node, "1001");
    let (path, leads) = {
        let more = json!({"pacing": "ratio", "lines_per_agent": 2.0, "detect": true, "max_lines": 2});
        let campaign = Campaign::started(&node, 3, more);
        (campaign.path.clone(), campaign.leads.clone())
    };
    let (one, two) = (node.carrier.expect_call(), node.carrier.expect_call());
    let mut dialed = vec![called(&one), called(&two)];
    two.reply(180);
    one.answer();
    {
        let campaign = Campaign { node: &node, path: path.clone(), leads: leads.clone() };
        campaign.attempts(|all| all.iter().any(|attempt| attempt["answered_at"].is_string()));
        campaign.attempts(|all| all.iter().any(|attempt| attempt["rang_at"].is_string()));
    }
    node.kill();
    node.restart();
    one.expect_bye();
    two.expect_cancel();
    agent.1.expect_bye();
    let again = agent.0.expect_call();
    again.answer();
    let campaign = Campaign { node: &node, path, leads };
    campaign.wait("running");
    let three = node.carrier.expect_call();
    dialed.push(called(&three));
    three.reject(404);
    let all = campaign.outcomes(&["abandoned", "node_restart", "unobtainable"]);
    let of = |outcome: &str| all.iter().find(|attempt| attempt["outcome"] == outcome).expect("one").clone();
    assert_eq!(of("abandoned")["number"], json!(dialed[0]), "answered before the crash");
    assert_eq!(of("node_restart")["number"], json!(dialed[1]), "it only rang");
    dialed.sort();
    assert_eq!(dialed, [number(0), number(1), number(2)], "each once");
    let recounted = |total: &Value| (&total["attempts"], &total["abandoned"]) == (&json!(3), &json!(1));
    until("the ledger to be a recount", || campaign.seen()["total"].clone(), recounted);
    let rings = campaign.leads.iter().position(|lead| of("node_restart")["lead_id"] == lead.as_str()).expect("a lead");
    campaign.lead(rings, "retry");
    nothing_is_dialed(&node, Duration::from_millis(1_500));
}
