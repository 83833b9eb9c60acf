//! Reads a TOML table key by key and collects every fault instead of stopping at the first.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use toml::{Table, Value};

/// One fault of a configuration: where, what stands there, what would be right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Path of the key, e.g. `queue[1].ring_s`.
    pub key: String,
    /// What is wrong and what would be right.
    pub what: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.key, self.what)
    }
}

/// A table being read. Keys that nobody asked for are faults at `finish`.
pub(super) struct Reader<'a> {
    path: String,
    table: &'a Table,
    asked: BTreeSet<&'static str>,
    faults: Vec<Fault>,
}

impl<'a> Reader<'a> {
    /// Reads `table`, whose faults are reported below `path` (empty for the root).
    pub(super) fn new(path: impl Into<String>, table: &'a Table) -> Self {
        Self { path: path.into(), table, asked: BTreeSet::new(), faults: Vec::new() }
    }

    /// Notes a fault of `key`.
    pub(super) fn fault(&mut self, key: &str, what: impl Into<String>) {
        let key = if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) };
        self.faults.push(Fault { key, what: what.into() });
    }

    /// A text that must be there.
    pub(super) fn text(&mut self, key: &'static str, right: &str) -> String {
        match self.value(key) {
            Some(Value::String(text)) if !text.is_empty() => text.clone(),
            Some(other) => self.wrong(key, right, Some(other)),
            None => self.wrong(key, right, None),
        }
    }

    /// A text that may be missing.
    pub(super) fn optional_text(&mut self, key: &'static str, right: &str) -> Option<String> {
        match self.value(key) {
            None => None,
            Some(Value::String(text)) if !text.is_empty() => Some(text.clone()),
            Some(other) => self.wrong(key, right, Some(other)),
        }
    }

    /// A text that may be missing, and may hold a secret: a fault does not show it.
    pub(super) fn optional_secret(&mut self, key: &'static str, right: &str) -> Option<String> {
        match self.value(key)? {
            Value::String(text) if !text.is_empty() => Some(text.clone()),
            _ => {
                self.fault(key, format!("is no text; expected {right}"));
                None
            }
        }
    }

    /// A text that `T` can be read from.
    pub(super) fn parsed<T: FromStr>(&mut self, key: &'static str, right: &str) -> Option<T> {
        let value = self.value(key);
        match value.and_then(Value::as_str).and_then(|text| text.parse().ok()) {
            Some(parsed) => Some(parsed),
            None => self.wrong(key, right, value),
        }
    }

    /// A whole number from `low` to `high`, or `default` where missing.
    pub(super) fn number(&mut self, key: &'static str, low: i64, high: i64, default: i64) -> i64 {
        match self.value(key) {
            None => default,
            Some(Value::Integer(n)) if (low..=high).contains(n) => *n,
            Some(other) => {
                self.wrong::<()>(key, &format!("a whole number from {low} to {high}"), Some(other));
                default
            }
        }
    }

    /// True or false, or `default` where missing.
    pub(super) fn flag(&mut self, key: &'static str, default: bool) -> bool {
        match self.value(key) {
            None => default,
            Some(Value::Boolean(flag)) => *flag,
            Some(other) => {
                self.wrong::<()>(key, "true or false", Some(other));
                default
            }
        }
    }

    /// A list of texts; empty where missing.
    pub(super) fn texts(&mut self, key: &'static str, right: &str) -> Vec<String> {
        self.optional_texts(key, right).unwrap_or_default()
    }

    /// The same; none where the key is missing.
    pub(super) fn optional_texts(&mut self, key: &'static str, right: &str) -> Option<Vec<String>> {
        let value = self.value(key)?;
        let texts = value
            .as_array()
            .and_then(|items| items.iter().map(|item| item.as_str().map(str::to_owned)).collect::<Option<Vec<_>>>());
        Some(texts.unwrap_or_else(|| self.wrong(key, right, Some(value))))
    }

    /// A table of texts by free keys; empty where missing.
    pub(super) fn pairs(&mut self, key: &'static str, right: &str) -> Vec<(String, String)> {
        let Some(value) = self.value(key) else { return Vec::new() };
        let pair = |(key, value): (&String, &Value)| Some((key.clone(), value.as_str()?.to_owned()));
        let pairs = value.as_table().and_then(|table| table.iter().map(pair).collect::<Option<Vec<_>>>());
        pairs.unwrap_or_else(|| self.wrong(key, right, Some(value)))
    }

    /// A sub-table read by `read`; an empty one where missing.
    pub(super) fn section<T>(&mut self, key: &'static str, read: impl FnOnce(&mut Reader<'_>) -> T) -> T {
        let empty = Table::new();
        let table = match self.value(key) {
            None => &empty,
            Some(Value::Table(table)) => table,
            Some(other) => {
                self.wrong::<()>(key, &format!("a table: [{key}]"), Some(other));
                &empty
            }
        };
        let path = if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) };
        let mut reader = Reader::new(path, table);
        let section = read(&mut reader);
        self.faults.extend(reader.finish());
        section
    }

    /// An array of tables, each read by `read`.
    pub(super) fn each<T>(&mut self, key: &'static str, mut read: impl FnMut(&mut Reader<'_>) -> T) -> Vec<T> {
        let Some(value) = self.value(key) else { return Vec::new() };
        let Some(items) = value.as_array() else { return self.wrong(key, &format!("tables: [[{key}]]"), Some(value)) };
        let mut all = Vec::new();
        for (at, item) in items.iter().enumerate() {
            let Value::Table(table) = item else {
                self.wrong::<()>(key, &format!("tables: [[{key}]]"), Some(item));
                continue;
            };
            let mut reader = Reader::new(format!("{key}[{at}]"), table);
            all.push(read(&mut reader));
            self.faults.extend(reader.finish());
        }
        all
    }

    /// All faults, unknown keys among them.
    pub(super) fn finish(mut self) -> Vec<Fault> {
        for key in self.table.keys() {
            if !self.asked.contains(key.as_str()) {
                let known = self.asked.iter().copied().collect::<Vec<_>>().join(", ");
                let key = key.clone();
                self.fault(&key, format!("unknown key; known here: {known}"));
            }
        }
        self.faults
    }

    fn value(&mut self, key: &'static str) -> Option<&'a Value> {
        self.asked.insert(key);
        self.table.get(key)
    }

    fn wrong<T: Default>(&mut self, key: &str, right: &str, got: Option<&Value>) -> T {
        let what = match got {
            Some(value) => format!("is {}; expected {right}", shown(value)),
            None => format!("is missing; expected {right}"),
        };
        self.fault(key, what);
        T::default()
    }
}

/// The value as the file has it, cut short. Secrets never come here: their
/// readers report the length only.
fn shown(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(SHOWN_CHARS_MAX) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// Enough to recognise the value; a fault stays on one line.
const SHOWN_CHARS_MAX: usize = 40;
