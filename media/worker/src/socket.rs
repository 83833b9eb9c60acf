//! Datagram sockets and the wait for many of them at once.
//!
//! One `recvfrom` and one `sendto` or `send` a packet: each leg has its own socket and,
//! at 20 ms a packet, seldom two datagrams in a tick, so `recvmmsg` and
//! `sendmmsg` would only add their set-up. They go to the kernel without the C
//! library's way of making a call an end of the thread, which took 3 % of a packet.
//! No unsafe code: rustix and nix wrap the calls.

use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use rustix::io::Errno;
use rustix::net::{RecvFlags, SendFlags, SocketAddrAny, connect, connect_unspec, recvfrom, send, sendto};
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
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Destination(SocketAddrAny);

impl From<SocketAddr> for Destination {
    fn from(address: SocketAddr) -> Self {
        Self(SocketAddrAny::from(address))
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
        match recvfrom(&self.0, buffer, RecvFlags::empty()) {
            Ok((len, _, Some(from))) => match SocketAddr::try_from(from) {
                Ok(from) => Received::Datagram(len, from),
                Err(_) => Received::Failed,
            },
            Ok((_, _, None)) => Received::Failed,
            // The last: what a datagram of ours met on its way, told to a bound socket.
            Err(Errno::AGAIN | Errno::INTR | Errno::CONNREFUSED) => Received::Nothing,
            Err(_) => Received::Failed,
        }
    }

    /// Sends one datagram; never waits: a full socket buffer is an error like any other.
    pub(crate) fn send(&self, bytes: &[u8], to: &Destination) -> io::Result<()> {
        sendto(&self.0, bytes, SendFlags::empty(), &to.0)?;
        Ok(())
    }

    /// Binds the socket to one other side: the system looks up the way to it once instead of for each datagram, and
    /// keeps what others send from us.
    pub(crate) fn connect(&self, to: &Destination) -> io::Result<()> {
        Ok(connect(&self.0, &to.0)?)
    }

    /// Hears everybody again. The socket keeps its address and port.
    pub(crate) fn disconnect(&self) -> io::Result<()> {
        Ok(connect_unspec(&self.0)?)
    }

    /// Sends one datagram to the side that the socket is bound to.
    pub(crate) fn send_to_peer(&self, bytes: &[u8]) -> io::Result<()> {
        let send = || send(&self.0, bytes, SendFlags::empty());
        // What an earlier datagram met (ICMP) is told by the next call, which sends nothing then.
        send().or_else(|error| if error == Errno::CONNREFUSED { send() } else { Err(error) })?;
        Ok(())
    }

    /// The port that the system gave.
    #[cfg(test)]
    pub(crate) fn local_port(&self) -> io::Result<u16> {
        let address = SocketAddr::try_from(rustix::net::getsockname(&self.0)?)?;
        Ok(address.port())
    }
}

impl AsFd for UdpPort {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
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

#[cfg(test)]
#[allow(clippy::disallowed_types, reason = "tests of sockets have peers of their own")]
mod tests {
    use std::net::UdpSocket;

    use super::*;

    fn address(socket: &UdpPort) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], socket.local_port().unwrap()))
    }

    fn heard(socket: &UdpPort) -> Option<Vec<u8>> {
        let mut buffer = [0; 16];
        match socket.receive(&mut buffer) {
            Received::Datagram(len, _) => Some(buffer[..len].to_vec()),
            Received::Nothing => None,
            Received::Failed => panic!("the read failed"),
        }
    }

    #[test]
    fn a_bound_socket_hears_its_peer_only_and_outlives_its_absence() {
        // A port that was asked for by its number, as those of the pool are: one that the system chose is given back.
        let chosen = UdpPort::bind(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
        let at = address(&chosen);
        drop(chosen);
        let socket = UdpPort::bind(at).unwrap();
        let [peer, stranger] = [0, 1].map(|_| UdpSocket::bind("127.0.0.1:0").unwrap());
        let (here, there) = (address(&socket), peer.local_addr().unwrap());
        socket.connect(&Destination::from(there)).unwrap();
        stranger.send_to(b"stranger", here).unwrap();
        peer.send_to(b"peer", here).unwrap();
        assert_eq!((heard(&socket).as_deref(), heard(&socket)), (Some(&b"peer"[..]), None));
        socket.send_to_peer(b"hello").unwrap();
        assert_eq!(peer.recv(&mut [0; 16]).unwrap(), 5);
        drop(peer);
        // The system tells that nobody is there; the next datagram goes out all the same, and no read fails.
        for _ in 0..3 {
            socket.send_to_peer(b"hello").unwrap();
            assert_eq!(heard(&socket), None);
        }
        socket.disconnect().unwrap();
        assert_eq!(address(&socket), here, "it keeps its port");
        stranger.send_to(b"stranger", here).unwrap();
        assert_eq!(heard(&socket).as_deref(), Some(&b"stranger"[..]));
        socket.send(b"hi", &Destination::from(stranger.local_addr().unwrap())).unwrap();
        assert_eq!(stranger.recv(&mut [0; 16]).unwrap(), 2);
    }
}
