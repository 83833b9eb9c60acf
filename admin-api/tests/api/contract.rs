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

#[test]
fn every_operation_has_a_name_a_tag_a_summary_and_examples() {
    for (method, path, operation) in operations() {
        let at = format!("{method} {path}");
        for words in [&operation["operationId"], &operation["tags"][0], &operation["summary"]] {
            assert!(words.as_str().is_some_and(|text| !text.is_empty()), "{at}");
        }
        if let Some(content) = operation["requestBody"]["content"].as_object() {
            assert!(
                content.iter().all(|(kind, body)| {
                    body["example"].is_object() || (kind == "text/csv" && body["example"].is_string())
                }),
                "{at} has no example of its body"
            );
        }
        let responses = operation["responses"].as_object().unwrap();
        let successes: Vec<_> = responses.iter().filter(|(status, _)| status.starts_with('2')).collect();
        assert!(!successes.is_empty(), "{at}");
        for (status, response) in successes {
            let json = &response["content"]["application/json"];
            assert!(json.is_null() || !json["example"].is_null(), "{at} has no example of {status}");
            let other = response["content"].as_object().is_some_and(|kinds| !kinds.is_empty());
            assert!(other || *status == "204", "{at} says nothing of the body of {status}");
        }
    }
}

#[test]
fn every_operation_documents_how_it_may_be_refused() {
    for (method, path, operation) in operations() {
        let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
        let has = |name: &str| parameters.iter().any(|parameter| parameter["name"] == name);
        let is_open = operation["security"] == serde_json::json!([{}]);
        let takes_body = operation["requestBody"].is_object();
        let finds = parameters.iter().any(|parameter| parameter["in"] == "path") || has("cursor");
        let is_required = |parameter: &Value| parameter["name"] == "If-Match" && parameter["required"] == true;
        let wanted = [
            ("400", true),
            ("401", !is_open),
            ("403", !is_open),
            ("404", finds),
            ("409", has("Idempotency-Key")),
            ("412", has("If-Match")),
            ("415", takes_body),
            ("422", takes_body || has("Idempotency-Key")),
            ("428", parameters.iter().any(is_required)),
            ("429", !is_open),
            ("503", true),
        ];
        for (status, _) in wanted.iter().filter(|(_, wanted)| *wanted) {
            assert!(operation["responses"][status].is_object(), "{method} {path} does not document {status}");
        }
        for (status, response) in operation["responses"].as_object().unwrap() {
            if status < &String::from("400") {
                continue;
            }
            let problem = &response["content"]["application/problem+json"];
            assert!(!problem.is_null(), "{method} {path} {status}");
            assert_eq!(problem["example"]["status"].to_string(), *status, "{method} {path}");
        }
    }
}

/// The table of the codes is made from the description, as the description is from the code.
#[tokio::test]
async fn every_code_of_a_problem_is_documented() {
    let node = Node::start().await;
    let description: Value = serde_json::from_str(&Api::openapi_json()).unwrap();
    let mut table = String::from("| code | status | what it says |\n|---|---|---|\n");
    for code in description["components"]["schemas"]["Code"]["enum"].as_array().unwrap() {
        let code = code.as_str().unwrap();
        let page = get(node.at, &format!("/problems/{code}")).await;
        let lines: Vec<&str> = page.text().split("\n\n").collect();
        let status = lines[2].trim().trim_start_matches("HTTP status ").trim_end_matches('.');
        table += &format!("| `{code}` | {status} | {} |\n", lines[1]);
    }
    compare("problems.md", &format!("{PROBLEMS_HEAD}{table}"));
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
    compare("openapi.json", served.text());
}

/// Compares a file of `docs/api` with what it should be, or writes it.
#[track_caller]
fn compare(name: &str, wanted: &str) {
    let checked_in = format!("{}/../docs/api/{name}", env!("CARGO_MANIFEST_DIR"));
    if std::env::var_os("TRUNKLINE_WRITE_OPENAPI").is_some() {
        std::fs::write(&checked_in, wanted).unwrap();
    }
    let kept = std::fs::read_to_string(checked_in).unwrap();
    assert!(kept == wanted, "docs/api/{name} is old: run the tests with TRUNKLINE_WRITE_OPENAPI=1");
}

const PROBLEMS_HEAD: &str = "# Problem codes\n\nEvery `code` of a problem (RFC 9457) that the API answers with. Codes \
    are stable. A running node explains each at `/problems/<code>`. Made from `admin-api/src/problem/code.rs` and \
    compared in a test.\n\n";
