//! A UDP listener: two sockets on one address and port, one for trunks and phones, one for strangers.
//!
//! A flood fills the buffer of the socket it comes in on, and what the kernel then drops it drops blindly. So the kernel
//! sorts by source address (`program`), and a flood of strangers costs a carrier's messages no place in their buffer.
//! Both sockets are one flow: answers leave from the same address and port, and a phone that registers moves from the
//! one to the other without noticing.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::UdpSocket;
use tokio::time::sleep;

use super::admission::Admission;
#[cfg(target_os = "linux")]
use super::program::{HashKey, program};

/// The sockets of one listener.
#[derive(Debug)]
pub(crate) struct UdpListener {
    /// For trunks and phones; everything is sent from here. Without `strangers` it takes everyone's.
    pub(super) known: Arc<UdpSocket>,
    /// For everyone else, where the system can sort.
    pub(super) strangers: Option<Arc<UdpSocket>>,
}

impl UdpListener {
    /// Binds `addr`, with a second socket where the system can sort.
    ///
    /// # Errors
    /// The address cannot be bound, for example because another process has it.
    pub(super) fn bind(addr: SocketAddr) -> io::Result<Self> {
        let socket = socket_for(addr, KNOWN_BUFFER_BYTES)?;
        // The first is bound alone: shared from the start, a second node on the same port would halve the traffic of
        // both instead of being refused.
        socket.bind(&addr.into())?;
        let strangers = second(&socket);
        if let Err(error) = &strangers {
            let _ = socket.set_reuse_port(false);
            tracing::warn!(%addr, %error, "strangers share the socket of trunks and phones: the system does not sort");
        }
        let strangers = strangers.ok().map(Arc::new);
        Ok(Self { known: Arc::new(UdpSocket::from_std(socket.into())?), strangers })
    }

    /// The address and port that both are bound to.
    pub(crate) fn local_addr(&self) -> io::Result<SocketAddr> {
        self.known.local_addr()
    }

    /// The socket to send from.
    pub(crate) fn sender(&self) -> Arc<UdpSocket> {
        Arc::clone(&self.known)
    }

    /// Sorts by what is known of addresses, for ever. Ends at once where nothing is sorted.
    pub(crate) fn sort(&self, admission: &Admission) -> impl Future<Output = ()> + use<> {
        let socket = self.strangers.as_ref().map(|_| Arc::clone(&self.known));
        let mut known = admission.known();
        async move {
            let Some(socket) = socket else { return };
            let mut sorted = Vec::new();
            loop {
                let addresses = known.borrow_and_update().addresses(ADDRESSES_MAX);
                if addresses != sorted {
                    // The former program stays: some of the known wait with strangers, and are served all the same.
                    if let Err(error) = attach(&socket, &addresses) {
                        tracing::warn!(%error, addresses = addresses.len(), "the system does not sort by these");
                    }
                    sorted = addresses;
                }
                sleep(PAUSE).await;
                if known.changed().await.is_err() {
                    return;
                }
            }
        }
    }
}

/// A second socket on the address of `first`, which is bound alone; everyone is sorted to it until more is known.
fn second(first: &Socket) -> io::Result<UdpSocket> {
    let addr = first.local_addr()?;
    first.set_reuse_port(true)?;
    let socket = socket_for(addr.as_socket().ok_or(io::ErrorKind::Unsupported)?, STRANGERS_BUFFER_BYTES)?;
    socket.set_reuse_port(true)?;
    socket.bind(&addr)?;
    attach(&socket, &[])?;
    UdpSocket::from_std(socket.into())
}

fn socket_for(addr: SocketAddr, receive_bytes: usize) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(addr), Type::DGRAM, Some(Protocol::UDP))?;
    socket.set_nonblocking(true)?;
    // A refusal is no fault: the kernel then keeps its own, smaller buffers.
    if !is_forced(&socket, receive_bytes) {
        let _ = socket.set_recv_buffer_size(receive_bytes);
    }
    let _ = socket.set_send_buffer_size(SEND_BUFFER_BYTES);
    Ok(socket)
}

/// With the right to administer the network (CAP_NET_ADMIN) the limit of the system, `net.core.rmem_max`, does not bind.
#[cfg(target_os = "linux")]
fn is_forced(socket: &Socket, bytes: usize) -> bool {
    nix::sys::socket::setsockopt(socket, nix::sys::socket::sockopt::RcvBufForce, &bytes).is_ok()
}

#[cfg(not(target_os = "linux"))]
fn is_forced(_: &Socket, _: usize) -> bool {
    false
}

/// Sorts by these addresses from now. The sockets of a listener share one program; it is replaced in one step.
#[cfg(target_os = "linux")]
fn attach(socket: &impl std::os::fd::AsFd, known: &[IpAddr]) -> io::Result<()> {
    static KEY: std::sync::LazyLock<HashKey> = std::sync::LazyLock::new(HashKey::random);
    let mut program = program(known, *KEY);
    let length = u16::try_from(program.len()).map_err(|_| io::ErrorKind::InvalidInput)?;
    let option = libc::sock_fprog { len: length, filter: program.as_mut_ptr() };
    nix::sys::socket::setsockopt(socket, nix::sys::socket::sockopt::AttachReusePortCbpf, &option)?;
    Ok(())
}

#[cfg(not(target_os = "linux"))]
fn attach<S>(_: &S, _: &[IpAddr]) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Two seconds of 1,000 calls a second at about 10 messages of 700 bytes each.
const KNOWN_BUFFER_BYTES: usize = 16 * 1024 * 1024;
/// What all strangers may send in two seconds, and a tenth of a second of a flood of 50,000 messages a second: a
/// stranger whose message is not dropped does not wait long behind the others.
const STRANGERS_BUFFER_BYTES: usize = 4 * 1024 * 1024;
/// As many answers as there are messages in the larger of the others.
const SEND_BUFFER_BYTES: usize = KNOWN_BUFFER_BYTES;
/// Addresses that are sorted by: trunks and, as far as there is room, phones. In the worst case 1,600 instructions of
/// the 4,096 that the kernel takes, and 13 KB of the 20 that older ones lend to a socket's options.
const ADDRESSES_MAX: usize = 1_000;
/// Phones come and go one by one; a few programs a second are enough, and a phone waits with strangers until then.
const PAUSE: Duration = Duration::from_millis(250);

#[cfg(test)]
#[path = "listener/tests.rs"]
mod tests;
