//! Reading a description (RFC 8866 5 and 9).
//!
//! Lenient where old telephones are: lines may end with LF alone, o=, s=, t=
//! and c= may stand in any order, s= and t= may be missing, bytes that are no
//! UTF-8 are replaced. Unknown attributes are kept and ignored; unknown type
//! letters make the whole description invalid, as section 5 demands.

use thiserror::Error;

use crate::{
    Address, Attribute, Connection, MAX_ATTRIBUTES, MAX_FORMATS, MAX_LEN, MAX_LINE_LEN, MAX_MEDIA, MAX_REPEATED, Media,
    Origin, Session,
};

/// Why bytes are no session description. `line` counts from 1.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum SdpError {
    /// More bytes than [`MAX_LEN`].
    #[error("description of {len} bytes, at most {MAX_LEN} are read")]
    TooLong {
        /// Bytes that came.
        len: usize,
    },
    /// A line is longer than [`MAX_LINE_LEN`].
    #[error("line {line} has {len} bytes, at most {MAX_LINE_LEN} are read")]
    LineTooLong {
        /// Its number.
        line: usize,
        /// Its length.
        len: usize,
    },
    /// More lines of a kind than the limits allow.
    #[error("line {line}: more than {limit} {what}")]
    TooMany {
        /// The line that was one too many.
        line: usize,
        /// What there was too much of.
        what: &'static str,
        /// The limit.
        limit: usize,
    },
    /// A line that cannot stand as it is.
    #[error("line {line}: expected {expected}")]
    Line {
        /// Its number.
        line: usize,
        /// What should stand there.
        expected: &'static str,
    },
    /// A line that every description needs is not there.
    #[error("no {what} line")]
    Missing {
        /// Which one.
        what: &'static str,
    },
}

impl Session {
    /// Reads a description.
    ///
    /// # Errors
    /// [`SdpError`] at the first line that does not fit, or when a limit is passed.
    pub fn parse(bytes: &[u8]) -> Result<Self, SdpError> {
        if bytes.len() > MAX_LEN {
            return Err(SdpError::TooLong { len: bytes.len() });
        }
        let mut reader = Reader::default();
        for (at, line) in bytes.split(|b| *b == b'\n').enumerate() {
            reader.line = at + 1;
            reader.read(line.strip_suffix(b"\r").unwrap_or(line))?;
        }
        reader.finish()
    }
}

/// What was read so far. Without a medium yet, lines are the session's.
#[derive(Default)]
struct Reader {
    line: usize,
    version_seen: bool,
    origin: Option<Origin>,
    name: Option<String>,
    connection: Option<Connection>,
    bandwidth: Vec<String>,
    times: Vec<String>,
    attributes: Vec<Attribute>,
    media: Vec<Media>,
}

impl Reader {
    fn read(&mut self, line: &[u8]) -> Result<(), SdpError> {
        if line.is_empty() {
            return Ok(());
        }
        if line.len() > MAX_LINE_LEN {
            return Err(SdpError::LineTooLong { line: self.line, len: line.len() });
        }
        let [letter, b'=', value @ ..] = line else { return Err(self.expected("a letter and =")) };
        if value.iter().any(|b| matches!(b, 0 | b'\r')) {
            return Err(self.expected("no NUL and no CR within a line"));
        }
        let value = String::from_utf8_lossy(value);
        let value = value.as_ref();
        // What is no UTF-8 is kept as a sign of three bytes: the line must fit as it is kept, too.
        if value.len() + 2 > MAX_LINE_LEN {
            return Err(SdpError::LineTooLong { line: self.line, len: value.len() + 2 });
        }
        if !self.version_seen {
            if *letter != b'v' || value.trim() != "0" {
                return Err(self.expected("v=0 first"));
            }
            self.version_seen = true;
            return Ok(());
        }
        match letter {
            b'o' => self.origin = Some(self.origin(value)?),
            b's' => self.name = Some(value.to_owned()),
            b'c' => self.connection(value)?,
            b'b' => self.bandwidth(value)?,
            b't' => {
                let line = self.line;
                push(&mut self.times, value.to_owned(), line, "t= lines", MAX_REPEATED)?;
            }
            b'a' => self.attribute(value)?,
            b'm' => self.medium(value)?,
            b'i' | b'u' | b'e' | b'p' | b'r' | b'z' | b'k' => {}
            _ => return Err(self.expected("a type letter of RFC 8866")),
        }
        Ok(())
    }

    fn finish(self) -> Result<Session, SdpError> {
        if !self.version_seen {
            return Err(SdpError::Missing { what: "v=" });
        }
        Ok(Session {
            origin: self.origin.ok_or(SdpError::Missing { what: "o=" })?,
            name: self.name.unwrap_or_else(|| "-".to_owned()),
            connection: self.connection,
            bandwidth: self.bandwidth,
            times: self.times,
            attributes: self.attributes,
            media: self.media,
        })
    }

