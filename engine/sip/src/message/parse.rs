//! From bytes to the table of headers, in one pass over the head.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use smallvec::SmallVec;

use super::{
    Fault, INLINE_LINES, Inner, Line, Message, Method, Name, ParseError, RejectHint, Source, Start, SyntaxError,
};
use crate::{
    Text, grammar,
    limits::{MAX_HEAD_BYTES, MAX_HEADERS, MAX_LINE_BYTES, MAX_MESSAGE_BYTES, MAX_URI_BYTES, MAX_VIAS},
    text::Span,
};

/// See [`Message::parse`].
pub(super) fn parse(data: Bytes, source: Source) -> Result<Message, ParseError> {
    let data = data.slice(leading_line_breaks(&data)..);
    read(&data, source).map_err(|fault| refuse(&data, fault))
}

/// The error for a message with this fault, with what is needed to answer it.
pub(crate) fn refuse(data: &Bytes, fault: Fault) -> ParseError {
    let hint = salvage(data).map(|request| {
        let (status, reason) = fault.status();
        RejectHint { status, reason, request }
    });
    ParseError::new(fault, hint)
}

/// What Content-Length of a complete head says, whatever else is wrong with it: a
/// stream ends a message there (RFC 3261 18.3).
pub(crate) fn body_len(head: &[u8]) -> Result<usize, Fault> {
    let plain = Text::from(normalize(head));
    let rows = plain.split("\r\n").skip(1).filter_map(|row| read_line(&plain, row).ok());
    let lines: SmallVec<[Line; 2]> = rows.filter(|line| line.known == Some(Name::ContentLength)).take(2).collect();
    content_length(&plain, &lines)?.ok_or(Fault::Missing(Name::ContentLength))
}

/// Where the head ends, its empty line included; none when it does not.
pub(crate) fn head_len(data: &[u8]) -> Option<usize> {
    data.windows(4).position(|window| window == b"\r\n\r\n").map(|index| index + 4)
}

fn read(data: &Bytes, source: Source) -> Result<Message, Fault> {
    if data.len() > MAX_MESSAGE_BYTES {
        return Err(Fault::TooMuch { what: "bytes of a message", limit: MAX_MESSAGE_BYTES });
    }
    let text = match core::str::from_utf8(data) {
        Ok(text) => text,
        Err(error) => core::str::from_utf8(&data[..error.valid_up_to()]).unwrap_or_default(),
    };
    match read_head(text) {
        Ok(head) => head.with_body(data, source),
        // Folded lines, or bytes that are not UTF-8 before the head's end.
        Err(HeadIssue::NotPlain) => read_normalized(data, source),
        Err(HeadIssue::Unended) if text.len() < data.len() => read_normalized(data, source),
        Err(HeadIssue::Unended) => Err(Fault::NoEndOfHeaders),
        Err(HeadIssue::Fault(fault)) => Err(fault),
    }
}

/// Reads a head that must be rewritten first. The body stays where it is.
fn read_normalized(data: &Bytes, source: Source) -> Result<Message, Fault> {
    let len = head_len(data).ok_or(Fault::NoEndOfHeaders)?;
    let plain = normalize(&data[..len]);
    match read_head(&plain) {
        Ok(head) => Head { end: len, ..head }.into_message(data, Text::from(plain), source),
        Err(HeadIssue::Fault(fault)) => Err(fault),
        Err(HeadIssue::NotPlain | HeadIssue::Unended) => Err(Fault::NoEndOfHeaders),
    }
}

/// What the head's lines say, as spans of the head's text.
struct Head {
    start: Start,
    lines: SmallVec<[Line; INLINE_LINES]>,
    end: usize,
}

enum HeadIssue {
    /// A line is folded: unfold and start again.
    NotPlain,
    /// The text ends before the head does.
    Unended,
    Fault(Fault),
}

impl From<Fault> for HeadIssue {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl Head {
    fn with_body(self, data: &Bytes, source: Source) -> Result<Message, Fault> {
        let head = Text::from_bytes(data.slice(..self.end)).unwrap_or_default();
        self.into_message(data, head, source)
    }

