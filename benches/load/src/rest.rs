//! As much of HTTP as reading the API takes.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::Fault;

/// The API of the node under test.
#[derive(Clone, Debug)]
pub(crate) struct Rest {
    address: SocketAddr,
    key: String,
}

/// What the list of calls says of one run.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ledger {
    /// Records with status `completed`, by the caller's Call-ID: how many there are.
    pub(crate) completed: BTreeMap<String, u32>,
    /// Records of the run with another status, by that status.
    pub(crate) others: BTreeMap<String, u64>,
}

impl Ledger {
    /// Calls with more than one record.
    pub(crate) fn twice(&self) -> u64 {
        self.completed.values().filter(|count| **count > 1).count() as u64
    }
}

impl Rest {
    /// The API at `address`, with a key.
    pub(crate) fn new(address: SocketAddr, key: &str) -> Self {
        Self { address, key: key.to_owned() }
    }

    /// Status and body of a GET.
    pub(crate) fn read(&self, path: &str) -> Result<(u16, String), Fault> {
        let mut stream = TcpStream::connect(self.address)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let (address, key) = (self.address, &self.key);
        write!(
            stream,
            "GET {path} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {key}\r\nConnection: close\r\n\r\n"
        )?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer)?;
        let text = String::from_utf8_lossy(&answer);
        let (head, body) = text.split_once("\r\n\r\n").ok_or_else(|| Fault::Answer(text.to_string()))?;
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
        Ok((status, body.to_owned()))
    }

    /// What a POST that succeeds answers.
    pub(crate) fn post(&self, path: &str, kind: &str, body: &[u8]) -> Result<Value, Fault> {
        self.send(path, &format!("Content-Type: {kind}\r\n"), body)
    }

    fn send(&self, path: &str, headers: &str, body: &[u8]) -> Result<Value, Fault> {
        let mut stream = TcpStream::connect(self.address)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let (address, key, length) = (self.address, &self.key, body.len());
        write!(
            stream,
            "POST {path} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {key}\r\n{headers}\
             Content-Length: {length}\r\nConnection: close\r\n\r\n"
        )?;
        stream.write_all(body)?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        let (head, body) = answer.split_once("\r\n\r\n").ok_or_else(|| Fault::Answer(answer.clone()))?;
        if head.split(' ').nth(1).is_none_or(|status| !status.starts_with('2')) {
            return Err(Fault::Answer(format!("{path}: {head}: {body}")));
        }
        serde_json::from_str(body).map_err(|error| Fault::Answer(format!("{path}: {error}")))
    }

    /// A POST with a body of JSON, or none for null, that is done once.
    pub(crate) fn act(&self, path: &str, body: &Value) -> Result<Value, Fault> {
        let nanos = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default().as_nanos();
        let key = format!("Idempotency-Key: {nanos}\r\n");
        match body {
            Value::Null => self.send(path, &key, b""),
            body => self.send(path, &format!("{JSON}{key}"), body.to_string().as_bytes()),
        }
    }

    /// The same API with another key.
    pub(crate) fn with_key(&self, key: &str) -> Self {
        Self { address: self.address, key: key.to_owned() }
    }

    /// The value of an unlabelled metric.
    pub(crate) fn metric(&self, name: &str) -> Result<f64, Fault> {
        let (_, text) = self.read("/metrics")?;
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.and_then(|value| value.trim().parse().ok()).ok_or_else(|| Fault::Answer(format!("no metric {name}")))
    }

    /// Whether the node serves.
    pub(crate) fn is_ready(&self) -> bool {
        self.read("/readyz").is_ok_and(|(status, _)| status == 200)
    }

    /// Every call record whose first Call-ID begins with `run`.
    pub(crate) fn ledger(&self, run: &str) -> Result<Ledger, Fault> {
        let mut ledger = Ledger::default();
        let mut cursor = String::new();
        loop {
            let page = self.json(&format!("/v1/calls?limit=200{cursor}"))?;
            let calls = page["data"].as_array().map(Vec::as_slice).unwrap_or_default();
            // The newest come first, so the first page without any of this run ends it.
            let mut any = false;
            for call in calls {
                let id = call["sip_call_ids"][0].as_str().unwrap_or_default();
                if !id.starts_with(run) {
                    continue;
                }
                any = true;
                match call["status"].as_str() {
                    Some("completed") => *ledger.completed.entry(id.to_owned()).or_default() += 1,
                    status => *ledger.others.entry(status.unwrap_or("none").to_owned()).or_default() += 1,
                }
            }
            match page["next_cursor"].as_str() {
                Some(next) if any => cursor = format!("&cursor={next}"),
                _ => return Ok(ledger),
            }
        }
    }

    /// Waits until the projector has caught up with the journal; how long that took, or `None` after `patience`.
    pub(crate) fn caught_up(&self, patience: Duration) -> Result<Option<Duration>, Fault> {
        let begin = Instant::now();
        let mut seen = 0;
        while begin.elapsed() < patience {
            // The figure is renewed once a second: two zeros with such a rest between them are one that is true.
            seen = if self.metric("trunkline_journal_backlog")? == 0.0 { seen + 1 } else { 0 };
            if seen == 2 {
                return Ok(Some(begin.elapsed()));
            }
            std::thread::sleep(METRICS_RENEWED_EVERY);
        }
        Ok(None)
    }

    /// What a GET that succeeds answers.
    pub(crate) fn json(&self, path: &str) -> Result<Value, Fault> {
        let (status, body) = self.read(path)?;
        if status != 200 {
            return Err(Fault::Answer(format!("{status} to {path}: {body}")));
        }
        serde_json::from_str(&body).map_err(|error| Fault::Answer(format!("{path}: {error}")))
    }
}

const JSON: &str = "Content-Type: application/json\r\n";
/// A page of 200 calls takes milliseconds, also on a loaded machine.
const PATIENCE: Duration = Duration::from_secs(20);
const METRICS_RENEWED_EVERY: Duration = Duration::from_millis(1_100);
