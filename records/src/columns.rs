//! Columns to values and back.

use clock::{CallId, WallTime};

use crate::database::Row;
use crate::words::Word;

/// What of a peer's text an index can hold: PostgreSQL takes 2,700 bytes of all columns together.
pub(crate) fn indexed(text: &str) -> &str {
    text.get(..text.floor_char_boundary(INDEXED_BYTES_MAX)).unwrap_or(text)
}

pub(crate) fn call_id(row: &Row, column: usize) -> Result<CallId, sqlx::Error> {
    optional_call_id(row, column)?.ok_or_else(|| wrong(column, "an id of 16 bytes"))
}

pub(crate) fn optional_call_id(row: &Row, column: usize) -> Result<Option<CallId>, sqlx::Error> {
    let Some(bytes) = row.try_get::<Option<Vec<u8>>>(column)? else { return Ok(None) };
    let bytes = <[u8; 16]>::try_from(bytes).map_err(|_| wrong(column, "an id of 16 bytes"))?;
    Ok(Some(CallId::from_bytes(bytes)))
}

pub(crate) fn hash(row: &Row, column: usize) -> Result<[u8; 32], sqlx::Error> {
    <[u8; 32]>::try_from(row.try_get::<Vec<u8>>(column)?).map_err(|_| wrong(column, "a hash of 32 bytes"))
}

pub(crate) fn word<T: Word>(row: &Row, column: usize) -> Result<T, sqlx::Error> {
    optional_word(row, column)?.ok_or_else(|| wrong(column, "a known word"))
}

pub(crate) fn optional_word<T: Word>(row: &Row, column: usize) -> Result<Option<T>, sqlx::Error> {
    let Some(word) = row.try_get::<Option<String>>(column)? else { return Ok(None) };
    T::from_word(&word).map(Some).ok_or_else(|| wrong(column, "a known word"))
}

pub(crate) fn time(row: &Row, column: usize) -> Result<WallTime, sqlx::Error> {
    Ok(WallTime::from_micros(row.try_get(column)?))
}

pub(crate) fn optional_time(row: &Row, column: usize) -> Result<Option<WallTime>, sqlx::Error> {
    Ok(row.try_get::<Option<i64>>(column)?.map(WallTime::from_micros))
}

pub(crate) fn optional_count(row: &Row, column: usize) -> Result<Option<u64>, sqlx::Error> {
    Ok(row.try_get::<Option<i64>>(column)?.map(i64::unsigned_abs))
}

fn wrong(column: usize, expected: &str) -> sqlx::Error {
    sqlx::Error::ColumnDecode { index: column.to_string(), source: format!("expected {expected}").into() }
}

/// Two such texts and an account fit into one entry of an index; no number and no Call-ID of a real peer is as long.
const INDEXED_BYTES_MAX: usize = 1_000;
