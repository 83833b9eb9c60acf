//! A lane from the network into an owner: bounded by messages and by their bytes.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

use super::SipInput;

/// The sending end. Clones are the same lane.
#[derive(Clone, Debug)]
pub(crate) struct Lane {
    sender: mpsc::Sender<Waiting>,
    room_bytes: Arc<Semaphore>,
}

/// The receiving end.
#[derive(Debug)]
pub(crate) struct LaneEnd(mpsc::Receiver<Waiting>);

#[derive(Debug)]
struct Waiting {
    input: SipInput,
    /// Given back when the input is taken.
    room: OwnedSemaphorePermit,
}

impl Lane {
    /// A lane for so many messages of so many bytes together.
    pub(crate) fn new(messages_max: usize, bytes_max: usize) -> (Self, LaneEnd) {
        let (sender, receiver) = mpsc::channel(messages_max);
        (Self { sender, room_bytes: Arc::new(Semaphore::new(bytes_max)) }, LaneEnd(receiver))
    }

    /// Puts `input` in, if there is room.
    ///
    /// # Errors
    /// Gives it back.
    #[allow(clippy::result_large_err, reason = "what is given back was the caller's, by value, a moment ago")]
    pub(crate) fn try_send(&self, input: SipInput) -> Result<(), SipInput> {
        let Ok(room) = Arc::clone(&self.room_bytes).try_acquire_many_owned(input.size_bytes()) else {
            return Err(input);
        };
        self.sender.try_send(Waiting { input, room }).map_err(|refused| refused.into_inner().input)
    }

    /// Puts `input` in, waiting for room. It is lost only when the owner is gone.
    pub(crate) async fn send(&self, input: SipInput) {
        if let Ok(room) = Arc::clone(&self.room_bytes).acquire_many_owned(input.size_bytes()).await {
            let _ = self.sender.send(Waiting { input, room }).await;
        }
    }
}

impl LaneEnd {
    /// The next input; none when every sender is gone.
    pub(crate) async fn recv(&mut self) -> Option<SipInput> {
        self.0.recv().await.map(Waiting::take)
    }

    /// The next input, if one waits.
    pub(crate) fn try_recv(&mut self) -> Option<SipInput> {
        self.0.try_recv().ok().map(Waiting::take)
    }
}

impl Waiting {
    fn take(self) -> SipInput {
        drop(self.room);
        self.input
    }
}
