//! Every operation that the description names, tried by everyone: each role, no key, keys that are over or for
//! elsewhere, and an admin of another account. An operation that has no row in the table below fails the test.

use std::collections::BTreeMap;

use acd::State;
use admin_api::Api;
use centre::{Answer, Ban, CampaignCommand, Command};
use clock::{CallId, WallTime};
use dialer::campaign::Life;
use dialer::hopper::Counts;
use dialer::runner::{CallbackOffer, CampaignSnapshot, Explained, Hour, NumberWhy, Reply as Answered, WhyNot};
use journal_core::{Entry, RecordingState};
use serde_json::{Value, json};

use crate::audit::logged;
use crate::cast::{BAD_KEYS, ROLES, bearer};
use crate::client::{KEY, Reply, send};
use crate::node::{Node, agent, quarantined};
use crate::story::{Story, recording_path};

/// How an operation is tried, and who may succeed.
struct Row {
    /// Path of a thing of the account that is also the operator's own.
    path: String,
    body: Value,
    /// Who may.
    allowed: &'static [&'static str],
    /// Path of the same kind of thing that is not the operator's.
    not_own: Option<String>,
    /// What an admin of another account gets.
    stranger: Stranger,
}

/// What an admin of another account gets of this one's things.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Stranger {
    /// 404, or 422 where the thing is named in the body.
    Nothing,
    /// A list without them.
    Empty,
    /// What has nothing to do with any account's things, or is his own.
    Own,
    /// 403: what is of the node as a whole.
    Refused,
}

/// Whoever has a session may: what comes of them is tried in `people`.
const OF_ONESELF: [&str; 2] = ["log_out", "set_own_password"];
const ALL: &[&str] = &["admin", "supervisor", "manager", "operator", "viewer"];
const LOOKERS: &[&str] = &["admin", "supervisor", "viewer"];
const SEERS: &[&str] = &["admin", "supervisor", "operator", "viewer"];
const DOERS: &[&str] = &["admin", "supervisor", "operator"];
const CALLERS: &[&str] = &["admin", "supervisor", "manager", "operator"];
const OF_TEAMS: &[&str] = &["admin", "supervisor", "manager"];
const LEADERS: &[&str] = &["admin", "supervisor"];
const ADMIN: &[&str] = &["admin"];

/// Things to try on.
struct Things {
    own: CallId,
    other: CallId,
    live: CallId,
    /// Of 1001, to a customer who was not reached.
    failed: CallId,
    voicemail: String,
    consent: String,
}

#[tokio::test]
async fn every_operation_by_everyone() {
    let (node, things) = furnished().await;
    for (method, operation) in operations() {
        let name = operation["operationId"].as_str().expect("a name").to_owned();
        if name == "log_in" {
            continue; // Open to all; `people` tries it with right and wrong passwords.
        }
        if !OF_ONESELF.contains(&name.as_str()) {
            try_roles(&node, &things, &method, &name, &operation).await;
        }
        let row = row(&node, &things, &name, ROLES.len()).await;
        try_bad_keys(&node, &method, &name, &row, &operation).await;
        try_stranger(&node, &method, &name, &row).await;
    }
}

async fn try_roles(node: &Node, things: &Things, method: &str, name: &str, operation: &Value) {
    for (number, role) in ROLES.iter().enumerate() {
        let row = row(node, things, name, number).await;
        let reply = ask(node, method, &row.path, &format!("token-of-{role}"), &row.body).await;
        if method != "GET" {
            check_log(node, role, name, &reply, &row).await;
        }
        if row.allowed.contains(role) {
            assert!((200..300).contains(&reply.status), "{role} may {name}: {reply:?}");
        } else {
            let problem = reply.problem(403, "forbidden");
            let wanted = &operation["security"].as_array().unwrap().last().unwrap()["key"][0];
            assert_eq!(problem["errors"][0]["detail"], *wanted, "{role} {name}: {problem}");
        }
        let is_confined = *role == "operator" || (*role == "manager" && !row.path.starts_with("/v1/agents"));
        if let (true, Some(path)) = (is_confined && row.allowed.contains(role), &row.not_own) {
            let reply = ask(node, method, path, &format!("token-of-{role}"), &row.body).await;
            assert_eq!(reply.status, 404, "{role} {name} of somebody else: {reply:?}");
        }
    }
}

