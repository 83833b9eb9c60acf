//! Addresses with a display name: From, To, Contact, Route and their like.

use core::fmt;
use std::borrow::Cow;

use smallvec::SmallVec;

use super::params::{self, Params};
use crate::{
    SyntaxError, Text, grammar,
    text::Span,
    uri::{Uri, UriText},
};

/// `"Name" <uri>;params`, or `uri;params` (RFC 3261 20.10 and 25.1).
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct NameAddr {
    text: Text,
    display: Span,
    /// The URI between the brackets, or alone.
    pub uri: Uri,
    params: Params,
}

impl NameAddr {
    /// Reads one address.
    pub fn parse(text: &str) -> Result<Self, SyntaxError> {
        Self::read(text.into())
    }

    /// An address of its parts.
    pub fn new(display_name: Option<&str>, uri: &Uri) -> Result<Self, SyntaxError> {
        let quoted = display_name.map(grammar::quote).unwrap_or_default();
        let space = if quoted.is_empty() { "" } else { " " };
        Self::read(format!("{quoted}{space}<{uri}>").into())
    }

    /// The same address with one more parameter. Fails when name or value cannot
    /// stand unquoted in a parameter.
    pub fn with_param(&self, name: &str, value: Option<&str>) -> Result<Self, SyntaxError> {
        let param = match value {
            Some(value) => format!(";{name}={value}"),
            None => format!(";{name}"),
        };
        if !grammar::is_token(name) || value.is_some_and(|value| !grammar::is_plain_value(value)) {
            return Err(SyntaxError::new("a parameter", &param));
        }
        Self::read(format!("{}{}{param}", self.without_params(), self.params.as_str()).into())
    }

    /// The same address with this tag, in place of any other.
    pub fn with_tag(&self, tag: &str) -> Result<Self, SyntaxError> {
        let mut bare = self.without_params();
        for (name, value) in self.params.iter().filter(|(name, _)| !name.eq_ignore_ascii_case("tag")) {
            bare.push(';');
            bare.push_str(name);
            if let Some(value) = value {
                bare.push('=');
                bare.push_str(value);
            }
        }
        Self::read(bare.into())?.with_param("tag", Some(tag))
    }

    /// Display name and URI, in brackets whatever they were.
    fn without_params(&self) -> String {
        let display = self.text.at(self.display);
        format!("{display}{}<{}>", if display.is_empty() { "" } else { " " }, self.uri)
    }

    pub(crate) fn read(text: Text) -> Result<Self, SyntaxError> {
        let layout = Layout::of(&text)?;
        let (display, addr, params) = (layout.display, layout.addr, layout.params);
        let uri = Uri::read(UriText::Shared(text.part(addr)))?;
        let is_bare_with_query = !layout.bracketed && uri.headers_text().is_some();
        if is_bare_with_query {
            // RFC 3261 20.10: a URI with a question mark must stand in brackets.
            return Err(SyntaxError::new("a URI with headers in brackets", &text));
        }
        Ok(Self { uri, params: Params::checked(text.part(params)), display, text })
    }

    /// The display name without its quotes; none when there is none.
    #[must_use]
    pub fn display_name(&self) -> Option<Cow<'_, str>> {
        let display = self.text.at(self.display);
        if display.is_empty() { None } else { Some(grammar::unquote(display)) }
    }

    /// The tag (RFC 3261 19.3).
    #[must_use]
    pub fn tag(&self) -> Option<&str> {
        self.params.value("tag")
    }

    /// The parameters of the header, not those of the URI.
    #[must_use]
    pub fn params(&self) -> &Params {
        &self.params
    }

    /// The `q` of a contact in thousandths, 0 to 1000; 1000 when absent (RFC 3261
    /// 20.10), 0 when it is no number.
    #[must_use]
    pub fn q_thousandths(&self) -> u16 {
        self.params.value("q").map_or(1000, read_q)
    }

    /// The `expires` of a contact in seconds: none when absent, 3600 when malformed,
    /// the largest number when too large (RFC 3261 20.10).
    #[must_use]
    pub fn expires_s(&self) -> Option<u32> {
        let value = self.params.value("expires")?;
        Some(if grammar::is_digits(value) { grammar::number(value).unwrap_or(u32::MAX) } else { 3_600 })
    }

    /// The whole value as it stands.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.text.as_str()
    }

    /// A copy that keeps no message buffer alive.
    #[must_use]
    pub fn detach(&self) -> Self {
        Self::read(self.text.detach()).unwrap_or_else(|_| self.clone())
    }
}

