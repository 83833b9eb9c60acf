//! Typed header values, read when asked for. None means that the header is not
//! there; an error, that it is and cannot be read.

use core::time::Duration;

use smallvec::SmallVec;

use super::{Fault, Message, Method, Name, SyntaxError};
use crate::{
    Text, grammar,
    header::{
        Contacts, Event, MediaType, NameAddr, RAck, Reason, Replaces, RetryAfter, SessionExpires, SubscriptionState,
        Via,
    },
    limits::{MAX_LIST_VALUES, MAX_VIAS},
    text::Span,
};

impl Message {
    /// The topmost Via (RFC 3261 20.42).
    pub fn top_via(&self) -> Result<Via, Fault> {
        self.values(Name::Via).next().ok_or(Fault::Missing(Name::Via)).and_then(read(Name::Via, Via::read))
    }

    /// All Via values, topmost first; at least one.
    pub fn vias(&self) -> Result<SmallVec<[Via; 2]>, Fault> {
        let vias: SmallVec<[Via; 2]> = self.list(Name::Via, MAX_VIAS, Via::read)?;
        if vias.is_empty() { Err(Fault::Missing(Name::Via)) } else { Ok(vias) }
    }

    /// From (RFC 3261 20.20).
    pub fn from(&self) -> Result<NameAddr, Fault> {
        self.mandatory(Name::From).and_then(read(Name::From, NameAddr::read))
    }

    /// To (RFC 3261 20.39).
    pub fn to(&self) -> Result<NameAddr, Fault> {
        self.mandatory(Name::To).and_then(read(Name::To, NameAddr::read))
    }

    /// Call-ID (RFC 3261 20.8). Case-sensitive.
    pub fn call_id(&self) -> Result<&str, Fault> {
        let call_id = self.header(Name::CallId).next().ok_or(Fault::Missing(Name::CallId))?;
        if call_id.is_empty() || call_id.bytes().any(|byte| byte <= b' ') {
            return Err(Fault::header(Name::CallId)(SyntaxError::new("one word", call_id)));
        }
        Ok(call_id)
    }

    /// CSeq (RFC 3261 20.16): a number below 2^31 and a method.
    pub fn cseq(&self) -> Result<(u32, Method), Fault> {
        let text = self.header(Name::CSeq).next().ok_or(Fault::Missing(Name::CSeq))?;
        let fault = || Fault::header(Name::CSeq)(SyntaxError::new("a number below 2^31 and a method", text));
        let (number, method) = text.split_at(text.bytes().take_while(u8::is_ascii_digit).count());
        if !method.starts_with([' ', '\t']) {
            return Err(fault());
        }
        let number = grammar::number(number).filter(|number| *number < CSEQ_END).ok_or_else(fault)?;
        let method = Method::parse(grammar::trim(method)).map_err(Fault::header(Name::CSeq))?;
        Ok((number, method))
    }

    /// Contact (RFC 3261 20.10): `*`, or all addresses.
    pub fn contacts(&self) -> Result<Contacts, Fault> {
        if self.values(Name::Contact).any(|value| value == "*") {
            let is_alone = self.values(Name::Contact).count() == 1;
            let fault = || Fault::header(Name::Contact)(SyntaxError::new("* alone", "* and addresses"));
            return if is_alone { Ok(Contacts::All) } else { Err(fault()) };
        }
        self.list(Name::Contact, MAX_LIST_VALUES, NameAddr::read).map(Contacts::List)
    }

    /// Route (RFC 3261 20.34), first hop first.
    pub fn routes(&self) -> Result<SmallVec<[NameAddr; 2]>, Fault> {
        self.list(Name::Route, MAX_LIST_VALUES, NameAddr::read)
    }

    /// Record-Route (RFC 3261 20.30), topmost first.
    pub fn record_routes(&self) -> Result<SmallVec<[NameAddr; 2]>, Fault> {
        self.list(Name::RecordRoute, MAX_LIST_VALUES, NameAddr::read)
    }

    /// Path (RFC 3327), topmost first.
    pub fn path(&self) -> Result<SmallVec<[NameAddr; 2]>, Fault> {
        self.list(Name::Path, MAX_LIST_VALUES, NameAddr::read)
    }

    /// Max-Forwards (RFC 3261 20.22). A number above 255 counts as absent (RFC 4475 3.1.2.4).
    pub fn max_forwards(&self) -> Result<Option<u8>, Fault> {
        self.digits(Name::MaxForwards).map(|digits| digits.and_then(grammar::number))
    }

