//! Where a dialed string goes.

use core::net::SocketAddr;

use clock::{AgentId, TrunkId};
use dialer::gate::Outbound;

use crate::number::MAX_DIALED_LEN;
use crate::plan::{Plan, RouteSource, Target, TrunkAddress};

/// Who dials.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialer {
    /// A call that came in on a trunk.
    Trunk(TrunkId),
    /// An agent.
    Agent(AgentId),
    /// The rules of a menu or queue: as an agent with all rights.
    System,
}

/// Where a call goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Destination {
    /// Something of ours.
    Own(Target),
    /// Out through a trunk.
    Trunk {
        /// The trunk.
        trunk: TrunkId,
        /// User part of the request URI that it gets.
        number: String,
    },
}

/// A destination, and how the record shows what was dialed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// Where it goes.
    pub destination: Destination,
    /// E.164 where it is a number, else as dialed.
    pub to: String,
    /// An emergency call: no limit of ours may refuse it.
    pub is_emergency: bool,
}

/// Why a dialed string goes nowhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoRoute {
    /// 404: neither a number nor an extension of ours, and no route takes it.
    #[error("an own number, an extension or a routed number expected, got something else")]
    Unknown,
    /// 403: it exists, but this dialer may not call it.
    #[error("a permitted destination expected, got one abroad, of a premium prefix or without the right to dial out")]
    Denied,
}

impl Plan {
    /// Where `dialed` goes for `dialer`.
    pub fn route(&self, dialer: Dialer, dialed: &str) -> Result<Route, NoRoute> {
        let own = match dialer {
            Dialer::Agent(_) => self.extensions.get(dialed).copied(),
            Dialer::Trunk(_) | Dialer::System => None,
        };
        if let Some(target) = own {
            return Ok(Route::own(target, dialed.to_owned()));
        }
        if let (Dialer::Agent(_), Some(trunk)) = (dialer, self.numbers.emergency.get(dialed)) {
            return Ok(Route { is_emergency: true, ..Route::out(*trunk, dialed, dialed) });
        }
        let number = self.numbers.e164(dialed);
        if let Some(target) = number.as_ref().and_then(|number| self.dids.get(number)) {
            return Ok(Route::own(*target, self.shown(dialed)));
        }
        self.route_out(dialer, dialed, number.as_deref())
    }

    /// How the house itself calls a customer: by the routes of its agents, within what may be dialed (DESIGN section 7).
    /// Nothing of ours is called back.
    #[must_use]
    pub fn route_back(&self, number: &str) -> Option<Route> {
        if self.dids.contains_key(number) || !self.numbers.permits(number) {
            return None;
        }
        let takes = |pattern: &str| pattern == "*" || number.starts_with(pattern);
        let mut matching =
            self.routes.iter().filter(|route| route.from == RouteSource::Agents && takes(&route.pattern));
        let route = matching.next().filter(|route| self.trunks.contains_key(&route.trunk))?;
        Some(Route::out(route.trunk, number, number))
    }

    /// What the gate asks before a campaign dials: the same as [`Self::route_back`], with the reason.
    #[must_use]
    pub fn outbound(&self) -> Outbound {
        let routes = self.routes.iter().filter(|route| route.from == RouteSource::Agents);
        let routes = routes.filter(|route| self.trunks.contains_key(&route.trunk));
        Outbound {
            home: self.numbers.country_code.clone(),
            countries: self.numbers.allowed_countries.clone(),
            denied_prefixes: self.numbers.denied_prefixes.clone(),
            own_numbers: self.dids.keys().cloned().collect(),
            routes: routes.map(|route| route.pattern.clone()).collect(),
        }
    }

    /// The trunk whose address this is.
    #[must_use]
    pub fn trunk_at(&self, source: SocketAddr) -> Option<TrunkId> {
        let is_source =
            |at: &TrunkAddress| at.ip == source.ip().to_canonical() && at.port.is_none_or(|port| port == source.port());
        self.trunks.iter().find(|(_, trunk)| trunk.sources.iter().any(is_source)).map(|(id, _)| *id)
    }

