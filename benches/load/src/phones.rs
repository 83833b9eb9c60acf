//! The phones of a bench queue: registered by digest from one socket, answered by a [`crate::callee::Callee`].

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use md5::{Digest, Md5};
use toml::{Table, Value};

use crate::Fault;
use crate::node::extend;
use crate::wire::{Head, NO_BODY};

/// Gives a configuration `count` agents, a queue of theirs, and [`QUEUE_NUMBER`] that leads to it.
pub(crate) fn add_queue(config: &mut Table, count: u32, recording: bool) {
    let text = format!(
        "[[agents]]\nextensions = \"{}-{}\"\npassword = \"{PASSWORD}\"\nstatus = \"ready\"\ncontacts_max = 1\nmissed_max = 0\n\
         [[queue]]\nname = \"bench\"\nagents = [\"{}-{}\"]\nring_s = 30\nwait_max_s = 3600\nwrap_up_s = 0\nrecording = {recording}\n\
         music = \"music\"\n[[number]]\nnumber = \"{QUEUE_NUMBER}\"\ntarget = \"queue:bench\"\n",
        extension(0),
        extension(count - 1),
        extension(0),
        extension(count - 1),
    );
    extend(config, &text);
}

/// The nth agent's extension.
pub(crate) fn extension(nth: u32) -> String {
    (FIRST_EXTENSION + nth).to_string()
}

/// The phones of a configuration's agents, and a number that leads to their queue.
#[derive(Clone, Debug)]
pub(crate) struct Phones {
    domain: String,
    password: String,
    first: u32,
    /// Leads to the queue.
    pub(crate) number: String,
}

impl Phones {
    /// Those that [`add_queue`] adds to `config/bench.toml`.
    pub(crate) fn bench() -> Self {
        let (domain, password) = (DOMAIN.to_owned(), PASSWORD.to_owned());
        Self { domain, password, first: FIRST_EXTENSION, number: QUEUE_NUMBER.to_owned() }
    }

    /// The first agents and the first number of a configuration.
    pub(crate) fn of(config: &Table) -> Result<Self, Fault> {
        let text = |section: &str, key: &str| match config.get(section)? {
            Value::Array(list) => list.first()?.get(key)?.as_str(),
            section => section.get(key)?.as_str(),
        };
        let first = text("agents", "extensions").and_then(|range| range.split('-').next()?.trim().parse().ok());
        let (domain, password) = (text("node", "domain"), text("agents", "password"));
        match (domain, password, first, text("number", "number")) {
            (Some(domain), Some(password), Some(first), Some(number)) => {
                let (domain, password) = (domain.to_owned(), password.to_owned());
                Ok(Self { domain, password, first, number: number.to_owned() })
            }
            _ => Err(Fault::Start("the configuration has no agents, or no number that leads to them".to_owned())),
        }
    }

    /// Registers the nth agent's phone, reached at `socket`, with the node at `registrar`.
    pub(crate) fn register(&self, socket: &UdpSocket, registrar: SocketAddr, nth: u32) -> Result<(), Fault> {
        let challenge = ask(socket, registrar, &self.registration(socket, nth, 1, "")?)?;
        let head = Head::parse(challenge.as_bytes()).ok_or_else(|| Fault::Answer(challenge.clone()))?;
        let challenged = head.value("WWW-Authenticate").unwrap_or_default();
        let part =
            |name: &str| challenged.split_once(&format!("{name}=\"")).and_then(|(_, rest)| rest.split('"').next());
        let (Some(realm), Some(nonce)) = (part("realm"), part("nonce")) else { return Err(Fault::Answer(challenge)) };
        let (user, uri) = (self.extension(nth), format!("sip:{}", self.domain));
        // RFC 2617 3.2.2 with qop=auth.
        let password = self.password.replace("{extension}", &user);
        let ha1 = md5_hex(&format!("{user}:{realm}:{password}"));
        let ha2 = md5_hex(&format!("REGISTER:{uri}"));
        let response = md5_hex(&format!("{ha1}:{nonce}:00000001:bench:auth:{ha2}"));
        let authorization = format!(
            "Authorization: Digest username=\"{user}\", realm=\"{realm}\", nonce=\"{nonce}\", uri=\"{uri}\", \
             response=\"{response}\", algorithm=MD5, qop=auth, nc=00000001, cnonce=\"bench\"\r\n"
        );
        let answer = ask(socket, registrar, &self.registration(socket, nth, 2, &authorization)?)?;
        if answer.starts_with("SIP/2.0 200") { Ok(()) } else { Err(Fault::Answer(answer)) }
    }