/// Whatever changes something leaves one entry in the log of the account, and so does who may not.
async fn check_log(node: &Node, role: &str, name: &str, reply: &Reply, row: &Row) {
    let entries = logged(node, reply).await;
    let [entry] = entries.as_slice() else { panic!("{name} by {role} left {} entries: {entries:#?}", entries.len()) };
    let outcome = if reply.status == 403 { "refused" } else { "done" };
    assert_eq!((&entry["outcome"], &entry["actor"]["name"]), (&json!(outcome), &json!(role)), "{name}: {entry}");
    assert_eq!((&entry["actor"]["kind"], &entry["actor"]["address"]), (&json!("user"), &json!("127.0.0.1")), "{entry}");
    for field in ["action", "resource_type"] {
        assert_ne!(entry[field], "", "{name}: {entry}");
    }
    assert!(outcome == "refused" || entry["resource_id"] != "", "{name}: {entry}");
    let text = entry.to_string();
    let made: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
    let secrets = [row.body["password"].as_str(), row.body["admin"]["password"].as_str(), made["secret"].as_str()];
    assert!(!secrets.iter().flatten().any(|secret| text.contains(secret)), "{name}: {entry}");
}

async fn try_bad_keys(node: &Node, method: &str, name: &str, row: &Row, operation: &Value) {
    let open_on_this_machine = operation["security"][0] == json!({});
    for (secret, status, code) in BAD_KEYS {
        ask(node, method, &row.path, secret, &row.body).await.problem(status, code);
        if open_on_this_machine {
            let reply = send(node.at, method, &row.path, &[("Authorization", &bearer(secret))], "").await;
            assert_eq!(reply.status, 200, "{name} needs no key here: {reply:?}");
        }
    }
    let asks_for_a_permission = operation["security"][0]["key"].as_array().is_some_and(|words| !words.is_empty());
    if asks_for_a_permission {
        ask(node, method, &row.path, "key-without-scopes", &row.body).await.problem(403, "forbidden");
    }
}

async fn try_stranger(node: &Node, method: &str, name: &str, row: &Row) {
    let reply = ask(node, method, &row.path, "key-of-another-account", &row.body).await;
    match row.stranger {
        Stranger::Nothing => assert!([404, 422].contains(&reply.status), "{name} of another account: {reply:?}"),
        Stranger::Empty => assert_eq!(reply.json()["data"], json!([]), "{name} of another account"),
        Stranger::Refused => {
            reply.problem(403, "forbidden");
        }
        Stranger::Own => assert!(reply.status < 500 && reply.status != 401, "{name} of another account: {reply:?}"),
    }
}

