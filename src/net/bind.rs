//! Binds the SIP listeners.

use std::io;
use std::net::SocketAddr;

use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::TcpListener;

use super::listener::UdpListener;
use crate::config::Listen;

/// The listeners, bound but not served.
#[derive(Debug, Default)]
pub(crate) struct Bound {
    /// Datagram listeners.
    pub(crate) udp: Vec<UdpListener>,
    /// Stream listeners.
    pub(crate) tcp: Vec<TcpListener>,
}

impl Bound {
    /// Addresses that mean us in a request URI.
    #[must_use]
    pub(crate) fn own_hosts(&self) -> Vec<String> {
        let udp = self.udp.iter().filter_map(|listener| listener.local_addr().ok());
        let tcp = self.tcp.iter().filter_map(|listener| listener.local_addr().ok());
        let mut hosts: Vec<_> = udp.chain(tcp).map(|addr| addr.ip().to_string()).collect();
        hosts.sort();
        hosts.dedup();
        hosts
    }
}

/// A listener that cannot be bound.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {transport}:{addr}: {source}; is another process using the port (`ss -lnp`)?")]
pub(crate) struct BindError {
    transport: &'static str,
    addr: SocketAddr,
    source: io::Error,
}

/// Binds every listener. A listener with port 0 takes the port of an earlier
/// one on the same address, so that UDP and TCP share one.
///
/// # Errors
/// The first listener that cannot be bound.
pub(crate) fn bind(listen: &[Listen]) -> Result<Bound, BindError> {
    for _ in 1..BIND_TRIES {
        match try_bind(listen) {
            Err(error) if listen.iter().any(|one| one.addr().port() == 0) => {
                tracing::debug!(%error, "the free port of one transport is taken on the other: once more");
            }
            result => return result,
        }
    }
    try_bind(listen)
}

fn try_bind(listen: &[Listen]) -> Result<Bound, BindError> {
    let mut bound = Bound::default();
    let mut chosen: Vec<SocketAddr> = Vec::new();
    for one in listen {
        let mut addr = one.addr();
        if addr.port() == 0
            && let Some(earlier) = chosen.iter().find(|earlier| earlier.ip() == addr.ip())
        {
            addr.set_port(earlier.port());
        }
        let fail = |transport| move |source| BindError { transport, addr, source };
        let local = match one {
            Listen::Udp(_) => {
                let listener = UdpListener::bind(addr).map_err(fail("udp"))?;
                let local = listener.local_addr().map_err(fail("udp"))?;
                bound.udp.push(listener);
                local
            }
            Listen::Tcp(_) => {
                let listener = bind_tcp(addr).map_err(fail("tcp"))?;
                let local = listener.local_addr().map_err(fail("tcp"))?;
                bound.tcp.push(listener);
                local
            }
        };
        chosen.push(local);
    }
    Ok(bound)
}

fn bind_tcp(addr: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(addr), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_nonblocking(true)?;
    // A restart must not wait for the former process's connections to time out.
    socket.set_reuse_address(true)?;
    socket.bind(&addr.into())?;
    socket.listen(TCP_BACKLOG)?;
    TcpListener::from_std(socket.into())
}

/// Connections that wait to be accepted: a burst of every phone of a large site.
const TCP_BACKLOG: i32 = 1_024;
/// Chance of a port that is free for UDP and taken for TCP is small; four in a row is a fault.
const BIND_TRIES: u32 = 4;
