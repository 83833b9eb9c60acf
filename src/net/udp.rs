//! The reader of one UDP listener.

use std::io;

use bytes::Bytes;
use clock::FlowId;
use sip::ua::{Peer, Transport};
use tokio::net::UdpSocket;

use super::dispatch::Dispatch;
use super::listener::UdpListener;

/// Reads datagrams for ever and hands them on: those of trunks and phones first, then some of strangers. Ends with the
/// task.
pub(crate) async fn serve_udp(flow: FlowId, listener: UdpListener, dispatch: Dispatch) {
    let mut reader = Reader { flow, dispatch, buffer: vec![0; DATAGRAM_BYTES_MAX] };
    let UdpListener { known, strangers } = listener;
    loop {
        let mut is_drained = reader.read(&known).await;
        if let Some(strangers) = &strangers {
            is_drained &= reader.read(strangers).await;
        }
        if is_drained {
            wait(&known, strangers.as_deref()).await;
        } else {
            // More waits: the owners on this thread have their turn in between.
            tokio::task::yield_now().await;
        }
    }
}

struct Reader {
    flow: FlowId,
    dispatch: Dispatch,
    buffer: Vec<u8>,
}

impl Reader {
    /// Reads what waits in a socket's buffer, at most a batch; true when nothing is left there.
    async fn read(&mut self, socket: &UdpSocket) -> bool {
        for _ in 0..BATCH {
            let (length, addr) = match socket.try_recv_from(&mut self.buffer) {
                Ok(received) => received,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return true,
                Err(error) => {
                    note(&error);
                    continue;
                }
            };
            let Some(datagram) = self.buffer.get(..length).filter(|datagram| !is_keep_alive(datagram)) else {
                continue;
            };
            let peer = Peer { transport: Transport::Udp, addr, flow: Some(self.flow) };
            let Some(standing) = self.dispatch.admit(peer, datagram) else { continue };
            // A buffer of its own: what is kept of a message must not keep the room of the largest datagram with it.
            self.dispatch.datagram(peer, standing, Bytes::copy_from_slice(datagram)).await;
        }
        false
    }
}

/// Waits until one of the sockets has something.
async fn wait(known: &UdpSocket, strangers: Option<&UdpSocket>) {
    let of_strangers = async {
        match strangers {
            Some(socket) => socket.readable().await,
            None => std::future::pending().await,
        }
    };
    let ready = tokio::select! {
        ready = known.readable() => ready,
        ready = of_strangers => ready,
    };
    if let Err(error) = ready {
        note(&error);
    }
}

/// Phones behind NAT send a CRLF, or a zero byte, to keep their binding (RFC 5626 4.4.1).
fn is_keep_alive(datagram: &[u8]) -> bool {
    datagram.len() <= 4 && datagram.iter().all(|byte| matches!(byte, b'\r' | b'\n' | 0))
}

/// An ICMP refusal for something we sent shows up here; the transaction's timer deals with it.
fn note(error: &io::Error) {
    tracing::debug!(%error, "udp receive");
}

/// The largest UDP payload (RFC 768).
const DATAGRAM_BYTES_MAX: usize = 65_535;
/// Read before others have their turn: a tenth of a millisecond, and a millisecond of a flood of 50,000 a second.
const BATCH: usize = 64;
