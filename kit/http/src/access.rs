//! Who calls: the bearer token of a request, and the principal it proves.

use std::ops::Deref;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use http::HeaderMap;
use http::header::AUTHORIZATION;
use http::request::Parts;
use kit_token::{FeedHealth, GuestToken, GuestTokenHash, Principal, Refusal, Verifier};

use crate::refusal::{INVALID_AUTHORIZATION, INVALID_TOKEN, MISSING_AUTHORIZATION};
use crate::{Access, ApiError};

/// A principal whose token was verified in this process. The gateway hands it to a hosted router as a
/// request extension, so that a token is verified once; a network peer cannot send one.
#[derive(Clone, Debug)]
pub struct Verified(pub Arc<Principal>);

/// The signed-in caller of a handler; without it there is nothing to call the service with.
#[derive(Clone, Debug)]
pub struct Customer(pub Arc<Principal>);

impl Deref for Customer {
    type Target = Principal;

    fn deref(&self) -> &Principal {
        &self.0
    }
}

/// The caller of a handler for guests too: somebody who is signed in, or nobody in particular.
#[derive(Clone, Debug)]
pub struct Anyone(pub Option<Arc<Principal>>);

/// The caller of a handler that is there for guests with a token too. Of a guest's token it is only known that it is
/// one: what it opens, if anything, whoever has the resource knows by its hash.
#[derive(Clone, Debug)]
pub enum Holder {
    /// Somebody who is signed in.
    User(Arc<Principal>),
    /// Whoever has the token of this hash.
    Guest(GuestTokenHash),
}

/// A guest's token that a request was let in with.
#[derive(Clone, Copy, Debug)]
pub struct GuestAccess(pub GuestTokenHash);

/// The request's bearer token.
fn bearer_token(headers: &HeaderMap) -> Result<&str, ApiError> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let Some(value) = values.next() else {
        return Err(ApiError::known(MISSING_AUTHORIZATION));
    };
    // Two headers are two claims; choosing one would let a proxy in between choose the other.
    if values.next().is_some() {
        return Err(ApiError::known(INVALID_AUTHORIZATION));
    }
    value
        .to_str()
        .ok()
        .and_then(bearer_word)
        .ok_or_else(|| ApiError::known(INVALID_AUTHORIZATION))
}

/// The guest's token that a request has in the place of an access token, where it has one.
pub(crate) fn guest_access(headers: &HeaderMap) -> Result<Option<GuestAccess>, ApiError> {
    let token = bearer_token(headers)?;
    if !GuestToken::is_meant_by(token) {
        return Ok(None);
    }
    let token: GuestToken = token.parse().map_err(|_| ApiError::known(INVALID_TOKEN))?;
    Ok(Some(GuestAccess(token.hash())))
}

/// Verifies the request's bearer token. Outward there are three messages and no hint which check failed;
/// 503 where this process has no keys to verify with yet.
fn authenticate(verifier: &Verifier, headers: &HeaderMap) -> Result<Arc<Principal>, ApiError> {
    verifier
        .verify(bearer_token(headers)?)
        .map_err(|refusal| match refusal {
            Refusal::NoKeys | Refusal::NoRevocations => ApiError::unavailable("Auth service unavailable"),
            refusal => {
                tracing::debug!(%refusal, "a token was refused");
                ApiError::known(INVALID_TOKEN)
            }
        })
}

/// Refuses a principal without the role that `access` asks for.
pub(crate) fn authorize(access: Access, principal: &Principal) -> Result<(), ApiError> {
    match access.required_role() {
        Some(role) if !principal.roles.includes(role) => Err(ApiError::forbidden(format!(
            "this needs the role `{}`",
            role.as_str()
        ))),
        _ => Ok(()),
    }
}

/// Refuses where it is not known which tokens were revoked lately.
pub(crate) fn refuse_when_stale(verifier: &Verifier) -> Result<(), ApiError> {
    match verifier.revocations().health() {
        FeedHealth::Stale(age) => Err(ApiError::unavailable("Auth service unavailable")
            .with_cause(format!("the last news of revocations is {} s old", age.as_secs()))),
        FeedHealth::NotFollowed | FeedHealth::Waiting | FeedHealth::Fresh(_) => Ok(()),
    }
}

impl Access {
    /// What stands before a route: nobody in particular for a public one, for a guest, and for one whose token only the
    /// service can know; else a principal with the route's role.
    pub fn admit(self, verifier: &Verifier, headers: &HeaderMap) -> Result<Option<Verified>, ApiError> {
        let asks = match self {
            Self::Public => false,
            Self::Guest => headers.contains_key(AUTHORIZATION),
            Self::Holder => guest_access(headers)?.is_none(),
            Self::User | Self::Own | Self::Staff | Self::Admin => true,
        };
        if !asks {
            return Ok(None);
        }
        let principal = authenticate(verifier, headers)?;
        self.refuse_when_stale(verifier)?;
        authorize(self, &principal)?;
        Ok(Some(Verified(principal)))
    }

    /// Whether a principal who was let in before may still be answered.
    pub(crate) fn still_admits(self, verifier: &Verifier, principal: &Principal) -> bool {
        verifier.check(principal).is_ok() && self.refuse_when_stale(verifier).is_ok()
    }

    /// Where much can be done with a token that should be dead, not knowing is reason enough to refuse.
    fn refuse_when_stale(self, verifier: &Verifier) -> Result<(), ApiError> {
        match self {
            Self::Staff | Self::Admin => refuse_when_stale(verifier),
            Self::Public | Self::Guest | Self::User | Self::Own | Self::Holder => Ok(()),
        }
    }
}

/// `Bearer` and one word (RFC 6750, 2.1); the scheme in any case (RFC 9110, 11.1).
fn bearer_word(value: &str) -> Option<&str> {
    let (scheme, word) = value.split_once(' ')?;
    let one_word = !word.is_empty() && !word.contains(|c: char| c.is_ascii_whitespace());
    (scheme.eq_ignore_ascii_case("bearer") && one_word).then_some(word)
}

impl<S: Sync> FromRequestParts<S> for Customer {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let verified = parts.extensions.get::<Verified>();
        verified
            .map(|verified| Self(verified.0.clone()))
            .ok_or_else(|| ApiError::known(MISSING_AUTHORIZATION))
    }
}

impl<S: Sync> FromRequestParts<S> for Anyone {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let verified = parts.extensions.get::<Verified>();
        Ok(Self(verified.map(|verified| verified.0.clone())))
    }
}

impl<S: Sync> FromRequestParts<S> for Holder {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let given = &parts.extensions;
        let user = given.get().map(|Verified(user)| Self::User(user.clone()));
        let guest = || given.get().map(|GuestAccess(hash)| Self::Guest(*hash));
        user.or_else(guest)
            .ok_or_else(|| ApiError::known(MISSING_AUTHORIZATION))
    }
}

#[cfg(test)]
mod tests {
    use super::bearer_word;

    #[test]
    fn a_bearer_header_is_the_scheme_and_one_word() {
        assert_eq!(bearer_word("Bearer abc"), Some("abc"));
        assert_eq!(bearer_word("bearer abc"), Some("abc"));
        for bad in [
            "Bearer",
            "Bearer ",
            "Bearer a b",
            "Bearer  a",
            "Basic abc",
            "Bearerabc",
            "Bearer a\t",
        ] {
            assert_eq!(bearer_word(bad), None, "{bad}");
        }
    }
}
