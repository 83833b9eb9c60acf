//! Examples, made from those of the fields: each operation has one of its body and of what it answers.

use serde_json::{Map, Value, json};

use super::document::{each_operation, fields, items, resolve};
use crate::problem::Code;

/// Adds examples to all bodies and parameters that have none.
pub(super) fn add(document: &mut Value) {
    let schemas = document["components"]["schemas"].clone();
    let known = document["paths"].clone();
    each_operation(document, |path, _, operation| {
        if let Some(content) = operation.pointer_mut("/requestBody/content").and_then(Value::as_object_mut) {
            content.values_mut().for_each(|body| add_to_body(body, &schemas));
        }
        for parameter in items(operation, "parameters") {
            add_to_parameter(parameter, path, &known, &schemas);
        }
        for (status, response) in fields(operation, "responses") {
            for (kind, body) in fields(response, "content") {
                match kind.as_str() {
                    "application/json" => add_to_body(body, &schemas),
                    "application/problem+json" => body["example"] = problem(status, path),
                    _ => {}
                }
            }
        }
    });
}

/// What a schema stands for, by the examples in it.
pub(super) fn of_schema(schema: &Value, schemas: &Value) -> Value {
    let schema = resolve(schema, schemas);
    for known in ["example", "default", "const"] {
        if let Some(value) = schema.get(known) {
            return value.clone();
        }
    }
    if let Some(first) = schema.pointer("/enum/0").or_else(|| schema.pointer("/examples/0")) {
        return first.clone();
    }
    for choice in ["oneOf", "anyOf", "allOf"] {
        let mut choices = schema[choice].as_array().into_iter().flatten();
        if let Some(found) = choices.find(|one| one["type"] != "null") {
            return of_schema(found, schemas);
        }
    }
    of_type(&schema, schemas)
}

fn of_type(schema: &Value, schemas: &Value) -> Value {
    let is = |word: &str| {
        schema["type"] == word || schema["type"].as_array().is_some_and(|types| types.iter().any(|one| one == word))
    };
    if schema["format"] == "date-time" {
        json!(MOMENT)
    } else if is("object") {
        let fields = schema["properties"].as_object().into_iter().flatten();
        fields.map(|(name, field)| (name.clone(), of_schema(field, schemas))).collect::<Map<_, _>>().into()
    } else if is("array") {
        json!([of_schema(&schema["items"], schemas)])
    } else if is("null") {
        Value::Null
    } else if is("boolean") {
        json!(false)
    } else if is("integer") {
        schema.get("minimum").cloned().unwrap_or(json!(0))
    } else {
        json!("")
    }
}

fn add_to_body(body: &mut Value, schemas: &Value) {
    if body.get("example").is_none() {
        body["example"] = of_schema(&body["schema"], schemas);
    }
}

/// An id in a path is the one that the example of the thing there has.
fn add_to_parameter(parameter: &mut Value, path: &str, known: &Value, schemas: &Value) {
    if parameter.get("example").is_some() || parameter["schema"].get("default").is_some() {
        return;
    }
    let name = parameter["name"].as_str().unwrap_or_default().to_owned();
    if parameter["in"] == "path" {
        let end = path.find(&format!("{{{name}}}")).map_or(path.len(), |at| at + name.len() + 2);
        let list = path.get(..end).and_then(|one| one.rsplit_once('/')).map_or("", |(list, _)| list);
        let page = &known[list]["get"]["responses"]["200"]["content"]["application/json"]["schema"];
        let found = of_schema(page, schemas).pointer(&format!("/data/0/{name}")).cloned();
        parameter["example"] = found.unwrap_or_else(|| json!("current"));
        return;
    }
    let example = of_schema(&parameter["schema"], schemas);
    if !example.is_null() && example != "" {
        parameter["example"] = example;
    }
}

/// A problem with this status, as it may come from this path.
fn problem(status: &str, path: &str) -> Value {
    let thing = path.split('/').nth(2).unwrap_or_default().trim_end_matches('s').replace('-', "_");
    let of_status = || Code::ALL.iter().filter(|code| code.status().to_string() == status);
    let is_of_thing = |code: &&Code| code.word().starts_with(&thing) || thing.ends_with(first_word(code.word()));
    let usual = || of_status().find(|code| USUAL.contains(code));
    let found = of_status().filter(|_| status == "404").find(is_of_thing);
    let code = found.or_else(usual).or_else(|| of_status().next());
    let Some(code) = code else { return Value::Null };
    json!({
        "type": format!("/problems/{}", code.word()),
        "title": code.title(),
        "status": code.status(),
        "detail": format!("{}.", code.title()),
        "instance": "req_0064f1f3a0b2c400000001",
        "code": code.word(),
    })
}

fn first_word(word: &str) -> &str {
    word.split('_').next().unwrap_or(word)
}

/// Of several codes with one status, those that most clients will see.
const USUAL: &[Code] = &[
    Code::InvalidParameter,
    Code::Unauthorized,
    Code::CursorNotFound,
    Code::IdempotencyRequestRunning,
    Code::InvalidBody,
    Code::RateLimited,
    Code::Unavailable,
];
/// A moment like those of the API.
const MOMENT: &str = "2026-07-30T12:34:56.000000Z";