/// The one table. `number` tells apart the tries of one operation.
async fn row(node: &Node, things: &Things, name: &str, number: usize) -> Row {
    use Stranger::{Empty, Nothing, Own, Refused};
    let at =
        |path: &str, allowed, stranger| Row { path: path.into(), body: Value::Null, allowed, not_own: None, stranger };
    let call = |id: CallId, rest: &str| format!("/v1/calls/{id}{rest}");
    let of_call = |rest: &str, allowed, stranger| Row {
        not_own: Some(call(things.other, rest)),
        ..at(&call(things.own, rest), allowed, stranger)
    };
    let of_agent = |rest: &str, allowed| Row {
        not_own: Some(format!("/v1/agents/1002{rest}")),
        ..at(&format!("/v1/agents/1001{rest}"), allowed, Nothing)
    };
    let callback = |id: u128, rest: &str| format!("/v1/callbacks/{}{rest}", clock::CallbackId(id));
    let of_callback =
        |rest: &str, allowed| Row { not_own: Some(callback(5, rest)), ..at(&callback(6, rest), allowed, Nothing) };
    let with = |row: Row, body: Value| Row { body, ..row };
    let unique = format!("{}-{number}", name.replace('_', "-"));
    let person = json!({"username": unique, "roles": ["viewer"], "password": "correct horse battery"});
    let account = json!({"name": unique, "admin": {"username": unique, "password": "correct horse battery"}});
    let key = json!({"name": unique, "scopes": ["calls.view"]});
    let number = json!({"number": NUMBER});
    let team = json!({"name": unique});
    match name {
        // As from another machine: see `ask`.
        "healthz" | "readyz" | "metrics" => at(&format!("/{name}"), ADMIN, Refused),
        "openapi" => at("/v1/openapi.json", ALL, Own),
        "list_agents" => at("/v1/agents", ALL, Empty),
        "show_agent" => of_agent("", ALL),
        "set_agent_state" => with(of_agent("/state", DOERS), json!({"state": "ready"})),
        "explain_idle_agent" => of_agent("/why-idle", ALL),
        "list_agent_intervals" => of_agent("/intervals", ALL),
        "show_agent_stats" => of_agent("/stats", ALL),
        "list_agent_calls" => of_agent("/calls", ALL),
        "choose_agent_queues" => with(of_agent("/queues", DOERS), json!({"queues": null})),
        "connect_agent" => of_agent("/connect", DOERS),
        "disconnect_agent" => of_agent("/disconnect", DOERS),
        "extend_wrap_up" => with(of_agent("/wrap-up/extend", DOERS), json!({"by_s": 30})),
        "list_dispositions" => at("/v1/dispositions", ALL, Own),
        "show_dispositions" => of_call("/disposition", ALL, Nothing),
        "dispose_call" => with(of_call("/disposition", DOERS, Nothing), json!({"code": "sold", "agent": "1001"})),
        "answer_campaign_form" => {
            with(of_call("/answers", DOERS, Nothing), json!({"agent": "1001", "answers": {"age": 44}}))
        }
        "list_queues" => at("/v1/queues", ALL, Empty),
        "show_queue" => at("/v1/queues/support", ALL, Nothing),
        "show_queue_figures" => at("/v1/queues/support/figures", ALL, Nothing),
        "list_waiting_calls" => at("/v1/queues/support/calls", ALL, Nothing),
        "list_calls" => at("/v1/calls", ALL, Empty),
        "originate" => with(at("/v1/calls", DOERS, Nothing), json!({"from_agent": "1001", "to": "+442071838750"})),
        "show_call" => of_call("", ALL, Nothing),
        "change_call" => {
            let row = Row { path: call(things.failed, ""), ..of_call("", DOERS, Nothing) };
            with(row, json!({"failure_reason": "a fax"}))
        }
        "list_call_events" => of_call("/events", ALL, Nothing),
        "show_call_journey" => of_call("/journey", ALL, Nothing),
        "list_call_routing" => of_call("/routing", ALL, Nothing),
        "play_recording" => of_call("/recording", CALLERS, Nothing),
        "hang_up" => Row { path: call(things.live, "/hangup"), ..of_call("/hangup", CALLERS, Nothing) },
        "list_lost_calls" => at("/v1/lost-calls", ALL, Empty),
        "report_lost_calls" => at("/v1/reports/lost-calls", CALLERS, Empty),
        "report_queues" => at("/v1/reports/queues", CALLERS, Empty),
        "list_queue_visits" => at("/v1/queue-visits", CALLERS, Empty),
        "list_transactions" => at("/v1/transactions", ALL, Empty),
        "show_transaction" => {
            let of = |id: CallId| format!("/v1/transactions/txn_{:032x}", id.0);
            Row { not_own: Some(of(things.other)), ..at(&of(things.own), ALL, Nothing) }
        }
        "show_customer_journey" => at("/v1/customers/+442071838750/journey", ALL, Empty),
        "list_teams" => at("/v1/teams", OF_TEAMS, Empty),
        "show_team" => at(&made(node, "teams", &team).await, OF_TEAMS, Nothing),
        "create_team" => with(at("/v1/teams", ADMIN, Own), team),
        "change_team" => with(at(&made(node, "teams", &team).await, ADMIN, Nothing), json!({"agents": ["1001"]})),
        "delete_team" => at(&made(node, "teams", &team).await, ADMIN, Nothing),
        "move_call" => {
            let to_sales = json!({"queue": "sales"});
            with(Row { path: call(things.live, "/move"), ..at("", LEADERS, Nothing) }, to_sales)
        }
        "prioritise_call" => {
            with(Row { path: call(things.live, "/prioritise"), ..at("", LEADERS, Nothing) }, json!({"priority": 5}))
        }
        "pull_call" => {
            with(Row { path: call(things.live, "/pull"), ..at("", LEADERS, Nothing) }, json!({"agent": "1001"}))
        }
        "requeue_call" => with(Row { path: call(things.live, "/requeue"), ..at("", LEADERS, Nothing) }, json!({})),
        "list_voicemails" => at("/v1/voicemails", LOOKERS, Empty),
        "show_voicemail" => at(&things.voicemail, LOOKERS, Nothing),
        "play_voicemail" => at(&format!("{}/audio", things.voicemail), LEADERS, Nothing),
        "list_trunks" => at("/v1/trunks", LOOKERS, Empty),
        "show_trunk" => at("/v1/trunks/carrier", LOOKERS, Nothing),
        "list_registrations" => at("/v1/registrations", SEERS, Empty),
        "list_bans" => at("/v1/bans", LEADERS, Empty),
        "request_queue_callback" => with(at("/v1/queues/support/callbacks", LEADERS, Nothing), number),
        "plan_callback" => with(at("/v1/callbacks", LEADERS, Nothing), json!({"number": NUMBER, "queue": "support"})),
        "call_back" => with(of_call("/callback", DOERS, Nothing), json!({"agent": "1001", "number": NUMBER})),
        "call_back_of_transaction" => {
            let transaction = |call: CallId| format!("/v1/transactions/txn_{:032x}/callback", call.0);
            let row = Row { not_own: Some(transaction(things.other)), ..at(&transaction(things.own), DOERS, Nothing) };
            with(row, json!({"agent": "1001", "number": NUMBER}))
        }
        "list_callbacks" => at("/v1/callbacks", SEERS, Empty),
        "show_callback" => of_callback("", SEERS),
        "cancel_callback" => of_callback("/cancel", DOERS),
        "list_dnc" => at("/v1/dnc", LOOKERS, Empty),
        "add_dnc" => with(at("/v1/dnc", LEADERS, Refused), number),
        "remove_dnc" => at(&format!("/v1/dnc/{NUMBER}"), LEADERS, Nothing),
        "list_consents" => at("/v1/consents", LOOKERS, Empty),
        "add_consent" => with(at("/v1/consents", LEADERS, Refused), crate::consents::given(NUMBER)),
        "show_consent" => at(&things.consent, LOOKERS, Nothing),
        "revoke_consent" => {
            let revoked = json!({"channel": "phone", "source": "said so in a call"});
            with(at(&format!("{}/revoke", things.consent), LEADERS, Nothing), revoked)
        }
        "list_compliance_rules" => at("/v1/compliance/rules", LOOKERS, Own),
        "list_compliance_decisions" => at("/v1/compliance/decisions", LOOKERS, Empty),
        "export_compliance_decisions" => at("/v1/compliance/decisions/export", LEADERS, Own),
        "export_compliance_rules" => at("/v1/compliance/rules/export", LEADERS, Own),
        "check_compliance" => at("/v1/compliance/check?number=%2B442071838750", LOOKERS, Own),
        "list_lead_lists" => at("/v1/lead-lists", LOOKERS, Empty),
        "create_lead_list" => with(at("/v1/lead-lists", LEADERS, Own), json!({"name": unique})),
        "show_lead_list" => at(&uploaded(node).await, LOOKERS, Nothing),
        "delete_lead_list" => at(&uploaded(node).await, LEADERS, Nothing),
        "preview_lead_list" => at(&format!("{}/preview", uploaded(node).await), LOOKERS, Nothing),
        "map_lead_list" => {
            let row = at(&format!("{}/mapping", uploaded(node).await), LEADERS, Nothing);
            with(row, json!({"columns": ["phone", "name"]}))
        }
        "validate_lead_list" => at(&format!("{}/validate", uploaded(node).await), LEADERS, Nothing),
        "start_lead_list" => at(&format!("{}/start", uploaded(node).await), LEADERS, Nothing),
        "cancel_lead_list" => at(&format!("{}/cancel", uploaded(node).await), LEADERS, Nothing),
        "list_leads" => at(&format!("{}/entries", uploaded(node).await), LOOKERS, Nothing),
        "download_lead_errors" => at(&format!("{}/errors.csv", uploaded(node).await), LOOKERS, Nothing),
        "add_leads" => {
            let list = made(node, "lead-lists", &json!({"name": unique})).await;
            with(at(&format!("{list}/leads"), LEADERS, Nothing), json!({"leads": [{"numbers": [NUMBER]}]}))
        }
        "show_lead" => at(&lead(node, &unique).await, LOOKERS, Nothing),
        "change_lead" => with(at(&lead(node, &unique).await, LEADERS, Nothing), json!({"name": unique})),
        name if name.contains("campaign") || name == "why_lead_is_not_dialed" => {
            row_of_campaign(node, name, &unique).await
        }
        "release_ban" => at("/v1/bans/ban_2/release", LEADERS, Nothing),
        "list_quarantine" => at("/v1/quarantine", LEADERS, Empty),
        "release_quarantine" => at("/v1/quarantine/quarantine_1/release", ADMIN, Nothing),
        "follow_events" => at("/v1/events", ALL, Empty),
        "list_accounts" => at("/v1/accounts", ADMIN, Own),
        "show_account" => at(&made(node, "accounts", &account).await, ADMIN, Nothing),
        "create_account" => with(at("/v1/accounts", ADMIN, Own), account),
        "change_account" => with(at(&made(node, "accounts", &account).await, ADMIN, Nothing), json!({"title": "New"})),
        "delete_account" => at(&made(node, "accounts", &account).await, ADMIN, Nothing),
        "list_users" => at("/v1/users", ADMIN, Own),
        "show_user" => at(&made(node, "users", &person).await, ADMIN, Nothing),
        "create_user" => with(at("/v1/users", ADMIN, Own), person),
        "change_user" => with(at(&made(node, "users", &person).await, ADMIN, Nothing), json!({"disabled": true})),
        "delete_user" => at(&made(node, "users", &person).await, ADMIN, Nothing),
        "list_api_keys" => at("/v1/api-keys", ADMIN, Own),
        "show_api_key" => at(&made(node, "api-keys", &key).await, ADMIN, Nothing),
        "create_api_key" => with(at("/v1/api-keys", ADMIN, Own), key),
        "change_api_key" => {
            with(at(&made(node, "api-keys", &key).await, ADMIN, Nothing), json!({"name": format!("{unique}-2")}))
        }
        "revoke_api_key" => at(&made(node, "api-keys", &key).await, ADMIN, Nothing),
        "list_audit_log" => at("/v1/audit-log", ADMIN, Own),
        "list_roles" => at("/v1/roles", ALL, Own),
        "show_me" => at("/v1/me", ALL, Own),
        "list_own_devices" => at("/v1/me/devices", ALL, Own),
        "show_own_active_call" => at("/v1/me/active-call", ALL, Own),
        // Of one's own session; here only that nobody else reaches it.
        "list_sessions" => at("/v1/sessions", ALL, Empty),
        "log_out" => at(&format!("/v1/sessions/ses_{:032x}", 111), ALL, Nothing),
        "set_own_password" => {
            with(at("/v1/me/password", ALL, Nothing), json!({"current": "x", "new": "correct horse battery"}))
        }
        _ => panic!("{name} has no row in this table: say who may use it"),
    }
}

