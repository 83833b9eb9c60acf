//! How often a signalling thread looks up.
//!
//! A call is a dozen small events from three sides: the network, the journal and media. To wake for each costs more
//! than to serve it, so a thread that woke a moment ago rests for the remainder of the moment and then serves all that
//! has come. A thread that had nothing to do for longer than a moment does not rest: a lone event waits for nobody.

use std::cell::Cell;
use std::time::{Duration, Instant};

/// Called on a thread of the runtime when it wakes up, before it runs any task.
pub(super) fn rest_after_waking() {
    LAST_ROUND.with(|last| {
        if let Some(remainder) = last.get().and_then(|at| MOMENT.checked_sub(at.elapsed())) {
            std::thread::sleep(remainder);
        }
        last.set(Some(Instant::now()));
    });
}

thread_local! {
    /// When this thread last began to serve what had come.
    static LAST_ROUND: Cell<Option<Instant>> = const { Cell::new(None) };
}

/// A round trip within a call waits for at most a few of these, none of which a person notices; at 1,000 calls a second
/// each serves some ten events.
const MOMENT: Duration = Duration::from_millis(1);
