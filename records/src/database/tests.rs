use super::*;

#[tokio::test]
async fn a_connection_that_a_full_disk_broke_is_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let database = Database::sqlite(&folder.path().join("trunkline.db"));
    database.migrate().await.unwrap();
    // The least it takes: as many pages as there are.
    let mut small = database.begin(Commit::Replayable).await.unwrap();
    small.rows(sql("PRAGMA max_page_count = 1")).await.unwrap();
    small.commit().await.unwrap();
    assert!(write_much(&database).await.is_err_and(|why| why.contains("full")));
    write_much(&database).await.unwrap();
}

#[test]
fn an_address_is_named_without_its_password() {
    let address: PostgresAddress = "postgres://me:secret@db.example:5433/calls?sslmode=require".parse().unwrap();
    assert_eq!(address.to_string(), "postgres://me@db.example:5433/calls");
    for text in [format!("{address:?}"), address.set_aside()] {
        assert!(!text.contains("secret"), "{text}");
    }
    for bad in ["mysql://me:secret@host/db", "postgres://me:secret@host", "postgres://me:secret@host:x/db", ""] {
        let why = bad.parse::<PostgresAddress>().unwrap_err().to_string();
        assert!(!why.contains("secret") && !why.contains('\n'), "{why}");
    }
}

async fn write_much(database: &Database) -> Result<(), String> {
    let mut transaction = database.begin(Commit::Replayable).await.map_err(|error| format!("{error:?}"))?;
    let insert = "INSERT INTO projection_poison (position, journal_id, written_at, why, entry) \
                  VALUES ($1, $2, 0, 'large', $3)";
    let insert = sql(insert).bind([1_u8]).bind([2_u8]).bind(vec![0_u8; 1_000_000]);
    transaction.execute(insert).await.map_err(|error| format!("{error:?}"))?;
    transaction.commit().await.map_err(|error| format!("{error:?}"))
}
