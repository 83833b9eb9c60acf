//! What service tests share: the real binary in a folder of its own, and peers that talk to it.
//!
//! Peers here know nothing of the product's own SIP and RTP code: they write and read text and bytes
//! themselves, so that a fault on one side is not mirrored on the other.
#![allow(dead_code, unused_imports, reason = "each test binary uses a part")]
#![allow(clippy::disallowed_methods, clippy::disallowed_types, reason = "tests have sockets, files and clocks")]

mod baresip;
mod call;
mod config;
mod digest;
mod dns;
mod endpoint;
mod http;
mod message;
mod node;
mod postgres;
mod rtp;
mod sipp;
mod sse;
mod stages;
mod stream;
mod testdata;
mod tone;
mod wait;

pub(crate) use baresip::Baresip;
pub(crate) use call::{Call, sdp};
pub(crate) use config::{ECHO, NodeConfig, SALES, SUPPORT, TONE, VOICEMAIL, root};
pub(crate) use digest::is_right;
pub(crate) use dns::{Answer, NameServer};
pub(crate) use endpoint::{Endpoint, Registration, response};
pub(crate) use http::{Http, Response};
pub(crate) use message::Msg;
pub(crate) use node::{Node, binary, run_to_end, run_to_end_in};
pub(crate) use postgres::{Postgres, postgres_database, psql};
pub(crate) use rtp::Rtp;
pub(crate) use sipp::{Running, Sipp, free_port};
pub(crate) use sse::EventStream;
pub(crate) use stages::{Sizes, Stages, answered};
pub(crate) use stream::Stream;
pub(crate) use testdata::testdata;
pub(crate) use tone::{Wav, alaw_encode, level_db, ulaw_decode, ulaw_encode};
pub(crate) use wait::{PATIENCE, eventually, until};

/// A word that no other peer of any process uses.
pub(crate) fn unique() -> String {
    use std::sync::atomic::{AtomicU64, Ordering};
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let nanos = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |age| age.as_nanos());
    format!("{:x}x{nanos:x}x{:x}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}
