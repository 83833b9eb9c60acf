//! What an agent reaches of his own: his phones, his callbacks, the call that he is on the phone for.

use centre::{Answer, Command};
use clock::{AgentId, CallbackId};
use serde_json::{Value, json};

use crate::cast::bearer;
use crate::client::{Reply, get, send};
use crate::node::Node;

/// The operator, who is agent 1001, asks.
async fn ask(node: &Node, method: &str, path: &str, body: Value) -> Reply {
    let authorization = bearer("token-of-operator");
    let headers = [("Authorization", authorization.as_str()), ("Content-Type", "application/json")];
    let text = if body.is_null() { String::new() } else { body.to_string() };
    send(node.at, method, path, &headers, &text).await
}

#[tokio::test]
async fn an_operator_sees_his_own_phones() {
    let node = Node::start().await;
    for path in ["/v1/me/devices", "/v1/registrations"] {
        let page = ask(&node, "GET", path, Value::Null).await.json();
        assert_eq!(page["data"].as_array().unwrap().len(), 1, "{path}: {page}");
        assert_eq!(page["data"][0]["contact"], "sip:1001@127.0.0.1:5070", "{path}");
    }
    assert_eq!(ask(&node, "GET", "/v1/registrations?extension=1002", Value::Null).await.json()["data"], json!([]));
    assert_eq!(get(node.at, "/v1/me/devices").await.json()["data"], json!([]), "a key has no phone");
    ask(&node, "GET", "/v1/trunks", Value::Null).await.problem(403, "forbidden");
}

#[tokio::test]
async fn an_operator_sees_and_cancels_his_own_callbacks_only() {
    let mut node = Node::start().await;
    node.play(|command| {
        let Command::CancelCallback { pick: acd::CallbackPick::Id(id) } = command else { panic!("{command:?}") };
        let callback = acd::Callback { id, agent: Some(AgentId(1)), ..acd::Callback::default() };
        Ok(Answer::Callback(Box::new(acd::CallbackTaken {
            callback,
            is_duplicate: false,
            place: None,
            expected: None,
        })))
    });
    let (of_queue, own) = (CallbackId(5), CallbackId(6));
    let listed = ask(&node, "GET", "/v1/callbacks", Value::Null).await.json();
    let ids: Vec<&Value> = listed["data"].as_array().unwrap().iter().map(|one| &one["id"]).collect();
    assert_eq!(ids, [&json!(own.to_string())]);
    assert_eq!(get(node.at, "/v1/callbacks").await.json()["data"].as_array().unwrap().len(), 2, "a key sees all");
    let stored = ask(&node, "GET", "/v1/callbacks?state=cancelled", Value::Null).await;
    assert_eq!(stored.json()["data"], json!([]), "{stored:?}");
    assert_eq!(ask(&node, "GET", &format!("/v1/callbacks/{own}"), Value::Null).await.json()["agent"], "1001");
    ask(&node, "GET", &format!("/v1/callbacks/{of_queue}"), Value::Null).await.problem(404, "callback_not_found");
    let cancelled = ask(&node, "POST", &format!("/v1/callbacks/{own}/cancel"), Value::Null).await;
    assert_eq!(cancelled.status, 200, "{cancelled:?}");
    ask(&node, "POST", &format!("/v1/callbacks/{of_queue}/cancel"), Value::Null)
        .await
        .problem(404, "callback_not_found");
}

#[tokio::test]
async fn an_operator_plans_callbacks_for_himself_only() {
    let mut node = Node::start().await;
    node.play(|command| {
        let Command::RequestCallback { request, .. } = command else { panic!("{command:?}") };
        assert_eq!((request.agent, request.queue), (Some(AgentId(1)), None));
        let callback = acd::Callback { id: CallbackId(7), agent: request.agent, ..acd::Callback::default() };
        Ok(Answer::Callback(Box::new(acd::CallbackTaken {
            callback,
            is_duplicate: false,
            place: None,
            expected: None,
        })))
    });
    let number = "+442071838750";
    for body in [json!({"number": number}), json!({"number": number, "agent": "1001"})] {
        let planned = ask(&node, "POST", "/v1/callbacks", body).await;
        assert_eq!((planned.status, &planned.json()["agent"]), (201, &json!("1001")), "{planned:?}");
    }
    let other = ask(&node, "POST", "/v1/callbacks", json!({"number": number, "agent": "1002"})).await;
    assert_eq!(other.problem(422, "invalid_body")["errors"][0]["pointer"], "#/agent");
    let of_queue = ask(&node, "POST", "/v1/callbacks", json!({"number": number, "queue": "support"})).await;
    assert_eq!(of_queue.problem(403, "forbidden")["errors"][0]["detail"], "callbacks.manage");
    ask(&node, "POST", "/v1/queues/support/callbacks", json!({"number": number})).await.problem(403, "forbidden");
}

#[tokio::test]
async fn me_has_the_call_that_one_is_on_the_phone_for() {
    let node = Node::start().await;
    let me = ask(&node, "GET", "/v1/me/active-call", Value::Null).await.json();
    assert_eq!(me, json!({"call": null, "state": "ready", "calls": []}));
    let key = get(node.at, "/v1/me/active-call").await.json();
    assert_eq!(key, json!({"call": null, "state": null, "calls": []}), "a key is no agent");
}
