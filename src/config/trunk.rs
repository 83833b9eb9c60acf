//! `[[trunk]]`: carriers and PBXs.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use call::{
    DEFAULT_TARGET_RING_START_MAX, DEFAULT_TARGET_SILENCE_MAX, IdentityPlan, NumberFormat, ShownNumber, TrunkAddress,
};
use sip::auth::ClientCredentials;
use sip::digest::{Algorithm, AlgorithmChoice, Ha1};
use sip::trunk::{Destination, HealthConfig};
use sip::ua::Transport;
use sip::{Host, HostPort};

use super::objects::{is_e164, read_algorithms, read_e164};
use super::reader::Reader;
use super::{Listen, parse_listen, seconds};

/// `[[trunk]]`
#[derive(Clone, Debug)]
pub struct Trunk {
    /// Name.
    pub name: String,
    /// Whose requests are the trunk's.
    pub sources: Vec<TrunkAddress>,
    /// Where calls to it go, first choice first.
    pub destinations: Vec<Destination>,
    /// The listener that its messages leave from.
    pub listener: Option<Listen>,
    /// With what its challenges are answered.
    pub login: Option<ClientCredentials>,
    /// Register there.
    pub register: Option<Register>,
    /// Name and password of its own requests.
    pub inbound: Option<ClientCredentials>,
    /// Ask its targets by OPTIONS.
    pub health: Option<HealthConfig>,
    /// A target that says nothing for so long is left for the next.
    pub target_silence_max: Duration,
    /// A target that says 100 and does not ring for so long is left for the next one.
    pub target_ring_start_max: Duration,
    /// Ask it for provisional responses that arrive.
    pub reliable_provisionals: bool,
    /// The trunk's own number.
    pub caller_id: Option<String>,
    /// Caller ids.
    pub identity: IdentityPlan,
    /// Calls at a time; 0 for no limit.
    pub calls_max: u32,
    /// New calls a second; 0 for no limit.
    pub calls_per_second_max: u32,
}

/// Registration at a carrier.
#[derive(Clone, Debug)]
pub struct Register {
    /// The registrar, where it is not the first destination.
    pub registrar: Option<Destination>,
    /// Address of record.
    pub aor: String,
    /// Lifetime to ask for.
    pub expires: Duration,
    /// User part of our Contact.
    pub contact_user: String,
}

pub(super) fn read_trunk(reader: &mut Reader<'_>) -> Trunk {
    let name = reader.text("name", "the trunk's name");
    let destinations = read_destinations(reader);
    let algorithms = read_algorithms(reader);
    let login = read_login(reader, "username", "password", algorithms.unwrap_or(AlgorithmChoice::Both));
    let inbound = ("inbound_username", "inbound_password");
    Trunk {
        sources: read_sources(reader),
        listener: read_listener(reader),
        register: read_register(reader, &name, destinations.first(), login.as_ref()),
        inbound: read_login(reader, inbound.0, inbound.1, algorithms.unwrap_or_default()),
        health: read_health(reader),
        target_silence_max: read_silence(reader),
        target_ring_start_max: read_ring_start(reader),
        reliable_provisionals: reader.flag("reliable_provisionals", false),
        caller_id: read_e164(reader, "caller_id"),
        identity: read_identity(reader),
        calls_max: reader.number("calls_max", 0, 1_000_000, 0) as u32,
        calls_per_second_max: reader.number("calls_per_second_max", 0, 100_000, 0) as u32,
        name,
        destinations,
        login,
    }
}

/// Reads `carrier.example`, `carrier.example:5060`, `192.0.2.1`, each with `udp:` or `tcp:` before it or without.
#[must_use]
pub(super) fn parse_destination(text: &str) -> Option<Destination> {
    let (transport, rest) = match text.split_once(':') {
        Some(("udp", rest)) => (Some(Transport::Udp), rest),
        Some(("tcp", rest)) => (Some(Transport::Tcp), rest),
        _ => (None, text),
    };
    let HostPort { host, port } = HostPort::parse(rest).ok()?;
    let is_unreachable = port == Some(0) || host.address().is_some_and(|ip| ip.is_unspecified());
    (!is_unreachable).then_some(Destination { host, port, transport })
}

/// As it stands in the configuration.
#[must_use]
pub fn destination_text(destination: &Destination) -> String {
    let host_port = HostPort { host: destination.host.clone(), port: destination.port };
    match destination.transport {
        Some(Transport::Udp) => format!("udp:{host_port}"),
        Some(Transport::Tcp) => format!("tcp:{host_port}"),
        None => host_port.to_string(),
    }
}

