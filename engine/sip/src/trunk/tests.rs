//! The watcher against a carrier that answers as it is told, in virtual time.

use core::time::Duration;

use clock::{Instant, Now, Rng, TrunkId, WallTime};

use super::*;
use crate::{
    Host, Message, Method, Name, ResponseBuilder, Source,
    ua::{ClientCredentials, Peer, Transport, UaConfig},
};

mod health;
mod registration;

const TRUNK: TrunkId = TrunkId(1);
const REALM: &str = "carrier.example";

/// A watcher, and whoever it talks to.
struct Rig {
    watcher: Watcher,
    now: Now,
    /// Answers to requests: none for silence.
    answer: fn(&Message, &Peer, u32) -> Option<String>,
    /// Requests so far, retransmissions apart.
    requests: Vec<(Duration, Peer, Message)>,
    seen: u32,
    asked: Vec<Query>,
    told: Vec<Targets>,
    changes: Vec<(bool, Reason)>,
    keep_alives: u32,
    stopped: u32,
}

fn ours() -> core::net::SocketAddr {
    ([192, 0, 2, 200], 5060).into()
}

fn register_config() -> RegisterConfig {
    RegisterConfig {
        aor: "sip:4420718@carrier.example".into(),
        registrar: None,
        credentials: ClientCredentials::new("4420718", "secret"),
        expires: Duration::from_secs(600),
        contact_user: "b2f5".into(),
    }
}

fn trunk(hosts: &[&str]) -> TrunkConfig {
    let to =
        |host: &&str| Destination { host: Host::parse(host).unwrap(), port: None, transport: Some(Transport::Udp) };
    TrunkConfig {
        trunk: TRUNK,
        destinations: hosts.iter().map(to).collect(),
        listener: None,
        register: None,
        health: None,
    }
}

impl Rig {
    fn new(config: TrunkConfig, answer: fn(&Message, &Peer, u32) -> Option<String>) -> Self {
        let now = Now { mono: Instant::ZERO, wall: WallTime::from_micros(1_700_000_000_000_000) };
        let mut rig = Self {
            watcher: Watcher::new(UaConfig::at(ours(), "Trunkline"), "demo.local", Rng::new(3)),
            now,
            answer,
            requests: Vec::new(),
            seen: 0,
            asked: Vec::new(),
            told: Vec::new(),
            changes: Vec::new(),
            keep_alives: 0,
            stopped: 0,
        };
        rig.input(Input::Configure(vec![config]));
        rig
    }

    fn input(&mut self, input: Input) {
        self.watcher.handle(self.now, input);
        self.exchange();
    }

    fn exchange(&mut self) {
        while let Some(effect) = self.watcher.poll_effect() {
            match effect {
                Effect::Transmit { bytes, .. } if &bytes[..] == b"\r\n\r\n" => self.keep_alives += 1,
                Effect::Transmit { peer, bytes, again } => self.carry(peer, bytes, again),
                Effect::Resolve(query) => self.asked.push(query),
                Effect::Targets(targets) => self.told.push(targets),
                Effect::Changed { up, reason, .. } => self.changes.push((up, reason)),
                Effect::Stopped => self.stopped += 1,
                Effect::Dropped { .. } => {}
            }
        }
    }

    fn carry(&mut self, peer: Peer, bytes: bytes::Bytes, again: bool) {
        let request = Message::parse(bytes, Source::Datagram).unwrap();
        if !again {
            self.requests.push((self.now.mono.since(Instant::ZERO), peer, request.clone()));
            self.seen += 1;
        }
        let Some(answer) = (self.answer)(&request, &peer, self.seen) else { return };
        let (status, headers) = answer.split_once('\n').unwrap_or((&answer, ""));
        let mut response = ResponseBuilder::reply_to(&request, status.parse().unwrap(), "").source(ours()).to_tag("t");
        for line in headers.lines() {
            let (name, value) = line.split_once(": ").unwrap();
            response = response.header(name, value);
        }
        let message = Message::parse(response.build().bytes().clone(), Source::Datagram).unwrap();
        self.watcher.handle(self.now, Input::Received { peer, message });
    }

    fn pass(&mut self, by: Duration) {
        let end = self.now.plus(by);
        for _ in 0..100_000 {
            let Some(next) = self.watcher.poll_timeout().filter(|at| *at <= end.mono) else {
                self.now = end;
                return;
            };
            self.now = self.now.plus(next.since(self.now.mono));
            self.watcher.handle_timeout(self.now);
            self.exchange();
        }
        panic!("the watcher does not come to rest");
    }

    fn view(&self) -> TrunkView {
        self.watcher.snapshot(self.now).remove(0)
    }

    fn methods(&self) -> Vec<(u64, Method)> {
        self.requests.iter().map(|(at, _, request)| (at.as_secs(), request.method().unwrap().clone())).collect()
    }
}

fn credentials_of(request: &Message) -> Option<String> {
    request.header(Name::Authorization).next().map(str::to_owned)
}

fn resolved(name: &str, last: u8, ttl_s: u64) -> Input {
    let query = Query::Addresses { host: name.into() };
    let records = vec![Record::Address([192, 0, 2, last].into())];
    Input::Resolved { query, records, ttl: Duration::from_secs(ttl_s) }
}

#[test]
fn a_trunk_by_name_follows_its_records_and_tells_the_shards() {
    let mut config = trunk(&["carrier.example"]);
    config.destinations[0].port = Some(5080);
    let mut rig = Rig::new(config, |_, _, _| None);
    assert_eq!(rig.asked, [Query::Addresses { host: "carrier.example".into() }]);
    assert_eq!(rig.changes, [(false, Reason::Resolving)]);
    rig.input(resolved("carrier.example", 7, 60));
    assert_eq!(rig.changes.last(), Some(&(true, Reason::Ok)));
    let told = rig.told.last().unwrap();
    assert_eq!((told.targets[0].host.as_str(), told.targets.len()), ("carrier.example:5080", 1));
    assert_eq!(told.sources, [core::net::IpAddr::from([192, 0, 2, 7])]);
    rig.pass(Duration::from_secs(61));
    assert_eq!(rig.asked.len(), 2, "asked again when its time was over");
    rig.input(Input::ResolveFailed { query: Query::Addresses { host: "carrier.example".into() } });
    assert_eq!(rig.told.last().unwrap().targets[0].peer.addr, ([192, 0, 2, 7], 5080).into(), "the last good one");
    rig.pass(Duration::from_secs(3));
    rig.input(resolved("carrier.example", 8, 60));
    assert_eq!(rig.told.last().unwrap().targets[0].peer.addr, ([192, 0, 2, 8], 5080).into());
    assert_eq!(rig.view().reason, Reason::Ok);
    assert!(rig.requests.is_empty(), "no health, no registration: nothing is sent");
}

#[test]
fn a_name_that_no_server_knows_is_down_and_says_so() {
    let mut rig = Rig::new(trunk(&["carrier.example"]), |_, _, _| None);
    let query = rig.asked.pop().unwrap();
    assert_eq!(query.name(), "_sip._udp.carrier.example");
    rig.input(Input::ResolveFailed { query });
    assert_eq!(rig.changes.last(), Some(&(false, Reason::DnsFailed)));
    rig.pass(Duration::from_secs(600));
    assert!((8..=30).contains(&rig.asked.len()), "asked again and again, but not often: {}", rig.asked.len());
}
