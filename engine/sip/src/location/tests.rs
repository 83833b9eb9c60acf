//! Registration as phones do it, and what others get.

use core::time::Duration;

use bytes::Bytes;
use clock::WallTime;
use smallvec::smallvec;

use super::*;
use crate::{
    Message, Source,
    auth::{AuthConfig, DEFAULT_NONCE_LIFETIME},
    digest::{Algorithm, AlgorithmChoice, Ha1},
    registrar::RegistrarConfig,
    transaction::Timing,
    ua::{ClientCredentials, Peer, RequestParams, Transport, UaConfig},
};

mod order;

const AGENT: AgentId = AgentId(1);

struct Desk {
    location: Location,
    now: Now,
    /// A phone, or an attacker: a core of its own.
    phone: Ua,
    phone_peer: Peer,
    answers: Vec<Option<Message>>,
    told: Vec<Effect>,
    /// What the phone hears is lost.
    is_deaf: bool,
    /// What it answers to requests.
    answer: u16,
}

fn server() -> Peer {
    Peer { transport: Transport::Udp, addr: ([127, 0, 0, 1], 5060).into(), flow: None }
}

fn user(extension: &str, agent: AgentId) -> User {
    let secret = |algorithm| Ha1::new(algorithm, extension, "demo.local", &format!("demo-{extension}"));
    User {
        agent,
        extension: extension.into(),
        ha1_md5: secret(Algorithm::Md5).as_str().to_owned(),
        ha1_sha256: secret(Algorithm::Sha256).as_str().to_owned(),
        algorithms: AlgorithmChoice::Md5,
        contacts_max: 1,
    }
}

impl Desk {
    fn new() -> Self {
        let config = LocationConfig {
            ua: UaConfig::at(server().addr, "Trunkline"),
            auth: AuthConfig {
                realm: String::new(),
                secret: [1; 32],
                instance: 0,
                algorithms: smallvec![Algorithm::Sha256, Algorithm::Md5],
                nonce_lifetime: DEFAULT_NONCE_LIFETIME,
            },
            registrar: RegistrarConfig::default(),
            probing: Probing::default(),
        };
        let phone_peer = Peer { transport: Transport::Udp, addr: ([127, 0, 0, 7], 5070).into(), flow: None };
        let now = Now { mono: Instant::ZERO, wall: WallTime::from_micros(1_700_000_000_000_000) };
        let mut desk = Self {
            location: Location::new(config, Rng::new(1)),
            now,
            phone: Ua::new(UaConfig::at(phone_peer.addr, "Phone"), Rng::new(2)),
            phone_peer,
            answers: Vec::new(),
            told: Vec::new(),
            is_deaf: false,
            answer: 200,
        };
        let users = vec![user("1001", AGENT), user("1002", AgentId(2))];
        desk.configure(users);
        desk
    }

    fn configure(&mut self, users: Vec<User>) {
        self.input(Input::Configure {
            domain: "demo.local".into(),
            own_hosts: vec!["127.0.0.1".into()],
            users,
            trunks: vec![[127, 0, 0, 2].into()],
        });
    }

    fn input(&mut self, input: Input) {
        self.location.handle(self.now, input);
        self.exchange();
    }

    /// Bytes from the phone's address, message or not; the phone hears the answers.
    fn phone_says(&mut self, bytes: Bytes) {
        let peer = self.phone_peer;
        match Message::parse(bytes, Source::Datagram) {
            Ok(message) => self.input(Input::Received { peer, message }),
            Err(error) => self.input(Input::ReceivedBad { peer, error }),
        }
    }

