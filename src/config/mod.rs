//! Configuration: a TOML file, read whole, with every fault reported at once.
//!
//! What it may contain is documented in `docs/configuration.md`; `config/demo.toml` is a full example.

mod callback;
mod check;
mod country;
mod database;
mod duty;
pub mod lists;
mod lost_calls;
mod measured;
mod network;
pub(crate) mod objects;
mod queue_check;
mod range;
mod reader;
mod routing;
pub(crate) mod rules;
mod rules_check;
mod source;
mod trunk;

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

pub use country::{number_plan, premium_prefixes};
pub use database::Database;
pub use lost_calls::LostCalls;
pub use network::{Dns, NetworkConfig};
pub use objects::{Agent, ApiKey, Number, Queue, Route, RouteFrom, TargetName};
pub use reader::Fault;
pub use routing::{NamedSkill, Owner, QueueRouting, QueueStep, Rank};
pub use rules::{ExitName, GateName, Menu, QueueRules};
pub use source::Source;
pub use trunk::{Register, Trunk, destination_text, first_address};

pub use duty::QueueDuty;

use centre::{DispositionRule, PauseReason};
use hours::Schedule;
use reader::Reader;
use sip::digest::AlgorithmChoice;
use sip::location::Probing;
use sip::ua::SessionTimers;

/// The whole configuration, checked.
#[derive(Clone, Debug)]
pub struct Config {
    /// The file as it was read.
    pub source: Source,
    /// `[node]`
    pub node: Node,
    /// `[sip]`
    pub sip: Sip,
    /// `[rtp]`
    pub rtp: Rtp,
    /// `[http]`
    pub http: Http,
    /// `[network]`
    pub network: NetworkConfig,
    /// `[dns]`
    pub dns: Dns,
    /// `[limits]`
    pub limits: Limits,
    /// `[dialing]`
    pub dialing: callback::Dialing,
    /// `[[do_not_call_list]]`
    pub do_not_call_lists: Vec<lists::ListFile>,
    /// What stands in their files.
    pub imported: Vec<Arc<dialer::gate::Imported>>,
    /// `[lost_calls]`
    pub lost_calls: LostCalls,
    /// `[[key]]`
    pub keys: Vec<ApiKey>,
    /// `[[trunk]]`
    pub trunks: Vec<Trunk>,
    /// `[[route]]`
    pub routes: Vec<Route>,
    /// `[[agents]]`, one a agent
    pub agents: Vec<Agent>,
    /// `[[queue]]`
    pub queues: Vec<Queue>,
    /// `[[number]]`
    pub numbers: Vec<Number>,
    /// `[[owner]]`
    pub owners: Vec<Owner>,
    /// `[[schedule]]`
    pub schedules: Vec<Arc<Schedule>>,
    /// `[[menu]]`
    pub menus: Vec<Menu>,
    /// `[[pause_reason]]`
    pub pause_reasons: Vec<PauseReason>,
    /// `[[disposition]]`
    pub dispositions: Vec<DispositionRule>,
}

/// `[node]`: the node itself.
#[derive(Clone, Debug)]
pub struct Node {
    /// Name of the one account.
    pub account: String,
    /// SIP domain and digest realm.
    pub domain: String,
    /// By which days begin in figures of queues.
    pub time_zone: hours::Zone,
    /// Two-letter code of the home country.
    pub home_country: String,
    /// Country codes abroad that may be dialed, e.g. `33`.
    pub allowed_countries: Vec<String>,
    /// E.164 prefixes that may not be dialed; none where the home country's premium rates are meant.
    pub denied_prefixes: Option<Vec<String>>,
    /// Folder of journal, database and recordings.
    pub data_dir: PathBuf,
    /// Where the rows are.
    pub database: Database,
    /// Folder of prompts and music.
    pub prompts_dir: PathBuf,
    /// Language of callers of whom nothing else is known: a folder of prompts.
    pub language: String,
    /// Music for a party on hold outside queue calls, by name.
    pub hold_music: String,
    /// On SIGTERM: how long calls may go on.
    pub drain: Duration,
    /// Call shards.
    pub shards: u16,
}

/// A SIP listener.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listen {
    /// Datagrams.
    Udp(SocketAddr),
    /// Streams.
    Tcp(SocketAddr),
}

impl Listen {
    /// The address to bind.
    pub fn addr(self) -> SocketAddr {
        match self {
            Self::Udp(addr) | Self::Tcp(addr) => addr,
        }
    }
}

