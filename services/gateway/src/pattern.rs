//! What a route matches: literal and parameter segments, and how it ends.

use std::fmt;

use http::Method;
use thiserror::Error;

use crate::path::NormalPath;

/// A pattern, read and checked.
///
/// Written `/users/{id}`; a last segment `{*rest}` stands for one or more segments. A prefix (from the
/// configuration) matches its own path and everything under it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pattern {
    pub(crate) segments: Vec<Segment>,
    pub(crate) end: End,
    text: String,
}

/// One segment of a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Segment {
    /// Exactly this text, decoded.
    Literal(String),
    /// Any segment that is not empty. Its name does not matter to the gateway.
    Parameter,
}

/// How a pattern ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// With the last segment.
    Exact,
    /// With the last segment, or anywhere under it.
    Under,
    /// Anywhere under the last segment, but not there.
    Rest,
}

/// Why a text is no pattern.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum PatternError {
    /// A literal part that no request could ever match.
    #[error("`{0}` can never match: {1}")]
    Unmatchable(String, crate::path::PathError),
    /// Braces somewhere else than around a whole segment.
    #[error("`{0}` has a parameter that is not a whole segment")]
    PartialSegment(String),
    /// A bare `*`, which elsewhere means everything under a path.
    #[error("`{0}` holds a `*`; write `{{*rest}}`, or use `prefix`")]
    Star(String),
    /// `{*rest}` before the end, or in a prefix.
    #[error("`{0}` has something after `{{*…}}`, or is a prefix with one")]
    RestInside(String),
}

impl Pattern {
    /// Reads `/users/{id}`.
    pub(crate) fn parse(text: &str) -> Result<Self, PatternError> {
        let path = literal_of(text)?;
        let parts: Vec<&str> = path.split('/').skip(1).collect();
        let (mut segments, mut end) = (Vec::with_capacity(parts.len()), End::Exact);
        for (index, part) in parts.iter().enumerate() {
            match parameter_name(part) {
                None if part.contains(['{', '}']) => {
                    return Err(PatternError::PartialSegment(text.to_owned()));
                }
                None if part.contains('*') => return Err(PatternError::Star(text.to_owned())),
                None => segments.push(Segment::Literal((*part).to_owned())),
                Some(name) if name.starts_with('*') => {
                    if index + 1 != parts.len() {
                        return Err(PatternError::RestInside(text.to_owned()));
                    }
                    end = End::Rest;
                }
                Some(_) => segments.push(Segment::Parameter),
            }
        }
        Ok(Self {
            segments,
            end,
            text: text.to_owned(),
        })
    }

    /// Reads a prefix; a slash at its end makes no difference.
    pub(crate) fn prefix(text: &str) -> Result<Self, PatternError> {
        let trimmed = text.strip_suffix('/').unwrap_or(text);
        if trimmed.is_empty() && text == "/" {
            return Ok(Self {
                segments: Vec::new(),
                end: End::Under,
                text: "/".to_owned(),
            });
        }
        let mut pattern = Self::parse(trimmed)?;
        if pattern.end == End::Rest {
            return Err(PatternError::RestInside(text.to_owned()));
        }
        pattern.end = End::Under;
        Ok(pattern)
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.end, self.text.as_str()) {
            (End::Under, "/") => f.write_str("/*"),
            (End::Under, text) => write!(f, "{text}/*"),
            (End::Exact | End::Rest, text) => f.write_str(text),
        }
    }
}

/// The decoded text of a pattern, checked as if it were a request's path.
fn literal_of(text: &str) -> Result<String, PatternError> {
    match NormalPath::parse(text) {
        Ok(path) => Ok(path.decoded().to_owned()),
        Err(error) => Err(PatternError::Unmatchable(text.to_owned(), error)),
    }
}

fn parameter_name(segment: &str) -> Option<&str> {
    let name = segment.strip_prefix('{')?.strip_suffix('}')?;
    (!name.contains(['{', '}'])).then_some(name)
}

/// The methods of a route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Methods {
    /// Every method that may pass a gateway at all.
    Any,
    /// These.
    Only(Vec<Method>),
}

impl Methods {
    /// Whether a request with `method` is meant. A HEAD request is also answered by a GET route.
    pub(crate) fn accepts(&self, method: &Method) -> bool {
        match self {
            Self::Any => true,
            Self::Only(methods) => {
                methods.contains(method) || (method == Method::HEAD && methods.contains(&Method::GET))
            }
        }
    }

    /// Whether there is a method that both name.
    pub(crate) fn meets(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Any, _) | (_, Self::Any) => true,
            (Self::Only(ours), Self::Only(theirs)) => ours.iter().any(|method| theirs.contains(method)),
        }
    }
}

impl fmt::Display for Methods {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("ANY"),
            Self::Only(methods) => {
                let names: Vec<&str> = methods.iter().map(Method::as_str).collect();
                f.write_str(&names.join(","))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_says_what_it_was_read_from() {
        for text in ["/", "/users/{id}", "/images/{*key}", "/users/"] {
            assert_eq!(Pattern::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(Pattern::prefix("/ext/").unwrap().to_string(), "/ext/*");
        assert_eq!(Pattern::prefix("/").unwrap().to_string(), "/*");
    }

    #[test]
    fn a_pattern_no_request_can_match_is_refused() {
        for text in ["users", "", "/a//b", "/a/../b", "/a%2fb"] {
            assert!(
                matches!(Pattern::parse(text), Err(PatternError::Unmatchable(..))),
                "{text}"
            );
        }
        for text in ["/{id}.json", "/a{id}", "/{a}{b}", "/{a"] {
            assert!(
                matches!(Pattern::parse(text), Err(PatternError::PartialSegment(_))),
                "{text}"
            );
        }
        assert!(matches!(Pattern::parse("/a/*"), Err(PatternError::Star(_))));
        assert!(matches!(
            Pattern::parse("/{*rest}/a"),
            Err(PatternError::RestInside(_))
        ));
        assert!(matches!(
            Pattern::prefix("/{*rest}"),
            Err(PatternError::RestInside(_))
        ));
    }

    #[test]
    fn the_spelling_of_a_literal_does_not_matter() {
        let (plain, encoded) = (
            Pattern::parse("/a~b").unwrap(),
            Pattern::parse("/%61%7eb").unwrap(),
        );
        assert_eq!(plain.segments, encoded.segments);
    }

    #[test]
    fn a_head_request_is_answered_by_a_get_route() {
        let get = Methods::Only(vec![Method::GET]);
        assert!(get.accepts(&Method::HEAD) && !get.accepts(&Method::POST));
        assert!(!get.meets(&Methods::Only(vec![Method::HEAD])));
        assert!(get.meets(&Methods::Any));
    }
}
