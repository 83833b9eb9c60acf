//! What holds for every operation that the description names.

use admin_api::Api;
use serde_json::Value;

use crate::client::{KEY, get, send};
use crate::node::Node;

fn operations() -> Vec<(String, String, Value)> {
    let description: Value = serde_json::from_str(&Api::openapi_json()).unwrap();
    let mut operations = Vec::new();
    for (path, item) in description["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            operations.push((method.to_uppercase(), concrete(path), operation.clone()));
        }
    }
    operations
}

/// The path with something in place of each parameter.
fn concrete(path: &str) -> String {
    let part = |part: &str| if part.starts_with('{') { String::from("1001") } else { part.to_owned() };
    path.split('/').map(part).collect::<Vec<_>>().join("/")
}

#[tokio::test]
async fn every_operation_wants_a_key() {
    let node = Node::start().await;
    let operations = operations();
    assert!(operations.len() >= 10);
    for (method, path, operation) in operations {
        // Who logs in has no key yet, wherever he is.
        let always_open = operation["security"] == serde_json::json!([{}]);
        let open = operation["security"][0] == serde_json::json!({});
        let reply = send(node.at, &method, &path, &[], "").await;
        if always_open {
            assert_ne!(reply.json()["code"], "unauthorized", "{method} {path}");
        } else if open {
            assert_ne!(reply.status, 401, "{method} {path}");
            let proxied = send(node.at, &method, &path, &[("Forwarded", "for=192.0.2.1")], "").await;
            proxied.problem(401, "unauthorized");
        } else {
            reply.problem(401, "unauthorized");
        }
    }
}

#[tokio::test]
async fn every_path_refuses_other_methods() {
    let node = Node::start().await;
    let operations = operations();
    for (_, path, _) in &operations {
        for method in ["GET", "PUT", "POST", "DELETE", "PATCH", "OPTIONS", "TRACE"] {
            if operations.iter().any(|(known, at, _)| known == method && at == path) {
                continue;
            }
            let reply = send(node.at, method, path, &[KEY], "").await;
            reply.problem(405, "method_not_allowed");
            assert!(reply.header("allow").is_some_and(|allow| !allow.is_empty()), "{method} {path}");
        }
    }
}

#[tokio::test]
async fn every_operation_documents_what_it_answers() {
    for (method, path, operation) in operations() {
        let responses = operation["responses"].as_object().unwrap();
        assert!(responses.keys().any(|status| status.starts_with('2')), "{method} {path}");
        assert!(operation["summary"].as_str().is_some_and(|text| !text.is_empty()), "{method} {path}");
        for (status, response) in responses.iter().filter(|(status, _)| *status >= &String::from("400")) {
            assert!(response["content"]["application/problem+json"].is_object(), "{method} {path} {status}");
        }
    }
}

#[test]
fn operations_have_names_and_schemas_exist() {
    let mut names: Vec<_> = operations().iter().map(|(_, _, operation)| operation["operationId"].to_string()).collect();
    let all = names.len();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), all);
    let text = Api::openapi_json();
    let description: Value = serde_json::from_str(&text).unwrap();
    for reference in text.split("\"$ref\": \"#").skip(1).filter_map(|rest| rest.split('"').next()) {
        assert!(description.pointer(reference).is_some(), "{reference}");
    }
}

#[tokio::test]
async fn the_description_is_served_and_checked_in() {
    let node = Node::start().await;
    let served = get(node.at, "/v1/openapi.json").await;
    let description = served.json();
    assert_eq!(description["openapi"], "3.1.0");
    assert_eq!(served.text(), Api::openapi_json());
    let checked_in = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/api/openapi.json");
    if std::env::var_os("TRUNKLINE_WRITE_OPENAPI").is_some() {
        std::fs::write(checked_in, served.text()).unwrap();
    }
    let kept = std::fs::read_to_string(checked_in).unwrap();
    assert!(kept == served.text(), "docs/api/openapi.json is old: run the tests with TRUNKLINE_WRITE_OPENAPI=1");
}