    /// Expires in seconds (RFC 3261 20.19); more than 32 bits count as the largest number.
    pub fn expires_s(&self) -> Result<Option<u32>, Fault> {
        self.seconds(Name::Expires)
    }

    /// Min-Expires in seconds (RFC 3261 20.23).
    pub fn min_expires_s(&self) -> Result<Option<u32>, Fault> {
        self.seconds(Name::MinExpires)
    }

    /// Content-Type (RFC 3261 20.15).
    pub fn content_type(&self) -> Result<Option<MediaType>, Fault> {
        self.optional(Name::ContentType, MediaType::read)
    }

    /// Accept (RFC 3261 20.1): none when absent, which means `application/sdp`; an
    /// empty list means that nothing is accepted.
    pub fn accept(&self) -> Result<Option<SmallVec<[MediaType; 2]>>, Fault> {
        if !self.has(Name::Accept) {
            return Ok(None);
        }
        let values = self.values(Name::Accept).filter(|value| !value.is_empty());
        collect(Name::Accept, MAX_LIST_VALUES, values, MediaType::read).map(Some)
    }

    /// The tokens of a header that lists tokens: Require, Proxy-Require, Supported,
    /// Unsupported, Allow, Allow-Events. Empty values are passed over.
    pub fn tokens(&self, name: Name) -> Result<SmallVec<[&str; 8]>, Fault> {
        let mut tokens = SmallVec::new();
        for token in self.header(name).flat_map(grammar::list).filter(|token| !token.is_empty()) {
            if !grammar::is_token(token) {
                return Err(Fault::header(name)(SyntaxError::new("tokens", token)));
            }
            if tokens.len() == MAX_LIST_VALUES {
                return Err(Fault::TooMuch { what: "values of a header", limit: MAX_LIST_VALUES });
            }
            tokens.push(token);
        }
        Ok(tokens)
    }

    /// Option tags the other side must know (RFC 3261 20.32).
    pub fn require(&self) -> Result<SmallVec<[&str; 8]>, Fault> {
        self.tokens(Name::Require)
    }

    /// Option tags the other side knows (RFC 3261 20.37).
    pub fn supported(&self) -> Result<SmallVec<[&str; 8]>, Fault> {
        self.tokens(Name::Supported)
    }

    /// True when `option_tag` stands in Supported or Require, in any case.
    #[must_use]
    pub fn supports(&self, option_tag: &str) -> bool {
        let mut tags = self.header(Name::Supported).chain(self.header(Name::Require)).flat_map(grammar::list);
        tags.any(|tag| tag.eq_ignore_ascii_case(option_tag))
    }

    /// Methods the other side knows (RFC 3261 20.5).
    pub fn allow(&self) -> Result<SmallVec<[&str; 8]>, Fault> {
        self.tokens(Name::Allow)
    }

    /// Refer-To (RFC 3515 2.1).
    pub fn refer_to(&self) -> Result<Option<NameAddr>, Fault> {
        self.optional(Name::ReferTo, NameAddr::read)
    }

    /// Referred-By (RFC 3892).
    pub fn referred_by(&self) -> Result<Option<NameAddr>, Fault> {
        self.optional(Name::ReferredBy, NameAddr::read)
    }

    /// Replaces (RFC 3891).
    pub fn replaces(&self) -> Result<Option<Replaces>, Fault> {
        self.optional(Name::Replaces, |text| Replaces::parse(&text))
    }

    /// Reason values (RFC 3326): one a protocol.
    pub fn reasons(&self) -> Result<SmallVec<[Reason; 2]>, Fault> {
        self.list(Name::Reason, MAX_LIST_VALUES, Reason::read)
    }

    /// Event (RFC 6665 8.2.1).
    pub fn event(&self) -> Result<Option<Event>, Fault> {
        self.optional(Name::Event, |text| Event::parse(&text))
    }

    /// Subscription-State (RFC 6665 8.2.3).
    pub fn subscription_state(&self) -> Result<Option<SubscriptionState>, Fault> {
        self.optional(Name::SubscriptionState, |text| SubscriptionState::parse(&text))
    }

    /// P-Asserted-Identity (RFC 3325 9.1): at most a sip and a tel address.
    pub fn p_asserted_identity(&self) -> Result<SmallVec<[NameAddr; 2]>, Fault> {
        self.list(Name::PAssertedIdentity, MAX_LIST_VALUES, NameAddr::read)
    }