/// What is of campaigns.
async fn row_of_campaign(node: &Node, name: &str, unique: &str) -> Row {
    use Stranger::{Empty, Nothing, Refused};
    let list = made(node, "lead-lists", &json!({"name": unique})).await;
    let list = list.rsplit('/').next().unwrap_or_default();
    let body = json!({"name": unique, "pacing": "progressive", "queue": "support", "lists": [{"list_id": list}]});
    let campaign = made(node, "campaigns", &body).await;
    let at = |path: String, body: Value, allowed, stranger| Row { path, body, allowed, not_own: None, stranger };
    let of = |rest: &str, body: Value, allowed| at(format!("{campaign}{rest}"), body, allowed, Nothing);
    let by_hand = |verb: &str, body: Value| Row {
        not_own: Some(format!("{campaign}/agents/1002/{verb}")),
        ..of(&format!("/agents/1001/{verb}"), body, DOERS)
    };
    match name {
        "list_campaigns" => at("/v1/campaigns".into(), Value::Null, LOOKERS, Empty),
        "create_campaign" => at("/v1/campaigns".into(), body, LEADERS, Refused),
        "show_campaign" => of("", Value::Null, LOOKERS),
        "change_campaign" => of("", body, LEADERS),
        "submit_campaign" => of("/submit", Value::Null, LEADERS),
        "approve_campaign" => of("/approve", Value::Null, ADMIN),
        "reject_campaign" => of("/reject", json!({"reason": "no consent"}), ADMIN),
        "start_campaign" => of("/start", Value::Null, LEADERS),
        "pause_campaign" => of("/pause", Value::Null, LEADERS),
        "stop_campaign" => of("/stop", Value::Null, LEADERS),
        "cancel_campaign" => of("/cancel", Value::Null, LEADERS),
        "archive_campaign" => of("/archive", Value::Null, LEADERS),
        "unarchive_campaign" => of("/unarchive", Value::Null, LEADERS),
        "assign_campaign_agents" => of("/agents", json!({"agents": []}), LEADERS),
        "reset_campaign_list" => of("/reset", json!({"list_id": list}), LEADERS),
        "estimate_campaign" => of("/estimate", json!({"people": 0.3}), LOOKERS),
        "list_campaign_attempts" => of("/attempts", Value::Null, LOOKERS),
        "export_campaign_attempts" => of("/attempts/export", Value::Null, LEADERS),
        "show_campaign_figures" => of("/figures", Value::Null, LOOKERS),
        "show_campaign_desk" => {
            Row { not_own: Some(format!("{campaign}/agents/1002")), ..of("/agents/1001", Value::Null, DOERS) }
        }
        "list_campaign_leads" => of("/leads", Value::Null, LOOKERS),
        "add_campaign_leads" => {
            let leads = json!({"leads": [{"numbers": [NUMBER]}]});
            of("/leads", leads, LEADERS)
        }
        "why_lead_is_not_dialed" => of(&format!("/leads/{}/why-not", clock::LeadId(7)), Value::Null, LOOKERS),
        "next_campaign_lead" => by_hand("next-lead", Value::Null),
        "accept_campaign_lead" => by_hand("accept-lead", Value::Null),
        "skip_campaign_lead" => by_hand("skip-lead", Value::Null),
        "dial_campaign_number" => by_hand("dial", json!({"number": NUMBER})),
        _ => panic!("{name} has no row in this table: say who may use it"),
    }
}

