//! The figures of `/metrics` (DESIGN section 10).
//!
//! Labels have few values by construction: names of configured queues, words
//! of enums and of the program's own text, never what a peer sent.

mod queues;

use centre::{Directory, Snapshot};
use journal_core::AgentState;
use prometheus::{
    Encoder, Gauge, GaugeVec, Histogram, HistogramOpts, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts,
    Registry, TextEncoder,
};
use records::Word;

use queues::QueueGauges;

/// Counters and gauges. `src/` adds to what it sees; the rest is read from snapshots at each scrape.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    /// Live calls.
    pub calls_active: IntGauge,
    calls: IntCounterVec,
    queue_waiting: IntGaugeVec,
    queue_callbacks: IntGaugeVec,
    do_not_call: IntGauge,
    queue_wait: Histogram,
    agents: IntGaugeVec,
    queues: QueueGauges,
    registrations: IntGauge,
    bans_active: IntGauge,
    trunk_up: IntGaugeVec,
    trunk_registered: IntGaugeVec,
    trunk_target_up: IntGaugeVec,
    /// SIP requests received.
    pub sip_requests: IntCounter,
    /// SIP messages sent again because no answer came, and requests received again.
    pub sip_retransmissions: IntCounter,
    /// RTP packets received.
    pub rtp_received: IntCounter,
    /// RTP packets sent.
    pub rtp_sent: IntCounter,
    /// RTP packets that never came, by their sequence numbers.
    pub rtp_lost: IntCounter,
    /// RTP ports that may be used: fewer than configured when the file limit is low.
    pub rtp_ports_usable: IntGauge,
    /// Stretches of sound that a recording lacks, as its writer was behind.
    pub recording_gaps: IntCounter,
    /// Commands that a media thread had no room for.
    pub media_ring_full: IntCounter,
    drops: IntCounterVec,
    channels_full: IntCounterVec,
    /// Facts that differed from leases and were repaired.
    pub facts_repaired: IntCounter,
    owner_panics: IntCounterVec,
    quarantined: IntGaugeVec,
    lost_calls: IntGaugeVec,
    lead_rows: IntCounterVec,
    lead_lists_ended: IntCounterVec,
    /// Age of the oldest entry that the database has not taken yet, in seconds.
    pub journal_lag: Gauge,
    /// Entries that the database has not taken yet.
    pub journal_backlog: IntGauge,
    /// 1 while the journal takes entries.
    pub journal_writable: IntGauge,
    /// 1 while the database takes rows.
    pub database_available: IntGauge,
    /// Entries that the database could not take and that were put aside.
    pub entries_put_aside: IntGauge,
    /// Assertions that broke in the projector, which began anew.
    pub projector_panics: IntGauge,
    /// Age of the oldest journal entry that is not safe from power loss, in seconds.
    pub journal_unsynced: Gauge,
    /// Writes and syncs of the journal that failed.
    pub journal_failures: IntGauge,
    /// Bytes of a damaged, never synced end of the journal that the start cut off.
    pub journal_cut: IntGauge,
    /// Clients that follow the events now.
    pub event_streams: IntGauge,
    /// Memory of the process.
    pub process_resident_bytes: IntGauge,
    /// Processor time of the process.
    pub process_cpu_seconds: Gauge,
    /// Open files and sockets of the process.
    pub process_open_files: IntGauge,
}

