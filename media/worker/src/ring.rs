//! The bounded rings between the call layer and a media thread.
//!
//! Commands: refused when full, the caller decides. Events: kept for later when
//! the receiver is slow, and while many are kept no further command is taken,
//! so that they cannot grow without end; only key presses are ever dropped.

use std::collections::VecDeque;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, TrySendError, sync_channel};

use media_graph::{Command, Event};
use nix::sys::eventfd::{EfdFlags, EventFd};
use thiserror::Error;
use tokio::sync::mpsc;

use crate::metrics::MediaMetrics;

/// A command that was not taken.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum CommandRefused {
    /// The ring holds as many commands as it can; try again in a few milliseconds.
    #[error("the media thread's ring of {COMMAND_RING} commands is full")]
    Full(Box<Command>),
    /// The media thread has ended.
    #[error("the media thread has ended")]
    Ended,
}

/// What a media thread's ring carries.
#[derive(Debug)]
pub(crate) enum Order<T> {
    /// From the call layer.
    Command(Command),
    /// From another thread of the worker.
    Internal(T),
}

/// The sending end, for any thread.
#[derive(Debug)]
pub(crate) struct OrderSender<T> {
    orders: SyncSender<Order<T>>,
    /// Dropped after `orders`, and so the thread is woken when the sender is really gone.
    _farewell: Farewell,
    wake: Arc<Wake>,
    metrics: Arc<MediaMetrics>,
}

/// The receiving end, for the media thread.
#[derive(Debug)]
pub(crate) struct OrderReceiver<T> {
    orders: Receiver<Order<T>>,
    wake: Arc<Wake>,
}

/// Wakes a thread that waits for descriptors; costs a system call only when it does.
#[derive(Debug)]
struct Wake {
    event: EventFd,
    asleep: AtomicBool,
}

pub(crate) fn order_ring<T>(metrics: Arc<MediaMetrics>) -> io::Result<(OrderSender<T>, OrderReceiver<T>)> {
    let event = EventFd::from_flags(EfdFlags::EFD_NONBLOCK | EfdFlags::EFD_CLOEXEC)?;
    let wake = Arc::new(Wake { event, asleep: AtomicBool::new(false) });
    let (sender, receiver) = sync_channel(COMMAND_RING);
    Ok((OrderSender::new(sender, Arc::clone(&wake), metrics), OrderReceiver { orders: receiver, wake }))
}

/// Wakes the thread when it is dropped: its last sender may be gone.
#[derive(Debug)]
struct Farewell(Arc<Wake>);

impl Drop for Farewell {
    fn drop(&mut self) {
        self.0.wake();
    }
}

impl<T> OrderSender<T> {
    fn new(orders: SyncSender<Order<T>>, wake: Arc<Wake>, metrics: Arc<MediaMetrics>) -> Self {
        Self { orders, _farewell: Farewell(Arc::clone(&wake)), wake, metrics }
    }

    /// Gives a command to the thread; never waits.
    pub(crate) fn command(&self, command: Command) -> Result<(), CommandRefused> {
        match self.orders.try_send(Order::Command(command)) {
            Ok(()) => {
                self.wake.wake();
                Ok(())
            }
            Err(TrySendError::Full(Order::Command(command))) => {
                self.metrics.ring_full.add(1);
                Err(CommandRefused::Full(Box::new(command)))
            }
            Err(_) => Err(CommandRefused::Ended),
        }
    }

    /// Gives an answer of another thread of the worker; waits while the ring
    /// is full. False when the thread has ended.
    pub(crate) fn internal(&self, order: T) -> bool {
        let sent = self.orders.send(Order::Internal(order)).is_ok();
        self.wake.wake();
        sent
    }
}

impl<T> Clone for OrderSender<T> {
    fn clone(&self) -> Self {
        Self::new(self.orders.clone(), Arc::clone(&self.wake), Arc::clone(&self.metrics))
    }
}