/// A thing that the configuration's key just made: its path.
async fn made(node: &Node, things: &str, body: &Value) -> String {
    let reply = ask(node, "POST", &format!("/v1/{things}"), "demo-admin-key", body).await;
    assert_eq!(reply.status, 201, "{reply:?}");
    format!("/v1/{things}/{}", reply.json()["id"].as_str().expect("an id"))
}

/// A lead of a list without a file: its path.
async fn lead(node: &Node, unique: &str) -> String {
    let list = format!("{}/leads", made(node, "lead-lists", &json!({"name": unique})).await);
    let reply = ask(node, "POST", &list, "demo-admin-key", &json!({"leads": [{"numbers": [NUMBER]}]})).await;
    format!("{list}/{}", reply.json()["leads"][0]["id"].as_str().expect("an id"))
}

/// A list of leads that was just uploaded: its path.
async fn uploaded(node: &Node) -> String {
    let headers = [KEY, ("Content-Type", "text/csv")];
    let reply = send(node.at, "POST", "/v1/lead-lists", &headers, "Phone,Name\n020 7183 8750,Jo\n").await;
    assert_eq!(reply.status, 201, "{reply:?}");
    format!("/v1/lead-lists/{}", reply.json()["id"].as_str().expect("an id"))
}

async fn ask(node: &Node, method: &str, path: &str, secret: &str, body: &Value) -> Reply {
    let authorization = bearer(secret);
    let mut headers = vec![("If-Match", "*")];
    if !secret.is_empty() {
        headers.push(("Authorization", authorization.as_str()));
    }
    let text = if body.is_null() { String::new() } else { body.to_string() };
    let key =
        format!("{secret}{path}{text}").bytes().filter(u8::is_ascii_alphanumeric).map(char::from).collect::<String>();
    if !body.is_null() {
        headers.push(("Content-Type", "application/json"));
    }
    if !path.starts_with("/v1/") {
        // A proxy on this machine: what asks through it is elsewhere.
        headers.push(("Via", "1.1 proxy"));
    }
    let key: String = key.chars().take(200).collect();
    if method == "POST" && (path == "/v1/calls" || path.ends_with("/start")) {
        headers.push(("Idempotency-Key", &key));
    }
    send(node.at, method, path, &headers, &text).await
}

