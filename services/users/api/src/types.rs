//! The JSON of users' public routes.

use kit_runtime::Timestamp;
use kit_token::UserId;
use kit_values::{EmailAddress, Text, Username};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A user's full name, at most 200 characters.
pub type FullName = Text<200>;

/// A user's text about themselves, at most 2000 characters.
pub type Bio = Text<2000>;

/// `POST /users`.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateProfile {
    /// Whose profile it is: the caller's, or anybody's for an admin.
    pub user_id: UserId,
    /// 3 to 32 of `A-Z a-z 0-9 _ . -`.
    #[schemars(with = "Username")]
    pub username: String,
    /// The account's address.
    #[schemars(with = "EmailAddress")]
    pub email: String,
    /// Up to 200 characters.
    #[serde(default)]
    #[schemars(with = "Option<FullName>")]
    pub full_name: Option<String>,
    /// Up to 2000 characters.
    #[serde(default)]
    #[schemars(with = "Option<Bio>")]
    pub bio: Option<String>,
}

/// `PUT /users/{id}` and `PUT /profile`: what is left out stays as it is, null clears it.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateProfile {
    /// Up to 200 characters.
    #[serde(
        default,
        deserialize_with = "kit_values::given_or_null",
        skip_serializing_if = "Option::is_none"
    )]
    #[schemars(with = "Option<FullName>")]
    pub full_name: Option<Option<String>>,
    /// Up to 2000 characters.
    #[serde(
        default,
        deserialize_with = "kit_values::given_or_null",
        skip_serializing_if = "Option::is_none"
    )]
    #[schemars(with = "Option<Bio>")]
    pub bio: Option<Option<String>>,
}

/// A profile as others see it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub struct ProfileView {
    /// The user whom the profile describes.
    pub user_id: UserId,
    /// The username of the account.
    pub username: String,
    /// The account's email address.
    pub email: String,
    /// Their full name.
    pub full_name: Option<String>,
    /// The user's text about themselves.
    pub bio: Option<String>,
    /// When the profile was created (UTC).
    pub created_at: Timestamp,
}

/// A profile was made, changed or deleted.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
pub struct ProfileChanged {
    /// The user whose profile changed.
    pub user_id: UserId,
    /// What happened, as text for humans.
    pub message: String,
}
