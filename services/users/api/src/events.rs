//! What users tells on topic `users`; the key is the user's.

use kit_runtime::Timestamp;
use kit_token::UserId;
use kit_values::Uuid;

const USER: Uuid = Uuid::from_u128(0x0199_f3a0_8b1c_7e34_9d5a_2f6b_c8d0_e1f2);
const NOW: Timestamp = Timestamp::from_micros(1_770_000_000_000_000);
const VERSION: i64 = 1_770_000_000_000_000;

kit_event::events! {
    /// What becomes of profiles.
    topic USERS = "users" (retention: Usual, carrier: Stream, key: "the user's id") {
        /// `profile.created`: somebody made a profile.
        ProfileCreated = "profile.created" (key: user_id, sequence: version) {
            /// Whose profile it is.
            user_id: UserId = USER.into(),
            /// The profile's version after it; of a deletion, the last one.
            version: i64 = VERSION,
            /// When.
            timestamp: Timestamp = NOW,
        }
        /// `profile.updated`: what stands in a profile changed.
        ProfileUpdated = "profile.updated" (key: user_id, sequence: version) {
            /// Whose profile it is.
            user_id: UserId = USER.into(),
            /// The profile's version after it; of a deletion, the last one.
            version: i64 = VERSION + 1,
            /// When.
            timestamp: Timestamp = NOW,
        }
        /// `profile.deleted`: there is no profile any more.
        ProfileDeleted = "profile.deleted" (key: user_id, sequence: version) {
            /// Whose profile it is.
            user_id: UserId = USER.into(),
            /// The profile's version after it; of a deletion, the last one.
            version: i64 = VERSION + 1,
            /// When.
            timestamp: Timestamp = NOW,
        }
        /// `profile.hidden`: somebody's profile is shown to admins only, because the account was disabled.
        ProfileHidden = "profile.hidden" (key: user_id) {
            /// Whose profile it is.
            user_id: UserId = USER.into(),
            /// When.
            timestamp: Timestamp = NOW,
        }
        /// `profile.shown`: somebody's profile is shown to everybody again.
        ProfileShown = "profile.shown" (key: user_id) {
            /// Whose profile it is.
            user_id: UserId = USER.into(),
            /// When.
            timestamp: Timestamp = NOW,
        }
    }
}
