//! Tells the service supervisor how far the node is: the datagrams of sd_notify(3), nothing more.

use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};

/// Ready for calls.
pub(super) fn ready() {
    tell("READY=1\nSTATUS=serving");
}

/// Refusing new calls, waiting for the rest.
pub(super) fn stopping() {
    tell("STOPPING=1\nSTATUS=waiting for the calls that are up");
}

/// Without a supervisor nobody listens, and that is no fault.
fn tell(state: &str) {
    let Some(name) = std::env::var_os("NOTIFY_SOCKET") else { return };
    let address = match name.as_bytes().strip_prefix(b"@") {
        Some(hidden) => SocketAddr::from_abstract_name(hidden),
        None => SocketAddr::from_pathname(&name),
    };
    let sent = address.and_then(|address| UnixDatagram::unbound()?.send_to_addr(state.as_bytes(), &address));
    if let Err(error) = sent {
        tracing::warn!(%error, "the supervisor cannot be told");
    }
}
