//! `/v1/campaigns`, with the dialer's core behind it: what may be written, and the life of a campaign.

use centre::{Answer, CampaignCommand, Command, CommandError};
use clock::{AttemptId, Instant, Now, RequestId, Rng, WallTime};
use dialer::runner::{Dialer, Effect, Input, Question, Reply as Answered};
use serde_json::{Value, json};

use crate::cast::bearer;
use crate::client::{KEY, Reply, get, send, send_json};
use crate::node::Node;

/// A node whose campaigns are a dialer's. It is read no leads.
async fn dialing() -> Node {
    let mut node = Node::start().await;
    let publish = node.campaigns();
    let mut dialer = Dialer::new(Rng::new(1));
    let mut dialed = 0;
    let now = Now { mono: Instant::from_nanos(0), wall: WallTime::from_micros(1_760_356_800_000_000) };
    node.play(move |command| {
        let Command::Campaign(command) = command else { return Err(CommandError::UnknownCall) };
        if matches!(*command, CampaignCommand::ByHand { .. }) {
            // Here every agent is ready.
            dialed += 1;
            return Ok(Answer::Campaign(Box::new(Answered::Dialing(AttemptId(dialed)))));
        }
        dialer.handle(now, input(*command));
        let mut replied = None;
        while let Some(effect) = dialer.poll_effect() {
            if let Effect::Reply { result, .. } = effect {
                replied = Some(result);
            }
        }
        for campaign in dialer.snapshot(now.wall).campaigns.values() {
            publish(campaign.as_ref().clone());
        }
        let result = replied.expect("a reply").map(|reply| Answer::Campaign(Box::new(reply)));
        result.map_err(|refusal| CommandError::Campaign(Box::new(refusal)))
    });
    node
}

fn input(command: CampaignCommand) -> Input {
    let (request, some) = (RequestId(1), Some(RequestId(1)));
    match command {
        CampaignCommand::Write { campaign, written, based_on, by } => {
            Input::Write { request: some, campaign, written, based_on, by }
        }
        CampaignCommand::Step { campaign, step, based_on } => Input::Step { request: some, campaign, step, based_on },
        CampaignCommand::Assign { campaign, written, based_on } => {
            Input::Assign { request: some, campaign, written, based_on }
        }
        CampaignCommand::Reset { campaign, list } => Input::Reset { request: some, campaign, list },
        CampaignCommand::Added { list } => Input::Added { request: some, list },
        CampaignCommand::Mended { list, lead } => Input::Mended { request: some, list, lead },
        CampaignCommand::ByHand { campaign, agent, what } => Input::ByHand { request, campaign, agent, what },
        CampaignCommand::Answer(answered) => Input::Answer { request, answered },
        CampaignCommand::Callback(asked) => Input::Ask { request, question: Question::Callback(asked) },
        CampaignCommand::Consents(numbers) => Input::Ask { request, question: Question::Consents(numbers) },
        CampaignCommand::WhyNot { campaign, lead } => {
            Input::Ask { request, question: Question::WhyNot { campaign, lead } }
        }
    }
}

/// A list without a file: its id.
async fn list(node: &Node) -> String {
    let made = send_json(node.at, "POST", "/v1/lead-lists", &[], "{\"name\": \"form\"}").await;
    assert_eq!(made.status, 201, "{made:?}");
    made.json()["id"].as_str().unwrap().to_owned()
}

