//! The double-entry ledger.
//!
//! A posting is made of transfers from one account to another, so its entries sum to zero whatever is posted:
//! there is no way to write one that does not. What a user owes grows with each transaction and shrinks when
//! it is paid; revenue is what was ever charged, cash what was ever paid.

use kit_runtime::Timestamp;
use kit_token::UserId;
use kit_values::{Amount, Currency, Money};
use payments_api::{
    AccountKind, EntryView, HeldStatus, LedgerTransactionId, LedgerTransactionView, PostingKind,
};

use super::{HeldCharge, Payment, Refund, Settlement, Sum, Transaction};

/// The currency of transactions, which say none of their own. The first rows were posted in it.
const CURRENCY: Currency = Currency::USD;

/// An account of the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Account {
    Cash(Currency),
    Receivable(UserId),
    Revenue(Currency),
    Held(Currency),
}

impl Account {
    /// The same for ever: entries refer to it.
    pub(crate) fn id(self) -> String {
        let (kind, currency) = (self.kind().as_str(), self.currency());
        self.owner().map_or_else(
            || format!("{kind}:{currency}"),
            |user_id| format!("{kind}:{user_id}:{currency}"),
        )
    }

    pub(crate) const fn kind(self) -> AccountKind {
        match self {
            Self::Cash(_) => AccountKind::Cash,
            Self::Receivable(_) => AccountKind::Receivable,
            Self::Revenue(_) => AccountKind::Revenue,
            Self::Held(_) => AccountKind::Held,
        }
    }

    pub(crate) const fn owner(self) -> Option<UserId> {
        match self {
            Self::Receivable(user_id) => Some(user_id),
            Self::Cash(_) | Self::Revenue(_) | Self::Held(_) => None,
        }
    }

    pub(crate) const fn currency(self) -> Currency {
        match self {
            Self::Receivable(_) => CURRENCY,
            Self::Cash(currency) | Self::Revenue(currency) | Self::Held(currency) => currency,
        }
    }
}

/// What changes on one account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub account: Account,
    /// More than zero is a debit, less a credit.
    pub amount: Amount,
}

/// A sum that goes from one account to another of the same currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Transfer {
    debit: Account,
    credit: Account,
    sum: Sum,
}

/// What is posted together, once for what it refers to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Posting {
    pub kind: PostingKind,
    pub reference: String,
    transfers: Vec<Transfer>,
}

impl Posting {
    /// The user owes us what we have earned.
    pub(crate) fn transaction_created(transaction: &Transaction, sum: Sum) -> Self {
        Self {
            kind: PostingKind::TransactionCreated,
            reference: transaction.id.to_string(),
            transfers: vec![Transfer {
                debit: Account::Receivable(transaction.user_id),
                credit: Account::Revenue(CURRENCY),
                sum,
            }],
        }
    }

    /// The user has paid us what they owed.
    pub(crate) fn transactions_paid(settlement: &Settlement) -> Self {
        Self {
            kind: PostingKind::TransactionsPaid,
            reference: settlement.id.to_string(),
            transfers: vec![Transfer {
                debit: Account::Cash(CURRENCY),
                credit: Account::Receivable(settlement.user_id),
                sum: settlement.sum,
            }],
        }
    }

    /// An order was paid, which is what we have earned by it.
    pub(crate) fn payment_captured(payment: &Payment) -> Option<Self> {
        let (cash, revenue) = (
            Account::Cash(payment.currency),
            Account::Revenue(payment.currency),
        );
        Some(Self {
            kind: PostingKind::PaymentCaptured,
            reference: payment.id.to_string(),
            transfers: vec![Transfer {
                debit: cash,
                credit: revenue,
                sum: Sum::new(Amount::from_minor(payment.captured_minor))?,
            }],
        })
    }

    /// We have given back what we had earned.
    pub(crate) fn payment_refunded(refund: &Refund, currency: Currency) -> Option<Self> {
        Some(Self {
            kind: PostingKind::PaymentRefunded,
            reference: refund.id.to_string(),
            transfers: vec![Transfer {
                debit: Account::Revenue(currency),
                credit: Account::Cash(currency),
                sum: Sum::new(Amount::from_minor(refund.amount_minor))?,
            }],
        })
    }

