//! What other services may ask of payments. Amounts travel in minor units.

use std::fmt;

use kit_rpc::CallError;
use kit_runtime::Timestamp;
use kit_token::{GuestTokenHash, UserId};
use kit_values::Money;
use orders_api::{OrderId, RefundId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{AccountKind, CheckoutView, Payable, PaymentView, PaymentsRefusal, RefundStatus};

kit_rpc::contract! {
    /// What other services may ask of payments.
    pub trait Payments("payments"), client PaymentsClient, error PaymentsError {
        /// How many transactions there are and what they come to, of one user or of all; counted row by row.
        query get_totals(GetTotals) -> Totals;
        /// What stands on the ledger's accounts, those of all users together; zero in sum for each currency.
        query get_trial_balance(GetTrialBalance) -> TrialBalance;
        /// Opens the payment of an order or an invoice, which has one for ever. Asked again it answers the same
        /// payment, however far it is; another amount, payer or time is refused.
        command create_payment(CreatePayment) -> PaymentView;
        /// Says whose the payment of an order is that was a guest's. Whoever opened it with the guest's token still does.
        /// That there is none yet, or that it is somebody's already, is no error.
        command assign_payment(AssignPayment) -> ();
        /// The payment of an order or an invoice.
        query find_payment(FindPayment) -> Option<PaymentView>;
        /// Opens a hosted checkout of a payment for its payer; one that was opened before is closed.
        command open_checkout(OpenPaymentCheckout) -> CheckoutView;
        /// Gives up what is paid by a payment: one that is open ends, one that is under way is paid back should it
        /// succeed, one that is paid is paid back whole, and one that is opened later is cancelled at once. Asked again
        /// it changes nothing.
        command cancel_payment(CancelPayment) -> ();
        /// Pays back what was paid, in whole or in part: at once where the provider answers, else as soon as it does.
        /// Asked again with the same refund it answers how far that is.
        command refund_payment(RefundPayment) -> RefundView;
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

/// Asks to open the payment of an order or an invoice.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct CreatePayment {
    /// What is paid.
    pub payable: Payable,
    /// Who owes it; none where it is a guest.
    pub user_id: Option<UserId>,
    /// The hash of the guest's token that opens it, where a guest placed the order.
    #[serde(default)]
    pub guest_token: Option<GuestTokenHash>,
    /// What is owed; more than nothing.
    pub amount: Money,
    /// What for, as the payer reads it.
    pub description: String,
    /// Until when it can be paid.
    pub expires_at: Timestamp,
    /// Where it is said, signed and until it is taken, that it was paid.
    #[serde(default)]
    pub callback_url: Option<CallbackUrl>,
}

/// An absolute address by `http` or `https`. It holds a secret, so it is never printed.
#[derive(Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(transparent)]
pub struct CallbackUrl(pub String);

impl fmt::Debug for CallbackUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<callback>")
    }
}

/// Asks to open a hosted checkout.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct OpenPaymentCheckout {
    /// What is paid.
    pub payable: Payable,
    /// Where the payer goes afterwards: an address of the platform itself, or of a listed origin.
    pub return_url: Option<String>,
}

/// Says that something is given up that is paid by a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct CancelPayment {
    /// What is paid.
    pub payable: Payable,
}

/// Says whose the payment of an order of a guest is.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct AssignPayment {
    /// The order.
    pub order_id: OrderId,
    /// Whose it is.
    pub user_id: UserId,
}

/// Asks for the payment of an order or an invoice.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct FindPayment {
    /// What is paid.
    pub payable: Payable,
}

/// Asks to pay back what was paid.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct RefundPayment {
    /// What it was paid for.
    pub payable: Payable,
    /// The refund, named by who asks for it; one that was asked for before is not made again.
    pub refund_id: RefundId,
    /// How much; more than nothing.
    pub amount: Money,
}

/// How far a refund is.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub struct RefundView {
    /// The refund.
    pub refund_id: RefundId,
    /// How much.
    pub amount: Money,
    /// How far it is.
    pub status: RefundStatus,
}