    /// Carries messages until both sides are quiet. A phone that is gone answers nothing.
    fn exchange(&mut self) {
        for _ in 0..100 {
            let mut quiet = true;
            while let Some(effect) = self.location.poll_effect() {
                match effect {
                    Effect::Transmit { .. } if self.is_deaf => {}
                    Effect::Transmit { peer, bytes, .. } if peer.addr == self.phone_peer.addr => {
                        quiet = false;
                        // An answer to a garbled request may be garbled in the same place.
                        if let Ok(message) = Message::parse(bytes, Source::Datagram) {
                            self.phone.receive(self.now.mono, server(), message);
                        }
                    }
                    other => self.told.push(other),
                }
            }
            while let Some(output) = self.phone.poll_output() {
                quiet = false;
                match output {
                    Output::Transmit { bytes, .. } => {
                        let message = Message::parse(bytes, Source::Datagram).unwrap();
                        self.location.handle(self.now, Input::Received { peer: self.phone_peer, message });
                    }
                    Output::Event(Event::Response { response, .. }) => self.answers.push(response),
                    Output::Event(Event::Request { token, .. }) => {
                        self.phone.respond(self.now.mono, token, self.answer, vec![], None);
                    }
                    Output::Event(_) => {}
                }
            }
            if quiet {
                return;
            }
        }
        panic!("no end of messages");
    }

    fn pass(&mut self, by: Duration) {
        let end = self.now.plus(by);
        loop {
            let location = self.location.poll_timeout().map(|(at, _)| at);
            let phone = self.phone.poll_timeout().map(|(at, _)| at);
            let Some(next) = location.into_iter().chain(phone).min().filter(|at| *at <= end.mono) else { break };
            self.now = self.now.plus(next - self.now.mono);
            self.location.handle_timeout(self.now);
            self.phone.handle_timeout(self.now.mono);
            self.exchange();
        }
        self.now = end;
    }

    fn params(&self, method: crate::Method, to: &str, password: Option<&str>) -> RequestParams {
        let user = to.trim_start_matches("sip:").split('@').next().unwrap_or_default().to_owned();
        RequestParams {
            method,
            peer: server(),
            transport_fixed: true,
            request_uri: "sip:demo.local".into(),
            from: format!("<{to}>"),
            to: format!("<{to}>"),
            call_id: None,
            cseq: None,
            body: None,
            headers: vec![],
            auth: password.map(|password| ClientCredentials::new(user, password)),
        }
    }

    fn send(&mut self, params: RequestParams) -> Option<Message> {
        self.answers.clear();
        self.phone.request(self.now.mono, params);
        self.exchange();
        self.answers.pop().flatten()
    }

    fn register(&mut self, contact: &str) -> Option<Message> {
        self.register_with(contact, Vec::new())
    }

    fn register_with(&mut self, contact: &str, more: crate::ua::Headers) -> Option<Message> {
        let mut params = self.params(crate::Method::Register, "sip:1001@demo.local", Some("demo-1001"));
        params.headers = more;
        params.headers.push(("Contact", contact.to_owned()));
        self.send(params)
    }

    fn changes(&mut self) -> Vec<String> {
        let told = core::mem::take(&mut self.told).into_iter();
        let words = told.filter_map(|effect| match effect {
            Effect::BindingSet(binding) => Some(format!("set {}", binding.contact)),
            Effect::BindingRemoved { contact, .. } => Some(format!("removed {contact}")),
            Effect::Contacts { agent, contacts } => Some(format!("{} has {}", agent.0, contacts.len())),
            Effect::Dropped { reason } => Some(format!("dropped {reason}")),
            Effect::Answers { agent, answers } => Some(format!("{} answers: {answers}", agent.0)),
            Effect::Transmit { .. } | Effect::Silenced(_) | Effect::Released { .. } | Effect::BanLifted { .. } => None,
        });
        words.collect()
    }
}

fn status(answer: Option<Message>) -> u16 {
    answer.map_or(0, |answer| answer.status())
}

