//! Lists, a page at a time (`?limit=` and `?cursor=`).

use std::str::FromStr;

use axum::extract::FromRequestParts;
use axum::response::{IntoResponse, IntoResponseParts, Response, ResponseParts};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::header::LINK;
use http::request::Parts;
use http::{HeaderValue, Uri};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
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
    #[schemars(range(min = 1, max = 100))]
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
    /// The list's own parameters as they were sent; the next page is asked for with the same.
    filter: Option<String>,
}

impl PageRequest {
    /// The first items of a list, as many as are asked for at once at most.
    pub fn first() -> Self {
        Self {
            limit: LARGEST_LIMIT,
            after: None,
            filter: None,
        }
    }

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
        Ok(Self {
            limit,
            after,
            filter: None,
        })
    }
}

impl<S: Send + Sync> FromRequestParts<S> for PageRequest {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let Query(query) = Query::<PageQuery>::from_request_parts(parts, state).await?;
        query.try_into()
    }
}

/// A checked request for a page of a list that has parameters of its own: `F` holds those, and nothing of the page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilteredPage<F> {
    /// The list's own parameters.
    pub filter: F,
    /// Which page.
    pub page: PageRequest,
}

impl<F: DeserializeOwned, S: Sync> FromRequestParts<S> for FilteredPage<F> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let query = parts.uri.query().unwrap_or_default();
        let is_of_page = |pair: &&str| matches!(pair.split('=').next(), Some("limit" | "cursor"));
        let (of_page, own): (Vec<_>, Vec<_>) = query.split('&').partition(is_of_page);
        let own = own.join("&");
        let mut page: PageRequest = parse::<PageQuery>(&of_page.join("&"))?.try_into()?;
        let filter = parse(&own)?;
        page.filter = Some(own).filter(|own| !own.is_empty());
        Ok(Self { filter, page })
    }
}

fn parse<T: DeserializeOwned>(query: &str) -> Result<T, ApiError> {
    let uri = Uri::try_from(format!("/?{query}"));
    let uri = uri.map_err(|_| ApiError::invalid_query("the query cannot be read"))?;
    Query::try_from(&uri).map(|Query(parsed)| parsed)
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

    /// The `Link` header, for an answer that holds more than a page. A reference with nothing but a query resolves
    /// against the request's own address (RFC 3986, 5.2), under whichever prefix the gateway showed it.
    pub fn next_link(&self, request: &PageRequest) -> NextLink {
        let link = self.next_cursor.as_ref().map(|cursor| {
            let limit = request.limit;
            let filter = request.filter.as_deref();
            // The one sign that would end the reference early.
            let filter = filter.map_or_else(String::new, |own| format!("{}&", own.replace('>', "%3E")));
            format!("<?{filter}limit={limit}&cursor={cursor}>; rel=\"next\"")
        });
        NextLink(link.and_then(|link| HeaderValue::try_from(link).ok()))
    }

    /// The answer with its `Link` header.
    pub fn reply(self, request: &PageRequest) -> Response
    where
        T: Serialize,
    {
        (self.next_link(request), Json(self)).into_response()
    }
}

/// One page answered as a bare array, for the lists whose contract says so.
#[derive(Clone, Debug)]
pub struct ArrayPage<T>(pub Page<T>);

impl<T: Serialize> ArrayPage<T> {
    /// The answer with its `Link` header.
    pub fn reply(self, request: &PageRequest) -> Response {
        (self.0.next_link(request), Json(self.0.items)).into_response()
    }
}

/// Where the next page is, as the `Link` header says it; nothing after the last page.
#[derive(Clone, Debug)]
pub struct NextLink(Option<HeaderValue>);

impl IntoResponseParts for NextLink {
    type Error = std::convert::Infallible;

    fn into_response_parts(self, mut response: ResponseParts) -> Result<ResponseParts, Self::Error> {
        if let Some(link) = self.0 {
            response.headers_mut().insert(LINK, link);
        }
        Ok(response)
    }
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

    #[tokio::test]
    async fn the_next_page_of_a_filtered_list_has_the_same_filter() {
        #[derive(Debug, Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Filter {
            q: Option<String>,
        }
        let extract = async |query: &str| {
            let request = http::Request::get(format!("/list{query}")).body(()).unwrap();
            FilteredPage::<Filter>::from_request_parts(&mut request.into_parts().0, &()).await
        };
        let FilteredPage { filter, page } = extract("?limit=1&q=a%26b+c").await.unwrap();
        assert_eq!(filter.q.as_deref(), Some("a&b c"));
        let cut = Page::cut(vec!["a", "b"], &page, |item| (*item).to_owned());
        let link = cut.next_link(&page).0.unwrap();
        assert_eq!(link, "<?q=a%26b+c&limit=1&cursor=YQ>; rel=\"next\"");
        let next = extract("?q=a%26b+c&limit=1&cursor=YQ").await.unwrap();
        assert_eq!(next.page.after.as_deref(), Some("a"));
        assert_eq!(extract("").await.unwrap().page.limit, 20);
        for query in [
            "?limit=0",
            "?limit=1&limit=2",
            "?cursor=%21",
            "?size=1",
            "?q=a&q=b",
        ] {
            assert!(extract(query).await.is_err(), "{query}");
        }
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
