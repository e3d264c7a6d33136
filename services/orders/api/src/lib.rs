//! What others may know of orders: its public routes, the types that go through them, the events it tells, and the
//! contract that other services call.

mod contract;
mod events;
mod refusal;
mod routes;
mod types;

pub use contract::{FindOrder, Orders, OrdersClient, OrdersError};
pub use events::{
    OrderCancelled, OrderConfirmed, OrderCreated, OrderDelivered, OrderPaid, OrderRefunded, OrderRejected,
    OrderShipped, TOPICS, events,
};
pub use refusal::OrdersRefusal;
pub use routes::routes;
pub use types::{
    CancelReason, CreateOrder, MOST_LINES, OrderFilter, OrderId, OrderItem, OrderItemView, OrderNote,
    OrderNumber, OrderRefundStatus, OrderRefundView, OrderStatus, OrderView, PaymentId, PlacedLine,
    PlacedOrder, RefundId, RefundLine, RefundOrder, RefundedItem, ShippingAddress, StockShortage,
    TimelineItem, Tracking,
};
