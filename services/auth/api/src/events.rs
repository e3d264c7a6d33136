//! What auth tells on topic `auth`; the key is the user's.

use kit_runtime::Timestamp;
use kit_token::{Role, SessionId, UserId};
use kit_values::Uuid;

use crate::AccountStatus;

const USER: Uuid = Uuid::from_u128(0x0199_f3a0_8b1c_7e34_9d5a_2f6b_c8d0_e1f2);
const SESSION: Uuid = Uuid::from_u128(0x0199_f3a1_0c44_7b02_8a17_5e90_3d2c_b6a4);
const NOW: Timestamp = Timestamp::from_micros(1_770_000_000_000_000);

kit_event::events! {
    /// What happens to accounts, their sessions and the keys that sign tokens.
    topic AUTH = "auth" (
        retention: Usual,
        carrier: Stream,
        key: "the user's id; that of a rotated key, its name",
    ) {
        /// `user.registered`: somebody made an account.
        UserRegistered = "user.registered" (key: user_id) {
            /// Who.
            user_id: UserId = USER.into(),
            /// Their name.
            username: String = "ada".to_owned(),
            /// Their address.
            email: String = "ada@example.com".to_owned(),
            /// When.
            timestamp: Timestamp = NOW,
        }
        /// `user.updated`: name, address or status of an account changed, or it may be used again.
        UserUpdated = "user.updated" (key: user_id) {
            /// Who.
            user_id: UserId = USER.into(),
            /// Their name.
            username: String = "ada".to_owned(),
            /// Their address.
            email: String = "ada@example.com".to_owned(),
            /// Whether the account may be used.
            status: AccountStatus = AccountStatus::Active,
            /// When.
            timestamp: Timestamp = NOW,
        }
        /// `email.confirmed`: whoever has an account has shown that they read the mail of its address.
        EmailConfirmed = "email.confirmed" (key: user_id) {
            /// Who.
            user_id: UserId = USER.into(),
            /// Their address.
            email: String = "ada@example.com".to_owned(),
            /// When.
            timestamp: Timestamp = NOW,
        }
        /// `user.disabled`: an account may not be used any more.
        UserDisabled = "user.disabled" (key: user_id) {
            /// Who.
            user_id: UserId = USER.into(),
            /// When.
            timestamp: Timestamp = NOW,
        }
        /// `user.deleted`: an account is gone for ever, and what services hold of its user goes with it.
        UserDeleted = "user.deleted" (key: user_id) {
            /// Who.
            user_id: UserId = USER.into(),
            /// When.
            timestamp: Timestamp = NOW,
        }
        /// `session.revoked`: a session ended before its time.
        SessionRevoked = "session.revoked" (key: user_id) {
            /// Who.
            user_id: UserId = USER.into(),
            /// Which.
            session_id: SessionId = SESSION.into(),
            /// When.
            timestamp: Timestamp = NOW,
        }
        /// `roles.changed`: what somebody may do changed.
        RolesChanged = "roles.changed" (key: user_id) {
            /// Who.
            user_id: UserId = USER.into(),
            /// What they may do now.
            roles: Vec<Role> = vec![Role::Customer, Role::Staff],
            /// When.
            timestamp: Timestamp = NOW,
        }
        /// `key.rotated`: access tokens are, or will soon be, signed with another key.
        KeyRotated = "key.rotated" (key: kid) {
            /// The new key's name.
            kid: String = "Vb3n1kJ0l3pGvY8wq2dQxg".to_owned(),
            /// When.
            timestamp: Timestamp = NOW,
        }
    }
}
