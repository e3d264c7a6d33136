//! What orders tells on topic `orders`. An order's events come in the order of its versions; the key is its
//! identifier. They say nobody's address: who needs one asks the service of orders for it.

use kit_runtime::Timestamp;
use kit_token::UserId;
use kit_values::{Currency, Money, Quantity, Uuid, example};

use crate::types::{
    CancelReason, OrderId, OrderItem, OrderNumber, PaymentId, RefundId, RefundedItem, StockShortage,
};

const ORDER: Uuid = Uuid::from_u128(0x0199_f3a2_5d10_7c4e_b3f8_61a9_0e7d_24c5);
const USER: Uuid = Uuid::from_u128(0x0199_f3a0_8b1c_7e34_9d5a_2f6b_c8d0_e1f2);
const PAYMENT: Uuid = Uuid::from_u128(0x0199_f3a3_77a1_7d20_9b1f_04c2_e8d6_5a31);
const REFUND: Uuid = Uuid::from_u128(0x0199_f3a4_11d2_7b0a_8c3e_5f7a_9b1d_3e60);
const NOW: Timestamp = Timestamp::from_micros(1_770_000_000_000_000);

fn usd(amount_minor: i64) -> Money {
    Money {
        amount_minor,
        currency: Currency::USD,
    }
}

fn number() -> OrderNumber {
    example("10001")
}

fn items() -> Vec<OrderItem> {
    vec![OrderItem {
        sku: example("MUG-BLUE"),
        quantity: Quantity::ONE,
        unit_price: usd(1_250),
    }]
}

fn shortages() -> Vec<StockShortage> {
    vec![StockShortage {
        sku: example("MUG-BLUE"),
        quantity: 1,
        available: 0,
    }]
}

fn refunded_items() -> Vec<RefundedItem> {
    vec![RefundedItem {
        sku: example("MUG-BLUE"),
        quantity: Quantity::ONE,
    }]
}

