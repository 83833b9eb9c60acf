//! The pool of even/odd port pairs: one pair a leg, RTP on the even port, RTCP
//! on the odd one above (RFC 3550 11).

use std::collections::VecDeque;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

use clock::{Instant, Rng};

use crate::metrics::MediaMetrics;
use crate::socket::UdpPort;

/// The two sockets of a leg.
#[derive(Debug)]
pub(crate) struct PortPair {
    /// For RTP, on the even port.
    pub(crate) rtp: UdpPort,
    /// For RTCP, on the port above.
    pub(crate) rtcp: UdpPort,
    /// The even port.
    pub(crate) port: u16,
}

/// Pairs that are free, longest unused first. A pair that was freed rests; one
/// that cannot be bound is set aside for longer and counted.
#[derive(Debug)]
pub(crate) struct PortPool {
    address: IpAddr,
    free: VecDeque<FreePair>,
    in_use: usize,
    usable: usize,
    rest: Duration,
    metrics: Arc<MediaMetrics>,
}

#[derive(Clone, Copy, Debug)]
struct FreePair {
    port: u16,
    ready: Instant,
}

impl PortPool {
    /// A pool over the pairs of `ports`, in random order, so that nobody can
    /// guess the next one; at most `usable` of them are bound at once.
    pub(crate) fn new(
        address: IpAddr,
        ports: &RangeInclusive<u16>,
        usable: usize,
        rest: Duration,
        rng: &mut Rng,
        metrics: Arc<MediaMetrics>,
    ) -> Self {
        let even = ports.clone().filter(|port| port % 2 == 0 && *port < *ports.end());
        let mut free: VecDeque<_> = even.map(|port| FreePair { port, ready: Instant::ZERO }).collect();
        for at in (1..free.len()).rev() {
            free.swap(at, rng.below(at as u64 + 1) as usize);
        }
        Self { address, free, in_use: 0, usable, rest, metrics }
    }

    /// Binds a pair; `None` when none is free or can be bound now.
    pub(crate) fn open(&mut self, now: Instant) -> Option<PortPair> {
        if self.in_use >= self.usable {
            return None;
        }
        for _ in 0..MAX_TRIES {
            let FreePair { port, ready } = *self.free.front()?;
            if ready > now {
                // A skipped pair at the front must not hide ready ones behind it.
                let at = self.free.iter().position(|pair| pair.ready <= now)?;
                self.free.swap(0, at);
                continue;
            }
            self.free.pop_front();
            match bind_pair(self.address, port) {
                Ok(pair) => {
                    self.in_use += 1;
                    self.metrics.ports_in_use.add(2);
                    return Some(pair);
                }
                Err(error) => {
                    tracing::debug!(port, %error, "media port pair skipped");
                    self.metrics.ports_skipped.add(1);
                    self.free.push_back(FreePair { port, ready: now + SKIP_FOR });
                }
            }
        }
        None
    }

    /// Closes the sockets of a pair and lets it rest.
    pub(crate) fn close(&mut self, pair: PortPair, now: Instant) {
        let port = pair.port;
        drop(pair);
        self.in_use = self.in_use.saturating_sub(1);
        self.metrics.ports_in_use.sub(2);
        self.free.push_back(FreePair { port, ready: now + self.rest });
    }
}

fn bind_pair(address: IpAddr, port: u16) -> io::Result<PortPair> {
    let rtp = UdpPort::bind(SocketAddr::new(address, port))?;
    let rtcp = UdpPort::bind(SocketAddr::new(address, port + 1))?;
    Ok(PortPair { rtp, rtcp, port })
}

/// How many pairs one `open` tries: enough to step over another program's
/// block of ports, few enough that the thread is back within a millisecond.
const MAX_TRIES: usize = 64;
/// How long a pair that could not be bound is left alone: whoever has it is likely to keep it.
const SKIP_FOR: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests;
