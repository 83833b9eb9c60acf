//! Both sides of the calls in one thread, as a carrier and a callee of the program under test.

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::{setsockopt, sockopt};
use socket2::{Domain, Protocol, Socket, Type};

use crate::callee::Callee;
use crate::caller::Caller;

/// A caller, a callee, and the loop that serves both.
pub(crate) struct Exchange {
    pub(crate) caller: Caller,
    pub(crate) callee: Callee,
    talk: Option<Duration>,
    buffer: Box<[u8; DATAGRAM_BYTES_MAX]>,
}

impl Exchange {
    /// A loop over `caller` and `callee`.
    pub(crate) fn new(caller: Caller, callee: Callee) -> Self {
        Self { caller, callee, talk: None, buffer: Box::new([0; DATAGRAM_BYTES_MAX]) }
    }

    /// Starts `rate` calls a second for `time`, each hung up `talk` after its answer, or held without `talk`;
    /// then waits, `patience` at most, until all have ended (or, without `talk`, are answered).
    pub(crate) fn call(&mut self, rate: f64, time: Duration, talk: Option<Duration>, patience: Duration) {
        self.talk = talk;
        let count = (rate * time.as_secs_f64()).round() as u64;
        let begin = Instant::now();
        for nth in 0..count {
            let due = begin + Duration::from_secs_f64(nth as f64 / rate);
            self.serve_until(due);
            self.caller.call(Instant::now());
        }
        let deadline = Instant::now() + patience;
        while Instant::now() < deadline && !self.is_settled() {
            self.serve_until(Instant::now() + LOOK_EVERY);
        }
    }

    /// Hangs up all calls, `rate` a second, and waits for their end, `patience` at most.
    pub(crate) fn hang_up_all(&mut self, rate: f64, patience: Duration) {
        self.talk = Some(Duration::ZERO);
        let begin = Instant::now();
        for nth in 0..self.caller.tally().started {
            let due = begin + Duration::from_secs_f64(nth as f64 / rate);
            self.serve_until(due);
            self.caller.hang_up(nth as usize, Instant::now());
        }
        let deadline = Instant::now() + patience;
        while Instant::now() < deadline && !self.is_settled() {
            self.serve_until(Instant::now() + LOOK_EVERY);
        }
    }

    /// Serves both sockets until `until`.
    pub(crate) fn serve_until(&mut self, until: Instant) {
        loop {
            let now = Instant::now();
            self.caller.run_timers(now);
            self.callee.run_timers(now);
            if now >= until {
                return;
            }
            let due = [Some(until), self.caller.due(), self.callee.due()].into_iter().flatten().min().unwrap_or(until);
            let wait_ms = due.saturating_duration_since(now).as_micros().div_ceil(1_000).min(WAIT_MS_MAX) as u16;
            let mut ready = [
                PollFd::new(self.caller.socket().as_fd(), PollFlags::POLLIN),
                PollFd::new(self.callee.socket().as_fd(), PollFlags::POLLIN),
            ];
            if poll(&mut ready, PollTimeout::from(wait_ms)).unwrap_or(0) > 0 {
                self.drain();
            }
        }
    }

    fn drain(&mut self) {
        for _ in 0..DRAIN_MAX {
            let mut came = false;
            if let Ok((length, from)) = self.callee.socket().recv_from(&mut self.buffer[..]) {
                self.callee.receive(&self.buffer[..length], from, Instant::now());
                came = true;
            }
            if let Ok((length, from)) = self.caller.socket().recv_from(&mut self.buffer[..]) {
                self.caller.receive(&self.buffer[..length], from, Instant::now(), self.talk);
                came = true;
            }
            if !came {
                return;
            }
        }
    }

    fn is_settled(&self) -> bool {
        let tally = self.caller.tally();
        match self.talk {
            Some(_) => self.caller.live() == 0,
            None => tally.answered + tally.failures() >= tally.started,
        }
    }
}

/// A non-blocking UDP socket on a free port of `address`, with room for bursts.
pub(crate) fn bind(address: Ipv4Addr) -> std::io::Result<UdpSocket> {
    let socket = Socket::new(Domain::IPV4, Type::DGRAM, Some(Protocol::UDP))?;
    socket.set_nonblocking(true)?;
    // Beyond the kernel's limit only where this is allowed (root); else what the limit gives.
    let _ = socket.set_recv_buffer_size(BUFFER_BYTES);
    let _ = setsockopt(&socket, sockopt::RcvBufForce, &BUFFER_BYTES);
    let _ = socket.set_send_buffer_size(BUFFER_BYTES);
    socket.bind(&SocketAddr::from((address, 0)).into())?;
    Ok(socket.into())
}

/// Longer than any message of ours and of the programs under test.
const DATAGRAM_BYTES_MAX: usize = 8_192;
/// A second of the highest rate.
const BUFFER_BYTES: usize = 16 * 1024 * 1024;
/// Datagrams of each socket before timers have their turn.
const DRAIN_MAX: usize = 64;
/// How often the end is looked for.
const LOOK_EVERY: Duration = Duration::from_millis(10);
/// Nothing waits longer for a datagram.
const WAIT_MS_MAX: u128 = 1_000;
