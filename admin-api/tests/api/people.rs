//! Users, keys and sessions through the API: what changes, what is never shown, what ends at once.

use std::os::unix::fs::PermissionsExt;

use serde_json::{Value, json};

use crate::cast::bearer;
use crate::client::{Follow, Reply, get, send, send_json};
use crate::node::Node;

const PASSWORD: &str = "correct horse battery";

async fn post(node: &Node, path: &str, body: &Value) -> Value {
    let reply = send_json(node.at, "POST", path, &[], &body.to_string()).await;
    assert_eq!(reply.status, 201, "{reply:?}");
    reply.json()
}

/// Reads the thing, and changes it from what was read.
async fn change(node: &Node, path: &str, body: &Value) -> Reply {
    let tag = get(node.at, path).await.header("etag").expect("an ETag").to_owned();
    send_json(node.at, "PATCH", path, &[("If-Match", &tag)], &body.to_string()).await
}

async fn delete(node: &Node, path: &str) {
    assert_eq!(send_json(node.at, "DELETE", path, &[], "").await.status, 204);
}

async fn log_in(node: &Node, login: &str, password: &str) -> Reply {
    let body = json!({"login": login, "password": password}).to_string();
    send(node.at, "POST", "/v1/sessions", &[("Content-Type", "application/json")], &body).await
}

async fn as_holder(node: &Node, secret: &str, path: &str) -> Reply {
    send(node.at, "GET", path, &[("Authorization", &bearer(secret))], "").await
}

#[tokio::test]
async fn a_user_logs_in_and_out_by_either_name() {
    let node = Node::start().await;
    let body = json!({"username": "ann", "email": "Ann@Example.com", "roles": ["operator"], "extension": "1002", "password": PASSWORD});
    let user = post(&node, "/v1/users", &body).await;
    assert!(!user.to_string().contains("argon") && !user.to_string().contains(PASSWORD), "{user}");
    for login in ["ann", "ANN@example.com"] {
        let session = log_in(&node, login, PASSWORD).await;
        assert_eq!(session.status, 201, "{session:?}");
        let token = session.json()["token"].as_str().unwrap().to_owned();
        let me = as_holder(&node, &token, "/v1/me").await.json();
        assert_eq!((&me["name"], &me["extension"]), (&json!("ann"), &json!("1002")));
        let agents = as_holder(&node, &token, "/v1/agents").await.json();
        assert_eq!(agents["data"].as_array().unwrap().len(), 1, "his own only: {agents}");
        let own = as_holder(&node, &token, "/v1/sessions").await.json();
        assert!(own["data"][0]["current"].as_bool().unwrap() && own["data"][0]["token"].is_null(), "{own}");
        let headers = [("Authorization", bearer(&token))];
        let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        assert_eq!(send(node.at, "DELETE", "/v1/sessions/current", &headers, "").await.status, 204);
        as_holder(&node, &token, "/v1/me").await.problem(401, "unauthorized");
    }
}

#[tokio::test]
async fn wrong_passwords_are_counted_and_tell_nothing() {
    let node = Node::start().await;
    post(&node, "/v1/users", &json!({"username": "ann", "password": PASSWORD})).await;
    let unknown = log_in(&node, "nobody", PASSWORD).await.problem(401, "login_failed");
    for _ in 0..5 {
        let wrong = log_in(&node, "ann", "a wrong password").await.problem(401, "login_failed");
        assert_eq!(wrong["detail"], unknown["detail"]);
    }
    let refused = log_in(&node, "ann", PASSWORD).await;
    refused.problem(429, "too_many_attempts");
    let wait: u64 = refused.header("retry-after").unwrap().parse().unwrap();
    assert!((50..=60).contains(&wait), "{wait}");
}

