//! What makes two messages belong to the same transaction (RFC 3261 17.2.3, 8.2.2.2).

use crate::{Message, Method, Name, Text};

/// The transaction that a request belongs to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ServerKey {
    /// By the branch (RFC 3261 17.2.3). The method of an ACK is that of its INVITE.
    Branch {
        /// Branch of the topmost Via.
        branch: Text,
        /// Its sent-by, in lower case.
        sent_by: Text,
        /// The method.
        method: Method,
    },
    /// For a branch without the magic cookie, or with nothing after it: by what RFC 2543 offers. The To tag is
    /// left out: the ACK carries the one of our response.
    Legacy {
        /// Request-URI as it stands.
        uri: Text,
        /// From tag, if any.
        from_tag: Option<Text>,
        /// Call-ID.
        call_id: Text,
        /// Number of CSeq.
        cseq: u32,
        /// The whole topmost Via.
        via: Text,
        /// The method.
        method: Method,
    },
}

impl ServerKey {
    /// The key of a request that passed `Message::validate_request`; none when a part is missing.
    #[must_use]
    pub fn of(request: &Message) -> Option<Self> {
        match request.method()? {
            Method::Ack => Self::with_method(request, Method::Invite),
            method => Self::with_method(request, method.clone()),
        }
    }

    /// The key of the INVITE that a CANCEL is for (RFC 3261 9.2).
    #[must_use]
    pub fn of_cancelled(cancel: &Message) -> Option<Self> {
        Self::with_method(cancel, Method::Invite)
    }

    fn with_method(request: &Message, method: Method) -> Option<Self> {
        let via = request.top_via().ok()?;
        if via.has_rfc3261_branch() {
            let branch = via.branch()?.into();
            return Some(Self::Branch { branch, sent_by: via.sent_by_text().to_ascii_lowercase().into(), method });
        }
        Some(Self::Legacy {
            uri: request.request_uri_text().into(),
            from_tag: request.from().ok()?.tag().map(Text::from),
            call_id: request.call_id().ok()?.into(),
            cseq: request.cseq().ok()?.0,
            via: via.as_str().into(),
            method,
        })
    }
}

/// What a request that reaches us twice, over two paths, has in common (RFC 3261 8.2.2.2).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct MergeKey {
    /// As it stands: no proxy changes it, so requests that differ in it are not the same one.
    to: Text,
    from_tag: Text,
    call_id: Text,
    cseq: u32,
    method: Method,
}

impl MergeKey {
    /// The key of a request outside any dialog; none for one with a To tag, or without a From tag.
    #[must_use]
    pub fn of(request: &Message) -> Option<Self> {
        if request.to().ok()?.tag().is_some() {
            return None;
        }
        let (cseq, method) = request.cseq().ok()?;
        let to = request.header(Name::To).next()?.into();
        let from_tag = request.from().ok()?.tag()?.into();
        Some(Self { to, from_tag, call_id: request.call_id().ok()?.into(), cseq, method })
    }
}
