//! The same calls on SQLite and on PostgreSQL give the same records, over REST and after a restart.

use std::time::Duration;

use serde_json::Value;

use crate::queue_calls::talk;
use crate::support::{ECHO, Node, NodeConfig, PATIENCE, VOICEMAIL, postgres_database, psql, until};
use crate::voicemail::speak;

#[test]
fn calls_leave_the_same_records_on_both_databases() {
    let address = postgres_database();
    let on_sqlite = records_of(NodeConfig::demo());
    let on_postgres = records_of(NodeConfig::demo().set("node.database", address.clone()));
    assert_eq!(on_sqlite, on_postgres);
    assert_eq!(psql(&address, "SELECT COUNT(*), COUNT(DISTINCT id) FROM calls"), "3|3");
    assert_eq!(psql(&address, "SELECT COUNT(*) FROM recordings WHERE state = 'ready'"), "1");
}

/// What REST says of a queue call, an echo call and a voicemail, without what differs from run to run.
fn records_of(config: NodeConfig) -> Vec<Value> {
    let mut node = Node::start(config.queue_times(15, 120, 0));
    let phone = node.registered("1001");
    let (mut caller, agent) = talk(&node, &phone);
    agent.talk(440.0);
    caller.rtp.wait_packets(60);
    caller.bye();
    agent.expect_bye();
    let mut echo = node.carrier.call(ECHO);
    echo.expect_final(200);
    echo.bye();
    let mut voicemail = node.carrier.call(VOICEMAIL);
    let answer = voicemail.expect_final(200);
    speak(&node, &mut voicemail, answer.audio().expect("audio"), Duration::from_millis(2_600));
    for id in [&caller.id, &echo.id, &voicemail.id] {
        node.http().record_of(id);
    }
    until("the recording", || node.http().call_with(&caller.id), |call| call["recording"]["state"] == "ready");
    until("the backlog", || node.http().metric("trunkline_journal_backlog"), |backlog| *backlog == 0.0);
    node.terminate();
    node.wait(PATIENCE);
    node.restart();
    let mut records = Vec::new();
    for id in [&caller.id, &echo.id, &voicemail.id] {
        let call = node.http().call_with(id);
        let journey = node.http().journey(&call);
        records.push(Value::from_iter(journey));
        records.push(call);
    }
    records.push(node.http().get("/v1/voicemails").json()["data"].take());
    for filter in ["&agent=1001", "&queue=support", "&queue=none", "&outcome=voicemail", "&sip_call_id=none"] {
        records.push(node.http().calls(filter).len().into());
    }
    records.iter_mut().for_each(blind);
    records
}

/// Takes out what a run gives anew: ids, times, lengths.
fn blind(value: &mut Value) {
    match value {
        Value::Array(values) => values.iter_mut().for_each(blind),
        Value::Object(fields) => {
            for (name, field) in fields {
                let differs = ["id", "url"].iter().any(|end| name.ends_with(end)) || name == "sip_call_ids";
                let measured = ["_at", "_ms", "_s"].iter().any(|end| name.ends_with(end));
                if (differs || measured) && !field.is_null() {
                    *field = "some".into();
                } else {
                    blind(field);
                }
            }
        }
        _ => {}
    }
}