impl<T> OrderReceiver<T> {
    /// The next order, if one is there.
    pub(crate) fn next(&self) -> Result<Option<Order<T>>, Ended> {
        match self.orders.try_recv() {
            Ok(order) => Ok(Some(order)),
            Err(TryRecvError::Empty) => Ok(None),
            Err(TryRecvError::Disconnected) => Err(Ended),
        }
    }

    /// Says that the thread is about to wait; orders sent from now on wake it.
    /// Look for an order once more after this and before the wait.
    pub(crate) fn fall_asleep(&self) {
        self.wake.asleep.store(true, Ordering::SeqCst);
    }

    /// Says that the wait is over.
    pub(crate) fn awake(&self) {
        if !self.wake.asleep.swap(false, Ordering::SeqCst) {
            // Somebody woke us: take the count off, or the descriptor stays ready.
            let _ = self.wake.event.read();
        }
    }
}

impl<T> AsFd for OrderReceiver<T> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.wake.event.as_fd()
    }
}

/// All senders are gone: the thread is to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ended;

impl Wake {
    fn wake(&self) {
        if self.asleep.swap(false, Ordering::SeqCst) {
            // Fails only when the counter is at its end, and then the thread is awake anyway.
            let _ = self.event.write(1);
        }
    }
}

/// The receiving end of the events, for one task or thread.
#[derive(Debug)]
pub struct EventReceiver(mpsc::Receiver<Event>);

impl EventReceiver {
    /// The next event; `None` after the worker has ended and all events were taken.
    pub async fn recv(&mut self) -> Option<Event> {
        self.0.recv().await
    }

    /// The same for a thread outside an async runtime; waits.
    pub fn blocking_recv(&mut self) -> Option<Event> {
        self.0.blocking_recv()
    }

    /// The next event if one is there.
    pub fn try_recv(&mut self) -> Option<Event> {
        self.0.try_recv().ok()
    }
}

/// One thread's way to send events.
#[derive(Debug)]
pub(crate) struct EventSender {
    events: mpsc::Sender<Event>,
    kept: VecDeque<Event>,
    metrics: Arc<MediaMetrics>,
}

pub(crate) fn event_ring(metrics: Arc<MediaMetrics>) -> (EventSender, EventReceiver) {
    let (sender, receiver) = mpsc::channel(EVENT_RING);
    (EventSender { events: sender, kept: VecDeque::new(), metrics }, EventReceiver(receiver))
}

impl EventSender {
    /// A sender for another thread.
    pub(crate) fn another(&self) -> Self {
        Self { events: self.events.clone(), kept: VecDeque::new(), metrics: Arc::clone(&self.metrics) }
    }

    /// Sends an event, or keeps it for later.
    pub(crate) fn emit(&mut self, event: Event) {
        if self.congested() && matches!(event, Event::Digit { .. }) {
            self.metrics.digits_dropped.add(1);
            return;
        }
        self.kept.push_back(event);
        self.flush();
        if !self.kept.is_empty() {
            self.metrics.events_delayed.add(1);
        }
    }

    /// Sends what was kept, as far as there is room. Without a receiver events go nowhere.
    pub(crate) fn flush(&mut self) {
        while let Some(event) = self.kept.pop_front() {
            if let Err(mpsc::error::TrySendError::Full(event)) = self.events.try_send(event) {
                self.kept.push_front(event);
                return;
            }
        }
    }

    /// True while events wait for room.
    pub(crate) fn has_kept(&self) -> bool {
        !self.kept.is_empty()
    }

    /// True when so many events wait that no work that makes more should be taken on.
    pub(crate) fn congested(&self) -> bool {
        self.kept.len() >= MAX_KEPT
    }
}

/// Commands that wait for a thread: one second of the highest rate that was
/// asked for (1,000 new calls a second, some ten commands each).
pub(crate) const COMMAND_RING: usize = 16_384;
/// Events that wait for the call layer, likewise.
pub(crate) const EVENT_RING: usize = 16_384;
/// Events kept beside a full ring before the thread stops taking commands.
const MAX_KEPT: usize = 1_024;

#[cfg(test)]
mod tests;
