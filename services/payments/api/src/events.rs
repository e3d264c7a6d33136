//! What payments tells on topic `transactions`; the key is the user's, so that what one user did stays in
//! order. The members are fixed: consumers outside the platform read them.

use kit_runtime::Timestamp;
use kit_token::UserId;
use kit_values::{Amount, Uuid};

use crate::TransactionId;

const USER: Uuid = Uuid::from_u128(0x0199_f3a0_8b1c_7e34_9d5a_2f6b_c8d0_e1f2);
const TRANSACTION: Uuid = Uuid::from_u128(0x0199_f3a2_5d10_7c4e_b3f8_61a9_0e7d_24c5);
const NOW: Timestamp = Timestamp::from_micros(1_770_000_000_000_000);

kit_event::events! {
    /// What users did with transactions, kept whole so that statistics of it can be built anew.
    topic TRANSACTIONS = "transactions" (retention: Forever, carrier: Stream, key: "the user's id") {
        /// `transaction.created`: a user made a transaction.
        TransactionCreated = "transaction.created" (key: user_id, subject: transaction_id) {
            /// Which.
            transaction_id: TransactionId = TRANSACTION.into(),
            /// Who.
            user_id: UserId = USER.into(),
            /// How much.
            amount: Amount = Amount::from_minor(85_050),
            /// What for.
            description: Option<String> = Some("books".to_owned()),
            /// When.
            timestamp: Timestamp = NOW,
        }
        /// `transaction.paid`: a user paid all pending transactions, of which there was at least one.
        TransactionPaid = "transaction.paid" (key: user_id) {
            /// Who.
            user_id: UserId = USER.into(),
            /// How many were paid.
            transactions_paid: u64 = 2,
            /// When.
            timestamp: Timestamp = NOW,
        }
    }
}
