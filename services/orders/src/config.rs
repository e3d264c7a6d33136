//! What an operator may set.

use std::net::SocketAddr;
use std::time::Duration;

use kit_config::{Check, Span};

use crate::domain::SagaTimes;

kit_config::config! {
    /// Orders.
    pub struct OrdersConfig("orders") {
        /// Where the service listens when it has a port of its own.
        listen: SocketAddr = "127.0.0.1:8087",
        /// How long an order waits for its stock to be held and its payment to be opened; then it is cancelled.
        stock_time_to_live: Span = "10m",
        /// How long an order can be paid, from when it was placed. Shorter than `catalog.reservation_time_to_live`.
        payment_time_to_live: Span = "30m",
        /// How long after that it is asked how the payment ended, where nothing was heard of it.
        payment_grace: Span = "1m",
        /// How many orders of a user may wait to be paid at a time: each holds stock.
        most_unpaid: u32 = "1000",
        /// How often it is looked for what is due.
        poll: Span = "1s",
        /// How many live streams may be open in a process.
        streams: usize = "1000",
        /// How many of those a user may have.
        streams_per_user: usize = "10",
    }
    validate(check)
}

impl OrdersConfig {
    pub(crate) fn times(&self) -> SagaTimes {
        SagaTimes {
            stock: self.stock_time_to_live.into(),
            payment: self.payment_time_to_live.into(),
            grace: self.payment_grace.into(),
        }
    }
}

fn check(config: &OrdersConfig, check: &mut Check<'_>) {
    for (key, span) in [
        ("stock_time_to_live", config.stock_time_to_live),
        ("payment_time_to_live", config.payment_time_to_live),
        ("poll", config.poll),
    ] {
        if Duration::from(span).is_zero() {
            check.refuse(key, "must be more than 0");
        }
    }
    if config.most_unpaid == 0 {
        check.refuse("most_unpaid", "must be at least 1");
    }
    if Duration::from(config.stock_time_to_live) >= config.payment_time_to_live.into() {
        check.refuse(
            "stock_time_to_live",
            "must be less than `orders.payment_time_to_live`",
        );
    }
}
