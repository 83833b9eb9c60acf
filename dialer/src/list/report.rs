//! Cells of the report of what is wrong: CSV that a spreadsheet opens without running anything.

use core::fmt;

/// A cell as it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quoted<'a>(&'a str);

/// A text as a cell: quoted where it has to be, and with an apostrophe before what a spreadsheet would take for a
/// formula. A number with its `+` is none.
#[must_use]
pub fn quoted(text: &str) -> Quoted<'_> {
    Quoted(text)
}

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.0;
        let guard = if is_formula(text) { "'" } else { "" };
        if text.contains(['"', ',', ';', '\t', '|', '\n', '\r']) || text.starts_with(' ') || text.ends_with(' ') {
            write!(f, "\"{guard}{}\"", text.replace('"', "\"\""))
        } else {
            write!(f, "{guard}{text}")
        }
    }
}

/// OWASP, CSV injection.
fn is_formula(text: &str) -> bool {
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit() || b"+ ()".contains(&byte));
    text.starts_with(['=', '+', '-', '@', '\t', '\r']) && !is_number
}
