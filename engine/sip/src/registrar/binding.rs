//! One contact of an address of record.

use core::time::Duration;

use clock::{Instant, Now, WallTime};

use crate::{NameAddr, SyntaxError, Uri, ua::Peer};

/// A contact that is bound until it expires.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding {
    /// The contact URI as registered, its parameters and headers included.
    pub contact: Uri,
    /// Parameters of the Contact header other than `expires` and `q`, as written, each with its semicolon.
    pub params: String,
    /// Preference, 0 to 1000.
    pub q_thousandths: u16,
    /// Call-ID of the registration.
    pub call_id: String,
    /// Its last CSeq.
    pub cseq: u32,
    /// When it ends, as people read it.
    pub expires_at: WallTime,
    /// When it ends, for the timer.
    pub expires_mono: Instant,
    /// Where the REGISTER came from: where requests for this contact go.
    pub source: Peer,
    /// Number of the binding: rises with each refresh.
    pub(super) id: u64,
}

impl Binding {
    pub(super) fn new(
        now: Now,
        contact: &NameAddr,
        (call_id, cseq): (&str, u32),
        granted: Duration,
        source: Peer,
    ) -> Self {
        let is_other = |name: &str| !name.eq_ignore_ascii_case("expires") && !name.eq_ignore_ascii_case("q");
        let others = contact.params().iter().filter(|(name, _)| is_other(name));
        let params = others.map(|(name, value)| match value {
            Some(value) => format!(";{name}={value}"),
            None => format!(";{name}"),
        });
        let end = now.plus(granted);
        Self {
            contact: contact.uri.detach(),
            params: params.collect(),
            q_thousandths: contact.q_thousandths(),
            call_id: call_id.to_owned(),
            cseq,
            expires_at: end.wall,
            expires_mono: end.mono,
            source,
            id: 0,
        }
    }

    /// A binding of before a restart, which ends at the same wall time. Fails when `contact` is no URI.
    pub fn restored(
        now: Now,
        contact: &str,
        (call_id, cseq): (&str, u32),
        expires_at: WallTime,
        source: Peer,
    ) -> Result<Self, SyntaxError> {
        let left = Duration::from_millis(expires_at.millis_since(now.wall));
        Ok(Self {
            contact: Uri::parse(contact)?,
            params: String::new(),
            q_thousandths: 1_000,
            call_id: call_id.to_owned(),
            cseq,
            expires_at,
            expires_mono: now.mono + left,
            source,
            id: 0,
        })
    }

    /// The Contact value that tells of this binding (10.3 step 8).
    #[must_use]
    pub fn contact_value(&self, now: Instant) -> String {
        let left_s = self.expires_mono.since(now).as_secs();
        let q = match self.q_thousandths {
            1_000 => String::new(),
            q => format!(";q=0.{q:03}"),
        };
        format!("<{}>{}{q};expires={left_s}", self.contact, self.params)
    }

    /// True when `contact` names the same binding: URIs compare by RFC 3261 19.1.4.
    pub(super) fn is_same(&self, contact: &NameAddr) -> bool {
        self.contact.is_equivalent(&contact.uri)
    }

    /// True when this binding was set by a request of the same Call-ID that is not older.
    pub(super) fn is_newer_than(&self, call_id: &str, cseq: u32) -> bool {
        self.call_id == call_id && self.cseq >= cseq
    }
}