impl Metrics {
    /// All at zero. `version` is the program's.
    ///
    /// # Errors
    /// When two figures have one name, which a test excludes.
    pub fn new(version: &str) -> prometheus::Result<Self> {
        let registry = Registry::new_custom(Some("trunkline".into()), None)?;
        let make = Maker(&registry);
        let rtp = make.counters("rtp_packets_total", "RTP packets, by direction.", &["direction"])?;
        let build = make.gauges("build_info", "Always 1; the label tells the version.", &["version"])?;
        build.with_label_values(&[version]).set(1);
        let owner_panics = make.counters(
            "owner_panics_total",
            "Assertions that broke in an owner, which was built anew.",
            &["owner"],
        )?;
        let quarantined = make.gauges(
            "quarantined",
            "Queues, agents and calls refused until they are released or the node restarts, as the same input broke an owner twice.",
            &["kind"],
        )?;
        let lost_calls =
            make.gauges("lost_calls", "Calls lost in the last 8 days that nobody won back.", &["state"])?;
        // Alerts want a zero to grow from.
        LOST.into_iter().for_each(|state| drop(lost_calls.with_label_values(&[state])));
        OWNERS.into_iter().for_each(|owner| drop(owner_panics.with_label_values(&[owner])));
        KINDS.into_iter().for_each(|kind| drop(quarantined.with_label_values(&[kind])));
        Ok(Self {
            calls_active: make.gauge("calls_active", "Live calls.")?,
            calls: make.counters("calls_total", "Ended calls.", &["direction", "status"])?,
            queue_waiting: make.gauges("queue_waiting", "Callers on the line in a queue.", &["queue"])?,
            queue_callbacks: make.gauges(
                "queue_callbacks",
                "Callbacks of a queue: waiting, or being dialed.",
                &["queue", "state"],
            )?,
            do_not_call: make.gauge("do_not_call_entries", "Entries of the internal do-not-call list.")?,
            queue_wait: make.histogram(
                "queue_wait_seconds",
                "From entering a queue to the answer or the end, of calls from outside.",
            )?,
            agents: make.gauges("agents", "Agents of a queue in a state.", &["queue", "state"])?,
            queues: QueueGauges::new(&make)?,
            registrations: make.gauge("registrations", "Registered contacts.")?,
            bans_active: make.gauge("bans_active", "Addresses, and users of addresses, that get no answer now.")?,
            trunk_up: make.gauges(
                "trunk_up",
                "1 while a trunk serves: some target is up, and it is registered.",
                &["trunk"],
            )?,
            trunk_registered: make.gauges(
                "trunk_registered",
                "1 while a trunk that is to be registered at its carrier is.",
                &["trunk"],
            )?,
            trunk_target_up: make.gauges(
                "trunk_target_up",
                "1 while a target of a trunk answers, or is not asked.",
                &["trunk", "target"],
            )?,
            sip_requests: make.counter("sip_requests_total", "SIP requests received.")?,
            sip_retransmissions: make.counter("sip_retransmissions_total", "SIP retransmissions, both ways.")?,
            rtp_received: rtp.with_label_values(&["received"]),
            rtp_sent: rtp.with_label_values(&["sent"]),
            rtp_lost: make.counter("rtp_lost_total", "RTP packets that never came.")?,
            rtp_ports_usable: make.gauge("rtp_ports_usable", "RTP ports that may be used.")?,
            recording_gaps: make.counter(
                "recording_gaps_total",
                "Stretches of sound that recordings lack, as the disk was behind; each is in a manifest.",
            )?,
            media_ring_full: make.counter(
                "media_ring_full_total",
                "Commands refused by the full ring of a media thread, which is behind.",
            )?,
            drops: make.counters("drops_total", "What was dropped, and why.", &["reason"])?,
            channels_full: make.counters("channel_full_total", "Messages refused by a full channel.", &["channel"])?,
            facts_repaired: make.counter("facts_repaired_total", "Facts that differed from leases.")?,
            owner_panics,
            quarantined,
            lost_calls,
            lead_rows: make.counters(
                "lead_list_rows_total",
                "Rows of imported lists of leads, by what became of them.",
                &["outcome"],
            )?,
            lead_lists_ended: make.counters(
                "lead_lists_ended_total",
                "Imports of lists of leads that ended.",
                &["state"],
            )?,
            journal_lag: make
                .real("journal_lag_seconds", "Age of the oldest journal entry that the database has not taken yet.")?,
            journal_backlog: make.gauge("journal_backlog", "Entries that the database has not taken yet.")?,
            journal_writable: make
                .gauge("journal_writable", "1 while the journal takes entries; else new calls get 503.")?,
            database_available: make.gauge("database_available", "1 while the database takes rows.")?,
            entries_put_aside: make.gauge(
                "journal_entries_put_aside",
                "Journal entries that the database could not take since the start: look at the log.",
            )?,
            projector_panics: make.gauge(
                "projector_panics",
                "Assertions that broke in the projector since the start, after which it began anew: look at the log.",
            )?,
            journal_unsynced: make
                .real("journal_unsynced_seconds", "Age of the oldest journal entry that power loss may take.")?,
            journal_failures: make.gauge("journal_failures", "Writes and syncs of the journal that failed.")?,
            journal_cut: make
                .gauge("journal_cut_bytes", "Bytes of a damaged end that the start cut off; none was synced.")?,
            event_streams: make.gauge("event_streams", "Clients that follow the live events.")?,
            process_resident_bytes: make.gauge("process_resident_bytes", "Memory of the process that is in use.")?,
            process_cpu_seconds: make.real("process_cpu_seconds", "Processor time since the start.")?,
            process_open_files: make.gauge("process_open_files", "Open files and sockets.")?,
            registry,
        })
    }

