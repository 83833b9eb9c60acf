//! What was measured, in few lines: printed at the end, and kept as a table that a document can take.

use std::fmt::Write as _;
use std::path::Path;

/// The rows so far.
#[derive(Debug, Default)]
pub(crate) struct Report {
    rows: Vec<Row>,
}

#[derive(Debug)]
struct Row {
    what: String,
    figure: String,
    bar: Option<(String, bool)>,
}

impl Report {
    /// A figure without a bar.
    pub(crate) fn note(&mut self, what: &str, figure: String) {
        self.rows.push(Row { what: what.to_owned(), figure, bar: None });
    }

    /// A figure, what it is held against, and whether it is reached.
    pub(crate) fn against(&mut self, what: &str, figure: String, bar: String, reached: bool) {
        self.rows.push(Row { what: what.to_owned(), figure, bar: Some((bar, reached)) });
    }

    /// The table, under what the figures were measured on.
    pub(crate) fn markdown(&self, machine: &str) -> String {
        let mut text = String::new();
        for line in machine.lines() {
            let _ = writeln!(text, "    {line}");
        }
        text.push_str("\n| what | figure | asked for | reached |\n|---|---|---|---|\n");
        for Row { what, figure, bar } in &self.rows {
            let (asked, reached) = match bar {
                Some((asked, true)) => (asked.as_str(), "yes"),
                Some((asked, false)) => (asked.as_str(), "**no**"),
                None => ("", ""),
            };
            let _ = writeln!(text, "| {what} | {figure} | {asked} | {reached} |");
        }
        text
    }

    /// Prints the table and writes it to `path`.
    pub(crate) fn conclude(&self, machine: &str, path: &Path) -> std::io::Result<()> {
        let text = self.markdown(machine);
        println!("\n{text}");
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        std::fs::write(path, text)?;
        println!("(also in {})", path.display());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_that_is_missed_stands_out() {
        let mut report = Report::default();
        report.note("a", "1 ms".to_owned());
        report.against("b", "2 ms".to_owned(), "at most 1 ms".to_owned(), false);
        let text = report.markdown("machine x");
        assert!(text.starts_with("    machine x\n\n| what |"));
        assert!(text.ends_with("| a | 1 ms |  |  |\n| b | 2 ms | at most 1 ms | **no** |\n"));
    }
}
