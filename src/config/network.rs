//! `[network]`, `[dns]` and the session timers of `[sip]`: how others reach us, who knows names, and for how long a
//! call is believed to be there.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use sip::ua::{Network, SessionTimers};

use super::reader::Reader;

/// `[network]`
#[derive(Clone, Debug, Default)]
pub struct NetworkConfig {
    /// The address that peers outside see us at, where it is not that of the listeners.
    pub public_address: Option<IpAddr>,
    /// Networks whose peers reach the listeners themselves.
    pub local_networks: Vec<Network>,
}

/// `[dns]`
#[derive(Clone, Debug, Default)]
pub struct Dns {
    /// Name servers; none for those of the system.
    pub servers: Vec<SocketAddr>,
}

pub(super) fn read_network(reader: &mut Reader<'_>) -> NetworkConfig {
    let right = "an IP address, e.g. \"203.0.113.10\"";
    let public_address = reader.optional_text("public_address", right).and_then(|text| {
        let address = text.parse().ok().filter(|ip: &IpAddr| !ip.is_unspecified());
        if address.is_none() {
            reader.fault("public_address", format!("is \"{text}\"; expected {right}"));
        }
        address
    });
    let right = "networks, e.g. [\"192.168.0.0/16\"]";
    let texts = reader.optional_texts("local_networks", right);
    let texts = texts.unwrap_or_else(|| PRIVATE.iter().map(|text| (*text).to_owned()).collect());
    let mut local_networks = Vec::new();
    for text in texts {
        match text.parse() {
            Ok(network) => local_networks.push(network),
            Err(_) => reader.fault("local_networks", format!("has \"{text}\"; expected {right}")),
        }
    }
    NetworkConfig { public_address, local_networks }
}

pub(super) fn read_dns(reader: &mut Reader<'_>) -> Dns {
    let right = "addresses, e.g. [\"192.0.2.53\", \"192.0.2.54:5353\"]";
    let mut servers = Vec::new();
    for text in reader.texts("servers", right) {
        let address = text.parse().ok().or_else(|| Some(SocketAddr::new(text.parse().ok()?, DNS_PORT)));
        match address {
            Some(server) => servers.push(server),
            None => reader.fault("servers", format!("has \"{text}\"; expected {right}")),
        }
    }
    if servers.len() > SERVERS_MAX {
        reader.fault("servers", format!("has {} entries; expected at most {SERVERS_MAX}", servers.len()));
    }
    Dns { servers }
}

/// `session_expires_s`, 0 to ask for none, and `session_min_s`.
pub(super) fn read_session_timers(reader: &mut Reader<'_>) -> SessionTimers {
    let default = SessionTimers::default();
    let seconds = |value: i64| Duration::from_secs(u64::try_from(value).unwrap_or_default());
    let number = |value: Duration| i64::try_from(value.as_secs()).unwrap_or(i64::MAX);
    let interval = reader.number("session_expires_s", 0, 86_400, number(default.interval.unwrap_or_default()));
    let min = reader.number("session_min_s", 1, 86_400, number(default.min));
    if interval != 0 && interval < min {
        reader.fault("session_expires_s", format!("is {interval}; expected 0 or at least session_min_s, {min}"));
    }
    SessionTimers { interval: (interval != 0).then(|| seconds(interval)), min: seconds(min) }
}

/// Addresses that no peer beyond a router can have (RFC 1918, RFC 3927, RFC 4193, RFC 6598), and our own machine's.
const PRIVATE: [&str; 9] = [
    "127.0.0.0/8",
    "10.0.0.0/8",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "169.254.0.0/16",
    "100.64.0.0/10",
    "::1/128",
    "fc00::/7",
    "fe80::/10",
];
const DNS_PORT: u16 = 53;
/// Each is asked in turn: with more, a look-up takes longer than its answer is worth.
const SERVERS_MAX: usize = 8;
