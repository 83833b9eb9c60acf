//! Measures the media worker alone: bridged calls with G.711 at 20 ms, recorded or not.
//!
//! `cargo run --release -p media-worker --example relay -- CALLS SECONDS [record]`
//!
//! It tells the delay that the worker adds (from before the phone's send to the kernel's receive stamp at the
//! other phone), CPU a forwarded packet by thread, and how long recordings that end at once take to be ready.
#![allow(clippy::disallowed_methods, clippy::disallowed_types, reason = "a load generator: sockets, threads, clock")]

use std::error::Error;
use std::io::IoSliceMut;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::os::fd::AsRawFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime};

use clock::{CallId, LegId};
use media_graph::{ChannelLayout, Codec, Command, DtmfTypes, Event, Node, RecorderId, RemoteMedia};
use media_worker::{EventReceiver, MediaConfig, MediaWorker};
use nix::sys::socket::sockopt::{RcvBuf, ReceiveTimestampns};
use nix::sys::socket::{ControlMessageOwned, MsgFlags, recvmsg, setsockopt};
use rtp_core::packet::{HEADER_LEN, Header};

fn main() -> Result<(), Box<dyn Error>> {
    let mut words = std::env::args().skip(1);
    let calls: u64 = words.next().ok_or("how many calls?")?.parse()?;
    let seconds: u64 = words.next().ok_or("how many seconds?")?.parse()?;
    let records = words.next().is_some_and(|word| word == "record");
    let dir = tempfile::tempdir()?;
    let config = MediaConfig::new(Ipv4Addr::LOCALHOST.into(), 20_000..=39_999, dir.path().into(), dir.path().into());
    let (worker, mut events) = MediaWorker::start(&config)?;
    let phones = [phone()?, phone()?];
    let targets = set_up(&worker, &mut events, &phones, calls, records)?;
    let over = Arc::new(AtomicBool::new(false));
    let ears: Vec<_> = phones
        .iter()
        .map(|phone| -> Result<_, Box<dyn Error>> {
            let (ear, over) = (phone.try_clone()?, Arc::clone(&over));
            Ok(std::thread::spawn(move || listen(&ear, &over)))
        })
        .collect::<Result<_, _>>()?;
    let before = cpu_by_thread()?;
    let sent = talk(&phones, &targets, seconds)?;
    over.store(true, Ordering::Relaxed);
    let mut delays: Vec<u64> = ears.into_iter().flat_map(|ear| ear.join().unwrap_or_default()).collect();
    for (name, spent) in cpu_by_thread()? {
        let earlier = before.iter().find(|(other, _)| *other == name).map_or(0, |(_, spent)| *spent);
        println!("cpu {name:12} {:6.2} us a packet", (spent - earlier) as f64 / sent as f64 / 1_000.0);
    }
    delays.sort_unstable();
    let at = |share: f64| delays.get((delays.len() as f64 * share) as usize).copied().unwrap_or(0) as f64 / 1e6;
    println!(
        "{sent} sent, {} came; delay p50 {:.2} p99 {:.2} p99.9 {:.2} ms",
        delays.len(),
        at(0.5),
        at(0.99),
        at(0.999)
    );
    println!("gaps {}", worker.metrics().recording_gaps.value());
    if records {
        end_recordings(&worker, &mut events, calls)?;
    }
    Ok(())
}

fn phone() -> Result<UdpSocket, Box<dyn Error>> {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
    socket.set_read_timeout(Some(Duration::from_millis(100)))?;
    setsockopt(&socket, ReceiveTimestampns, &true)?;
    setsockopt(&socket, RcvBuf, &(8 << 20))?;
    Ok(socket)
}

/// Two legs a call that hear each other; returns where each leg wants its packets.
fn set_up(
    worker: &MediaWorker,
    events: &mut EventReceiver,
    phones: &[UdpSocket; 2],
    calls: u64,
    records: bool,
) -> Result<Vec<SocketAddr>, Box<dyn Error>> {
    let mut targets = Vec::new();
    for call in 0..calls {
        let legs = [LegId(call * 2), LegId(call * 2 + 1)];
        for (leg, phone) in legs.into_iter().zip(phones) {
            worker.send(Command::Open { leg, call: CallId(u128::from(call)) })?;
            let rtp = loop {
                match events.blocking_recv().ok_or("the worker ended")? {
                    Event::Opened { rtp, .. } => break rtp,
                    Event::OpenFailed { .. } => return Err("no port".into()),
                    _ => {}
                }
            };
            targets.push(rtp);
            worker.send(Command::SetRemote { leg, remote: remote(phone.local_addr()?) })?;
        }
        for (one, other) in [(0, 1), (1, 0)] {
            worker.send(Command::Connect { source: Node::Leg(legs[one]), sink: Node::Leg(legs[other]) })?;
        }
        if records {
            let recorder = RecorderId(call);
            let (path, layout) = (format!("recordings/{call}"), ChannelLayout::Stereo);
            worker.send(Command::Record { recorder, call: CallId(u128::from(call)), path, layout })?;
            for (leg, channel) in legs.into_iter().zip([0, 1]) {
                worker.send(Command::Connect { source: Node::Leg(leg), sink: Node::Recorder(recorder, channel) })?;
            }
        }
    }
    Ok(targets)
}

