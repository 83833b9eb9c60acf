//! Printing a description in the order of RFC 8866 5, lines ended by CRLF.

use std::fmt;

use crate::{Attribute, Connection, Media, Origin, Session};

impl fmt::Display for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "v=0\r\no={}\r\ns={}\r\n", self.origin, self.name)?;
        section(f, self.connection.as_ref(), &self.bandwidth)?;
        self.times.iter().try_for_each(|time| write!(f, "t={time}\r\n"))?;
        self.attributes.iter().try_for_each(|a| write!(f, "a={a}\r\n"))?;
        self.media.iter().try_for_each(|media| media.fmt(f))
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {} {}", self.username, self.session_id, self.version, self.address)
    }
}

/// The m= line and all that belongs to it.
impl fmt::Display for Media {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "m={} {}", self.kind, self.port)?;
        if let Some(count) = self.port_count {
            write!(f, "/{count}")?;
        }
        write!(f, " {}", self.protocol)?;
        self.formats.iter().try_for_each(|format| write!(f, " {format}"))?;
        f.write_str("\r\n")?;
        section(f, self.connection.as_ref(), &self.bandwidth)?;
        self.attributes.iter().try_for_each(|a| write!(f, "a={a}\r\n"))
    }
}

impl fmt::Display for Attribute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.value {
            Some(value) => write!(f, "{}:{value}", self.name),
            None => f.write_str(&self.name),
        }
    }
}

fn section(f: &mut fmt::Formatter<'_>, connection: Option<&Connection>, bandwidth: &[String]) -> fmt::Result {
    if let Some(connection) = connection {
        write!(f, "c={connection}\r\n")?;
    }
    bandwidth.iter().try_for_each(|b| write!(f, "b={b}\r\n"))
}
