//! The reader of one UDP listener.

use std::io;
use std::sync::Arc;

use bytes::BytesMut;
use clock::FlowId;
use sip::ua::{Peer, Transport};
use tokio::net::UdpSocket;

use super::dispatch::Dispatch;

/// Reads datagrams for ever and hands them on. Ends with the task.
pub(crate) async fn serve_udp(flow: FlowId, socket: Arc<UdpSocket>, dispatch: Dispatch) {
    let mut buffer = BytesMut::new();
    loop {
        buffer.reserve(DATAGRAM_BYTES_MAX);
        let (length, addr) = match socket.recv_buf_from(&mut buffer).await {
            Ok(received) => received,
            Err(error) => {
                note(&error);
                continue;
            }
        };
        let datagram = buffer.split_to(length).freeze();
        if is_keep_alive(&datagram) {
            continue;
        }
        let peer = Peer { transport: Transport::Udp, addr, flow: Some(flow) };
        dispatch.datagram(peer, datagram).await;
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
