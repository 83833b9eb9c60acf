//! Messages out of a stream (RFC 3261 18.3, RFC 5626 3.5.1).

use bytes::{Buf, Bytes, BytesMut};

use crate::{
    Fault, Message, ParseError, Source,
    limits::{MAX_HEAD_BYTES, MAX_MESSAGE_BYTES},
    message::parse,
};

/// Cuts one connection's bytes into messages.
///
/// After an error the connection must be closed: where the next message starts is
/// not known any more.
#[derive(Debug, Default)]
pub struct StreamFramer {
    buffer: BytesMut,
    /// Bytes at the front that are known to hold no end of a head.
    searched: usize,
    /// Head and body of the message in front, once its head is complete.
    needed: Option<usize>,
    /// A line break came since the last message: another one makes a ping.
    line_break: bool,
    broken: bool,
}

/// One thing that came.
#[derive(Debug)]
pub enum Frame {
    /// A message.
    Message(Message),
    /// Bytes with a clear end that are no message; the connection goes on. May have
    /// to be answered, see [`ParseError::answerable`].
    Refused(ParseError),
    /// A double line break: keep-alive, to be answered with one ([`PONG`]).
    Ping,
}

/// The answer to a [`Frame::Ping`].
pub const PONG: &[u8] = b"\r\n";

/// Why a connection cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum FramingError {
    /// More bytes than any message may have wait to be read.
    #[error("more than {MAX_BUFFERED_BYTES} bytes wait to be read")]
    Overflow,
    /// The head does not end.
    #[error("a head of more than {MAX_HEAD_BYTES} bytes")]
    HeadTooLong,
    /// Content-Length is missing, twice there, no number, or too large.
    #[error("{0}")]
    NoEnd(ParseError),
    /// The connection is broken since an earlier error.
    #[error("an earlier error broke the stream")]
    Broken,
}

impl FramingError {
    /// The fault to answer before the connection is closed, if it can be.
    #[must_use]
    pub fn parse_error(&self) -> Option<&ParseError> {
        match self {
            Self::NoEnd(error) => Some(error),
            Self::Overflow | Self::HeadTooLong | Self::Broken => None,
        }
    }
}

impl StreamFramer {
    /// A framer at the start of a stream.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes in what was read. Drain with [`Self::next_frame`] before the next push:
    /// at most one incomplete message then waits.
    pub fn push(&mut self, data: &[u8]) -> Result<(), FramingError> {
        if self.broken {
            return Err(FramingError::Broken);
        }
        if self.buffer.len() + data.len() > MAX_BUFFERED_BYTES {
            return self.fail(FramingError::Overflow);
        }
        self.buffer.extend_from_slice(data);
        Ok(())
    }

    /// The next frame, when it is complete.
    pub fn next_frame(&mut self) -> Result<Option<Frame>, FramingError> {
        if self.broken {
            return Err(FramingError::Broken);
        }
        if self.needed.is_none() {
            if self.skip_line_breaks() {
                return Ok(Some(Frame::Ping));
            }
            self.needed = self.find_end()?;
        }
        match self.needed {
            Some(needed) if self.buffer.len() >= needed => Ok(Some(self.cut(needed))),
            _ => Ok(None),
        }
    }

    /// Bytes that wait for the rest of their message.
    #[must_use]
    pub fn waiting_bytes(&self) -> usize {
        self.buffer.len()
    }

    /// Takes line breaks between messages away; true when two make a ping.
    fn skip_line_breaks(&mut self) -> bool {
        while self.buffer.starts_with(b"\r\n") {
            self.buffer.advance(2);
            self.searched = 0;
            self.line_break = !self.line_break;
            if !self.line_break {
                return true;
            }
        }
        false
    }

    /// Head and body together, when the head is complete.
    fn find_end(&mut self) -> Result<Option<usize>, FramingError> {
        let start = self.searched.saturating_sub(3);
        let head_len = parse::head_len(&self.buffer[start..]).map(|len| start + len);
        self.searched = self.buffer.len();
        match head_len {
            None if self.buffer.len() > MAX_HEAD_BYTES => self.fail(FramingError::HeadTooLong),
            None => Ok(None),
            Some(head_len) if head_len > MAX_HEAD_BYTES => self.fail(FramingError::HeadTooLong),
            Some(head_len) => self.add_body(head_len).map(Some),
        }
    }

    fn add_body(&mut self, head_len: usize) -> Result<usize, FramingError> {
        let head = Bytes::copy_from_slice(&self.buffer[..head_len]);
        match parse::body_len(&head) {
            Ok(body_len) if body_len <= MAX_MESSAGE_BYTES - head_len => Ok(head_len + body_len),
            Ok(_) => {
                let fault = Fault::TooMuch { what: "bytes of a message", limit: MAX_MESSAGE_BYTES };
                self.fail(FramingError::NoEnd(parse::refuse(&head, fault)))
            }
            Err(fault) => self.fail(FramingError::NoEnd(parse::refuse(&head, fault))),
        }
    }

    /// A message gets a buffer of its own, so that what is kept of it keeps no more.
    fn cut(&mut self, len: usize) -> Frame {
        let data = Bytes::copy_from_slice(&self.buffer[..len]);
        self.buffer.advance(len);
        (self.needed, self.searched, self.line_break) = (None, 0, false);
        if self.buffer.is_empty() {
            // An idle connection holds no memory.
            self.buffer = BytesMut::new();
        }
        match Message::parse(data, Source::Stream) {
            Ok(message) => Frame::Message(message),
            Err(error) => Frame::Refused(error),
        }
    }

    fn fail<T>(&mut self, error: FramingError) -> Result<T, FramingError> {
        self.broken = true;
        self.buffer = BytesMut::new();
        Err(error)
    }
}

/// One message that is not complete and one read of the same size.
const MAX_BUFFERED_BYTES: usize = 2 * MAX_MESSAGE_BYTES;

#[cfg(test)]
mod tests;
