//! Waiting for what must come true, with a limit.

use std::fmt::Debug;
use std::time::{Duration, Instant};

/// How long anything may take that is not slow by design: a loaded two-core machine, not a network.
pub(crate) const PATIENCE: Duration = Duration::from_secs(15);

/// Asks again and again until there is an answer.
pub(crate) fn eventually<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    within(PATIENCE, what, || ask().ok_or("nothing yet"))
}

/// Asks until the answer pleases; the last one is shown when it never does.
pub(crate) fn until<T: Debug>(what: &str, mut ask: impl FnMut() -> T, pleases: impl Fn(&T) -> bool) -> T {
    within(PATIENCE, what, || {
        let answer = ask();
        if pleases(&answer) { Ok(answer) } else { Err(answer) }
    })
}

fn within<T, E: Debug>(limit: Duration, what: &str, mut ask: impl FnMut() -> Result<T, E>) -> T {
    let start = Instant::now();
    loop {
        match ask() {
            Ok(answer) => return answer,
            Err(last) if start.elapsed() > limit => panic!("{what}: not within {limit:?}; last seen: {last:#?}"),
            Err(_) => std::thread::sleep(ASK_AGAIN),
        }
    }
}

const ASK_AGAIN: Duration = Duration::from_millis(10);
