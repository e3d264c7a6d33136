//! Payments' public routes.

mod checkout;
mod payments;
mod staff;
mod transactions;

use kit_http::{ApiRefusal, Route, RouteTable};

use crate::PaymentsRefusal;

const DISPLAY: &str = PaymentsRefusal::SERVICE;

/// Everything payments serves.
pub fn routes() -> RouteTable {
    let mut own = vec![Route::health("/", "payments_health", DISPLAY)];
    own.extend(transactions::routes());
    own.extend(payments::routes());
    own.extend(checkout::routes());
    own.extend(staff::routes());
    RouteTable::new("payments", own)
        .display(DISPLAY)
        .under(&["/api", "/payment"])
}
