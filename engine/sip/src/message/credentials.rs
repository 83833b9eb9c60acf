//! Digest headers of a message.

use smallvec::SmallVec;

use super::{Fault, Message, Name, SyntaxError};
use crate::{
    digest::{Challenge, Credentials},
    limits::MAX_LIST_VALUES,
};

impl Message {
    /// Digest credentials for this server (RFC 3261 20.7), one a realm; other schemes
    /// and unknown algorithms are passed over.
    pub fn authorization(&self) -> Result<SmallVec<[Credentials; 1]>, Fault> {
        self.known_ones(Name::Authorization, Credentials::parse)
    }

    /// Digest credentials for a proxy (RFC 3261 20.28).
    pub fn proxy_authorization(&self) -> Result<SmallVec<[Credentials; 1]>, Fault> {
        self.known_ones(Name::ProxyAuthorization, Credentials::parse)
    }

    /// Digest challenges of a 401 (RFC 3261 20.44), best first (RFC 8760).
    pub fn www_authenticate(&self) -> Result<SmallVec<[Challenge; 1]>, Fault> {
        self.known_ones(Name::WwwAuthenticate, Challenge::parse)
    }

    /// Digest challenges of a 407 (RFC 3261 20.27), best first.
    pub fn proxy_authenticate(&self) -> Result<SmallVec<[Challenge; 1]>, Fault> {
        self.known_ones(Name::ProxyAuthenticate, Challenge::parse)
    }

    fn known_ones<T>(
        &self,
        name: Name,
        parse: impl Fn(&str) -> Result<Option<T>, SyntaxError>,
    ) -> Result<SmallVec<[T; 1]>, Fault> {
        let lines = self.header(name).take(MAX_LIST_VALUES);
        lines.filter_map(|line| parse(line).transpose()).map(|one| one.map_err(Fault::header(name))).collect()
    }
}