fn remote(rtp: SocketAddr) -> RemoteMedia {
    RemoteMedia {
        rtp,
        rtcp: SocketAddr::new(rtp.ip(), 9),
        codec: Codec::Pcma,
        send_type: 8,
        receive_pcma: Some(8),
        receive_pcmu: None,
        dtmf: DtmfTypes::default(),
        may_send: true,
        may_receive: true,
    }
}

/// One packet a leg each 20 ms, spread evenly; returns how many were sent.
fn talk(phones: &[UdpSocket; 2], targets: &[SocketAddr], seconds: u64) -> Result<u64, Box<dyn Error>> {
    let (began, mut sent) = (Instant::now(), 0);
    let mut packet = [0x55; HEADER_LEN + 160];
    for turn in 0..seconds * 1_000 {
        std::thread::sleep((began + Duration::from_millis(turn)).saturating_duration_since(Instant::now()));
        let tick = turn / 20;
        for (leg, target) in targets.iter().enumerate().skip((turn % 20) as usize).step_by(20) {
            let header = Header {
                payload_type: 8,
                sequence: tick as u16,
                timestamp: tick as u32 * 160,
                ssrc: leg as u32 + 1,
                ..Header::default()
            };
            header.write(&mut packet).ok_or("a packet is too short")?;
            let now = SystemTime::UNIX_EPOCH.elapsed()?.as_nanos() as u64;
            packet[HEADER_LEN..HEADER_LEN + 8].copy_from_slice(&now.to_le_bytes());
            phones[leg % 2].send_to(&packet, target)?;
            sent += 1;
        }
    }
    std::thread::sleep(Duration::from_millis(100));
    Ok(sent)
}

/// The delay of each packet that came, ns.
fn listen(phone: &UdpSocket, over: &AtomicBool) -> Vec<u64> {
    let mut delays = Vec::new();
    let mut buffer = [0; 2_000];
    let mut space = nix::cmsg_space!(nix::sys::time::TimeSpec);
    while !over.load(Ordering::Relaxed) {
        let mut parts = [IoSliceMut::new(&mut buffer)];
        let Ok(read) = recvmsg::<()>(phone.as_raw_fd(), &mut parts, Some(&mut space), MsgFlags::empty()) else {
            continue;
        };
        let stamp = read.cmsgs().ok().and_then(|mut all| {
            all.find_map(|message| match message {
                ControlMessageOwned::ScmTimestampns(at) => {
                    Some(at.tv_sec() as u64 * 1_000_000_000 + at.tv_nsec() as u64)
                }
                _ => None,
            })
        });
        let said =
            buffer.get(HEADER_LEN..HEADER_LEN + 8).and_then(|bytes| bytes.try_into().ok()).map(u64::from_le_bytes);
        if let (Some(came), Some(said)) = (stamp, said) {
            delays.push(came.saturating_sub(said));
        }
    }
    delays
}

/// CPU time of each thread so far, ns; threads of one name together.
fn cpu_by_thread() -> Result<Vec<(String, u64)>, Box<dyn Error>> {
    let mut spent: Vec<(String, u64)> = Vec::new();
    for task in std::fs::read_dir("/proc/self/task")?.flatten() {
        let name = std::fs::read_to_string(task.path().join("comm"))?.trim().to_owned();
        let stat = std::fs::read_to_string(task.path().join("schedstat"))?;
        let nanos: u64 = stat.split(' ').next().ok_or("no time")?.parse()?;
        match spent.iter_mut().find(|(other, _)| *other == name) {
            Some((_, sum)) => *sum += nanos,
            None => spent.push((name, nanos)),
        }
    }
    Ok(spent)
}

fn end_recordings(worker: &MediaWorker, events: &mut EventReceiver, calls: u64) -> Result<(), Box<dyn Error>> {
    let began = Instant::now();
    for call in 0..calls {
        worker.send(Command::StopRecord { recorder: RecorderId(call), least: Duration::ZERO })?;
    }
    let mut times = Vec::new();
    while (times.len() as u64) < calls {
        match events.blocking_recv().ok_or("the worker ended")? {
            Event::Recorded { .. } => times.push(began.elapsed()),
            Event::RecordFailed { why, .. } => return Err(why.into()),
            _ => {}
        }
    }
    println!(
        "{calls} recordings ready: half after {:?}, all after {:?}",
        times[times.len() / 2],
        times[times.len() - 1]
    );
    Ok(())
}
