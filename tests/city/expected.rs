//! What `trunkline simulate` makes of the same laws.

use std::path::Path;

use serde_json::Value;

use crate::support::binary;

/// What the simulator expects, pooled over its seeds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Expected {
    /// From a moment to the end.
    pub(crate) occupancy: f64,
    /// Of the people who answered, from the begin.
    pub(crate) abandoned: f64,
}

impl Expected {
    /// Simulates a scenario; the occupancy counts from `from_s` on.
    pub(crate) fn of(scenario: &Value, from_s: f64, dir: &Path) -> Self {
        let (whole, begin) = (days(scenario, None, dir), days(scenario, Some(from_s), dir));
        // The same seed has the same day, so what a shorter one had is the begin of the longer.
        let later = |key: &str| sum(&whole, key) - sum(&begin, key);
        let worked = later("talk_s") + later("wrap_s");
        let occupancy = worked / (worked + later("idle_s"));
        Self { occupancy, abandoned: sum(&whole, "abandoned") / sum(&whole, "live_answers") }
    }
}

fn days(scenario: &Value, duration_s: Option<f64>, dir: &Path) -> Vec<Value> {
    let mut scenario = scenario.clone();
    if let Some(duration_s) = duration_s {
        scenario["duration_s"] = duration_s.into();
    }
    let path = dir.join("scenario.json");
    std::fs::write(&path, scenario.to_string()).expect("the test's folder is writable");
    let output = binary().args(["simulate", "--json", "--scenario"]).arg(&path).output().expect("the binary runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let report: Value = serde_json::from_slice(&output.stdout).expect("the report is JSON");
    report["seeds"].as_array().cloned().expect("days")
}

fn sum(days: &[Value], key: &str) -> f64 {
    days.iter().map(|day| day[key].as_f64().unwrap_or_default()).sum()
}
