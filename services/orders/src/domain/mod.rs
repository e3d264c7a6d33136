//! What orders decides, without clock, database or network.

mod draft;
mod event;
mod guest;
mod order;
mod refund;
mod saga;
mod transition;

pub(crate) use draft::{OrderDraft, OrderLines};
pub(crate) use event::OrderEvent;
pub(crate) use guest::{Buyer, Credentials, Guest, GuestLimits, Viewer};
pub(crate) use order::{Change, HistoryEntry, Order, OrderDetails, OrderLine};
pub(crate) use refund::{Refund, RefundRequest};
pub(crate) use saga::{BACKOFF, DueStep, SagaStep, SagaTimes};
pub(crate) use transition::{PaidBack, Transition, is_final};
