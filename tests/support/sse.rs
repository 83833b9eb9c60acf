//! A reader of Server-Sent Events.

use std::io::{BufRead, BufReader};
use std::net::TcpStream;
use std::time::Instant;

use serde_json::Value;

use super::http::read_head;
use super::{Http, PATIENCE};

/// A stream of events, open.
pub(crate) struct EventStream {
    reader: BufReader<TcpStream>,
}

/// One event.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    pub(crate) id: String,
    pub(crate) kind: String,
    pub(crate) data: Value,
}

impl EventStream {
    /// Follows from now, or from after an event.
    pub(crate) fn open(http: &Http, path: &str, after: Option<&str>) -> Self {
        let mut headers = vec![("Accept", "text/event-stream")];
        headers.extend(after.map(|id| ("Last-Event-ID", id)));
        let mut reader = http.open("GET", path, &headers, None);
        let (status, headers) = read_head(&mut reader);
        assert_eq!(status, 200);
        assert!(headers.iter().any(|(name, value)| name == "content-type" && value.starts_with("text/event-stream")));
        Self { reader }
    }

    /// The next event of this kind about this call; those before it are passed over.
    pub(crate) fn expect(&mut self, kind: &str, call: &str) -> Event {
        let start = Instant::now();
        loop {
            let event = self.next();
            if event.kind == kind && event.data["call_id"] == call {
                return event;
            }
            assert!(start.elapsed() < PATIENCE, "no event {kind} of {call}");
        }
    }

    /// The next event of this kind, whatever it is about.
    pub(crate) fn expect_kind(&mut self, kind: &str) -> Event {
        let start = Instant::now();
        loop {
            let event = self.next();
            if event.kind == kind {
                return event;
            }
            assert!(start.elapsed() < PATIENCE, "no event {kind}");
        }
    }

    /// The next event.
    pub(crate) fn next(&mut self) -> Event {
        let mut event = Event { id: String::new(), kind: String::new(), data: Value::Null };
        loop {
            let mut line = String::new();
            let read = self.reader.read_line(&mut line).expect("an event in time");
            assert!(read > 0, "the stream ended");
            // Lines that are no field are sizes of chunks.
            match line.trim_end().split_once(':') {
                Some(("id", id)) => event.id = id.trim().to_owned(),
                Some(("event", kind)) => event.kind = kind.trim().to_owned(),
                Some(("data", data)) => event.data = serde_json::from_str(data.trim()).expect("data is JSON"),
                None if line.trim().is_empty() && !event.kind.is_empty() => return event,
                _ => {}
            }
        }
    }
}
