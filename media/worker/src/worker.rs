//! The media worker as the call layer sees it: commands in, events out.

use std::io::Read;
use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::JoinHandle;

use clock::Rng;
use media_graph::Command;

use crate::config::{MediaConfig, StartError, pairs_in};
use crate::library::{Library, Loaded, start_loader};
use crate::limits::{raise_open_files, usable_pairs};
use crate::metrics::MediaMetrics;
use crate::ports::PortPool;
use crate::recorder::Recorders;
use crate::ring::{CommandRefused, EventReceiver, OrderSender, event_ring, order_ring};
use crate::socket::{Poller, UdpPort};
use crate::thread::{MediaThread, Outfit, WAKE_TOKEN};
use crate::threads::spawn_ahead;
use crate::time::Clock;

/// The running media threads. Dropping it closes all legs, finishes all
/// recordings and waits for the threads; the remaining events stay readable.
#[derive(Debug)]
pub struct MediaWorker {
    threads: Vec<(Arc<OrderSender<Loaded>>, JoinHandle<()>)>,
    loader: Option<JoinHandle<()>>,
    recorders: Option<Recorders>,
    metrics: Arc<MediaMetrics>,
}

impl MediaWorker {
    /// Raises the limit of open files, reads the prompts and starts the threads.
    ///
    /// Recordings that a crash left unfinished are not touched: call [`crate::recover`] before.
    ///
    /// # Errors
    /// [`StartError`], each with what to do about it.
    pub fn start(config: &MediaConfig) -> Result<(Self, EventReceiver), StartError> {
        config.check()?;
        let limit = raise_open_files()?;
        let usable = usable_pairs(pairs_in(&config.ports), limit);
        try_address(config)?;
        let (clock, metrics) = (Clock::start(), Arc::new(MediaMetrics::default()));
        let mut rng = Rng::from_seed(entropy()?);
        let (events, receiver) = event_ring(Arc::clone(&metrics));
        let (recorders, writer) = Recorders::start(&config.data_dir, &events, &metrics, clock)?;
        let (loader, wanted) = start_loader(config.prompts_dir.clone(), config.data_dir.clone())?;
        let library = Library::read(&config.prompts_dir);
        metrics.ports_usable.add(usable as u64 * 2);
        let mut threads = Vec::new();
        for nth in 0..config.threads {
            let ports = share(config, nth);
            let usable = usable / config.threads + usize::from(nth < usable % config.threads);
            let (orders, order_receiver) = order_ring(Arc::clone(&metrics)).map_err(system("wake-up descriptor"))?;
            let poller = Poller::new().map_err(system("epoll"))?;
            poller.watch(&order_receiver, WAKE_TOKEN).map_err(system("epoll"))?;
            let rest = config.port_rest;
            let pool = PortPool::new(config.address, &ports, usable, rest, &mut rng, Arc::clone(&metrics));
            let outfit = Outfit {
                clock,
                rng: rng.fork(),
                address: config.address,
                ports: pool,
                library: library.clone(),
                poller,
                orders: order_receiver,
                loader: wanted.clone(),
                writer: writer.clone(),
                events: events.another(),
                metrics: Arc::clone(&metrics),
            };
            let orders = Arc::new(orders);
            let thread = MediaThread::new(outfit, Arc::downgrade(&orders));
            threads.push((orders, spawn_ahead("media", move || thread.run())?));
        }
        Ok((Self { threads, loader: Some(loader), recorders: Some(recorders), metrics }, receiver))
    }

    /// Gives a command to the thread of its call, or, when it names no call, to
    /// all threads: those that do not know what it is about pass it by. Never waits.
    ///
    /// # Errors
    /// [`CommandRefused::Full`] when a ring is full: sending the command again
    /// later is right, whichever threads had it already.
    pub fn send(&self, command: Command) -> Result<(), CommandRefused> {
        let call = match &command {
            Command::Open { call, .. } | Command::Play { call, .. } | Command::Record { call, .. } => Some(*call),
            _ => None,
        };
        let count = self.threads.len();
        let only = call.map(|call| (call.0 % count.max(1) as u128) as usize);
        if let (Some((orders, _)), true) = (self.threads.get(only.unwrap_or(0)), only.is_some() || count == 1) {
            return orders.command(command);
        }
        self.threads.iter().try_for_each(|(orders, _)| orders.command(command.clone()))
    }

    /// The counters of all threads.
    #[must_use]
    pub fn metrics(&self) -> &Arc<MediaMetrics> {
        &self.metrics
    }
}

impl Drop for MediaWorker {
    fn drop(&mut self) {
        for (orders, thread) in self.threads.drain(..) {
            drop(orders);
            join(thread);
        }
        // Both end because the media threads, and their queues, are gone.
        self.loader.take().into_iter().for_each(join);
        self.recorders.take().into_iter().for_each(Recorders::join);
    }
}

fn join(thread: JoinHandle<()>) {
    if thread.join().is_err() {
        tracing::error!("a media thread panicked");
    }
}

/// The ports of the `nth` thread: an even share of the range.
fn share(config: &MediaConfig, nth: usize) -> std::ops::RangeInclusive<u16> {
    let pairs = pairs_in(&config.ports);
    let first_even = u32::from(*config.ports.start()).next_multiple_of(2);
    let from = first_even + 2 * (pairs * nth / config.threads) as u32;
    let to = first_even + 2 * (pairs * (nth + 1) / config.threads) as u32 - 1;
    u16::try_from(from).unwrap_or(u16::MAX)..=u16::try_from(to).unwrap_or(u16::MAX)
}

/// An address that is not ours would fail each leg; better to say so at once.
fn try_address(config: &MediaConfig) -> Result<(), StartError> {
    let bound = UdpPort::bind(SocketAddr::new(config.address, 0));
    bound.map(drop).map_err(|source| StartError::Address { address: config.address, source })
}

fn system(what: &'static str) -> impl Fn(std::io::Error) -> StartError {
    move |source| StartError::System { what, source }
}

/// SSRCs, sequence numbers and ports must not be guessed (RFC 3550 9.1, RFC 6056).
#[allow(clippy::disallowed_types, reason = "a shell: chance comes from the system")]
fn entropy() -> Result<[u8; 32], StartError> {
    let mut seed = [0; 32];
    let mut source = std::fs::File::open("/dev/urandom").map_err(system("random numbers"))?;
    source.read_exact(&mut seed).map_err(system("random numbers"))?;
    Ok(seed)
}