impl fmt::Display for NameAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for NameAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The Contact values of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Contacts {
    /// `*`: all bindings (RFC 3261 10.2.2).
    All,
    /// Addresses; empty when there is no Contact.
    List(SmallVec<[NameAddr; 1]>),
}

impl Contacts {
    /// The first address, if there is one.
    #[must_use]
    pub fn first(&self) -> Option<&NameAddr> {
        match self {
            Self::All => None,
            Self::List(list) => list.first(),
        }
    }
}

/// Where the parts of an address stand.
struct Layout {
    display: Span,
    addr: Span,
    params: Span,
    bracketed: bool,
}

impl Layout {
    fn of(text: &str) -> Result<Self, SyntaxError> {
        let after_quotes = match text.starts_with('"') {
            true => grammar::quoted_len(text).ok_or_else(|| SyntaxError::new("a closing quote", text))?,
            false => 0,
        };
        // A bracket after a semicolon belongs to a parameter, as in +sip.instance="<urn:...>".
        let (before_params, _) = grammar::split_before(&text[after_quotes..], b';');
        let Some(open) = grammar::find(before_params, b'<').map(|index| index + after_quotes) else {
            return Self::of_bare(text);
        };
        let display = grammar::trim(&text[..open]);
        let between = grammar::trim(&text[after_quotes..open]);
        let is_display = match after_quotes {
            // Tokens by the grammar; in the field also other letters, unquoted.
            0 => !display.bytes().any(|byte| matches!(byte, b',' | b'"' | b'>')),
            _ => between.is_empty(),
        };
        if !is_display {
            return Err(SyntaxError::new("a display name in quotes", text));
        }
        let Some(close) = grammar::find(&text[open..], b'>').map(|index| index + open) else {
            return Err(SyntaxError::new("a closing bracket", text));
        };
        let params = grammar::trim(&text[close + 1..]);
        params::check(params)?;
        Ok(Self {
            display: Span::of(text, display),
            // RFC 4475 3.1.2.14: spaces inside the brackets mean nothing.
            addr: Span::of(text, grammar::trim(&text[open + 1..close])),
            params: Span::of(text, params),
            bracketed: true,
        })
    }

    /// Without brackets all parameters are the header's (RFC 3261 20).
    fn of_bare(text: &str) -> Result<Self, SyntaxError> {
        let (addr, params) = grammar::split_before(text, b';');
        params::check(params)?;
        if grammar::find(addr, b',').is_some() {
            return Err(SyntaxError::new("a URI with a comma in brackets", text));
        }
        let addr = Span::of(text, grammar::trim(addr));
        Ok(Self { display: Span::default(), addr, params: Span::of(text, params), bracketed: false })
    }
}

