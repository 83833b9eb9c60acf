//! What a media worker needs to start, and why it may refuse.

use std::io;
use std::net::IpAddr;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use thiserror::Error;

/// What a media worker needs to start.
#[derive(Clone, Debug)]
pub struct MediaConfig {
    /// Address that all RTP and RTCP ports are bound to, and that `Opened` names.
    pub address: IpAddr,
    /// Ports for RTP (even) and RTCP (the odd one above); at least one whole pair.
    pub ports: RangeInclusive<u16>,
    /// Media threads, 1 to 64. A call's legs share a thread; legs that are to hear each other must too, so more
    /// than one thread suits nodes whose calls never join.
    pub threads: usize,
    /// Folder under which recordings are written and `PlaySource::File` is read.
    pub data_dir: PathBuf,
    /// Folder of prompts: `<name>.wav`, and `music/<name>.wav` for hold music.
    pub prompts_dir: PathBuf,
    /// How long a freed port stays unused, so that late packets of a former call reach nobody.
    pub port_rest: Duration,
}

impl MediaConfig {
    /// One thread and the usual rest of a port.
    #[must_use]
    pub fn new(address: IpAddr, ports: RangeInclusive<u16>, data_dir: PathBuf, prompts_dir: PathBuf) -> Self {
        Self { address, ports, threads: 1, data_dir, prompts_dir, port_rest: PORT_REST }
    }

    pub(crate) fn check(&self) -> Result<(), StartError> {
        if !(1..=MAX_THREADS).contains(&self.threads) {
            return Err(StartError::Threads { threads: self.threads });
        }
        let pairs = pairs_in(&self.ports);
        if pairs < self.threads {
            let (first, last) = (*self.ports.start(), *self.ports.end());
            return Err(StartError::Ports { first, last, pairs, threads: self.threads });
        }
        Ok(())
    }
}

/// Whole even/odd pairs in a port range.
pub(crate) fn pairs_in(ports: &RangeInclusive<u16>) -> usize {
    let first_even = u32::from(*ports.start()).next_multiple_of(2);
    let behind_last = u32::from(*ports.end()) + 1;
    (behind_last.saturating_sub(first_even) / 2) as usize
}

/// Why the media worker does not start.
#[derive(Debug, Error)]
pub enum StartError {
    /// The port range does not give each thread a pair.
    #[error("media ports {first}-{last} hold {pairs} even/odd pairs, at least {threads} are needed")]
    Ports {
        /// First port of the range.
        first: u16,
        /// Last port of the range.
        last: u16,
        /// Pairs found.
        pairs: usize,
        /// Threads configured.
        threads: usize,
    },
    /// The number of threads is out of range.
    #[error("1 to {MAX_THREADS} media threads are possible, {threads} were asked for")]
    Threads {
        /// Threads configured.
        threads: usize,
    },
    /// The hard limit of open files is below what any call centre needs.
    #[error("this process may open {limit} files and needs at least {needed}: raise the hard limit (ulimit -Hn)")]
    OpenFiles {
        /// The hard limit.
        limit: u64,
        /// The least that is accepted.
        needed: u64,
    },
    /// Ports of this address cannot be bound at all.
    #[error("no media port can be bound on {address}: {source}")]
    Address {
        /// The configured address.
        address: IpAddr,
        /// What the system said.
        source: io::Error,
    },
    /// The system refused a thread, an event descriptor or random numbers.
    #[error("the media worker cannot start: {what}: {source}")]
    System {
        /// What was tried.
        what: &'static str,
        /// What the system said.
        source: io::Error,
    },
}

/// Longer than packets of a finished call stay in the network between two
/// re-INVITEs, short enough that 10,000 pairs bear 2,000 new legs a second.
const PORT_REST: Duration = Duration::from_secs(2);
/// More than the cores of any machine that one process should fill with media.
const MAX_THREADS: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_even_odd_pairs_count() {
        assert_eq!(pairs_in(&(20000..=39999)), 10_000);
        assert_eq!(pairs_in(&(20001..=20004)), 1);
        assert_eq!(pairs_in(&(20000..=20000)), 0);
        assert_eq!(pairs_in(&(65534..=65535)), 1);
        let none = RangeInclusive::new(10, 9);
        assert_eq!(pairs_in(&none), 0);
    }

    #[test]
    fn a_range_without_a_pair_and_wild_thread_counts_are_refused() {
        let loopback = IpAddr::from([127, 0, 0, 1]);
        let config = MediaConfig::new(loopback, 20001..=20002, PathBuf::new(), PathBuf::new());
        assert!(matches!(config.check(), Err(StartError::Ports { pairs: 0, .. })));
        let mut config = MediaConfig::new(loopback, 20000..=20010, PathBuf::new(), PathBuf::new());
        config.threads = 0;
        assert!(matches!(config.check(), Err(StartError::Threads { threads: 0 })));
    }
}
