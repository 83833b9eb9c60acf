//! Which address of ours a peer is told: in Via and Contact, and in session descriptions.

use core::net::{IpAddr, SocketAddr};
use core::str::FromStr;

use clock::FlowId;

use super::{Peer, Transport};
use crate::SyntaxError;

/// A network: an address and how many of its bits count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    bits: u32,
}

impl Network {
    /// True for an address inside.
    #[must_use]
    pub fn contains(&self, ip: IpAddr) -> bool {
        let (own, all) = number(self.address);
        let (other, other_all) = number(ip.to_canonical());
        let dropped = all - self.bits;
        all == other_all && (dropped >= 128 || own >> dropped == other >> dropped)
    }
}

impl FromStr for Network {
    type Err = SyntaxError;

    /// Reads `192.168.0.0/16`; an address alone is a network of one.
    fn from_str(text: &str) -> Result<Self, SyntaxError> {
        let wrong = || SyntaxError::new("a network such as 192.168.0.0/16", text);
        let (address, bits) = text.split_once('/').unwrap_or((text, ""));
        let address: IpAddr = address.parse().map_err(|_| wrong())?;
        let (_, all) = number(address);
        let bits = if text.contains('/') { bits.parse().map_err(|_| wrong())? } else { all };
        if bits > all { Err(wrong()) } else { Ok(Self { address, bits }) }
    }
}

/// One socket that SIP comes in at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listener {
    /// Its transport.
    pub transport: Transport,
    /// Its address.
    pub addr: SocketAddr,
    /// How peers of it are known, for UDP.
    pub flow: Option<FlowId>,
}

/// All addresses of one node.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Addresses {
    /// The listeners, in the order of the configuration.
    pub listeners: Vec<Listener>,
    /// Where peers outside of `local` find us, when it is not there: address translation with the same ports.
    pub public: Option<IpAddr>,
    /// Networks whose peers reach the listeners themselves.
    pub local: Vec<Network>,
}

impl Addresses {
    /// One address for both transports.
    #[must_use]
    pub fn at(addr: SocketAddr) -> Self {
        let listener = |transport| Listener { transport, addr, flow: None };
        Self { listeners: vec![listener(Transport::Udp), listener(Transport::Tcp)], ..Self::default() }
    }

    /// What Via and Contact name for this peer.
    #[must_use]
    pub fn told_to(&self, peer: &Peer) -> SocketAddr {
        let listener = self.listener_for(peer);
        let addr = listener.map_or(NOWHERE, |listener| listener.addr);
        match self.public_for(peer.addr.ip()) {
            Some(public) if public.is_ipv4() == addr.is_ipv4() => SocketAddr::new(public, addr.port()),
            _ => addr,
        }
    }

    /// Our public address, for a peer that cannot use a local one.
    #[must_use]
    pub fn public_for(&self, peer: IpAddr) -> Option<IpAddr> {
        self.public.filter(|_| !self.local.iter().any(|network| network.contains(peer)))
    }

    /// The listener of its flow; without one, the first of its transport that can reach it, best one of its kind.
    #[must_use]
    pub fn listener_for(&self, peer: &Peer) -> Option<&Listener> {
        let of_flow = self.listeners.iter().find(|one| one.flow.is_some() && one.flow == peer.flow);
        let fits = |one: &&Listener| one.transport == peer.transport && one.addr.is_ipv4() == peer.addr.is_ipv4();
        let near = |one: &&Listener| fits(one) && one.addr.ip().is_loopback() == peer.addr.ip().is_loopback();
        let of_kind = |one: &&Listener| one.transport == peer.transport;
        let all = || self.listeners.iter();
        of_flow
            .or_else(|| all().find(near))
            .or_else(|| all().find(fits))
            .or_else(|| all().find(of_kind))
            .or(all().next())
    }
}

/// An address as a number, and its bits.
fn number(ip: IpAddr) -> (u128, u32) {
    match ip {
        IpAddr::V4(ip) => (u32::from(ip).into(), 32),
        IpAddr::V6(ip) => (ip.into(), 128),
    }
}

/// A node without listeners talks to nobody.
const NOWHERE: SocketAddr = SocketAddr::new(IpAddr::V4(core::net::Ipv4Addr::LOCALHOST), 5_060);

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(addr: &str, flow: Option<u64>) -> Peer {
        Peer { transport: Transport::Udp, addr: addr.parse().unwrap(), flow: flow.map(FlowId) }
    }

    #[test]
    fn networks_are_read_and_hold_what_is_inside() {
        let inside = |network: &str, ip: &str| network.parse::<Network>().unwrap().contains(ip.parse().unwrap());
        assert!(inside("192.168.0.0/16", "192.168.7.1") && !inside("192.168.0.0/16", "192.169.0.1"));
        assert!(inside("10.1.2.3", "10.1.2.3") && !inside("10.1.2.3", "10.1.2.4"));
        assert!(inside("0.0.0.0/0", "203.0.113.1") && !inside("0.0.0.0/0", "2001:db8::1"));
        assert!(inside("::/0", "2001:db8::1") && inside("fc00::/7", "fd00::1") && !inside("fc00::/7", "fe80::1"));
        assert!(inside("192.0.2.0/24", "::ffff:192.0.2.9"));
        for wrong in ["", "10.0.0.0/33", "10.0.0/8", "10.0.0.0/", "10.0.0.0/x", "::/129"] {
            assert!(wrong.parse::<Network>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn each_peer_is_told_the_address_that_it_can_use() {
        let listener = |addr: &str, flow: u64| Listener {
            transport: Transport::Udp,
            addr: addr.parse().unwrap(),
            flow: Some(FlowId(flow)),
        };
        let mut ours = Addresses {
            listeners: vec![
                listener("127.0.0.1:5060", 1),
                listener("192.168.1.2:5062", 2),
                listener("[fd00::2]:5060", 3),
            ],
            public: Some([203, 0, 113, 9].into()),
            local: vec!["192.168.0.0/16".parse().unwrap(), "127.0.0.0/8".parse().unwrap()],
        };
        let told = |ours: &Addresses, to: &str, flow| ours.told_to(&peer(to, flow)).to_string();
        assert_eq!(told(&ours, "127.0.0.2:5080", None), "127.0.0.1:5060");
        assert_eq!(told(&ours, "192.168.1.9:5060", None), "192.168.1.2:5062");
        assert_eq!(
            told(&ours, "198.51.100.1:5060", None),
            "203.0.113.9:5062",
            "ours outside, with the listener's port"
        );
        assert_eq!(told(&ours, "198.51.100.1:5060", Some(1)), "203.0.113.9:5060", "the listener of the flow");
        assert_eq!(
            told(&ours, "[2001:db8::1]:5060", None),
            "[fd00::2]:5060",
            "the public address is of the other family"
        );
        ours.public = None;
        assert_eq!(told(&ours, "198.51.100.1:5060", None), "192.168.1.2:5062");
        assert_eq!(Addresses::default().told_to(&peer("192.0.2.1:5060", None)), NOWHERE);
    }
}
