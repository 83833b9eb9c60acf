//! What the log says of a request's body and of its answer: never a secret.

use bytes::Bytes;
use serde_json::{Map, Value, json};

/// The body as the log may show it: a short JSON object, without the values of fields that sound like secrets.
pub(super) fn told(body: &Bytes) -> Value {
    if body.len() > MAX_TOLD {
        return json!(format!("{} bytes, left out", body.len()));
    }
    serde_json::from_slice(body).map_or(Value::Null, without_secrets)
}

/// The `id` that an answer names.
pub(super) fn id_in(answer: &str) -> Option<String> {
    let Value::Object(fields) = serde_json::from_str(answer).ok()? else { return None };
    Some(plain(fields.get("id")?.as_str()?, MAX_ID))
}

/// The object that stands in the log.
pub(super) fn detail(status: u16, asked: Option<&Value>, made: Option<&str>) -> String {
    let mut fields = Map::new();
    fields.insert("status".into(), json!(status));
    if let Some(asked) = asked.filter(|asked| !asked.is_null()) {
        fields.insert("asked".into(), asked.clone());
    }
    if let Some(id) = made {
        fields.insert("id".into(), json!(id));
    }
    Value::Object(fields).to_string()
}

/// Text without what a screen would not show as it is, and not too long.
pub(super) fn plain(text: &str, most: usize) -> String {
    text.chars().filter(|c| !crate::text::misleads(*c)).take(most).collect()
}

fn without_secrets(value: Value) -> Value {
    match value {
        Value::Object(fields) => {
            let kept = |(name, value): (String, Value)| {
                let value = if is_secret(&name) { json!("left out") } else { without_secrets(value) };
                (name, value)
            };
            Value::Object(fields.into_iter().map(kept).collect())
        }
        Value::Array(values) => Value::Array(values.into_iter().map(without_secrets).collect()),
        other => other,
    }
}

fn is_secret(name: &str) -> bool {
    let name = name.to_lowercase();
    SECRETS.iter().any(|word| name.contains(word))
}

/// Parts of names of fields whose values are nobody's business.
const SECRETS: [&str; 9] = ["passw", "secret", "token", "key", "pin", "credential", "auth", "current", "new"];
/// Bytes of a body that is told: longer ones are lists, not commands.
const MAX_TOLD: usize = 2_048;
/// Characters of an id.
pub(super) const MAX_ID: usize = 200;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_told_without_its_secrets() {
        let body = json!({"to": "+442071838750", "api_key": "x1", "list": [{"Password": "x2", "name": "a"}]});
        let told = told(&Bytes::from(body.to_string()));
        assert_eq!(told["to"], "+442071838750");
        assert_eq!(told["list"][0]["name"], "a");
        assert!(!told.to_string().contains("x1") && !told.to_string().contains("x2"), "{told}");
        assert_eq!(super::told(&Bytes::from(vec![b' '; MAX_TOLD + 1])), "2049 bytes, left out");
        assert_eq!(super::told(&Bytes::from_static(b"no json")), Value::Null);
    }

    #[test]
    fn an_answer_names_what_was_made() {
        assert_eq!(id_in(r#"{"id":"call_1"}"#).as_deref(), Some("call_1"));
        assert_eq!(id_in(r#"[{"id":"call_1"}]"#), None);
        let told: Value = serde_json::from_str(&detail(201, Some(&json!({"to": "1"})), Some("call_1"))).unwrap();
        assert_eq!(told, json!({"status": 201, "asked": {"to": "1"}, "id": "call_1"}));
    }
}