fn read_destinations(reader: &mut Reader<'_>) -> Vec<Destination> {
    let single = reader.optional_text("destination", DESTINATION);
    let mut texts = reader.texts("destinations", &format!("a list such as [\"{DESTINATION}\"]"));
    match (&single, texts.is_empty()) {
        (Some(_), false) => reader.fault("destination", "stands beside destinations; give one of them"),
        (None, true) => reader.fault("destination", format!("is missing; expected {DESTINATION}")),
        _ => {}
    }
    if texts.len() > DESTINATIONS_MAX {
        reader.fault("destinations", format!("has {} entries; expected at most {DESTINATIONS_MAX}", texts.len()));
    }
    let key = if single.is_some() { "destination" } else { "destinations" };
    texts.extend(single);
    let mut destinations = Vec::new();
    for text in texts.iter().take(DESTINATIONS_MAX) {
        match parse_destination(text) {
            Some(destination) => destinations.push(destination),
            None => reader.fault(key, format!("is \"{text}\"; expected {DESTINATION}")),
        }
    }
    destinations
}

fn read_sources(reader: &mut Reader<'_>) -> Vec<TrunkAddress> {
    let mut sources = Vec::new();
    for text in reader.texts("sources", "addresses, e.g. [\"192.0.2.1\", \"192.0.2.2:5060\"]") {
        match parse_source(&text) {
            Some(source) => sources.push(source),
            None => reader.fault("sources", format!("\"{text}\" is not an IP address with or without port")),
        }
    }
    sources
}

fn parse_source(text: &str) -> Option<TrunkAddress> {
    if let Ok(ip) = text.parse::<IpAddr>() {
        return Some(TrunkAddress { ip, port: None });
    }
    let addr: SocketAddr = text.parse().ok()?;
    Some(TrunkAddress { ip: addr.ip(), port: Some(addr.port()) })
}

fn read_listener(reader: &mut Reader<'_>) -> Option<Listen> {
    let right = "one of sip.listen, e.g. \"udp:192.0.2.10:5060\"";
    let text = reader.optional_text("listener", right)?;
    let listen = parse_listen(&text);
    if listen.is_none() {
        reader.fault("listener", format!("is \"{text}\"; expected {right}"));
    }
    listen
}

fn read_login(
    reader: &mut Reader<'_>,
    user_key: &'static str,
    password_key: &'static str,
    algorithms: AlgorithmChoice,
) -> Option<ClientCredentials> {
    let user = reader.optional_text(user_key, "a user name");
    // Never quoted in a fault.
    let password = reader.optional_text(password_key, "a text");
    match (user, password) {
        (Some(user), Some(password)) => {
            Some(ClientCredentials { algorithms, ..ClientCredentials::new(user, password) })
        }
        (None, None) => None,
        (None, Some(_)) => {
            reader.fault(user_key, format!("is missing, but there is {password_key}"));
            None
        }
        (Some(_), None) => {
            reader.fault(password_key, format!("is missing, but there is {user_key}"));
            None
        }
    }
}

fn read_register(
    reader: &mut Reader<'_>,
    trunk: &str,
    destination: Option<&Destination>,
    login: Option<&ClientCredentials>,
) -> Option<Register> {
    let is_wanted = reader.flag("register", false);
    let registrar = reader.optional_text("registrar", DESTINATION).and_then(|text| {
        let parsed = parse_destination(&text);
        if parsed.is_none() {
            reader.fault("registrar", format!("is \"{text}\"; expected {DESTINATION}"));
        }
        parsed
    });
    let aor = reader.optional_text("aor", "an address, e.g. \"sip:4420718@carrier.example\"");
    let expires = seconds(reader.number("expires_s", 30, 86_400, 600));
    let contact_user = reader.optional_text("contact_user", "a user name");
    if !is_wanted {
        return None;
    }
    let Some(login) = login else {
        reader.fault("username", "is missing; register needs username and password");
        return None;
    };
    let aor = aor.unwrap_or_else(|| {
        let host = registrar.as_ref().or(destination).map_or(String::new(), |at| at.host.to_string());
        format!("sip:{}@{host}", login.user)
    });
    if !sip::Uri::parse(&aor).is_ok_and(|uri| uri.is_sip() && uri.user().is_some()) {
        reader.fault("aor", format!("is \"{aor}\"; expected an address, e.g. \"sip:4420718@carrier.example\""));
    }
    let contact_user = contact_user.unwrap_or_else(|| own_contact(trunk, login));
    Some(Register { registrar, aor, expires, contact_user })
}

