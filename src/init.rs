//! `trunkline init`: writes a configuration that works on this network, with secrets of its own.

use std::fs::OpenOptions;
use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use nix::ifaddrs::getifaddrs;
use nix::net::if_::InterfaceFlags;

use crate::config::{Config, Fault, number_plan};

/// What the caller prescribes; everything else is found out.
#[derive(clap::Args, Debug)]
pub struct InitOptions {
    /// The file to write. One that is there is never touched.
    #[arg(long, default_value = "trunkline.toml")]
    config: PathBuf,
    /// Address of this machine that phones reach it at.
    #[arg(long)]
    address: Option<IpAddr>,
    /// Address that the outside sees, where a router translates to the one above and keeps ports.
    #[arg(long)]
    public_address: Option<IpAddr>,
    /// SIP domain; the address where none is given.
    #[arg(long)]
    domain: Option<String>,
    /// Two letters: how numbers are dialed here. Taken from LC_ALL or LANG where not given.
    #[arg(long)]
    country: Option<String>,
    /// Port of SIP.
    #[arg(long, default_value_t = 5060)]
    sip_port: u16,
    /// Address and port of REST.
    #[arg(long, default_value = "127.0.0.1:8080")]
    http: SocketAddr,
    /// Folder of journal, database and recordings.
    #[arg(long, default_value = "var/trunkline")]
    data_dir: PathBuf,
    /// Folder of prompts and music; found beside the program or where the package puts it.
    #[arg(long)]
    prompts_dir: Option<PathBuf>,
    /// Extensions to make, from 1001.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..=999))]
    extensions: u16,
}

/// Why nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum InitError {
    /// The file is there, or cannot be written.
    #[error("cannot write {path}: {source}; init never overwrites: give another --config, or move the file away")]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// No address of this machine can be told to phones.
    #[error("no network address found besides loopback; give one with --address")]
    NoAddress,
    /// The system gave no random bytes.
    #[error("no random numbers: {0}")]
    Entropy(std::io::Error),
    /// No prompts where they usually are.
    #[error("no folder with prompts found; give one with --prompts-dir (config/prompts of the sources)")]
    NoPrompts,
    /// What was asked for makes no working configuration.
    #[error("these options make no working configuration: {}", shown(.0))]
    Faults(Vec<Fault>),
}

/// Writes the file; what to do next, as text.
///
/// # Errors
/// Nothing was written.
pub fn init(options: &InitOptions) -> Result<String, InitError> {
    let facts = Facts::find(options)?;
    let text = facts.text()?;
    let table = text.parse().map_err(|error: toml::de::Error| {
        InitError::Faults(vec![Fault { key: String::new(), what: error.message().to_owned() }])
    })?;
    Config::from_table(&table).map_err(InitError::Faults)?;
    let path = &options.config;
    let written = OpenOptions::new().write(true).create_new(true).mode(OWNER_ONLY).open(path);
    let written = written.and_then(|mut file| file.write_all(text.as_bytes()).and_then(|()| file.sync_all()));
    written.map_err(|source| InitError::Write { path: path.clone(), source })?;
    Ok(facts.next_steps(path))
}

/// What the file is made of.
struct Facts<'a> {
    options: &'a InitOptions,
    address: IpAddr,
    domain: String,
    country: String,
    prompts: PathBuf,
}

impl<'a> Facts<'a> {
    fn find(options: &'a InitOptions) -> Result<Self, InitError> {
        let address = options.address.or_else(routed_address).or_else(first_address).ok_or(InitError::NoAddress)?;
        let prompts = options.prompts_dir.clone().or_else(usual_prompts).ok_or(InitError::NoPrompts)?;
        Ok(Self {
            options,
            address,
            domain: options.domain.clone().unwrap_or_else(|| address.to_string()),
            country: options.country.clone().or_else(locale_country).unwrap_or_else(|| DEFAULT_COUNTRY.into()),
            prompts,
        })
    }

