//! What an operator may set.

use std::net::SocketAddr;

use kit_config::{Check, Span};

kit_config::config! {
    /// Products, categories and stock.
    pub struct CatalogConfig("catalog") {
        /// Where the service listens when it has a port of its own.
        listen: SocketAddr = "127.0.0.1:8085",
        /// How long stock is held for an order that is not paid. Longer than orders wait for a payment.
        reservation_time_to_live: Span = "1h",
        /// How often it is looked for reservations whose time is over.
        reservation_sweep: Span = "10s",
    }
    validate(check)
}

fn check(config: &CatalogConfig, check: &mut Check<'_>) {
    for (key, span) in [
        ("reservation_time_to_live", config.reservation_time_to_live),
        ("reservation_sweep", config.reservation_sweep),
    ] {
        if std::time::Duration::from(span).is_zero() {
            check.refuse(key, "must be more than 0");
        }
    }
}
