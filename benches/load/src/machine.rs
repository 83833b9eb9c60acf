//! What stands beside every figure: machine, date, command, load and stolen time.

use std::fs;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use crate::Fault;

/// Time that the machine's processors had, in ticks since it started.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CpuTimes {
    total: u64,
    idle: u64,
    stolen: u64,
}

impl CpuTimes {
    /// Now, from `/proc/stat`.
    pub(crate) fn now() -> Self {
        let stat = fs::read_to_string("/proc/stat").unwrap_or_default();
        let fields: Vec<u64> = stat
            .lines()
            .next()
            .map(|line| line.split_whitespace().skip(1).filter_map(|field| field.parse().ok()).collect())
            .unwrap_or_default();
        let field = |at: usize| fields.get(at).copied().unwrap_or(0);
        // user nice system idle iowait irq softirq steal (guest time is in user)
        Self { total: (0..8).map(field).sum(), idle: field(3) + field(4), stolen: field(7) }
    }

    /// Per cent stolen by the host, and per cent in use (stolen included), from then until now.
    pub(crate) fn until_now(self) -> (f64, f64) {
        let now = Self::now();
        let total = now.total.saturating_sub(self.total).max(1) as f64;
        let stolen = now.stolen.saturating_sub(self.stolen) as f64;
        let idle = now.idle.saturating_sub(self.idle) as f64;
        (stolen / total * 100.0, (total - idle) / total * 100.0)
    }
}

/// What the figures that follow were measured on, line by line.
pub(crate) fn description() -> String {
    let cpuinfo = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpuinfo.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or(": unknown");
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let meminfo = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let memory_kib: u64 = meminfo.split_whitespace().nth(1).and_then(|kib| kib.parse().ok()).unwrap_or_default();
    [
        format!("machine  {}, {cores} cores, {} MiB", model.trim_start_matches([' ', '\t', ':']), memory_kib / 1024),
        format!("kernel   {}", output("uname", &["-sr"])),
        format!("date     {}", output("date", &["-u", "+%Y-%m-%d %H:%M UTC"])),
        format!("commit   {}", output("git", &["describe", "--always", "--dirty"])),
        format!("command  {}", std::env::args().collect::<Vec<_>>().join(" ")),
        format!("load     {} (1, 5, 15 min before the start)", load_average()),
    ]
    .join("\n")
}

/// Runs until the host takes less than it may or has been given two more tries.
pub(crate) fn undisturbed<T>(
    mut run: impl FnMut() -> Result<T, Fault>,
    stolen: impl Fn(&T) -> f64,
) -> Result<T, Fault> {
    let mut repeated = 0;
    loop {
        let result = run()?;
        let percent = stolen(&result);
        if percent <= STOLEN_PERCENT_MAX {
            return Ok(result);
        }
        let is_left = || REPEATS_LEFT.fetch_update(Relaxed, Relaxed, |left| left.checked_sub(1)).is_ok();
        if repeated == REPEATS_MAX || !is_left() {
            println!("  (the host took {percent:.1} % of the time, after {repeated} repetition(s))");
            return Ok(result);
        }
        repeated += 1;
        println!("  (the host took {percent:.1} % of the time: repeated)");
    }
}

/// The load averages as the kernel shows them.
pub(crate) fn load_average() -> String {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').take(3).collect::<Vec<_>>().join(" ")
}

fn output(program: &str, arguments: &[&str]) -> String {
    let said = Command::new(program).args(arguments).output().map(|out| out.stdout).unwrap_or_default();
    String::from_utf8_lossy(&said).trim().to_owned()
}

/// More than this and a run says more about the host than about us.
const STOLEN_PERCENT_MAX: f64 = 2.0;
const REPEATS_MAX: usize = 2;
/// Of all runs together, so that the whole ends in time on whatever machine.
static REPEATS_LEFT: AtomicUsize = AtomicUsize::new(4);
