//! Optimistic concurrency: a resource's `ETag`, and the client's `If-Match` (RFC 9110, 8.8.3 and 13.1.1).

use axum::extract::FromRequestParts;
use axum::response::{IntoResponseParts, ResponseParts};
use http::HeaderValue;
use http::header::{ETAG, IF_MATCH};
use http::request::Parts;

use crate::ApiError;
use crate::refusal::INVALID_IF_MATCH;

/// The entity tag of a resource: its version, a number that grows with each change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Etag(pub i64);

impl IntoResponseParts for Etag {
    type Error = std::convert::Infallible;

    fn into_response_parts(self, mut response: ResponseParts) -> Result<ResponseParts, Self::Error> {
        if let Ok(value) = HeaderValue::try_from(format!("\"{}\"", self.0)) {
            response.headers_mut().insert(ETAG, value);
        }
        Ok(response)
    }
}

/// What the client says it has seen: `If-Match`, where it was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IfMatch {
    /// Not sent: anything goes.
    Absent,
    /// `*`: anything that exists.
    Any,
    /// These versions only. A tag that none of our resources can carry matches nothing.
    Versions(Vec<i64>),
}

impl IfMatch {
    /// Whether a change of the resource at `version` is wanted; otherwise it is refused with
    /// [`ApiError::precondition_failed`].
    pub fn allows(&self, version: i64) -> bool {
        match self {
            Self::Absent | Self::Any => true,
            Self::Versions(seen) => seen.contains(&version),
        }
    }

    fn parse(value: &str) -> Option<Self> {
        if value.trim() == "*" {
            return Some(Self::Any);
        }
        let (mut versions, mut rest) = (Vec::new(), value.trim());
        loop {
            let (version, after) = tag(rest)?;
            versions.extend(version);
            rest = after.trim_start();
            if rest.is_empty() {
                return Some(Self::Versions(versions));
            }
            rest = rest.strip_prefix(',')?.trim_start();
        }
    }
}

/// The first tag of a list and what follows it. One that is weak (`W/"…"`) or not written as ours are is
/// well-formed and matches nothing: the comparison is strong, character by character.
fn tag(list: &str) -> Option<(Option<i64>, &str)> {
    let (weak, quoted) = list.strip_prefix("W/").map_or((false, list), |rest| (true, rest));
    let (inside, after) = quoted.strip_prefix('"')?.split_once('"')?;
    let version = inside.parse::<i64>().ok();
    let version = version.filter(|version| !weak && version.to_string() == inside);
    Some((version, after))
}

impl<S: Sync> FromRequestParts<S> for IfMatch {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        // Several lines are one list (RFC 9110, 5.2).
        let lines = parts
            .headers
            .get_all(IF_MATCH)
            .iter()
            .map(|line| line.to_str().ok());
        let lines: Option<Vec<&str>> = lines.collect();
        if lines.as_ref().is_some_and(Vec::is_empty) {
            return Ok(Self::Absent);
        }
        lines
            .and_then(|lines| Self::parse(&lines.join(",")))
            .ok_or_else(|| ApiError::known(INVALID_IF_MATCH))
    }
}

#[cfg(test)]
mod tests {
    use super::IfMatch;

    #[test]
    fn if_match_is_read_as_the_standard_says() {
        assert_eq!(IfMatch::parse("*"), Some(IfMatch::Any));
        assert_eq!(
            IfMatch::parse("\"3\", \"4\""),
            Some(IfMatch::Versions(vec![3, 4]))
        );
        assert_eq!(
            IfMatch::parse("W/\"3\""),
            Some(IfMatch::Versions(vec![])),
            "weak tags never match"
        );
        assert_eq!(IfMatch::parse("3"), None);
        assert_eq!(IfMatch::parse("\"3"), None);
    }

    #[test]
    fn a_change_goes_through_only_for_what_was_seen() {
        assert!(IfMatch::Absent.allows(7));
        assert!(IfMatch::Versions(vec![7]).allows(7));
        assert!(!IfMatch::Versions(vec![6]).allows(7));
    }
}
