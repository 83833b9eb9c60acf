//! Lists of leads: written piece by piece, read page by page.

use clock::{LeadId, ListId, WallTime};
use records::{
    Chunk, ChunkWritten, LeadList, LeadListCounts, LeadListState, LeadListTask, ListDuplicates, NewIssue, NewLead,
    NewNumber, lead_of_row, list_of_lead, row_of_lead,
};

use crate::world::{On, World};

pub(crate) async fn a_list_is_written_piece_by_piece_and_each_once(on: On) {
    let world = World::open(on).await;
    let database = &world.database;
    let list = list(1, LeadListTask::Import);
    database.create_lead_list(&list).await.unwrap();
    assert_eq!(database.next_lead_task().await.unwrap().as_ref(), Some(&list));
    for (piece, written) in [(0, true), (0, false), (2, false), (1, true), (2, true)] {
        let wrote = database.import_chunk(list.id, "demo", piece * 100, chunk(piece), NOW).await.unwrap();
        assert_eq!(wrote == ChunkWritten::Done, written, "piece {piece}");
    }
    let stands = database.lead_list("demo", list.id).await.unwrap().unwrap();
    assert_eq!((stands.counts.read_bytes, stands.counts.leads, stands.place.as_str()), (300, 30, "{\"byte\":300}"));
    for table in ["leads", "lead_issues"] {
        assert_eq!(world.count(table).await, 30, "{table}");
    }
    assert_eq!(world.count("lead_numbers").await, 60);

    let counts = stands.counts;
    let (task, done) = (LeadListTask::Import, LeadListState::DoneWithErrors);
    assert!(database.end_lead_task(list.id, task, done, None, &counts, NOW).await.unwrap());
    assert!(!database.end_lead_task(list.id, task, done, None, &counts, NOW).await.unwrap(), "it has ended");
    let late = database.import_chunk(list.id, "demo", 300, chunk(3), NOW).await.unwrap();
    assert_eq!(late, ChunkWritten::Elsewhere, "nothing is written behind the end");
    assert_eq!(database.next_lead_task().await.unwrap(), None);

    let ended = database.lead_list("demo", list.id).await.unwrap().unwrap();
    assert_eq!((ended.state, ended.ended_at), (done, Some(NOW)));
    let more = Chunk { place: ended.place.clone(), ..chunk(3) };
    assert!(database.add_leads(list.id, "demo", ended.version, more.clone(), NOW).await.unwrap());
    assert!(!database.add_leads(list.id, "demo", ended.version, more, NOW).await.unwrap(), "of an older version");
    assert_eq!(world.count("leads").await, 40);
}

pub(crate) async fn leads_are_read_in_pages_without_gap_or_double(on: On) {
    let world = World::open(on).await;
    let database = &world.database;
    for number in [1, 2, 3] {
        database.create_lead_list(&list(number, LeadListTask::Import)).await.unwrap();
        for piece in 0..3 {
            let wrote = database.import_chunk(id(number), "demo", piece * 100, chunk(piece), NOW).await.unwrap();
            assert_eq!(wrote, ChunkWritten::Done);
        }
    }
    let wanted: Vec<LeadId> = (1..=30).map(|row| lead_of_row(id(2), row)).collect();
    for size in [1, 7, 30, 1_000] {
        for newest_first in [false, true] {
            let (mut after, mut read) = (None, Vec::new());
            loop {
                let page = database.next_leads(id(2), newest_first, after, size).await.unwrap();
                let Some(last) = page.last() else { break };
                after = Some(last.id);
                for lead in &page {
                    let row = u64::from(row_of_lead(lead.id));
                    let numbers: Vec<_> = lead.numbers.iter().map(|number| number.e164.clone()).collect();
                    assert_eq!(numbers, [number(row, 0), number(row, 1)].map(|digits| format!("+{digits}")));
                    assert_eq!(lead.name, (row % 2 == 0).then(|| format!("lead {row}")));
                    assert_eq!(list_of_lead(lead.id), id(2));
                }
                read.extend(page.iter().map(|lead| lead.id));
            }
            if newest_first {
                read.reverse();
            }
            assert_eq!(read, wanted, "pages of {size}");
        }
    }
    let asked = [lead_of_row(id(2), 5), lead_of_row(id(2), 31), lead_of_row(id(1), 9)];
    let found: Vec<_> = database.leads_by_id(&asked).await.unwrap().iter().map(|lead| lead.id).collect();
    assert_eq!(found, [asked[2], asked[0]]);
    assert_eq!(database.leads_by_id(&[]).await.unwrap(), []);

    let known = database.known_numbers("demo", &[number(5, 1), 1, number(6, 0)]).await.unwrap();
    assert_eq!(known.len(), 6, "each in three lists: {known:?}");
    assert!(known.contains(&(number(5, 1), lead_of_row(id(3), 5))));
    assert_eq!(database.known_numbers("another", &[number(5, 1)]).await.unwrap(), []);
    let with: Vec<_> = database.leads_with_number("demo", number(5, 1), 2).await.unwrap();
    let with: Vec<_> = with.iter().map(|lead| list_of_lead(lead.id)).collect();
    assert_eq!(with, [id(3), id(2)], "newest first");

    let (mut after, mut issues) = (None, Vec::new());
    loop {
        let page = database.lead_issues(id(2), after, 7).await.unwrap();
        let Some(last) = page.last() else { break };
        after = Some((last.row, last.position));
        issues.extend(page);
    }
    assert_eq!(issues.iter().map(|issue| issue.row).collect::<Vec<_>>(), (1..=30).collect::<Vec<_>>());
    assert_eq!((issues[0].code.as_str(), issues[0].text.as_deref()), ("invalid_number", Some("a,b\n\u{fffd}")));
}