#[tokio::test]
async fn a_key_is_shown_once_and_revoked_at_once() {
    let node = Node::start().await;
    let body = json!({"name": "wallboard", "scopes": ["calls.view", "events.follow"]});
    let (key, text) = (("Idempotency-Key", "k1"), body.to_string());
    let made = send_json(node.at, "POST", "/v1/api-keys", &[key], &text).await.json();
    let secret = made["secret"].as_str().unwrap().to_owned();
    assert!(secret.starts_with(made["prefix"].as_str().unwrap()) && secret.len() == 73, "{made}");
    let again = send_json(node.at, "POST", "/v1/api-keys", &[key], &text).await;
    assert_eq!((again.header("idempotent-replayed"), &again.json()["id"]), (Some("true"), &made["id"]));
    let path = format!("/v1/api-keys/{}", made["id"].as_str().unwrap());
    for shown in [again.json(), get(node.at, &path).await.json(), get(node.at, "/v1/audit-log").await.json()] {
        assert!(!shown.to_string().contains(&secret[13..]), "{shown}");
    }
    assert_eq!(as_holder(&node, &secret, "/v1/calls").await.status, 200);
    as_holder(&node, &secret, "/v1/users").await.problem(403, "forbidden");
    let authorization = bearer(&secret);
    let mut stream = Follow::open_with(node.at, "/v1/events", &authorization).await;
    let begun = std::time::Instant::now();
    delete(&node, &path).await;
    as_holder(&node, &secret, "/v1/calls").await.problem(401, "unauthorized");
    assert_eq!(stream.next().await, None, "the stream ends");
    assert!(begun.elapsed() < std::time::Duration::from_secs(1), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn what_is_taken_away_from_a_user_is_gone_at_once() {
    let node = Node::start().await;
    let user = post(&node, "/v1/users", &json!({"username": "ann", "roles": ["viewer"], "password": PASSWORD})).await;
    let path = format!("/v1/users/{}", user["id"].as_str().unwrap());
    let token = log_in(&node, "ann", PASSWORD).await.json()["token"].as_str().unwrap().to_owned();
    let mut stream = Follow::open_with(node.at, "/v1/events", &bearer(&token)).await;
    assert_eq!(change(&node, &path, &json!({"roles": []})).await.status, 200);
    as_holder(&node, &token, "/v1/calls").await.problem(403, "forbidden");
    assert_eq!(stream.next().await, None, "the stream ends");
    assert_eq!(change(&node, &path, &json!({"disabled": true})).await.json()["disabled"], true);
    as_holder(&node, &token, "/v1/me").await.problem(401, "unauthorized");
    log_in(&node, "ann", PASSWORD).await.problem(401, "login_failed");
    delete(&node, &path).await;
    get(node.at, &path).await.problem(404, "user_not_found");
}

#[tokio::test]
async fn changes_are_made_from_what_was_read() {
    let node = Node::start().await;
    let key = post(&node, "/v1/api-keys", &json!({"name": "one", "scopes": ["viewer"]})).await;
    let path = format!("/v1/api-keys/{}", key["id"].as_str().unwrap());
    let text = json!({"address_ranges": ["192.0.2.0/24"]}).to_string();
    send_json(node.at, "PATCH", &path, &[], &text).await.problem(428, "precondition_required");
    assert_eq!(
        send_json(node.at, "PATCH", &path, &[("If-Match", "\"v1\"")], &text).await.header("etag"),
        Some("\"v2\"")
    );
    send_json(node.at, "PATCH", &path, &[("If-Match", "\"v1\"")], &text).await.problem(412, "precondition_failed");
    let secret = key["secret"].as_str().unwrap();
    as_holder(&node, secret, "/v1/calls").await.problem(403, "address_not_allowed");
    let taken =
        send_json(node.at, "POST", "/v1/api-keys", &[], &json!({"name": "one", "scopes": ["viewer"]}).to_string())
            .await;
    taken.problem(409, "name_taken");
    let configured = get(node.at, "/v1/api-keys?limit=200").await.json();
    let configured =
        configured["data"].as_array().unwrap().iter().find(|key| key["managed_by"] == "config").unwrap().clone();
    let path = format!("/v1/api-keys/{}", configured["id"].as_str().unwrap());
    send_json(node.at, "DELETE", &path, &[], "").await.problem(409, "managed_by_config");
}

#[tokio::test]
async fn nobody_gives_what_he_does_not_have_or_harms_himself() {
    let node = Node::start().await;
    let key =
        post(&node, "/v1/api-keys", &json!({"name": "hr", "scopes": ["users.view", "users.manage", "keys.manage"]}))
            .await;
    let authorization = bearer(key["secret"].as_str().unwrap());
    let headers = [("Authorization", authorization.as_str()), ("Content-Type", "application/json")];
    let admin = json!({"username": "eve", "roles": ["admin"], "password": PASSWORD}).to_string();
    send(node.at, "POST", "/v1/users", &headers, &admin).await.problem(403, "forbidden");
    let all = json!({"name": "all", "scopes": ["admin"]}).to_string();
    send(node.at, "POST", "/v1/api-keys", &headers, &all).await.problem(403, "forbidden");
    let admins = format!("/v1/users/user_{:032x}", 11);
    send(node.at, "DELETE", &admins, &headers, "").await.problem(403, "forbidden");
    let own = bearer("token-of-admin");
    let headers = [("Authorization", own.as_str()), ("Content-Type", "application/json"), ("If-Match", "*")];
    send(node.at, "DELETE", &admins, &headers, "").await.problem(409, "self_modification");
    send(node.at, "PATCH", &admins, &headers, r#"{"roles":["viewer"]}"#).await.problem(409, "self_modification");
}

#[tokio::test]
async fn the_log_tells_who_changed_what_and_is_a_chain() {
    let node = Node::start().await;
    let user = post(&node, "/v1/users", &json!({"username": "ann", "roles": ["viewer"], "password": PASSWORD})).await;
    let id = user["id"].as_str().unwrap();
    change(&node, &format!("/v1/users/{id}"), &json!({"name": "Ann", "password": "another long password"})).await;
    let log = get(node.at, &format!("/v1/audit-log?resource_id={id}")).await.json();
    let [changed, created] = log["data"].as_array().unwrap().as_slice() else { panic!("{log}") };
    assert_eq!((&created["action"], &created["before"]), (&json!("user.created"), &Value::Null));
    assert_eq!(
        (&changed["action"], &changed["before"]["name"], &changed["after"]["name"]),
        (&json!("user.updated"), &json!("ann"), &json!("Ann"))
    );
    assert_eq!((&changed["actor"]["name"], &changed["actor"]["address"]), (&json!("demo"), &json!("127.0.0.1")));
    assert_eq!(changed["after"]["password_set"], true);
    assert!(!log.to_string().contains("long password") && !log.to_string().contains("argon2"), "{log}");
    let none = get(node.at, "/v1/audit-log?action=account.deleted").await.json();
    assert_eq!(none["data"], json!([]));
    let first = get(node.at, "/v1/audit-log?limit=1").await.json();
    let next = format!("/v1/audit-log?limit=1&cursor={}", first["next_cursor"].as_str().unwrap());
    let second = get(node.at, &next).await.json();
    assert_eq!(second["data"][0]["seq"].as_u64().unwrap() + 1, first["data"][0]["seq"].as_u64().unwrap());
}

#[tokio::test]
async fn an_account_ends_with_all_its_people() {
    let node = Node::start().await;
    let body = json!({"name": "north", "admin": {"username": "nora", "password": PASSWORD}});
    let account = post(&node, "/v1/accounts", &body).await;
    let token = log_in(&node, "nora", PASSWORD).await.json()["token"].as_str().unwrap().to_owned();
    let seen = as_holder(&node, &token, "/v1/accounts").await.json();
    assert_eq!(seen["data"].as_array().unwrap().len(), 1, "her own only: {seen}");
    delete(&node, &format!("/v1/accounts/{}", account["id"].as_str().unwrap())).await;
    as_holder(&node, &token, "/v1/me").await.problem(401, "unauthorized");
    let again = send_json(node.at, "POST", "/v1/accounts", &[], &body.to_string()).await;
    again.problem(409, "name_taken");
}

#[tokio::test]
async fn keys_are_known_without_the_database_also_after_a_restart() {
    let node = Node::start().await;
    let key = post(&node, "/v1/api-keys", &json!({"name": "board", "scopes": ["agents.view"]})).await;
    let gone = post(&node, "/v1/api-keys", &json!({"name": "gone", "scopes": ["agents.view"]})).await;
    delete(&node, &format!("/v1/api-keys/{}", gone["id"].as_str().unwrap())).await;
    let file = node.path("people.json");
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let text = std::fs::read_to_string(&file).unwrap();
    for secret in [&key, &gone].map(|key| key["secret"].as_str().unwrap()) {
        assert!(!text.contains(&secret[13..]), "hashes only");
    }
    let node = node.restart_without_database().await;
    assert_eq!(as_holder(&node, key["secret"].as_str().unwrap(), "/v1/agents").await.status, 200);
    as_holder(&node, gone["secret"].as_str().unwrap(), "/v1/agents").await.problem(401, "unauthorized");
    let refused =
        send_json(node.at, "POST", "/v1/api-keys", &[], &json!({"name": "new", "scopes": ["viewer"]}).to_string())
            .await;
    refused.problem(503, "database_unavailable");
}

#[tokio::test]
async fn ones_own_password_needs_the_former_one() {
    let node = Node::start().await;
    post(&node, "/v1/users", &json!({"username": "ann", "password": PASSWORD})).await;
    let token = bearer(log_in(&node, "ann", PASSWORD).await.json()["token"].as_str().unwrap());
    let headers = [("Authorization", token.as_str()), ("Content-Type", "application/json")];
    let put = |current: &str| json!({"current": current, "new": "another long password"}).to_string();
    send(node.at, "PUT", "/v1/me/password", &headers, &put("not the one")).await.problem(422, "invalid_body");
    assert_eq!(send(node.at, "PUT", "/v1/me/password", &headers, &put(PASSWORD)).await.status, 204);
    send(node.at, "GET", "/v1/me", &headers, "").await.problem(401, "unauthorized");
    assert_eq!(log_in(&node, "ann", "another long password").await.status, 201);
}

#[tokio::test]
async fn a_key_makes_none_that_goes_further_than_itself() {
    let node = Node::start().await;
    let scopes = ["keys.view", "keys.manage", "calls.view"];
    let ranges = ["127.0.0.0/8", "10.0.0.0/8"];
    let end = "2999-01-01T00:00:00Z";
    let bound = json!({"name": "bound", "scopes": scopes, "address_ranges": ranges, "expires_at": end});
    let key = post(&node, "/v1/api-keys", &bound).await;
    let authorization = bearer(key["secret"].as_str().unwrap());
    let headers = [("Authorization", authorization.as_str()), ("Content-Type", "application/json"), ("If-Match", "*")];
    let make = async |name: &str, ranges: &[&str], end: Value| {
        let body = json!({"name": name, "scopes": ["calls.view"], "address_ranges": ranges, "expires_at": end});
        send(node.at, "POST", "/v1/api-keys", &headers, &body.to_string()).await
    };
    let refused = |reply: Reply, pointer: &str| {
        assert_eq!(reply.problem(403, "forbidden")["errors"][0]["pointer"], pointer);
    };
    refused(make("for ever", &["10.0.0.0/8"], Value::Null).await, "#/expires_at");
    refused(make("longer", &["10.0.0.0/8"], json!("2999-01-01T00:00:01Z")).await, "#/expires_at");
    refused(make("anywhere", &[], json!(end)).await, "#/address_ranges");
    refused(make("wider", &["10.0.0.0/8", "192.0.2.1"], json!(end)).await, "#/address_ranges");
    let within = make("within", &["10.1.0.0/16", "127.0.0.1"], json!(end)).await;
    assert_eq!(within.status, 201, "{within:?}");
    let within = format!("/v1/api-keys/{}", within.json()["id"].as_str().unwrap());
    let freed = send(node.at, "PATCH", &within, &headers, r#"{"expires_at":null}"#).await;
    refused(freed, "#/expires_at");
    let itself = format!("/v1/api-keys/{}", key["id"].as_str().unwrap());
    for body in [r#"{"expires_at":null}"#, r#"{"address_ranges":[]}"#, r#"{"scopes":["calls.view"]}"#] {
        send(node.at, "PATCH", &itself, &headers, body).await.problem(409, "self_modification");
    }
    send(node.at, "DELETE", &itself, &headers, "").await.problem(409, "self_modification");
}

#[tokio::test]
async fn a_session_that_was_stolen_sets_no_new_password() {
    let node = Node::start().await;
    let user = post(&node, "/v1/users", &json!({"username": "ann", "roles": ["admin"], "password": PASSWORD})).await;
    let token = bearer(log_in(&node, "ann", PASSWORD).await.json()["token"].as_str().unwrap());
    let headers = [("Authorization", token.as_str()), ("Content-Type", "application/json"), ("If-Match", "*")];
    let path = format!("/v1/users/{}", user["id"].as_str().unwrap());
    let body = r#"{"password":"another long password"}"#;
    send(node.at, "PATCH", &path, &headers, body).await.problem(409, "self_modification");
    assert_eq!(log_in(&node, "ann", PASSWORD).await.status, 201);
}

#[tokio::test]
async fn while_the_database_is_away_a_login_tells_nobody_who_exists() {
    let node = Node::start().await;
    post(&node, "/v1/users", &json!({"username": "ann", "password": PASSWORD})).await;
    let node = node.restart_without_database().await;
    for login in ["ann", "no-such-user"] {
        log_in(&node, login, PASSWORD).await.problem(503, "database_unavailable");
    }
}

#[tokio::test]
async fn refused_logins_are_in_the_log() {
    let node = Node::start().await;
    let user = post(&node, "/v1/users", &json!({"username": "ann", "password": PASSWORD})).await;
    log_in(&node, "ann", "not the password").await.problem(401, "login_failed");
    let path = format!("/v1/audit-log?action=session.refused&resource_id={}", user["id"].as_str().unwrap());
    let log = node.until(&path, |log| log["data"][0].is_object()).await;
    let entry = &log["data"][0];
    assert_eq!((&entry["actor"]["kind"], &entry["actor"]["address"]), (&json!("system"), &json!("127.0.0.1")));
    assert!(!log.to_string().contains("not the password"));
}

#[tokio::test]
async fn when_a_key_was_used_last_is_shown_and_kept() {
    let node = Node::start().await;
    let key = post(&node, "/v1/api-keys", &json!({"name": "board", "scopes": ["viewer"]})).await;
    assert_eq!(key["last_used_at"], Value::Null);
    let path = format!("/v1/api-keys/{}", key["id"].as_str().unwrap());
    assert_eq!(as_holder(&node, key["secret"].as_str().unwrap(), "/v1/calls").await.status, 200);
    let shown = get(node.at, &path).await;
    assert_eq!(shown.header("etag"), Some("\"v1\""), "it is no change of the key");
    let used = shown.json()["last_used_at"].clone();
    assert!(used.is_string(), "{used}");
    let node = node.restart().await;
    let kept = get(node.at, &path).await.json();
    assert_eq!((&kept["last_used_at"], &kept["updated_at"]), (&used, &key["updated_at"]));
}

#[tokio::test]
async fn two_admins_who_delete_each_other_at_once_leave_one() {
    let node = Node::start().await;
    let body = json!({"name": "north", "admin": {"username": "nora", "password": PASSWORD}});
    post(&node, "/v1/accounts", &body).await;
    let nora = bearer(log_in(&node, "nora", PASSWORD).await.json()["token"].as_str().unwrap());
    let as_nora = [("Authorization", nora.as_str()), ("Content-Type", "application/json"), ("If-Match", "*")];
    let second = json!({"username": "olaf", "roles": ["admin"], "password": PASSWORD}).to_string();
    let olafs = send(node.at, "POST", "/v1/users", &as_nora, &second).await.json()["id"].clone();
    let olaf = bearer(log_in(&node, "olaf", PASSWORD).await.json()["token"].as_str().unwrap());
    let as_olaf = [("Authorization", olaf.as_str()), ("Content-Type", "application/json"), ("If-Match", "*")];
    let noras = send(node.at, "GET", "/v1/me", &as_nora, "").await.json()["id"].clone();
    let path = |id: &Value| format!("/v1/users/{}", id.as_str().unwrap());
    // Both were admitted before either was gone: the node is asked as the database would be by two nodes' requests.
    let database = records::Database::sqlite(&node.path("records.db"));
    let people = database.people().await.unwrap();
    let delete = |username: &str| {
        let row = people.users.iter().find(|user| user.username == username).unwrap();
        let kept = records::Change::KeepOne { account: "north".into(), role: "admin".into() };
        vec![records::Change::DeleteUser { id: row.id, based_on: row.version }, kept]
    };
    let at = clock::WallTime::from_micros(1);
    database.change_people(&actor(), delete("olaf"), at).await.unwrap();
    let refused = database.change_people(&actor(), delete("nora"), at).await;
    assert!(matches!(refused, Err(records::ChangeError::Refused(records::Refused::LastOne { .. }))), "{refused:?}");
    // Over REST: somebody else's key that may do so takes no account its last admin either.
    let headers = as_olaf;
    let reply = send(node.at, "DELETE", &path(&noras), &headers, "").await;
    assert!([401, 409].contains(&reply.status), "{reply:?}");
    let key = json!({"name": "hr", "scopes": ["admin"]}).to_string();
    let key = send(node.at, "POST", "/v1/api-keys", &as_nora, &key).await.json();
    let key = bearer(key["secret"].as_str().unwrap());
    let as_key = [("Authorization", key.as_str()), ("Content-Type", "application/json"), ("If-Match", "*")];
    send(node.at, "DELETE", &path(&noras), &as_key, "").await.problem(409, "last_admin");
    for change in [r#"{"disabled":true}"#, r#"{"roles":["viewer"]}"#] {
        send(node.at, "PATCH", &path(&noras), &as_key, change).await.problem(409, "last_admin");
    }
    assert_eq!(send(node.at, "PATCH", &path(&noras), &as_key, r#"{"name":"Nora"}"#).await.status, 200);
    send(node.at, "DELETE", &path(&olafs), &as_key, "").await.problem(404, "user_not_found");
}

#[tokio::test]
async fn a_bound_key_makes_nobody_who_is_not() {
    let node = Node::start().await;
    let user = post(&node, "/v1/users", &json!({"username": "ann", "roles": ["viewer"], "password": PASSWORD})).await;
    let bounds = [
        json!({"name": "ends", "scopes": ["admin"], "expires_at": "2999-01-01T00:00:00Z"}),
        json!({"name": "here", "scopes": ["admin"], "address_ranges": ["127.0.0.0/8"]}),
    ];
    for bound in bounds {
        let key = bearer(post(&node, "/v1/api-keys", &bound).await["secret"].as_str().unwrap());
        let headers = [("Authorization", key.as_str()), ("Content-Type", "application/json"), ("If-Match", "*")];
        let made = json!({"username": "eve", "roles": ["viewer"], "password": PASSWORD}).to_string();
        send(node.at, "POST", "/v1/users", &headers, &made).await.problem(403, "forbidden");
        let account = json!({"name": "north", "admin": {"username": "eve", "password": PASSWORD}}).to_string();
        send(node.at, "POST", "/v1/accounts", &headers, &account).await.problem(403, "forbidden");
        let path = format!("/v1/users/{}", user["id"].as_str().unwrap());
        for change in
            [r#"{"roles":["supervisor"]}"#, r#"{"password":"another long password"}"#, r#"{"email":"e@x.org"}"#]
        {
            send(node.at, "PATCH", &path, &headers, change).await.problem(403, "forbidden");
        }
        assert_eq!(send(node.at, "PATCH", &path, &headers, r#"{"name":"Ann"}"#).await.status, 200);
    }
}

#[tokio::test]
async fn names_show_as_what_they_are() {
    let node = Node::start().await;
    for name in ["ann\u{202e}nimda", "ad\u{200b}min", "a\u{7}b"] {
        let body = json!({"username": "ann", "name": name, "password": PASSWORD}).to_string();
        let problem = send_json(node.at, "POST", "/v1/users", &[], &body).await.problem(422, "invalid_body");
        assert_eq!(problem["errors"][0]["pointer"], "#/name", "{problem}");
        let body = json!({"name": name, "scopes": ["viewer"]}).to_string();
        send_json(node.at, "POST", "/v1/api-keys", &[], &body).await.problem(422, "invalid_body");
    }
}

/// A commit whose answer was lost on the way: the database has it, and nobody was told.
#[tokio::test]
async fn what_the_database_did_unheard_is_known_at_the_next_refusal() {
    let node = Node::start().await;
    let key = post(&node, "/v1/api-keys", &json!({"name": "board", "scopes": ["viewer"]})).await;
    let secret = key["secret"].as_str().unwrap();
    let database = records::Database::sqlite(&node.path("records.db"));
    let row = database.people().await.unwrap().keys.into_iter().find(|row| row.name == "board").unwrap();
    let revocation = records::Change::Key {
        row: records::ApiKey { revoked_at: Some(clock::WallTime::from_micros(1)), ..row },
        based_on: Some(1),
    };
    database.change_people(&actor(), vec![revocation], clock::WallTime::from_micros(1)).await.unwrap();
    assert_eq!(as_holder(&node, secret, "/v1/calls").await.status, 200);
    let path = format!("/v1/api-keys/{}", key["id"].as_str().unwrap());
    send_json(node.at, "PATCH", &path, &[("If-Match", "\"v1\"")], r#"{"name":"other"}"#).await.problem(409, "gone");
    as_holder(&node, secret, "/v1/calls").await.problem(401, "unauthorized");
    assert!(get(node.at, &path).await.json()["revoked_at"].is_string());
}

fn actor() -> records::Actor {
    let nothing = String::new;
    records::Actor {
        kind: records::ActorKind::System,
        id: "system".into(),
        name: "test".into(),
        address: nothing(),
        user_agent: nothing(),
        request_id: nothing(),
    }
}
