//! Sockets: UDP and TCP listeners, connections, and the way of a message to its owner.
//!
//! It parses messages and moves them; it decides nothing but which owner a
//! message belongs to, by the Call-ID directory (DESIGN section 4).

mod admission;
mod bind;
mod budget;
mod connections;
mod directory;
mod dispatch;
mod dns;
mod flows;
mod lane;
mod listener;
mod peek;
#[cfg(target_os = "linux")]
mod program;
mod tcp;
mod udp;

pub(crate) use admission::Admission;
pub(crate) use bind::{Bound, bind};
pub(crate) use connections::Connections;
pub(crate) use directory::CallIdDirectory;
pub(crate) use dispatch::{Dispatch, LocationLanes, ShardLanes, SipInput};
pub(crate) use dns::serve_dns;
pub(crate) use flows::Flows;
pub(crate) use lane::{Lane, LaneEnd};
pub(crate) use listener::UdpListener;
pub(crate) use tcp::{connect_on_demand, serve_tcp};
pub(crate) use udp::serve_udp;

#[cfg(test)]
mod tests;
