//! A small blocking HTTP client: one connection a request, bodies by length or in chunks.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream};

use serde_json::Value;

use super::{PATIENCE, until};

/// The way to a node's API.
#[derive(Clone, Debug)]
pub(crate) struct Http {
    addr: SocketAddr,
}

/// An answer, read to its end.
#[derive(Clone, Debug)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Response {
    /// A header's value.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The body as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    /// The body as text.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// That it is a problem with this status and code, in the media type of RFC 9457.
    #[track_caller]
    pub(crate) fn assert_problem(&self, status: u16, code: &str) -> Value {
        assert_eq!(self.status, status, "{}", self.text());
        assert_eq!(self.header("content-type"), Some("application/problem+json"));
        let problem = self.json();
        assert_eq!(problem["code"], code, "{problem}");
        assert_eq!(problem["status"], status, "{problem}");
        for field in ["type", "title"] {
            assert!(problem[field].as_str().is_some_and(|text| !text.is_empty()), "{field} of {problem}");
        }
        problem
    }
}

impl Http {
    pub(crate) fn new(addr: SocketAddr) -> Self {
        Self { addr }
    }

    /// Where it is.
    pub(crate) fn addr(&self) -> SocketAddr {
        self.addr
    }

    pub(crate) fn get(&self, path: &str) -> Response {
        self.send("GET", path, &[], None)
    }

    pub(crate) fn fetch(&self, path: &str, headers: &[(&str, &str)]) -> Response {
        self.send("GET", path, headers, None)
    }

    /// With a body of JSON.
    pub(crate) fn put(&self, path: &str, body: &Value) -> Response {
        self.send("PUT", path, &[JSON], Some(body.to_string().as_bytes()))
    }

    /// With a body of JSON and an Idempotency-Key.
    pub(crate) fn post(&self, path: &str, key: &str, body: &Value) -> Response {
        self.send("POST", path, &[JSON, ("Idempotency-Key", key)], Some(body.to_string().as_bytes()))
    }

    /// Any request. The demo's key goes with it unless `headers` has an Authorization; an empty one leaves it out.
    pub(crate) fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: Option<&[u8]>) -> Response {
        let mut reader = self.open(method, path, headers, body);
        let (status, headers) = read_head(&mut reader);
        let body = if method == "HEAD" { Vec::new() } else { read_body(&mut reader, &headers) };
        Response { status, headers, body }
    }

    /// Sends a request and leaves the answer to the caller.
    pub(crate) fn open(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&[u8]>,
    ) -> BufReader<TcpStream> {
        let mut stream = TcpStream::connect(self.addr).expect("the API takes connections");
        stream.set_read_timeout(Some(PATIENCE)).expect("a time-out can be set");
        let mut head = format!("{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n", self.addr);
        if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("Authorization")) {
            head += "Authorization: Bearer demo-admin-key\r\n";
        }
        for (name, value) in headers.iter().filter(|(_, value)| !value.is_empty()) {
            head += &format!("{name}: {value}\r\n");
        }
        if let Some(body) = body {
            head += &format!("Content-Length: {}\r\n", body.len());
        }
        stream.write_all((head + "\r\n").as_bytes()).expect("the API reads");
        // A body that is too long is refused before it has been read.
        let _ = stream.write_all(body.unwrap_or_default());
        BufReader::new(stream)
    }

    /// All calls, oldest first.
    pub(crate) fn calls(&self, filter: &str) -> Vec<Value> {
        let response = self.get(&format!("/v1/calls?limit=200&sort=started_at{filter}"));
        assert_eq!(response.status, 200, "{}", response.text());
        response.json()["data"].as_array().cloned().unwrap_or_default()
    }

    /// The call that has a leg with this Call-ID, once there is one.
    pub(crate) fn call_with(&self, sip_call_id: &str) -> Value {
        let calls =
            until("a call record", || self.calls(&format!("&sip_call_id={sip_call_id}")), |calls| !calls.is_empty());
        assert_eq!(calls.len(), 1, "one record a Call-ID: {calls:#?}");
        calls.into_iter().next().unwrap_or_default()
    }

    /// The record of an ended call.
    pub(crate) fn record_of(&self, sip_call_id: &str) -> Value {
        until("the call's end", || self.call_with(sip_call_id), |call| !call["ended_at"].is_null())
    }

    /// One agent.
    pub(crate) fn agent(&self, extension: &str) -> Value {
        self.get(&format!("/v1/agents/{extension}")).json()
    }

    /// Waits for an agent's state.
    #[track_caller]
    pub(crate) fn wait_agent(&self, extension: &str, state: &str) -> Value {
        until(&format!("agent {extension} {state}"), || self.agent(extension), |agent| agent["state"] == state)
    }

    /// Waits until so many wait in a queue.
    #[track_caller]
    pub(crate) fn wait_waiting(&self, queue: &str, count: u64) -> Value {
        let ask = || self.get(&format!("/v1/queues/{queue}")).json();
        until(&format!("{count} waiting in {queue}"), ask, |queue| queue["waiting"] == count)
    }

    /// The types of a call's journey, in order.
    pub(crate) fn journey(&self, call: &Value) -> Vec<String> {
        let id = call["id"].as_str().unwrap_or_default();
        let steps = self.get(&format!("/v1/calls/{id}/events?limit=200")).json();
        let steps = steps["data"].as_array().cloned().unwrap_or_default();
        steps.iter().filter_map(|step| step["type"].as_str().map(str::to_owned)).collect()
    }

    /// The value of a metric's line, e.g. `trunkline_calls_active`, 0 where it has none yet.
    pub(crate) fn metric(&self, line: &str) -> f64 {
        let text = self.get("/metrics").text();
        let value = |known: &str| known.strip_prefix(line)?.strip_prefix(' ')?.trim().parse().ok();
        text.lines().find_map(value).unwrap_or(0.0)
    }
}

/// Status and headers of an answer.
pub(crate) fn read_head(reader: &mut impl BufRead) -> (u16, Vec<(String, String)>) {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).expect("the answer's head");
        let line = line.trim_end().to_owned();
        if line.is_empty() {
            break;
        }
        lines.push(line);
    }
    let status = lines.first().and_then(|line| line.split(' ').nth(1)?.parse().ok());
    let headers = lines.iter().skip(1).filter_map(|line| line.split_once(':'));
    let headers = headers.map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned())).collect();
    (status.unwrap_or_else(|| panic!("no status line: {lines:?}")), headers)
}

fn read_body(reader: &mut impl BufRead, headers: &[(String, String)]) -> Vec<u8> {
    let value = |name: &str| headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
    let mut body = Vec::new();
    if value("transfer-encoding") == Some("chunked") {
        loop {
            let mut size = String::new();
            reader.read_line(&mut size).expect("a chunk's size");
            let size = usize::from_str_radix(size.trim(), 16).expect("a chunk's size");
            let mut chunk = vec![0; size + 2];
            reader.read_exact(&mut chunk).expect("a chunk");
            if size == 0 {
                return body;
            }
            body.extend_from_slice(&chunk[..size]);
        }
    }
    match value("content-length").and_then(|length| length.parse().ok()) {
        Some(length) => {
            body.resize(length, 0);
            reader.read_exact(&mut body).expect("the body, as long as announced");
        }
        None => {
            reader.read_to_end(&mut body).expect("the body");
        }
    }
    body
}

const JSON: (&str, &str) = ("Content-Type", "application/json");
