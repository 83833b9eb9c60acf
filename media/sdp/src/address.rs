//! Addresses as o= and c= lines have them.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// An address of network type IN (RFC 8866 5.2, 5.7).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// A literal, written without brackets also in IPv6 (RFC 5118 4.6).
    Ip(IpAddr),
    /// A name of the family that the address type says. We do not resolve it.
    Name {
        /// `IP6` rather than `IP4`.
        ipv6: bool,
        /// The name as it came.
        name: String,
    },
}

/// A c= line: where media goes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connection {
    /// The address.
    pub address: Address,
    /// What follows a slash: TTL and number of addresses, multicast only.
    pub multicast: Option<String>,
}

impl Address {
    /// Reads address type and address; `None` if the two do not fit together.
    #[must_use]
    pub(crate) fn read(address_type: &str, text: &str) -> Option<Self> {
        let ipv6 = match address_type {
            _ if address_type.eq_ignore_ascii_case("IP4") => false,
            _ if address_type.eq_ignore_ascii_case("IP6") => true,
            _ => return None,
        };
        let literal =
            if ipv6 { text.parse::<Ipv6Addr>().map(IpAddr::V6) } else { text.parse::<Ipv4Addr>().map(IpAddr::V4) };
        match literal {
            Ok(ip) => Some(Self::Ip(ip)),
            Err(_) if is_name(text) => Some(Self::Name { ipv6, name: text.to_owned() }),
            Err(_) => None,
        }
    }

    /// The literal; an IPv4 address mapped into IPv6 (RFC 5118 4.9) as IPv4.
    #[must_use]
    pub fn ip(&self) -> Option<IpAddr> {
        match self {
            Self::Ip(ip) => Some(ip.to_canonical()),
            Self::Name { .. } => None,
        }
    }
}

impl From<IpAddr> for Address {
    fn from(ip: IpAddr) -> Self {
        Self::Ip(ip)
    }
}

impl From<IpAddr> for Connection {
    fn from(ip: IpAddr) -> Self {
        Self { address: Address::Ip(ip), multicast: None }
    }
}

/// `IN IP4 192.0.2.1`, as it stands in o=, c= and a=rtcp.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ip(ip @ IpAddr::V4(_)) => write!(f, "IN IP4 {ip}"),
            Self::Ip(ip @ IpAddr::V6(_)) => write!(f, "IN IP6 {ip}"),
            Self::Name { ipv6, name } => write!(f, "IN IP{} {name}", if *ipv6 { 6 } else { 4 }),
        }
    }
}

impl fmt::Display for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.multicast {
            Some(multicast) => write!(f, "{}/{multicast}", self.address),
            None => self.address.fmt(f),
        }
    }
}

/// RFC 8866 9 `FQDN`: letters, digits, hyphens and dots, not an IPv4 literal
/// with a fault in it.
fn is_name(text: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
    text.chars().all(allowed) && text.chars().any(|c| c.is_ascii_alphabetic())
}