    fn extension(&self, nth: u32) -> String {
        (self.first + nth).to_string()
    }

    fn registration(&self, socket: &UdpSocket, nth: u32, cseq: u32, more: &str) -> Result<String, Fault> {
        let (user, domain) = (self.extension(nth), &self.domain);
        let contact = format!("Contact: <sip:{user}@{}>\r\nExpires: 3600\r\n{more}", socket.local_addr()?);
        let uri = format!("sip:{domain}");
        request(socket, "REGISTER", &uri, &format!("{user}@{domain}"), cseq, &format!("register-{user}"), &contact)
    }
}

/// How long an idle node takes for an OPTIONS, measured `count` times.
pub(crate) fn round_trips(socket: &UdpSocket, node: SocketAddr, count: u32) -> Result<Vec<u32>, Fault> {
    let mut trips = Vec::new();
    for nth in 0..count {
        let request = request(
            socket,
            "OPTIONS",
            &format!("sip:{node}"),
            &format!("bench@{DOMAIN}"),
            nth,
            &format!("options-{nth}"),
            "",
        )?;
        let begin = Instant::now();
        ask(socket, node, &request)?;
        trips.push(u32::try_from(begin.elapsed().as_micros()).unwrap_or(u32::MAX));
        std::thread::sleep(OPTIONS_EVERY);
    }
    Ok(trips)
}

fn request(
    socket: &UdpSocket,
    method: &str,
    uri: &str,
    identity: &str,
    cseq: u32,
    call_id: &str,
    more: &str,
) -> Result<String, Fault> {
    let local = socket.local_addr()?;
    Ok(format!(
        "{method} {uri} SIP/2.0\r\nVia: SIP/2.0/UDP {local};branch=z9hG4bK{call_id}{cseq};rport\r\nMax-Forwards: 70\r\n\
         From: <sip:{identity}>;tag={call_id}\r\nTo: <sip:{identity}>\r\nCall-ID: {call_id}\r\n\
         CSeq: {cseq} {method}\r\n{more}{NO_BODY}"
    ))
}

/// Sends a request and waits for its final answer; what else comes meanwhile comes again.
fn ask(socket: &UdpSocket, to: SocketAddr, request: &str) -> Result<String, Fault> {
    let cseq = Head::parse(request.as_bytes()).and_then(|head| head.value("CSeq").map(str::to_owned));
    let call_id = Head::parse(request.as_bytes()).and_then(|head| head.value("Call-ID").map(str::to_owned));
    socket.send_to(request.as_bytes(), to)?;
    let deadline = Instant::now() + PATIENCE;
    let mut buffer = [0; 4_096];
    while Instant::now() < deadline {
        let Ok(length) = socket.recv(&mut buffer) else {
            std::thread::sleep(LOOK_EVERY);
            continue;
        };
        let Some(head) = Head::parse(&buffer[..length]) else { continue };
        let is_it = head.value("CSeq") == cseq.as_deref() && head.value("Call-ID") == call_id.as_deref();
        if is_it && head.status().is_some_and(|status| status >= 200) {
            return Ok(String::from_utf8_lossy(&buffer[..length]).into_owned());
        }
    }
    Err(Fault::Answer(format!("no answer to {}", request.lines().next().unwrap_or_default())))
}

fn md5_hex(text: &str) -> String {
    Md5::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Where the phones are: neither trunk's address.
pub(crate) const ADDRESS_PHONES: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 4);
/// Leads to the bench queue; a number for drama and tests (Ofcom).
pub(crate) const QUEUE_NUMBER: &str = "+442079460998";
const FIRST_EXTENSION: u32 = 2_000;
const PASSWORD: &str = "bench-password";
/// `[node] domain` of `config/bench.toml`.
const DOMAIN: &str = "bench.local";
const PATIENCE: Duration = Duration::from_secs(5);
const LOOK_EVERY: Duration = Duration::from_micros(50);
/// A node answers 50 a second from one address.
const OPTIONS_EVERY: Duration = Duration::from_millis(25);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_queue_is_added_to_what_is_there() {
        let mut config: Table = "[[number]]\nnumber = \"+441\"\ntarget = \"echo\"\n".parse().unwrap();
        add_queue(&mut config, 3, true);
        assert_eq!(config["number"].as_array().map(Vec::len), Some(2));
        assert_eq!(config["agents"][0]["extensions"].as_str(), Some("2000-2002"));
        assert_eq!(config["queue"][0]["recording"].as_bool(), Some(true));
    }

    #[test]
    fn a_digest_as_in_rfc_1321() {
        assert_eq!(md5_hex("abc"), "900150983cd24fb0d6963f7d28e17f72");
    }
}