/// RFC 8760 2.3: two challenges where both may be used, SHA-256 on top.
#[test]
fn each_phone_is_asked_for_its_own_algorithms() {
    for (algorithms, asked) in [
        (AlgorithmChoice::Md5, vec![Algorithm::Md5]),
        (AlgorithmChoice::Sha256, vec![Algorithm::Sha256]),
        (AlgorithmChoice::Both, vec![Algorithm::Sha256, Algorithm::Md5]),
    ] {
        let mut desk = Desk::new();
        desk.configure(vec![User { algorithms, ..user("1001", AGENT) }]);
        let bare = desk.params(crate::Method::Register, "sip:1001@demo.local", None);
        let challenge = desk.send(bare).unwrap();
        let offered = challenge.www_authenticate().unwrap().iter().map(|one| one.algorithm).collect::<Vec<_>>();
        assert_eq!((challenge.status(), offered), (401, asked), "{algorithms:?}");
        assert_eq!(status(desk.register("<sip:1001@127.0.0.7:5070>")), 200);
    }
}

#[test]
fn a_phone_registers_refreshes_moves_and_leaves() {
    let mut desk = Desk::new();
    let ok = desk.register("<sip:1001@127.0.0.7:5070>;expires=60").unwrap();
    assert_eq!(ok.status(), 200);
    assert_eq!(ok.header("Contact").collect::<Vec<_>>(), ["<sip:1001@127.0.0.7:5070>;expires=60"]);
    assert_eq!(ok.header("Date").collect::<Vec<_>>(), ["Tue, 14 Nov 2023 22:13:20 GMT"]);
    assert_eq!(desk.changes(), ["set sip:1001@127.0.0.7:5070", "1 has 1"]);
    desk.register("<sip:1001@127.0.0.7:5070>;expires=60");
    assert_eq!(desk.changes(), ["set sip:1001@127.0.0.7:5070"], "a refresh changes nothing for callers");
    desk.register("<sip:1001@127.0.0.7:5071>;expires=60");
    assert_eq!(desk.changes(), ["set sip:1001@127.0.0.7:5071", "removed sip:1001@127.0.0.7:5070", "1 has 1"]);
    desk.register("<sip:1001@127.0.0.7:5071>;expires=0");
    assert_eq!(desk.changes(), ["removed sip:1001@127.0.0.7:5071", "1 has 0"]);
    desk.register("<sip:1001@127.0.0.7:5070>;expires=60");
    desk.changes();
    desk.pass(Duration::from_secs(61));
    assert_eq!(desk.changes(), ["removed sip:1001@127.0.0.7:5070", "1 has 0"]);
    desk.pass(Duration::from_secs(60));
    assert_eq!(desk.location.counts(), crate::ua::Counts::default());
    assert_eq!(desk.location.poll_timeout(), None);
}

#[test]
fn refusals_of_register() {
    let mut desk = Desk::new();
    let mut ask = |to: &str, password: Option<&str>, contact: &str| {
        let mut params = desk.params(crate::Method::Register, to, password);
        params.headers = vec![("Contact", contact.to_owned())];
        desk.send(params)
    };
    let contact = "<sip:1001@127.0.0.7>";
    assert_eq!(status(ask("sip:1001@demo.local", None, contact)), 401);
    assert_eq!(status(ask("sip:1001@demo.local", Some("wrong"), contact)), 401);
    assert_eq!(status(ask("sip:9999@demo.local", Some("demo-9999"), contact)), 401);
    assert_eq!(status(ask("sip:1001@other.example", Some("demo-1001"), contact)), 404);
    assert_eq!(status(ask("tel:+44", None, contact)), 400);
    assert_eq!(status(ask("sip:1001@demo.local", Some("demo-1001"), "*")), 400);
    let brief = ask("sip:1001@demo.local", Some("demo-1001"), "<sip:1001@h>;expires=5").unwrap();
    assert_eq!((brief.status(), brief.min_expires_s()), (423, Ok(Some(30))));
    let mut params = desk.params(crate::Method::Register, "sip:1002@demo.local", Some("demo-1001"));
    params.auth = Some(ClientCredentials::new("1001", "demo-1001"));
    assert_eq!(status(desk.send(params)), 403, "nobody registers another");
    assert!(desk.location.snapshot(desk.now).bindings.is_empty());
}

