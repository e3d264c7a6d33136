//! Payments' public routes, one endpoint a file.

mod checkout;
mod create_transaction;
mod get_payment;
mod list_ledger;
mod list_payments;
mod list_transactions;
mod open_checkout;
mod pay;
mod pay_transactions;
mod receive_webhook;
mod staff;

use axum::Router;
use kit_http::{Guard, Handlers, HandlersError};

use crate::service::PaymentsService;

pub(crate) fn router(payments: PaymentsService, guard: Guard) -> Result<Router, HandlersError> {
    Handlers::new(payments_api::routes(), guard)
        .on("create_transaction", create_transaction::create_transaction)
        .on("list_transactions", list_transactions::list_transactions)
        .on("get_transactions", list_transactions::list_transactions)
        .on("pay_transactions", pay_transactions::pay_transactions)
        .on("list_ledger", list_ledger::list_ledger)
        .on("pay", pay::pay)
        .on("list_payments", list_payments::list_payments)
        .on("get_payment", get_payment::get_payment)
        .on("open_checkout", open_checkout::open_checkout)
        .on("get_checkout", checkout::get_checkout)
        .on("decide_checkout", checkout::decide_checkout)
        .on("list_all_payments", staff::list_all_payments)
        .on("get_any_payment", staff::get_any_payment)
        .on("refund_payment", staff::refund_payment)
        .on("resolve_payment", staff::resolve_payment)
        .on("receive_webhook", receive_webhook::receive_webhook)
        .finish(payments)
}