    /// Counts a call that ended.
    pub fn call_ended(&self, record: &journal_core::CallRecord) {
        self.calls.with_label_values(&[record.direction.word(), record.status.word()]).inc();
        // Calls between own parties and those that call somebody back are in no figure of a queue (docs/queue-figures.md).
        let is_visit = !record.internal && !record.is_callback();
        if let Some(wait_ms) = record.queue_wait_ms.filter(|_| is_visit) {
            self.queue_wait.observe(std::time::Duration::from_millis(wait_ms).as_secs_f64());
        }
    }

    /// Counts rows of an import: `lead`, `invalid`, `duplicate` or `forbidden`.
    pub(crate) fn lead_rows(&self, outcome: &'static str, number: u64) {
        self.lead_rows.with_label_values(&[outcome]).inc_by(number);
    }

    /// Counts an import that ended, by the word of its state.
    pub(crate) fn lead_list_ended(&self, state: &'static str) {
        self.lead_lists_ended.with_label_values(&[state]).inc();
    }

    /// Counts something dropped. The reason is a word of the program's own.
    pub fn dropped(&self, reason: &'static str) {
        self.drops.with_label_values(&[reason]).inc();
    }

    /// Counts `number` things dropped at once.
    pub fn dropped_many(&self, reason: &'static str, number: u64) {
        self.drops.with_label_values(&[reason]).inc_by(number);
    }

    /// Counts a message refused by a full channel.
    pub fn channel_full(&self, channel: &'static str) {
        self.channels_full.with_label_values(&[channel]).inc();
    }

    /// Counts a broken assertion of an owner: `shard`, `acd`, `location` or `trunks`.
    pub fn owner_panicked(&self, owner: &'static str) {
        self.owner_panics.with_label_values(&[owner]).inc();
    }

    /// So many lost calls are `open`, or `overdue`.
    pub fn set_lost_calls(&self, state: &'static str, count: i64) {
        self.lost_calls.with_label_values(&[state]).set(count);
    }

    /// One more is quarantined: a `queue`, an `agent` or a `call`.
    pub fn quarantined(&self, kind: &'static str) {
        self.quarantined.with_label_values(&[kind]).inc();
    }

    /// One less is.
    pub fn released(&self, kind: &'static str) {
        self.quarantined.with_label_values(&[kind]).dec();
    }

    /// Broken assertions of all owners, and what is quarantined.
    pub(crate) fn broken(&self) -> (u64, u64) {
        let panics = OWNERS.into_iter().map(|owner| self.owner_panics.with_label_values(&[owner]).get()).sum();
        let quarantined: i64 = KINDS.into_iter().map(|kind| self.quarantined.with_label_values(&[kind]).get()).sum();
        (panics, u64::try_from(quarantined).unwrap_or(0))
    }

    /// The page, with what the snapshots say now.
    pub(crate) fn render(&self, snapshot: &Snapshot, directory: &Directory) -> prometheus::Result<Vec<u8>> {
        self.read_snapshot(snapshot, directory);
        let mut page = Vec::new();
        TextEncoder::new().encode(&self.registry.gather(), &mut page)?;
        Ok(page)
    }

