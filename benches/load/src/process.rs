//! What a process has used, as the kernel counts it, by groups of threads.

use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

/// CPU time that a process has used.
#[derive(Clone, Debug, Default)]
pub(crate) struct Usage {
    /// User and system time of the whole process, ended threads included (`/proc/<pid>/stat`).
    pub(crate) whole: Duration,
    /// Time on a processor by name of thread (`/proc/<pid>/task/<tid>/schedstat`), live threads only.
    pub(crate) threads: BTreeMap<String, Duration>,
}

/// What a group of threads does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Group {
    /// SIP sockets and the owners of calls.
    Signalling,
    /// RTP.
    Media,
    /// The journal's writer and its store.
    Journal,
    /// Projection, database, REST.
    Records,
    /// Anything else.
    Other,
}

impl Group {
    fn of(thread: &str) -> Self {
        let starts = |names: &[&str]| names.iter().any(|name| thread.starts_with(name));
        if starts(&["signalling"]) {
            Self::Signalling
        } else if starts(&["media", "rec-"]) {
            Self::Media
        } else if starts(&["journal"]) {
            Self::Journal
        } else if starts(&["records", "sqlx"]) {
            Self::Records
        } else {
            Self::Other
        }
    }
}

impl Usage {
    /// Reads the counters of process `pid`.
    pub(crate) fn of(pid: u32) -> Self {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        // The name in brackets may contain anything; fields are counted behind it: 14 and 15 are utime and stime.
        let fields: Vec<u64> = stat
            .rsplit_once(") ")
            .map(|(_, rest)| rest.split(' ').map(|field| field.parse().unwrap_or(0)).collect())
            .unwrap_or_default();
        let ticks = fields.get(11).copied().unwrap_or(0) + fields.get(12).copied().unwrap_or(0);
        let mut threads: BTreeMap<String, Duration> = BTreeMap::new();
        for task in fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten() {
            let name = fs::read_to_string(task.path().join("comm")).unwrap_or_default().trim().to_owned();
            let on_cpu = fs::read_to_string(task.path().join("schedstat")).unwrap_or_default();
            let nanos = on_cpu.split(' ').next().and_then(|field| field.parse().ok()).unwrap_or(0);
            *threads.entry(name).or_default() += Duration::from_nanos(nanos);
        }
        Self { whole: Duration::from_millis(ticks * 1_000 / TICKS_PER_SECOND), threads }
    }

    /// Reads the counters of process `pid` and of all that it started.
    pub(crate) fn of_family(pid: u32) -> Self {
        let mut all = Self::of(pid);
        let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
        for child in children.split_whitespace().filter_map(|child| child.parse().ok()) {
            let child = Self::of_family(child);
            all.whole += child.whole;
            for (name, time) in child.threads {
                *all.threads.entry(name).or_default() += time;
            }
        }
        all
    }

    /// What was used since `earlier`.
    pub(crate) fn since(&self, earlier: &Self) -> Self {
        let before = |name: &String| earlier.threads.get(name).copied().unwrap_or_default();
        let threads = self.threads.iter().map(|(name, time)| (name.clone(), time.saturating_sub(before(name))));
        Self { whole: self.whole.saturating_sub(earlier.whole), threads: threads.collect() }
    }

    /// What the threads of `group` used.
    pub(crate) fn group(&self, group: Group) -> Duration {
        self.threads.iter().filter(|(name, _)| Group::of(name) == group).map(|(_, time)| *time).sum()
    }

    /// Each name's share of `count` things in microseconds, the largest first.
    pub(crate) fn by_name(&self, count: u64) -> Vec<(String, f64)> {
        let mut shares: Vec<_> =
            self.threads.iter().map(|(name, time)| (name.clone(), micros_each(*time, count))).collect();
        shares.sort_by(|a, b| b.1.total_cmp(&a.1));
        shares
    }
}

/// Microseconds each of `count` things took of `time`.
pub(crate) fn micros_each(time: Duration, count: u64) -> f64 {
    time.as_secs_f64() * 1e6 / count.max(1) as f64
}

/// Resident memory of process `pid` in bytes.
pub(crate) fn resident_bytes(pid: u32) -> u64 {
    memory(pid, "VmRSS:")
}

/// The most resident memory that process `pid` ever had, in bytes.
pub(crate) fn peak_bytes(pid: u32) -> u64 {
    memory(pid, "VmHWM:")
}

fn memory(pid: u32, name: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
    line.split_whitespace().next().and_then(|kib| kib.parse::<u64>().ok()).unwrap_or(0) * 1024
}

/// `USER_HZ`: what Linux shows to user space on every machine that we measure on.
const TICKS_PER_SECOND: u64 = 100;
