//! The attributes that audio needs, read from a medium's a= lines.

use crate::{Address, Attribute, Media};

/// a=rtpmap (RFC 8866 6.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RtpMap<'a> {
    /// Encoding name; case does not matter.
    pub encoding: &'a str,
    /// RTP clock in Hz.
    pub clock_rate_hz: u32,
    /// What follows: the number of channels in audio.
    pub parameters: Option<&'a str>,
}

/// a=rtcp (RFC 3605 2.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RtcpAttribute {
    /// Port for RTCP.
    pub port: u16,
    /// Address for RTCP, if it is not the medium's.
    pub address: Option<Address>,
}

impl Media {
    /// The value of the first attribute `name`.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|a| a.name == name)?.value.as_deref()
    }

    /// Whether the attribute `name` is there, with or without a value.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.attributes.iter().any(|a| a.name == name)
    }

    /// The mapping of a payload type, if one is stated and readable.
    #[must_use]
    pub fn rtpmap(&self, payload_type: u8) -> Option<RtpMap<'_>> {
        let mut parts = self.for_payload_type("rtpmap", payload_type)?.trim().split('/');
        let encoding = parts.next().filter(|e| !e.is_empty())?;
        let clock_rate_hz = parts.next()?.trim().parse().ok()?;
        Some(RtpMap { encoding, clock_rate_hz, parameters: parts.next() })
    }

    /// The format parameters of a payload type.
    #[must_use]
    pub fn fmtp(&self, payload_type: u8) -> Option<&str> {
        self.for_payload_type("fmtp", payload_type)
    }

    /// Milliseconds of media in a packet that this side would like to get.
    #[must_use]
    pub fn ptime_ms(&self) -> Option<u32> {
        self.attribute("ptime")?.trim().parse().ok()
    }

    /// Most milliseconds of media in a packet that this side takes.
    #[must_use]
    pub fn maxptime_ms(&self) -> Option<u32> {
        self.attribute("maxptime")?.trim().parse().ok()
    }

    /// Where RTCP goes, if it is not the port above RTP.
    #[must_use]
    pub fn rtcp(&self) -> Option<RtcpAttribute> {
        let mut words = self.attribute("rtcp")?.split_ascii_whitespace();
        let port = words.next()?.parse().ok()?;
        let address = match (words.next(), words.next(), words.next()) {
            (Some(network), Some(address_type), Some(address)) if network.eq_ignore_ascii_case("IN") => {
                Address::read(address_type, address)
            }
            _ => None,
        };
        Some(RtcpAttribute { port, address })
    }

    fn for_payload_type(&self, name: &str, payload_type: u8) -> Option<&str> {
        self.attributes.iter().filter(|a| a.name == name).find_map(|Attribute { value, .. }| {
            let (number, rest) = value.as_deref()?.split_once(' ')?;
            (number.parse() == Ok(payload_type)).then_some(rest)
        })
    }
}