    /// The provider has what is nobody's debt: we owe it back.
    pub(crate) fn charge_held(held: &HeldCharge) -> Option<Self> {
        Some(Self {
            kind: PostingKind::ChargeHeld,
            reference: held.key(),
            transfers: vec![Transfer {
                debit: Account::Cash(held.currency),
                credit: Account::Held(held.currency),
                sum: Sum::new(Amount::from_minor(held.amount_minor))?,
            }],
        })
    }

    /// It is given back; none where it is not yet.
    pub(crate) fn charge_returned(held: &HeldCharge) -> Option<Self> {
        if held.status != HeldStatus::Returned {
            return None;
        }
        Some(Self {
            kind: PostingKind::ChargeReturned,
            reference: held.refund_id?.to_string(),
            transfers: vec![Transfer {
                debit: Account::Held(held.currency),
                credit: Account::Cash(held.currency),
                sum: Sum::new(Amount::from_minor(held.amount_minor))?,
            }],
        })
    }

    /// The accounts it is posted to.
    pub(crate) fn accounts(&self) -> impl Iterator<Item = Account> {
        self.transfers
            .iter()
            .flat_map(|transfer| [transfer.debit, transfer.credit])
    }

    pub(crate) fn entries(&self) -> impl Iterator<Item = Entry> {
        self.transfers.iter().flat_map(|transfer| {
            let (debit, credit) = (transfer.sum.minor(), -transfer.sum.minor());
            [(transfer.debit, debit), (transfer.credit, credit)].map(|(account, minor)| Entry {
                account,
                amount: Amount::from_minor(minor),
            })
        })
    }
}

/// A ledger transaction as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PostedTransaction {
    pub id: LedgerTransactionId,
    pub kind: PostingKind,
    pub reference: String,
    pub posted_at: Timestamp,
    pub entries: Vec<PostedEntry>,
}

/// An entry as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PostedEntry {
    pub account: AccountKind,
    pub owner: Option<UserId>,
    pub amount: Money,
}

impl From<PostedTransaction> for LedgerTransactionView {
    fn from(posted: PostedTransaction) -> Self {
        Self {
            id: posted.id,
            kind: posted.kind,
            reference: posted.reference,
            posted_at: posted.posted_at,
            entries: posted.entries.into_iter().map(EntryView::from).collect(),
        }
    }
}

impl From<PostedEntry> for EntryView {
    fn from(entry: PostedEntry) -> Self {
        Self {
            account: entry.account,
            user_id: entry.owner,
            amount: entry.amount,
        }
    }
}

#[cfg(test)]
mod tests {
    use kit_values::Uuid;
    use payments_api::TransactionStatus;

    use super::*;

    fn sum(minor: i64) -> Sum {
        Sum::new(Amount::from_minor(minor)).unwrap()
    }

    fn entries(posting: &Posting) -> Vec<(Account, i64)> {
        let entries = posting.entries();
        entries
            .map(|entry| (entry.account, entry.amount.minor()))
            .collect()
    }

    #[test]
    fn what_is_charged_is_owed_and_what_is_paid_is_not_owed_any_more() {
        let user_id = UserId::from(Uuid::nil());
        let charged = Transaction {
            id: Uuid::max().into(),
            user_id,
            number: 1,
            amount: Amount::from_minor(85_050),
            description: None,
            status: TransactionStatus::Pending,
            created_at: Timestamp::from_micros(0),
        };
        let created = Posting::transaction_created(&charged, sum(85_050));
        assert_eq!(created.reference, charged.id.to_string());
        let owed = Account::Receivable(user_id);
        assert_eq!(
            entries(&created),
            [(owed, 85_050), (Account::Revenue(CURRENCY), -85_050)]
        );
        let paid = Posting::transactions_paid(&Settlement {
            id: Uuid::max().into(),
            user_id,
            transactions: 2,
            sum: sum(i64::MAX),
            at: Timestamp::from_micros(0),
        });
        assert_eq!(
            entries(&paid),
            [(Account::Cash(CURRENCY), i64::MAX), (owed, -i64::MAX)]
        );
    }

    #[test]
    fn an_account_is_named_by_kind_owner_and_currency() {
        let user_id = UserId::from(Uuid::nil());
        assert_eq!(Account::Cash(CURRENCY).id(), "cash:USD");
        assert_eq!(
            Account::Receivable(user_id).id(),
            "receivable:00000000-0000-0000-0000-000000000000:USD"
        );
    }
}
