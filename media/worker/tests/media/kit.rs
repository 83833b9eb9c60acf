//! A worker with its own folders and ports, and phones to talk to it.

use std::collections::VecDeque;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clock::{CallId, LegId};
use media_graph::{Codec, Command, DtmfTypes, Event, Node, PlaySource, PlayerId, RemoteMedia};
use media_worker::{DropReason, EventReceiver, MediaConfig, MediaWorker};
use rtp_core::g711::Law;
use rtp_core::packet::{HEADER_LEN, Header, Packet};
use tempfile::TempDir;

pub(crate) const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
pub(crate) const CALL: CallId = CallId(1);
/// Far longer than anything takes, so that only a fault reaches it.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// A worker, its events and its folders.
pub(crate) struct Desk {
    pub(crate) worker: MediaWorker,
    pub(crate) events: EventReceiver,
    pub(crate) dir: TempDir,
    /// Events that nobody asked for yet, in order.
    passed: VecDeque<Event>,
    next_probe: u64,
}

impl Desk {
    pub(crate) fn new() -> Self {
        Self::with(40, |_| {})
    }

    /// A worker with `ports` ports, after `change` to its configuration.
    pub(crate) fn with(ports: u16, change: impl FnOnce(&mut MediaConfig)) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let first = free_ports(ports);
        let mut config =
            MediaConfig::new(LOOPBACK, first..=first + ports - 1, dir.path().join("data"), dir.path().join("prompts"));
        change(&mut config);
        std::fs::create_dir_all(config.prompts_dir.join("music")).unwrap();
        write_wav(&config.prompts_dir.join("short.wav"), &sine(440.0, 8_000));
        write_wav(&config.prompts_dir.join("music/default.wav"), &sine(1_000.0, 8_000));
        let (worker, events) = MediaWorker::start(&config).unwrap();
        Self { worker, events, dir, passed: VecDeque::new(), next_probe: 1 << 32 }
    }

    pub(crate) fn send(&self, command: Command) {
        self.worker.send(command).unwrap();
    }

    pub(crate) fn connect(&mut self, source: Node, sink: Node) {
        self.send(Command::Connect { source, sink });
        self.settle();
    }

    pub(crate) fn disconnect(&mut self, source: Node, sink: Node) {
        self.send(Command::Disconnect { source, sink });
        self.settle();
    }

    /// Waits until the thread has obeyed all commands so far: it answers them in order.
    pub(crate) fn settle(&mut self) {
        self.next_probe += 1;
        let probe = LegId(self.next_probe);
        self.send(Command::Open { leg: probe, call: CALL });
        self.send(Command::Close { leg: probe });
        let opened = self.expect(|event| match event {
            Event::Opened { leg, .. } if *leg == probe => Some(true),
            Event::OpenFailed { leg } if *leg == probe => Some(false),
            _ => None,
        });
        if opened {
            self.expect(|event| matches!(event, Event::Closed { leg, .. } if *leg == probe).then_some(()));
        }
    }

    /// Waits until so many packets more were read, accepted or not, than when `act` began.
    pub(crate) fn after_packets(&mut self, count: u64, act: impl FnOnce()) {
        let metrics = Arc::clone(self.worker.metrics());
        let read = || metrics.packets_in.value() + DropReason::ALL.iter().map(|why| metrics.drops(*why)).sum::<u64>();
        let before = read();
        act();
        let deadline = Instant::now() + PATIENCE;
        while read() < before + count {
            assert!(Instant::now() < deadline, "the packets did not come");
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    pub(crate) fn play(&self, player: u64, source: PlaySource, looped: bool) {
        self.send(Command::Play { player: PlayerId(player), call: CALL, sources: vec![source], looped });
    }

    /// The next event that `wanted` makes something of; others are kept for later.
    pub(crate) fn expect<T>(&mut self, wanted: impl Fn(&Event) -> Option<T>) -> T {
        for at in 0..self.passed.len() {
            if let Some(found) = wanted(&self.passed[at]) {
                self.passed.remove(at);
                return found;
            }
        }
        let deadline = Instant::now() + PATIENCE;
        loop {
            match self.events.try_recv() {
                Some(event) => match wanted(&event) {
                    Some(found) => return found,
                    None => self.passed.push_back(event),
                },
                None => {
                    assert!(Instant::now() < deadline, "the event did not come");
                    std::thread::sleep(Duration::from_millis(1));
                }
            }
        }
    }

    /// Opens a leg and answers it with what `phone` offers.
    pub(crate) fn join(&mut self, id: u64, phone: &mut Phone) {
        let leg = LegId(id);
        self.send(Command::Open { leg, call: CALL });
        phone.peer = self.expect(|event| match event {
            Event::Opened { leg: opened, rtp } if *opened == leg => Some(*rtp),
            _ => None,
        });
        self.send(Command::SetRemote { leg, remote: phone.remote() });
        self.settle();
    }

    /// Closes a leg and returns its counts.
    pub(crate) fn leave(&mut self, id: u64) -> media_graph::LegStats {
        self.send(Command::Close { leg: LegId(id) });
        self.expect(|event| match event {
            Event::Closed { leg, stats } if *leg == LegId(id) => Some(*stats),
            _ => None,
        })
    }
}

pub(crate) fn leg(id: u64) -> Node {
    Node::Leg(LegId(id))
}

pub(crate) fn player(id: u64) -> Node {
    Node::Player(PlayerId(id))
}

/// A phone: two sockets and the numbers of its stream.
pub(crate) struct Phone {
    pub(crate) rtp: UdpSocket,
    pub(crate) rtcp: UdpSocket,
    pub(crate) peer: SocketAddr,
    pub(crate) codec: Codec,
    pub(crate) header: Header,
    pub(crate) dtmf: DtmfTypes,
}

impl Phone {
    pub(crate) fn new(codec: Codec) -> Self {
        Self::at(LOOPBACK, codec)
    }

    pub(crate) fn at(host: IpAddr, codec: Codec) -> Self {
        let socket = || {
            let socket = UdpSocket::bind((host, 0)).unwrap();
            socket.set_read_timeout(Some(PATIENCE)).unwrap();
            socket
        };
        let rtp = socket();
        let ssrc = u32::from(rtp.local_addr().unwrap().port()) << 8;
        let header =
            Header { marker: false, payload_type: law(codec).payload_type(), sequence: 65_530, timestamp: 77, ssrc };
        let peer = SocketAddr::new(LOOPBACK, 9);
        Self { rtp, rtcp: socket(), peer, codec, header, dtmf: DtmfTypes { receive: Some(101), send: Some(101) } }
    }

    pub(crate) fn remote(&self) -> RemoteMedia {
        RemoteMedia {
            rtp: self.rtp.local_addr().unwrap(),
            rtcp: self.rtcp.local_addr().unwrap(),
            codec: self.codec,
            send_type: law(self.codec).payload_type(),
            receive_pcma: (self.codec == Codec::Pcma).then_some(8),
            receive_pcmu: (self.codec == Codec::Pcmu).then_some(0),
            dtmf: self.dtmf,
            may_send: true,
            may_receive: true,
        }
    }

    pub(crate) fn law(&self) -> Law {
        law(self.codec)
    }

    /// Sends the next packet of the stream.
    pub(crate) fn say(&mut self, payload: &[u8]) {
        self.say_as(self.header.payload_type, payload);
        self.header.timestamp = self.header.timestamp.wrapping_add(payload.len() as u32);
    }

    /// Sends a packet of another type; the timestamp stands still.
    pub(crate) fn say_as(&mut self, payload_type: u8, payload: &[u8]) {
        let packet = packet(&Header { payload_type, ..self.header }, payload);
        self.rtp.send_to(&packet, self.peer).unwrap();
        self.header.sequence = self.header.sequence.wrapping_add(1);
    }

    /// The next packet that comes.
    pub(crate) fn hear(&self) -> (Header, Vec<u8>) {
        let mut buffer = [0; 2_000];
        let len = self.rtp.recv(&mut buffer).expect("a packet");
        let packet = Packet::parse(&buffer[..len]).expect("RTP");
        (packet.header, packet.payload.to_vec())
    }

    /// Sends a packet of each side and waits for it at the other, so that addresses are known and edges stand.
    pub(crate) fn greet(&mut self, other: &mut Phone) {
        self.say(&[0x55; 160]);
        other.hear();
        other.say(&[0x55; 160]);
        self.hear();
    }

    /// What comes from now on, as samples, until there are `len`.
    pub(crate) fn listen(&self, len: usize) -> Vec<i16> {
        let mut samples = Vec::new();
        while samples.len() < len {
            samples.extend(self.hear().1.iter().map(|code| self.law().decode(*code)));
        }
        samples
    }
}

pub(crate) fn packet(header: &Header, payload: &[u8]) -> Vec<u8> {
    let mut packet = vec![0; HEADER_LEN];
    header.write(&mut packet).unwrap();
    packet.extend_from_slice(payload);
    packet
}

pub(crate) fn law(codec: Codec) -> Law {
    match codec {
        Codec::Pcma => Law::A,
        Codec::Pcmu => Law::U,
    }
}

/// A sine of half the full level.
pub(crate) fn sine(hz: f64, samples: usize) -> Vec<i16> {
    (0..samples).map(|n| (16_000.0 * (n as f64 * hz * std::f64::consts::TAU / 8_000.0).sin()) as i16).collect()
}

pub(crate) fn encoded(law: Law, samples: &[i16]) -> Vec<u8> {
    samples.iter().map(|sample| law.encode(*sample)).collect()
}

/// How much louder `wanted` is than `other` in `samples`, dB (Goertzel).
pub(crate) fn lead_db(samples: &[i16], wanted_hz: f64, other_hz: f64) -> f64 {
    let power = |hz: f64| {
        let step = hz * std::f64::consts::TAU / 8_000.0;
        let (re, im) = samples.iter().enumerate().fold((0.0, 0.0), |(re, im), (n, sample)| {
            let at = step * n as f64;
            (re + f64::from(*sample) * at.cos(), im + f64::from(*sample) * at.sin())
        });
        re * re + im * im + 1.0
    };
    10.0 * (power(wanted_hz) / power(other_hz)).log10()
}

pub(crate) fn write_wav(path: &Path, samples: &[i16]) {
    let mut bytes = rtp_core::wav::header(1, samples.len() as u32 * 2).to_vec();
    bytes.extend(samples.iter().flat_map(|sample| sample.to_le_bytes()));
    std::fs::write(path, bytes).unwrap();
}

/// The first of `count` ports near one that the system just gave out; pairs
/// that another test has are skipped by the worker.
fn free_ports(count: u16) -> u16 {
    loop {
        let probe = UdpSocket::bind((LOOPBACK, 0)).unwrap();
        let first = probe.local_addr().unwrap().port() & !1;
        if first.checked_add(count).is_some() {
            return first;
        }
    }
}
