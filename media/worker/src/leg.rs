//! One leg's RTP session: its ports, what was negotiated, what comes and what goes.

mod reports;

use std::ops::Range;
use std::time::Duration;

use clock::{CallId, Instant, LegId, Rng};
use media_graph::{Codec, LegStats, RemoteMedia};
use rtp_core::address_learning::{AddressLearning, Verdict};
use rtp_core::dtmf::{DtmfEvent, DtmfReceiver};
use rtp_core::g711::Law;
use rtp_core::jitter::JitterBuffer;
use rtp_core::packet::{HEADER_LEN, Header, MAX_PACKET_LEN, Packet, is_rtcp};
use rtp_core::stats::ReceptionStats;
use rtp_core::{FRAME_SAMPLES, Frame, SAMPLE_RATE_HZ};

use crate::listener::Listener;
use crate::metrics::{DropReason, MediaMetrics};
use crate::ports::PortPair;
use crate::socket::{Destination, Received, UdpPort};
use crate::stream::OutStream;

pub(crate) use reports::report_interval;

/// A leg with open ports.
#[derive(Debug)]
pub(crate) struct Leg {
    pub(crate) id: LegId,
    pub(crate) call: CallId,
    pair: PortPair,
    remote: Option<Remote>,
    reception: ReceptionStats,
    dtmf: DtmfReceiver,
    out: OutStream,
    /// When RTP was last accepted.
    pub(crate) last_packet: Option<Instant>,
    pub(crate) watch: Option<Watch>,
    /// There while somebody wants to know who is on the line.
    pub(crate) listener: Option<Box<Listener>>,
    /// There while the leg feeds a mix, or is listened to.
    pub(crate) playout: Option<Box<Playout>>,
    sent: u64,
    dropped: u64,
    lost_told: u64,
    reports: reports::Reports,
}

/// The watch for RTP that stops.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Watch {
    pub(crate) limit: Duration,
    pub(crate) since: Instant,
    /// When the packet came after which `Silent` was told: no second time for the same silence.
    pub(crate) told: Option<Instant>,
}

/// What a leg says, frame by frame, for those who mix it.
#[derive(Debug)]
pub(crate) struct Playout {
    pub(crate) buffer: JitterBuffer,
    pub(crate) frame: Frame,
}

#[derive(Debug)]
struct Remote {
    media: RemoteMedia,
    learning: AddressLearning,
    target: Destination,
    way: Way,
}

/// How we send to the other side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// To the target, by its address: another source may be learned yet.
    Open,
    /// Through a socket that is bound to the target: it costs a tenth less, and strangers cost nothing.
    Bound,
    /// By its address, as the socket could not be bound, or not be freed.
    Unbound,
}

/// A packet that was accepted; its payload lies in the buffer it was read into.
#[derive(Clone, Debug)]
pub(crate) struct Came {
    pub(crate) header: Header,
    pub(crate) payload: Range<usize>,
    pub(crate) kind: Kind,
    /// The leg's first.
    pub(crate) first: bool,
}

/// What a packet carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Sound.
    Audio(Law),
    /// A telephone event, and the key if this packet is the first to tell of it.
    Event(Option<char>),
    /// A payload type that nobody agreed on: comfort noise, mostly.
    Other,
}

impl Leg {
    /// A leg that has ports and nothing else.
    pub(crate) fn new(id: LegId, call: CallId, pair: PortPair, rng: &mut Rng, now: Instant) -> Self {
        Self {
            id,
            call,
            pair,
            remote: None,
            reception: ReceptionStats::new(SAMPLE_RATE_HZ),
            dtmf: DtmfReceiver::new(),
            out: OutStream::new(rng, now),
            last_packet: None,
            watch: None,
            listener: None,
            playout: None,
            sent: 0,
            dropped: 0,
            lost_told: 0,
            reports: reports::Reports::new(rng),
        }
    }

    /// The sockets.
    pub(crate) fn pair(&self) -> &PortPair {
        &self.pair
    }

    /// Gives the sockets back.
    pub(crate) fn into_pair(self) -> PortPair {
        self.pair
    }

    /// Takes what offer and answer settled; true the first time.
    pub(crate) fn set_remote(&mut self, mut media: RemoteMedia, now: Instant) -> bool {
        // An address of zeros is the hold of RFC 2543; the others are nobody's phone.
        let ip = media.rtp.ip();
        media.may_send &= !ip.is_unspecified() && !ip.is_multicast() && media.rtp.port() != 0;
        if !media.may_send {
            self.out.release();
        }
        match &mut self.remote {
            Some(remote) => {
                remote.learning.on_offer(media.rtp, now);
                remote.target = Destination::from(remote.learning.target());
                remote.media = media;
                remote.open(&self.pair.rtp);
                false
            }
            None => {
                let learning = AddressLearning::new(media.rtp, now);
                let target = Destination::from(media.rtp);
                self.remote = Some(Remote { media, learning, target, way: Way::Open });
                true
            }
        }
    }

