//! Event and Subscription-State (RFC 6665 8.2).

use super::params::{self, Params};
use crate::{SyntaxError, Text, grammar, text::Span};

/// `refer;id=93809824`: an event package with its parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// The package's name, which is case-sensitive.
    pub package: Text,
    /// Parameters.
    pub params: Params,
}

impl Event {
    /// Reads the value of an Event header.
    pub fn parse(text: &str) -> Result<Self, SyntaxError> {
        word_and_params(&text.into(), "an event package").map(|(package, params)| Self { package, params })
    }

    /// The `id` that tells apart subscriptions of one dialog.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        self.params.value("id")
    }
}

/// `active;expires=60`: how a subscription stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubscriptionState {
    /// `active`, `pending`, `terminated` or another token.
    pub state: Text,
    /// Parameters, as `expires` and `reason`.
    pub params: Params,
}

impl SubscriptionState {
    /// Reads the value of a Subscription-State header.
    pub fn parse(text: &str) -> Result<Self, SyntaxError> {
        word_and_params(&text.into(), "a subscription state").map(|(state, params)| Self { state, params })
    }

    /// True when no further NOTIFY follows.
    #[must_use]
    pub fn is_terminated(&self) -> bool {
        self.state.eq_ignore_ascii_case("terminated")
    }
}

/// A token and parameters.
pub(super) fn word_and_params(text: &Text, expected: &'static str) -> Result<(Text, Params), SyntaxError> {
    let (word, rest) = grammar::split_before(text, b';');
    let word = grammar::trim(word);
    if !grammar::is_token(word) {
        return Err(SyntaxError::new(expected, text));
    }
    params::check(rest)?;
    Ok((text.part(Span::of(text, word)), Params::checked(text.part(Span::of(text, rest)))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_and_states() {
        let event = Event::parse("refer ; id=93809824").unwrap();
        assert_eq!((event.package.as_str(), event.id()), ("refer", Some("93809824")));
        assert!(SubscriptionState::parse("Terminated;reason=noresource").unwrap().is_terminated());
        assert!(!SubscriptionState::parse("active;expires=60").unwrap().is_terminated());
        assert!(Event::parse("").is_err() && Event::parse("a b").is_err() && Event::parse("a;;").is_err());
    }
}