    /// `<username> <sess-id> <sess-version> IN <addrtype> <address>`
    fn origin(&self, value: &str) -> Result<Origin, SdpError> {
        let expected = || self.expected("o=<user> <id> <version> IN IP4|IP6 <address>");
        let mut words = value.split_ascii_whitespace();
        let mut word = || words.next().ok_or_else(expected);
        let (username, session_id, version) = (word()?, word()?, word()?);
        let (network, address_type, address) = (word()?, word()?, word()?);
        let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
        if words.next().is_some() || !network.eq_ignore_ascii_case("IN") || !digits(session_id) || !digits(version) {
            return Err(expected());
        }
        Ok(Origin {
            username: username.to_owned(),
            session_id: session_id.to_owned(),
            version: version.to_owned(),
            address: Address::read(address_type, address).ok_or_else(expected)?,
        })
    }

    /// `IN <addrtype> <address>[/ttl[/count]]`. More than one c= line for a
    /// medium is for layered multicast; the first counts.
    fn connection(&mut self, value: &str) -> Result<(), SdpError> {
        let expected = || self.expected("c=IN IP4|IP6 <address>");
        let mut words = value.split_ascii_whitespace();
        let (Some(network), Some(address_type), Some(address), None) =
            (words.next(), words.next(), words.next(), words.next())
        else {
            return Err(expected());
        };
        if !network.eq_ignore_ascii_case("IN") {
            return Err(expected());
        }
        let (address, multicast) = match address.split_once('/') {
            Some((address, rest)) => (address, Some(rest.to_owned())),
            None => (address, None),
        };
        let address = Address::read(address_type, address).ok_or_else(expected)?;
        let place = match self.media.last_mut() {
            Some(media) => &mut media.connection,
            None => &mut self.connection,
        };
        place.get_or_insert(Connection { address, multicast });
        Ok(())
    }

    fn bandwidth(&mut self, value: &str) -> Result<(), SdpError> {
        let list = match self.media.last_mut() {
            Some(media) => &mut media.bandwidth,
            None => &mut self.bandwidth,
        };
        push(list, value.to_owned(), self.line, "b= lines", MAX_REPEATED)
    }

    fn attribute(&mut self, value: &str) -> Result<(), SdpError> {
        let attribute = match value.split_once(':') {
            Some((name, value)) => Attribute::new(name, value),
            None => Attribute::flag(value.trim_end()),
        };
        if attribute.name.is_empty() {
            return Err(self.expected("a=<name> or a=<name>:<value>"));
        }
        let list = match self.media.last_mut() {
            Some(media) => &mut media.attributes,
            None => &mut self.attributes,
        };
        push(list, attribute, self.line, "a= lines in one section", MAX_ATTRIBUTES)
    }

    /// `<media> <port>[/<count>] <proto> <fmt> ...`
    fn medium(&mut self, value: &str) -> Result<(), SdpError> {
        let expected = || self.expected("m=<media> <port> <protocol> <format> ...");
        let mut words = value.split_ascii_whitespace();
        let mut word = || words.next().ok_or_else(expected);
        let (kind, port, protocol) = (word()?, word()?, word()?);
        let (port, port_count) = match port.split_once('/') {
            Some((port, count)) => (port, Some(decimal(count).ok_or_else(expected)?)),
            None => (port, None),
        };
        let port = decimal(port).ok_or_else(expected)?;
        let formats: Vec<String> = words.by_ref().take(MAX_FORMATS).map(str::to_owned).collect();
        if formats.is_empty() {
            return Err(expected());
        }
        if words.next().is_some() {
            return Err(SdpError::TooMany { line: self.line, what: "formats", limit: MAX_FORMATS });
        }
        let media = Media {
            kind: kind.to_owned(),
            port,
            port_count,
            protocol: protocol.to_owned(),
            formats,
            connection: None,
            bandwidth: Vec::new(),
            attributes: Vec::new(),
        };
        push(&mut self.media, media, self.line, "m= lines", MAX_MEDIA)
    }

    fn expected(&self, expected: &'static str) -> SdpError {
        SdpError::Line { line: self.line, expected }
    }
}

fn push<T>(list: &mut Vec<T>, item: T, line: usize, what: &'static str, limit: usize) -> Result<(), SdpError> {
    if list.len() >= limit {
        return Err(SdpError::TooMany { line, what, limit });
    }
    list.push(item);
    Ok(())
}

/// Digits only: `u16::from_str` would also take a plus sign.
fn decimal(text: &str) -> Option<u16> {
    text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok())?
}
