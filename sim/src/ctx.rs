//! What every part of the world may touch: the time, what will happen, the network, who sends sound, who sees.

use core::net::SocketAddr;
use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use clock::Instant;
use media_graph::LineHeard;
use sip::ua::Transport;

use crate::events::EventQueue;
use crate::network::{Datagram, Network};
use crate::node::NodeEvent;
use crate::peers::{AdministratorAct, CarrierAct, PhoneAct, SupervisorAct};
use crate::watch::{Seen, Watch};

/// Something that will happen.
#[derive(Debug)]
pub(crate) enum Event {
    /// A datagram arrives.
    Arrive(Datagram),
    /// Inside the node, in this life of it.
    Node { life: u32, event: NodeEvent },
    /// A carrier acts.
    Carrier(usize, CarrierAct),
    /// A phone, or its owner, acts.
    Phone(usize, PhoneAct),
    /// The one who uses the API acts.
    Supervisor(SupervisorAct),
    /// An administrator of campaigns acts.
    Administrator(AdministratorAct),
    /// One more call begins somewhere.
    NewCall,
    /// A hostile datagram is sent.
    Hostile,
    /// The node dies.
    Crash,
    /// The node starts.
    Start,
    /// The node is stopped in order.
    Stop(StopStage),
    /// The node's disk begins to fail.
    JournalFails,
    /// It works again.
    JournalWorks,
    /// One of the node's owners breaks an assertion.
    Break,
    /// Somebody sets the node's wall clock.
    SetClock,
    /// Conversations are listened to.
    Listen,
}

/// How far an orderly stop is; the later stages belong to one life of the node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StopStage {
    /// New calls are refused.
    Drain,
    /// All calls are ended.
    EndAll(u32),
    /// The process ends.
    Down(u32),
}

/// The world around whoever acts.
#[derive(Debug)]
pub(crate) struct Ctx {
    pub(crate) now: Instant,
    pub(crate) events: EventQueue<Event>,
    pub(crate) net: Network,
    pub(crate) watch: Watch,
    /// Addresses from which sound comes now.
    pub(crate) sounding: BTreeSet<SocketAddr>,
    /// What the detection says of who is at an address, as there is no sound here.
    pub(crate) lines: BTreeMap<SocketAddr, Line>,
}

/// What the detection says of a line that it listens to, and when.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Line {
    /// What it says; none: nothing, ever.
    pub(crate) heard: Option<LineHeard>,
    /// So long after it began to listen.
    pub(crate) after: Duration,
    /// So long before that the greeting had ended.
    pub(crate) greeting_ended_ago: Option<Duration>,
    /// So long after that a machine can be spoken to.
    pub(crate) beep: Option<Duration>,
}

impl Ctx {
    /// Puts a message on the network.
    pub(crate) fn send(&mut self, from: SocketAddr, to: SocketAddr, transport: Transport, bytes: Bytes) {
        self.watch.see(self.now, &Seen::Sent { from, to, bytes: &bytes });
        let datagram = Datagram { from, to, transport, bytes };
        for at in self.net.arrivals(self.now, &datagram).into_iter().flatten() {
            self.events.at(at, Event::Arrive(datagram.clone()));
        }
    }

    /// Lets everyone see.
    pub(crate) fn see(&mut self, seen: &Seen<'_>) {
        self.watch.see(self.now, seen);
    }

    /// Whether RTP comes from this address now.
    pub(crate) fn sounds(&self, addr: SocketAddr) -> bool {
        self.sounding.contains(&addr) && !self.net.is_silent(self.now, addr.ip())
    }
}
