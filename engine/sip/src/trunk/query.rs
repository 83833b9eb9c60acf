//! Questions to name servers, and the records of their answers.

use core::net::IpAddr;

use crate::ua::Transport;

/// A question for a name server.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Query {
    /// SRV records of `_sip._udp.<domain>` or `_sip._tcp.<domain>` (RFC 3263 4.1, 4.2).
    Srv {
        /// The domain.
        domain: String,
        /// The transport.
        transport: Transport,
    },
    /// A and AAAA records.
    Addresses {
        /// The host.
        host: String,
    },
}

impl Query {
    /// The name to look up.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Srv { domain, transport: Transport::Udp } => format!("_sip._udp.{domain}"),
            Self::Srv { domain, transport: Transport::Tcp } => format!("_sip._tcp.{domain}"),
            Self::Addresses { host } => host.clone(),
        }
    }
}

/// One record of an answer. Those that do not belong to the question are passed over.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Record {
    /// SRV (RFC 2782).
    Srv {
        /// Lower is tried first.
        priority: u16,
        /// Share among those of one priority.
        weight: u16,
        /// Host name.
        target: String,
        /// Port.
        port: u16,
    },
    /// A or AAAA.
    Address(IpAddr),
}

/// Records of one answer that are taken: more addresses than any carrier names, and few enough to try.
pub const MAX_RECORDS: usize = 32;
