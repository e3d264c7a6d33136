//! What cart refuses.

use kit_values::{Currency, Sku};

use crate::MOST_LINES;

kit_http::refusals! {
    /// What cart refuses, beside what every service does.
    pub enum CartRefusal("Cart") {
        /// There is no such SKU, or it is not for sale any more: customers are not told which.
        UnknownSku {
            /// The SKU.
            sku: Sku,
        } = NOT_FOUND, "unknown_sku", "there is no SKU `{sku}`";
        /// There would be more in the cart than can be bought.
        NotEnoughStock {
            /// The SKU.
            sku: Sku,
            /// How many there are, those in the cart among them.
            available: i64,
        } = CONFLICT, "not_enough_stock", "only {available} of `{sku}` are available";
        /// The line would have more than any line may have.
        QuantityLimitExceeded {
            /// The SKU.
            sku: Sku,
            /// The most.
            most: i64,
        } = CONFLICT, "quantity_limit_exceeded", "a cart cannot hold more than {most} of `{sku}`";
        /// The cart has as many lines as it may have.
        CartFull {
            /// The most.
            most: usize,
        } = CONFLICT, "cart_full", "a cart cannot have more than {most} lines";
        /// The cart's other lines are sold in another currency.
        MixedCurrencies {
            /// What the cart is in.
            cart: Currency,
            /// What the new line is in.
            other: Currency,
        } = CONFLICT, "mixed_currencies", "the cart is in {cart}, and this is sold in {other}";
    }
}

impl CartRefusal {
    /// No line more.
    pub const fn full() -> Self {
        Self::CartFull { most: MOST_LINES }
    }
}
