//! TCP: one reader and one bounded writer task a connection.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use sip::framing::{Frame, FramingError, PONG, StreamFramer};
use sip::ua::{Peer, Transport};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, Semaphore, mpsc};
use tokio::time::timeout;

use super::dispatch::Dispatch;
use super::flows::{Flows, WRITER_QUEUE};

/// Accepts connections for ever, `connections_max` at a time.
pub(crate) async fn serve_tcp(
    listener: TcpListener,
    flows: Arc<Flows>,
    dispatch: Dispatch,
    connections: Arc<Semaphore>,
) {
    loop {
        let Ok(permit) = Arc::clone(&connections).acquire_owned().await else { return };
        match listener.accept().await {
            Ok((stream, addr)) => {
                let (flows, dispatch) = (Arc::clone(&flows), dispatch.clone());
                tokio::spawn(async move {
                    serve_connection(stream, addr, flows, dispatch, false).await;
                    drop(permit);
                });
            }
            Err(error) => {
                // Out of descriptors, or the peer is gone already: give others time to close.
                tracing::warn!(%error, "tcp accept");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// Opens the connections that `Flows` asks for.
pub(crate) async fn connect_on_demand(mut asked: mpsc::Receiver<SocketAddr>, flows: Arc<Flows>, dispatch: Dispatch) {
    while let Some(addr) = asked.recv().await {
        let (flows, dispatch) = (Arc::clone(&flows), dispatch.clone());
        tokio::spawn(async move {
            match timeout(CONNECT_TIME_MAX, TcpStream::connect(addr)).await {
                Ok(Ok(stream)) => serve_connection(stream, addr, flows, dispatch, true).await,
                _ => {
                    flows.opening_failed(addr);
                    dispatch.transport_failed(Peer { transport: Transport::Tcp, addr, flow: None }).await;
                }
            }
        });
    }
}

async fn serve_connection(
    stream: TcpStream,
    addr: SocketAddr,
    flows: Arc<Flows>,
    dispatch: Dispatch,
    opened_here: bool,
) {
    let _ = stream.set_nodelay(true);
    let (read_half, write_half) = stream.into_split();
    let (sender, queue) = mpsc::channel(WRITER_QUEUE);
    let close = Arc::new(Notify::new());
    let flow = flows.add_tcp(addr, sender.clone(), Arc::clone(&close));
    let peer = Peer { transport: Transport::Tcp, addr, flow: Some(flow) };
    let mut writer = tokio::spawn(write_all(write_half, queue));
    tokio::select! {
        () = read_all(read_half, peer, &sender, &dispatch, opened_here) => {}
        _ = &mut writer => {}
        () = close.notified() => dispatch.metrics.dropped("writer_full"),
    }
    flows.remove_tcp(flow, addr);
    drop(sender);
    // What is queued still leaves: the 400 that says why we close.
    if !writer.is_finished() && timeout(LAST_WORDS_TIME_MAX, &mut writer).await.is_err() {
        writer.abort();
    }
    dispatch.flow_gone(flow).await;
}

/// Reads until the peer closes, falls silent in the middle of a message or before its first (one that we called need
/// not speak first), or sends what cannot be framed.
async fn read_all(
    mut stream: OwnedReadHalf,
    peer: Peer,
    writer: &mpsc::Sender<Bytes>,
    dispatch: &Dispatch,
    mut has_spoken: bool,
) {
    let mut framer = StreamFramer::new();
    let mut buffer = BytesMut::with_capacity(READ_BYTES);
    loop {
        buffer.clear();
        let is_due = framer.waiting_bytes() > 0 || !has_spoken;
        let patience = if is_due { MESSAGE_TIME_MAX } else { IDLE_TIME_MAX };
        match timeout(patience, stream.read_buf(&mut buffer)).await {
            Ok(Ok(count)) if count > 0 => {}
            _ => return,
        }
        if let Err(error) = framer.push(&buffer) {
            return refuse(peer, &error, dispatch);
        }
        loop {
            match framer.next_frame() {
                Ok(Some(Frame::Message(message))) => {
                    has_spoken = true;
                    dispatch.message(peer, message).await;
                }
                Ok(Some(Frame::Ping)) => {
                    let _ = writer.try_send(Bytes::from_static(PONG));
                }
                Ok(Some(Frame::Refused(error))) => dispatch.bad(peer, error).await,
                Ok(None) => break,
                Err(error) => return refuse(peer, &error, dispatch),
            }
        }
    }
}

/// Where the next message begins is not known any more: answer what can be answered, then close.
fn refuse(peer: Peer, error: &FramingError, dispatch: &Dispatch) {
    tracing::debug!(%error, peer = %peer.addr, "tcp framing");
    dispatch.metrics.dropped("framing");
    if let Some(error) = error.parse_error() {
        dispatch.refuse_malformed(peer, error);
    }
}

async fn write_all(mut stream: OwnedWriteHalf, mut queue: mpsc::Receiver<Bytes>) {
    while let Some(message) = queue.recv().await {
        match timeout(WRITE_TIME_MAX, stream.write_all(&message)).await {
            Ok(Ok(())) => {}
            _ => return,
        }
    }
}

const READ_BYTES: usize = 16 * 1024;
/// A connection without traffic: keep-alives come every 2 minutes at the latest (RFC 5626 4.4.1).
const IDLE_TIME_MAX: Duration = Duration::from_secs(3_600);
/// A message that has begun must be whole by then, and the first of a connection there: connections are few, and
/// whoever opens them without a word may not keep others out.
const MESSAGE_TIME_MAX: Duration = Duration::from_secs(10);
/// A peer that reads nothing for so long is gone.
const WRITE_TIME_MAX: Duration = Duration::from_secs(10);
/// As long as a SIP transaction would wait (64*T1).
const CONNECT_TIME_MAX: Duration = Duration::from_secs(5);
/// What is still queued for a connection that closes.
const LAST_WORDS_TIME_MAX: Duration = Duration::from_secs(1);
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
