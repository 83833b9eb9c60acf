//! Making messages. Nothing that is written can start a header of its own: line
//! breaks in values become spaces, bytes that no token has become `-` in names.

use core::fmt::{self, Display, Write};
use std::{net::SocketAddr, sync::Arc};

use bytes::{Bytes, BytesMut};
use smallvec::SmallVec;

use super::{HeaderKey, INLINE_LINES, Inner, Line, Message, Method, Name, Start};
use crate::{
    Text, grammar,
    header::Via,
    limits::{MAX_HEAD_BYTES, MAX_LINE_BYTES},
    text::Span,
    uri::Uri,
};

/// Writes a request, header by header.
#[derive(Debug)]
pub struct RequestBuilder {
    method: Method,
    uri: Span,
    writer: Writer,
    body: Bytes,
}

impl RequestBuilder {
    /// A request with its request line. Headers of the URI are left out: they have
    /// no place there.
    #[must_use]
    pub fn new(method: &Method, uri: &Uri) -> Self {
        let mut writer = Writer::with_capacity(TYPICAL_HEAD_BYTES);
        writer.push(method);
        writer.push(" ");
        let start = writer.buffer.len();
        writer.push(uri.without_headers());
        let uri = span(start, writer.buffer.len());
        writer.push(" SIP/2.0");
        writer.push_line_end();
        Self { method: method.clone(), uri, writer, body: Bytes::new() }
    }

    /// Adds a header line.
    #[must_use]
    pub fn header<'a>(mut self, key: impl Into<HeaderKey<'a>>, value: impl Display) -> Self {
        self.writer.header(key.into(), value);
        self
    }

    /// Adds every line of this header that `from` has, as it stands there.
    #[must_use]
    pub fn copy(mut self, from: &Message, name: Name) -> Self {
        self.writer.copy(from, name);
        self
    }

    /// Adds Content-Type and the body.
    #[must_use]
    pub fn body(mut self, content_type: &str, body: Bytes) -> Self {
        self.writer.header(Name::ContentType.into(), content_type);
        self.body = body;
        self
    }

    /// The request, with Content-Length.
    #[must_use]
    pub fn build(self) -> Message {
        self.writer.finish(Start::Request { method: self.method, uri: self.uri }, &self.body)
    }
}

/// Writes a response to a request.
#[derive(Debug)]
pub struct ResponseBuilder {
    request: Message,
    status: u16,
    reason: String,
    source: Option<SocketAddr>,
    to_tag: Option<Text>,
    record_routes: bool,
    more: Writer,
    body: Bytes,
}

impl ResponseBuilder {
    /// A response with what it takes from its request (RFC 3261 8.2.6.2): all Via,
    /// From, To, Call-ID and CSeq as they came, and Timestamp in a 100.
    #[must_use]
    pub fn reply_to(request: &Message, status: u16, reason: &str) -> Self {
        Self {
            request: request.clone(),
            status,
            reason: reason.chars().take(MAX_REASON_CHARS).collect(),
            source: None,
            to_tag: None,
            record_routes: false,
            more: Writer::default(),
            body: Bytes::new(),
        }
    }

    /// Notes in the topmost Via where the request came from (RFC 3261 18.2.1, RFC 3581).
    #[must_use]
    pub fn source(mut self, source: SocketAddr) -> Self {
        self.source = Some(source);
        self
    }

    /// Adds this tag to To, unless it has one (RFC 3261 8.2.6.2).
    #[must_use]
    pub fn to_tag(mut self, tag: &str) -> Self {
        self.to_tag = Some(tag.into());
        self
    }

    /// Copies Record-Route, as a response that makes a dialog must (RFC 3261 12.1.1).
    #[must_use]
    pub fn record_routes(mut self) -> Self {
        self.record_routes = true;
        self
    }

