//! From a destination of the configuration to addresses (RFC 3263 section 4).

use core::net::SocketAddr;

use clock::{FlowId, Instant};

use super::names::{Known, Names};
use super::{Destination, Query, Reason, Record};
use crate::{
    Host, HostPort,
    ua::{Peer, Transport},
};

/// One address of a destination.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) host: String,
    pub(super) peer: Peer,
    /// SRV's priority; 0 without.
    pub(super) priority: u16,
    pub(super) weight: u16,
}

/// A destination and what it led to last.
#[derive(Debug)]
pub(super) struct Resolved {
    pub(super) destination: Destination,
    places: Vec<Place>,
    /// Why there are none.
    reason: Reason,
}

impl Resolved {
    pub(super) fn new(destination: Destination) -> Self {
        Self { destination, places: Vec::new(), reason: Reason::Resolving }
    }

    /// Looks again. Nothing worse than before takes the place of a good result: a zone that is empty by mistake must
    /// not cost a trunk.
    pub(super) fn refresh(&mut self, now: Instant, names: &mut Names, listener: Option<FlowId>) {
        match look(now, names, &self.destination) {
            Ok(mut places) => {
                for place in &mut places {
                    place.peer.flow = listener.filter(|_| place.peer.transport == Transport::Udp);
                }
                places.truncate(MAX_PLACES);
                self.places = places;
                self.reason = Reason::Ok;
            }
            Err(reason) if self.places.is_empty() => self.reason = reason,
            Err(_) => {}
        }
    }

    pub(super) fn places(&self) -> &[Place] {
        &self.places
    }

    /// Why there are no places; `Ok` where there are.
    pub(super) fn reason(&self) -> Reason {
        self.reason
    }
}

fn look(now: Instant, names: &mut Names, to: &Destination) -> Result<Vec<Place>, Reason> {
    let transport = to.transport.unwrap_or(Transport::Udp);
    let host_port = HostPort { host: to.host.clone(), port: to.port };
    let name = match &to.host {
        Host::Address(ip) => {
            let addr = SocketAddr::new(*ip, to.port.unwrap_or(DEFAULT_PORT));
            let peer = Peer { transport, addr, flow: None };
            return Ok(vec![Place { host: HostPort::from(addr).to_string(), peer, priority: 0, weight: 0 }]);
        }
        Host::Name(name) => name.as_str().to_ascii_lowercase(),
    };
    let host = host_port.to_string();
    if to.port.is_none() {
        let asked: &[Transport] = match &to.transport {
            Some(transport) => core::slice::from_ref(transport),
            None => &[Transport::Udp, Transport::Tcp],
        };
        for transport in asked {
            let query = Query::Srv { domain: name.clone(), transport: *transport };
            let services = match names.look_up(now, &query) {
                Known::Pending => return Err(Reason::Resolving),
                Known::Failed => return Err(Reason::DnsFailed),
                Known::Records(records) => services(records),
            };
            if !services.is_empty() {
                return of_services(now, names, &services, *transport, &host);
            }
        }
    }
    let port = to.port.unwrap_or(DEFAULT_PORT);
    let service = Service { priority: 0, weight: 0, target: name, port };
    of_services(now, names, &[service], transport, &host)
}

#[derive(Clone, Debug)]
struct Service {
    priority: u16,
    weight: u16,
    target: String,
    port: u16,
}

fn services(records: &[Record]) -> Vec<Service> {
    let service = |record: &Record| match record {
        Record::Srv { priority, weight, target, port } => {
            let target = target.trim_end_matches('.').to_ascii_lowercase();
            Some(Service { priority: *priority, weight: *weight, target, port: *port })
        }
        Record::Address(_) => None,
    };
    let mut services: Vec<Service> = records.iter().filter_map(service).collect();
    services.sort_by_key(|service| service.priority);
    services
}

/// Addresses of all services. Those that are not known yet, or cannot be found, hold up no other.
fn of_services(
    now: Instant,
    names: &mut Names,
    services: &[Service],
    transport: Transport,
    host: &str,
) -> Result<Vec<Place>, Reason> {
    let mut places: Vec<Place> = Vec::new();
    let mut worst = Reason::NoAddress;
    // The target "." says that there is no such service (RFC 2782).
    for service in services.iter().filter(|service| !service.target.is_empty()) {
        let records = match Host::parse(&service.target) {
            Ok(Host::Address(ip)) => vec![Record::Address(ip)],
            _ => match names.look_up(now, &Query::Addresses { host: service.target.clone() }) {
                Known::Pending => {
                    worst = Reason::Resolving;
                    continue;
                }
                Known::Failed => {
                    worst = if worst == Reason::Resolving { worst } else { Reason::DnsFailed };
                    continue;
                }
                Known::Records(records) => records.to_vec(),
            },
        };
        for record in records {
            let Record::Address(ip) = record else { continue };
            let peer = Peer { transport, addr: SocketAddr::new(ip, service.port), flow: None };
            if places.iter().all(|place| place.peer != peer) {
                let (priority, weight) = (service.priority, service.weight);
                places.push(Place { host: host.to_owned(), peer, priority, weight });
            }
        }
    }
    if places.is_empty() { Err(worst) } else { Ok(places) }
}