fn read_q(text: &str) -> u16 {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = fraction.len().min(3);
    let thousandths: Option<u16> = fraction.get(..digits).and_then(grammar::number);
    let scale = [1, 100, 10, 1][digits];
    match (whole, thousandths) {
        ("1", _) => 1000,
        ("0" | "", Some(value)) => value * scale,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addr(text: &str) -> NameAddr {
        NameAddr::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn the_forms_of_the_rfc() {
        let quoted = addr(r#""J Rosenberg \\\""       <sip:jdrosen@example.com> ; tag = 98asjd8"#);
        assert_eq!(quoted.display_name().as_deref(), Some(r#"J Rosenberg \""#));
        assert_eq!(quoted.tag(), Some("98asjd8"));
        let tokens = addr(
            "token1~` token2'+_ token3*%!.- <sip:mundane@example.com>;fromParam''~+*_!.-%=\"\u{440}\";tag=_token~1'+`*%!-.",
        );
        assert_eq!(tokens.tag(), Some("_token~1'+`*%!-."));
        assert_eq!(tokens.display_name().as_deref(), Some("token1~` token2'+_ token3*%!.-"));
        let bare = addr("sip:+19725552222@gw1.example.net;unknownparam");
        assert!(bare.params().has("unknownparam") && !bare.uri.has_param("unknownparam"));
        assert!(addr("<sip:+1@gw;unknownparam>").uri.has_param("unknownparam"));
        assert_eq!(addr("\"caller\"<sip:caller@example.com>").display_name().as_deref(), Some("caller"));
        assert_eq!(addr("\"Watson\" < sip:t.watson@example.org >").uri.as_str(), "sip:t.watson@example.org");
        assert_eq!(addr("<http://www.example.com>;tag=3").uri.scheme_text(), "http");
        let instance = "+sip.instance=\"<urn:uuid:0>\"";
        assert_eq!(
            addr(&format!("sip:a@b;{instance};q=1")).params().plain("+sip.instance").as_deref(),
            Some("<urn:uuid:0>")
        );
        assert_eq!(addr(&format!("\"A; <B>\" <sip:a@b;x=1>;{instance}")).uri.as_str(), "sip:a@b;x=1");
        assert_eq!(addr("a@b.org <sip:a@b.org>").display_name().as_deref(), Some("a@b.org"));
        assert_eq!(addr("José <sip:j@h>").display_name().as_deref(), Some("José"));
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for bad in [
            "",
            "\"Mr. J. User <sip:j.user@example.com>",
            "Bell, Alexander <sip:a@b>;tag=43",
            "sip:user@example.com?Route=%3Csip:s%3E",
            "<sip:a@b",
            "sip:a@b>",
            "\"a\" b <sip:a@b>",
            "<sip:a@b>;;",
            "<sip:a@b> x",
            "<sip:a@b><sip:c@d>",
            "sip:a,b@c",
            "<>",
        ] {
            assert!(NameAddr::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn made_addresses_read_back() {
        let uri = Uri::parse("sip:+442071830000@h;x=1").unwrap();
        let made = NameAddr::new(Some("support · \"x\"\r\nEvil: 1"), &uri).unwrap();
        assert_eq!(made.display_name().as_deref(), Some("support · \"x\"  Evil: 1"));
        assert_eq!(made.uri, uri);
        assert_eq!(made.with_tag("a").unwrap().with_tag("b").unwrap().tag(), Some("b"));
        assert!(made.with_tag("a;b").is_err());
        let bare = addr("sip:a@b;tag=1");
        assert_eq!(bare.with_param("x", None).unwrap().as_str(), "<sip:a@b>;tag=1;x");
    }

    #[test]
    fn q_and_expires() {
        for (q, thousandths) in
            [("1", 1000), ("1.000", 1000), ("0.33", 330), ("0.5", 500), ("0", 0), ("0.", 0), ("x", 0), ("0.0015", 1)]
        {
            assert_eq!(addr(&format!("<sip:a@b>;q={q}")).q_thousandths(), thousandths, "{q}");
        }
        assert_eq!(addr("<sip:a@b>").q_thousandths(), 1000);
        for (text, seconds) in [("60", 60), ("280297596632815", u32::MAX), ("soon", 3600)] {
            assert_eq!(addr(&format!("<sip:a@b>;expires={text}")).expires_s(), Some(seconds));
        }
    }
}
