//! What payments tells on topic `transactions`; the key is the user's, so that what one user did stays in
//! order. The members are fixed: consumers outside the platform read them.

use kit_bus::EventDoc;
use kit_db::Event;
use kit_runtime::Timestamp;
use kit_token::UserId;
use kit_values::{Amount, Uuid};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::TransactionId;

/// The topics that payments publishes.
pub const TOPICS: &[&str] = &[TOPIC];

const TOPIC: &str = "transactions";

/// `transaction.created`: a user made a transaction.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub struct TransactionCreated {
    /// Which.
    pub transaction_id: TransactionId,
    /// Who.
    pub user_id: UserId,
    /// How much.
    pub amount: Amount,
    /// What for.
    pub description: Option<String>,
    /// When.
    pub timestamp: Timestamp,
}

impl Event for TransactionCreated {
    const TOPIC: &'static str = TOPIC;
    const TYPE: &'static str = "transaction.created";

    fn key(&self) -> String {
        self.user_id.to_string()
    }

    fn subject(&self) -> String {
        self.transaction_id.to_string()
    }
}

/// `transaction.paid`: a user paid all pending transactions, of which there was at least one.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub struct TransactionPaid {
    /// Who.
    pub user_id: UserId,
    /// How many were paid.
    pub transactions_paid: u64,
    /// When.
    pub timestamp: Timestamp,
}

impl Event for TransactionPaid {
    const TOPIC: &'static str = TOPIC;
    const TYPE: &'static str = "transaction.paid";

    fn key(&self) -> String {
        self.user_id.to_string()
    }
}

/// Every event of payments, with an example.
pub fn events() -> Vec<EventDoc> {
    let user_id = UserId::from(Uuid::from_u128(0x0199_f3a0_8b1c_7e34_9d5a_2f6b_c8d0_e1f2));
    let timestamp = Timestamp::from_micros(1_770_000_000_000_000);
    vec![
        EventDoc::of(&TransactionCreated {
            transaction_id: Uuid::from_u128(0x0199_f3a2_5d10_7c4e_b3f8_61a9_0e7d_24c5).into(),
            user_id,
            amount: Amount::from_minor(85_050),
            description: Some("books".to_owned()),
            timestamp,
        }),
        EventDoc::of(&TransactionPaid {
            user_id,
            transactions_paid: 2,
            timestamp,
        }),
    ]
}
