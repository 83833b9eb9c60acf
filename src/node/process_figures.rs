//! What the process uses of the machine, for `/metrics`: read from /proc (proc(5)).

use std::fs;

use admin_api::Metrics;

/// Sets the figures of memory, processor time and open files. A figure that cannot be read keeps its last value.
pub(super) fn set(metrics: &Metrics) {
    if let Some(bytes) = resident_bytes(&fs::read_to_string("/proc/self/statm").unwrap_or_default()) {
        metrics.process_resident_bytes.set(bytes);
    }
    if let Some(seconds) = cpu_seconds(&fs::read_to_string("/proc/self/stat").unwrap_or_default()) {
        metrics.process_cpu_seconds.set(seconds);
    }
    if let Ok(entries) = fs::read_dir("/proc/self/fd") {
        metrics.process_open_files.set(i64::try_from(entries.count()).unwrap_or(i64::MAX));
    }
}

/// Second field of statm, in pages.
fn resident_bytes(statm: &str) -> Option<i64> {
    Some(statm.split(' ').nth(1)?.parse::<i64>().ok()?.saturating_mul(PAGE_BYTES))
}

/// Fields 14 and 15 of stat, in ticks; the name in field 2 may hold blanks and brackets.
fn cpu_seconds(stat: &str) -> Option<f64> {
    let (_, rest) = stat.rsplit_once(") ")?;
    let mut fields = rest.split(' ').skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some((user + system) as f64 / TICKS_A_SECOND)
}

/// On x86-64, and the default elsewhere.
const PAGE_BYTES: i64 = 4_096;
/// USER_HZ: what the kernel shows to programs, whatever its own clock.
const TICKS_A_SECOND: f64 = 100.0;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_those_of_proc_5() {
        assert_eq!(resident_bytes("2345 678 90 1 0 2 0"), Some(678 * 4_096));
        assert_eq!(resident_bytes(""), None);
        let stat = "77 (a ) b) S 1 2 3 4 5 6 7 8 9 10 150 50 0 0 20 0";
        assert_eq!(cpu_seconds(stat), Some(2.0));
        assert_eq!(cpu_seconds("77 (x) S 1"), None);
    }
}
