//! Tables for spreadsheets: CSV (RFC 4180), in which no cell is taken for a formula.

use std::fmt::Write as _;

use axum::body::Body;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};

/// Lines of a table.
#[derive(Clone, Debug, Default)]
pub(crate) struct Csv(String);

impl Csv {
    /// Adds a line.
    pub(crate) fn line<'a>(&mut self, cells: impl IntoIterator<Item = &'a str>) {
        for (place, cell) in cells.into_iter().enumerate() {
            if place > 0 {
                self.0.push(',');
            }
            self.cell(cell);
        }
        self.0.push_str("\r\n");
    }

    /// The lines.
    pub(crate) fn into_text(self) -> String {
        self.0
    }

    fn cell(&mut self, cell: &str) {
        let apostrophe = if is_formula(cell) { "'" } else { "" };
        if cell.contains(['"', ',', '\r', '\n']) {
            let _infallible = write!(self.0, "\"{apostrophe}{}\"", cell.replace('"', "\"\""));
        } else {
            self.0.push_str(apostrophe);
            self.0.push_str(cell);
        }
    }
}

/// A table as a file of this name.
pub(crate) fn file(name: &str, table: Body) -> Response {
    let disposition = format!("attachment; filename=\"{name}.csv\"");
    let fields = [(CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()), (CONTENT_DISPOSITION, disposition)];
    (fields, table).into_response()
}

/// Spreadsheets take what begins so for a formula. A number in E.164 is none, and stays as it is for programs.
fn is_formula(cell: &str) -> bool {
    let is_number = cell.strip_prefix('+').is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
    cell.starts_with(['=', '+', '-', '@', '\t', '\r']) && !is_number
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_quoted_and_no_formulas() {
        let mut table = Csv::default();
        table.line(["a", "b,c", "say \"so\"", "", "two\nlines"]);
        table.line(["+442071838750", "+1+cmd|x", "=1+1", "-1", "@sum", "=\"a\""]);
        assert_eq!(
            table.into_text(),
            "a,\"b,c\",\"say \"\"so\"\"\",,\"two\nlines\"\r\n+442071838750,'+1+cmd|x,'=1+1,'-1,'@sum,\"'=\"\"a\"\"\"\r\n"
        );
    }
}
