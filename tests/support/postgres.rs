//! PostgreSQL for tests: a database of one's own on the server of the run, or a server of one's own.
//! `tools/postgres` starts them and says how.

#![allow(clippy::disallowed_methods, reason = "tests have an environment")]

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

/// A server of one's own. It ends with the test, even with one that is killed.
pub(crate) struct Postgres {
    child: Child,
    words: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
    address: String,
}

impl Postgres {
    pub(crate) fn start() -> Self {
        let mut child =
            Command::new(tool()).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("tools/postgres runs");
        let words = child.stdin.take();
        let answers = BufReader::new(child.stdout.take().expect("piped"));
        let mut server = Self { child, words, answers, address: String::new() };
        server.address = server.answer();
        assert!(server.address.starts_with("postgres://"), "no server: {}", server.address);
        server
    }

    /// A new, empty database.
    pub(crate) fn database(&self) -> String {
        database_on(&self.address)
    }

    /// Tells it to `freeze`, `thaw`, `crash` or `start`; afterwards it is so.
    #[allow(dead_code, reason = "each test binary uses its part of the support")]
    pub(crate) fn tell(&mut self, word: &str) {
        let words = self.words.as_mut().expect("open");
        writeln!(words, "{word}").expect("it listens");
        assert_eq!(self.answer(), "done", "{word}");
    }

    fn answer(&mut self) -> String {
        let mut line = String::new();
        self.answers.read_line(&mut line).expect("it answers");
        line.trim().to_owned()
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.words = None;
        let _ = self.child.wait();
    }
}

/// A new, empty database on the server of this run: the one that `tools/test` started, or one of this process.
#[allow(dead_code, reason = "each test binary uses its part of the support")]
pub(crate) fn postgres_database() -> String {
    static SERVER: OnceLock<Postgres> = OnceLock::new();
    match std::env::var("TRUNKLINE_TEST_POSTGRES") {
        Ok(address) => database_on(&address),
        Err(_) => SERVER.get_or_init(Postgres::start).database(),
    }
}

/// What a statement answers: rows as lines, columns with `|` between.
pub(crate) fn psql(address: &str, sql: &str) -> String {
    let output = Command::new("psql")
        .args(["-X", "-q", "-At", "-v", "ON_ERROR_STOP=1", "-c", sql, address])
        .output()
        .expect("psql runs");
    assert!(output.status.success(), "{sql}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

fn database_on(address: &str) -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let name = format!("t{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::SeqCst));
    psql(address, &format!("CREATE DATABASE {name}"));
    let (server, _) = address.rsplit_once('/').expect("an address");
    format!("{server}/{name}")
}

fn tool() -> PathBuf {
    let from = Path::new(env!("CARGO_MANIFEST_DIR"));
    let tool = from.ancestors().map(|folder| folder.join("tools/postgres")).find(|tool| tool.is_file());
    tool.expect("the repository has it")
}
