//! Why a token was not believed.

use std::fmt;

use thiserror::Error;

/// One variant per reason, for the log. Outward only three are told apart, and by their callers alone:
/// [`Refusal::NoKeys`] and [`Refusal::NoRevocations`] are
/// this process's fault (503), [`Refusal::Expired`] has a message of its own where a
/// user asks about their own token, [`Refusal::UnknownKey`] is a reason to fetch the keys again. Everything
/// else is one and the same 401.
///
/// Text that came with the token is quoted and escaped, so that it cannot forge a line of the log.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum Refusal {
    /// Longer than [`crate::jws::MAX_LENGTH`].
    #[error("the token is too long")]
    TooLong,
    /// A byte outside of ASCII.
    #[error("the token is not ASCII")]
    NotAscii,
    /// Not exactly two dots.
    #[error("the token does not have three parts")]
    Parts,
    /// A part is not base64url without padding.
    #[error("the {0} is not base64url")]
    Encoding(Part),
    /// The header is not an object of `alg`, `kid` and `typ`, or has more than that.
    #[error("the header is refused: {problem:?}")]
    Header {
        /// What is wrong with it.
        problem: String,
    },
    /// `typ` is missing or another one.
    #[error("the token is of another type")]
    Type,
    /// There are no keys yet to verify with.
    #[error("there are no keys to verify with")]
    NoKeys,
    /// The feed of revocations has not answered yet, so nobody knows whether this token is revoked.
    #[error("what is revoked is not known yet")]
    NoRevocations,
    /// There are keys, but not this one.
    #[error("the key {kid:?} is unknown")]
    UnknownKey {
        /// The key identifier in the token.
        kid: String,
    },
    /// `alg` is not the key's algorithm.
    #[error("the algorithm is not the key's")]
    Algorithm,
    /// The signature is not the key's over this token.
    #[error("the signature is wrong")]
    Signature,
    /// The claims are not an object of the claims we know, each of its type.
    #[error("the claims are refused: {problem:?}")]
    Claims {
        /// What is wrong with them.
        problem: String,
    },
    /// `iss` is another one.
    #[error("the issuer is another one")]
    Issuer,
    /// `aud` is another one.
    #[error("the audience is another one")]
    Audience,
    /// `exp` has come.
    #[error("the token has expired")]
    Expired,
    /// `nbf` has not come.
    #[error("the token is not valid yet")]
    NotYetValid,
    /// `iat` lies ahead.
    #[error("the token is issued in the future")]
    IssuedInFuture,
    /// From `iat` to `exp` is no time at all, or more than any token gets.
    #[error("the token's lifetime is not one that is given")]
    Lifetime,
    /// The session was ended.
    #[error("the session is revoked")]
    SessionRevoked,
    /// The user's epoch is a later one.
    #[error("the user's epoch is a later one")]
    EpochRevoked,
}

/// A part of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Before the first dot.
    Header,
    /// Between the dots.
    Payload,
    /// After the second dot.
    Signature,
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Header => "header",
            Self::Payload => "payload",
            Self::Signature => "signature",
        })
    }
}
