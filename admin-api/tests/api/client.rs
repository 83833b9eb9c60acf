//! A small HTTP/1.1 client: one request a connection, everything visible.

use std::net::SocketAddr;
use std::sync::OnceLock;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

pub(crate) const KEY: (&str, &str) = ("Authorization", "Bearer demo-admin-key");

#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    /// Checks that this is a whole problem with that status and code, and gives it back.
    #[track_caller]
    pub(crate) fn problem(&self, status: u16, code: &str) -> Value {
        assert_eq!(self.status, status, "{self:?}");
        assert_eq!(self.header("content-type"), Some("application/problem+json"), "{self:?}");
        let problem = self.json();
        assert_eq!(problem["status"], status, "{problem}");
        assert_eq!(problem["code"], code, "{problem}");
        assert_eq!(problem["type"], format!("/problems/{code}"), "{problem}");
        assert_eq!(problem["instance"].as_str(), self.header("x-request-id"), "{problem}");
        for field in ["title", "detail"] {
            assert!(problem[field].as_str().is_some_and(|text| !text.is_empty()), "{problem}");
        }
        problem
    }
}

pub(crate) async fn send(at: SocketAddr, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Reply {
    send_bytes(at, method, path, headers, body.as_bytes()).await
}

pub(crate) async fn send_bytes(
    at: SocketAddr,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> Reply {
    let mut head = format!("{method} {path} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n");
    for (name, value) in headers {
        head += &format!("{name}: {value}\r\n");
    }
    if !body.is_empty() {
        head += &format!("Content-Length: {}\r\n", body.len());
    }
    let mut stream = TcpStream::connect(at).await.unwrap();
    stream.write_all(format!("{head}\r\n").as_bytes()).await.unwrap();
    // What is refused by its head is not read.
    let _ = stream.write_all(body).await;
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).await.unwrap();
    let reply = parse(&bytes);
    assert_documented(method, path, &reply);
    reply
}

/// Whatever a test asks: what an operation answers, its description names.
#[track_caller]
fn assert_documented(method: &str, path: &str, reply: &Reply) {
    static DESCRIPTION: OnceLock<Value> = OnceLock::new();
    let description = DESCRIPTION.get_or_init(|| serde_json::from_str(&admin_api::Api::openapi_json()).unwrap());
    let steps: Vec<&str> = path.split('?').next().unwrap_or_default().split('/').collect();
    let leads_here = |known: &String| {
        let known: Vec<&str> = known.split('/').collect();
        let mut pairs = known.iter().zip(&steps);
        known.len() == steps.len() && pairs.all(|(known, step)| known.starts_with('{') || known == step)
    };
    let found = description["paths"].as_object().unwrap().iter().find(|(known, _)| leads_here(known));
    let Some(operation) = found.and_then(|(_, item)| item.get(method.to_lowercase())) else { return };
    let documented = operation["responses"].get(reply.status.to_string()).is_some();
    assert!(documented || reply.status == 304, "{method} {path} does not document {reply:?}");
}

pub(crate) async fn get(at: SocketAddr, path: &str) -> Reply {
    send(at, "GET", path, &[KEY], "").await
}

pub(crate) async fn send_json(at: SocketAddr, method: &str, path: &str, more: &[(&str, &str)], body: &str) -> Reply {
    let headers = [&[KEY, ("Content-Type", "application/json")], more].concat();
    send(at, method, path, &headers, body).await
}

pub(crate) fn parse(bytes: &[u8]) -> Reply {
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n").expect("a whole head");
    let head = std::str::from_utf8(&bytes[..end]).unwrap();
    let mut lines = head.split("\r\n");
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let split = |line: &str| line.split_once(": ").map(|(name, value)| (name.to_owned(), value.to_owned())).unwrap();
    let headers: Vec<_> = lines.map(split).collect();
    let mut reply = Reply { status, headers, body: bytes[end + 4..].to_vec() };
    if reply.header("transfer-encoding") == Some("chunked") {
        reply.body = unchunked(&reply.body);
    }
    reply
}

fn unchunked(mut rest: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    while let Some(end) = rest.windows(2).position(|window| window == b"\r\n") {
        let size = usize::from_str_radix(std::str::from_utf8(&rest[..end]).unwrap(), 16).unwrap();
        let from = end + 2;
        body.extend_from_slice(&rest[from..from + size]);
        rest = &rest[from + size + 2..];
    }
    body
}

/// One Server-Sent Event.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Frame {
    pub(crate) id: String,
    pub(crate) event: String,
    pub(crate) data: String,
}

impl Frame {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.data).unwrap()
    }
}

/// A stream of Server-Sent Events. The server sends each line whole within a chunk, so what is no field is chunking.
pub(crate) struct Follow {
    stream: TcpStream,
    unread: String,
}

impl Follow {
    pub(crate) async fn open(at: SocketAddr, path: &str, headers: &[(&str, &str)]) -> Self {
        Self::begin(at, path, &[&[KEY], headers].concat()).await
    }

    /// With an `Authorization` of one's own.
    pub(crate) async fn open_with(at: SocketAddr, path: &str, authorization: &str) -> Self {
        Self::begin(at, path, &[("Authorization", authorization)]).await
    }

    async fn begin(at: SocketAddr, path: &str, headers: &[(&str, &str)]) -> Self {
        let mut head =
            format!("GET {path} HTTP/1.1\r\nHost: test\r\nConnection: close\r\nAccept: text/event-stream\r\n");
        for (name, value) in headers {
            head += &format!("{name}: {value}\r\n");
        }
        let mut stream = TcpStream::connect(at).await.unwrap();
        stream.write_all(format!("{head}\r\n").as_bytes()).await.unwrap();
        let mut follow = Self { stream, unread: String::new() };
        let reply = follow.take_until("\r\n\r\n").await.expect("a head");
        assert!(reply.starts_with("HTTP/1.1 200"), "{reply}");
        assert!(reply.contains("content-type: text/event-stream"), "{reply}");
        follow
    }

    /// The next event; `None` at the end of the stream.
    pub(crate) async fn next(&mut self) -> Option<Frame> {
        let mut frame = Frame::default();
        loop {
            let line = self.take_until("\n").await?;
            match line.trim_end().split_once(": ") {
                Some(("id", value)) => value.clone_into(&mut frame.id),
                Some(("event", value)) => value.clone_into(&mut frame.event),
                Some(("data", value)) => value.clone_into(&mut frame.data),
                _ if line == "\n" && frame != Frame::default() => return Some(frame),
                _ => {}
            }
        }
    }

    async fn take_until(&mut self, mark: &str) -> Option<String> {
        loop {
            if let Some(at) = self.unread.find(mark) {
                let rest = self.unread.split_off(at + mark.len());
                return Some(std::mem::replace(&mut self.unread, rest));
            }
            let mut piece = [0; 16_384];
            let read = self.stream.read(&mut piece).await.unwrap_or(0);
            if read == 0 {
                return None;
            }
            self.unread += std::str::from_utf8(&piece[..read]).unwrap();
        }
    }
}
