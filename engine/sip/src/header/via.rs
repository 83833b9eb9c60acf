//! Via: the way a request came (RFC 3261 20.42, RFC 3581).

use core::{
    fmt::{self, Write},
    net::{IpAddr, SocketAddr},
};

use super::params::{self, Params};
use crate::{
    SyntaxError, Text, grammar,
    text::Span,
    uri::{HostPort, read_address},
};

/// A transport protocol by its name in Via and in `transport=`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Transport {
    /// UDP.
    Udp,
    /// TCP.
    Tcp,
    /// TLS over TCP.
    Tls,
    /// WebSocket (RFC 7118).
    Ws,
    /// WebSocket over TLS (RFC 7118).
    Wss,
    /// Any other.
    Other(Text),
}

impl Transport {
    /// The transport of this name, in any case.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let known = [Self::Udp, Self::Tcp, Self::Tls, Self::Ws, Self::Wss];
        known
            .into_iter()
            .find(|known| known.as_str().eq_ignore_ascii_case(text))
            .unwrap_or_else(|| Self::Other(text.into()))
    }

    /// The name as written in Via.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Udp => "UDP",
            Self::Tcp => "TCP",
            Self::Tls => "TLS",
            Self::Ws => "WS",
            Self::Wss => "WSS",
            Self::Other(name) => name,
        }
    }

    /// True when it delivers or fails: no retransmissions (RFC 3261 17).
    #[must_use]
    pub fn is_reliable(&self) -> bool {
        !matches!(self, Self::Udp)
    }
}

impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One Via value: `SIP/2.0/UDP host:port;branch=...`.
#[derive(Clone, PartialEq, Eq)]
pub struct Via {
    text: Text,
    transport: Span,
    sent_by: Span,
    params: Params,
}

impl Via {
    /// Reads one value.
    pub fn parse(text: &str) -> Result<Self, SyntaxError> {
        Self::read(text.into())
    }

    /// A Via for a request of ours, with `rport` (RFC 3581). Fails when `branch` is no token.
    pub fn new(transport: &Transport, sent_by: &HostPort, branch: &str) -> Result<Self, SyntaxError> {
        if !grammar::is_token(branch) {
            return Err(SyntaxError::new("a token as branch", branch));
        }
        Self::read(format!("SIP/2.0/{transport} {sent_by};rport;branch={branch}").into())
    }

    pub(crate) fn read(text: Text) -> Result<Self, SyntaxError> {
        let fault = |expected| SyntaxError::new(expected, &text);
        let protocol =
            grammar::split_once(&text, b'/').filter(|(name, _)| grammar::trim(name).eq_ignore_ascii_case("SIP"));
        let version = protocol.and_then(|(_, rest)| grammar::split_once(rest, b'/'));
        let rest = version.filter(|(version, _)| grammar::trim(version) == "2.0").map(|(_, rest)| grammar::trim(rest));
        let rest = rest.ok_or_else(|| fault("SIP/2.0/ and a transport"))?;
        let (transport, rest) = rest.split_at(rest.bytes().take_while(|byte| grammar::is_token_byte(*byte)).count());
        if transport.is_empty() || !rest.starts_with([' ', '\t']) {
            return Err(fault("a transport and a space"));
        }
        let rest = grammar::trim(rest);
        let (sent_by, params) = grammar::split_before(rest, b';');
        let sent_by = grammar::trim(sent_by);
        HostPort::check(sent_by)?;
        params::check(params)?;
        let (transport, sent_by) = (Span::of(&text, transport), Span::of(&text, sent_by));
        let params = Params::checked(text.part(Span::of(&text, params)));
        Ok(Self { transport, sent_by, params, text })
    }

    /// The transport it was sent over.
    #[must_use]
    pub fn transport(&self) -> Transport {
        Transport::parse(self.text.at(self.transport))
    }

    /// Where the sender says it is.
    #[must_use]
    pub fn sent_by(&self) -> HostPort {
        let text = self.text.at(self.sent_by);
        HostPort::parse(text).unwrap_or_else(|_| HostPort { host: crate::Host::Name(text.into()), port: None })
    }

    /// Where the sender says it is, as written: with the branch the key of a
    /// server transaction (RFC 3261 17.2.3).
    #[must_use]
    pub fn sent_by_text(&self) -> &str {
        self.text.at(self.sent_by)
    }

    /// The branch.
    #[must_use]
    pub fn branch(&self) -> Option<&str> {
        self.params.value("branch")
    }

