//! The types that go through the routes, the contract and the events.

mod orders;
mod requests;
mod saga;

pub use orders::{
    OrderItemView, OrderRefundStatus, OrderRefundView, OrderStatus, OrderView, PlacedOrder, ShippingAddress,
    TimelineItem, Tracking,
};
pub use requests::{CreateOrder, MOST_LINES, OrderFilter, OrderNote, PlacedLine, RefundLine, RefundOrder};
pub use saga::{
    CancelReason, OrderId, OrderItem, OrderNumber, PaymentId, RefundId, RefundedItem, StockShortage,
};