    /// Adds a header line.
    #[must_use]
    pub fn header<'a>(mut self, key: impl Into<HeaderKey<'a>>, value: impl Display) -> Self {
        self.more.header(key.into(), value);
        self
    }

    /// Adds every line of this header that `from` has, as it stands there.
    #[must_use]
    pub fn copy(mut self, from: &Message, name: Name) -> Self {
        self.more.copy(from, name);
        self
    }

    /// Adds Content-Type and the body.
    #[must_use]
    pub fn body(mut self, content_type: &str, body: Bytes) -> Self {
        self.more.header(Name::ContentType.into(), content_type);
        self.body = body;
        self
    }

    /// The response, with Content-Length.
    #[must_use]
    pub fn build(self) -> Message {
        let echoed = self.request.0.head.len();
        let mut writer = Writer::with_capacity(echoed + self.more.buffer.len() + self.body.len() + TYPICAL_HEAD_BYTES);
        writer.push(format_args!("SIP/2.0 {} ", self.status));
        let start = writer.buffer.len();
        writer.push(&self.reason);
        let reason = span(start, writer.buffer.len());
        writer.push_line_end();
        self.write_vias(&mut writer);
        writer.copy(&self.request, Name::From);
        self.write_to(&mut writer);
        writer.copy(&self.request, Name::CallId);
        writer.copy(&self.request, Name::CSeq);
        if self.status == 100 {
            writer.copy(&self.request, Name::Timestamp);
        }
        if self.record_routes {
            writer.copy(&self.request, Name::RecordRoute);
        }
        writer.append(&self.more);
        writer.finish(Start::Status { code: self.status, reason }, &self.body)
    }

    /// The first value of the first line is the topmost; one that cannot be read is
    /// sent back as it came.
    fn write_vias(&self, writer: &mut Writer) {
        for (index, line) in self.request.header(Name::Via).enumerate() {
            let (top, others) = line.split_at(grammar::find_outside(line, b',').unwrap_or(line.len()));
            match self.source.filter(|_| index == 0).zip(Via::parse(grammar::trim(top)).ok()) {
                Some((source, top)) => writer.header(Name::Via.into(), format_args!("{}{others}", top.noted(source))),
                None => writer.plain(Name::Via, line),
            }
        }
    }

    fn write_to(&self, writer: &mut Writer) {
        let has_tag = self.request.to().is_ok_and(|to| to.tag().is_some());
        for line in self.request.header(Name::To) {
            match self.to_tag.as_ref().filter(|tag| !has_tag && grammar::is_token(tag)) {
                Some(tag) => writer.header(Name::To.into(), format_args!("{line};tag={tag}")),
                None => writer.plain(Name::To, line),
            }
        }
    }
}

/// Head bytes and the table of lines that goes with them.
#[derive(Debug, Default)]
struct Writer {
    buffer: BytesMut,
    lines: SmallVec<[Line; INLINE_LINES]>,
}

impl Writer {
    fn with_capacity(bytes: usize) -> Self {
        Self { buffer: BytesMut::with_capacity(bytes), lines: SmallVec::new() }
    }

    /// A part of the start line.
    fn push(&mut self, value: impl Display) {
        // Writing into a buffer that grows cannot fail; a Display that does leaves a part.
        let _ = write!(OneLine(&mut self.buffer), "{value}");
    }

    fn push_line_end(&mut self) {
        self.buffer.extend_from_slice(b"\r\n");
    }

    /// A line that does not fit the bounds of a message is left out: nobody would
    /// read the message.
    fn header(&mut self, key: HeaderKey<'_>, value: impl Display) {
        let start = self.buffer.len();
        match key {
            HeaderKey::Known(name) => self.buffer.extend_from_slice(name.as_str().as_bytes()),
            HeaderKey::Other(name) => {
                let fine = |byte| if grammar::is_token_byte(byte) { byte } else { b'-' };
                self.buffer.extend(name.bytes().map(fine));
            }
        }
        let name = span(start, self.buffer.len());
        self.buffer.extend_from_slice(b": ");
        let value_start = self.buffer.len();
        let _ = write!(OneLine(&mut self.buffer), "{value}");
        let written = core::str::from_utf8(self.buffer.get(value_start..).unwrap_or_default()).unwrap_or_default();
        let trimmed = Span::of(written, grammar::trim(written));
        let end = value_start + usize::from(trimmed.start) + usize::from(trimmed.len);
        let value = span(value_start + usize::from(trimmed.start), end);
        self.buffer.truncate(end);
        self.push_line_end();
        let is_too_long =
            self.buffer.len() > MAX_HEAD_BYTES - ROOM_AT_END || self.buffer.len() - start > MAX_LINE_BYTES;
        if is_too_long || name.len == 0 {
            self.buffer.truncate(start);
            return;
        }
        let known = match key {
            HeaderKey::Known(name) => Some(name),
            HeaderKey::Other(_) => None,
        };
        self.lines.push(Line { known, name, value });
    }

