//! `errors.csv`: what was wrong with the rows of a list, each with the row as it came.

use std::fmt::Write;
use std::io;

use axum::body::Body;
use axum::extract::{Extension, Path, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use clock::ListId;
use dialer::list::{Dialect, IssueCode, quoted};
use futures_util::stream;
use records::LeadIssue;

use super::find;
use super::layout::Layout;
use crate::api::Shared;
use crate::key::Principal;
use crate::openapi::ReadRefusals;
use crate::problem::Problem;
use crate::query::{NoParameters, Query};

/// A report on its way.
struct Report {
    shared: Shared,
    list: ListId,
    dialect: Option<Dialect>,
    columns: usize,
    /// The issue that was written last; none: nothing, not even the header.
    last: Option<(u64, u32)>,
    headers: Option<Vec<String>>,
    /// Cells of the row that was written last: they stand with its first issue only.
    cells: Vec<String>,
}

/// What was wrong with the rows, as CSV: number and line of the row, whether it is a lead all the same, column, reason
/// and the row as it came, to be put right and uploaded again.
#[utoipa::path(get, path = "/v1/lead-lists/{id}/errors.csv", operation_id = "download_lead_errors", tag = "lead lists",
    params(("id" = String, Path, description = "The list's id")),
    responses((status = 200, description = "The report", body = String, content_type = "text/csv"), ReadRefusals))]
pub(crate) async fn errors(
    State(shared): State<Shared>,
    Extension(principal): Extension<Principal>,
    Path(id): Path<String>,
    Query(_): Query<NoParameters>,
) -> Result<Response, Problem> {
    let list = find(&shared, &principal, &id).await?;
    let layout = Layout::of(&list).ok();
    let headers = layout.as_ref().map(|layout| layout.headers.clone()).unwrap_or_default();
    let report = Report {
        shared,
        list: list.id,
        dialect: layout.as_ref().map(|layout| layout.dialect),
        columns: layout.map_or(0, |layout| layout.columns),
        last: None,
        headers: Some(headers),
        cells: Vec::new(),
    };
    let pieces = stream::try_unfold(report, |mut report| async move {
        let piece = report.next().await?;
        io::Result::Ok(piece.map(|piece| (piece, report)))
    });
    let name = format!("attachment; filename=\"{}-errors.csv\"", list.id);
    let fields = [(CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()), (CONTENT_DISPOSITION, name)];
    Ok((fields, Body::from_stream(pieces)).into_response())
}

impl Report {
    /// The next lines; none at the end.
    async fn next(&mut self) -> io::Result<Option<Bytes>> {
        let mut text = String::new();
        if let Some(headers) = self.headers.take() {
            text.push_str(HEAD);
            for column in 0..self.columns {
                let header = headers.get(column).map_or("", String::as_str);
                let _ = write!(text, ",{}", quoted(header));
            }
            text.push_str("\r\n");
        }
        let read = self.shared.services.database.lead_issues(self.list, self.last, ISSUES_AT_ONCE).await;
        for issue in read.map_err(io::Error::other)? {
            self.last = Some((issue.row, issue.position));
            self.line(&mut text, issue);
        }
        Ok((!text.is_empty()).then(|| Bytes::from(text)))
    }

    fn line(&mut self, text: &mut String, issue: LeadIssue) {
        if issue.position == 0 {
            let raw = issue.text.unwrap_or_default();
            self.cells = self.dialect.map(|dialect| cells(dialect, &raw)).unwrap_or_default();
        }
        let says = IssueCode::of_word(&issue.code).map_or("", IssueCode::says);
        let is_lead = if issue.is_kept { "yes" } else { "no" };
        let column = issue.column.unwrap_or_default();
        let _ = write!(text, "{},{},{is_lead},{},{}", issue.row, issue.line, quoted(&column), issue.code);
        let _ = write!(text, ",{},{}", quoted(says), quoted(&issue.detail));
        for at in 0..self.columns.max(self.cells.len()) {
            let _ = write!(text, ",{}", quoted(self.cells.get(at).map_or("", String::as_str)));
        }
        text.push_str("\r\n");
    }
}

/// The cells of a row as it came; one that is no record is one cell.
fn cells(dialect: Dialect, raw: &str) -> Vec<String> {
    let rows = Dialect { preamble: 0, ..dialect }.rows(raw, 2);
    match <[Vec<String>; 1]>::try_from(rows) {
        Ok([cells]) => cells,
        Err(_) => vec![raw.to_owned()],
    }
}

const HEAD: &str = "row,line,imported,issue_column,issue,issue_says,issue_detail";
const ISSUES_AT_ONCE: usize = 500;
