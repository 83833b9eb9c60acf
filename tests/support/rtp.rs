//! RTP of a peer: a socket that sends a tone as G.711 u-law and keeps what it hears.

use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::{ulaw_decode, ulaw_encode, unique, until};

/// The audio of one call.
pub(crate) struct Rtp {
    socket: Arc<UdpSocket>,
    heard: Arc<Mutex<Vec<Packet>>>,
    over: Arc<AtomicBool>,
    talking: Arc<AtomicBool>,
    /// Keys pressed.
    presses: AtomicU32,
}

/// A packet that came.
#[derive(Clone, Debug)]
pub(crate) struct Packet {
    pub(crate) at: Instant,
    pub(crate) payload_type: u8,
    pub(crate) sequence: u16,
    pub(crate) timestamp: u32,
    pub(crate) payload: Vec<u8>,
}

impl Rtp {
    /// A socket on a free port.
    pub(crate) fn bind(ip: IpAddr) -> Self {
        let socket = Arc::new(UdpSocket::bind((ip, 0)).expect("a free port"));
        socket.set_read_timeout(Some(Duration::from_millis(200))).expect("a time-out can be set");
        let (heard, over) = (Arc::<Mutex<Vec<Packet>>>::default(), Arc::new(AtomicBool::new(false)));
        let (from, into, end) = (Arc::clone(&socket), Arc::clone(&heard), Arc::clone(&over));
        std::thread::spawn(move || {
            let mut buffer = [0; 2048];
            while !end.load(Ordering::SeqCst) {
                let Ok((length, _)) = from.recv_from(&mut buffer) else { continue };
                if let Some(packet) = Packet::read(&buffer[..length]) {
                    into.lock().expect("no holder panics").push(packet);
                }
            }
        });
        Self { socket, heard, over, talking: Arc::default(), presses: AtomicU32::new(0) }
    }

    /// Its address.
    pub(crate) fn addr(&self) -> SocketAddr {
        self.socket.local_addr().expect("a bound socket")
    }

    /// Sends a tone of `hz` to `to` every 20 ms, as u-law, until `hush` or the end of the call.
    pub(crate) fn talk(&self, to: SocketAddr, hz: f64) {
        self.talk_as(0, ulaw_encode, to, hz);
    }

    /// The same with another encoding.
    pub(crate) fn talk_as(&self, payload_type: u8, encode: fn(i16) -> u8, to: SocketAddr, hz: f64) {
        let (socket, over, talking) = (Arc::clone(&self.socket), Arc::clone(&self.over), Arc::clone(&self.talking));
        talking.store(true, Ordering::SeqCst);
        std::thread::spawn(move || {
            let ssrc = unique().bytes().fold(7_u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(u32::from(byte)));
            let start = Instant::now();
            let mut sequence: u16 = 0;
            while talking.load(Ordering::SeqCst) && !over.load(Ordering::SeqCst) {
                let first = u32::from(sequence) * FRAME as u32;
                let payload = (0..FRAME as u32).map(|at| encode(sine(hz, first + at)));
                let bytes: Vec<u8> =
                    header(payload_type, sequence, first, ssrc, sequence == 0).into_iter().chain(payload).collect();
                let _ = socket.send_to(&bytes, to);
                sequence = sequence.wrapping_add(1);
                std::thread::sleep((start + TICK * u32::from(sequence)).saturating_duration_since(Instant::now()));
            }
        });
    }

