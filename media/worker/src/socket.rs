//! Datagram sockets and the wait for many of them at once.
//!
//! One `recvfrom` and one `sendto` a packet: each leg has its own socket and,
//! at 20 ms a packet, seldom two datagrams in a tick, so `recvmmsg` and
//! `sendmmsg` would only add their set-up. No unsafe code: nix wraps the calls.

use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

use nix::errno::Errno;
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use nix::sys::socket::{MsgFlags, SockaddrStorage, recvfrom, sendto};
use socket2::{Domain, Protocol, Socket, Type};

/// A bound, non-blocking UDP socket.
#[derive(Debug)]
pub(crate) struct UdpPort(OwnedFd);

/// What a read found.
#[derive(Debug)]
pub(crate) enum Received {
    /// A datagram of so many bytes (those beyond the buffer are gone), and its source.
    Datagram(usize, SocketAddr),
    /// Nothing is there now.
    Nothing,
    /// The system failed the read; the next may succeed.
    Failed,
}

/// Where a leg sends, in the form that the system call takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Destination(SockaddrStorage);

impl From<SocketAddr> for Destination {
    fn from(address: SocketAddr) -> Self {
        Self(SockaddrStorage::from(address))
    }
}

impl UdpPort {
    /// Binds `address`.
    pub(crate) fn bind(address: SocketAddr) -> io::Result<Self> {
        let kind = Type::DGRAM.nonblocking().cloexec();
        let socket = Socket::new(Domain::for_address(address), kind, Some(Protocol::UDP))?;
        socket.bind(&address.into())?;
        Ok(Self(socket.into()))
    }

    /// Reads one datagram into `buffer`.
    pub(crate) fn receive(&self, buffer: &mut [u8]) -> Received {
        match recvfrom::<SockaddrStorage>(self.0.as_raw_fd(), buffer) {
            Ok((len, Some(from))) => match to_socket_addr(&from) {
                Some(from) => Received::Datagram(len, from),
                None => Received::Failed,
            },
            Ok((_, None)) => Received::Failed,
            Err(Errno::EAGAIN | Errno::EINTR) => Received::Nothing,
            Err(_) => Received::Failed,
        }
    }

    /// Sends one datagram; never waits: a full socket buffer is an error like any other.
    pub(crate) fn send(&self, bytes: &[u8], to: &Destination) -> io::Result<()> {
        sendto(self.0.as_raw_fd(), bytes, &to.0, MsgFlags::empty())?;
        Ok(())
    }

    /// The port that the system gave.
    #[cfg(test)]
    pub(crate) fn local_port(&self) -> io::Result<u16> {
        let address: SockaddrStorage = nix::sys::socket::getsockname(self.0.as_raw_fd())?;
        to_socket_addr(&address).map(|a| a.port()).ok_or_else(|| io::Error::other("no internet address"))
    }
}

impl AsFd for UdpPort {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

fn to_socket_addr(address: &SockaddrStorage) -> Option<SocketAddr> {
    if let Some(v4) = address.as_sockaddr_in() {
        return Some(SocketAddr::V4((*v4).into()));
    }
    address.as_sockaddr_in6().map(|v6| SocketAddr::V6((*v6).into()))
}

/// Waits for any of many descriptors to become readable. Level-triggered: what
/// was not read shows again.
#[derive(Debug)]
pub(crate) struct Poller {
    epoll: Epoll,
    ready: Vec<EpollEvent>,
}

impl Poller {
    /// A poller without descriptors.
    pub(crate) fn new() -> io::Result<Self> {
        let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?;
        Ok(Self { epoll, ready: vec![EpollEvent::empty(); READY_AT_ONCE] })
    }

    /// Watches `fd`; its readiness is reported as `token`. Closing the descriptor ends the watch.
    pub(crate) fn watch(&self, fd: impl AsFd, token: u64) -> io::Result<()> {
        Ok(self.epoll.add(fd, EpollEvent::new(EpollFlags::EPOLLIN, token))?)
    }

    /// Waits at most `timeout_ms` (0: not at all) and returns how many are ready;
    /// an interrupted wait is one that found nothing.
    pub(crate) fn wait(&mut self, timeout_ms: u16) -> usize {
        self.epoll.wait(&mut self.ready, EpollTimeout::from(timeout_ms)).unwrap_or(0)
    }

    /// The token of the `nth` ready descriptor of the last wait.
    pub(crate) fn token(&self, nth: usize) -> u64 {
        self.ready.get(nth).map_or(u64::MAX, EpollEvent::data)
    }
}

/// Descriptors reported by one wait: a tick's packets of 2,000 legs with room.
const READY_AT_ONCE: usize = 1_024;