#[test]
fn guessing_is_met_with_silence_but_not_for_the_registered() {
    let mut desk = Desk::new();
    let guess = |desk: &mut Desk| {
        let params = desk.params(crate::Method::Register, "sip:1001@demo.local", Some("guess"));
        status(desk.send(params))
    };
    let answers: Vec<u16> = (0..6).map(|_| guess(&mut desk)).collect();
    assert_eq!(answers, [401, 401, 401, 401, 401, 0]);
    let bans = desk.location.snapshot(desk.now).bans;
    let shown: Vec<_> = bans.iter().map(|ban| (ban.id, ban.address, ban.user.as_deref())).collect();
    assert_eq!(shown, [(1, [127, 0, 0, 7].into(), Some("1001"))]);
    assert_eq!((bans[0].since, bans[0].until), (desk.now.wall, desk.now.wall + Duration::from_secs(60)));
    desk.pass(Duration::from_secs(100));
    assert_eq!(status(desk.register("<sip:1001@127.0.0.7>")), 200);
    let answers: Vec<u16> = (0..9).map(|_| guess(&mut desk)).collect();
    assert_eq!(answers, [401; 9]);
}

#[test]
fn failures_at_a_shard_count_with_those_here() {
    let mut desk = Desk::new();
    let address = desk.phone_peer.addr.ip();
    let failure = |address, user: &str| Input::AuthFailed { address, user: user.into() };
    let guess = desk.params(crate::Method::Register, "sip:1001@demo.local", Some("guess"));
    assert_eq!(status(desk.send(guess)), 401);
    (0..3).for_each(|_| desk.input(failure(address, "1001")));
    assert!(!desk.told.iter().any(|effect| matches!(effect, Effect::Silenced(_))));
    desk.input(failure(address, "1001"));
    let until = desk.now.mono + Duration::from_secs(60);
    let silence = Silence { address, user: Some("1001".into()), until };
    let told = |desk: &Desk, silence: &Silence| {
        desk.told.iter().filter(|effect| matches!(effect, Effect::Silenced(told) if told == silence)).count()
    };
    assert_eq!(told(&desk, &silence), 1);
    assert_eq!(status(desk.register("<sip:1001@127.0.0.7>")), 0, "REGISTER is silenced too");
    (0..9).for_each(|_| desk.input(failure([127, 0, 0, 2].into(), "1001")));
    assert_eq!(desk.location.snapshot(desk.now).bans.len(), 1, "never a trunk");
    let other = desk.params(crate::Method::Register, "sip:1002@demo.local", Some("demo-1002"));
    assert_eq!(status(desk.send(other)), 200);
    let other = crate::ua::RequestParams {
        headers: vec![("Contact", "<sip:1002@127.0.0.7>".into())],
        ..desk.params(crate::Method::Register, "sip:1002@demo.local", Some("demo-1002"))
    };
    assert_eq!(status(desk.send(other)), 200);
    let released = desk
        .told
        .iter()
        .any(|effect| matches!(effect, Effect::Released { address: told, user: None } if *told == address));
    assert_eq!(desk.location.snapshot(desk.now).bans, [], "nor is it listed any more");
    assert!(released, "a live registration ends the silence of its address at the shards");
}

#[test]
fn an_operator_lifts_a_ban_and_shards_hear_of_it() {
    let mut desk = Desk::new();
    let address = desk.phone_peer.addr.ip();
    (0..5).for_each(|_| desk.input(Input::AuthFailed { address, user: "1001".into() }));
    assert_eq!(status(desk.register("<sip:1001@127.0.0.7>")), 0);
    let release = |desk: &mut Desk, ban| {
        desk.told.clear();
        desk.input(Input::Release { request: clock::RequestId(7), ban });
        let told = core::mem::take(&mut desk.told);
        let at_shards = told.iter().any(|effect| {
            matches!(effect, Effect::Released { address: told, user: Some(user) } if *told == address && user == "1001")
        });
        let answer = told.into_iter().find_map(|effect| match effect {
            Effect::BanLifted { request, lifted } => Some((request.0, lifted.map(|ban| ban.id))),
            _ => None,
        });
        (at_shards, answer)
    };
    assert_eq!(release(&mut desk, 2), (false, Some((7, None))), "there is no such ban");
    assert_eq!(release(&mut desk, 1), (true, Some((7, Some(1)))));
    assert_eq!(status(desk.register("<sip:1001@127.0.0.7>")), 200);
}

