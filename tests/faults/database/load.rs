//! Who calls, who presses keys and who watches while the database is away.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::{Call, ECHO, Endpoint, EventStream, Http, Node};

/// 20 calls a second of a second each.
pub(super) struct Load {
    stop: Arc<AtomicBool>,
    task: JoinHandle<Vec<String>>,
}

/// An agent who changes his state twice a second.
pub(super) struct Keys {
    stop: Arc<AtomicBool>,
    task: JoinHandle<()>,
}

/// A wallboard: the ids of calls whose end it was told.
pub(super) struct Events {
    task: JoinHandle<BTreeSet<String>>,
}

impl Load {
    pub(super) fn start(node: &Node) -> Self {
        let (stop, carrier) = (Arc::new(AtomicBool::new(false)), node.carrier.clone());
        let stopped = Arc::clone(&stop);
        Self { stop, task: std::thread::spawn(move || call_on_and_on(&carrier, &stopped)) }
    }

    /// The ledger: Call-ID headers of all calls made in a time.
    pub(super) fn stop(self, time: Duration) -> Vec<String> {
        self.stop.store(true, Ordering::SeqCst);
        let ledger = self.task.join().expect("every call was answered and ended");
        let least = time.as_secs_f64() / BETWEEN_CALLS.as_secs_f64() * SHARE_MIN;
        assert!(ledger.len() as f64 >= least, "{} calls in {time:?}", ledger.len());
        ledger
    }
}

impl Keys {
    pub(super) fn start(node: &Node) -> Self {
        let (stop, http) = (Arc::new(AtomicBool::new(false)), Http::new(node.http().addr()));
        let stopped = Arc::clone(&stop);
        let press = move || {
            for state in ["paused", "ready"].into_iter().cycle() {
                if stopped.load(Ordering::SeqCst) {
                    return;
                }
                let pressed = Instant::now();
                assert_eq!(http.put("/v1/agents/1001/state", &json!({ "state": state })).status, 200);
                http.wait_agent("1001", state);
                assert!(pressed.elapsed() < KEY_MAX, "a key after {:?}", pressed.elapsed());
                std::thread::sleep(BETWEEN_KEYS);
            }
        };
        Self { stop, task: std::thread::spawn(press) }
    }

    pub(super) fn stop(self) {
        self.stop.store(true, Ordering::SeqCst);
        self.task.join().expect("every key worked");
    }
}

impl Events {
    pub(super) fn follow(node: &Node) -> Self {
        let mut stream = EventStream::open(node.http(), "/v1/events", None);
        let watch = move || {
            let mut ended = BTreeSet::new();
            loop {
                let event = stream.next();
                if event.kind == "call.ended" {
                    let id = event.data["call_id"].as_str().unwrap_or_default().to_owned();
                    assert!(ended.insert(id), "told twice: {event:?}");
                } else if event.data["data"]["reason"] == LAST {
                    return ended;
                }
            }
        };
        Self { task: std::thread::spawn(watch) }
    }

    /// The calls whose end was told up to now.
    pub(super) fn stop(self, node: &Node) -> BTreeSet<String> {
        let last = json!({"state": "paused", "reason": LAST});
        assert_eq!(node.http().put("/v1/agents/1001/state", &last).status, 200);
        self.task.join().expect("the stream went on")
    }
}

fn call_on_and_on(carrier: &Endpoint, stop: &AtomicBool) -> Vec<String> {
    let (mut ledger, mut up) = (Vec::new(), VecDeque::<(Instant, Call)>::new());
    let mut next = Instant::now();
    while !stop.load(Ordering::SeqCst) {
        let begun = Instant::now();
        let mut call = carrier.call(ECHO);
        call.expect_final(200);
        assert!(begun.elapsed() < ANSWER_MAX, "an answer after {:?}", begun.elapsed());
        ledger.push(call.id.clone());
        up.push_back((begun, call));
        while up.front().is_some_and(|(begun, _)| begun.elapsed() >= CALL_LENGTH) {
            if let Some((_, mut call)) = up.pop_front() {
                call.bye();
            }
        }
        next += BETWEEN_CALLS;
        std::thread::sleep(next.saturating_duration_since(Instant::now()));
    }
    for (_, mut call) in up {
        call.bye();
    }
    ledger
}

const BETWEEN_CALLS: Duration = Duration::from_millis(50);
const CALL_LENGTH: Duration = Duration::from_secs(1);
const BETWEEN_KEYS: Duration = Duration::from_millis(500);
/// An answer and a key never wait for the database; a loaded machine may take its time.
const ANSWER_MAX: Duration = Duration::from_secs(3);
const KEY_MAX: Duration = Duration::from_secs(3);
/// A loaded machine makes fewer calls.
const SHARE_MIN: f64 = 0.8;
const LAST: &str = "the last of it";
