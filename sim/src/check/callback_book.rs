//! What the ledger knows of callbacks that wait: in the one order, by the arrival of the call that they came of.

use core::time::Duration;

use acd::{Asker, Callback, CallbackRequest, CallbackState};
use clock::{CallId, CallbackId, Instant, QueueId, ShardId, WallTime};

use super::ledger::{Arrival, Begun, Caller, Ledger};

impl Ledger {
    /// Somebody asks: what his callback's place would be.
    pub(super) fn note_arrival(&mut self, request: &CallbackRequest) {
        let Some(queue) = request.queue else { return };
        let known = match request.asker {
            Asker::Caller { call, .. } => self.calls.get(&call),
            Asker::Client(_) => None,
        };
        if let Some(row) = known {
            let (at, arrival) = (row.arrived_wall, Arrival { arrived: row.arrived, seq: row.seq });
            return self.note(queue, at, arrival);
        }
        self.next_seq += 1;
        let arrived = i128::from(self.now.mono.as_nanos());
        self.note(queue, self.now.wall, Arrival { arrived, seq: Some(self.next_seq) });
    }

    fn note(&mut self, queue: QueueId, at: WallTime, arrival: Arrival) {
        let known = self.arrivals.entry((queue, at)).or_insert(arrival);
        let seq = known.seq.filter(|_| *known == arrival);
        *known = Arrival { seq, ..arrival };
    }

    /// One from before the restart: its age by the wall clock, as of now.
    pub(super) fn restore_callback(&mut self, callback: &Callback) {
        let Some(queue) = callback.queue else { return };
        self.next_seq += 1;
        let arrival = Arrival { arrived: self.arrived_at(callback.arrived), seq: Some(self.next_seq) };
        self.note(queue, callback.arrived, arrival);
    }

    /// A callback waits from now, by its arrival.
    pub(super) fn place_callback(
        &mut self,
        call: CallId,
        shard: ShardId,
        queue: QueueId,
        arrived_wall: WallTime,
        priority: i32,
    ) {
        let Some(Arrival { arrived, seq }) = self.arrivals.get(&(queue, arrived_wall)).copied() else { return };
        let row = Caller {
            shard,
            queue,
            number: None,
            priority,
            arrived,
            arrived_wall,
            seq,
            until: Instant::from_nanos(u64::MAX),
            offer: None,
            is_new: false,
            callback: Some(Begun(false)),
        };
        self.calls.insert(call, row);
    }

    /// What became of a callback: one that rests, or is over, waits no more.
    pub(super) fn callback_changed(&mut self, callback: &Callback) {
        let Some(queue) = callback.queue else { return };
        let work = self.works.get(&callback.id).copied().or_else(|| self.unnamed(queue, callback.arrived));
        match callback.state {
            CallbackState::Superseded => {
                self.taken_over.insert((queue, callback.number.clone()), callback.arrived);
            }
            state if state.is_terminal() || state == CallbackState::NoAnswer => {}
            _ => return self.works.extend(work.map(|work| (callback.id, work))),
        }
        self.works.remove(&callback.id);
        if let Some(work) = work {
            self.unplace(work);
        }
    }

    /// Its caller hears that he is called back: nobody begins to before his call is over.
    pub(super) fn part(&mut self, callback: CallbackId) {
        let Some(work) = self.works.get(&callback).copied() else { return };
        let has_begun = |row: &Caller| row.offer.is_some() || row.callback != Some(Begun(false));
        if !self.calls.get(&work).is_none_or(has_begun) {
            self.unplace(work);
        }
    }

    /// The work of a callback waits no more; it is in no tally.
    pub(super) fn unplace(&mut self, work: CallId) {
        if self.calls.get(&work).is_some_and(|row| row.callback.is_some()) {
            self.calls.remove(&work);
        }
    }

    /// With the customer first the agent's lease lasts as long as he rings too.
    pub(super) fn lease_extra(&self, work: CallId) -> Duration {
        let row = self.calls.get(&work).filter(|row| row.callback.is_some());
        let rules = row.and_then(|row| self.queues.get(&row.queue)).map(|(config, _)| config.callbacks);
        rules.filter(|rules| rules.customer_first).map_or(Duration::ZERO, |rules| rules.ring.max(acd::MIN_RING))
    }

    /// A callback that waits and has not been named yet, by its place.
    fn unnamed(&self, queue: QueueId, arrived: WallTime) -> Option<CallId> {
        let is_it = |row: &Caller| row.queue == queue && row.arrived_wall == arrived && row.callback.is_some();
        let named = |call: &CallId| self.works.values().any(|known| known == call);
        self.calls.iter().find(|(call, row)| is_it(row) && !named(call)).map(|(call, _)| *call)
    }
}
