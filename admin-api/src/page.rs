//! Lists: `{"data": [...], "next_cursor": ...}`, with cursors that inserts do not shift.

use axum::http::header::LINK;
use axum::http::{HeaderValue, Uri};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use utoipa::{IntoParams, ToSchema};

use crate::problem::{Code, Problem};
use crate::query::Limit;

/// One page of a list.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Page<T> {
    /// The items.
    pub(crate) data: Vec<T>,
    /// Where the next page begins; null at the end.
    pub(crate) next_cursor: Option<Cursor>,
}

/// Where the next page begins, on its way to the header `Link`.
#[derive(Clone, Debug)]
struct Next(String);

/// An opaque place in a list: the key of the item after which the next page begins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(value_type = String)]
pub(crate) struct Cursor(String);

/// Parameters of a list without filters.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct PageQuery {
    /// Items of a page.
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200, default = 25)]
    pub(crate) limit: Limit,
    /// `next_cursor` of the page before.
    #[param(value_type = Option<String>)]
    pub(crate) cursor: Option<Cursor>,
}

impl Cursor {
    /// The place after the item with this key, in the list of this name and order.
    pub(crate) fn after(list: &str, key: &str) -> Self {
        let text = format!("{}{key}", seal(list, key));
        Self(text.bytes().map(|byte| format!("{byte:02x}")).collect())
    }

    /// The key, if the cursor is one of this list.
    ///
    /// # Errors
    /// 400 `invalid_parameter` for what is no cursor, 404 `cursor_not_found` for one of another list.
    pub(crate) fn key(&self, list: &str) -> Result<String, Problem> {
        let bytes = unhex(&self.0).ok_or_else(malformed)?;
        let text = String::from_utf8(bytes).map_err(|_| foreign())?;
        let (mark, key) = text.split_at_checked(SEAL_DIGITS).ok_or_else(foreign)?;
        if mark == seal(list, key) { Ok(key.to_owned()) } else { Err(foreign()) }
    }

    /// The key, read as what it was written from.
    ///
    /// # Errors
    /// As [`Self::key`].
    pub(crate) fn parse<K: std::str::FromStr>(&self, list: &str) -> Result<K, Problem> {
        self.key(list)?.parse().map_err(|_| foreign())
    }
}

impl<T> Page<T> {
    /// One page of items that lie in memory, in the order of `key`.
    ///
    /// # Errors
    /// 400 or 404 for a cursor that is not of this list.
    pub(crate) fn cut(
        list: &str,
        mut items: Vec<T>,
        key: impl Fn(&T) -> String,
        cursor: Option<&Cursor>,
        limit: usize,
    ) -> Result<Self, Problem> {
        items.sort_by_cached_key(&key);
        if let Some(cursor) = cursor {
            let after = cursor.key(list)?;
            items.retain(|item| key(item) > after);
        }
        let more = items.len() > limit;
        items.truncate(limit);
        let next_cursor = items.last().filter(|_| more).map(|last| Cursor::after(list, &key(last)));
        Ok(Self { data: items, next_cursor })
    }
}

impl<T: Serialize> IntoResponse for Page<T> {
    fn into_response(self) -> Response {
        let next = self.next_cursor.as_ref().map(|Cursor(text)| Extension(Next(text.clone())));
        (next, Json(self)).into_response()
    }
}

/// Adds `Link: <...>; rel="next"` (RFC 8288) to a page that has one after it: the same query behind its cursor.
pub(crate) fn link_next(response: &mut Response, uri: &Uri) {
    let Some(Next(cursor)) = response.extensions_mut().remove() else { return };
    let others = uri.query().unwrap_or_default().split('&').filter(|pair| !pair.is_empty());
    let others = others.filter(|pair| !pair.starts_with("cursor="));
    let query: Vec<_> = others.map(str::to_owned).chain([format!("cursor={cursor}")]).collect();
    let link = format!("<{}?{}>; rel=\"next\"", uri.path(), query.join("&"));
    response.headers_mut().extend(HeaderValue::from_str(&link).ok().map(|link| (LINK, link)));
}

fn malformed() -> Problem {
    Problem::bad_parameter("cursor", "expected a next_cursor of this list")
}

/// The refusal of a cursor that leads nowhere: of another list or order, or of what is not kept any more.
pub(crate) fn foreign() -> Problem {
    let expected = "expected a next_cursor of this list in the same order";
    Problem::new(Code::CursorNotFound, "The cursor leads nowhere in this list.").at("?cursor", "unknown", expected)
}

/// Detects a cursor that was cut, made up or taken from another list. It hides nothing.
fn seal(list: &str, key: &str) -> String {
    let digest = Sha256::new().chain_update(list).chain_update([0]).chain_update(key).finalize();
    digest.iter().take(SEAL_DIGITS / 2).map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let plain = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    let fits = (SEAL_DIGITS..=MAX_CURSOR).contains(&text.len()) && text.len().is_multiple_of(2);
    if !fits || !text.bytes().all(plain) {
        return None;
    }
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(text.get(at..at + 2)?, 16).ok()).collect()
}

/// Hexadecimal digits of the seal.
const SEAL_DIGITS: usize = 8;
/// Longest cursor accepted; ours are shorter.
const MAX_CURSOR: usize = 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_do_not_shift_when_items_come_and_go() {
        let names = |items: &[&str]| items.iter().map(ToString::to_string).collect::<Vec<_>>();
        let cut = |items: &[&str], cursor: Option<&Cursor>| {
            Page::cut("names", names(items), Clone::clone, cursor, 2).unwrap()
        };
        let first = cut(&["d", "a", "b", "c"], None);
        assert_eq!(first.data, ["a", "b"]);
        let second = cut(&["d", "aa", "a", "c"], first.next_cursor.as_ref());
        assert_eq!((second.data, second.next_cursor), (names(&["c", "d"]), None));
    }

    #[test]
    fn a_foreign_cursor_is_refused() {
        let cursor = Cursor::after("calls", "1");
        assert_eq!(cursor.key("calls").unwrap(), "1");
        assert_eq!(cursor.key("agents").unwrap_err().code(), Code::CursorNotFound);
        for text in ["ffffffff", &format!("{}ff", cursor.0)] {
            assert_eq!(Cursor(text.into()).key("calls").unwrap_err().code(), Code::CursorNotFound, "{text}");
        }
        for text in ["", "0", "zz", "é", "ffff", "FFFFFFFF", "fffffffff", &"f".repeat(MAX_CURSOR + 2)] {
            assert_eq!(Cursor(text.into()).key("calls").unwrap_err().code(), Code::InvalidParameter, "{text}");
        }
    }
}
