//! What other services may ask of payments. Amounts travel in minor units.

use kit_rpc::CallError;
use kit_token::UserId;
use kit_values::Money;
use serde::{Deserialize, Serialize};

use crate::{AccountKind, PaymentsRefusal};

kit_rpc::contract! {
    /// What other services may ask of payments.
    pub trait Payments("payments"), client PaymentsClient, error PaymentsError {
        /// How many transactions there are and what they come to, of one user or of all; counted row by row.
        query get_totals(GetTotals) -> Totals;
        /// What stands on the ledger's accounts, those of all users together; zero in sum for each currency.
        query get_trial_balance(GetTrialBalance) -> TrialBalance;
    }
}

/// Why payments did not do what another service asked.
pub type PaymentsError = CallError<PaymentsRefusal>;

/// Asks for totals.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct GetTotals {
    /// The user whose transactions are totalled; all users without one.
    pub user_id: Option<UserId>,
}

/// How many transactions there are, and what they come to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub struct Totals {
    /// Users who made one.
    pub users: u64,
    /// Transactions that were made.
    pub transactions: u64,
    /// Their sum, in minor units.
    pub amount_minor: i64,
    /// Those that are paid.
    pub paid_transactions: u64,
    /// Their sum, in minor units.
    pub paid_amount_minor: i64,
    /// How often pending transactions were paid: the number of `transaction.paid` events.
    pub settlements: u64,
}

/// Asks for the trial balance.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct GetTrialBalance {}

/// What stands on the ledger's accounts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub struct TrialBalance {
    /// A line for each kind of account and currency, in their order.
    pub accounts: Vec<AccountBalance>,
}

/// What stands on accounts of one kind.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct AccountBalance {
    /// The kind of the accounts.
    pub account: AccountKind,
    /// Debits less credits.
    pub balance: Money,
}
