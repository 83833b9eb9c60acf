//! The file as it was read: to read it again, and to tell what changed since.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// A configuration file and what stood in it.
#[derive(Clone, Default)]
pub struct Source {
    path: PathBuf,
    table: toml::Table,
}

/// The values are secrets, some of them.
impl std::fmt::Debug for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Source").field("path", &self.path).finish_non_exhaustive()
    }
}

impl Source {
    pub(super) fn new(path: &Path, table: toml::Table) -> Self {
        Self { path: path.to_owned(), table }
    }

    /// Where the file is; empty for a configuration that came from none.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Keys whose values differ between the two: `section.key` of sections, the bare name of lists such as `queue`.
    #[must_use]
    pub fn changed(&self, newer: &Self) -> BTreeSet<String> {
        let (old, new) = (self.flat(), newer.flat());
        old.keys().chain(new.keys()).filter(|key| old.get(*key) != new.get(*key)).cloned().collect()
    }

    fn flat(&self) -> BTreeMap<String, &toml::Value> {
        let mut flat = BTreeMap::new();
        for (name, value) in &self.table {
            match value.as_table() {
                Some(section) => flat.extend(section.iter().map(|(key, value)| (format!("{name}.{key}"), value))),
                None => drop(flat.insert(name.clone(), value)),
            }
        }
        flat
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(text: &str) -> Source {
        Source::new(Path::new("file"), text.parse().unwrap())
    }

    #[test]
    fn it_names_each_key_that_differs() {
        let old = source("[node]\ndrain_s = 1\ndomain = \"a\"\n[[queue]]\nname = \"q\"");
        assert_eq!(old.changed(&old), BTreeSet::new());
        let new = source("[node]\ndrain_s = 2\ndomain = \"a\"\n[limits]\ncalls_max = 3\n[[queue]]\nname = \"r\"");
        let changed: Vec<String> = old.changed(&new).into_iter().collect();
        assert_eq!(changed, ["limits.calls_max", "node.drain_s", "queue"]);
        assert_eq!(new.changed(&old), old.changed(&new));
        let without = source("[node]\ndrain_s = 1\ndomain = \"a\"");
        assert_eq!(old.changed(&without).into_iter().collect::<Vec<_>>(), ["queue"]);
    }

    #[test]
    fn secrets_are_not_printed() {
        assert!(!format!("{:?}", source("[[key]]\nsecret = \"abcdefghijkl\"")).contains("abcdefghijkl"));
    }
}
