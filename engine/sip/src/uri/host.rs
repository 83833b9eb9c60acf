//! Hosts and ports.

use core::fmt;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::{SyntaxError, Text, grammar};

/// A host: a name, or an address.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Host {
    /// A domain name as written; compare with [`Host::is_same`].
    Name(Text),
    /// An address of either family.
    Address(IpAddr),
}

impl Host {
    /// Reads a host name, an IPv4 address or an IPv6 address in brackets.
    pub fn parse(text: &str) -> Result<Self, SyntaxError> {
        Ok(match Read::host(text)? {
            Read::Address(address) => Self::Address(address),
            Read::Name => Self::Name(text.into()),
        })
    }

    /// The address, if it is one.
    #[must_use]
    pub fn address(&self) -> Option<IpAddr> {
        match self {
            Self::Address(address) => Some(*address),
            Self::Name(_) => None,
        }
    }

    /// True when both name the same host: names have no case.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Name(one), Self::Name(other)) => one.eq_ignore_ascii_case(other),
            _ => self == other,
        }
    }
}

impl From<IpAddr> for Host {
    fn from(address: IpAddr) -> Self {
        Self::Address(address)
    }
}

impl fmt::Display for Host {
    /// An IPv6 address gets its brackets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::Address(IpAddr::V4(address)) => write!(f, "{address}"),
            Self::Address(IpAddr::V6(address)) => write!(f, "[{address}]"),
        }
    }
}

/// A host and, when it is written, a port: `host`, `host:5060`, `[2001:db8::1]:5060`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HostPort {
    /// The host.
    pub host: Host,
    /// The port; none means the default of the transport.
    pub port: Option<u16>,
}

impl HostPort {
    /// Reads host and port; white space round the colon is allowed, as in Via.
    pub fn parse(text: &str) -> Result<Self, SyntaxError> {
        let (host, port) = split(text)?;
        Ok(Self { host: Host::parse(host)?, port })
    }

    /// Checks without making anything.
    pub(crate) fn check(text: &str) -> Result<(), SyntaxError> {
        let (host, _) = split(text)?;
        Read::host(host).map(|_| ())
    }
}

impl From<core::net::SocketAddr> for HostPort {
    fn from(address: core::net::SocketAddr) -> Self {
        Self { host: Host::Address(address.ip()), port: Some(address.port()) }
    }
}

impl fmt::Display for HostPort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.host)?;
        match self.port {
            Some(port) => write!(f, ":{port}"),
            None => Ok(()),
        }
    }
}

/// An address as a parameter has it: IPv6 with or without brackets (RFC 5118 4.5).
pub(crate) fn read_address(text: &str) -> Option<IpAddr> {
    match text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        Some(inner) => read_v6(inner).map(IpAddr::V6),
        None => text.parse().ok().or_else(|| read_v6(text).map(IpAddr::V6)),
    }
}

fn split(text: &str) -> Result<(&str, Option<u16>), SyntaxError> {
    let host_end = match grammar::find(text, b']') {
        Some(bracket) => bracket + 1,
        None => grammar::find(text, b':').unwrap_or(text.len()),
    };
    let (host, rest) = text.split_at(host_end);
    let rest = grammar::trim(rest);
    if rest.is_empty() {
        return Ok((grammar::trim(host), None));
    }
    match rest.strip_prefix(':').map(grammar::trim).and_then(grammar::number) {
        Some(port) => Ok((grammar::trim(host), Some(port))),
        None => Err(SyntaxError::new("a port from 0 to 65535 after the host", text)),
    }
}

enum Read {
    Address(IpAddr),
    Name,
}

impl Read {
    fn host(text: &str) -> Result<Self, SyntaxError> {
        if let Some(inner) = text.strip_prefix('[') {
            let address = inner.strip_suffix(']').and_then(read_v6);
            return address.map(|v6| Self::Address(v6.into())).ok_or_else(|| SyntaxError::new("an IPv6 address", text));
        }
        if text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
            let address = text.parse::<Ipv4Addr>().map(|v4| Self::Address(v4.into()));
            return address.map_err(|_| SyntaxError::new("a host", text));
        }
        // Underscores are no part of the grammar, but of names in the field.
        let is_name = text.len() <= MAX_NAME_BYTES
            && text.strip_suffix('.').unwrap_or(text).split('.').all(|label| {
                !label.is_empty()
                    && !label.starts_with('-')
                    && !label.ends_with('-')
                    && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
            });
        if is_name { Ok(Self::Name) } else { Err(SyntaxError::new("a host", text)) }
    }
}

/// Three colons before an embedded IPv4 address come from a bug in the grammar of
/// RFC 3261 and are taken as two (RFC 5118 4.10).
fn read_v6(text: &str) -> Option<Ipv6Addr> {
    text.parse().ok().or_else(|| if text.contains(":::") { text.replacen(":::", "::", 1).parse().ok() } else { None })
}

/// A domain name is at most 255 bytes (RFC 1035 2.3.4).
const MAX_NAME_BYTES: usize = 255;
