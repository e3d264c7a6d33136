//! What orders refuses.

use kit_values::{Money, Sku};

use crate::OrderStatus;

kit_http::refusals! {
    /// What orders refuses, beside what every service does.
    pub enum OrdersRefusal("Order") {
        /// There is nothing in the cart from which an order could be made.
        CartEmpty = CONFLICT, "cart_empty", "the cart is empty";
        /// There is no such SKU, or it is not sold any more.
        UnknownSku {
            /// The SKU.
            sku: Sku,
        } = NOT_FOUND, "unknown_sku", "there is no SKU `{sku}`";
        /// An order is paid in one currency.
        MixedCurrencies = CONFLICT, "mixed_currencies", "the items have prices in different currencies";
        /// The caller has as many orders as may wait to be paid; those that are not paid end by themselves.
        TooManyUnpaid {
            /// How many those are.
            most: u32,
        } = CONFLICT, "too_many_unpaid", "at most {most} orders may wait to be paid";
        /// The items come to more than can be paid.
        TotalTooLarge = CONFLICT, "total_too_large", "the items come to more than can be paid";
        /// The order has left, or is over.
        NotCancellable {
            /// How far it is.
            status: OrderStatus,
        } = CONFLICT, "not_cancellable", "an order that is {status} cannot be cancelled";
        /// The order is not paid, or has left already with another number.
        NotShippable {
            /// How far it is.
            status: OrderStatus,
        } = CONFLICT, "not_shippable", "an order that is {status} cannot be shipped";
        /// The order is not on its way.
        NotDeliverable {
            /// How far it is.
            status: OrderStatus,
        } = CONFLICT, "not_deliverable", "an order that is {status} cannot be delivered";
        /// Nothing was paid for the order, or it is being paid back as a whole.
        NotRefundable {
            /// How far it is.
            status: OrderStatus,
        } = CONFLICT, "not_refundable", "an order that is {status} cannot be refunded";
        /// It is more than is left of what was paid, refunds that are under way counted.
        RefundTooLarge {
            /// How much is left.
            left: Money,
        } = CONFLICT, "refund_too_large", "what is left to refund is {left}";
        /// More of a SKU than is left of it, refunds that are under way counted.
        RefundedTwice {
            /// The SKU.
            sku: Sku,
            /// How many are left.
            left: i64,
        } = CONFLICT, "refunded_twice", "of `{sku}` {left} are left to refund";
        /// The order was refunded in as many parts as it may be.
        TooManyRefunds {
            /// How many those are.
            most: usize,
        } = CONFLICT, "too_many_refunds", "an order is refunded in at most {most} parts";
        /// The order has left, or is over.
        AddressFixed {
            /// How far it is.
            status: OrderStatus,
        } = CONFLICT, "address_fixed", "the address of an order that is {status} cannot be changed";
        /// As many live streams are open as may be.
        TooManyStreams = SERVICE_UNAVAILABLE, "unavailable", "too many streams are open";
    }
}