#[test]
fn an_address_that_becomes_a_trunk_is_not_banned_any_more() {
    let mut desk = Desk::new();
    let address = desk.phone_peer.addr.ip();
    (0..5).for_each(|_| desk.input(Input::AuthFailed { address, user: "1001".into() }));
    assert_eq!(desk.location.snapshot(desk.now).bans.len(), 1);
    let trunks = vec![address];
    desk.input(Input::Configure { domain: "demo.local".into(), own_hosts: Vec::new(), users: Vec::new(), trunks });
    assert_eq!(desk.location.snapshot(desk.now).bans, []);
}

#[test]
fn shards_know_whom_they_need_not_answer() {
    let invite = |user: &str, more: &str| {
        let text = format!(
            "INVITE sip:1@h SIP/2.0\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\nFrom: <sip:{user}@h>;tag=1\nTo: <sip:1@h>{more}\n\
             Call-ID: c\nCSeq: 1 INVITE\n\n"
        );
        Message::parse(Bytes::from(text.replace('\n', "\r\n")), Source::Datagram).unwrap()
    };
    let (address, start) = ([127, 0, 0, 7].into(), Instant::ZERO);
    let until = start + Duration::from_secs(60);
    let mut silences = Silences::default();
    assert!(!silences.covers(start, address, &invite("1001", "")));
    silences.begin(start, Silence { address, user: Some("1001".into()), until });
    assert!(silences.covers(start, address, &invite("1001", "")));
    assert!(!silences.covers(start, address, &invite("1002", "")));
    assert!(!silences.covers(start, [127, 0, 0, 8].into(), &invite("1001", "")));
    assert!(!silences.covers(start, address, &invite("1001", ";tag=2")), "never inside a dialog");
    assert!(!silences.covers(until, address, &invite("1001", "")), "its time is over");
    silences.begin(start, Silence { address, user: None, until });
    assert!(silences.covers(start, address, &invite("1002", "")));
    silences.release(address, None);
    assert!(!silences.covers(start, address, &invite("1001", "")));
}

#[test]
fn options_and_what_nobody_serves() {
    let mut desk = Desk::new();
    let ok = desk.send(desk.params(crate::Method::Options, "sip:anyone@demo.local", None)).unwrap();
    assert_eq!(ok.status(), 200);
    assert!(["Allow", "Accept", "Accept-Encoding", "Accept-Language", "Supported"].iter().all(|name| ok.has(*name)));
    for (method, wanted) in [
        (crate::Method::Message, 405),
        (crate::Method::Subscribe, 489),
        (crate::Method::Publish, 489),
        (crate::Method::Refer, 403),
    ] {
        let stranger = desk.params(method.clone(), "sip:1001@demo.local", None);
        assert_eq!(status(desk.send(stranger)), 401, "{method}");
        let agent = desk.params(method.clone(), "sip:1001@demo.local", Some("demo-1001"));
        assert_eq!(status(desk.send(agent)), wanted, "{method}");
    }
    desk.phone_peer.addr = ([127, 0, 0, 2], 5070).into();
    let trunk = desk.params(crate::Method::Message, "sip:1001@demo.local", None);
    assert_eq!(status(desk.send(trunk)), 405);
}

#[test]
fn a_flood_of_options_is_thinned() {
    let mut desk = Desk::new();
    for _ in 0..150 {
        desk.send(desk.params(crate::Method::Options, "sip:anyone@demo.local", None));
    }
    let dropped = desk.changes().iter().filter(|word| *word == "dropped options_rate").count();
    assert_eq!(dropped, 50);
}

