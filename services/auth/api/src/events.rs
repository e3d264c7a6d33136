//! What auth tells on topic `auth`; the key is the user's.

use kit_db::Event;
use kit_runtime::Timestamp;
use kit_token::{Role, SessionId, UserId};
use serde::{Deserialize, Serialize};

/// Declares the events of users.
macro_rules! user_events {
    ($($(#[$meta:meta])* $name:ident = $kind:literal { $($(#[$field_meta:meta])* $field:ident: $type:ty),* $(,)? })+) => {$(
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
        pub struct $name {
            /// Who.
            pub user_id: UserId,
            $($(#[$field_meta])* pub $field: $type,)*
            /// When.
            pub timestamp: Timestamp,
        }

        impl Event for $name {
            const TOPIC: &'static str = "auth";
            const TYPE: &'static str = $kind;

            fn key(&self) -> String {
                self.user_id.to_string()
            }
        }
    )+};
}

user_events! {
    /// `user.registered`: somebody made an account.
    UserRegistered = "user.registered" {
        /// Their name.
        username: String,
        /// Their address.
        email: String,
    }
    /// `user.updated`: name, address or status of an account changed, or it may be used again.
    UserUpdated = "user.updated" {
        /// Their name.
        username: String,
        /// Their address.
        email: String,
    }
    /// `user.disabled`: an account may not be used any more.
    UserDisabled = "user.disabled" {}
    /// `session.revoked`: a session ended before its time.
    SessionRevoked = "session.revoked" {
        /// Which.
        session_id: SessionId,
    }
    /// `roles.changed`: what somebody may do changed.
    RolesChanged = "roles.changed" {
        /// What they may do now.
        roles: Vec<Role>,
    }
}

/// `key.rotated`: access tokens are, or will soon be, signed with another key.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct KeyRotated {
    /// The new key's name.
    pub kid: String,
    /// When.
    pub timestamp: Timestamp,
}

impl Event for KeyRotated {
    const TOPIC: &'static str = "auth";
    const TYPE: &'static str = "key.rotated";

    fn key(&self) -> String {
        self.kid.clone()
    }
}