fn operations() -> Vec<(String, Value)> {
    let description: Value = serde_json::from_str(&Api::openapi_json()).unwrap();
    let items = description["paths"].as_object().unwrap().values();
    items
        .flat_map(|item| item.as_object().unwrap())
        .map(|(method, operation)| (method.to_uppercase(), operation.clone()))
        .collect()
}

/// A node with calls of 1001 and of nobody, a recording, a voicemail, and owners who do as they are told.
async fn furnished() -> (Node, Things) {
    let mut node = Node::start().await;
    let (ready, all) = (
        node.readiness.clone(),
        admin_api::Readiness { sockets_open: true, owners_restored: true, journal_writable: true },
    );
    ready.send(all).unwrap();
    let mut own = Story::inbound(1).queued().answered().ended().recorded(RecordingState::Ready);
    let mut other = Story::inbound(2).queued().voicemail().canceled();
    let mut live = Story::inbound(3).queued().answered();
    node.write_file(&format!("{}.wav", recording_path(own.call)), "0123");
    node.write_file(&format!("voicemails/{}.wav", other.call), "0123");
    let mut failed = Story::outbound(4, NUMBER).canceled();
    for story in [&mut own, &mut other, &mut failed] {
        node.append(story.take()).await;
    }
    node.append(vec![Entry::Consent(Box::new(crate::consents::entry(9, NUMBER, true, 1)))]).await;
    node.stored().await;
    node.append(live.take()).await;
    node.until("/v1/calls", |page| page["data"].as_array().unwrap().len() == 4).await;
    let voicemails = node.until("/v1/voicemails", |page| page["data"][0].is_object()).await;
    let things = Things {
        own: own.call,
        other: other.call,
        live: live.call,
        failed: failed.call,
        consent: format!("/v1/consents/consent_{:032x}", 9),
        voicemail: format!("/v1/voicemails/{}", voicemails["data"][0]["id"].as_str().unwrap()),
    };
    let begun = things.live;
    let publish = node.campaigns();
    node.play(move |command| match command {
        Command::Campaign(command) => Ok(Answer::Campaign(Box::new(of_dialer(*command, &publish)))),
        Command::WhyIdle { .. } => {
            Ok(Answer::WhyIdle(acd::WhyIdle { state: acd::State::Ready, resting: None, queues: Vec::new() }))
        }
        Command::WhyWait { .. } => Ok(Answer::WhyWait(Vec::new())),
        Command::SetAgentStatus { .. }
        | Command::Dispose(_)
        | Command::ExtendWrapUp { .. }
        | Command::SetStandingLeg { .. }
        | Command::ChooseQueues { .. } => Ok(Answer::Agent(agent(1, State::Ready))),
        Command::Originate { .. } => Ok(Answer::Called(begun)),
        Command::HangUp { call } => Ok(Answer::HangingUp(call)),
        Command::RequestCallback { request, .. } => Ok(Answer::Callback(Box::new(taken(request.number)))),
        Command::CancelCallback { .. } => Ok(Answer::Callback(Box::new(taken(None)))),
        Command::DoNotCall { pattern, listed, reason } => {
            let (pattern, since) = (pattern.to_string(), WallTime::from_micros(1));
            Ok(Answer::DoNotCall { pattern, reason, since, is_new: listed })
        }
        Command::Consent(entry) => Ok(Answer::Consent(entry)),
        Command::Release { quarantine: id } => Ok(Answer::Released(quarantined(id))),
        Command::Steer { call, .. } => Ok(Answer::Steered(call)),
        Command::LiftBan { ban } => {
            let (since, until) = (WallTime::from_micros(1), WallTime::from_micros(2));
            Ok(Answer::BanLifted(Ban { id: ban, address: [192, 0, 2, 66].into(), user: None, since, until }))
        }
    });
    (node, things)
}