/// `[sip]`
#[derive(Clone, Debug)]
pub struct Sip {
    /// Listeners; the port 0 takes a free one, the same for all of one address.
    pub listen: Vec<Listen>,
    /// TCP connections at a time.
    pub connections_max: usize,
    /// Digest algorithms that someone unknown is asked for.
    pub algorithms: AlgorithmChoice,
    /// Session timers of calls.
    pub session_timers: SessionTimers,
    /// Which phones are asked whether they are still there.
    pub probing: Probing,
    /// How often, while their agents are ready.
    pub probe_every: Duration,
}

/// `[rtp]`
#[derive(Clone, Debug)]
pub struct Rtp {
    /// Address in SDP and of the sockets.
    pub address: IpAddr,
    /// First port.
    pub first_port: u16,
    /// Last port.
    pub last_port: u16,
    /// Media threads.
    pub threads: usize,
    /// No RTP for so long ends a call.
    pub silence: Duration,
}

/// `[http]`
#[derive(Clone, Debug)]
pub struct Http {
    /// REST, health and metrics.
    pub listen: SocketAddr,
}

/// `[limits]`
#[derive(Clone, Debug)]
pub struct Limits {
    /// Live calls a shard.
    pub calls_max: usize,
    /// Longest call.
    pub call_max: Duration,
    /// Ring time of extension and trunk calls.
    pub ring_max: Duration,
    /// OPTIONS inside the dialog of a side on hold.
    pub ping_every: Duration,
}

/// Why there is no configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read {path}: {source}; give a readable file with --config")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is no TOML.
    #[error("{path} is not TOML: {what}")]
    NotToml {
        /// The file.
        path: PathBuf,
        /// Line and reason.
        what: String,
    },
    /// The file is TOML, but wrong: every fault.
    #[error("{path} has {} fault(s)", faults.len())]
    Faults {
        /// The file.
        path: PathBuf,
        /// Every fault.
        faults: Vec<Fault>,
    },
}

impl Config {
    /// Reads and checks the file at `path`, and the do-not-call lists that it names. Opens nothing else.
    ///
    /// # Errors
    /// The file cannot be read, is no TOML, or has faults (all of them).
    #[allow(clippy::disallowed_methods, reason = "start of the process: blocking is fine")]
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| ConfigError::Unreadable { path: path.to_owned(), source })?;
        let table = text.parse::<toml::Table>().map_err(|error| ConfigError::NotToml {
            path: path.to_owned(),
            what: error.to_string().trim().to_owned(),
        })?;
        let mut config =
            Self::from_table(&table).map_err(|faults| ConfigError::Faults { path: path.to_owned(), faults })?;
        config.imported = lists::load(&config.do_not_call_lists)
            .map_err(|faults| ConfigError::Faults { path: path.to_owned(), faults })?;
        config.source = Source::new(path, table);
        Ok(config)
    }

    /// Reads and checks a parsed table.
    ///
    /// # Errors
    /// Every fault.
    pub fn from_table(table: &toml::Table) -> Result<Self, Vec<Fault>> {
        let mut reader = Reader::new("", table);
        let config = Self {
            source: Source::default(),
            node: reader.section("node", read_node),
            sip: reader.section("sip", read_sip),
            rtp: reader.section("rtp", read_rtp),
            http: reader.section("http", read_http),
            network: reader.section("network", network::read_network),
            dns: reader.section("dns", network::read_dns),
            limits: reader.section("limits", read_limits),
            dialing: reader.section("dialing", callback::read_dialing),
            do_not_call_lists: reader.each("do_not_call_list", lists::read_list),
            imported: Vec::new(),
            lost_calls: reader.section("lost_calls", lost_calls::read_lost_calls),
            keys: reader.each("key", objects::read_key),
            trunks: reader.each("trunk", trunk::read_trunk),
            routes: reader.each("route", objects::read_route),
            agents: reader.each("agents", objects::read_agents).into_iter().flatten().collect(),
            queues: reader.each("queue", objects::read_queue),
            numbers: reader.each("number", objects::read_number),
            owners: reader.each("owner", routing::read_owner),
            schedules: reader.each("schedule", rules::read_schedule),
            menus: reader.each("menu", rules::read_menu),
            pause_reasons: reader.each("pause_reason", duty::read_pause_reason),
            dispositions: reader.each("disposition", duty::read_disposition),
        };
        check::check(&config, &mut reader);
        let faults = reader.finish();
        if faults.is_empty() { Ok(config) } else { Err(faults) }
    }
}

fn read_zone(reader: &mut Reader<'_>) -> hours::Zone {
    let name = reader.optional_text("time_zone", "an IANA time zone, e.g. \"Europe/London\"");
    let zone = name.as_deref().map(hours::Zone::named);
    if zone == Some(None) {
        reader.fault("time_zone", "is no IANA time zone; expected one like \"Europe/London\"".to_owned());
    }
    zone.flatten().unwrap_or_else(hours::Zone::utc)
}

