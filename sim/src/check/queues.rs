//! Conservation of calls, per queue and at every instant (pacing P8).

use acd::QueueTally;
use clock::QueueId;

use super::Bench;
use super::ledger::Ledger;

/// entered = answered + abandoned + timed out + moved + called back + waiting; callbacks themselves are not in it.
pub(crate) fn settled(ledger: &Ledger, bench: &mut Bench) {
    for (queue, (_, tally)) in &ledger.queues {
        let on_the_line = ledger.calls.values().filter(|row| row.queue == *queue && row.callback.is_none());
        let waiting = on_the_line.count() as u64;
        let left = tally.answered + tally.abandoned + tally.timed_out + tally.moved + tally.called_back;
        if tally.entered != left + waiting {
            bench.broken("P8 conservation", format!("{queue:?}: {tally:?} and {waiting} waiting"));
        }
    }
}

/// The ACD counts what its messages say.
pub(crate) fn compare(ledger: &Ledger, queue: QueueId, tally: QueueTally, bench: &mut Bench) {
    let known = ledger.queues.get(&queue).map(|(_, tally)| *tally);
    if known != Some(tally) {
        bench.broken("P8 conservation", format!("{queue:?}: {known:?} by its messages, {tally:?} by its counters"));
    }
}
