//! What auth tells on topic `auth`; the key is the user's.

use kit_db::Event;
use kit_runtime::Timestamp;
use kit_token::UserId;
use serde::{Deserialize, Serialize};

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

impl Event for UserRegistered {
    const TOPIC: &'static str = "auth";
    const TYPE: &'static str = "user.registered";

    fn key(&self) -> String {
        self.user_id.to_string()
    }
}
