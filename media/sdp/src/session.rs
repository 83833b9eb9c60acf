//! A session description and its parts (RFC 8866 5).

use crate::{Address, Connection};

/// A session description. Lines without use in a call (i, u, e, p, r, z, k)
/// are read and dropped; attributes are all kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Who made it, and which version it is (o=).
    pub origin: Origin,
    /// Its name (s=); `-` in calls.
    pub name: String,
    /// Where media goes whose m= line has no c= of its own.
    pub connection: Option<Connection>,
    /// b= lines, uninterpreted.
    pub bandwidth: Vec<String>,
    /// t= lines, uninterpreted; `0 0` in calls.
    pub times: Vec<String>,
    /// a= lines before the first m= line.
    pub attributes: Vec<Attribute>,
    /// The m= lines in order: an answer has as many, in the same order.
    pub media: Vec<Media>,
}

/// The o= line (RFC 8866 5.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// User name, `-` for none.
    pub username: String,
    /// Session id, decimal digits.
    pub session_id: String,
    /// Version, decimal digits; one more with each change (RFC 3264 8).
    pub version: String,
    /// Address of the machine that made it; says nothing about media.
    pub address: Address,
}

/// One m= line with the lines that belong to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Media {
    /// `audio`, `video`, `image` and others.
    pub kind: String,
    /// Port of the media; 0 means rejected or disabled (RFC 3264 6, 8.2).
    pub port: u16,
    /// Number of port pairs, if stated.
    pub port_count: Option<u16>,
    /// `RTP/AVP` and others.
    pub protocol: String,
    /// Formats in order of preference; payload types where it is RTP.
    pub formats: Vec<String>,
    /// Its own c= line.
    pub connection: Option<Connection>,
    /// b= lines, uninterpreted.
    pub bandwidth: Vec<String>,
    /// a= lines.
    pub attributes: Vec<Attribute>,
}

/// An a= line: `name` or `name:value`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attribute {
    /// What stands before the first colon.
    pub name: String,
    /// What stands behind it.
    pub value: Option<String>,
}

/// Which ways media flows, seen by the side that says it (RFC 3264 5.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Direction {
    /// Both ways; what holds when nothing is said.
    #[default]
    SendRecv,
    /// It sends and wants nothing back.
    SendOnly,
    /// It wants media and sends none.
    RecvOnly,
    /// Neither.
    Inactive,
}

impl Direction {
    /// The direction of a side that `sends` and `receives`.
    #[must_use]
    pub const fn new(sends: bool, receives: bool) -> Self {
        match (sends, receives) {
            (true, true) => Self::SendRecv,
            (true, false) => Self::SendOnly,
            (false, true) => Self::RecvOnly,
            (false, false) => Self::Inactive,
        }
    }

    /// Whether the side that says it sends.
    #[must_use]
    pub const fn sends(self) -> bool {
        matches!(self, Self::SendRecv | Self::SendOnly)
    }

    /// Whether the side that says it receives.
    #[must_use]
    pub const fn receives(self) -> bool {
        matches!(self, Self::SendRecv | Self::RecvOnly)
    }

    /// The same flows, seen from the other side.
    #[must_use]
    pub const fn reversed(self) -> Self {
        Self::new(self.receives(), self.sends())
    }

    /// The flows that both want.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self::new(self.sends() && other.sends(), self.receives() && other.receives())
    }

    /// The attribute's name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SendRecv => "sendrecv",
            Self::SendOnly => "sendonly",
            Self::RecvOnly => "recvonly",
            Self::Inactive => "inactive",
        }
    }

    /// The direction that an attribute's name stands for.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::SendRecv, Self::SendOnly, Self::RecvOnly, Self::Inactive].into_iter().find(|d| d.as_str() == name)
    }
}

impl Attribute {
    /// `a=name`.
    #[must_use]
    pub fn flag(name: &str) -> Self {
        Self { name: name.to_owned(), value: None }
    }

    /// `a=name:value`.
    #[must_use]
    pub fn new(name: &str, value: impl Into<String>) -> Self {
        Self { name: name.to_owned(), value: Some(value.into()) }
    }
}

impl Session {
    /// The c= line that counts for `media`: its own, else the session's.
    #[must_use]
    pub fn connection_of<'a>(&'a self, media: &'a Media) -> Option<&'a Connection> {
        media.connection.as_ref().or(self.connection.as_ref())
    }

    /// The direction of `media`: its own attribute, else the session's, else both ways.
    #[must_use]
    pub fn direction_of(&self, media: &Media) -> Direction {
        let stated = |attributes: &[Attribute]| attributes.iter().find_map(|a| Direction::from_name(&a.name));
        stated(&media.attributes).or_else(|| stated(&self.attributes)).unwrap_or_default()
    }
}
