//! The JSON of payments' public routes.

mod checkout;
mod ledger;
mod payable;
mod payments;
mod staff;
mod transactions;

pub use checkout::{
    CheckoutAction, CheckoutDecided, CheckoutPage, CheckoutStatus, CheckoutView, DecideCheckout,
    OpenCheckout, SandboxEvent, SandboxEventData, WebhookReceived,
};
pub use ledger::{AccountKind, EntryView, LedgerTransactionId, LedgerTransactionView, PostingKind};
pub use payable::Payable;
pub use payments::{
    AttemptStatus, AttemptView, FailureReason, NextAction, NextActionKind, PayRequest, PaymentMethod,
    PaymentStatus, PaymentView, PaymentsPaid, RefundStatus,
};
pub use staff::{
    HeldChargeView, HeldStatus, PaymentFilter, PaymentFlag, RefundRequest, StaffPaymentView, StaffRefundView,
};
pub use transactions::{
    CreateTransaction, Description, TransactionId, TransactionStatus, TransactionView, TransactionsPaid,
};