    /// Whether a host of a request URI means us.
    #[must_use]
    pub fn is_own_host(&self, host: &str) -> bool {
        host.eq_ignore_ascii_case(&self.domain) || self.own_hosts.iter().any(|own| host.eq_ignore_ascii_case(own))
    }

    /// A number or extension as records show it: E.164 where it is a number, of bounded length.
    #[must_use]
    pub fn shown(&self, dialed: &str) -> String {
        if self.extensions.contains_key(dialed) {
            return dialed.to_owned();
        }
        self.numbers.e164(dialed).unwrap_or_else(|| dialed.chars().take(MAX_DIALED_LEN).collect())
    }

    fn route_out(&self, dialer: Dialer, dialed: &str, number: Option<&str>) -> Result<Route, NoRoute> {
        let source = match dialer {
            Dialer::Agent(_) | Dialer::System => RouteSource::Agents,
            Dialer::Trunk(trunk) => RouteSource::Trunk(trunk),
        };
        if !matches!(dialer, Dialer::Trunk(_)) {
            // What is no number cannot be judged by country, so no agent dials it (DESIGN section 7).
            number.ok_or(NoRoute::Unknown)?;
        }
        if let Dialer::Agent(agent) = dialer
            && !self.agents.get(&agent).is_some_and(|agent| agent.may_dial_out)
        {
            return Err(NoRoute::Denied);
        }
        let takes = |pattern: &str| match pattern {
            "*" => !dialed.is_empty() && dialed.len() <= MAX_DIALED_LEN,
            prefix => number.is_some_and(|number| number.starts_with(prefix)),
        };
        let mut matching = self.routes.iter().filter(|route| route.from == source && takes(&route.pattern));
        if !matches!(dialer, Dialer::Trunk(_)) && number.is_some_and(|number| !self.numbers.permits(number)) {
            return Err(NoRoute::Denied);
        }
        let route = matching.next().filter(|route| self.trunks.contains_key(&route.trunk)).ok_or(NoRoute::Unknown)?;
        if number.is_some_and(|number| !self.numbers.permits(number)) {
            return Err(NoRoute::Denied);
        }
        let sent = if route.pattern == "*" { dialed } else { number.unwrap_or(dialed) };
        Ok(Route::out(route.trunk, sent, number.unwrap_or(dialed)))
    }
}

impl Route {
    fn out(trunk: TrunkId, number: &str, to: &str) -> Self {
        let destination = Destination::Trunk { trunk, number: number.to_owned() };
        Self { destination, to: to.to_owned(), is_emergency: false }
    }