    /// Reads one datagram from the RTP socket into `buffer`. `None`: nothing that goes on.
    pub(crate) fn receive(&mut self, buffer: &mut [u8], now: Instant, metrics: &MediaMetrics) -> Read {
        match self.pair.rtp.receive(buffer) {
            Received::Datagram(len, from) => match self.accept(&buffer[..len.min(buffer.len())], from, now) {
                Ok(came) => {
                    metrics.packets_in.add(1);
                    if came.kind == Kind::Other {
                        self.dropped += 1;
                        metrics.drop_packet(DropReason::PayloadType);
                    }
                    Read::Came(came)
                }
                Err(reason) => {
                    self.dropped += 1;
                    metrics.drop_packet(reason);
                    Read::Dropped
                }
            },
            Received::Nothing => Read::Nothing,
            Received::Failed => {
                metrics.receive_errors.add(1);
                Read::Nothing
            }
        }
    }

    fn accept(&mut self, bytes: &[u8], from: std::net::SocketAddr, now: Instant) -> Result<Came, DropReason> {
        let remote = self.remote.as_mut().filter(|remote| remote.media.may_receive);
        let remote = remote.ok_or(DropReason::NotNegotiated)?;
        // RTCP on the RTP port was not agreed (RFC 5761); as RTP its numbers would upset the statistics.
        if is_rtcp(bytes) {
            return Err(DropReason::Malformed);
        }
        let packet = Packet::parse(bytes).map_err(|_| DropReason::Malformed)?;
        match remote.learning.on_packet(from, &packet.header, now) {
            Verdict::Accept => {
                if remote.way == Way::Open && remote.learning.is_settled(now) {
                    remote.bind(&self.pair.rtp);
                }
            }
            Verdict::Learned => remote.target = Destination::from(remote.learning.target()),
            Verdict::Candidate | Verdict::Stranger => return Err(DropReason::Source),
        }
        self.reception.on_packet(&packet.header, now);
        let first = self.last_packet.replace(now).is_none();
        let kind = match remote.codec_of(packet.header.payload_type) {
            Some(law) => Kind::Audio(law),
            None if remote.media.dtmf.receive == Some(packet.header.payload_type) => {
                Kind::Event(heard(&mut self.dtmf, &packet, now))
            }
            None => Kind::Other,
        };
        let end = bytes.len() - usize::from(packet.padding);
        Ok(Came { header: packet.header, payload: end - packet.payload.len()..end, kind, first })
    }

    /// Passes on a packet of the leg at `place`, as our own stream's next. The
    /// header is written right before the payload in `buffer`, so sound that
    /// fits is not copied; `scratch` takes what must be translated.
    pub(crate) fn relay(
        &mut self,
        place: u32,
        came: &Came,
        buffer: &mut [u8],
        scratch: &mut [u8; MAX_PACKET_LEN],
        now: Instant,
        metrics: &MediaMetrics,
    ) {
        let Some(remote) = self.remote.as_ref().filter(|remote| remote.media.may_send) else { return };
        let own = law_of(remote.media.codec);
        let payload_type = match came.kind {
            Kind::Audio(_) => Some(remote.media.send_type),
            Kind::Event(_) => remote.media.dtmf.send,
            Kind::Other => None,
        };
        let Some(payload_type) = payload_type else { return self.out.skip(place, &came.header) };
        let is_event = !matches!(came.kind, Kind::Audio(_));
        let header = self.out.relay(place, &came.header, payload_type, is_event, now);
        let start = came.payload.start.saturating_sub(HEADER_LEN);
        let bytes = match came.kind {
            Kind::Audio(law) if law != own => {
                let whole = &mut scratch[..HEADER_LEN + came.payload.len()];
                whole[HEADER_LEN..].copy_from_slice(&buffer[came.payload.clone()]);
                law.transcode(own, &mut whole[HEADER_LEN..]);
                whole
            }
            _ => &mut buffer[start..came.payload.end],
        };
        if header.write(bytes).is_some() {
            let bytes = &*bytes;
            let sent = remote.send(&self.pair.rtp, bytes);
            self.count_sent(sent, bytes.len() - HEADER_LEN, metrics);
        }
    }

