//! Ranges of addresses in CIDR notation (RFC 4632 section 3.1, RFC 4291 section 2.3).

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

/// A range of addresses: `192.0.2.0/24`, `2001:db8::/32`, or one address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct AddressRange {
    first: IpAddr,
    prefix_bits: u8,
}

/// The text is no range; the reason completes "expected".
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected {0}")]
pub(crate) struct BadRange(&'static str);

impl AddressRange {
    /// True when the address is in the range. An IPv4 address that came over IPv6 is the IPv4 address.
    #[must_use]
    pub(crate) fn contains(self, address: IpAddr) -> bool {
        let (first, width) = bits(self.first);
        let (address, address_width) = bits(address.to_canonical());
        width == address_width && masked(address, width, self.prefix_bits) == first
    }

    /// True when every address of the other is in this one.
    #[must_use]
    pub(crate) fn covers(self, other: Self) -> bool {
        other.prefix_bits >= self.prefix_bits && self.contains(other.first)
    }
}

impl FromStr for AddressRange {
    type Err = BadRange;

    fn from_str(text: &str) -> Result<Self, BadRange> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let shape = BadRange("an address, or a range such as 192.0.2.0/24 or 2001:db8::/32");
        let first: IpAddr = address.parse().map_err(|_| shape)?;
        let (value, width) = bits(first);
        let prefix_bits = match prefix {
            None => width,
            Some(digits) if (1..=3).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit()) => {
                digits.parse().ok().filter(|bits| *bits <= width).ok_or(shape)?
            }
            Some(_) => return Err(shape),
        };
        if masked(value, width, prefix_bits) != value {
            return Err(BadRange("the first address of the range before the slash"));
        }
        if first.to_canonical() != first {
            return Err(BadRange("an IPv4 address written as such"));
        }
        Ok(Self { first, prefix_bits })
    }
}

impl fmt::Display for AddressRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.first, self.prefix_bits)
    }
}

/// The address as a number, and how many bits it has.
fn bits(address: IpAddr) -> (u128, u8) {
    match address {
        IpAddr::V4(address) => (u128::from(u32::from(address)), 32),
        IpAddr::V6(address) => (u128::from(address), 128),
    }
}

/// The number with all bits behind the prefix cleared.
fn masked(value: u128, width: u8, prefix_bits: u8) -> u128 {
    let behind = u32::from(width.saturating_sub(prefix_bits));
    value.checked_shr(behind).and_then(|kept| kept.checked_shl(behind)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_has_its_addresses_and_no_other() {
        let cases = [
            ("192.0.2.0/24", "192.0.2.255", true),
            ("192.0.2.0/24", "192.0.3.0", false),
            ("192.0.2.7", "192.0.2.7", true),
            ("192.0.2.7", "192.0.2.8", false),
            ("0.0.0.0/0", "203.0.113.9", true),
            ("0.0.0.0/0", "2001:db8::1", false),
            ("::/0", "2001:db8::1", true),
            ("::/0", "192.0.2.1", false),
            ("2001:db8::/33", "2001:db8:7fff::1", true),
            ("2001:db8::/33", "2001:db8:8000::1", false),
            ("192.0.2.0/24", "::ffff:192.0.2.9", true),
            ("::/0", "::ffff:192.0.2.9", false),
        ];
        for (range, address, expected) in cases {
            let range: AddressRange = range.parse().unwrap();
            assert_eq!(range.contains(address.parse().unwrap()), expected, "{range} {address}");
        }
    }

    #[test]
    fn a_range_covers_itself_and_smaller_ones() {
        let cases = [
            ("10.0.0.0/8", "10.0.0.0/8", true),
            ("10.0.0.0/8", "10.1.0.0/16", true),
            ("10.1.0.0/16", "10.0.0.0/8", false),
            ("10.0.0.0/8", "11.0.0.0/16", false),
            ("0.0.0.0/0", "::/0", false),
            ("::/0", "192.0.2.1", false),
            ("2001:db8::/32", "2001:db8::1", true),
        ];
        for (range, other, expected) in cases {
            let (range, other): (AddressRange, AddressRange) = (range.parse().unwrap(), other.parse().unwrap());
            assert_eq!(range.covers(other), expected, "{range} {other}");
        }
    }

    #[test]
    fn ranges_are_written_as_they_are_read() {
        for (text, written) in [("10.0.0.0/8", "10.0.0.0/8"), ("::1", "::1/128"), ("127.0.0.1", "127.0.0.1/32")] {
            assert_eq!(text.parse::<AddressRange>().unwrap().to_string(), written);
        }
    }

    #[test]
    fn what_is_no_range_is_refused() {
        let wrong = [
            "",
            "/",
            "/8",
            "10.0.0.0/",
            "10.0.0.0/33",
            "10.0.0.1/8",
            "::/129",
            "2001:db8::1/32",
            "10.0.0.0/+8",
            "10.0.0.0/8/8",
            "10.0.0/8",
            "localhost",
            "10.0.0.0/0x8",
            "::ffff:10.0.0.0/104",
        ];
        for text in wrong {
            assert!(text.parse::<AddressRange>().is_err(), "{text}");
        }
    }
}