    /// Retry-After (RFC 3261 20.33).
    pub fn retry_after(&self) -> Result<Option<RetryAfter>, Fault> {
        self.optional(Name::RetryAfter, |text| RetryAfter::parse(&text))
    }

    /// Session-Expires (RFC 4028).
    pub fn session_expires(&self) -> Result<Option<SessionExpires>, Fault> {
        self.optional(Name::SessionExpires, |text| SessionExpires::parse(&text))
    }

    /// RSeq (RFC 3262 7.1): which reliable provisional response this is.
    pub fn rseq(&self) -> Result<Option<u32>, Fault> {
        let read = |text: Text| grammar::number(&text).ok_or_else(|| SyntaxError::new("a number", &text));
        self.optional(Name::RSeq, read)
    }

    /// RAck (RFC 3262 7.2): which one a PRACK acknowledges.
    pub fn rack(&self) -> Result<Option<RAck>, Fault> {
        self.optional(Name::RAck, |text| RAck::parse(&text))
    }

    /// Min-SE (RFC 4028 5): the least session interval that its sender takes.
    pub fn min_se(&self) -> Result<Option<Duration>, Fault> {
        Ok(self.optional(Name::MinSe, |text| SessionExpires::parse(&text))?.map(|min| min.interval))
    }

    /// Every value of a header that may hold comma lists, over all its lines.
    fn values(&self, name: Name) -> impl Iterator<Item = Text> {
        self.texts(name).flat_map(|line| Values { line, rest: Some(0) })
    }

    fn list<T, const N: usize>(
        &self,
        name: Name,
        limit: usize,
        parse: impl Fn(Text) -> Result<T, SyntaxError>,
    ) -> Result<SmallVec<[T; N]>, Fault>
    where
        [T; N]: smallvec::Array<Item = T>,
    {
        collect(name, limit, self.values(name), parse)
    }

    fn optional<T>(&self, name: Name, parse: impl Fn(Text) -> Result<T, SyntaxError>) -> Result<Option<T>, Fault> {
        self.texts(name).next().map(|text| parse(text).map_err(Fault::header(name))).transpose()
    }

    fn mandatory(&self, name: Name) -> Result<Text, Fault> {
        self.texts(name).next().ok_or(Fault::Missing(name))
    }

    fn digits(&self, name: Name) -> Result<Option<&str>, Fault> {
        match self.header(name).next() {
            Some(text) if !grammar::is_digits(text) => Err(Fault::header(name)(SyntaxError::new("a number", text))),
            digits => Ok(digits),
        }
    }

    fn seconds(&self, name: Name) -> Result<Option<u32>, Fault> {
        self.digits(name).map(|digits| digits.map(|digits| grammar::number(digits).unwrap_or(u32::MAX)))
    }
}

/// The values of one line between its commas.
struct Values {
    line: Text,
    rest: Option<usize>,
}

impl Iterator for Values {
    type Item = Text;

    fn next(&mut self) -> Option<Text> {
        let line = self.line.as_str();
        let rest = line.get(self.rest?..)?;
        let (value, after) = match grammar::find_outside(rest, b',') {
            Some(comma) => (&rest[..comma], self.rest.map(|at| at + comma + 1)),
            None => (rest, None),
        };
        let span = Span::of(line, grammar::trim(value));
        self.rest = after;
        Some(self.line.part(span))
    }
}

fn read<T>(name: Name, parse: impl Fn(Text) -> Result<T, SyntaxError>) -> impl Fn(Text) -> Result<T, Fault> {
    move |text| parse(text).map_err(Fault::header(name))
}

fn collect<T, const N: usize>(
    name: Name,
    limit: usize,
    values: impl Iterator<Item = Text>,
    parse: impl Fn(Text) -> Result<T, SyntaxError>,
) -> Result<SmallVec<[T; N]>, Fault>
where
    [T; N]: smallvec::Array<Item = T>,
{
    let mut list = SmallVec::new();
    for value in values {
        if list.len() == limit {
            return Err(Fault::TooMuch { what: "values of a header", limit });
        }
        list.push(parse(value).map_err(Fault::header(name))?);
    }
    Ok(list)
}

/// RFC 3261 8.1.1.5.
const CSEQ_END: u32 = 1 << 31;

#[cfg(test)]
mod tests;