fn read_node(reader: &mut Reader<'_>) -> Node {
    Node {
        account: reader.text("account", "the account's name, e.g. \"demo\""),
        time_zone: read_zone(reader),
        domain: reader.text("domain", "a SIP domain, e.g. \"demo.local\""),
        home_country: reader.text("home_country", "a two-letter country code, e.g. \"GB\""),
        allowed_countries: reader.texts("allowed_countries", "country codes, e.g. [\"33\", \"353\"]"),
        denied_prefixes: reader.optional_texts("denied_prefixes", "E.164 prefixes, e.g. [\"+449\"]"),
        data_dir: reader.text("data_dir", "a folder, e.g. \"var/demo\"").into(),
        database: database::read(reader),
        prompts_dir: reader.text("prompts_dir", "a folder of 8 kHz WAV files, e.g. \"config/prompts\"").into(),
        language: rules::read_language(reader, "language").unwrap_or_else(|| "en".into()),
        hold_music: reader
            .optional_text("hold_music", "the name of a file in prompts_dir/music")
            .unwrap_or_else(|| "music".into()),
        drain: seconds(reader.number("drain_s", 0, 86_400, 30)),
        shards: reader.number("shards", 1, 64, 1) as u16,
    }
}

fn read_sip(reader: &mut Reader<'_>) -> Sip {
    let right = "listeners, e.g. [\"udp:127.0.0.1:5060\", \"tcp:127.0.0.1:5060\"]";
    let mut listen = Vec::new();
    for text in reader.texts("listen", right) {
        match parse_listen(&text) {
            Some(one) => listen.push(one),
            None => reader.fault("listen", format!("\"{text}\" is not udp:<address>:<port> or tcp:<address>:<port>")),
        }
    }
    Sip {
        listen,
        connections_max: reader.number("connections_max", 1, 100_000, 4_096) as usize,
        algorithms: objects::read_algorithms(reader).unwrap_or_default(),
        session_timers: network::read_session_timers(reader),
        probing: read_probing(reader),
        probe_every: seconds(reader.number("probe_s", 5, 3_600, 30)),
    }
}

fn read_probing(reader: &mut Reader<'_>) -> Probing {
    let right = "\"declared\", \"all\" or \"off\"";
    match reader.optional_text("probe", right).as_deref() {
        None | Some("declared") => Probing::Declared,
        Some("all") => Probing::All,
        Some("off") => Probing::Off,
        Some(other) => {
            reader.fault("probe", format!("is \"{other}\"; expected {right}"));
            Probing::Declared
        }
    }
}

fn parse_listen(text: &str) -> Option<Listen> {
    let (transport, addr) = text.split_once(':')?;
    let addr = addr.parse().ok()?;
    match transport {
        "udp" => Some(Listen::Udp(addr)),
        "tcp" => Some(Listen::Tcp(addr)),
        _ => None,
    }
}

fn read_rtp(reader: &mut Reader<'_>) -> Rtp {
    Rtp {
        address: reader.parsed("address", "an IP address, e.g. \"127.0.0.1\"").unwrap_or(IpAddr::from([0, 0, 0, 0])),
        first_port: reader.number("first_port", 1_024, 65_534, 20_000) as u16,
        last_port: reader.number("last_port", 1_025, 65_535, 39_999) as u16,
        threads: reader.number("threads", 1, 64, 1) as usize,
        silence: seconds(reader.number("silence_s", 1, 86_400, 60)),
    }
}

fn read_http(reader: &mut Reader<'_>) -> Http {
    let nowhere = SocketAddr::from(([0, 0, 0, 0], 0));
    Http { listen: reader.parsed("listen", "an address and port, e.g. \"127.0.0.1:8080\"").unwrap_or(nowhere) }
}

fn read_limits(reader: &mut Reader<'_>) -> Limits {
    Limits {
        calls_max: reader.number("calls_max", 1, 1_000_000, 10_000) as usize,
        call_max: seconds(reader.number("call_max_s", 1, 7 * 86_400, 12 * 3_600)),
        ring_max: seconds(reader.number("ring_max_s", 1, 600, 120)),
        ping_every: seconds(reader.number("ping_every_s", 1, 3_600, 60)),
    }
}

/// Seconds of the file (checked to be positive) as a duration.
fn seconds(count: i64) -> Duration {
    Duration::from_secs(count.unsigned_abs())
}

#[cfg(test)]
mod tests;
