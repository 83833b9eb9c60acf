//! Which refusals an operation has, by what it takes: each documents those, and no others.

use serde_json::{Value, json};

use super::document::{each_operation, parameter};

/// Completes the refusals of all operations.
pub(super) fn complete(document: &mut Value) {
    each_operation(document, |path, method, operation| {
        let applies = applying(path, method, operation);
        let Some(responses) = operation["responses"].as_object_mut() else { return };
        for (status, says, holds) in applies {
            if holds == Some(false) {
                responses.remove(status);
            } else if holds == Some(true) && !responses.contains_key(status) {
                let schema = json!({ "schema": { "$ref": "#/components/schemas/Problem" } });
                responses.insert(
                    status.into(),
                    json!({ "description": says, "content": { "application/problem+json": schema } }),
                );
            }
        }
        for (status, name, says) in HEADERS {
            if let Some(response) = responses.get_mut(status) {
                response["headers"][name] = json!({ "description": says, "schema": { "type": "string" } });
            }
        }
    });
}

/// Each status, what it says, and whether the operation has it; `None` where only the route knows.
fn applying(path: &str, method: &str, operation: &Value) -> [(&'static str, &'static str, Option<bool>); 12] {
    let has = |name: &str| parameter(operation, name).is_some();
    let is_open = operation["security"] == json!([{}]);
    let takes_body = operation.get("requestBody").is_some() || method == "post";
    let finds = path.contains('{') || has("cursor");
    let needs_version = parameter(operation, "If-Match").is_some_and(|header| header["required"] == true);
    [
        ("400", "A parameter is unknown or not allowed.", Some(true)),
        ("401", "No key, or not a good one.", if is_open { None } else { Some(true) }),
        ("403", "The key may not do this.", Some(!is_open)),
        ("404", "There is no such thing.", if finds { Some(true) } else { (method == "get").then_some(false) }),
        ("409", "The state of the thing stands in the way.", has("Idempotency-Key").then_some(true)),
        ("412", "It was changed since the version that `If-Match` names.", Some(has("If-Match"))),
        ("413", "The body is too large.", Some(takes_body)),
        ("415", "The body is not `application/json`.", Some(takes_body)),
        ("422", "A field is unknown, missing or not allowed.", Some(takes_body)),
        ("428", "The header `If-Match` is missing.", Some(needs_version)),
        ("429", "Too many requests; `Retry-After` tells when.", Some(!is_open || path.starts_with("/v1/sessions"))),
        ("503", "Not now; `Retry-After` tells when.", Some(true)),
    ]
}

/// Headers of refusals.
const HEADERS: [(&str, &str, &str); 3] = [
    ("401", "WWW-Authenticate", "`Bearer` (RFC 6750)."),
    ("429", "Retry-After", "Seconds to wait."),
    ("503", "Retry-After", "Seconds to wait."),
];
