//! What an operator may set.

use std::net::SocketAddr;

use kit_config::{Check, Span};
use kit_values::Currency;

kit_config::config! {
    /// Carts of users and guests.
    pub struct CartConfig("cart") {
        /// Where the service listens when it has a port of its own.
        listen: SocketAddr = "127.0.0.1:8086",
        /// The currency of the total of a cart in which nothing is.
        currency: String = "USD",
        /// How long a guest's cart is kept after its last change.
        guest_time_to_live: Span = "30d",
        /// How often it is looked for guests' carts whose time is over.
        sweep: Span = "10m",
    }
    validate(check)
}

fn check(config: &CartConfig, check: &mut Check<'_>) {
    if let Err(error) = config.currency.parse::<Currency>() {
        check.refuse("currency", error.to_string());
    }
    for (key, span) in [
        ("guest_time_to_live", config.guest_time_to_live),
        ("sweep", config.sweep),
    ] {
        if std::time::Duration::from(span).is_zero() {
            check.refuse(key, "must be more than 0");
        }
    }
}