kit_event::events! {
    /// What becomes of orders, kept whole so that statistics of it can be built anew.
    topic ORDERS = "orders" (retention: Forever, carrier: Queue, key: "the order's id") {
        /// `order.created`: somebody placed an order.
        OrderCreated = "order.created" (key: order_id, sequence: version) {
            /// The order.
            order_id: OrderId = ORDER.into(),
            /// Its number.
            number: OrderNumber = number(),
            /// The order's version: 1 when it is placed, and one more with each event.
            version: i64 = 1,
            /// The user who placed it; none where it was a guest.
            user_id: Option<UserId> = Some(USER.into()),
            /// What is ordered, by SKU.
            items: Vec<OrderItem> = items(),
            /// What all its items come to.
            total: Money = usd(1_250),
            /// When.
            timestamp: Timestamp = NOW,
        }
        /// `order.confirmed`: an order's stock is held, and it can be paid.
        OrderConfirmed = "order.confirmed" (key: order_id, sequence: version) {
            /// The order.
            order_id: OrderId = ORDER.into(),
            /// Its number.
            number: OrderNumber = number(),
            /// The order's version: 1 when it is placed, and one more with each event.
            version: i64 = 2,
            /// The user who placed it; none where it was a guest.
            user_id: Option<UserId> = Some(USER.into()),
            /// What all its items come to.
            total: Money = usd(1_250),
            /// The payment by which it is paid.
            payment_id: PaymentId = PAYMENT.into(),
            /// When.
            timestamp: Timestamp = NOW,
        }
        /// `order.rejected`: there was not enough of an order's items. That is its end.
        OrderRejected = "order.rejected" (key: order_id, sequence: version) {
            /// The order.
            order_id: OrderId = ORDER.into(),
            /// Its number.
            number: OrderNumber = number(),
            /// The order's version: 1 when it is placed, and one more with each event.
            version: i64 = 2,
            /// The user who placed it; none where it was a guest.
            user_id: Option<UserId> = Some(USER.into()),
            /// What all its items come to.
            total: Money = usd(1_250),
            /// Of which SKUs, and how many of them there were.
            shortages: Vec<StockShortage> = shortages(),
            /// When.
            timestamp: Timestamp = NOW,
        }
        /// `order.paid`: an order is paid.
        OrderPaid = "order.paid" (key: order_id, sequence: version) {
            /// The order.
            order_id: OrderId = ORDER.into(),
            /// Its number.
            number: OrderNumber = number(),
            /// The order's version: 1 when it is placed, and one more with each event.
            version: i64 = 3,
            /// The user who placed it; none where it was a guest.
            user_id: Option<UserId> = Some(USER.into()),
            /// What is ordered, by SKU.
            items: Vec<OrderItem> = items(),
            /// What all its items come to.
            total: Money = usd(1_250),
            /// The payment by which it is paid.
            payment_id: PaymentId = PAYMENT.into(),
            /// When.
            timestamp: Timestamp = NOW,
        }
        /// `order.cancelled`: an order was given up before it was shipped. What was held for it is free, and what was paid for it is
        /// paid back. That is its end.
        OrderCancelled = "order.cancelled" (key: order_id, sequence: version) {
            /// The order.
            order_id: OrderId = ORDER.into(),
            /// Its number.
            number: OrderNumber = number(),
            /// The order's version: 1 when it is placed, and one more with each event.
            version: i64 = 4,
            /// The user who placed it; none where it was a guest.
            user_id: Option<UserId> = Some(USER.into()),
            /// What is ordered, by SKU.
            items: Vec<OrderItem> = items(),
            /// What all its items come to.
            total: Money = usd(1_250),
            /// Whether it was paid before.
            was_paid: bool = true,
            /// Why.
            reason: CancelReason = CancelReason::Requested,
            /// When.
            timestamp: Timestamp = NOW,
        }
        /// `order.shipped`: an order is on its way.
        OrderShipped = "order.shipped" (key: order_id, sequence: version) {
            /// The order.
            order_id: OrderId = ORDER.into(),
            /// Its number.
            number: OrderNumber = number(),
            /// The order's version: 1 when it is placed, and one more with each event.
            version: i64 = 4,
            /// The user who placed it; none where it was a guest.
            user_id: Option<UserId> = Some(USER.into()),
            /// What all its items come to.
            total: Money = usd(1_250),
            /// Who carries it.
            carrier: String = "DHL".to_owned(),
            /// The number by which the carrier knows it.
            tracking_number: String = "00340434292135100148".to_owned(),
            /// When.
            timestamp: Timestamp = NOW,
        }
        /// `order.delivered`: an order has arrived.
        OrderDelivered = "order.delivered" (key: order_id, sequence: version) {
            /// The order.
            order_id: OrderId = ORDER.into(),
            /// Its number.
            number: OrderNumber = number(),
            /// The order's version: 1 when it is placed, and one more with each event.
            version: i64 = 5,
            /// The user who placed it; none where it was a guest.
            user_id: Option<UserId> = Some(USER.into()),
            /// What all its items come to.
            total: Money = usd(1_250),
            /// When.
            timestamp: Timestamp = NOW,
        }
        /// `order.refunded`: an order was paid back, in whole or in part.
        OrderRefunded = "order.refunded" (key: order_id, sequence: version) {
            /// The order.
            order_id: OrderId = ORDER.into(),
            /// Its number.
            number: OrderNumber = number(),
            /// The order's version: 1 when it is placed, and one more with each event.
            version: i64 = 6,
            /// The user who placed it; none where it was a guest.
            user_id: Option<UserId> = Some(USER.into()),
            /// What all its items come to.
            total: Money = usd(1_250),
            /// The refund.
            refund_id: RefundId = REFUND.into(),
            /// How much this refund paid back.
            amount: Money = usd(1_250),
            /// How much was paid back in all, this refund included.
            refunded: Money = usd(1_250),
            /// For which of its items, where the refund was by line.
            items: Vec<RefundedItem> = refunded_items(),
            /// Whether the order is `refunded` by it, which is its end.
            is_whole: bool = true,
            /// When.
            timestamp: Timestamp = NOW,
        }
    }
}