    fn read_snapshot(&self, snapshot: &Snapshot, directory: &Directory) {
        self.registrations.set(count(snapshot.registrations.len()));
        self.bans_active.set(count(crate::ban::standing(snapshot).count()));
        self.read_trunks(snapshot, directory);
        self.do_not_call.set(count(snapshot.do_not_call.len()));
        self.queue_waiting.reset();
        self.queue_callbacks.reset();
        self.agents.reset();
        self.queues.read(snapshot, directory);
        for queue in &snapshot.acd.queues {
            let Some(named) = directory.queues.get(&queue.queue) else { continue };
            self.queue_waiting.with_label_values(&[&named.name]).set(count(queue.waiting.len()));
            for (state, number) in [("waiting", queue.callbacks.waiting), ("dialing", queue.callbacks.dialing)] {
                self.queue_callbacks.with_label_values(&[named.name.as_str(), state]).set(number.into());
            }
            // `agents` has the same order of states as the words.
            for (state, number) in <AgentState as Word>::ALL.iter().zip(queue.agents) {
                self.agents.with_label_values(&[named.name.as_str(), state.word()]).set(number.into());
            }
        }
    }

    /// Targets are few: their number is bounded for each trunk.
    fn read_trunks(&self, snapshot: &Snapshot, directory: &Directory) {
        for figure in [&self.trunk_up, &self.trunk_registered, &self.trunk_target_up] {
            figure.reset();
        }
        for trunk in snapshot.trunks.iter() {
            let (Some(named), Some(status)) = (directory.trunks.get(&trunk.trunk), &trunk.status) else { continue };
            self.trunk_up.with_label_values(&[&named.name]).set(status.up.into());
            if let Some(registration) = &status.registration {
                self.trunk_registered.with_label_values(&[&named.name]).set(registration.registered.into());
            }
            for target in &status.targets {
                let at = format!("{}:{}", target.transport, target.addr);
                self.trunk_target_up.with_label_values(&[named.name.as_str(), &at]).set(target.up.into());
            }
        }
    }
}

/// Makes figures and enters them.
struct Maker<'a>(&'a Registry);

impl Maker<'_> {
    fn enter<C: prometheus::core::Collector + Clone + 'static>(&self, figure: C) -> prometheus::Result<C> {
        self.0.register(Box::new(figure.clone()))?;
        Ok(figure)
    }

    fn gauge(&self, name: &str, what: &str) -> prometheus::Result<IntGauge> {
        self.enter(IntGauge::new(name, what)?)
    }

    fn real(&self, name: &str, what: &str) -> prometheus::Result<Gauge> {
        self.enter(Gauge::new(name, what)?)
    }

    fn reals(&self, name: &str, what: &str, labels: &[&str]) -> prometheus::Result<GaugeVec> {
        self.enter(GaugeVec::new(Opts::new(name, what), labels)?)
    }

    fn gauges(&self, name: &str, what: &str, labels: &[&str]) -> prometheus::Result<IntGaugeVec> {
        self.enter(IntGaugeVec::new(Opts::new(name, what), labels)?)
    }

    fn counter(&self, name: &str, what: &str) -> prometheus::Result<IntCounter> {
        self.enter(IntCounter::new(name, what)?)
    }

    fn counters(&self, name: &str, what: &str, labels: &[&str]) -> prometheus::Result<IntCounterVec> {
        self.enter(IntCounterVec::new(Opts::new(name, what), labels)?)
    }

    fn histogram(&self, name: &str, what: &str) -> prometheus::Result<Histogram> {
        self.enter(Histogram::with_opts(HistogramOpts::new(name, what).buckets(WAIT_BUCKETS.to_vec()))?)
    }
}

fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// Owners that are built anew when they break.
const OWNERS: [&str; 4] = ["shard", "acd", "location", "trunks"];
/// How a lost call may stand that nobody won back.
const LOST: [&str; 2] = ["open", "overdue"];
/// What may be quarantined.
const KINDS: [&str; 3] = ["queue", "agent", "call"];
/// Seconds: fine where service levels are set (10 to 30), coarse up to the longest sensible wait.
const WAIT_BUCKETS: [f64; 14] = [0.5, 1.0, 2.0, 5.0, 10.0, 15.0, 20.0, 30.0, 45.0, 60.0, 120.0, 180.0, 300.0, 600.0];