    /// Sends a frame of our own making, of the player or mix at `place`.
    pub(crate) fn send_frame(
        &mut self,
        place: u32,
        frames: &mut EncodedFrame<'_>,
        now: Instant,
        metrics: &MediaMetrics,
    ) {
        let Some(remote) = self.remote.as_ref().filter(|remote| remote.media.may_send) else { return };
        let packet = frames.packet(law_of(remote.media.codec));
        let header = self.out.frame(place, FRAME_SAMPLES as u32, remote.media.send_type, now);
        if header.write(packet).is_some() {
            let sent = remote.send(&self.pair.rtp, packet);
            self.count_sent(sent, FRAME_SAMPLES, metrics);
        }
    }

    /// Someone who was relayed to this leg is heard no more.
    pub(crate) fn release_stream(&mut self) {
        self.out.release();
    }

    /// Counts and quality so far.
    pub(crate) fn stats(&self) -> LegStats {
        LegStats {
            received: self.reception.received(),
            sent: self.sent,
            lost: self.reception.lost(),
            dropped: self.dropped,
            jitter_ms: self.reception.jitter().as_secs_f32() * 1_000.0,
            round_trip_ms: self.reports.round_trip().map(|trip| trip.as_secs_f32() * 1_000.0),
        }
    }

    /// Losses since the last call, for the metric.
    pub(crate) fn newly_lost(&mut self) -> u64 {
        let lost = self.reception.lost();
        let newly = lost.saturating_sub(self.lost_told);
        self.lost_told = self.lost_told.max(lost);
        newly
    }

    fn count_sent(&mut self, sent: bool, payload_bytes: usize, metrics: &MediaMetrics) {
        if sent {
            self.sent += 1;
            self.out.sent(payload_bytes);
            metrics.packets_out.add(1);
        } else {
            metrics.send_errors.add(1);
        }
    }
}

/// What one read of a leg's socket brought.
#[derive(Debug)]
pub(crate) enum Read {
    /// A packet to pass on.
    Came(Came),
    /// A packet that was counted and dropped.
    Dropped,
    /// No packet.
    Nothing,
}

impl Remote {
    /// Nobody else will be believed until the next offer: the system may keep others from us.
    fn bind(&mut self, socket: &UdpPort) {
        self.way = if socket.connect(&self.target).is_ok() { Way::Bound } else { Way::Unbound };
    }

    /// Another source may be learned from now on.
    fn open(&mut self, socket: &UdpPort) {
        let is_stuck = self.way == Way::Bound && socket.disconnect().is_err();
        self.way = if is_stuck { Way::Unbound } else { Way::Open };
    }

    fn send(&self, socket: &UdpPort, bytes: &[u8]) -> bool {
        match self.way {
            Way::Bound => socket.send_to_peer(bytes).is_ok(),
            Way::Open | Way::Unbound => socket.send(bytes, &self.target).is_ok(),
        }
    }

    fn codec_of(&self, payload_type: u8) -> Option<Law> {
        if self.media.receive_pcma == Some(payload_type) {
            Some(Law::A)
        } else if self.media.receive_pcmu == Some(payload_type) {
            Some(Law::U)
        } else {
            None
        }
    }
}

/// One frame of 20 ms, encoded at most once a law for all who hear it, with
/// room for the header of each.
#[derive(Debug)]
pub(crate) struct EncodedFrame<'a> {
    samples: &'a Frame,
    a: Option<[u8; HEADER_LEN + FRAME_SAMPLES]>,
    u: Option<[u8; HEADER_LEN + FRAME_SAMPLES]>,
}

impl<'a> EncodedFrame<'a> {
    /// Nothing is encoded before someone asks.
    pub(crate) fn new(samples: &'a Frame) -> Self {
        Self { samples, a: None, u: None }
    }

    fn packet(&mut self, law: Law) -> &mut [u8; HEADER_LEN + FRAME_SAMPLES] {
        let packet = match law {
            Law::A => &mut self.a,
            Law::U => &mut self.u,
        };
        packet.get_or_insert_with(|| {
            let mut packet = [0; HEADER_LEN + FRAME_SAMPLES];
            law.encode_into(self.samples, &mut packet[HEADER_LEN..]);
            packet
        })
    }
}

fn heard(dtmf: &mut DtmfReceiver, packet: &Packet<'_>, now: Instant) -> Option<char> {
    let heard = dtmf.on_packet(packet.header.timestamp, packet.payload, now);
    heard.into_iter().find_map(|event| match event {
        DtmfEvent::Started(digit) => Some(digit.as_char()),
        DtmfEvent::Ended { .. } => None,
    })
}

/// The law of a codec of the contract.
pub(crate) fn law_of(codec: Codec) -> Law {
    match codec {
        Codec::Pcma => Law::A,
        Codec::Pcmu => Law::U,
    }
}
