//! A media thread: all RTP sessions of its calls, and the loop that serves them.
//!
//! While packets or orders are many it rests 2 ms and takes all that came at
//! once; while they are few it waits for the next one. Either way a packet costs
//! one read, a look at a small array, and one write.

mod forward;
mod nodes;
mod orders;
mod tick;

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, TrySendError};
use std::time::Duration;

use clock::{Instant, Rng, TimerQueue};
use media_graph::{Event, Graph, Node, NodeIx};
use rtp_core::packet::MAX_PACKET_LEN;

use crate::leg::{Leg, report_interval};
use crate::library::{Library, Loaded, Wanted};
use crate::metrics::MediaMetrics;
use crate::ports::PortPool;
use crate::recorder::{Batch, ToWriter, WriterQueue};
use crate::ring::{Ended, EventSender, Order, OrderReceiver, OrderSender};
use crate::socket::Poller;
use crate::ticks::Ticks;
use crate::time::Clock;
use nodes::Nodes;

/// What a media thread is made of when it starts.
#[derive(Debug)]
pub(crate) struct Outfit {
    pub(crate) clock: Clock,
    pub(crate) rng: Rng,
    pub(crate) address: std::net::IpAddr,
    pub(crate) ports: PortPool,
    pub(crate) library: Library,
    pub(crate) poller: Poller,
    pub(crate) orders: OrderReceiver<Loaded>,
    pub(crate) loader: SyncSender<Wanted>,
    pub(crate) writer: WriterQueue,
    pub(crate) events: EventSender,
    pub(crate) metrics: Arc<MediaMetrics>,
}

/// The state of a media thread.
#[derive(Debug)]
pub(crate) struct MediaThread {
    outfit: Outfit,
    /// Where files that were read come back. The loader's queue holds clones
    /// only while it reads, so the thread's end is not kept up by its own.
    answers: std::sync::Weak<OrderSender<Loaded>>,
    graph: Graph,
    nodes: Nodes,
    ticks: Ticks,
    timers: TimerQueue<Timer>,
    /// Ends of recordings that found the writer's queue full.
    unsent: VecDeque<ToWriter>,
    buffer: Box<[u8; READ_LEN]>,
    scratch: Box<[u8; MAX_PACKET_LEN]>,
    load: Load,
}

/// What a thread waits for besides packets and orders.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Timer {
    /// The leg's next report.
    Report(NodeIx),
    /// The leg's watch for silence.
    Watch(NodeIx),
    /// The recording's next batch.
    Batch(NodeIx),
}

/// How busy the sockets and the ring of orders are.
#[derive(Debug, Default)]
struct Load {
    window_ends: Instant,
    /// Packets and orders of this window.
    came: u32,
    busy: bool,
}

impl MediaThread {
    /// A thread without calls.
    pub(crate) fn new(outfit: Outfit, answers: std::sync::Weak<OrderSender<Loaded>>) -> Self {
        Self {
            outfit,
            answers,
            graph: Graph::new(),
            nodes: Nodes::default(),
            ticks: Ticks::default(),
            timers: TimerQueue::new(),
            unsent: VecDeque::new(),
            buffer: Box::new([0; READ_LEN]),
            scratch: Box::new([0; MAX_PACKET_LEN]),
            load: Load::default(),
        }
    }

    /// Serves until all senders of orders are gone; then closes everything.
    pub(crate) fn run(mut self) {
        while let Ok(more) = self.serve_orders() {
            self.run_ticks();
            self.run_timers();
            self.retry_unsent();
            self.outfit.events.flush();
            self.wait_and_drain(more);
        }
        self.close_all();
    }

    /// Takes orders, unless so many events wait that more of them must not be made. True when more may be there.
    fn serve_orders(&mut self) -> Result<bool, Ended> {
        for _ in 0..ORDERS_AT_ONCE {
            if self.is_congested() {
                return Ok(false);
            }
            match self.outfit.orders.next()? {
                Some(order) => self.serve(order),
                None => return Ok(false),
            }
        }
        Ok(true)
    }

