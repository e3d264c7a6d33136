//! What others may know of orders: its types, and the events it tells.

mod events;
mod example;
mod types;

pub use events::{
    OrderCancelled, OrderConfirmed, OrderCreated, OrderDelivered, OrderPaid, OrderRefunded, OrderRejected,
    OrderShipped, TOPICS, events,
};
pub use types::{
    CancelReason, OrderId, OrderItem, OrderNumber, PaymentId, RefundId, RefundedItem, StockShortage,
};
