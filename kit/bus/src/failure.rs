//! What a handler says when it cannot go on.

use std::fmt::Display;

/// Why an event was not handled. `?` turns any error into one that is worth another attempt.
///
/// It is deliberately no [`std::error::Error`] itself, so that every error can become one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    pub(crate) reason: String,
    pub(crate) is_final: bool,
}

impl Failure {
    /// Another attempt may succeed.
    pub fn again(reason: impl Display) -> Self {
        Self {
            reason: reason.to_string(),
            is_final: false,
        }
    }

    /// No attempt will ever succeed: the event becomes a dead letter at once.
    pub fn never(reason: impl Display) -> Self {
        Self {
            reason: reason.to_string(),
            is_final: true,
        }
    }
}

impl<E: std::error::Error> From<E> for Failure {
    fn from(error: E) -> Self {
        let mut reason = error.to_string();
        let mut source = error.source();
        while let Some(cause) = source {
            let text = cause.to_string();
            // A transparent error repeats its source.
            if !reason.ends_with(&text) {
                reason.push_str(": ");
                reason.push_str(&text);
            }
            source = cause.source();
        }
        Self::again(reason)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_error_is_worth_another_attempt_and_tells_its_causes() {
        let error: Result<u8, _> = "x".parse::<u8>();
        let failure = error.map_err(Failure::from);
        assert_eq!(failure, Err(Failure::again("invalid digit found in string")));
        let outer = std::io::Error::other("disk");
        assert_eq!(Failure::from(outer).reason, "disk");
    }
}
