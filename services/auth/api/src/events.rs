//! What auth tells on topic `auth`; the key is the user's.

use kit_runtime::Timestamp;
use kit_token::UserId;
use serde::{Deserialize, Serialize};

/// The topic of auth's events.
pub const TOPIC: &str = "auth";

/// `user.registered`: somebody made an account.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct UserRegistered {
    /// Who.
    pub user_id: UserId,
    /// Their name.
    pub username: String,
    /// Their address.
    pub email: String,
    /// When.
    pub timestamp: Timestamp,
}