#[test]
fn a_restart_keeps_udp_contacts_that_answer() {
    let mut desk = Desk::new();
    let gone = ([127, 0, 0, 8], 5070).into();
    let stored = |agent, name: &str, source, stream| Binding {
        agent,
        contact: format!("sip:{name}@{}", desk.phone_peer.addr),
        call_id: "c".into(),
        cseq: 1,
        expires_at: desk.now.plus(Duration::from_secs(3_000)).wall,
        source,
        stream,
    };
    let bindings = vec![
        stored(AGENT, "alive", desk.phone_peer.addr, false),
        stored(AGENT, "stream", desk.phone_peer.addr, true),
        stored(AgentId(2), "gone", gone, false),
        stored(AgentId(3), "stranger", desk.phone_peer.addr, false),
    ];
    desk.input(Input::Restore(bindings));
    let addr = desk.phone_peer.addr;
    assert_eq!(
        desk.changes(),
        [
            "1 has 1".to_owned(),
            format!("removed sip:stream@{addr}"),
            "2 has 1".to_owned(),
            format!("removed sip:stranger@{addr}"),
        ]
    );
    desk.pass(Timing::default().transaction_timeout() + Duration::from_secs(1));
    assert_eq!(
        desk.changes(),
        [format!("removed sip:gone@{addr}"), "2 has 0".to_owned(), "dropped probe_unanswered".to_owned()]
    );
    let left = desk.location.snapshot(desk.now).bindings;
    assert_eq!(left.iter().map(|binding| binding.agent).collect::<Vec<_>>(), [AGENT]);
}

#[test]
fn a_phone_that_leaves_probes_without_an_answer_is_silent_until_it_answers_or_registers() {
    let mut desk = Desk::new();
    let declared = ("Allow", "INVITE, ACK, BYE, CANCEL, OPTIONS".to_owned());
    desk.register_with("<sip:1001@127.0.0.7:5070>", vec![declared.clone()]);
    desk.changes();
    desk.input(Input::Probe { agent: AGENT });
    desk.pass(Duration::from_secs(60));
    assert_eq!(desk.changes(), [] as [&str; 0], "it answered, as it was taken to do");
    desk.is_deaf = true;
    desk.input(Input::Probe { agent: AGENT });
    desk.pass(Duration::from_secs(7));
    assert_eq!(desk.changes(), [] as [&str; 0], "not yet");
    desk.pass(Duration::from_secs(1));
    assert_eq!(desk.changes(), ["1 answers: false"]);
    desk.pass(Duration::from_secs(60));
    desk.is_deaf = false;
    desk.input(Input::Probe { agent: AGENT });
    assert_eq!(desk.changes(), ["1 answers: true"]);
    desk.is_deaf = true;
    desk.input(Input::Probe { agent: AGENT });
    desk.pass(Duration::from_secs(60));
    assert_eq!(desk.changes(), ["1 answers: false"]);
    desk.is_deaf = false;
    desk.register_with("<sip:1001@127.0.0.7:5070>", vec![declared]);
    assert_eq!(desk.changes(), ["set sip:1001@127.0.0.7:5070", "1 answers: true"]);
    assert_eq!(desk.location.snapshot(desk.now).bindings.len(), 1, "a silent phone keeps its binding");
}

#[test]
fn a_refusal_is_an_answer_and_a_late_one_heals() {
    let mut desk = Desk::new();
    desk.register_with("<sip:1001@127.0.0.7:5070>", vec![("Allow", "OPTIONS".to_owned())]);
    desk.changes();
    desk.answer = 405;
    desk.input(Input::Probe { agent: AGENT });
    desk.pass(Duration::from_secs(60));
    assert_eq!(desk.changes(), [] as [&str; 0]);
    desk.is_deaf = true;
    desk.input(Input::Probe { agent: AGENT });
    desk.pass(Duration::from_secs(9));
    desk.is_deaf = false;
    desk.pass(Duration::from_secs(5));
    assert_eq!(desk.changes(), ["1 answers: false", "1 answers: true"], "the next retransmission was answered");
}

