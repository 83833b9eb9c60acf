//! Streams of G.711 packets at 20 ms, each with its time of sending inside, and what comes back of them.

use std::io::IoSliceMut;
use std::net::{SocketAddr, UdpSocket};
use std::os::fd::AsRawFd;
use std::time::{Duration, Instant, SystemTime};

use nix::cmsg_space;
use nix::sys::socket::{ControlMessageOwned, MsgFlags, recvmsg, setsockopt, sockopt};
use nix::sys::time::TimeSpec;

use crate::Fault;
use crate::stats::percentile;

/// Two sockets that send to and hear from each other over whatever lies between.
pub(crate) struct Streams {
    a: UdpSocket,
    b: UdpSocket,
    cmsg: Vec<u8>,
}

/// What came of the packets of one run.
#[derive(Clone, Debug, Default)]
pub(crate) struct Heard {
    /// Packets of the counted time.
    pub(crate) sent: u64,
    /// Those that came out on the other side.
    pub(crate) received: u64,
    /// Send to arrival in the kernel, microseconds, packet by packet.
    delays_us: Vec<u32>,
}

impl Heard {
    /// Packets that did not come.
    pub(crate) fn lost(&self) -> u64 {
        self.sent.saturating_sub(self.received)
    }

    /// Median and 99th percentile of the delay in microseconds.
    pub(crate) fn delay_us(&mut self) -> (u32, u32) {
        (percentile(&mut self.delays_us, 50.0), percentile(&mut self.delays_us, 99.0))
    }
}

impl Streams {
    /// Streams between `a` and `b`.
    pub(crate) fn new(a: UdpSocket, b: UdpSocket) -> Result<Self, Fault> {
        for socket in [&a, &b] {
            setsockopt(socket, sockopt::ReceiveTimestampns, &true).map_err(std::io::Error::from)?;
        }
        Ok(Self { a, b, cmsg: cmsg_space!(TimeSpec) })
    }

    /// Sends a packet every 20 ms from `a` to each of `to_a` and from `b` to each of `to_b`, spread evenly;
    /// counts after `warm_up`, for `time`. `at_begin` is called between the two.
    pub(crate) fn run(
        &mut self,
        to: (&[SocketAddr], &[SocketAddr]),
        warm_up: Duration,
        time: Duration,
        at_begin: impl FnOnce(),
    ) -> Heard {
        let mut heard = Heard::default();
        let streams = to.0.len() + to.1.len();
        let begin = Instant::now();
        let frames = |time: Duration| (time.as_micros() / FRAME.as_micros()) as u64;
        let first_counted = frames(warm_up) * streams as u64;
        let end = first_counted + frames(time) * streams as u64;
        let mut at_begin = Some(at_begin);
        let mut next = 0;
        while next < end {
            let due = (begin.elapsed().as_secs_f64() / FRAME.as_secs_f64() * streams as f64) as u64;
            // A generator that was kept from running does not flood itself when it runs again.
            let due = due.min(next + BURST_MAX);
            while next < due.min(end) {
                if next == first_counted
                    && let Some(at_begin) = at_begin.take()
                {
                    at_begin();
                }
                let counted = next >= first_counted;
                heard.sent += u64::from(counted);
                let (nth, frame) = ((next % streams as u64) as usize, next / streams as u64);
                // Both directions alternate, as long as there are streams of both.
                let from_a = nth.is_multiple_of(2);
                let (socket, to) = if from_a { (&self.a, to.0[nth / 2]) } else { (&self.b, to.1[nth / 2]) };
                let _ = socket.send_to(&packet(nth as u32, frame as u32, counted), to);
                next += 1;
            }
            self.drain(&mut heard);
            std::thread::sleep(TICK);
        }
        let last = Instant::now() + LAST_PACKETS;
        while Instant::now() < last && heard.lost() > 0 {
            self.drain(&mut heard);
            std::thread::sleep(TICK);
        }
        heard
    }

    fn drain(&mut self, heard: &mut Heard) {
        let mut buffer = [0; PACKET_BYTES];
        for socket in [&self.a, &self.b] {
            loop {
                let mut parts = [IoSliceMut::new(&mut buffer)];
                let fd = socket.as_raw_fd();
                let Ok(message) = recvmsg::<()>(fd, &mut parts, Some(&mut self.cmsg), MsgFlags::MSG_DONTWAIT) else {
                    break;
                };
                let arrived = message.cmsgs().ok().and_then(|mut all| {
                    all.find_map(|one| match one {
                        ControlMessageOwned::ScmTimestampns(at) => Some(nanos(at)),
                        _ => None,
                    })
                });
                if message.bytes == PACKET_BYTES
                    && let (Some(arrived), Some(sent)) = (arrived, sent_at(&buffer))
                {
                    heard.received += 1;
                    let delay_us = arrived.saturating_sub(sent) / 1_000;
                    heard.delays_us.push(u32::try_from(delay_us).unwrap_or(u32::MAX));
                }
            }
        }
    }
}

/// An RTP packet (RFC 3550 5.1) of PCMU whose audio begins with a mark and the time.
fn packet(stream: u32, frame: u32, counted: bool) -> [u8; PACKET_BYTES] {
    let mut packet = [0xff; PACKET_BYTES];
    packet[0] = 0x80;
    packet[1] = 0;
    packet[2..4].copy_from_slice(&(frame as u16).to_be_bytes());
    packet[4..8].copy_from_slice(&frame.wrapping_mul(SAMPLES).to_be_bytes());
    packet[8..12].copy_from_slice(&stream.to_be_bytes());
    packet[12..16].copy_from_slice(if counted { COUNTED } else { UNCOUNTED });
    let now = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default().as_nanos() as u64;
    packet[16..24].copy_from_slice(&now.to_be_bytes());
    packet
}

/// When a counted packet left.
fn sent_at(packet: &[u8; PACKET_BYTES]) -> Option<u64> {
    let time = packet[16..24].try_into().ok()?;
    (&packet[12..16] == COUNTED).then(|| u64::from_be_bytes(time))
}

fn nanos(at: TimeSpec) -> u64 {
    u64::try_from(at.tv_sec()).unwrap_or(0) * 1_000_000_000 + u64::try_from(at.tv_nsec()).unwrap_or(0)
}

/// Header and 20 ms of G.711.
const PACKET_BYTES: usize = 12 + SAMPLES as usize;
const SAMPLES: u32 = 160;
const FRAME: Duration = Duration::from_millis(20);
/// Between two bursts: shorter would measure the timer, longer would be bursts that no carrier sends.
const TICK: Duration = Duration::from_micros(500);
/// Packets between two looks at what came: 4 ms of 500 calls.
const BURST_MAX: u64 = 200;
/// For what is still under way at the end.
const LAST_PACKETS: Duration = Duration::from_millis(300);
const COUNTED: &[u8] = b"TLbC";
const UNCOUNTED: &[u8] = b"TLb-";
