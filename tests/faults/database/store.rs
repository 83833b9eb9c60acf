//! The database of a node, which can be taken away.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use crate::support::{Node, NodeConfig, Postgres, psql};

/// A database that does as it is told.
pub(super) enum Store {
    Sqlite { file: PathBuf, locker: Option<Child> },
    Postgres { server: Postgres, address: String },
}

impl Store {
    pub(super) fn sqlite() -> Self {
        Self::Sqlite { file: PathBuf::new(), locker: None }
    }

    pub(super) fn postgres() -> Self {
        let server = Postgres::start();
        let address = server.database();
        Self::Postgres { server, address }
    }

    pub(super) fn is_sqlite(&self) -> bool {
        matches!(self, Self::Sqlite { .. })
    }

    pub(super) fn configure(&self, config: NodeConfig) -> NodeConfig {
        match self {
            Self::Sqlite { .. } => config,
            Self::Postgres { address, .. } => config.set("node.database", address.clone()),
        }
    }

    /// Whose database it is.
    pub(super) fn opened(&mut self, node: &Node) {
        if let Self::Sqlite { file, .. } = self {
            *file = node.data_dir().join("trunkline.db");
        }
    }

    /// `freeze`, `thaw`, `crash`, `start` for PostgreSQL; `lock`, `unlock` for SQLite.
    pub(super) fn tell(&mut self, word: &str) {
        match self {
            Self::Postgres { server, .. } => server.tell(word),
            Self::Sqlite { file, locker } if word == "lock" => {
                let mut child = python(LOCK, file, "").stdout(Stdio::piped()).spawn().expect("python3 runs");
                let mut line = String::new();
                let out = child.stdout.as_mut().expect("piped");
                BufReader::new(out).read_line(&mut line).expect("it says so");
                assert_eq!(line.trim(), "locked");
                *locker = Some(child);
            }
            Self::Sqlite { locker, .. } => {
                let mut child = locker.take().expect("it was locked");
                drop(child.stdin.take());
                child.wait().expect("it ends");
            }
        }
    }

    /// What a statement answers in its first column and row.
    pub(super) fn query(&self, sql: &str) -> String {
        match self {
            Self::Postgres { address, .. } => psql(address, sql),
            Self::Sqlite { file, .. } => {
                let output = python(QUERY, file, sql).output().expect("python3 runs");
                assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
                String::from_utf8_lossy(&output.stdout).trim().to_owned()
            }
        }
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        if let Self::Sqlite { locker: Some(child), .. } = self {
            drop(child.stdin.take());
            let _ = child.wait();
        }
    }
}

fn python(program: &str, file: &std::path::Path, sql: &str) -> Command {
    let mut command = Command::new("python3");
    command.arg("-c").arg(program).arg(file).arg(sql).stdin(Stdio::piped());
    command
}

const LOCK: &str = "\
import sqlite3, sys
database = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=30)
database.execute('BEGIN EXCLUSIVE')
print('locked', flush=True)
sys.stdin.read()";

const QUERY: &str = "\
import sqlite3, sys
database = sqlite3.connect(sys.argv[1], timeout=30)
for row in database.execute(sys.argv[2]): print(row[0])
database.commit()";
