//! Request methods.

use core::fmt;

use crate::{SyntaxError, Text, grammar};

macro_rules! methods {
    ($($variant:ident $text:literal $rfc:literal),+ $(,)?) => {
        /// A request method. Methods are case-sensitive (RFC 3261 7.1).
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Method {
            $(#[doc = concat!("`", $text, "` (", $rfc, ").")] $variant,)+
            /// Any other token.
            Extension(Token),
        }

        impl Method {
            /// The method as it stands in a message.
            #[must_use]
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $text,)+
                    Self::Extension(token) => token.as_str(),
                }
            }

            fn known(text: &str) -> Option<Self> {
                match text {
                    $($text => Some(Self::$variant),)+
                    _ => None,
                }
            }
        }
    };
}

methods! {
    Invite "INVITE" "RFC 3261 13",
    Ack "ACK" "RFC 3261 13",
    Bye "BYE" "RFC 3261 15",
    Cancel "CANCEL" "RFC 3261 9",
    Register "REGISTER" "RFC 3261 10",
    Options "OPTIONS" "RFC 3261 11",
    Refer "REFER" "RFC 3515",
    Notify "NOTIFY" "RFC 6665",
    Subscribe "SUBSCRIBE" "RFC 6665",
    Info "INFO" "RFC 6086",
    Update "UPDATE" "RFC 3311",
    Prack "PRACK" "RFC 3262",
    Message "MESSAGE" "RFC 3428",
    Publish "PUBLISH" "RFC 3903",
}

impl Method {
    /// The method of this name. Fails when it is no token.
    pub fn parse(text: &str) -> Result<Self, SyntaxError> {
        match Self::known(text) {
            Some(method) => Ok(method),
            None => Token::parse(text).map(Self::Extension),
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A token (RFC 3261 25.1): letters, digits and ``-.!%*_+`'~``, at least one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Token(Text);

impl Token {
    /// `text` as a token.
    pub fn parse(text: &str) -> Result<Self, SyntaxError> {
        if grammar::is_token(text) { Ok(Self(text.into())) } else { Err(SyntaxError::new("a token", text)) }
    }

    /// The token's text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods_are_case_sensitive_tokens() {
        assert_eq!(Method::parse("INVITE"), Ok(Method::Invite));
        assert!(matches!(Method::parse("invite"), Ok(Method::Extension(token)) if token.as_str() == "invite"));
        assert!(Method::parse("IN VITE").is_err());
        assert!(Method::parse("").is_err());
    }
}
