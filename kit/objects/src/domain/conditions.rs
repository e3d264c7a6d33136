//! Conditions of requests (RFC 9110, section 13), on an object or on there being none.

use kit_runtime::Timestamp;

use super::{Object, Refusal};

/// A tag that a request names, without quotes, or `*`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Tag {
    Any,
    Is(String),
}

impl Tag {
    fn matches(&self, etag: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Is(tag) => tag == etag,
        }
    }
}

/// What a read asks for.
#[derive(Clone, Debug, Default)]
pub(crate) struct ReadConditions {
    /// `If-Match`.
    pub(crate) tag: Option<Tag>,
    /// `If-None-Match`.
    pub(crate) other_than: Option<Tag>,
    /// `If-Modified-Since`, in seconds since the epoch, as HTTP's dates are.
    pub(crate) modified_since: Option<i64>,
    /// `If-Unmodified-Since`, likewise.
    pub(crate) unmodified_since: Option<i64>,
}

/// Whether an object is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ReadOutcome {
    Given,
    NotModified,
    PreconditionFailed,
}

impl ReadConditions {
    /// In the order of the standard: a condition on tags is stronger than the one on times beside it.
    pub(crate) fn check(&self, etag: &str, modified_at: Timestamp) -> ReadOutcome {
        let modified_at = modified_at.as_seconds();
        let still = match (&self.tag, self.unmodified_since) {
            (Some(tag), _) => tag.matches(etag),
            (None, Some(since)) => modified_at <= since,
            (None, None) => true,
        };
        let changed = match (&self.other_than, self.modified_since) {
            (Some(tag), _) => !tag.matches(etag),
            (None, Some(since)) => modified_at > since,
            (None, None) => true,
        };
        match (still, changed) {
            (false, _) => ReadOutcome::PreconditionFailed,
            (true, false) => ReadOutcome::NotModified,
            (true, true) => ReadOutcome::Given,
        }
    }
}

/// What a write asks for.
#[derive(Clone, Debug, Default)]
pub(crate) struct WriteConditions {
    /// `If-Match`.
    pub(crate) tag: Option<Tag>,
    /// `If-None-Match`.
    pub(crate) other_than: Option<Tag>,
}

impl WriteConditions {
    /// Whether what is there, or that nothing is, is what the writer expects.
    pub(crate) fn check(&self, object: Option<&Object>) -> Result<(), Refusal> {
        let matched = |tag: &Tag| object.is_some_and(|object| tag.matches(&object.etag));
        if self.other_than.as_ref().is_some_and(matched) {
            return Err(Refusal::PreconditionFailed);
        }
        match (&self.tag, object) {
            (Some(_), None) => Err(Refusal::NoSuchKey),
            (Some(tag), Some(_)) if !matched(tag) => Err(Refusal::PreconditionFailed),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(conditions: &ReadConditions) -> ReadOutcome {
        conditions.check("abc", Timestamp::from_micros(100_700_000))
    }

    fn is(tag: &str) -> Tag {
        Tag::Is(tag.to_owned())
    }

    #[test]
    fn a_tag_is_stronger_than_a_time() {
        let outcome = read(&ReadConditions {
            tag: Some(is("abc")),
            unmodified_since: Some(1),
            ..ReadConditions::default()
        });
        assert_eq!(outcome, ReadOutcome::Given);
        let outcome = read(&ReadConditions {
            other_than: Some(is("abc")),
            modified_since: Some(1),
            ..ReadConditions::default()
        });
        assert_eq!(outcome, ReadOutcome::NotModified);
    }

    #[test]
    fn times_are_compared_in_seconds() {
        let since = |since| {
            read(&ReadConditions {
                modified_since: Some(since),
                ..ReadConditions::default()
            })
        };
        assert_eq!(since(100), ReadOutcome::NotModified);
        assert_eq!(since(99), ReadOutcome::Given);
        let unmodified = |since| {
            read(&ReadConditions {
                unmodified_since: Some(since),
                ..ReadConditions::default()
            })
        };
        assert_eq!(unmodified(100), ReadOutcome::Given);
        assert_eq!(unmodified(99), ReadOutcome::PreconditionFailed);
    }
}
