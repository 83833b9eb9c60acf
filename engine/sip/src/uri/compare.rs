//! When two URIs are the same (RFC 3261 19.1.4, RFC 3966 4).

use super::{Scheme, Uri, escape};

impl Uri {
    /// True when both URIs mean the same by RFC 3261 19.1.4 (sip, sips) or RFC 3966
    /// 4 (tel); any other scheme compares as text.
    #[must_use]
    pub fn is_equivalent(&self, other: &Self) -> bool {
        if self.parts.scheme != other.parts.scheme {
            return false;
        }
        match self.parts.scheme {
            Scheme::Sip | Scheme::Sips => self.is_same_sip(other),
            Scheme::Tel => self.is_same_tel(other),
            Scheme::Other => {
                let opaque = |uri: &Self| uri.text.as_str()[uri.scheme_text().len()..].to_owned();
                self.scheme_text().eq_ignore_ascii_case(other.scheme_text()) && opaque(self) == opaque(other)
            }
        }
    }

    fn is_same_sip(&self, other: &Self) -> bool {
        let same_text = |one: Option<&str>, other: Option<&str>| match (one, other) {
            (Some(one), Some(other)) => escape::normalize(one) == escape::normalize(other),
            (None, None) => true,
            _ => false,
        };
        let same_host = match (self.host_port(), other.host_port()) {
            (Some(one), Some(other)) => one.host.is_same(&other.host) && one.port == other.port,
            _ => false,
        };
        same_host
            && same_text(self.user_text(), other.user_text())
            && same_text(self.password_text(), other.password_text())
            && self.params_agree_with(other)
            && other.params_agree_with(self)
            && self.sorted_headers() == other.sorted_headers()
    }

    /// What stands in both must match; of what stands here only, some never match
    /// their absence. Transport is one of them by the RFC's examples.
    fn params_agree_with(&self, other: &Self) -> bool {
        self.params().all(|(name, value)| {
            let name = escape::undo(name);
            match other.params().find(|(theirs, _)| escape::undo(theirs).eq_ignore_ascii_case(&name)) {
                Some((_, theirs)) => {
                    let normal = |value: Option<&str>| value.map(|text| escape::normalize(text).to_ascii_lowercase());
                    normal(value) == normal(theirs)
                }
                None => !NEVER_DEFAULT.iter().any(|strict| strict.eq_ignore_ascii_case(&name)),
            }
        })
    }

    fn sorted_headers(&self) -> Vec<(String, String)> {
        let normal =
            |(name, value): (&str, &str)| (escape::normalize(name).to_ascii_lowercase(), escape::normalize(value));
        let mut headers: Vec<_> = self.headers().map(normal).collect();
        headers.sort_unstable();
        headers
    }

    fn is_same_tel(&self, other: &Self) -> bool {
        let digits = |uri: &Self| -> String {
            let number = uri.user_text().unwrap_or_default();
            number.chars().filter(|c| !matches!(c, '-' | '.' | '(' | ')')).map(|c| c.to_ascii_lowercase()).collect()
        };
        let params = |uri: &Self| {
            let normal = |(name, value): (&str, Option<&str>)| {
                let value = value.map(|value| escape::normalize(value).to_ascii_lowercase());
                (name.to_ascii_lowercase(), value)
            };
            let mut params: Vec<_> = uri.params().map(normal).collect();
            params.sort_unstable();
            params
        };
        digits(self) == digits(other) && params(self) == params(other)
    }
}

const NEVER_DEFAULT: [&str; 5] = ["transport", "user", "ttl", "method", "maddr"];