/// The same after each restart, so that a registrar keeps one binding of ours; known to nobody without the password.
fn own_contact(trunk: &str, login: &ClientCredentials) -> String {
    let secret = Ha1::new(Algorithm::Sha256, &login.user, &format!("contact of {trunk}"), &login.password);
    secret.as_str().chars().take(CONTACT_CHARS).collect()
}

fn read_health(reader: &mut Reader<'_>) -> Option<HealthConfig> {
    let is_wanted = reader.flag("health", false);
    let config = HealthConfig {
        interval: seconds(reader.number("health_interval_s", 1, 3_600, 30)),
        up_after: reader.number("health_up_after", 1, 100, 1) as u32,
        down_after: reader.number("health_down_after", 1, 100, 3) as u32,
    };
    is_wanted.then_some(config)
}

fn read_silence(reader: &mut Reader<'_>) -> Duration {
    let default = i64::try_from(DEFAULT_TARGET_SILENCE_MAX.as_secs()).unwrap_or(i64::MAX);
    seconds(reader.number("target_silence_s", 1, 32, default))
}

fn read_ring_start(reader: &mut Reader<'_>) -> Duration {
    let default = i64::try_from(DEFAULT_TARGET_RING_START_MAX.as_secs()).unwrap_or(i64::MAX);
    seconds(reader.number("target_ring_start_s", 1, 600, default))
}

fn read_identity(reader: &mut Reader<'_>) -> IdentityPlan {
    let allowed = reader.optional_texts("caller_ids_allowed", "E.164 numbers, or beginnings, e.g. [\"+44207183*\"]");
    for number in allowed.iter().flatten() {
        let digits = number.strip_suffix('*').unwrap_or(number);
        let is_beginning = digits.starts_with('+') && digits[1..].bytes().all(|byte| byte.is_ascii_digit());
        if !(is_e164(number) || (number.ends_with('*') && is_beginning)) {
            reader.fault("caller_ids_allowed", format!("has \"{number}\"; expected e.g. \"+44207183*\""));
        }
    }
    IdentityPlan {
        shown: word(reader, "caller_id_shown", &SHOWN),
        allowed,
        restricted: reader.flag("caller_id_restricted", false),
        trusted: reader.flag("identity_trusted", false),
        called: word(reader, "called_format", &FORMATS),
        calling: word(reader, "calling_format", &FORMATS),
    }
}

/// One of a few words; the default where it is missing.
fn word<T: Copy + Default>(reader: &mut Reader<'_>, key: &'static str, words: &[(&str, T)]) -> T {
    let right = words.iter().map(|(word, _)| format!("\"{word}\"")).collect::<Vec<_>>().join(", ");
    let Some(text) = reader.optional_text(key, &right) else { return T::default() };
    let found = words.iter().find(|(word, _)| *word == text).map(|(_, value)| *value);
    found.unwrap_or_else(|| {
        reader.fault(key, format!("is \"{text}\"; expected one of {right}"));
        T::default()
    })
}

/// The first destination as an address, where it is one: what shards use until the watcher tells better.
#[must_use]
pub fn first_address(trunk: &Trunk) -> SocketAddr {
    let address = trunk.destinations.first().and_then(|first| match &first.host {
        Host::Address(ip) => Some(SocketAddr::new(*ip, first.port.unwrap_or(DEFAULT_PORT))),
        Host::Name(_) => None,
    });
    address.unwrap_or(SocketAddr::from(([0, 0, 0, 0], 0)))
}

const SHOWN: [(&str, ShownNumber); 3] =
    [("trunk", ShownNumber::Trunk), ("caller", ShownNumber::Caller), ("agent", ShownNumber::Agent)];
const FORMATS: [(&str, NumberFormat); 3] =
    [("plus", NumberFormat::Plus), ("digits", NumberFormat::Digits), ("national", NumberFormat::National)];
const DESTINATION: &str = "\"carrier.example\", \"udp:carrier.example:5060\", \"tcp:192.0.2.1:5060\" or the like";
/// More than a caller would wait for.
const DESTINATIONS_MAX: usize = 16;
/// 128 bits in hex.
const CONTACT_CHARS: usize = 32;
/// SIP's own (RFC 3261 19.1.2).
const DEFAULT_PORT: u16 = 5_060;
