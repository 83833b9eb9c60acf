//! The torture messages of RFC 4475 and RFC 5118, sent to the real socket from the trunk's address.
//!
//! The node must be alive after each, and answer as the manifest allows or as an earlier check of ours does:
//! 401 to any REGISTER, 404 to an INVITE for a foreign host. An INVITE whose point is its body or a header is
//! sent once more to a number of ours; then only the manifest's answer counts.
#![allow(clippy::disallowed_methods, clippy::disallowed_types, reason = "tests have sockets, files and clocks")]

mod support;

use std::io::Write;
use std::net::UdpSocket;
use std::path::Path;
use std::time::{Duration, Instant};

use support::{Node, SUPPORT, testdata, unique};

#[test]
fn rfc_4475() {
    run("torture", 49);
}

#[test]
fn rfc_5118() {
    run("rfc5118", 12);
}

fn run(folder: &str, count: usize) {
    let Some(data) = testdata() else {
        say(&format!("torture: {count} messages of {folder} not run: TRUNKLINE_TESTDATA is not set"));
        return;
    };
    let folder = data.join(folder);
    let node = Node::demo();
    let manifest = std::fs::read_to_string(folder.join("manifest.csv")).expect("the manifest of the test data");
    let cases: Vec<Case> = rows(&manifest).into_iter().map(|row| Case::read(&folder, &row)).collect();
    assert_eq!(cases.len(), count, "messages in {}", folder.display());
    let mut faults = Vec::new();
    for case in &cases {
        for (target, text) in case.sendings() {
            let answer = send(&node, &text);
            let verdict = case.judge(&answer, target);
            let shown = answer.as_deref().unwrap_or("no answer");
            say(&format!(
                "torture: {:34} {target:11} {shown:30} {}",
                case.name,
                verdict.clone().unwrap_or("ok".into())
            ));
            faults.extend(verdict.map(|fault| format!("{} ({target}): {shown}: {fault}", case.name)));
            node.carrier.assert_alive();
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
    assert!(!node.log().contains("panicked"), "{}", node.log());
    assert_eq!(node.http().get("/v1/registrations").json()["data"], serde_json::json!([]));
}

/// One message and what may answer it.
struct Case {
    name: String,
    bytes: Vec<u8>,
    /// The manifest's `uas_codes`.
    allowed: Vec<String>,
    is_response: bool,
    body_counts: bool,
}

impl Case {
    fn read(folder: &Path, row: &[(String, String)]) -> Self {
        let value = |key: &str| row.iter().find(|(known, _)| known == key).map_or("", |(_, value)| value.as_str());
        let name = value("file").to_owned();
        let repaired = folder.join("wire").join(&name);
        let path = if repaired.exists() { repaired } else { folder.join(&name) };
        let bytes = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let allowed: Vec<String> = value("uas_codes").split('|').map(str::to_owned).collect();
        let is_response = value("kind") == "resp" || bytes.starts_with(b"SIP/2.0 ");
        let body_counts = bytes.starts_with(b"INVITE ") && BODY_OR_HEADER.contains(&name.as_str());
        Self { name, bytes, allowed, is_response, body_counts }
    }

    /// As it is, and for some once more to a number of ours.
    fn sendings(&self) -> Vec<(&'static str, Vec<u8>)> {
        let unchanged = answerable(&self.bytes);
        let mut all = vec![("as it is", unchanged)];
        if self.body_counts {
            let line_end = self.bytes.iter().position(|byte| *byte == b'\r').unwrap_or(0);
            let line = format!("INVITE sip:{SUPPORT}@demo.local SIP/2.0");
            let own = [line.as_bytes(), &self.bytes[line_end..]].concat();
            all.push(("own number", answerable(&own)));
        }
        all
    }

    /// What is wrong with an answer, if anything.
    fn judge(&self, answer: &Option<String>, target: &str) -> Option<String> {
        let status: Option<u16> = answer.as_ref().and_then(|line| line.split(' ').nth(1)?.parse().ok());
        let Some(status) = status else {
            let may_be_silent = self.is_response;
            return (!may_be_silent).then(|| format!("expected an answer: {}", self.allowed.join(", ")));
        };
        if self.is_response {
            return Some("a response was answered".to_owned());
        }
        let by_manifest = self.allowed.iter().any(|allowed| permits(allowed, status));
        let method = self.bytes.split(|byte| *byte == b' ').next().unwrap_or_default();
        let by_earlier_check =
            target == "as it is" && matches!((method, status), (b"REGISTER", 401) | (b"INVITE", 404));
        (!by_manifest && !by_earlier_check).then(|| format!("expected {}", self.allowed.join(", ")))
    }
}

/// Whether a code of the manifest covers a status: `400`, `400-uri`, `4xx-app`, `2xx-lenient`, `lenient`.
fn permits(allowed: &str, status: u16) -> bool {
    let code = allowed.split('-').next().unwrap_or_default();
    match code {
        // A lenient reader treats the message as if it were well formed: any answer to that will do.
        "lenient" => (200..500).contains(&status),
        _ if code.ends_with("xx") => code.as_bytes().first().map(|digit| u16::from(digit - b'0')) == Some(status / 100),
        _ => code.parse() == Ok(status),
    }
}

/// Sends a message from the trunk's address; the first line of the final answer, if any comes.
fn send(node: &Node, bytes: &[u8]) -> Option<String> {
    let socket = UdpSocket::bind("127.0.0.2:0").expect("a free port");
    socket.send_to(bytes, node.sip()).expect("loopback takes datagrams");
    // OPTIONS behind it on the same socket: answers come in order, so silence needs no long wait.
    let probe = unique();
    let addr = socket.local_addr().expect("a bound socket");
    let options = format!(
        "OPTIONS sip:{sip} SIP/2.0\r\nVia: SIP/2.0/UDP {addr};branch=z9hG4bK{probe};rport\r\nMax-Forwards: 70\r\n\
         From: <sip:x@demo.local>;tag=1\r\nTo: <sip:{sip}>\r\nCall-ID: {probe}\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n",
        sip = node.sip(),
    );
    socket.send_to(options.as_bytes(), node.sip()).expect("loopback takes datagrams");
    let start = Instant::now();
    let (mut answer, mut is_probed) = (None, false);
    while start.elapsed() < LONGEST {
        let wait = if is_probed { AFTER_PROBE } else { LONGEST };
        socket.set_read_timeout(Some(wait)).expect("a time-out can be set");
        let mut buffer = [0; 65_536];
        let Ok(length) = socket.recv(&mut buffer) else { break };
        let text = String::from_utf8_lossy(&buffer[..length]).into_owned();
        let first = text.lines().next().unwrap_or_default().to_owned();
        if text.contains(&probe) {
            is_probed = true;
        } else if first.starts_with("SIP/2.0 1") {
            // A provisional answer: the final one comes.
        } else if first.starts_with("SIP/2.0 ") && answer.is_none() {
            answer = Some(first);
        }
        if is_probed && answer.is_some() {
            break;
        }
    }
    assert!(is_probed, "OPTIONS behind the message is answered");
    answer
}

/// Makes the branch unique, several messages share one, and asks for the answer at the source port (RFC 3581): the
/// ports in these messages are not ours to listen on.
fn answerable(bytes: &[u8]) -> Vec<u8> {
    let Some((from, to)) = top_via(bytes) else { return bytes.to_vec() };
    let via = &bytes[from..to];
    let find = |word: &[u8]| via.windows(word.len()).position(|window| window.eq_ignore_ascii_case(word));
    let rport: &[u8] = if find(b"rport").is_some() { b"" } else { b";rport" };
    let end = from + via.trim_ascii_end().len();
    let Some(branch) = find(b"branch") else {
        return [&bytes[..end], rport, &bytes[end..]].concat();
    };
    let is_value = |byte: &u8| !byte.is_ascii_whitespace() && *byte != b'=';
    let start = branch + 6 + via[branch + 6..].iter().position(is_value).unwrap_or(0);
    let start = from + if via[start..].starts_with(b"z9hG4bK") { start + 7 } else { start };
    let is_token = |byte: &&u8| !byte.is_ascii_whitespace() && !b";,".contains(byte);
    // A branch that is nothing but the cookie is the point of its message.
    let unique = if bytes[start..].iter().take_while(is_token).count() > 0 { unique() } else { String::new() };
    [&bytes[..start], unique.as_bytes(), &bytes[start..end], rport, &bytes[end..]].concat()
}

/// Where the first value of the first Via stands.
fn top_via(bytes: &[u8]) -> Option<(usize, usize)> {
    let mut from = 0;
    loop {
        from += bytes[from..].windows(2).position(|pair| pair == b"\r\n")? + 2;
        let colon = bytes[from..].iter().position(|byte| *byte == b':')?;
        let name = bytes[from..from + colon].trim_ascii();
        if name.eq_ignore_ascii_case(b"via") || name.eq_ignore_ascii_case(b"v") {
            let start = from + colon + 1;
            let is_end = |at: &usize| {
                let rest = &bytes[*at..];
                rest[0] == b',' || rest.starts_with(b"\r\n") && !matches!(rest.get(2), Some(b' ' | b'\t'))
            };
            return Some((start, (start..bytes.len()).find(is_end)?));
        }
    }
}

/// Rows of a CSV file with quoted fields, by the names of its first line.
fn rows(text: &str) -> Vec<Vec<(String, String)>> {
    let mut lines = text.lines().filter(|line| !line.is_empty()).map(fields);
    let names = lines.next().unwrap_or_default();
    lines.map(|line| names.iter().cloned().zip(line).collect()).collect()
}

fn fields(line: &str) -> Vec<String> {
    let (mut all, mut field, mut is_quoted) = (Vec::new(), String::new(), false);
    for c in line.chars() {
        match c {
            '"' => is_quoted = !is_quoted,
            ',' if !is_quoted => all.push(std::mem::take(&mut field)),
            _ => field.push(c),
        }
    }
    all.push(field);
    all
}

/// Past the capture of the test runner: the list belongs into the output of every run.
fn say(line: &str) {
    let _ = writeln!(std::io::stdout(), "{line}");
}

/// INVITEs whose point is not the request line: on their way to a number of ours they get past routing.
const BODY_OR_HEADER: [&str; 15] = [
    "longreq.dat",
    "badinv01.dat",
    "clerr.dat",
    "ncl.dat",
    "quotbal.dat",
    "baddate.dat",
    "insuf.dat",
    "invut.dat",
    "multi01.dat",
    "sdp01.dat",
    "inv2543.dat",
    "ipv6-in-sdp.dat",
    "mult-ip-in-sdp.dat",
    "ipv4-mapped-ipv6.dat",
    "wsinv.dat",
];
/// For the answer to OPTIONS.
const LONGEST: Duration = Duration::from_secs(10);
/// For an answer that comes from another task than that to OPTIONS.
const AFTER_PROBE: Duration = Duration::from_millis(400);
