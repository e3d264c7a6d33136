//! What users tells on topic `users`; the key is the user's.

use kit_bus::EventDoc;
use kit_db::Event;
use kit_runtime::Timestamp;
use kit_token::UserId;
use kit_values::Uuid;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The topics that users publishes.
pub const TOPICS: &[&str] = &[TOPIC];

const TOPIC: &str = "users";

/// Declares the events of profiles. Those with a version have it as their sequence.
macro_rules! profile_events {
    ($($(#[$meta:meta])* $name:ident = $kind:literal $(, $version:ident)?)+) => {$(
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
        pub struct $name {
            /// Whose profile it is.
            pub user_id: UserId,
            $(
                /// The profile's version after it; of a deletion, the last one.
                pub $version: i64,
            )?
            /// When.
            pub timestamp: Timestamp,
        }

        impl Event for $name {
            const TOPIC: &'static str = TOPIC;
            const TYPE: &'static str = $kind;

            fn key(&self) -> String {
                self.user_id.to_string()
            }

            $(
                fn sequence(&self) -> Option<i64> {
                    Some(self.$version)
                }
            )?
        }
    )+};
}

profile_events! {
    /// `profile.created`: somebody made a profile.
    ProfileCreated = "profile.created", version
    /// `profile.updated`: what stands in a profile changed.
    ProfileUpdated = "profile.updated", version
    /// `profile.deleted`: there is no profile any more.
    ProfileDeleted = "profile.deleted", version
    /// `profile.hidden`: somebody's profile is shown to admins only, because the account was disabled.
    ProfileHidden = "profile.hidden"
    /// `profile.shown`: somebody's profile is shown to everybody again.
    ProfileShown = "profile.shown"
}

/// Every event of users, with an example.
pub fn events() -> Vec<EventDoc> {
    let user_id = UserId::from(Uuid::from_u128(0x0199_f3a0_8b1c_7e34_9d5a_2f6b_c8d0_e1f2));
    let timestamp = Timestamp::from_micros(1_770_000_000_000_000);
    let created = 1_770_000_000_000_000;
    vec![
        EventDoc::of(&ProfileCreated {
            user_id,
            version: created,
            timestamp,
        }),
        EventDoc::of(&ProfileUpdated {
            user_id,
            version: created + 1,
            timestamp,
        }),
        EventDoc::of(&ProfileDeleted {
            user_id,
            version: created + 1,
            timestamp,
        }),
        EventDoc::of(&ProfileHidden { user_id, timestamp }),
        EventDoc::of(&ProfileShown { user_id, timestamp }),
    ]
}
