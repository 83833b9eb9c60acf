//! Names of header fields.

use core::fmt;

macro_rules! names {
    ($($variant:ident $text:literal $compact:literal),+ $(,)?) => {
        /// A header field that this stack knows by name. Names have no case, and
        /// some a compact form (RFC 3261 7.3.1 and 7.3.3).
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum Name {
            $(#[doc = concat!("`", $text, "`")] $variant,)+
        }

        /// Every known name, shortest first.
        const TABLE: &[(Name, &str, u8)] = &[$((Name::$variant, $text, $compact)),+];
    };
}

// Shortest first (a test says so): the search looks at names of one length only.
names! {
    To "To" b't',
    Via "Via" b'v',
    CSeq "CSeq" b'\0',
    Date "Date" b'\0',
    From "From" b'f',
    Path "Path" b'\0',
    RAck "RAck" b'\0',
    RSeq "RSeq" b'\0',
    Allow "Allow" b'\0',
    Event "Event" b'o',
    Route "Route" b'\0',
    Accept "Accept" b'\0',
    MinSe "Min-SE" b'\0',
    Reason "Reason" b'\0',
    Server "Server" b'\0',
    CallId "Call-ID" b'i',
    Contact "Contact" b'm',
    Expires "Expires" b'\0',
    Privacy "Privacy" b'\0',
    Require "Require" b'\0',
    Subject "Subject" b's',
    Warning "Warning" b'\0',
    Identity "Identity" b'y',
    Priority "Priority" b'\0',
    ReferTo "Refer-To" b'r',
    Replaces "Replaces" b'\0',
    ReplyTo "Reply-To" b'\0',
    CallInfo "Call-Info" b'\0',
    Diversion "Diversion" b'\0',
    ReferSub "Refer-Sub" b'\0',
    Supported "Supported" b'k',
    Timestamp "Timestamp" b'\0',
    AlertInfo "Alert-Info" b'\0',
    ErrorInfo "Error-Info" b'\0',
    UserAgent "User-Agent" b'\0',
    InReplyTo "In-Reply-To" b'\0',
    MinExpires "Min-Expires" b'\0',
    ReferredBy "Referred-By" b'b',
    RetryAfter "Retry-After" b'\0',
    Unsupported "Unsupported" b'\0',
    AllowEvents "Allow-Events" b'u',
    ContentType "Content-Type" b'c',
    HistoryInfo "History-Info" b'\0',
    MaxForwards "Max-Forwards" b'\0',
    Organization "Organization" b'\0',
    RecordRoute "Record-Route" b'\0',
    Authorization "Authorization" b'\0',
    ProxyRequire "Proxy-Require" b'\0',
    ServiceRoute "Service-Route" b'\0',
    ContentLength "Content-Length" b'l',
    AcceptEncoding "Accept-Encoding" b'\0',
    AcceptLanguage "Accept-Language" b'\0',
    SessionExpires "Session-Expires" b'x',
    ContentEncoding "Content-Encoding" b'e',
    WwwAuthenticate "WWW-Authenticate" b'\0',
    ProxyAuthenticate "Proxy-Authenticate" b'\0',
    SubscriptionState "Subscription-State" b'\0',
    AuthenticationInfo "Authentication-Info" b'\0',
    ContentDisposition "Content-Disposition" b'\0',
    PAssertedIdentity "P-Asserted-Identity" b'\0',
    ProxyAuthorization "Proxy-Authorization" b'\0',
    PPreferredIdentity "P-Preferred-Identity" b'\0',
}

impl Name {
    /// The name in its long form, spelled as its RFC does.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        TABLE[self as usize].1
    }

    /// The known header of this name: long or compact, in any case.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        if let [letter] = bytes {
            let letter = letter.to_ascii_lowercase();
            return TABLE.iter().find(|(_, _, compact)| *compact == letter && letter != 0).map(|(name, _, _)| *name);
        }
        let first = usize::from(*FIRST_OF_LENGTH.get(bytes.len())?);
        let end = usize::from(*FIRST_OF_LENGTH.get(bytes.len() + 1)?);
        let same_length = TABLE.get(first..end)?;
        let found = same_length.iter().find(|(_, long, _)| {
            let long = long.as_bytes();
            (long[0] ^ bytes[0]) & 0xdf == 0 && (long == bytes || long.eq_ignore_ascii_case(bytes))
        });
        found.map(|(name, _, _)| *name)
    }

    /// A bit of its own, for sets of names.
    pub(crate) fn bit(self) -> u64 {
        1 << (self as u8)
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A header to look for or to write: a known one, or any other by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeaderKey<'a> {
    /// A known header.
    Known(Name),
    /// Any other; compared without case.
    Other(&'a str),
}

impl From<Name> for HeaderKey<'_> {
    fn from(name: Name) -> Self {
        Self::Known(name)
    }
}

impl<'a> From<&'a str> for HeaderKey<'a> {
    fn from(name: &'a str) -> Self {
        Name::parse(name).map_or(Self::Other(name), Self::Known)
    }
}

/// `TABLE` index of the first name with at least so many bytes.
const FIRST_OF_LENGTH: [u8; LONGEST + 2] = {
    let mut first = [TABLE.len() as u8; LONGEST + 2];
    let mut index = TABLE.len();
    while index > 0 {
        index -= 1;
        let mut length = 0;
        while length <= TABLE[index].1.len() {
            first[length] = index as u8;
            length += 1;
        }
    }
    first
};
const LONGEST: usize = 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_found_in_any_case_and_in_its_compact_form() {
        for (index, (name, text, compact)) in TABLE.iter().enumerate() {
            assert_eq!(*name as usize, index);
            assert_eq!(Name::parse(text), Some(*name));
            assert_eq!(Name::parse(&text.to_uppercase()), Some(*name));
            assert_eq!(Name::parse(&text.to_lowercase()), Some(*name));
            if *compact != 0 {
                assert_eq!(Name::parse(core::str::from_utf8(&[*compact]).unwrap()), Some(*name));
            }
        }
        assert!(TABLE.is_sorted_by_key(|(_, text, _)| text.len()));
        assert!(TABLE.iter().all(|(_, text, _)| text.len() <= LONGEST));
        assert!(TABLE.len() <= 64, "a set of names is a u64");
    }

    #[test]
    fn other_names_are_not_known() {
        for name in ["", "\0", "z", "C%6Fntact", "Contact ", "X-Foo", "Proxy-Authorization-Or-So"] {
            assert_eq!(Name::parse(name), None, "{name}");
        }
    }
}
