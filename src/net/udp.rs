//! The reader of one UDP listener.

use std::io;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use clock::FlowId;
use sip::ua::{Peer, Transport};
use tokio::net::UdpSocket;

use super::dispatch::Dispatch;

/// Reads datagrams for ever and hands them on. Ends with the task.
pub(crate) async fn serve_udp(flow: FlowId, socket: Arc<UdpSocket>, dispatch: Dispatch) {
    let mut buffer = BytesMut::with_capacity(DATAGRAM_BYTES_MAX);
    loop {
        buffer.clear();
        let addr = match socket.recv_buf_from(&mut buffer).await {
            Ok((_, addr)) => addr,
            Err(error) => {
                note(&error);
                continue;
            }
        };
        if is_keep_alive(&buffer) {
            continue;
        }
        let peer = Peer { transport: Transport::Udp, addr, flow: Some(flow) };
        let Some(standing) = dispatch.admit(peer, &buffer) else { continue };
        // A buffer of its own: what is kept of a message must not keep the room of the largest datagram with it.
        let datagram = Bytes::copy_from_slice(&buffer);
        dispatch.datagram(peer, standing, datagram).await;
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