pub(crate) async fn lists_are_changed_by_one_and_deleted_with_their_rows(on: On) {
    let world = World::open(on).await;
    let database = &world.database;
    for number in [1, 2, 3] {
        database.create_lead_list(&list(number, LeadListTask::Import)).await.unwrap();
        for piece in 0..3 {
            database.import_chunk(id(number), "demo", piece * 100, chunk(piece), NOW).await.unwrap();
        }
    }
    let (page, more) = database.lead_lists("demo", &[], None, 2).await.unwrap();
    assert_eq!((page.iter().map(|list| list.id).collect::<Vec<_>>(), more), (vec![id(3), id(2)], true));
    let (page, more) = database.lead_lists("demo", &[LeadListState::Importing], Some(id(2)), 2).await.unwrap();
    assert_eq!((page.len(), more), (1, false));
    assert_eq!(database.lead_lists("another", &[], None, 2).await.unwrap().0, []);
    assert_eq!(database.count_lead_lists("demo").await.unwrap(), 3);
    assert_eq!(database.lead_lists_with_file().await.unwrap().len(), 3);

    let seen = database.lead_list("demo", id(2)).await.unwrap().unwrap();
    let gone = LeadList { is_deleted: true, task: Some(LeadListTask::Purge), ..seen.clone() };
    assert!(database.change_lead_list(&gone, NOW).await.unwrap());
    assert!(!database.change_lead_list(&seen, NOW).await.unwrap(), "somebody changed it since");
    assert_eq!(database.lead_list("demo", id(2)).await.unwrap(), None);
    let late = database.import_chunk(id(2), "demo", 300, chunk(3), NOW).await.unwrap();
    assert_eq!(late, ChunkWritten::Elsewhere);
    while database.purge_leads(id(2), NOW).await.unwrap() {}
    let rows = [("lead_lists", 2), ("leads", 60), ("lead_numbers", 120), ("lead_issues", 60)];
    for (table, left) in rows {
        assert_eq!(world.count(table).await, left, "{table}");
    }

    let seen = database.lead_list("demo", id(3)).await.unwrap().unwrap();
    let cancelled = LeadList { state: LeadListState::Cancelled, task: Some(LeadListTask::Purge), ..seen };
    assert!(database.change_lead_list(&cancelled, NOW).await.unwrap());
    while database.purge_leads(id(3), NOW).await.unwrap() {}
    let left = database.lead_list("demo", id(3)).await.unwrap().unwrap();
    assert_eq!(
        (left.task, left.counts.leads, left.counts.rows_read),
        (None, 0, 30),
        "a list that was called off stays"
    );
    assert_eq!(world.count("leads").await, 30);
}

const NOW: WallTime = WallTime::from_micros(1_795_000_000_000_000);

fn id(number: u128) -> ListId {
    ListId(number << 32)
}

fn number(row: u64, which: u64) -> u64 {
    442_071_830_000 + row * 10 + which
}

fn list(number: u128, task: LeadListTask) -> LeadList {
    LeadList {
        id: id(number),
        account: "demo".to_owned(),
        name: format!("list-{number}.csv"),
        state: LeadListState::Importing,
        task: Some(task),
        country: "GB".to_owned(),
        duplicates: ListDuplicates::InList,
        layout: "{}".to_owned(),
        file_bytes: 1_000,
        place: "{}".to_owned(),
        counts: LeadListCounts::default(),
        failure: None,
        is_deleted: false,
        created_by: "demo".to_owned(),
        created_at: NOW,
        updated_at: NOW,
        started_at: Some(NOW),
        ended_at: None,
        version: 1,
    }
}

/// Ten rows, each with two numbers and an issue.
fn chunk(piece: u64) -> Chunk {
    let rows = piece * 10 + 1..=piece * 10 + 10;
    let lead = |row: u64| NewLead {
        row: u32::try_from(row).unwrap(),
        name: row.is_multiple_of(2).then(|| format!("lead {row}")),
        details: "{}".to_owned(),
        numbers: [0, 1].map(|which| NewNumber { digits: number(row, which), typed: "0207".to_owned() }).into(),
    };
    let issue = |row| NewIssue {
        row,
        position: 0,
        line: row + 1,
        is_kept: true,
        column: Some("Phone".to_owned()),
        code: "invalid_number",
        detail: "n/a".to_owned(),
        text: Some("a,b\n\0".to_owned()),
    };
    let read = (piece + 1) * 10;
    let counts =
        LeadListCounts { read_bytes: read * 10, rows_read: read, leads: read, numbers: read * 2, ..Default::default() };
    Chunk {
        leads: rows.clone().map(lead).collect(),
        issues: rows.map(issue).collect(),
        place: format!("{{\"byte\":{}}}", read * 10),
        counts,
    }
}
