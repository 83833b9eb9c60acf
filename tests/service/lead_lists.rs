//! A list of leads outlives kill -9 in the middle of its import: no row twice, none lost.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::support::{Http, Node, NodeConfig, postgres_database, until};

#[test]
fn an_import_goes_on_where_it_was_killed() {
    killed_and_compared(NodeConfig::demo());
}

#[test]
fn an_import_into_postgresql_goes_on_where_it_was_killed() {
    killed_and_compared(NodeConfig::demo().set("node.database", postgres_database()));
}

/// Every tenth row has no number, every seventh two; a name is the row's.
fn file() -> String {
    let row = |row: u32| match row {
        row if row % 10 == 0 => format!("\"lead, {row}\",n/a,\n"),
        row if row % 7 == 0 => format!("\"lead, {row}\",{},{}\n", number(row), number(row + 500_000)),
        row => format!("\"lead, {row}\",{},\n", number(row)),
    };
    (FIRST..FIRST + ROWS).fold("Name,Phone,Mobile\n".to_owned(), |file, number| file + &row(number))
}

/// As people type it.
fn number(row: u32) -> String {
    format!("0207 {row:07}")
}

fn killed_and_compared(config: NodeConfig) {
    let mut node = Node::start(config);
    let headers = [("Content-Type", "text/csv")];
    let made = node.http().send("POST", "/v1/lead-lists?name=big.csv", &headers, Some(file().as_bytes()));
    assert_eq!(made.status, 201, "{}", made.text());
    // Told to be there, it is there, whatever happens to the process.
    node.kill();
    node.restart();
    let path = format!("/v1/lead-lists/{}", made.json()["id"].as_str().expect("an id"));
    let started = node.http().send("POST", &format!("{path}/start"), &[], None);
    assert_eq!(started.status, 202, "{}", started.text());
    let mut stood = 0;
    for _ in 0..KILLS {
        let stands = rows_read(&node, &path, |list| count(list, "rows_read") >= stood + u64::from(ROWS) / 8);
        assert_eq!(stands["state"], "importing", "killed in the middle: {stands}");
        node.kill();
        node.restart();
        stood = count(&node.http().get(&path).json(), "rows_read");
        assert!(stood >= count(&stands, "rows_read"), "nothing that was shown is lost");
    }
    let done = rows_read(&node, &path, |list| list["task"].is_null());
    assert_eq!(done["state"], "done_with_errors", "{done}");
    assert_eq!(count(&done, "rows_read"), u64::from(ROWS));
    compare(node.http(), &path, &done);
}

/// Every row is a lead or in the report, once.
fn compare(http: &Http, path: &str, done: &Value) {
    let leads = entries(http, path);
    let mut numbers = 0;
    for row in FIRST..FIRST + ROWS {
        let found = leads.get(&format!("lead, {row}"));
        if row % 10 == 0 {
            assert_eq!(found, None, "row {row} has no number");
            continue;
        }
        let mut wanted = vec![format!("+44207{row:07}")];
        wanted.extend((row % 7 == 0).then(|| format!("+44207{:07}", row + 500_000)));
        numbers += wanted.len() as u64;
        assert_eq!(found, Some(&wanted), "row {row}");
    }
    assert_eq!(leads.len() as u64, count(done, "leads"));
    assert_eq!(numbers, count(done, "numbers"));
    let report = http.get(&format!("{path}/errors.csv")).text();
    let reported: Vec<u32> = report.lines().skip(1).filter_map(|line| line.split(',').next()?.parse().ok()).collect();
    let wanted: Vec<u32> = (FIRST..FIRST + ROWS).filter(|row| row % 10 == 0).map(|row| row - FIRST + 2).collect();
    assert_eq!(reported, wanted, "each row without a number is in the report once");
    assert_eq!(wanted.len() as u64, count(done, "rows_invalid"));
}

/// The numbers of each lead by its name. A name that comes twice fails.
fn entries(http: &Http, path: &str) -> BTreeMap<String, Vec<String>> {
    let (mut leads, mut cursor) = (BTreeMap::new(), String::new());
    loop {
        let page = http.get(&format!("{path}/entries?limit=200{cursor}")).json();
        for lead in page["data"].as_array().expect("a page") {
            let numbers = lead["numbers"].as_array().expect("numbers").iter();
            let numbers = numbers.map(|number| number["number"].as_str().unwrap_or_default().to_owned()).collect();
            let former = leads.insert(lead["name"].as_str().unwrap_or_default().to_owned(), numbers);
            assert_eq!(former, None, "a row twice: {lead}");
        }
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return leads,
        }
    }
}

fn rows_read(node: &Node, path: &str, wanted: impl Fn(&Value) -> bool) -> Value {
    until("the import goes on", || node.http().get(path).json(), wanted)
}

fn count(list: &Value, field: &str) -> u64 {
    list[field].as_u64().unwrap_or_default()
}

/// So that no number is as short as an extension.
const FIRST: u32 = 1_000_000;
const ROWS: u32 = 16_000;
const KILLS: u32 = 3;
