//! What auth tells on topic `auth`; the key is the user's.

use kit_bus::EventDoc;
use kit_db::Event;
use kit_runtime::Timestamp;
use kit_token::{Role, SessionId, UserId};
use kit_values::Uuid;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::AccountStatus;

/// The topics that auth publishes.
pub const TOPICS: &[&str] = &[TOPIC];

const TOPIC: &str = "auth";

/// Declares the events of users.
macro_rules! user_events {
    ($($(#[$meta:meta])* $name:ident = $kind:literal { $($(#[$field_meta:meta])* $field:ident: $type:ty),* $(,)? })+) => {$(
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
        pub struct $name {
            /// Who.
            pub user_id: UserId,
            $($(#[$field_meta])* pub $field: $type,)*
            /// When.
            pub timestamp: Timestamp,
        }

        impl Event for $name {
            const TOPIC: &'static str = TOPIC;
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
        /// Whether the account may be used.
        status: AccountStatus,
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
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub struct KeyRotated {
    /// The new key's name.
    pub kid: String,
    /// When.
    pub timestamp: Timestamp,
}

impl Event for KeyRotated {
    const TOPIC: &'static str = TOPIC;
    const TYPE: &'static str = "key.rotated";

    fn key(&self) -> String {
        self.kid.clone()
    }
}

/// Every event of auth, with an example.
pub fn events() -> Vec<EventDoc> {
    let user_id = UserId::from(Uuid::from_u128(0x0199_f3a0_8b1c_7e34_9d5a_2f6b_c8d0_e1f2));
    let session_id = SessionId::from(Uuid::from_u128(0x0199_f3a1_0c44_7b02_8a17_5e90_3d2c_b6a4));
    let timestamp = Timestamp::from_micros(1_770_000_000_000_000);
    let (username, email) = ("ada".to_owned(), "ada@example.com".to_owned());
    vec![
        EventDoc::of(&UserRegistered {
            user_id,
            username: username.clone(),
            email: email.clone(),
            timestamp,
        }),
        EventDoc::of(&UserUpdated {
            user_id,
            username,
            email,
            status: AccountStatus::Active,
            timestamp,
        }),
        EventDoc::of(&UserDisabled { user_id, timestamp }),
        EventDoc::of(&SessionRevoked {
            user_id,
            session_id,
            timestamp,
        }),
        EventDoc::of(&RolesChanged {
            user_id,
            roles: vec![Role::Customer, Role::Staff],
            timestamp,
        }),
        EventDoc::of(&KeyRotated {
            kid: "Vb3n1kJ0l3pGvY8wq2dQxg".to_owned(),
            timestamp,
        }),
    ]
}
