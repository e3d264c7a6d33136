//! A transaction, from the wish to its payment.

use kit_http::FieldError;
use kit_runtime::{Timestamp, typed_id};
use kit_token::UserId;
use payments_api::{
    Amount, CreateTransaction, TransactionCreated, TransactionId, TransactionPaid, TransactionStatus,
    TransactionView, TransactionsPaid,
};

use super::Sum;

const LONGEST_DESCRIPTION: usize = 500;

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
    pub description: Option<String>,
}

impl TransactionDraft {
    /// Checks every member and names all that are wrong.
    pub(crate) fn check(request: CreateTransaction) -> Result<Self, Vec<FieldError>> {
        let mut errors = Vec::new();
        let sum = Sum::new(request.amount);
        if sum.is_none() {
            errors.push(FieldError::new("/amount", "must be more than 0"));
        }
        let text = request.description.as_deref().unwrap_or_default();
        if text.chars().count() > LONGEST_DESCRIPTION {
            let wanted = format!("must have at most {LONGEST_DESCRIPTION} characters");
            errors.push(FieldError::new("/description", wanted));
        }
        // PostgreSQL's text cannot hold it, and no reader wants it.
        if text.contains('\0') {
            errors.push(FieldError::new(
                "/description",
                "must not contain a NUL character",
            ));
        }
        match sum {
            Some(sum) if errors.is_empty() => Ok(Self {
                sum,
                description: request.description,
            }),
            _ => Err(errors),
        }
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
            description: self.description,
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
