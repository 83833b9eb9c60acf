//! The limit of open files, and how many ports it leaves (DESIGN section 4, Media).

use nix::sys::resource::{Resource, getrlimit, setrlimit};

use crate::config::StartError;

/// Raises the soft limit of open files to the hard one and returns it.
pub(crate) fn raise_open_files() -> Result<u64, StartError> {
    let system = |source: nix::Error| StartError::System { what: "limit of open files", source: source.into() };
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE).map_err(system)?;
    check(hard)?;
    if soft < hard {
        setrlimit(Resource::RLIMIT_NOFILE, hard, hard).map_err(system)?;
    }
    Ok(hard)
}

fn check(limit: u64) -> Result<(), StartError> {
    let needed = MIN_OPEN_FILES;
    if limit < needed { Err(StartError::OpenFiles { limit, needed }) } else { Ok(()) }
}

/// How many port pairs of `wanted` may be bound at once when `limit` files may be open.
/// Warns once when that is fewer.
pub(crate) fn usable_pairs(wanted: usize, limit: u64) -> usize {
    let pairs = pairs_that_fit(wanted, limit);
    if pairs < wanted {
        tracing::warn!(
            open_files = limit,
            needed = wanted as u64 * 2 + RESERVED_FILES,
            usable_ports = pairs * 2,
            "the limit of open files is {limit}, the media ports need {}: only {} ports are used at once",
            wanted as u64 * 2 + RESERVED_FILES,
            pairs * 2,
        );
    }
    pairs
}

fn pairs_that_fit(wanted: usize, limit: u64) -> usize {
    let left = limit.saturating_sub(RESERVED_FILES) / 2;
    wanted.min(usize::try_from(left).unwrap_or(usize::MAX))
}

/// Below this no start: the least that DESIGN section 4 accepts.
const MIN_OPEN_FILES: u64 = 1_024;
/// Files for everything else: listeners, TCP connections, journal, database, recordings.
const RESERVED_FILES: u64 = 512;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_capped_by_what_the_limit_leaves() {
        assert_eq!(pairs_that_fit(10_000, 65_536), 10_000);
        assert_eq!(pairs_that_fit(10_000, 20_000), 9_744);
        assert_eq!(pairs_that_fit(10_000, 1_024), 256);
        assert_eq!(pairs_that_fit(10, 100), 0);
    }

    #[test]
    fn a_limit_below_any_use_refuses_the_start() {
        assert!(check(1_024).is_ok());
        assert!(matches!(check(1_023), Err(StartError::OpenFiles { limit: 1_023, needed: 1_024 })));
    }

    #[test]
    fn the_soft_limit_is_raised_to_the_hard_one() {
        let limit = raise_open_files().expect("at least 1,024 open files for tests");
        let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE).expect("limits");
        assert_eq!((soft, hard), (limit, limit));
    }
}
