//! Who guessed passwords: as for SIP (DESIGN section 7), five failures of one (address, login), or 50 different logins
//! of one address, within 60 s are followed by 60 s in which no attempt is heard.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::problem::{Code, Problem};

/// Counts failures of logging in.
#[derive(Debug, Default)]
pub(crate) struct LoginGuard(Mutex<Table>);

#[derive(Debug, Default)]
struct Table {
    by_login: BTreeMap<(IpAddr, String), Failures>,
    by_address: BTreeMap<IpAddr, Logins>,
}

#[derive(Debug)]
struct Failures {
    since: Instant,
    count: u32,
}

#[derive(Debug)]
struct Logins {
    since: Instant,
    logins: BTreeSet<String>,
}

impl LoginGuard {
    /// Counts an attempt as a failure before it is known to be one, so that many at once are no more than one by one.
    ///
    /// # Errors
    /// 429 when it is not to be heard.
    pub(crate) fn begin(&self, address: IpAddr, login: &str) -> Result<(), Problem> {
        let now = Instant::now();
        let (address, login) = counted(address, login);
        let mut table = self.lock();
        table.sweep(now);
        if table.by_address.len() >= MAX_ENTRIES || table.by_login.len() >= MAX_ENTRIES {
            return Err(refused(WINDOW));
        }
        let at_address =
            table.by_address.entry(address).or_insert_with(|| Logins { since: now, logins: BTreeSet::new() });
        if at_address.logins.len() >= MAX_LOGINS {
            return Err(refused(left(at_address.since, now)));
        }
        // The silence is 60 s from the last failure that was heard.
        if at_address.logins.insert(login.clone()) && at_address.logins.len() >= MAX_LOGINS {
            at_address.since = now;
        }
        let failures = table.by_login.entry((address, login)).or_insert(Failures { since: now, count: 0 });
        if failures.count >= MAX_FAILURES {
            return Err(refused(left(failures.since, now)));
        }
        failures.count += 1;
        failures.since = if failures.count >= MAX_FAILURES { now } else { failures.since };
        Ok(())
    }

    /// The attempt was none: the password was right.
    pub(crate) fn succeeded(&self, address: IpAddr, login: &str) {
        self.lock().forget(&counted(address, login));
    }

    /// The attempt could not be judged: it counts for nothing. So what is counted is bounded by the passwords that can
    /// be checked in the time, however many ask.
    pub(crate) fn take_back(&self, address: IpAddr, login: &str) {
        let attempt = counted(address, login);
        let mut table = self.lock();
        let Some(failures) = table.by_login.get_mut(&attempt) else { return };
        failures.count = failures.count.saturating_sub(1);
        if failures.count == 0 {
            table.forget(&attempt);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Table> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Table {
    fn sweep(&mut self, now: Instant) {
        self.by_login.retain(|_, failures| now - failures.since < WINDOW);
        self.by_address.retain(|_, logins| now - logins.since < WINDOW);
    }

    fn forget(&mut self, attempt: &(IpAddr, String)) {
        self.by_login.remove(attempt);
        let Some(at_address) = self.by_address.get_mut(&attempt.0) else { return };
        at_address.logins.remove(&attempt.1);
        if at_address.logins.is_empty() {
            self.by_address.remove(&attempt.0);
        }
    }
}

/// What is counted as one: a whole /64 of IPv6, which one host may have for itself, and the first of a long login.
fn counted(address: IpAddr, login: &str) -> (IpAddr, String) {
    let address = match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(long) => IpAddr::V6((u128::from(long) >> 64 << 64).into()),
    };
    (address, login.chars().take(MAX_LOGIN).collect())
}

fn left(since: Instant, now: Instant) -> Duration {
    WINDOW.saturating_sub(now - since)
}

fn refused(wait: Duration) -> Problem {
    Problem::new(Code::TooManyAttempts, "Too many failed attempts: wait.").retry_after(wait)
}

/// In which failures are counted, and for which they are answered with silence.
const WINDOW: Duration = Duration::from_secs(60);
const MAX_FAILURES: u32 = 5;
const MAX_LOGINS: usize = 50;
/// Characters of a login that are told apart; honest ones are shorter.
const MAX_LOGIN: usize = 320;
/// Addresses, and logins of addresses, counted at a time: some megabytes. When full, nobody logs in for a moment.
const MAX_ENTRIES: usize = 10_000;

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);
    const THERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));

    #[tokio::test(start_paused = true)]
    async fn the_sixth_attempt_waits_a_minute_and_others_do_not() {
        let guard = LoginGuard::default();
        for _ in 0..5 {
            guard.begin(HERE, "ann").unwrap();
        }
        assert_eq!(guard.begin(HERE, "ann").unwrap_err().code(), Code::TooManyAttempts);
        guard.begin(HERE, "bob").unwrap();
        guard.begin(THERE, "ann").unwrap();
        tokio::time::advance(WINDOW).await;
        guard.begin(HERE, "ann").unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn success_forgets_and_what_was_not_judged_does_not_count() {
        let guard = LoginGuard::default();
        for _ in 0..20 {
            guard.begin(HERE, "ann").unwrap();
            guard.succeeded(HERE, "ann");
            guard.begin(HERE, "bob").unwrap();
            guard.take_back(HERE, "bob");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn fifty_logins_of_one_address_are_enough() {
        let guard = LoginGuard::default();
        for number in 0..50 {
            guard.begin(HERE, &number.to_string()).unwrap();
        }
        assert!(guard.begin(HERE, "one more").is_err());
        guard.begin(THERE, "one more").unwrap();
        tokio::time::advance(WINDOW).await;
        guard.begin(HERE, "one more").unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn after_fifty_logins_none_of_that_address_is_heard_for_a_minute() {
        let guard = LoginGuard::default();
        for number in 0..50 {
            tokio::time::advance(Duration::from_secs(1)).await;
            guard.begin(HERE, &number.to_string()).unwrap();
        }
        assert!(guard.begin(HERE, "0").is_err(), "one that was tried before, neither");
        tokio::time::advance(Duration::from_secs(59)).await;
        assert!(guard.begin(HERE, "one more").is_err());
        tokio::time::advance(Duration::from_secs(1)).await;
        guard.begin(HERE, "one more").unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn who_found_no_turn_at_a_busy_hour_locks_nobody_out() {
        let guard = LoginGuard::default();
        for number in 0..20_000 {
            let login = number.to_string();
            guard.begin(HERE, &login).unwrap();
            guard.take_back(HERE, &login);
        }
        let table = guard.lock();
        assert!(table.by_login.is_empty() && table.by_address.is_empty(), "nothing is counted");
    }
}