#[test]
fn who_did_not_say_that_he_takes_options_is_asked_only_where_all_are() {
    let mut desk = Desk::new();
    desk.is_deaf = false;
    for (probing, asked) in [(Probing::Off, false), (Probing::Declared, false), (Probing::All, true)] {
        desk.location.probing = probing;
        desk.register("<sip:1001@127.0.0.7:5070>");
        desk.is_deaf = true;
        desk.input(Input::Probe { agent: AGENT });
        desk.pass(Duration::from_secs(60));
        desk.is_deaf = false;
        let silent = desk.changes().iter().any(|word| word == "1 answers: false");
        assert_eq!(silent, asked, "{probing:?}");
    }
}

#[test]
fn contacts_go_with_their_connection_and_their_user() {
    let mut desk = Desk::new();
    desk.phone_peer.transport = Transport::Tcp;
    desk.phone_peer.flow = Some(clock::FlowId(5));
    desk.register("<sip:1001@127.0.0.7:5070;transport=tcp>");
    desk.changes();
    desk.input(Input::FlowGone(clock::FlowId(6)));
    assert!(desk.changes().is_empty());
    desk.input(Input::FlowGone(clock::FlowId(5)));
    assert_eq!(desk.changes(), ["removed sip:1001@127.0.0.7:5070;transport=tcp", "1 has 0"]);
    desk.register("<sip:1001@127.0.0.7:5070;transport=tcp>");
    desk.changes();
    desk.configure(vec![user("1002", AgentId(2))]);
    assert_eq!(desk.changes(), ["removed sip:1001@127.0.0.7:5070;transport=tcp", "1 has 0"]);
}

#[test]
fn bytes_that_are_no_message_are_refused() {
    let mut desk = Desk::new();
    let bytes = "OPTIONS sip:h SIP/7.0\r\nVia: SIP/7.0/UDP 127.0.0.7:5070;branch=z9hG4bK9\r\nFrom: <sip:a@h>;tag=1\r\n\
                 To: <sip:h>\r\nCall-ID: c\r\nCSeq: 1 OPTIONS\r\n\r\n";
    let error = Message::parse(Bytes::from(bytes), Source::Datagram).unwrap_err();
    let peer = Peer { addr: ([127, 0, 0, 9], 5070).into(), ..server() };
    desk.input(Input::ReceivedBad { peer, error });
    let refused = desk.told.iter().any(|effect| {
        matches!(effect, Effect::Transmit { bytes, .. } if bytes.starts_with(b"SIP/2.0 505 Version Not Supported"))
    });
    assert!(refused);
}

#[test]
fn any_bytes_in_any_order_come_to_rest() {
    let mut rng = Rng::new(11);
    let mut desk = Desk::new();
    let mut seen: Vec<Bytes> = Vec::new();
    for round in 0..400 {
        let contact = format!("<sip:1001@127.0.0.7:{}>;expires={}", 5_070 + rng.below(3), 30 + rng.below(60));
        let mut params = desk.params(crate::Method::Register, "sip:1001@demo.local", Some("demo-1001"));
        params.headers = vec![("Contact", if rng.chance(0.1) { "*".into() } else { contact })];
        desk.phone.request(desk.now.mono, params);
        while let Some(output) = desk.phone.poll_output() {
            let Output::Transmit { bytes, .. } = output else { continue };
            seen.push(bytes.clone());
            desk.phone_says(bytes);
        }
        let mut bytes = seen[rng.below(seen.len() as u64) as usize].to_vec();
        let at = rng.below(bytes.len() as u64) as usize;
        bytes[at] = rng.next_u32() as u8;
        desk.phone_says(bytes.into());
        if round % 8 == 0 {
            desk.pass(Duration::from_secs(rng.below(20)));
        }
        let bindings = desk.location.snapshot(desk.now).bindings.len();
        assert!(bindings <= 1, "one contact an agent");
    }
    desk.pass(Duration::from_secs(300));
    assert_eq!(desk.location.counts(), crate::ua::Counts::default());
    assert!(desk.location.snapshot(desk.now).bindings.is_empty());
    assert_eq!(desk.location.poll_timeout(), None);
}
