//! Transactions and the ledger.

use http::{Method, StatusCode};
use kit_http::extract::{Page, PageQuery};
use kit_http::{Access, Route};
use kit_values::Amount;
use serde_json::{Value, json};

use crate::PaymentsRefusal;
use crate::types::{CreateTransaction, LedgerTransactionView, TransactionView, TransactionsPaid};

const USER: &str = "0190c2a4-7c1e-7b3e-9c53-0f3a5e1d2b4c";
const TRANSACTION: &str = "txn_0190c2a5-11f0-7d2c-8a4e-6b1f90d3c7e8";

pub(super) fn routes() -> Vec<Route> {
    vec![
        create(),
        list("/transactions/list", "list_transactions"),
        list("/transactions", "get_transactions"),
        pay(),
        ledger(),
    ]
}

fn create() -> Route {
    Route::new(Method::POST, "/transactions", "create_transaction", Access::User)
        .summary("Create a transaction")
        .body::<CreateTransaction>(json!({ "amount": 850.50, "description": "books" }))
        .answer::<TransactionView>(StatusCode::CREATED, transaction())
        .refuses(&PaymentsRefusal::LimitExceeded {
            most: Amount::from_minor(100_000),
        })
        .idempotent()
        .fail_closed()
        .strict()
}

/// Under two paths, one of them older than the other.
fn list(pattern: &'static str, operation: &'static str) -> Route {
    Route::new(Method::GET, pattern, operation, Access::User)
        .summary("List own transactions, newest first")
        .query::<PageQuery>()
        .answer::<Vec<TransactionView>>(StatusCode::OK, json!([transaction()]))
}

fn pay() -> Route {
    let example = json!({ "transactions_paid": 1, "amount_paid": 850.50 });
    Route::new(
        Method::POST,
        "/transactions/pay",
        "pay_transactions",
        Access::User,
    )
    .summary("Pay all pending transactions")
    .answer::<TransactionsPaid>(StatusCode::OK, example)
    .idempotent()
    .fail_closed()
    .strict()
}

fn ledger() -> Route {
    let entry = |account: &str, user_id: Option<&str>, amount_minor: i64| {
        let amount = json!({ "amount_minor": amount_minor, "currency": "USD" });
        json!({ "account": account, "user_id": user_id, "amount": amount })
    };
    let posted = json!({
        "id": "ltx_0190c2a5-11f0-7d2c-8a4e-6b1f90d3c7e9", "kind": "transaction_created",
        "reference": TRANSACTION, "posted_at": "2030-01-01T00:00:00.000000Z",
        "entries": [entry("receivable", Some(USER), 85_050), entry("revenue", None, -85_050)],
    });
    Route::new(Method::GET, "/admin/ledger", "list_ledger", Access::Staff)
        .summary("List ledger transactions, newest first")
        .query::<PageQuery>()
        .answer::<Page<LedgerTransactionView>>(
            StatusCode::OK,
            json!({ "items": [posted], "next_cursor": null }),
        )
}

fn transaction() -> Value {
    json!({
        "id": TRANSACTION, "user_id": USER, "amount": 850.50, "description": "books",
        "status": "pending", "created_at": "2030-01-01T00:00:00.000000Z"
    })
}
