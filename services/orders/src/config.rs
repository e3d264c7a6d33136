//! What an operator may set.

use std::net::SocketAddr;
use std::time::Duration;

use kit_config::{Check, Span};

use crate::domain::{GuestLimits, SagaTimes};

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
        /// How many orders of a guest, known by the cart or the address, may wait to be paid at a time.
        most_unpaid_of_guest: u32 = "10",
        /// How many orders of all guests of one network (an IPv4 address, an IPv6 /64) may wait to be paid at a time.
        most_unpaid_of_network: u32 = "100",
        /// How long after the end of a guest's order the guest's address, and the token that opens the order, are kept.
        guest_time_to_live: Span = "180d",
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
            guest: self.guest_time_to_live.into(),
        }
    }

    pub(crate) fn guest_limits(&self) -> GuestLimits {
        GuestLimits {
            own: self.most_unpaid_of_guest,
            network: self.most_unpaid_of_network,
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
    for (key, most) in [
        ("most_unpaid", config.most_unpaid),
        ("most_unpaid_of_guest", config.most_unpaid_of_guest),
        ("most_unpaid_of_network", config.most_unpaid_of_network),
    ] {
        if most == 0 {
            check.refuse(key, "must be at least 1");
        }
    }
    if Duration::from(config.stock_time_to_live) >= config.payment_time_to_live.into() {
        check.refuse(
            "stock_time_to_live",
            "must be less than `orders.payment_time_to_live`",
        );
    }
}