    fn own(target: Target, to: String) -> Self {
        Self { destination: Destination::Own(target), to, is_emergency: false }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{AgentPlan, NumberPlan, RoutePlan, TrunkPlan};
    use clock::QueueId;
    use sip::digest::AlgorithmChoice;

    const CARRIER: TrunkId = TrunkId(1);
    const TRANSIT: TrunkId = TrunkId(2);
    const AGENT: AgentId = AgentId(1);
    const NO_RIGHTS: AgentId = AgentId(2);

    fn plan() -> Plan {
        let agent = |extension: &str, may_dial_out| AgentPlan {
            extension: extension.to_owned(),
            name: None,
            ha1_md5: String::new(),
            ha1_sha256: String::new(),
            algorithms: AlgorithmChoice::Md5,
            caller_id: None,
            may_dial_out,
            calls_per_day_max: 0,
            personal: dialer::gate::Personal::default(),
        };
        let trunk = |ip: [u8; 4]| TrunkPlan {
            sources: vec![TrunkAddress { ip: ip.into(), port: None }],
            ..TrunkPlan::new("t", (ip, 5080).into())
        };
        let route = |from, pattern: &str| RoutePlan { from, pattern: pattern.to_owned(), trunk: CARRIER };
        Plan {
            domain: "demo.local".to_owned(),
            own_hosts: vec!["127.0.0.1".to_owned()],
            numbers: NumberPlan {
                country_code: "44".to_owned(),
                trunk_prefix: "0".to_owned(),
                international_prefix: "00".to_owned(),
                national_digits: (9, 10),
                denied_prefixes: vec!["+449".to_owned()],
                emergency: [("999".to_owned(), CARRIER)].into(),
                ..NumberPlan::default()
            },
            needs: std::collections::BTreeMap::new(),
            dids: [("+442071830001".to_owned(), Target::Queue(QueueId(1)))].into(),
            extensions: [("1001".to_owned(), Target::Agent(AGENT))].into(),
            agents: [(AGENT, agent("1001", true)), (NO_RIGHTS, agent("1002", false))].into(),
            trunks: [(CARRIER, trunk([127, 0, 0, 2])), (TRANSIT, trunk([127, 0, 0, 3]))].into(),
            routes: vec![route(RouteSource::Agents, "+44"), route(RouteSource::Trunk(TRANSIT), "*")],
            ..Plan::default()
        }
    }

    #[test]
    fn a_trunk_dials_own_numbers_and_what_routes_give_it() {
        let plan = plan();
        let carrier = Dialer::Trunk(CARRIER);
        let own = plan.route(carrier, "02071830001").unwrap();
        assert_eq!(own.destination, Destination::Own(Target::Queue(QueueId(1))));
        assert_eq!(own.to, "+442071830001");
        for unknown in ["1001", "+442079460000", "alice", "", "999"] {
            assert_eq!(plan.route(carrier, unknown), Err(NoRoute::Unknown), "{unknown}");
        }
        let transit = plan.route(Dialer::Trunk(TRANSIT), "service").unwrap();
        assert_eq!(transit.destination, Destination::Trunk { trunk: CARRIER, number: "service".to_owned() });
        assert_eq!(plan.route(Dialer::Trunk(TRANSIT), "+33123456789"), Err(NoRoute::Denied));
    }

    #[test]
    fn an_agent_dials_extensions_own_numbers_and_the_home_country() {
        let plan = plan();
        let agent = Dialer::Agent(AGENT);
        assert_eq!(plan.route(agent, "1001").unwrap().destination, Destination::Own(Target::Agent(AGENT)));
        let own = plan.route(agent, "442071830001").unwrap().destination;
        assert_eq!(own, Destination::Own(Target::Queue(QueueId(1))), "an own number stays inside");
        let out = plan.route(agent, "02079460000").unwrap();
        assert_eq!(out.destination, Destination::Trunk { trunk: CARRIER, number: "+442079460000".to_owned() });
        let emergency = plan.route(agent, "999").unwrap();
        assert_eq!(emergency.destination, Destination::Trunk { trunk: CARRIER, number: "999".to_owned() });
        assert!(emergency.is_emergency && !out.is_emergency);
        assert!(plan.route(Dialer::Agent(NO_RIGHTS), "999").is_ok(), "anyone may call for help");
        for denied in ["0033123456789", "+449098790001"] {
            assert_eq!(plan.route(agent, denied), Err(NoRoute::Denied), "{denied}");
        }
        assert_eq!(plan.route(agent, "1999"), Err(NoRoute::Unknown));
        assert_eq!(plan.route(Dialer::Agent(NO_RIGHTS), "02079460000"), Err(NoRoute::Denied));
    }

    #[test]
    fn trunks_by_source_address_and_own_hosts() {
        let plan = plan();
        assert_eq!(plan.trunk_at("127.0.0.2:9999".parse().unwrap()), Some(CARRIER));
        assert_eq!(plan.trunk_at("[::ffff:127.0.0.2]:5060".parse().unwrap()), Some(CARRIER));
        assert_eq!(plan.trunk_at("127.0.0.9:5060".parse().unwrap()), None);
        assert!(plan.is_own_host("Demo.Local") && plan.is_own_host("127.0.0.1") && !plan.is_own_host("example.com"));
    }
}