/// SIP's own (RFC 3261 19.1.2).
const DEFAULT_PORT: u16 = 5_060;
/// Addresses of one destination: as many as a call could ever be offered to, each with its own time-out.
const MAX_PLACES: usize = 16;

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use clock::Rng;

    use super::*;

    fn to(host: &str, port: Option<u16>, transport: Option<Transport>) -> Resolved {
        Resolved::new(Destination { host: Host::parse(host).unwrap(), port, transport })
    }

    fn srv(priority: u16, target: &str, port: u16) -> Record {
        Record::Srv { priority, weight: 10, target: target.into(), port }
    }

    fn address(last: u8) -> Record {
        Record::Address([192, 0, 2, last].into())
    }

    /// Asks until nothing is left to ask; `zone` has the answers, what it lacks fails.
    fn settle(names: &mut Names, resolved: &mut Resolved, zone: &[(&str, Vec<Record>)]) -> Vec<String> {
        let (mut rng, mut asked) = (Rng::new(1), Vec::new());
        loop {
            resolved.refresh(Instant::ZERO, names, None);
            let Some(query) = names.poll(Instant::ZERO, &mut rng) else { return asked };
            asked.push(query.name());
            match zone.iter().find(|(name, _)| *name == query.name()) {
                Some((_, records)) => {
                    names.resolved(Instant::ZERO, &query, records.clone(), Duration::from_secs(60));
                }
                None => names.failed(Instant::ZERO, &query, &mut rng),
            }
        }
    }

    fn shown(resolved: &Resolved) -> Vec<String> {
        let show = |place: &Place| {
            let (transport, addr) = (place.peer.transport, place.peer.addr);
            format!("{} {transport:?} {addr} {}", place.host, place.priority)
        };
        resolved.places().iter().map(show).collect()
    }

    #[test]
    fn an_address_needs_no_server_and_a_port_no_srv() {
        let mut names = Names::default();
        let mut plain = to("192.0.2.9", None, Some(Transport::Tcp));
        assert!(settle(&mut names, &mut plain, &[]).is_empty());
        assert_eq!(shown(&plain), ["192.0.2.9:5060 Tcp 192.0.2.9:5060 0"]);
        let mut named = to("Carrier.example", Some(5080), None);
        let zone = [("carrier.example", vec![address(1), address(2)])];
        assert_eq!(settle(&mut names, &mut named, &zone), ["carrier.example"]);
        let expected = ["Carrier.example:5080 Udp 192.0.2.1:5080 0", "Carrier.example:5080 Udp 192.0.2.2:5080 0"];
        assert_eq!(shown(&named), expected);
    }

    #[test]
    fn srv_chooses_transport_order_and_port() {
        let zone = [
            ("_sip._udp.carrier.example", vec![]),
            (
                "_sip._tcp.carrier.example",
                vec![srv(20, "b.carrier.example.", 5070), srv(10, "a.carrier.example", 5060)],
            ),
            ("a.carrier.example", vec![address(1)]),
            ("b.carrier.example", vec![address(2)]),
        ];
        let mut names = Names::default();
        let mut carrier = to("carrier.example", None, None);
        let asked = settle(&mut names, &mut carrier, &zone);
        assert_eq!(asked.len(), 4, "{asked:?}");
        let expected = ["carrier.example Tcp 192.0.2.1:5060 10", "carrier.example Tcp 192.0.2.2:5070 20"];
        assert_eq!(shown(&carrier), expected);
    }

    #[test]
    fn without_srv_the_name_itself_and_a_point_for_none() {
        let zone = [
            ("_sip._udp.carrier.example", vec![]),
            ("_sip._tcp.carrier.example", vec![]),
            ("carrier.example", vec![address(7), Record::Address("2001:db8::1".parse().unwrap())]),
            ("_sip._udp.closed.example", vec![srv(0, ".", 0)]),
        ];
        let mut names = Names::default();
        let mut carrier = to("carrier.example", None, None);
        settle(&mut names, &mut carrier, &zone);
        let expected = ["carrier.example Udp 192.0.2.7:5060 0", "carrier.example Udp [2001:db8::1]:5060 0"];
        assert_eq!(shown(&carrier), expected);
        let mut closed = to("closed.example", None, Some(Transport::Udp));
        settle(&mut names, &mut closed, &zone);
        assert_eq!((closed.places().len(), closed.reason()), (0, Reason::NoAddress));
    }

    #[test]
    fn a_good_result_outlives_servers_that_fail_and_zones_that_are_empty() {
        let mut names = Names::default();
        let mut carrier = to("carrier.example", Some(5060), None);
        settle(&mut names, &mut carrier, &[]);
        assert_eq!(carrier.reason(), Reason::DnsFailed);
        let query = Query::Addresses { host: "carrier.example".into() };
        names.resolved(Instant::ZERO, &query, vec![address(1)], Duration::from_secs(60));
        carrier.refresh(Instant::ZERO, &mut names, None);
        names.resolved(Instant::ZERO, &query, vec![], Duration::from_secs(60));
        carrier.refresh(Instant::ZERO, &mut names, None);
        assert_eq!((carrier.places().len(), carrier.reason()), (1, Reason::Ok));
        names.resolved(Instant::ZERO, &query, vec![address(2)], Duration::from_secs(60));
        carrier.refresh(Instant::ZERO, &mut names, None);
        assert_eq!(shown(&carrier), ["carrier.example:5060 Udp 192.0.2.2:5060 0"]);
    }
}
