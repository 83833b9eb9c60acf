//! Schemas of parameters that many operations share: what they may be is said once.

use serde_json::{Value, json};

use super::document::{each_operation, fields, items};
use crate::query::MAX_ALTERNATIVES;

/// Says what cursors, shared headers and alternatives may be, and which headers answers have.
pub(super) fn describe(document: &mut Value) {
    each_operation(document, |_, _, operation| {
        for parameter in items(operation, "parameters") {
            let name = parameter["name"].as_str().unwrap_or_default().to_owned();
            let is_query = parameter["in"] == "query";
            let schema = &mut parameter["schema"];
            if let Some((_, pattern, example)) = PATTERNS.iter().find(|(known, ..)| *known == name) {
                // Left out it is, or sent with a value: there is no null in a header or a query.
                schema["type"] = json!("string");
                if schema.get("pattern").is_none() && !pattern.is_empty() {
                    schema["pattern"] = json!(pattern);
                    schema["minLength"] = json!(1);
                }
                if !example.is_empty() {
                    parameter["example"] = json!(example);
                }
            } else if is_query && schema["type"] == "array" {
                schema["minItems"] = json!(1);
                schema["maxItems"] = json!(MAX_ALTERNATIVES);
                if schema["items"]["type"] == "string" {
                    schema["items"]["pattern"] = json!("^[^,]*$");
                }
            }
        }
        let is_list =
            operation["parameters"].as_array().is_some_and(|all| all.iter().any(|one| one["name"] == "cursor"));
        let keyed = operation["security"] != json!([{}]);
        for (status, response) in fields(operation, "responses") {
            if !status.starts_with('2') {
                continue;
            }
            for (name, says, applies) in
                [("Link", "The next page (RFC 8288).", is_list), ("RateLimit", LEFT_OF_REQUESTS, keyed)]
            {
                if applies {
                    response["headers"][name] = json!({ "description": says, "schema": { "type": "string" } });
                }
            }
        }
    });
}

/// What the header of the same name says.
const LEFT_OF_REQUESTS: &str = "What is left of the key's requests (draft-ietf-httpapi-ratelimit-headers-11).";
/// Parameters of one name that are the same everywhere, what they may be, and an example that does no harm.
const PATTERNS: [(&str, &str, &str); 5] = [
    ("cursor", "^([0-9a-f]{2}){4,512}$", ""),
    ("Idempotency-Key", "^[!-~]{1,255}$", "7f1c0c5e-5d0b-4f0e-9d43-0a6f7a7f8f11"),
    ("If-Match", "^(\\*|\"v[0-9]{1,19}\")$", "\"v1\""),
    ("Last-Event-ID", "^[0-9a-f]{60}$", ""),
    // What is no range that we know is ignored (RFC 9110 section 14.2).
    ("Range", "", "bytes=0-1023"),
];
