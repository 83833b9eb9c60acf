//! How old what a read shows is.

use axum::http::{HeaderName, HeaderValue};
use axum::response::AppendHeaders;
use centre::Snapshot;

use crate::time::wall_now;

/// The header that tells how old the published states are that an answer was read from, ms.
pub(crate) fn snapshot_age(snapshot: &Snapshot) -> AppendHeaders<[(HeaderName, HeaderValue); 1]> {
    let age = wall_now().millis_since(snapshot.at);
    AppendHeaders([(HeaderName::from_static("trunkline-snapshot-age-ms"), HeaderValue::from(age))])
}