    fn into_message(self, data: &Bytes, head: Text, source: Source) -> Result<Message, Fault> {
        let came = data.len() - self.end;
        let declared = content_length(&head, &self.lines)?;
        let body_len = match (declared, source) {
            (Some(declared), _) if declared > came => return Err(Fault::BodyTooShort { declared, came }),
            (Some(declared), _) => declared,
            (None, Source::Datagram) => came,
            (None, Source::Stream) => return Err(Fault::Missing(Name::ContentLength)),
        };
        let end = self.end + body_len;
        let inner = Inner {
            wire: data.slice(..end),
            head,
            body: data.slice(self.end..end),
            start: self.start,
            lines: self.lines,
        };
        Ok(Message(Arc::new(inner)))
    }
}

fn read_head(text: &str) -> Result<Head, HeadIssue> {
    let mut cursor = Cursor { text, at: 0, number: 0 };
    let start = read_start(text, cursor.line()?)?;
    let mut lines = SmallVec::new();
    let mut vias = 0;
    loop {
        let line = cursor.line()?;
        if line.is_empty() {
            return Ok(Head { start, lines, end: cursor.at });
        }
        if line.starts_with([' ', '\t']) {
            return Err(HeadIssue::NotPlain);
        }
        let line = read_line(text, line).map_err(|error| Fault::HeaderLine { line: cursor.number, error })?;
        vias += usize::from(line.known == Some(Name::Via));
        if vias > MAX_VIAS {
            return Err(Fault::TooMuch { what: "Via headers", limit: MAX_VIAS }.into());
        }
        if lines.len() == MAX_HEADERS {
            return Err(Fault::TooMuch { what: "headers", limit: MAX_HEADERS }.into());
        }
        lines.push(line);
    }
}

/// Walks the lines of a head.
struct Cursor<'a> {
    text: &'a str,
    at: usize,
    number: usize,
}

impl<'a> Cursor<'a> {
    /// The next line without its CRLF. A CR or LF alone is a fault: another hop
    /// may see other headers in it than we do.
    fn line(&mut self) -> Result<&'a str, HeadIssue> {
        let rest = &self.text[self.at..];
        let len = grammar::find_line_break(rest);
        if len.unwrap_or(rest.len()) > MAX_LINE_BYTES {
            return Err(Fault::TooMuch { what: "bytes of a header line", limit: MAX_LINE_BYTES }.into());
        }
        let len = len.ok_or(HeadIssue::Unended)?;
        self.number += 1;
        self.at += len + 2;
        if self.at > MAX_HEAD_BYTES {
            return Err(Fault::TooMuch { what: "bytes of a head", limit: MAX_HEAD_BYTES }.into());
        }
        match &rest.as_bytes()[len..] {
            [b'\r', b'\n', ..] => Ok(&rest[..len]),
            [b'\r'] => Err(HeadIssue::Unended),
            _ => {
                let error = SyntaxError::new("CR and LF only together", &rest[..len]);
                Err(Fault::HeaderLine { line: self.number, error }.into())
            }
        }
    }
}

fn read_start(text: &str, line: &str) -> Result<Start, Fault> {
    if line.get(..4).is_some_and(|prefix| prefix.eq_ignore_ascii_case("SIP/")) {
        return read_status(text, line);
    }
    let fault = |expected| move || Fault::StartLine(SyntaxError::new(expected, line));
    // Exactly one space each (RFC 3261 7.1): no space can be part of the URI.
    let (method, rest) = grammar::split_once(line, b' ').ok_or_else(fault("method, URI and version"))?;
    let (uri, version) = grammar::split_once(rest, b' ').ok_or_else(fault("method, URI and version"))?;
    let method = Method::parse(method).map_err(Fault::StartLine)?;
    check_version(version)?;
    if uri.len() > MAX_URI_BYTES {
        return Err(Fault::TooMuch { what: "bytes of a URI", limit: MAX_URI_BYTES });
    }
    if uri.is_empty() || grammar::find(uri, b'\t').is_some() {
        return Err(fault("one URI between single spaces")());
    }
    Ok(Start::Request { method, uri: Span::of(text, uri) })
}

fn read_status(text: &str, line: &str) -> Result<Start, Fault> {
    let fault = |expected| move || Fault::StartLine(SyntaxError::new(expected, line));
    let (version, rest) = grammar::split_once(line, b' ').ok_or_else(fault("version and status"))?;
    check_version(version)?;
    // The space before an empty reason phrase is often forgotten.
    let (code, reason) = grammar::split_once(rest, b' ').unwrap_or((rest, &rest[rest.len()..]));
    let code = if code.len() == 3 { grammar::number(code) } else { None };
    match code {
        Some(code @ 100..700) => Ok(Start::Status { code, reason: Span::of(text, reason) }),
        _ => Err(fault("a status from 100 to 699")()),
    }
}

