//! A transaction, from the wish to its payment.

use kit_http::{Check, FieldError};
use kit_runtime::Timestamp;
use kit_token::UserId;
use kit_values::{Amount, typed_id};
use payments_api::{
    CreateTransaction, Description, TransactionCreated, TransactionId, TransactionPaid, TransactionStatus,
    TransactionView, TransactionsPaid,
};

use super::Sum;

typed_id! {
    /// The payment of all transactions that a user had pending.
    pub(crate) struct SettlementId("stl_");
}

/// A transaction as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Transaction {
    pub id: TransactionId,
    pub user_id: UserId,
    /// The user's first is 1, the next 2.
    pub number: i64,
    pub amount: Amount,
    pub description: Option<String>,
    pub status: TransactionStatus,
    pub created_at: Timestamp,
}

impl From<Transaction> for TransactionView {
    fn from(transaction: Transaction) -> Self {
        Self {
            id: transaction.id,
            user_id: transaction.user_id,
            amount: transaction.amount,
            description: transaction.description,
            status: transaction.status,
            created_at: transaction.created_at,
        }
    }
}

/// A transaction that may be made, as far as it alone is concerned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TransactionDraft {
    pub sum: Sum,
    pub description: Option<Description>,
}

impl TransactionDraft {
    /// Checks every member and names all that are wrong.
    pub(crate) fn check(request: CreateTransaction) -> Result<Self, Vec<FieldError>> {
        let mut check = Check::new();
        let sum = check.field("/amount", Sum::new(request.amount).ok_or("must be more than 0"));
        let description = request.description.map(Description::parse).transpose();
        let description = check.field("/description", description);
        check.finish(|| {
            Some(Self {
                sum: sum?,
                description: description?,
            })
        })
    }

    /// The transaction, and what is told of it.
    pub(crate) fn record(
        self,
        id: TransactionId,
        user_id: UserId,
        number: i64,
        at: Timestamp,
    ) -> (Transaction, TransactionCreated) {
        let transaction = Transaction {
            id,
            user_id,
            number,
            amount: self.sum.amount(),
            description: self.description.map(String::from),
            status: TransactionStatus::Pending,
            created_at: at,
        };
        let created = TransactionCreated {
            transaction_id: id,
            user_id,
            amount: transaction.amount,
            description: transaction.description.clone(),
            timestamp: at,
        };
        (transaction, created)
    }
}

/// The payment of all transactions that a user had pending, of which there was at least one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Settlement {
    pub id: SettlementId,
    pub user_id: UserId,
    pub transactions: u64,
    pub sum: Sum,
    pub at: Timestamp,
}

impl Settlement {
    pub(crate) fn event(&self) -> TransactionPaid {
        TransactionPaid {
            user_id: self.user_id,
            transactions_paid: self.transactions,
            timestamp: self.at,
        }
    }
}

impl From<Settlement> for TransactionsPaid {
    fn from(settlement: Settlement) -> Self {
        Self {
            transactions_paid: settlement.transactions,
            amount_paid: settlement.sum.amount(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(amount: i64, description: Option<&str>) -> Vec<String> {
        let request = CreateTransaction {
            amount: Amount::from_minor(amount),
            description: description.map(str::to_owned),
        };
        let errors = TransactionDraft::check(request).err().unwrap_or_default();
        errors.into_iter().map(|error| error.pointer).collect()
    }

    #[test]
    fn a_transaction_is_of_more_than_nothing() {
        assert_eq!(wrong(1, None), [""; 0]);
        assert_eq!(wrong(0, None), ["/amount"]);
        assert_eq!(wrong(-1, None), ["/amount"]);
    }

    #[test]
    fn everything_that_is_wrong_is_named() {
        let longest = "é".repeat(500);
        assert_eq!(wrong(1, Some(&longest)), [""; 0]);
        assert_eq!(wrong(1, Some("")), [""; 0]);
        assert_eq!(
            wrong(0, Some(&format!("{longest}x"))),
            ["/amount", "/description"]
        );
        assert_eq!(wrong(1, Some("a\0b")), ["/description"]);
    }
}
