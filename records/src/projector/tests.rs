//! A projector that breaks an assertion goes on, and loses one entry at most: the one that breaks it alone.

use std::sync::Arc;
use std::time::Duration;

use clock::{AgentId, WallTime};
use journal::{Journal, Options};
use journal_core::{AgentState, Entry, NameKind, Names, Owner};

use super::*;
use crate::database::{Database, sql};

fn state(number: u64, reason: Option<&str>) -> Entry {
    let state = if number.is_multiple_of(2) { AgentState::Ready } else { AgentState::Paused };
    let at = WallTime::from_micros(number as i64 * 1_000_000);
    Entry::AgentStateChanged {
        agent: AgentId(1),
        state,
        reason: reason.map(str::to_owned),
        call: None,
        at,
        cause: journal_core::StateCause::Chosen,
    }
}

fn name(id: u32) -> Entry {
    Entry::Name { kind: NameKind::Agent, id, account: "demo".to_owned(), name: format!("100{id}") }
}

#[tokio::test]
async fn a_broken_assertion_costs_no_more_than_its_entry() {
    let folder = tempfile::tempdir().unwrap();
    let (journal, _) = Journal::open(Options::at(folder.path().join("journal")), |_| ()).unwrap();
    let database = Database::sqlite(&folder.path().join("records.db"));
    let naming = Naming { names: Names::default(), home: "demo".to_owned() };
    let projector = Projector::new(database.clone(), journal.clone(), naming);
    let (metrics, mut applied) = (projector.metrics(), projector.applied());
    let task = tokio::spawn(projector.run());
    let entries = [
        name(1),
        state(1, None),
        // The same entry breaks it each time; the other one once.
        state(2, Some(ALWAYS)),
        state(3, None),
        state(4, Some(ONCE)),
        state(5, None),
    ];
    let count = entries.len() as u64;
    for (number, entry) in (1..).zip(entries) {
        journal.append(Owner::Acd, number, entry).unwrap();
    }
    let all = |position: &Position| position.sequence == count;
    tokio::time::timeout(Duration::from_secs(60), applied.wait_for(all)).await.unwrap().unwrap();
    assert_eq!(metrics.poisoned_total(), 1);
    assert!((3..=5).contains(&metrics.panics_total()), "{}", metrics.panics_total());
    assert_eq!(metrics.backlog(), 0);
    journal.close();
    task.await.unwrap();
    let count = async |text| database.rows(sql(text)).await.unwrap().len();
    assert_eq!(count("SELECT since FROM agent_state_intervals WHERE agent = '1001'").await, 4);
    assert_eq!(count("SELECT entry FROM projection_poison WHERE why LIKE '%assertion%'").await, 1);
}

#[test]
fn what_breaks_is_taken_alone_and_then_barred() {
    let stored = |sequence| {
        let position = Position { node: 1, epoch: 1, sequence };
        Arc::new(Stored { position, written_at: WallTime::default(), entry: Ok(name(1)) })
    };
    let all: Vec<_> = (1..=5).map(stored).collect();
    let entries: Vec<_> = all.iter().collect();
    let passes = Passes::default();
    let sizes = |entries: &[&Arc<Stored>]| passes.batches(entries).iter().map(|batch| batch.len()).collect::<Vec<_>>();
    assert_eq!(passes.broke(), Broken { at: Position::START, is_put_aside: false });
    assert_eq!(sizes(&entries), [5]);
    assert!(passes.begin(&entries[..3]));
    assert_eq!(passes.broke(), Broken { at: all[0].position, is_put_aside: false });
    assert_eq!(sizes(&entries), [1, 1, 1, 2]);
    for is_put_aside in [false, true] {
        assert!(passes.begin(&entries[1..2]));
        assert_eq!(passes.broke(), Broken { at: all[1].position, is_put_aside });
    }
    assert!(!passes.begin(&entries[1..2]) && passes.begin(&entries[2..3]));
}

pub(super) const ALWAYS: &str = "breaks always";
pub(super) const ONCE: &str = "breaks once";