    /// True when the branch is unique by RFC 3261: the magic cookie and more. The
    /// cookie alone is none (RFC 4475 3.2.1), nor what RFC 2543 writes.
    #[must_use]
    pub fn has_rfc3261_branch(&self) -> bool {
        let cookie_len = MAGIC_COOKIE.len();
        self.branch().is_some_and(|branch| {
            branch.len() > cookie_len
                && branch.get(..cookie_len).is_some_and(|prefix| prefix.eq_ignore_ascii_case(MAGIC_COOKIE))
        })
    }

    /// The address the request came from, as the receiver noted it; brackets round
    /// IPv6 are tolerated (RFC 5118 4.5).
    #[must_use]
    pub fn received(&self) -> Option<IpAddr> {
        self.params.value("received").and_then(read_address)
    }

    /// The port the request came from, as the receiver noted it (RFC 3581).
    #[must_use]
    pub fn rport(&self) -> Option<u16> {
        self.params.value("rport").and_then(grammar::number)
    }

    /// True when the sender asks for answers to the port it sent from (RFC 3581).
    #[must_use]
    pub fn wants_rport(&self) -> bool {
        self.params.has("rport")
    }

    /// All parameters.
    #[must_use]
    pub fn params(&self) -> &Params {
        &self.params
    }

    /// This Via as the server that got the request from `source` must answer it:
    /// with `received` when sent-by is another address or rport is asked for, and
    /// rport filled in (RFC 3261 18.2.1, RFC 3581 4).
    #[must_use]
    pub fn noted(&self, source: SocketAddr) -> String {
        let mut noted = String::with_capacity(self.text.len() + 64);
        for part in ["SIP/2.0/", self.text.at(self.transport), " ", self.sent_by_text()] {
            noted.push_str(part);
        }
        let kept = self
            .params
            .iter()
            .filter(|(name, _)| !["received", "rport"].iter().any(|own| own.eq_ignore_ascii_case(name)));
        for (name, value) in kept {
            noted.push(';');
            noted.push_str(name);
            if let Some(value) = value {
                noted.push('=');
                noted.push_str(value);
            }
        }
        let ip = source.ip().to_canonical();
        let is_known = self.sent_by().host.address().is_some_and(|sent_by| sent_by.to_canonical() == ip);
        if !is_known || self.wants_rport() {
            let _ = write!(noted, ";received={ip}");
        }
        if self.wants_rport() {
            let _ = write!(noted, ";rport={}", source.port());
        }
        noted
    }

    /// The whole value as it stands.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.text.as_str()
    }
}

impl fmt::Display for Via {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Via {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What every branch of RFC 3261 starts with (8.1.1.7).
pub const MAGIC_COOKIE: &str = "z9hG4bK";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_space_and_odd_values() {
        let via = Via::parse("SIP  / 2.0  / TCP     spindle.example.com   ; branch  =   z9hG4bK9ikj8").unwrap();
        assert_eq!((via.transport(), via.branch()), (Transport::Tcp, Some("z9hG4bK9ikj8")));
        assert_eq!(via.sent_by().to_string(), "spindle.example.com");
        let v6 = Via::parse("SIP/2.0/UDP [2001:db8::9:1]:5070;received=[2001:db8::9:255];branch=z9hG4bKas3").unwrap();
        assert_eq!(v6.received(), "2001:db8::9:255".parse().ok());
        assert_eq!(v6.sent_by().port, Some(5070));
        assert_eq!(Via::parse("sip/2.0/unknown h").unwrap().transport(), Transport::Other("unknown".into()));
        assert!(!Via::parse("SIP/2.0/UDP h;branch=z9hG4bK").unwrap().has_rfc3261_branch());
        assert!(Via::parse("SIP/2.0/UDP h;branch=Z9hg4BKx").unwrap().has_rfc3261_branch());
    }

    #[test]
    fn what_is_no_via_is_refused() {
        for bad in [
            "",
            "SIP/2.0",
            "SIP/2.0/UDP",
            "SIP/3.0/UDP h",
            "SIP/2.0/UDP 192.0.2.15;;",
            "SIP/2.0/UDP h:x",
            "SIP/2.0/UDP ;branch=1",
            "HTTP/2.0/UDP h",
        ] {
            assert!(Via::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_source_is_noted() {
        let source = "192.0.2.9:4711".parse().unwrap();
        let noted = |via: &str| Via::parse(via).unwrap().noted(source);
        assert_eq!(noted("SIP/2.0/UDP 192.0.2.9;branch=a"), "SIP/2.0/UDP 192.0.2.9;branch=a");
        assert_eq!(noted("SIP/2.0/UDP 10.0.0.1;branch=a"), "SIP/2.0/UDP 10.0.0.1;branch=a;received=192.0.2.9");
        assert_eq!(
            noted("SIP/2.0/UDP h:5060;rport;branch=a;received=1.1.1.1"),
            "SIP/2.0/UDP h:5060;branch=a;received=192.0.2.9;rport=4711"
        );
    }
}