/// What the dialer says, and shows, of a campaign.
fn of_dialer(command: CampaignCommand, publish: impl Fn(CampaignSnapshot)) -> Answered {
    let life = Life::default();
    match command {
        CampaignCommand::Write { campaign, written, .. } => {
            let (resets, alerts) = (Vec::new(), Vec::new());
            let [total, month, day, today] = [Hour::default(); 4];
            let (in_flight, leads, pace) = (0, Counts::default(), None);
            let life = life.clone();
            publish(CampaignSnapshot {
                campaign,
                written,
                life,
                resets,
                total,
                month,
                day,
                today,
                in_flight,
                leads,
                pace,
                alerts,
                desks: BTreeMap::new(),
            });
        }
        CampaignCommand::WhyNot { .. } => {
            let numbers = vec![NumberWhy { number: NUMBER.to_owned(), last: None, why: None }];
            return Answered::WhyNot(Explained { why: WhyNot::Shown(None), numbers });
        }
        CampaignCommand::Consents(_) => return Answered::Consents(dialer::gate::Consents::default()),
        CampaignCommand::Answer(_) => return Answered::Answers(BTreeMap::new()),
        CampaignCommand::Callback(asked) => {
            let at = WallTime::from_micros(1);
            let offer = CallbackOffer { number: NUMBER.to_owned(), at, zone: asked.zone, agent: asked.agent };
            return Answered::Callback(offer);
        }
        CampaignCommand::ByHand { .. } => return Answered::Dialing(clock::AttemptId(9)),
        CampaignCommand::Added { .. } | CampaignCommand::Mended { .. } => return Answered::Done,
        CampaignCommand::Step { .. } | CampaignCommand::Assign { .. } | CampaignCommand::Reset { .. } => {}
    }
    Answered::Life(life)
}

/// What an owner says of a callback.
fn taken(number: Option<String>) -> acd::CallbackTaken {
    let number = number.unwrap_or_else(|| NUMBER.to_owned());
    let callback =
        acd::Callback { id: clock::CallbackId(5), number, queue: Some(clock::QueueId(1)), ..Default::default() };
    acd::CallbackTaken { callback, is_duplicate: false, place: Some(1), expected: None }
}

const NUMBER: &str = "+442071838750";