/// A campaign over a list, with more fields or other ones.
fn over(list: &str, more: Value) -> Value {
    let mut body = json!({"name": "Autumn", "pacing": "progressive", "queue": "support", "lists": [{"list_id": list}]});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

async fn create(node: &Node, body: &Value) -> Reply {
    send_json(node.at, "POST", "/v1/campaigns", &[], &body.to_string()).await
}

/// One that is pending: its path.
async fn made(node: &Node, body: &Value) -> String {
    let made = create(node, body).await;
    assert_eq!(made.status, 201, "{made:?}");
    format!("/v1/campaigns/{}", made.json()["id"].as_str().unwrap())
}

async fn step(node: &Node, path: &str, verb: &str) -> Reply {
    step_of(node, path, verb, "demo-admin-key").await
}

async fn step_of(node: &Node, path: &str, verb: &str, secret: &str) -> Reply {
    let key = format!("{verb}-{}", KEYS.fetch_add(1, std::sync::atomic::Ordering::Relaxed));
    let headers = [("Authorization", &*bearer(secret)), ("Idempotency-Key", &key)];
    send(node.at, "POST", &format!("{path}/{verb}"), &headers, "").await
}

/// Submitted, and approved by somebody else.
async fn approved(node: &Node, path: &str) {
    assert_eq!(step(node, path, "submit").await.status, 200);
    let approved = step_of(node, path, "approve", "token-of-admin").await;
    assert_eq!((approved.status, &approved.json()["status"]), (200, &json!("approved")), "{approved:?}");
}

/// The fields at fault, with their words.
#[track_caller]
fn faults(reply: &Reply) -> Vec<(String, String)> {
    let problem = reply.problem(422, "invalid_body");
    let text = |error: &Value, field: &str| error[field].as_str().unwrap().to_owned();
    let errors = problem["errors"].as_array().unwrap();
    errors.iter().map(|error| (text(error, "pointer"), text(error, "code"))).collect()
}

fn fault(at: &str, code: &str) -> Vec<(String, String)> {
    vec![(at.to_owned(), code.to_owned())]
}

#[tokio::test]
async fn caller_ids_are_own_numbers() {
    let node = dialing().await;
    let list = list(&node).await;
    let with = |number: &str| over(&list, json!({"caller_ids": ["+442071830000", number]}));
    assert_eq!(faults(&create(&node, &with("+442079999999")).await), fault("#/caller_ids/1", "unknown"));
    assert_eq!(faults(&create(&node, &with("020 7183")).await), fault("#/caller_ids/1", "invalid"));
    node.own_numbers(&["+442071830000", "+442071830001"]);
    let path = made(&node, &with("+442071830001")).await;
    let put = send_json(node.at, "PUT", &path, &[], &with("+442079999999").to_string()).await;
    assert_eq!(faults(&put), fault("#/caller_ids/1", "unknown"));

    node.own_numbers(&["+442071830000"]);
    assert_eq!(faults(&step(&node, &path, "submit").await), fault("#/caller_ids/1", "unknown"));
    node.own_numbers(&["+442071830000", "+442071830001"]);
    approved(&node, &path).await;
    node.own_numbers(&[]);
    let refused = faults(&step(&node, &path, "start").await);
    assert_eq!(refused, [fault("#/caller_ids/0", "unknown"), fault("#/caller_ids/1", "unknown")].concat());
    node.own_numbers(&["+442071830000", "+442071830001"]);
    assert_eq!(step(&node, &path, "start").await.json()["status"], "processing");
}

#[tokio::test]
async fn dispositions_are_those_that_agents_of_the_queue_may_say() {
    let node = dialing().await;
    let list = list(&node).await;
    let with = |code: &str| over(&list, json!({"dispositions": {code: {"action": "do_not_call"}}}));
    assert_eq!(faults(&create(&node, &with("slod")).await), fault("#/dispositions/slod", "unknown"));
    assert_eq!(faults(&create(&node, &with("a/b~")).await), fault("#/dispositions/a~1b~0", "unknown"));
    made(&node, &with("sold")).await;
    made(&node, &with("not_set")).await;
}

#[tokio::test]
async fn a_list_is_there_and_not_called_off() {
    let node = dialing().await;
    let ghost = create(&node, &over("list_0190f5a2b6d07c3a9d1e4f5000000000", json!({}))).await;
    assert_eq!(faults(&ghost), fault("#/lists/0/list_id", "unknown"));
    assert_eq!(faults(&create(&node, &over("42", json!({}))).await)[..1], fault("#/lists/0/list_id", "invalid"));
    let headers = [KEY, ("Content-Type", "text/csv")];
    let file = send(node.at, "POST", "/v1/lead-lists", &headers, "Phone\n020 7183 8750\n").await.json();
    let file = file["id"].as_str().unwrap();
    let path = made(&node, &over(file, json!({}))).await;
    approved(&node, &path).await;
    assert_eq!(step(&node, &path, "start").await.status, 200, "it is imported while the campaign waits");
    assert_eq!(step(&node, &path, "cancel").await.json()["status"], "cancelled");

    assert_eq!(step(&node, &format!("/v1/lead-lists/{file}"), "cancel").await.status, 202);
    assert_eq!(faults(&create(&node, &over(file, json!({}))).await), fault("#/lists/0/list_id", "invalid"));
    let gone = list(&node).await;
    let path = made(&node, &over(&gone, json!({}))).await;
    send(node.at, "DELETE", &format!("/v1/lead-lists/{gone}"), &[KEY], "").await.problem(409, "lead_list_in_use");
    assert_eq!(step(&node, &path, "cancel").await.status, 200);
    assert_eq!(send(node.at, "DELETE", &format!("/v1/lead-lists/{gone}"), &[KEY], "").await.status, 204);
    assert_eq!(faults(&create(&node, &over(&gone, json!({}))).await), fault("#/lists/0/list_id", "unknown"));
}

#[tokio::test]
async fn a_bot_is_no_person() {
    let node = dialing().await;
    let list = list(&node).await;
    let bot = |voice: &str| over(&list, json!({"pacing": "bot", "concurrent": 5, "voice": voice}));
    assert_eq!(faults(&create(&node, &bot("person")).await), fault("#/voice", "contradiction"));
    made(&node, &bot("ai")).await;
}

/// The secret of a key that somebody makes.
async fn key_of(node: &Node, name: &str, maker: &str) -> String {
    let headers = [("Authorization", &*bearer(maker)), ("Content-Type", "application/json")];
    let body = json!({"name": name, "scopes": ["admin"]}).to_string();
    let made = send(node.at, "POST", "/v1/api-keys", &headers, &body).await;
    assert_eq!(made.status, 201, "{made:?}");
    made.json()["secret"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_key_is_whoever_made_it_also_through_other_keys() {
    let node = dialing().await;
    let list = list(&node).await;
    let admin = "token-of-admin";
    let own = key_of(&node, "own", admin).await;
    let behind = key_of(&node, "behind", &own).await;
    let of_file = KEY.1.trim_start_matches("Bearer ");
    let foreign = key_of(&node, "foreign", of_file).await;
    let keys = get(node.at, "/v1/api-keys").await.json();
    let maker = |name: &str| {
        let found = keys["data"].as_array().unwrap().iter().find(|key| key["name"] == name);
        found.unwrap_or_else(|| panic!("{name}"))["made_by"].as_str().unwrap().to_owned()
    };
    assert!(maker("own").starts_with("user_") && maker("own") == maker("behind") && maker("foreign") != maker("own"));
    for (submits, approves, is_another) in [
        (admin, &*own, false),
        (&*own, admin, false),
        (admin, &*behind, false),
        (&*behind, &*own, false),
        (of_file, &*foreign, false),
        (admin, &*foreign, true),
        (&*foreign, &*behind, true),
    ] {
        let headers = [("Authorization", &*bearer(submits)), ("Content-Type", "application/json")];
        let body = over(&list, json!({})).to_string();
        let path = made_by(&node, &headers, &body).await;
        assert_eq!(step_of(&node, &path, "submit", submits).await.status, 200);
        let reply = step_of(&node, &path, "approve", approves).await;
        if is_another {
            assert_eq!(reply.json()["status"], "approved", "{reply:?}");
        } else {
            reply.problem(403, "same_person");
        }
    }
}

async fn made_by(node: &Node, headers: &[(&str, &str)], body: &str) -> String {
    let made = send(node.at, "POST", "/v1/campaigns", headers, body).await;
    assert_eq!(made.status, 201, "{made:?}");
    format!("/v1/campaigns/{}", made.json()["id"].as_str().unwrap())
}

#[tokio::test]
async fn another_person_approves_and_who_changes_it_takes_that_back() {
    let node = dialing().await;
    let list = list(&node).await;
    let path = made(&node, &over(&list, json!({}))).await;
    step_of(&node, &path, "approve", "token-of-admin").await.problem(409, "campaign_status");
    step(&node, &path, "submit").await;
    step(&node, &path, "approve").await.problem(403, "same_person");
    approved(&node, &path).await;
    step(&node, &path, "start").await;
    let anew = over(&list, json!({"name": "Winter"})).to_string();
    let refused = send_json(node.at, "PUT", &path, &[], &anew).await.problem(409, "campaign_status");
    assert_eq!(refused["current_state"], "processing");
    assert_eq!(step(&node, &path, "pause").await.json()["status"], "paused");
    let put = send_json(node.at, "PUT", &path, &[], &anew).await.json();
    assert_eq!(
        (&put["status"], &put["name"], &put["approved_by"]),
        (&json!("pending"), &json!("Winter"), &Value::Null)
    );
    step(&node, &path, "start").await.problem(409, "campaign_status");
}

#[tokio::test]
async fn nobody_overwrites_what_he_has_not_seen() {
    let node = dialing().await;
    let list = list(&node).await;
    let path = made(&node, &over(&list, json!({}))).await;
    let etag = get(node.at, &path).await.header("etag").unwrap().to_owned();
    let put = async |name: &str, etag: &str| {
        let body = over(&list, json!({ "name": name })).to_string();
        send_json(node.at, "PUT", &path, &[("If-Match", etag)], &body).await
    };
    let winter = put("Winter", &etag).await;
    assert_eq!((winter.status, &winter.json()["name"]), (200, &json!("Winter")));
    assert_ne!(winter.header("etag"), Some(&*etag));
    put("Spring", &etag).await.problem(412, "precondition_failed");
    assert_eq!(get(node.at, &path).await.json()["name"], "Winter");
    assert_eq!(put("Spring", winter.header("etag").unwrap()).await.status, 200);
    assert_eq!(put("Summer", "*").await.status, 200);
}

#[tokio::test]
async fn what_is_rejected_says_why_and_can_be_mended_or_called_off() {
    let node = dialing().await;
    let list = list(&node).await;
    let path = made(&node, &over(&list, json!({}))).await;
    step(&node, &path, "submit").await;
    let reject = |reason: &str| json!({ "reason": reason }).to_string();
    let no_reason = send_json(node.at, "POST", &format!("{path}/reject"), &[], &reject(" ")).await;
    assert_eq!(faults(&no_reason), fault("#/reason", "invalid"));
    let rejected = send_json(node.at, "POST", &format!("{path}/reject"), &[], &reject("no consent")).await.json();
    let said = (&rejected["status"], &rejected["rejection_reason"]);
    assert_eq!(said, (&json!("rejected"), &json!("no consent")));
    for verb in ["submit", "approve", "start", "pause", "stop"] {
        let refused = step(&node, &path, verb).await.problem(409, "campaign_status");
        assert_eq!(refused["current_state"], "rejected", "{verb}");
    }
    assert_eq!(step(&node, &path, "cancel").await.json()["status"], "cancelled");
    assert_eq!(send(node.at, "DELETE", &format!("/v1/lead-lists/{list}"), &[KEY], "").await.status, 204);
}

#[tokio::test]
async fn a_list_is_reset_until_somebody_ends_the_campaign() {
    let node = dialing().await;
    let (list, other) = (list(&node).await, list(&node).await);
    let path = made(&node, &over(&list, json!({}))).await;
    approved(&node, &path).await;
    step(&node, &path, "start").await;
    let reset = async |path: &str, list: &str| {
        send_json(node.at, "POST", &format!("{path}/reset"), &[], &json!({"list_id": list}).to_string()).await
    };
    assert_eq!(faults(&reset(&path, &other).await), fault("#/list_id", "unknown"));
    assert_eq!(faults(&reset(&path, "all").await), fault("#/list_id", "invalid"));
    assert_eq!(reset(&path, &list).await.json()["status"], "processing", "it goes on");
    let stopped = step(&node, &path, "stop").await.json();
    assert_eq!((&stopped["status"], stopped["ended_by"].is_string()), (&json!("completed"), true), "{stopped}");
    step(&node, &path, "start").await.problem(409, "campaign_status");
    let refused = reset(&path, &list).await.problem(409, "campaign_status");
    assert_eq!(refused["current_state"], "completed");
    assert!(refused["detail"].as_str().is_some_and(|detail| detail.contains("somebody stopped")), "{refused}");
    let path = made(&node, &over(&other, json!({}))).await;
    step(&node, &path, "cancel").await;
    let refused = reset(&path, &other).await.problem(409, "campaign_status");
    assert_eq!(refused["current_state"], "cancelled");
}

#[tokio::test]
async fn one_campaign_at_a_time_dials_for_agents_of_a_queue() {
    let node = dialing().await;
    let list = list(&node).await;
    let [first, second] = [made(&node, &over(&list, json!({}))).await, made(&node, &over(&list, json!({}))).await];
    for path in [&first, &second] {
        approved(&node, path).await;
    }
    assert_eq!(step(&node, &first, "start").await.status, 200);
    step(&node, &second, "start").await.problem(409, "queue_taken");
    step(&node, &first, "pause").await;
    assert_eq!(step(&node, &second, "start").await.status, 200);
    let running = get(node.at, "/v1/campaigns?status=processing").await.json();
    assert_eq!(running["data"].as_array().unwrap().len(), 1);
    let page = get(node.at, "/v1/campaigns?limit=1").await.json();
    let next = format!("/v1/campaigns?limit=1&cursor={}", page["next_cursor"].as_str().unwrap());
    let rest = get(node.at, &next).await.json();
    assert!(rest["next_cursor"].is_null());
    let ids = [&page, &rest].map(|page| format!("/v1/campaigns/{}", page["data"][0]["id"].as_str().unwrap()));
    assert_eq!(ids, [first, second], "in the order in which they were made");
}

#[tokio::test]
async fn a_start_needs_a_key_and_one_that_is_repeated_starts_nothing() {
    let node = dialing().await;
    let list = list(&node).await;
    let path = made(&node, &over(&list, json!({}))).await;
    approved(&node, &path).await;
    let start = format!("{path}/start");
    send(node.at, "POST", &start, &[KEY], "").await.problem(400, "idempotency_key_required");
    let started = send(node.at, "POST", &start, &[KEY, ("Idempotency-Key", "one")], "").await;
    assert_eq!((started.status, started.header("idempotent-replayed")), (200, None));
    step(&node, &path, "pause").await;
    let again = send(node.at, "POST", &start, &[KEY, ("Idempotency-Key", "one")], "").await;
    assert_eq!((again.status, again.header("idempotent-replayed")), (200, Some("true")));
    assert_eq!(get(node.at, &path).await.json()["status"], "paused");
}

#[tokio::test]
async fn what_an_agent_has_dialed_is_dialed_once() {
    let node = dialing().await;
    let path = made(&node, &json!({"name": "Calls", "pacing": "manual", "queue": "support"})).await;
    let typed = json!({"number": "+442071838750"}).to_string();
    let post = async |verb: &str, key: &str, body: &str| {
        let path = format!("{path}/agents/1001/{verb}");
        let json = [KEY, ("Idempotency-Key", key), ("Content-Type", "application/json")];
        let headers = if body.is_empty() { &json[..2] } else { &json[..] };
        let reply = send(node.at, "POST", &path, headers, body).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        (reply.json()["attempt_id"].clone(), reply.header("idempotent-replayed").is_some())
    };
    for (verb, body) in [("dial", &*typed), ("accept-lead", "")] {
        let (first, _) = post(verb, &format!("{verb}-1"), body).await;
        assert_eq!(post(verb, &format!("{verb}-1"), body).await, (first.clone(), true), "{verb}");
        let (other, replayed) = post(verb, &format!("{verb}-2"), body).await;
        assert!(other != first && !replayed, "{verb}: {other}");
    }
}

static KEYS: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);

#[tokio::test]
async fn a_lead_is_mended_by_whoever_has_seen_it() {
    let node = dialing().await;
    let list = list(&node).await;
    let leads = format!("/v1/lead-lists/{list}/leads");
    let body = json!({"leads": [
        {"numbers": ["020 7183 8001", "020 7183 8002"], "name": "Jo", "city": "Leeds", "extra": {"plan": "Gold"}},
        {"numbers": ["020 7183 8003"]}]});
    let added = send_json(node.at, "POST", &leads, &[], &body.to_string()).await.json();
    let path = format!("{leads}/{}", added["leads"][0]["id"].as_str().unwrap());
    let shown = get(node.at, &path).await;
    let tag = shown.header("etag").unwrap().to_owned();
    assert_eq!((&shown.json()["name"], &shown.json()["numbers"][1]["typed"]), (&json!("Jo"), &json!("020 7183 8002")));
    let patch = async |tag: &str, body: Value| {
        let headers: &[(&str, &str)] = if tag.is_empty() { &[] } else { &[("If-Match", tag)] };
        send_json(node.at, "PATCH", &path, headers, &body.to_string()).await
    };
    patch("", json!({"name": "Al"})).await.problem(428, "precondition_required");
    let wrong = [
        (json!({"numbers": ["n/a"]}), "#/numbers/0", "invalid_number"),
        (json!({"numbers": []}), "#/numbers", "invalid"),
        (json!({"numbers": ["020 7183 8001", "020 7183 8003"]}), "#/numbers/1", "duplicate_in_list"),
        (json!({"time_zone": "Mars/Olympus"}), "#/time_zone", "unknown_time_zone"),
        (json!({"consent_artificial_voice_at": "yes"}), "#/consent_artificial_voice_at", "invalid"),
        (json!({"city": "x".repeat(1_001)}), "#/city", "invalid"),
    ];
    for (body, at, code) in wrong {
        assert_eq!(faults(&patch(&tag, body).await), fault(at, code));
    }
    let change = json!({"numbers": ["020 7183 8009", "020 7183 8001"], "time_zone": "Europe/Lisbon", "city": null});
    let mended = patch(&tag, change.clone()).await;
    assert_eq!(mended.status, 200, "{mended:?}");
    let numbers = json!([{"number": "+442071838009", "typed": "020 7183 8009"},
        {"number": "+442071838001", "typed": "020 7183 8001"}]);
    for seen in [mended.json(), get(node.at, &path).await.json()] {
        let told = (&seen["numbers"], &seen["time_zone"], &seen["city"], &seen["name"], &seen["extra"]["plan"]);
        assert_eq!(told, (&numbers, &json!("Europe/Lisbon"), &Value::Null, &json!("Jo"), &json!("Gold")));
    }
    patch(&tag, change).await.problem(412, "precondition_failed");
    assert_ne!(mended.header("etag"), Some(&*tag));
    let one_less = patch("*", json!({"numbers": ["020 7183 8001"]})).await.json();
    assert_eq!(one_less["numbers"].as_array().map(Vec::len), Some(1));
    get(node.at, &format!("{leads}/lead_{:032x}", 7)).await.problem(404, "lead_not_found");
    let log = node.until("/v1/audit-log?action=change_lead", |page| page["data"][0].is_object()).await;
    assert_eq!(log["data"][0]["action"], "change_lead", "{log}");
}