/// `SIP/2.0` in any case; another number is 505, anything else no version at all.
fn check_version(version: &str) -> Result<(), Fault> {
    if version.eq_ignore_ascii_case("SIP/2.0") {
        return Ok(());
    }
    let error = SyntaxError::new("SIP/2.0", version);
    let number = version.get(..4).filter(|prefix| prefix.eq_ignore_ascii_case("SIP/")).map(|_| &version[4..]);
    match number.and_then(|number| number.split_once('.')) {
        Some((major, minor)) if grammar::is_digits(major) && grammar::is_digits(minor) => {
            Err(Fault::Version(error.came))
        }
        _ => Err(Fault::StartLine(error)),
    }
}

fn read_line(text: &str, line: &str) -> Result<Line, SyntaxError> {
    let Some((name, value)) = grammar::split_once(line, b':') else {
        return Err(SyntaxError::new("name and colon", line));
    };
    let name = grammar::trim_end(name);
    let known = Name::parse(name);
    if known.is_none() && !grammar::is_token(name) {
        return Err(SyntaxError::new("a token before the colon", line));
    }
    Ok(Line { known, name: Span::of(text, name), value: Span::of(text, grammar::trim(value)) })
}

/// What Content-Length says; two of them are a fault even when they agree, as
/// the next hop may believe the other (RFC 4475 3.3.9).
fn content_length(head: &Text, lines: &[Line]) -> Result<Option<usize>, Fault> {
    let mut all = lines.iter().filter(|line| line.known == Some(Name::ContentLength));
    let Some(line) = all.next() else {
        return Ok(None);
    };
    if all.next().is_some() {
        return Err(Fault::Repeated(Name::ContentLength));
    }
    let value = head.at(line.value);
    match grammar::number::<usize>(value) {
        Some(len) => Ok(Some(len)),
        None => Err(Fault::header(Name::ContentLength)(SyntaxError::new("a number of bytes", value))),
    }
}

/// The head with each fold as one space (RFC 3261 7.3.1) and in valid UTF-8.
fn normalize(head: &[u8]) -> String {
    let mut plain = String::with_capacity(head.len());
    for line in String::from_utf8_lossy(head).split_inclusive("\r\n") {
        let unfolded = line.trim_start_matches([' ', '\t']);
        let is_fold = unfolded.len() < line.len() && plain.contains("\r\n");
        if is_fold {
            plain.truncate(plain.trim_end_matches(['\r', '\n', ' ', '\t']).len());
            plain.push(' ');
            plain.push_str(unfolded);
        } else {
            plain.push_str(line);
        }
    }
    plain
}

/// What a refusal needs of a request that could not be read: every line that
/// makes sense by itself is kept, all others are passed over.
fn salvage(data: &Bytes) -> Option<Message> {
    let len = head_len(&data[..data.len().min(MAX_HEAD_BYTES)]).unwrap_or(data.len().min(MAX_HEAD_BYTES));
    let plain = normalize(&data[..len]);
    if plain.len() > MAX_MESSAGE_BYTES {
        return None;
    }
    let mut lines = SmallVec::new();
    let mut found = 0;
    let mut rows = plain.split("\r\n");
    let method = rows.next()?.split([' ', '\t']).next()?;
    let method = Method::parse(method).ok().filter(|method| *method != Method::Ack)?;
    for row in rows {
        let Ok(line) = read_line(&plain, row) else {
            continue;
        };
        let Some(name) = line.known.filter(|name| ECHOED.contains(name)) else {
            continue;
        };
        if row.len() > MAX_LINE_BYTES || row.contains(['\r', '\n']) || lines.len() == MAX_VIAS + ECHOED.len() - 1 {
            // Without all of them the answer would not find its way.
            return None;
        }
        if name == Name::Via || found & name.bit() == 0 {
            found |= name.bit();
            lines.push(line);
        }
    }
    if ECHOED.iter().any(|name| found & name.bit() == 0) {
        return None;
    }
    let head = Text::from(plain);
    let start = Start::Request { method, uri: Span::default() };
    Some(Message(Arc::new(Inner { wire: BytesMut::new().freeze(), head, body: Bytes::new(), start, lines })))
}

/// What a response takes from its request (RFC 3261 8.2.6.2).
const ECHOED: [Name; 5] = [Name::Via, Name::From, Name::To, Name::CallId, Name::CSeq];

/// Empty lines before a message are ignored (RFC 3261 7.5).
fn leading_line_breaks(data: &[u8]) -> usize {
    data.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count()
}

#[cfg(test)]
mod tests;
