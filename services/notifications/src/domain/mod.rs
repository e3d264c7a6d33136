//! What notifications decides, without clock, database or network.

mod notification;
mod order;
mod text;

pub(crate) use notification::Notification;
pub(crate) use order::{OrderChanged, OrderFacts};
pub(crate) use text::Text;
