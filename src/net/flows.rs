//! The table of flows: how a message leaves.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, RwLock};

use bytes::Bytes;
use clock::FlowId;
use sip::ua::{Peer, Transport};
use tokio::net::UdpSocket;
use tokio::sync::{Notify, mpsc};

/// All flows: UDP listeners and TCP connections. The lock is held for a look-up only.
#[derive(Debug, Default)]
pub(crate) struct Flows {
    table: RwLock<Table>,
    next: AtomicU64,
    connect: RwLock<Option<mpsc::Sender<SocketAddr>>>,
}

#[derive(Debug, Default)]
struct Table {
    udp: Vec<(FlowId, Arc<UdpSocket>)>,
    tcp: HashMap<FlowId, Connection>,
    by_addr: HashMap<SocketAddr, FlowId>,
    /// Messages for connections that are being opened.
    opening: HashMap<SocketAddr, Vec<Bytes>>,
}

#[derive(Debug)]
struct Connection {
    writer: mpsc::Sender<Bytes>,
    /// Asks its task to close it.
    close: Arc<Notify>,
}

/// Why a message did not leave. Retransmission or the peer's time-out heals the first, the owner is told of the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SendFailure {
    /// The socket's buffer or the connection's queue is full.
    Full,
    /// The network refused.
    Unreachable,
    /// The flow is gone and cannot be opened from here.
    NoFlow,
}

impl SendFailure {
    /// The peer cannot be reached now: its sessions are told at once.
    pub(crate) fn is_final(self) -> bool {
        !matches!(self, Self::Full)
    }

    /// The word for `trunkline_drops_total{reason}`.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Full => "send_full",
            Self::Unreachable => "send_unreachable",
            Self::NoFlow => "send_no_flow",
        }
    }
}

impl Flows {
    /// Adds a UDP listener.
    pub(crate) fn add_udp(&self, socket: Arc<UdpSocket>) -> FlowId {
        let flow = self.mint();
        self.write().udp.push((flow, socket));
        flow
    }

    /// Adds a connection to `addr` with its writer's queue, and what waited for it. `close` is told when the queue is
    /// full: the connection is to be closed (DESIGN section 4).
    pub(crate) fn add_tcp(&self, addr: SocketAddr, writer: mpsc::Sender<Bytes>, close: Arc<Notify>) -> FlowId {
        let flow = self.mint();
        let waiting = {
            let mut table = self.write();
            table.by_addr.insert(addr, flow);
            table.tcp.insert(flow, Connection { writer: writer.clone(), close });
            table.opening.remove(&addr).unwrap_or_default()
        };
        for message in waiting {
            // The queue is longer than what may wait for an opening connection.
            let _ = writer.try_send(message);
        }
        flow
    }

    /// Removes a connection.
    pub(crate) fn remove_tcp(&self, flow: FlowId, addr: SocketAddr) {
        let mut table = self.write();
        table.tcp.remove(&flow);
        if table.by_addr.get(&addr) == Some(&flow) {
            table.by_addr.remove(&addr);
        }
    }

    /// A connection to `addr` could not be opened: what waited for it is dropped; how much.
    pub(crate) fn opening_failed(&self, addr: SocketAddr) -> usize {
        self.write().opening.remove(&addr).map_or(0, |waiting| waiting.len())
    }

    /// Where connections that must be opened are asked for.
    pub(crate) fn set_connector(&self, connector: mpsc::Sender<SocketAddr>) {
        if let Ok(mut connect) = self.connect.write() {
            *connect = Some(connector);
        }
    }

    /// Sends without waiting.
    ///
    /// # Errors
    /// The message did not leave.
    pub(crate) fn send(&self, peer: Peer, bytes: Bytes) -> Result<(), SendFailure> {
        match peer.transport {
            Transport::Udp => self.send_udp(peer, &bytes),
            Transport::Tcp => self.send_tcp(peer, bytes),
        }
    }

    fn send_udp(&self, peer: Peer, bytes: &[u8]) -> Result<(), SendFailure> {
        let socket = {
            let table = self.table.read().map_err(|_| SendFailure::NoFlow)?;
            let given = table.udp.iter().find(|(flow, _)| Some(*flow) == peer.flow);
            let same_family =
                |socket: &UdpSocket| socket.local_addr().is_ok_and(|local| local.is_ipv4() == peer.addr.is_ipv4());
            let chosen = given.or_else(|| table.udp.iter().find(|(_, socket)| same_family(socket)));
            Arc::clone(&chosen.ok_or(SendFailure::NoFlow)?.1)
        };
        match socket.try_send_to(bytes, peer.addr) {
            Ok(_) => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Err(SendFailure::Full),
            Err(_) => Err(SendFailure::Unreachable),
        }
    }

    fn send_tcp(&self, peer: Peer, bytes: Bytes) -> Result<(), SendFailure> {
        let mut table = self.write();
        let flow = peer.flow.filter(|flow| table.tcp.contains_key(flow));
        let flow = flow.or_else(|| table.by_addr.get(&peer.addr).copied());
        if let Some(connection) = flow.and_then(|flow| table.tcp.get(&flow)) {
            let Err(_) = connection.writer.try_send(bytes) else { return Ok(()) };
            // A peer that reads nothing holds up whoever waits for its answers: better that all know it is gone.
            connection.close.notify_one();
            return Err(SendFailure::Full);
        }
        let connect = self.connect.read().ok().and_then(|connect| connect.clone()).ok_or(SendFailure::NoFlow)?;
        let already_asked = table.opening.contains_key(&peer.addr);
        if !already_asked && (table.opening.len() >= OPENING_MAX || connect.try_send(peer.addr).is_err()) {
            return Err(SendFailure::Full);
        }
        let waiting = table.opening.entry(peer.addr).or_default();
        if waiting.len() >= WAITING_MESSAGES_MAX {
            return Err(SendFailure::Full);
        }
        waiting.push(bytes);
        Ok(())
    }

    fn mint(&self) -> FlowId {
        FlowId(self.next.fetch_add(1, Ordering::Relaxed) + 1)
    }

    /// No code that holds the lock can panic, so a poisoned lock cannot be seen; taking its value is right all the same.
    fn write(&self) -> std::sync::RwLockWriteGuard<'_, Table> {
        self.table.write().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// Connections being opened at a time.
const OPENING_MAX: usize = 256;
/// Messages that wait for one connection to be opened.
const WAITING_MESSAGES_MAX: usize = 64;
/// Messages that a connection's writer has not taken yet: half a second of a trunk that brings 500 calls a second over
/// one connection. A peer that is this far behind does not read.
pub(super) const WRITER_QUEUE: usize = 1_024;
