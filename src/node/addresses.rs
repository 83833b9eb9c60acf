//! Tells the outside where the node listens: needed where ports are free ones.

use std::io;
use std::net::SocketAddr;
use std::path::Path;

use serde::Serialize;
use tokio::net::TcpListener;

use crate::net::{Bound, UdpListener};

/// What `<data_dir>/addresses.json` says.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Addresses {
    pub(super) sip_udp: Vec<SocketAddr>,
    pub(super) sip_tcp: Vec<SocketAddr>,
    pub(super) http: SocketAddr,
    pub(super) pid: u32,
}

impl Addresses {
    pub(super) fn of(bound: &Bound, http: &TcpListener) -> io::Result<Self> {
        Ok(Self {
            sip_udp: bound.udp.iter().map(UdpListener::local_addr).collect::<io::Result<_>>()?,
            sip_tcp: bound.tcp.iter().map(TcpListener::local_addr).collect::<io::Result<_>>()?,
            http: http.local_addr()?,
            pid: std::process::id(),
        })
    }

    /// Writes the file at once: a reader sees all of it or none.
    pub(super) fn write(&self, data_dir: &Path) -> io::Result<()> {
        let whole = data_dir.join("addresses.json");
        let part = data_dir.join("addresses.json.part");
        std::fs::write(&part, serde_json::to_vec_pretty(self)?)?;
        std::fs::rename(part, whole)
    }
}