    fn text(&self) -> Result<String, InitError> {
        let (options, sip) = (self.options, SocketAddr::new(self.address, self.options.sip_port));
        let public = match options.public_address {
            Some(address) => format!("public_address = \"{address}\""),
            None => "# public_address = \"203.0.113.10\" # behind a router: what the outside sees".to_owned(),
        };
        let values = [
            ("{domain}", quoted(&self.domain)),
            ("{country}", quoted(&self.country)),
            ("{data_dir}", quoted(&options.data_dir.display().to_string())),
            ("{prompts_dir}", quoted(&self.prompts.display().to_string())),
            ("{sip}", sip.to_string()),
            ("{address}", self.address.to_string()),
            ("{public}", public),
            ("{http}", options.http.to_string()),
            ("{key}", secret()?),
            ("{last}", self.last().to_string()),
        ];
        let mut text = values.iter().fold(TEMPLATE.to_owned(), |text, (name, value)| text.replace(name, value));
        for extension in FIRST_EXTENSION..=self.last() {
            text += &format!("\n[[agents]]\nextensions = \"{extension}\"\npassword = \"{}\"\n", secret()?);
        }
        Ok(text)
    }

    fn last(&self) -> u16 {
        FIRST_EXTENSION + self.options.extensions - 1
    }

    fn next_steps(&self, path: &Path) -> String {
        let (domain, port) = (&self.domain, self.options.sip_port);
        format!(
            "{file} is written, readable by you only. Next:\n\
             1. trunkline run --config {file}\n\
             2. On a phone or softphone: user {FIRST_EXTENSION} (to {last}), its password from {file}, domain {domain},\n   \
                server {address}:{port} (UDP or TCP). A firewall must let in UDP and TCP {port} and UDP 20000-39999.\n\
             3. Call 601: you hear yourself. Call 600: the queue rings the other phones. 1001 to {last} call each other.\n\
             4. REST: http://{http}/v1/trunks with the key of [[key]] as `Authorization: Bearer <key>`.\n\
             5. For calls to and from outside, fill in [[trunk]] at the end of the first part; `trunkline check` tells\n   \
                what is wrong with it, `trunkline reload --config {file}` takes it over.",
            file = path.display(),
            last = self.last(),
            address = self.address,
            http = self.options.http,
        )
    }
}

/// The address that packets to the outside leave from; none is sent.
fn routed_address() -> Option<IpAddr> {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).ok()?;
    socket.connect((ANYWHERE, 9)).ok()?;
    let ip = socket.local_addr().ok()?.ip();
    (!ip.is_loopback() && !ip.is_unspecified()).then_some(ip)
}

/// The first interface that is up.
fn first_address() -> Option<IpAddr> {
    let usable =
        |flags: InterfaceFlags| flags.contains(InterfaceFlags::IFF_UP) && !flags.contains(InterfaceFlags::IFF_LOOPBACK);
    let interfaces = getifaddrs().ok()?.filter(|one| usable(one.flags));
    interfaces.filter_map(|one| Some(IpAddr::V4(one.address?.as_sockaddr_in()?.ip()))).next()
}

fn usual_prompts() -> Option<PathBuf> {
    let beside = std::env::current_exe().ok().and_then(|exe| Some(exe.parent()?.join("prompts")));
    let usual = USUAL_PROMPTS.iter().map(PathBuf::from);
    usual.chain(beside).find(|folder| folder.is_dir())
}

/// `GB` of `en_GB.UTF-8`.
fn locale_country() -> Option<String> {
    let locale = ["LC_ALL", "LANG"].iter().find_map(|name| std::env::var(name).ok().filter(|text| !text.is_empty()))?;
    let country = locale.split_once('_')?.1.get(..2)?.to_uppercase();
    number_plan(&country).map(|_| country)
}

/// 128 bits in hex: no phone has trouble with it.
fn secret() -> Result<String, InitError> {
    let mut bytes = [0; 16];
    std::fs::File::open("/dev/urandom")
        .and_then(|mut source| source.read_exact(&mut bytes))
        .map_err(InitError::Entropy)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// As a TOML string.
fn quoted(text: &str) -> String {
    toml::Value::from(text).to_string()
}

fn shown(faults: &[Fault]) -> String {
    faults.iter().map(|fault| format!("\n  {fault}")).collect()
}

const TEMPLATE: &str = include_str!("init/template.toml");
const USUAL_PROMPTS: [&str; 2] = ["config/prompts", "/usr/share/trunkline/prompts"];
const FIRST_EXTENSION: u16 = 1_001;
/// The file holds secrets.
const OWNER_ONLY: u32 = 0o600;
/// Where the locale says nothing.
const DEFAULT_COUNTRY: &str = "GB";
/// An address for documentation (RFC 5737): only the way there is looked up.
const ANYWHERE: Ipv4Addr = Ipv4Addr::new(198, 51, 100, 1);