    /// Sends these frames of u-law once, one every 20 ms, and silence after them until `hush` or the end of the call.
    pub(crate) fn play(&self, to: SocketAddr, frames: Vec<Vec<u8>>) {
        let (socket, over, talking) = (Arc::clone(&self.socket), Arc::clone(&self.over), Arc::clone(&self.talking));
        talking.store(true, Ordering::SeqCst);
        std::thread::spawn(move || {
            let silence = vec![ulaw_encode(0); FRAME];
            let start = Instant::now();
            let mut sequence: u16 = 0;
            while talking.load(Ordering::SeqCst) && !over.load(Ordering::SeqCst) {
                let payload = frames.get(usize::from(sequence)).unwrap_or(&silence);
                let mut bytes = header(0, sequence, u32::from(sequence) * FRAME as u32, PLAYED_SSRC, sequence == 0);
                bytes.extend(payload);
                let _ = socket.send_to(&bytes, to);
                sequence = sequence.wrapping_add(1);
                std::thread::sleep((start + TICK * u32::from(sequence)).saturating_duration_since(Instant::now()));
            }
        });
    }

    /// Falls silent.
    pub(crate) fn hush(&self) {
        self.talking.store(false, Ordering::SeqCst);
    }

    /// Presses a key (RFC 4733): three packets of the press, three of its end.
    pub(crate) fn press(&self, to: SocketAddr, event: u8) {
        // Each press begins later than the one before: the time stamp tells keys apart.
        let press = self.presses.fetch_add(1, Ordering::SeqCst);
        for packet in 0..6_u16 {
            let is_end = packet >= 3;
            let duration = if is_end { 800_u16 } else { 160 * (packet + 1) };
            let [high, low] = duration.to_be_bytes();
            let sequence = (press as u16).wrapping_mul(6).wrapping_add(packet);
            let mut bytes = header(101, sequence, 4_000 + press * 2_000, PRESSES_SSRC, packet == 0);
            bytes.extend([event, u8::from(is_end) << 7 | 10, high, low]);
            let _ = self.socket.send_to(&bytes, to);
        }
    }

    /// Everything that came.
    pub(crate) fn packets(&self) -> Vec<Packet> {
        self.heard.lock().expect("no holder panics").clone()
    }

    /// Waits until so many packets more have come; the number before.
    pub(crate) fn wait_packets(&self, more: usize) -> usize {
        let before = self.packets().len();
        until(&format!("{more} RTP packets"), || self.packets().len(), |count| *count >= before + more);
        before
    }

    /// The samples of the audio packets from the `first` one on, in the order of arrival.
    pub(crate) fn samples(&self, first: usize) -> Vec<i16> {
        let packets = self.packets();
        let audio = packets.iter().skip(first).filter(|packet| packet.payload_type == 0);
        audio.flat_map(|packet| packet.payload.iter().map(|byte| ulaw_decode(*byte))).collect()
    }
}

impl Drop for Rtp {
    fn drop(&mut self) {
        self.over.store(true, Ordering::SeqCst);
    }
}

impl Packet {
    fn read(bytes: &[u8]) -> Option<Self> {
        let head = bytes.get(..12).filter(|head| head[0] == 0x80)?;
        Some(Self {
            at: Instant::now(),
            payload_type: head[1] & 0x7f,
            sequence: u16::from_be_bytes([head[2], head[3]]),
            timestamp: u32::from_be_bytes([head[4], head[5], head[6], head[7]]),
            payload: bytes[12..].to_vec(),
        })
    }
}

fn header(payload_type: u8, sequence: u16, timestamp: u32, ssrc: u32, marker: bool) -> Vec<u8> {
    let mut bytes = vec![0x80, u8::from(marker) << 7 | payload_type];
    bytes.extend(sequence.to_be_bytes());
    bytes.extend(timestamp.to_be_bytes());
    bytes.extend(ssrc.to_be_bytes());
    bytes
}

fn sine(hz: f64, at: u32) -> i16 {
    (8_000.0 * (f64::from(at) * hz * std::f64::consts::TAU / 8_000.0).sin()) as i16
}

/// The source of what is played.
const PLAYED_SSRC: u32 = 2_048;
/// The source of keys: a stream of its own beside the speech.
const PRESSES_SSRC: u32 = 1_036;
/// Samples of a packet.
const FRAME: usize = 160;
const TICK: Duration = Duration::from_millis(20);
