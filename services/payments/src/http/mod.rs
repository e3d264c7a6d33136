//! Payments' public routes, one endpoint a file.

mod create_transaction;
mod error;
mod health;
mod list_ledger;
mod list_transactions;
mod pay_transactions;
mod payer;

use axum::Router;
use axum::extract::FromRef;
use kit_http::{Guard, Handlers, HandlersError};
use kit_token::Verifier;

use crate::service::PaymentsService;

/// What the handlers work with.
#[derive(Clone)]
struct Desk {
    payments: PaymentsService,
    /// How well it is known which tokens are dead.
    verifier: Verifier,
}

impl FromRef<Desk> for PaymentsService {
    fn from_ref(desk: &Desk) -> Self {
        desk.payments.clone()
    }
}

pub(crate) fn router(
    payments: PaymentsService,
    verifier: Verifier,
    guard: Guard,
) -> Result<Router, HandlersError> {
    Handlers::new(payments_api::routes(), guard)
        .on("payments_health", health::payments_health)
        .on("create_transaction", create_transaction::create_transaction)
        .on("list_transactions", list_transactions::list_transactions)
        .on("get_transactions", list_transactions::list_transactions)
        .on("pay_transactions", pay_transactions::pay_transactions)
        .on("list_ledger", list_ledger::list_ledger)
        .finish(Desk { payments, verifier })
}
