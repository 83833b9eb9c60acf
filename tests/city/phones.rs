//! The agents' phones: registered, each on his standing leg when the node calls it, sending his mark all the time.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::carrier::sdp;
use crate::streams::{Plays, Streams};
use crate::support::{Endpoint, Msg, Node, response, unique};

/// Phones in a thread of their own; they go when this is dropped.
pub(crate) struct Phones {
    over: Arc<AtomicBool>,
}

impl Phones {
    /// Registers the phones of the first `count` agents.
    pub(crate) fn start(node: &Node, count: u8) -> Self {
        let phones: Vec<(u8, Endpoint)> = (0..count).map(|agent| (agent, node.registered(&extension(agent)))).collect();
        let over = Arc::new(AtomicBool::new(false));
        let end = Arc::clone(&over);
        std::thread::spawn(move || {
            let mut streams = Streams::bind([127, 0, 0, 1].into());
            let mut legs = BTreeMap::new();
            let mut looked_at = Instant::now();
            while !end.load(Ordering::SeqCst) {
                let now = Instant::now();
                if now >= looked_at + LOOK_EVERY {
                    looked_at = now;
                    for (agent, phone) in &phones {
                        serve(*agent, phone, &mut streams, &mut legs);
                    }
                }
                streams.send(now);
                streams.hear(|_, _| {});
                std::thread::sleep(streams.next_at().saturating_duration_since(Instant::now()));
            }
        });
        Self { over }
    }
}

impl Drop for Phones {
    fn drop(&mut self) {
        self.over.store(true, Ordering::SeqCst);
    }
}

/// Where the RTP of each Call-ID goes.
type Legs = BTreeMap<String, SocketAddr>;

/// Picks up at once, and agrees with whatever else is asked.
fn serve(agent: u8, phone: &Endpoint, streams: &mut Streams, legs: &mut Legs) {
    let is_request = |msg: &Msg| msg.status() == 0 && !msg.is_request("OPTIONS");
    while let Some(request) = phone.take(Duration::ZERO, is_request) {
        let contact = format!("Contact: <sip:{}@{}>\r\n", phone.user, phone.addr());
        let reply = |headers: &str, body: &str| phone.send(response(&request, 200, &unique(), headers, body));
        match request.method() {
            "ACK" => {}
            "INVITE" | "UPDATE" => {
                reply(&format!("{contact}Content-Type: application/sdp\r\n"), &sdp(streams.addr()));
                if let Some(media) = request.audio()
                    && legs.insert(request.call_id().to_owned(), media) != Some(media)
                {
                    streams.open(media, Plays::Mark(agent));
                }
            }
            method => {
                reply("", "");
                // After a kill the port may be a new leg's when the old one gets its BYE.
                let gone = if method == "BYE" { legs.remove(request.call_id()) } else { None };
                if let Some(media) = gone.filter(|media| !legs.values().any(|other| other == media)) {
                    streams.close(media);
                }
            }
        }
    }
}

/// The agent's extension.
pub(crate) fn extension(agent: u8) -> String {
    (1_001 + u32::from(agent)).to_string()
}

/// A phone picks up within this.
const LOOK_EVERY: Duration = Duration::from_millis(40);
