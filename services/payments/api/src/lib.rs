//! What others may know of payments: its public routes, the types that go through them, the events it tells,
//! and the contract that other services call.

mod contract;
mod events;
mod refusal;
mod routes;
mod types;

pub use contract::{
    AccountBalance, AssignPayment, CallbackUrl, CancelPayment, CreatePayment, FindPayment, GetTotals,
    GetTrialBalance, OpenPaymentCheckout, Payments, PaymentsClient, PaymentsError, RefundPayment, RefundView,
    Totals, TrialBalance,
};
pub use events::{
    PaymentCancelled, PaymentCreated, PaymentExpired, PaymentFailed, PaymentRefunded, PaymentSucceeded,
    TOPICS, TransactionCreated, TransactionPaid, events,
};
pub use refusal::PaymentsRefusal;
pub use routes::routes;
pub use types::{
    AccountKind, AttemptStatus, AttemptView, CheckoutAction, CheckoutDecided, CheckoutPage, CheckoutStatus,
    CheckoutView, CreateTransaction, DecideCheckout, Description, EntryView, FailureReason, HeldChargeView,
    HeldStatus, LedgerTransactionId, LedgerTransactionView, NextAction, NextActionKind, OpenCheckout,
    PayRequest, Payable, PaymentFilter, PaymentFlag, PaymentMethod, PaymentStatus, PaymentView, PaymentsPaid,
    PostingKind, RefundRequest, RefundStatus, SandboxEvent, SandboxEventData, StaffPaymentView,
    StaffRefundView, TransactionId, TransactionStatus, TransactionView, TransactionsPaid, WebhookReceived,
};
