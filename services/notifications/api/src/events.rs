//! What notifications tells on topic `notifications`: for processes that show something at once. It holds no text:
//! who may read the notification asks for it.

use kit_runtime::Timestamp;
use kit_token::UserId;
use kit_values::Uuid;

use crate::{NotificationId, NotificationKind};

const USER: Uuid = Uuid::from_u128(0x0199_f3a0_8b1c_7e34_9d5a_2f6b_c8d0_e1f2);
const NOTIFICATION: Uuid = Uuid::from_u128(0x0199_f3a2_5d10_7c4e_b3f8_61a9_0e7d_24c5);
const NOW: Timestamp = Timestamp::from_micros(1_770_000_000_000_000);

kit_event::events! {
    /// What is new to users.
    topic NOTIFICATIONS = "notifications" (retention: Usual, carrier: Queue, key: "the user's id") {
        /// `notification.created`: there is something new for a user.
        NotificationCreated = "notification.created" (key: user_id, subject: notification_id, sequence: number) {
            /// The user to whom it is new.
            user_id: UserId = USER.into(),
            /// The notification.
            notification_id: NotificationId = NOTIFICATION.into(),
            /// What it is about.
            kind: NotificationKind = NotificationKind::OrderPaid,
            /// Its number among those of the user: the first is 1, the next 2.
            number: i64 = 7,
            /// When.
            timestamp: Timestamp = NOW,
        }
    }
}