    /// Takes one order if there is one; true too when the end is near.
    fn serve_one(&mut self) -> bool {
        if self.is_congested() {
            return false;
        }
        match self.outfit.orders.next() {
            Ok(Some(order)) => {
                self.serve(order);
                true
            }
            Ok(None) => false,
            Err(Ended) => true,
        }
    }

    fn serve(&mut self, order: Order<Loaded>) {
        self.load.came = self.load.came.saturating_add(1);
        match order {
            Order::Command(command) => self.obey(command),
            Order::Internal(loaded) => self.on_loaded(loaded),
        }
    }

    /// Whether the call layer is behind with our events; at the end nobody needs to catch up.
    fn is_congested(&self) -> bool {
        self.outfit.events.congested() && self.answers.strong_count() > 0
    }

    fn run_timers(&mut self) {
        let now = self.outfit.clock.mono();
        while let Some(timer) = self.timers.pop_due(now) {
            match timer {
                Timer::Report(ix) => self.report(ix),
                Timer::Watch(ix) => self.check_watch(ix, now),
                Timer::Batch(ix) => self.send_batch(ix, now),
            }
        }
    }

    fn report(&mut self, ix: NodeIx) {
        let now = self.outfit.clock.now();
        if let Some(leg) = self.nodes.leg_mut(ix) {
            leg.send_report(now, &self.outfit.metrics);
            self.outfit.metrics.packets_lost.add(leg.newly_lost());
            self.timers.set(Timer::Report(ix), now.mono + report_interval(&mut self.outfit.rng));
        }
    }

    fn check_watch(&mut self, ix: NodeIx, now: Instant) {
        let Some(leg) = self.nodes.leg_mut(ix) else { return };
        let Some(watch) = &mut leg.watch else { return };
        let heard = leg.last_packet.map_or(watch.since, |at| at.max(watch.since));
        let silent = now.since(heard) >= watch.limit;
        let news = silent && watch.told != Some(heard);
        if silent {
            watch.told = Some(heard);
        }
        let again = if silent { now + watch.limit } else { heard + watch.limit };
        self.timers.set(Timer::Watch(ix), again);
        if news {
            self.outfit.events.emit(Event::Silent { leg: leg.id });
        }
    }

    /// Hands what a recording heard to the writer; what it has no room for becomes a gap.
    fn send_batch(&mut self, ix: NodeIx, now: Instant) {
        let Some(tap) = self.nodes.tap_mut(ix) else { return };
        if tap.has_failed() {
            let recorder = tap.recorder();
            return drop(self.remove_recorder(recorder));
        }
        let batch = tap.batch(now);
        let until = batch.until;
        match self.outfit.writer.try_send(ToWriter::Batch(batch)) {
            Ok(()) => tap.delivered(until),
            Err(TrySendError::Full(ToWriter::Batch(batch))) => {
                tap.refused(batch);
                self.outfit.metrics.recording_gaps.add(1);
            }
            Err(_) => {}
        }
        self.timers.set(Timer::Batch(ix), now + BATCH_EVERY);
    }

    /// The last batch of a recording must arrive: it waits here while the queue is full.
    fn end_recording(&mut self, batch: Batch, least: Duration) {
        self.unsent.push_back(ToWriter::End(batch, least));
        self.retry_unsent();
    }

    fn retry_unsent(&mut self) {
        while let Some(order) = self.unsent.pop_front() {
            if let Err(TrySendError::Full(order)) = self.outfit.writer.try_send(order) {
                self.unsent.push_front(order);
                return;
            }
        }
    }

    fn wait_and_drain(&mut self, hurry: bool) {
        let busy = self.load.is_busy(self.outfit.clock.mono());
        let mut ready = if busy || hurry {
            if !hurry {
                sleep(REST);
            }
            self.outfit.poller.wait(0)
        } else {
            self.outfit.orders.fall_asleep();
            // An order that came just before the sign was set woke nobody.
            let patience = if self.serve_one() { 0 } else { self.patience_ms() };
            let ready = self.outfit.poller.wait(patience);
            self.outfit.orders.awake();
            ready
        };
        for _ in 0..DRAIN_ROUNDS {
            if ready == 0 {
                return;
            }
            let read = self.drain(ready);
            self.load.came = self.load.came.saturating_add(read);
            if read == 0 {
                return;
            }
            ready = self.outfit.poller.wait(0);
        }
    }

