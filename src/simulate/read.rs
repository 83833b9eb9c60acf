//! A scenario's file, read so that all that is wrong with it is said at once.

use serde_json::{Map, Value};
use sim::pacing::{Scenario, ScenarioError};

use super::SimulateError;

/// The scenario of a file's text.
pub(super) fn scenario(path: &str, text: &str) -> Result<Scenario, SimulateError> {
    let cause = match serde_json::from_str(text) {
        Ok(scenario) => return Ok(scenario),
        Err(cause) => cause,
    };
    let path = path.to_owned();
    match serde_json::from_str::<Map<String, Value>>(text).map(|object| faults(&object)) {
        Ok(found) if !found.faults.is_empty() => Err(SimulateError::Scenario { path, cause: found }),
        // No object, or one that has a key twice.
        _ => Err(SimulateError::Parse { path, cause }),
    }
}

/// What is wrong with each key: it alone takes the place of what a sound scenario says. What can be read says what cannot be.
fn faults(object: &Map<String, Value>) -> ScenarioError {
    let mut error = ScenarioError::default();
    let Ok(sound) = serde_json::from_str::<Map<String, Value>>(SOUND) else { return error };
    for key in sound.keys().filter(|key| !object.contains_key(*key)) {
        error.fault(key, "missing");
    }
    let mut readable = sound.clone();
    for (key, value) in object {
        let mut tried = sound.clone();
        tried.insert(key.clone(), value.clone());
        match serde_json::from_value::<Scenario>(Value::Object(tried)) {
            Ok(_) => drop(readable.insert(key.clone(), value.clone())),
            Err(cause) => error.fault(key, &cause.to_string()),
        }
    }
    if let Some(more) =
        serde_json::from_value::<Scenario>(Value::Object(readable)).ok().and_then(|read| read.check().err())
    {
        error.faults.extend(more.faults);
    }
    error
}

/// A scenario with the keys that each must have, and no others.
const SOUND: &str = r#"{
    "id": "sound", "seeds": [1], "duration_s": 60, "agent_plan": [[0, 1]], "answer_rate": {"kind": "steps", "points": [[0, 0.2]]},
    "talk": {"kind": "const", "mean_s": 1}, "wrap": {"kind": "const", "mean_s": 1}, "ring_human": {"kind": "const", "mean_s": 1},
    "ring_machine": {"kind": "const", "mean_s": 1}, "post_dial_delay": {"kind": "const", "mean_s": 1},
    "greeting": {"kind": "const", "mean_s": 1}, "patience": {"kind": "const", "mean_s": 1},
    "machine_talk": {"kind": "const", "mean_s": 1}, "machine_wrap": {"kind": "const", "mean_s": 1}, "machine_rate": 0,
    "busy_fail_rate": 0, "ring_timeout_s": 25, "amd": {"enabled": false}, "pause": {"prob_after_call": 0, "mean_s": 0},
    "connect_limit_s": 2, "max_lines": 10, "target_abandon": 0.03
}"#;

#[cfg(test)]
mod tests {
    use super::*;

    fn sound() -> Map<String, Value> {
        serde_json::from_str(SOUND).unwrap()
    }

    fn told(object: Map<String, Value>) -> String {
        scenario("day.json", &Value::Object(object).to_string()).unwrap_err().to_string()
    }

    #[test]
    fn the_sound_one_has_each_key_that_must_be_there() {
        assert_eq!(scenario("day.json", SOUND).unwrap().check(), Ok(()));
        for key in sound().keys() {
            let mut without = sound();
            without.remove(key);
            assert_eq!(told(without), format!("day.json: {key}: missing"));
        }
    }

    #[test]
    fn all_that_is_wrong_is_said_at_once() {
        let mut object = sound();
        object.remove("talk");
        object.insert("wrapp".to_owned(), Value::from(1));
        object.insert("max_lines".to_owned(), Value::from(-1));
        object.insert("machine_rate".to_owned(), Value::from(2));
        let says = told(object);
        let parts =
            ["4 faults", "talk: missing", "wrapp: unknown field", "max_lines: invalid value", "machine_rate: a share"];
        for part in parts {
            assert!(says.contains(part), "{says}");
        }
        for text in ["", "[]", "{\"id\": 1", "null"] {
            assert!(matches!(scenario("day.json", text), Err(SimulateError::Parse { .. })), "{text}");
        }
    }

    /// What would make a day endless, or stop the clock.
    #[test]
    fn figures_that_no_day_can_have_are_refused() {
        let mut object = sound();
        let walk = serde_json::json!({"kind": "walk", "start": 0.2, "lo": 0.4, "hi": 0.1, "step_s": 0, "sd_rel": 0.1});
        object.insert("answer_rate".to_owned(), walk);
        object.insert("connect_limit_s".to_owned(), Value::from(1e300));
        object.insert("talk".to_owned(), serde_json::json!({"kind": "lognormal", "mean_s": 180, "cv": 1e200}));
        object.insert("machine_rate".to_owned(), Value::from(1.5));
        let found = scenario("day.json", &Value::Object(object).to_string()).unwrap().check().unwrap_err();
        let keys: Vec<&str> = found.faults.iter().map(|fault| &*fault.key).collect();
        assert_eq!(keys, ["answer_rate", "answer_rate.step_s", "talk", "machine_rate", "connect_limit_s"]);
    }
}