    fn push_content_length(&mut self, len: usize) {
        let start = self.buffer.len();
        self.push(Name::ContentLength);
        let name = span(start, self.buffer.len());
        self.push(": ");
        let value_start = self.buffer.len();
        self.push(len);
        let value = span(value_start, self.buffer.len());
        self.push_line_end();
        self.lines.push(Line { known: Some(Name::ContentLength), name, value });
    }

    fn copy(&mut self, from: &Message, name: Name) {
        for value in from.header(name) {
            self.plain(name, value);
        }
    }

    /// A value that was read from a message, and so is trimmed and has no line breaks.
    fn plain(&mut self, known: Name, text: &str) {
        let start = self.buffer.len();
        let name = known.as_str();
        if start + name.len() + text.len() + 4 > MAX_HEAD_BYTES - ROOM_AT_END {
            return;
        }
        for part in [name, ": ", text, "\r\n"] {
            self.buffer.extend_from_slice(part.as_bytes());
        }
        let value_start = start + name.len() + 2;
        let (name, value) = (span(start, start + name.len()), span(value_start, value_start + text.len()));
        self.lines.push(Line { known: Some(known), name, value });
    }

    fn append(&mut self, other: &Self) {
        let base = self.buffer.len();
        if base + other.buffer.len() > MAX_HEAD_BYTES - ROOM_AT_END {
            return;
        }
        let moved = |span: Span| self::span(base + usize::from(span.start), base + usize::from(span.start + span.len));
        self.lines.extend(other.lines.iter().map(|line| Line {
            name: moved(line.name),
            value: moved(line.value),
            ..*line
        }));
        self.buffer.extend_from_slice(&other.buffer);
    }

    fn finish(mut self, start: Start, body: &Bytes) -> Message {
        self.push_content_length(body.len());
        self.push_line_end();
        let head_len = self.buffer.len();
        self.buffer.extend_from_slice(body);
        let wire = self.buffer.freeze();
        let head = Text::from_bytes(wire.slice(..head_len)).unwrap_or_default();
        let body = wire.slice(head_len..);
        Message(Arc::new(Inner { wire, head, body, start, lines: self.lines }))
    }
}

/// Writes text with line breaks and NUL turned into spaces.
struct OneLine<'a>(&'a mut BytesMut);

impl Write for OneLine<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let is_break = |byte: &u8| matches!(byte, b'\r' | b'\n' | 0);
        // Without an early end, so that the compiler looks at many bytes at once.
        if text.as_bytes().iter().fold(false, |found, byte| found | is_break(byte)) {
            self.0.extend(text.bytes().map(|byte| if is_break(&byte) { b' ' } else { byte }));
        } else {
            self.0.extend_from_slice(text.as_bytes());
        }
        Ok(())
    }
}

/// Longer reason phrases are cut: nobody reads them, and they must fit a line.
const MAX_REASON_CHARS: usize = 256;
/// Room made at once, so that a usual message needs no second buffer.
const TYPICAL_HEAD_BYTES: usize = 512;
/// Bytes of a head kept for Content-Length and the empty line.
const ROOM_AT_END: usize = 64;

fn span(start: usize, end: usize) -> Span {
    let to_u16 = |count: usize| u16::try_from(count).unwrap_or(u16::MAX);
    Span { start: to_u16(start), len: to_u16(end.saturating_sub(start)) }
}

#[cfg(test)]
mod tests;
