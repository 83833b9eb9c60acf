//! The yardstick for calls: Kamailio with one worker, which relays the same messages and stays in the dialog.

use std::net::{Ipv4Addr, SocketAddr};

use super::{Peer, free_address};
use crate::Fault;

/// A running Kamailio.
pub(crate) struct Kamailio {
    peer: Peer,
    /// Where it takes calls.
    pub(crate) sip: SocketAddr,
}

impl Kamailio {
    /// Starts one that relays to `callee`; `None` when it is not installed.
    pub(crate) fn start(callee: SocketAddr) -> Result<Option<Self>, Fault> {
        let sip = free_address(Ipv4Addr::LOCALHOST)?;
        let config = CONFIG.replace("@LISTEN@", &sip.to_string()).replace("@CALLEE@", &callee.to_string());
        let arguments = |file: &str, dir: &str| {
            ["-DD", "-E", "-m", SHARED_MIB, "-f", file, "-Y", dir, "-w", dir].map(str::to_owned).to_vec()
        };
        let Some(mut peer) = Peer::start("kamailio", &config, arguments)? else { return Ok(None) };
        let options = format!(
            "OPTIONS sip:{sip} SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bKready;rport\r\n\
             From: <sip:bench@127.0.0.1>;tag=1\r\nTo: <sip:{sip}>\r\nCall-ID: ready\r\nCSeq: 1 OPTIONS\r\n\
             Max-Forwards: 70\r\nContent-Length: 0\r\n\r\n"
        );
        peer.wait_for(sip, options.as_bytes())?;
        Ok(Some(Self { peer, sip }))
    }

    /// Its first process; the worker is one of its children.
    pub(crate) fn pid(&self) -> u32 {
        self.peer.pid()
    }
}

/// Its transactions of a minute at 1,000 calls a second: with the 64 MiB of the default it answers 500 after 9,000 calls.
const SHARED_MIB: &str = "1024";
const CONFIG: &str = include_str!("../../../kamailio.cfg");
