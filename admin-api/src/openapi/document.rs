//! Walks over an OpenAPI document as JSON.

use serde_json::Value;

/// Calls `change` with the path, the method and the operation of each operation.
pub(super) fn each_operation(document: &mut Value, mut change: impl FnMut(&str, &str, &mut Value)) {
    for (path, item) in fields(document, "paths") {
        for (method, operation) in item.as_object_mut().into_iter().flatten() {
            if METHODS.contains(&method.as_str()) {
                change(path, method, operation);
            }
        }
    }
}

/// The fields of the object called `name`, if there is one. Indexing would make one.
pub(super) fn fields<'a>(of: &'a mut Value, name: &str) -> impl Iterator<Item = (&'a String, &'a mut Value)> {
    of.get_mut(name).and_then(Value::as_object_mut).into_iter().flatten()
}

/// The items of the list called `name`, if there is one.
pub(super) fn items<'a>(of: &'a mut Value, name: &str) -> impl Iterator<Item = &'a mut Value> {
    of.get_mut(name).and_then(Value::as_array_mut).into_iter().flatten()
}

/// The schema that a reference leads to; what stands beside the reference holds too.
pub(super) fn resolve(schema: &Value, schemas: &Value) -> Value {
    let name = schema["$ref"].as_str().and_then(|reference| reference.rsplit('/').next());
    let Some(found) = name.and_then(|name| schemas.get(name)) else { return schema.clone() };
    let mut resolved = resolve(found, schemas);
    for (key, value) in schema.as_object().into_iter().flatten().filter(|(key, _)| *key != "$ref") {
        resolved[key] = value.clone();
    }
    resolved
}

/// The operation's parameter of this name.
pub(super) fn parameter<'a>(operation: &'a Value, name: &str) -> Option<&'a Value> {
    operation["parameters"].as_array()?.iter().find(|parameter| parameter["name"] == name)
}

/// What an item of a path may have besides parameters.
const METHODS: [&str; 5] = ["get", "put", "post", "patch", "delete"];
