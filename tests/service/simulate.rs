//! `trunkline simulate` as a command.

use std::io::Read;
use std::process::{Output, Stdio};

use serde_json::{Value, json};

use crate::support::{binary, root};

/// Ten minutes of a scenario, changed.
fn scenario(change: impl FnOnce(&mut Value)) -> tempfile::NamedTempFile {
    let text = std::fs::read_to_string(root().join("sim/tests/scenarios/dev-a10-const25.json")).expect("a scenario");
    let mut scenario: Value = serde_json::from_str(&text).expect("JSON");
    scenario["duration_s"] = json!(600);
    change(&mut scenario);
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), scenario.to_string()).expect("it can be written");
    file
}

fn simulate(scenario: &tempfile::NamedTempFile, more: &[&str]) -> Output {
    let mut command = binary();
    command.args(["simulate", "--scenario"]).arg(scenario.path()).args(more).output().expect("the binary runs")
}

#[test]
fn the_same_seeds_give_the_same_text_and_json_has_a_day_each() {
    let file = scenario(|_| {});
    let run = || simulate(&file, &["--seeds", "2", "--json"]);
    let (first, second) = (run(), run());
    assert!(first.status.success(), "{first:?}");
    assert_eq!(first.stdout, second.stdout);
    let report: Value = serde_json::from_slice(&first.stdout).expect("one JSON object");
    let seeds: Vec<&Value> = report["seeds"].as_array().expect("seeds").iter().map(|day| &day["seed"]).collect();
    assert_eq!(seeds, [110, 111]);
    for figure in ["occupancy", "abandon_pooled", "abandon_worst_day", "abandon_worst_hour", "agent_wait_p90_s"] {
        assert!(report[figure].is_f64(), "{figure}: {report:#}");
    }
}

#[test]
fn all_that_is_wrong_is_said_at_once_and_nothing_on_standard_output() {
    let file = scenario(|scenario| {
        scenario.as_object_mut().expect("an object").remove("talk");
        scenario["answer_rate"] = json!({"kind": "blocks", "block_s": 0, "lo": 0.1, "hi": 0.2});
        scenario["connect_limit_s"] = json!(1e300);
    });
    let refused = simulate(&file, &["--json"]);
    assert_eq!((refused.status.code(), refused.stdout.len()), (Some(1), 0));
    let says = String::from_utf8_lossy(&refused.stderr);
    for part in ["3 faults", "talk: missing", "answer_rate.block_s", "connect_limit_s"] {
        assert!(says.contains(part), "{says}");
    }
    for seeds in ["0", "1001", "many"] {
        assert_eq!(simulate(&file, &["--seeds", seeds]).status.code(), Some(2), "{seeds}");
    }
}

#[test]
fn a_reader_who_has_seen_enough_is_no_fault() {
    let file = scenario(|scenario| scenario["duration_s"] = json!(60));
    let mut command = binary();
    command.args(["simulate", "--seeds", "1000", "--json", "--scenario"]).arg(file.path());
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary runs");
    drop(child.stdout.take());
    let mut says = String::new();
    child.stderr.take().expect("it is piped").read_to_string(&mut says).expect("text");
    assert_eq!((child.wait().expect("it ends").code(), says.as_str()), (Some(0), ""));
}