    /// Reads one datagram from each ready socket; returns how many came.
    fn drain(&mut self, ready: usize) -> u32 {
        let now = self.outfit.clock.now();
        let mut read = 0;
        for nth in 0..ready {
            let token = self.outfit.poller.token(nth);
            if token == WAKE_TOKEN {
                continue;
            }
            let ix = NodeIx::from_u32((token >> 1) as u32);
            let came = if token & 1 == 0 {
                self.receive_rtp(ix, now.mono)
            } else {
                let leg = self.nodes.leg_mut(ix);
                leg.is_some_and(|leg| leg.receive_rtcp(&mut self.buffer[..], now, &self.outfit.metrics))
            };
            read += u32::from(came);
        }
        read
    }

    /// How long nothing needs to be done, ms.
    fn patience_ms(&mut self) -> u16 {
        if self.outfit.events.has_kept() || !self.unsent.is_empty() {
            return RETRY_MS;
        }
        let timer = self.timers.peek().map(|(at, _)| at);
        let due = [timer, self.ticks.next_due()].into_iter().flatten().min();
        let Some(due) = due else { return MAX_PATIENCE_MS };
        let left = due.since(self.outfit.clock.mono()).as_micros().div_ceil(1_000);
        u16::try_from(left).unwrap_or(MAX_PATIENCE_MS).min(MAX_PATIENCE_MS)
    }

    fn close_all(&mut self) {
        let nodes: Vec<Node> = self.graph.nodes().collect();
        for node in nodes {
            match node {
                Node::Leg(leg) => self.close(leg),
                Node::Player(player) => self.stop_play(player),
                Node::Recorder(recorder, _) => self.stop_record(recorder, Duration::ZERO),
            }
        }
        // The writer drains its queue to the end, so this waits for the disk only.
        for order in self.unsent.drain(..) {
            if self.outfit.writer.send(order).is_err() {
                break;
            }
        }
        self.outfit.events.flush();
    }

    fn rtp_address(&self, leg: &Leg) -> SocketAddr {
        SocketAddr::new(self.outfit.address, leg.pair().port)
    }
}

impl Load {
    /// Whether so much came lately that taking it in turns is cheaper than waking for each.
    fn is_busy(&mut self, now: Instant) -> bool {
        if now >= self.window_ends {
            self.busy = self.came >= BUSY_FROM;
            self.came = 0;
            self.window_ends = now + LOAD_WINDOW;
        }
        self.busy
    }
}

#[allow(clippy::disallowed_methods, reason = "a shell: the rest between two drains of the sockets")]
fn sleep(time: Duration) {
    std::thread::sleep(time);
}

/// A datagram longer than RTP ever is shows as such, not as one cut to size.
const READ_LEN: usize = MAX_PACKET_LEN + 1;
/// The token of the wake-up descriptor.
pub(crate) const WAKE_TOKEN: u64 = u64::MAX;
/// Orders taken before the sockets have their turn: half a millisecond's work or so.
const ORDERS_AT_ONCE: usize = 64;
/// Rounds of one drain, so that a flood on some sockets does not keep the tick waiting.
const DRAIN_ROUNDS: usize = 8;
/// A recording is at most this far ahead of its file, with the writer's window of 400 ms.
const BATCH_EVERY: Duration = Duration::from_millis(200);
/// How soon a full queue is tried again.
const RETRY_MS: u16 = 2;
/// The longest wait; orders and packets end it at once.
const MAX_PATIENCE_MS: u16 = 10_000;
/// The rest between two drains of the sockets: half of it is what a packet waits, far below what a phone's buffer
/// holds, and a drain finds 150 packets of 500 calls, which shares out the cost of the wake-up.
const REST: Duration = Duration::from_millis(3);
/// Load is judged over so long ...
const LOAD_WINDOW: Duration = Duration::from_millis(32);
/// ... and is high from 1,000 packets and orders a second on: three for each rest.
const BUSY_FROM: u32 = 32;
