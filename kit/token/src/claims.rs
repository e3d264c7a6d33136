//! What an access token says.

use kit_runtime::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{Roles, SessionId, TokenId, UserId};

/// The claims of an access token (RFC 9068), each of one JSON type.
///
/// An unknown claim is refused, although RFC 7519 lets one be ignored: these tokens are our own, and a claim
/// that this version does not know may be a restriction (RFC 7800's `cnf`, say) which it would fail to
/// enforce. A new claim is therefore rolled out to the verifiers before the issuer. It also makes "no member
/// twice" hold for every member.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Claims {
    /// The issuer of the token.
    pub iss: String,
    /// Whom it is for; one audience, never an array.
    pub aud: String,
    /// The user to whom the token was issued.
    pub sub: UserId,
    /// The identifier of the token.
    pub jti: TokenId,
    /// The session to which the token belongs.
    pub sid: SessionId,
    /// When it was issued; whole seconds in the token.
    #[serde(with = "numeric_date")]
    pub iat: Timestamp,
    /// From when it is no longer good; whole seconds in the token.
    #[serde(with = "numeric_date")]
    pub exp: Timestamp,
    /// Before when it is not good yet; whole seconds in the token.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        with = "optional_numeric_date"
    )]
    pub nbf: Option<Timestamp>,
    /// The roles of the user.
    pub roles: Roles,
    /// The username.
    pub username: String,
    /// The user's epoch; see [`crate::Principal::epoch`].
    pub epoch: i64,
}

/// RFC 7519's `NumericDate`, here whole seconds only.
mod numeric_date {
    use super::{Deserialize, Serialize, Timestamp};

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde fixes the signature")]
    pub(super) fn serialize<S: serde::Serializer>(
        moment: &Timestamp,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        moment.as_seconds().serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: serde::Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Timestamp, D::Error> {
        i64::deserialize(deserializer).map(Timestamp::from_seconds)
    }
}

mod optional_numeric_date {
    use super::{Serialize, Timestamp};

    #[expect(clippy::ref_option, reason = "serde fixes the signature")]
    pub(super) fn serialize<S: serde::Serializer>(
        moment: &Option<Timestamp>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        moment.map(Timestamp::as_seconds).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: serde::Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Timestamp>, D::Error> {
        let seconds: Option<i64> = kit_values::given(deserializer)?;
        Ok(seconds.map(Timestamp::from_seconds))
    }
}
