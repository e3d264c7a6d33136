//! Lists, a page at a time (`?limit=` and `?cursor=`).

use std::str::FromStr;

use axum::extract::FromRequestParts;
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::HeaderValue;
use http::header::LINK;
use http::request::Parts;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::{Json, Query};
use crate::ApiError;

const DEFAULT_LIMIT: u32 = 20;
const LARGEST_LIMIT: u32 = 100;

/// The query of a plain list.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PageQuery {
    /// How many items at most, 1 to 100; 20 where it is not given.
    pub limit: Option<u32>,
    /// Where the page before ended, as its `next_cursor` said.
    pub cursor: Option<String>,
}

/// A cursor that no list of ours gave out.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("`cursor` is not one of ours")]
pub struct ForeignCursor;

/// A checked request for a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageRequest {
    /// How many items at most, 1 to 100.
    pub limit: u32,
    /// The sort key of the last item seen.
    pub after: Option<String>,
}

impl PageRequest {
    /// What a store reads for the page: after which sort key, and how many rows, of which the one too many tells
    /// that there are more ([`Page::cut`]).
    pub fn rows<K: FromStr>(&self) -> Result<(Option<K>, i64), ForeignCursor> {
        let key = self.after.as_deref().map(str::parse).transpose();
        let after = key.map_err(|_| ForeignCursor)?;
        Ok((after, i64::from(self.limit) + 1))
    }
}

impl TryFrom<PageQuery> for PageRequest {
    type Error = ApiError;

    fn try_from(query: PageQuery) -> Result<Self, ApiError> {
        let limit = query.limit.unwrap_or(DEFAULT_LIMIT);
        if !(1..=LARGEST_LIMIT).contains(&limit) {
            return Err(ApiError::invalid_query("`limit` must be from 1 to 100"));
        }
        let after = query.cursor.map(|cursor| decode(&cursor)).transpose()?;
        Ok(Self { limit, after })
    }
}

impl<S: Send + Sync> FromRequestParts<S> for PageRequest {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let Query(query) = Query::<PageQuery>::from_request_parts(parts, state).await?;
        query.try_into()
    }
}

/// One page of a list, answered as `{"items":[…],"next_cursor":…}`.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Page<T> {
    /// The items, in the list's order.
    pub items: Vec<T>,
    /// Send it back as `cursor` for the next page; null on the last one.
    pub next_cursor: Option<String>,
}

impl<T> Page<T> {
    /// A page from `limit + 1` items: the one too many only tells that there are more. `key` gives an
    /// item's sort key, from which the next page goes on.
    pub fn cut(mut items: Vec<T>, request: &PageRequest, key: impl Fn(&T) -> String) -> Self {
        let limit = request.limit as usize;
        let more = items.len() > limit;
        items.truncate(limit);
        let last = items.last().filter(|_| more);
        let next_cursor = last.map(|item| URL_SAFE_NO_PAD.encode(key(item)));
        Self { items, next_cursor }
    }

    /// The same page with its items changed to another type, such as a domain value to its view.
    pub fn map<U>(self, view: impl FnMut(T) -> U) -> Page<U> {
        Page {
            items: self.items.into_iter().map(view).collect(),
            next_cursor: self.next_cursor,
        }
    }

    /// A reference with nothing but a query resolves against the request's own address (RFC 3986, 5.2),
    /// under whichever prefix the gateway showed it.
    fn link(&self, limit: u32) -> Option<HeaderValue> {
        let cursor = self.next_cursor.as_ref()?;
        HeaderValue::try_from(format!("<?limit={limit}&cursor={cursor}>; rel=\"next\"")).ok()
    }

    /// The answer with its `Link` header.
    pub fn reply(self, request: &PageRequest) -> Response
    where
        T: Serialize,
    {
        linked(self.link(request.limit), Json(self))
    }
}

/// One page answered as a bare array, for the lists whose contract says so.
#[derive(Clone, Debug)]
pub struct ArrayPage<T>(pub Page<T>);

impl<T: Serialize> ArrayPage<T> {
    /// The answer with its `Link` header.
    pub fn reply(self, request: &PageRequest) -> Response {
        linked(self.0.link(request.limit), Json(self.0.items))
    }
}

fn linked(link: Option<HeaderValue>, body: impl IntoResponse) -> Response {
    let mut response = body.into_response();
    if let Some(link) = link {
        response.headers_mut().insert(LINK, link);
    }
    response
}

fn decode(cursor: &str) -> Result<String, ApiError> {
    let bytes = URL_SAFE_NO_PAD.decode(cursor).ok();
    bytes
        .and_then(|bytes| String::from_utf8(bytes).ok())
        // No sort key has them, and PostgreSQL refuses a NUL in a text.
        .filter(|key| !key.contains(char::is_control))
        .ok_or_else(|| ApiError::invalid_query(ForeignCursor.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(limit: Option<u32>, cursor: Option<String>) -> Result<PageRequest, ApiError> {
        PageQuery { limit, cursor }.try_into()
    }

    #[test]
    fn a_limit_is_from_1_to_100() {
        assert_eq!(request(None, None).unwrap().limit, 20);
        assert!(request(Some(0), None).is_err());
        assert!(request(Some(101), None).is_err());
        assert!(request(Some(100), None).is_ok());
    }

    #[test]
    fn the_next_page_goes_on_after_the_last_item() {
        let first = request(Some(2), None).unwrap();
        let page = Page::cut(vec!["a", "b", "c"], &first, |item| (*item).to_owned());
        assert_eq!(page.items, ["a", "b"]);
        let second = request(Some(2), page.next_cursor).unwrap();
        assert_eq!(second.after.as_deref(), Some("b"));
        let last = Page::cut(vec!["c"], &second, |item| (*item).to_owned());
        assert_eq!(last.next_cursor, None);
    }

    #[test]
    fn a_cursor_of_somebody_else_is_refused() {
        assert!(request(None, Some("not base64!".to_owned())).is_err());
        assert!(
            request(None, Some("_w".to_owned())).is_err(),
            "bytes that are no text"
        );
    }
}
