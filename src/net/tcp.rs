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
use tokio::sync::{Notify, mpsc};
use tokio::time::{Instant, sleep, timeout, timeout_at};

use super::Connections;
use super::admission::Standing;
use super::connections::Place;
use super::dispatch::Dispatch;
use super::flows::{Flows, WRITER_QUEUE};

/// Accepts connections for ever. One for which there is no place is closed at once, so that others get in.
pub(crate) async fn serve_tcp(
    listener: TcpListener,
    flows: Arc<Flows>,
    dispatch: Dispatch,
    connections: Arc<Connections>,
) {
    loop {
        match listener.accept().await {
            Ok((stream, addr)) => match connections.enter(addr.ip(), dispatch.admission.standing(addr.ip())) {
                Ok(place) => {
                    let (flows, dispatch) = (Arc::clone(&flows), dispatch.clone());
                    tokio::spawn(serve_connection(stream, addr, flows, dispatch, Some(place)));
                }
                Err(reason) => dispatch.metrics.dropped(reason),
            },
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
                Ok(Ok(stream)) => serve_connection(stream, addr, flows, dispatch, None).await,
                _ => {
                    flows.opening_failed(addr);
                    dispatch.transport_failed(Peer { transport: Transport::Tcp, addr, flow: None }).await;
                }
            }
        });
    }
}

/// `place` is that of a connection that others opened; one that we opened needs none.
async fn serve_connection(
    stream: TcpStream,
    addr: SocketAddr,
    flows: Arc<Flows>,
    dispatch: Dispatch,
    place: Option<Place>,
) {
    let _ = stream.set_nodelay(true);
    let (read_half, write_half) = stream.into_split();
    let (sender, queue) = mpsc::channel(WRITER_QUEUE);
    let close = Arc::new(Notify::new());
    let flow = flows.add_tcp(addr, sender.clone(), Arc::clone(&close));
    let peer = Peer { transport: Transport::Tcp, addr, flow: Some(flow) };
    let mut writer = tokio::spawn(write_all(write_half, queue));
    tokio::select! {
        () = Reader::new(peer, sender.clone(), &dispatch, place).read_all(read_half) => {}
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

/// The reading side of one connection.
struct Reader<'a> {
    peer: Peer,
    writer: mpsc::Sender<Bytes>,
    dispatch: &'a Dispatch,
    place: Option<Place>,
    framer: StreamFramer,
    /// The message that comes, or the first one, must be whole by then; one that we called need not speak first.
    due: Option<Instant>,
}

impl<'a> Reader<'a> {
    fn new(peer: Peer, writer: mpsc::Sender<Bytes>, dispatch: &'a Dispatch, place: Option<Place>) -> Self {
        let due = place.is_some().then(|| Instant::now() + MESSAGE_TIME_MAX);
        Self { peer, writer, dispatch, place, framer: StreamFramer::new(), due }
    }

    /// Reads until the peer closes, falls silent, is too slow with a message, or sends what cannot be framed.
    async fn read_all(mut self, mut stream: OwnedReadHalf) {
        let mut buffer = BytesMut::with_capacity(READ_BYTES);
        loop {
            buffer.clear();
            let until = self.due.unwrap_or_else(|| Instant::now() + self.idle_time_max());
            match timeout_at(until, stream.read_buf(&mut buffer)).await {
                Ok(Ok(count)) if count > 0 => {}
                Ok(_) => return,
                Err(_) => return self.dispatch.metrics.dropped("connection_slow"),
            }
            if let Err(error) = self.framer.push(&buffer) {
                return refuse(self.peer, &error, self.dispatch);
            }
            if let Err(error) = self.take_frames().await {
                return refuse(self.peer, &error, self.dispatch);
            }
        }
    }

    /// Hands on what is whole.
    async fn take_frames(&mut self) -> Result<(), FramingError> {
        loop {
            let before = self.framer.waiting_bytes();
            let frame = self.framer.next_frame()?;
            let size_bytes = before - self.framer.waiting_bytes();
            match frame {
                Some(Frame::Message(message)) => {
                    self.due = None;
                    let standing = self.wait_for_budget(message.call_id().unwrap_or_default()).await;
                    self.dispatch.message(self.peer, standing, message).await;
                }
                Some(Frame::Ping) => {
                    let _ = self.writer.try_send(Bytes::from_static(PONG));
                }
                Some(Frame::Refused(error)) => {
                    self.due = None;
                    let standing = self.wait_for_budget("").await;
                    self.dispatch.bad(self.peer, standing, error, size_bytes);
                }
                None => break,
            }
        }
        // What has begun must end in time, however slowly its bytes come.
        if self.framer.waiting_bytes() > 0 {
            self.due.get_or_insert_with(|| Instant::now() + MESSAGE_TIME_MAX);
        }
        Ok(())
    }

    /// Over a stream nothing need be dropped: a peer beyond its budget is read more slowly.
    async fn wait_for_budget(&mut self, call_id: &str) -> Standing {
        let (address, admission) = (self.peer.addr.ip(), &self.dispatch.admission);
        let mut is_counted = false;
        loop {
            let standing = admission.standing(address);
            let is_of_a_call = self.dispatch.directory.owns(call_id);
            if (standing != Standing::Stranger || is_of_a_call)
                && let Some(place) = &mut self.place
            {
                place.becomes_known();
            }
            match admission.admit(address, standing) {
                Err(_) if is_of_a_call => return standing,
                Err(reason) => {
                    if !std::mem::replace(&mut is_counted, true) {
                        self.dispatch.metrics.dropped(reason);
                    }
                    sleep(BUDGET_PAUSE).await;
                }
                Ok(()) => return standing,
            }
        }
    }

    fn idle_time_max(&mut self) -> Duration {
        let Some(place) = &mut self.place else { return IDLE_TIME_MAX };
        if self.dispatch.admission.standing(self.peer.addr.ip()) != Standing::Stranger {
            place.becomes_known();
        }
        if place.is_stranger() { STRANGER_IDLE_TIME_MAX } else { IDLE_TIME_MAX }
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

/// A read: most messages in one, and little for a connection that is silent.
const READ_BYTES: usize = 4 * 1024;
/// A connection without traffic: keep-alives come every 2 minutes at the latest (RFC 5626 4.4.1).
const IDLE_TIME_MAX: Duration = Duration::from_secs(3_600);
/// The same of someone of whom nothing is known and who is in no call: a transaction and its answer are over by then.
const STRANGER_IDLE_TIME_MAX: Duration = Duration::from_secs(120);
/// A peer beyond its budget is read again after so long.
const BUDGET_PAUSE: Duration = Duration::from_millis(50);
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
