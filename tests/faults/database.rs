//! The database goes away under load and comes back: calls, events and agents' keys go on, records arrive later, each
//! once, counted against the ledger of who made the calls. 60 s in `make faults`, 5 s in `make test`.

mod load;
mod store;

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::rounds;
use crate::support::{ECHO, Node, NodeConfig, run_to_end, until};
use load::{Events, Keys, Load};
use store::Store;

#[test]
fn postgresql_stands_still() {
    outage(Store::postgres(), "freeze", "thaw");
}

#[test]
fn postgresql_is_shut_down() {
    outage(Store::postgres(), "crash", "start");
}

#[test]
fn sqlite_is_locked_by_another_process() {
    outage(Store::sqlite(), "lock", "unlock");
}

#[test]
fn a_start_without_postgresql_fills_it_later() {
    let mut store = Store::postgres();
    let mut node = Node::start(store.configure(NodeConfig::demo()));
    store.opened(&node);
    node.kill();
    store.tell("crash");
    node.restart();
    let mut call = node.carrier.call(ECHO);
    call.expect_final(200);
    call.bye();
    assert_eq!(node.http().get("/v1/calls").header("trunkline-incomplete"), Some("database"));
    store.tell("start");
    caught_up(&node);
    assert_eq!(store.query("SELECT COUNT(*) FROM calls"), "1");
}

#[test]
fn an_older_program_is_refused_in_one_line_with_what_to_do() {
    for mut store in [Store::sqlite(), Store::postgres()] {
        let mut node = Node::start(store.configure(NodeConfig::demo()));
        store.opened(&node);
        node.terminate();
        node.wait(Duration::from_secs(15));
        store.query(
            "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
             SELECT 9999, 'of tomorrow', TRUE, checksum, 0 FROM _sqlx_migrations WHERE version = 1",
        );
        let output = run_to_end(&node.config_file());
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        let line = told.lines().last().unwrap_or_default();
        assert_eq!(output.status.code(), Some(1), "{told}");
        assert!(line.contains("a newer program made its tables (migration 9999)"), "{told}");
        let command = if store.is_sqlite() { "mv '" } else { "psql -h 127.0.0.1" };
        assert!(line.contains(command) && !line.contains("trunkline-test"), "{told}");
        store.query("DELETE FROM _sqlx_migrations WHERE version = 9999");
        node.restart();
    }
}

#[test]
fn two_nodes_do_not_share_a_database() {
    let mut store = Store::postgres();
    let first = Node::start(store.configure(NodeConfig::demo()));
    store.opened(&first);
    let second = Node::start(NodeConfig::demo());
    let config = second.dir().join("other.toml");
    let data = second.dir().join("other").display().to_string();
    store.configure(NodeConfig::demo()).set("node.data_dir", data).write(&config);
    let output = run_to_end(&config);
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(told.lines().last().is_some_and(|line| line.contains("in use by another node")), "{told}");
}

fn outage(mut store: Store, begin: &str, end: &str) {
    let length = Duration::from_secs(rounds(5, 60).into());
    let node = Node::start(store.configure(NodeConfig::demo()));
    store.opened(&node);
    let _phone = node.registered("1001");
    let events = Events::follow(&node);
    let load = Load::start(&node);
    let keys = Keys::start(&node);
    std::thread::sleep(BEFORE_AND_AFTER);
    store.tell(begin);
    let began = Instant::now();
    let mut incomplete = 0;
    while began.elapsed() < length {
        let asked = Instant::now();
        let list = node.http().get("/v1/calls?limit=200&sort=-started_at");
        assert_eq!(list.status, 200, "{}", list.text());
        assert!(asked.elapsed() < LIST_MAX, "a list after {:?}", asked.elapsed());
        incomplete += u32::from(list.header("trunkline-incomplete") == Some("database"));
        let shown = list.json()["data"].as_array().map_or(0, Vec::len);
        assert!(shown > 0, "what is not written yet is listed");
        std::thread::sleep(Duration::from_millis(200));
    }
    // SQLite's readers do not mind another's lock: nothing is missing, as the ledger shows below.
    assert_eq!(incomplete > 0, !store.is_sqlite(), "{incomplete} lists without the database");
    assert!(node.http().metric("trunkline_journal_backlog") > 0.0, "records wait");
    store.tell(end);
    std::thread::sleep(BEFORE_AND_AFTER);
    keys.stop();
    let ledger = load.stop(length + BEFORE_AND_AFTER * 2);
    let told = events.stop(&node);
    caught_up(&node);
    // The figure of the backlog is a second old: the last calls may be on their way.
    until("a row a call", || store.query("SELECT COUNT(*) FROM calls"), |rows| *rows == ledger.len().to_string());

    let records = all_calls(&node);
    let ids: BTreeSet<String> = records.iter().filter_map(|call| call["id"].as_str().map(str::to_owned)).collect();
    let sip_ids: Vec<&str> = records.iter().filter_map(|call| call["sip_call_ids"][0].as_str()).collect();
    assert_eq!(sip_ids.iter().copied().collect::<BTreeSet<_>>(), ledger.iter().map(String::as_str).collect());
    assert_eq!((records.len(), ids.len()), (ledger.len(), ledger.len()), "one record a call");
    assert!(records.iter().all(|call| call["status"] == "completed"), "each of them completed");
    assert_eq!(told, ids, "each end was told as it happened");
    assert_eq!(store.query("SELECT COUNT(*) FROM projection_poison"), "0");
    let doubles = "SELECT COUNT(*) FROM (SELECT agent, since FROM agent_state_intervals GROUP BY agent, since \
                   HAVING COUNT(*) > 1) AS doubles";
    assert_eq!(store.query(doubles), "0");
    println!("{begin}: {} calls, {} lists without the database", ledger.len(), incomplete);
}

/// Waits until everything is in the database.
fn caught_up(node: &Node) {
    let start = Instant::now();
    loop {
        let list = node.http().get("/v1/calls");
        let (backlog, complete) =
            (node.http().metric("trunkline_journal_backlog"), list.header("trunkline-incomplete").is_none());
        if backlog == 0.0 && complete {
            return;
        }
        assert!(start.elapsed() < CATCH_UP_MAX, "backlog {backlog}, complete: {complete}; {}", node.log());
        std::thread::sleep(Duration::from_millis(100));
    }
}

fn all_calls(node: &Node) -> Vec<Value> {
    let mut all = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = node.http().get(&format!("/v1/calls?limit=200&sort=started_at{cursor}")).json();
        all.extend(page["data"].as_array().cloned().unwrap_or_default());
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return all,
        }
    }
}

const BEFORE_AND_AFTER: Duration = Duration::from_secs(1);
/// A list waits for the database 2 s, a statement that hangs 5 s; the rest is the machine's.
const LIST_MAX: Duration = Duration::from_secs(10);
const CATCH_UP_MAX: Duration = Duration::from_secs(30);
