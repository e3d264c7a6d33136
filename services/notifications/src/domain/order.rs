//! Events of orders, as far as users are told of them.

use std::marker::PhantomData;

use kit_event::{Event, Topic};
use kit_runtime::Timestamp;
use kit_token::UserId;
use kit_values::Money;
use orders_api::{OrderId, OrderNumber, StockShortage};
use serde::{Deserialize, Serialize};

/// What an event `E` of an order says. Members that only some of them have are there where they are; a word that is
/// not known here, such as another reason, is no obstacle.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(bound = "")]
pub(crate) struct OrderChanged<E> {
    pub order_id: OrderId,
    pub number: OrderNumber,
    /// None where it was a guest.
    pub user_id: Option<UserId>,
    pub total: Money,
    pub timestamp: Timestamp,
    reason: Option<String>,
    was_paid: Option<bool>,
    shortages: Option<Vec<StockShortage>>,
    carrier: Option<String>,
    tracking_number: Option<String>,
    amount: Option<Money>,
    refunded: Option<Money>,
    #[serde(skip)]
    event: PhantomData<fn() -> E>,
}

impl<E: Event> Event for OrderChanged<E> {
    const TOPIC: &'static Topic = E::TOPIC;
    const TYPE: &'static str = E::TYPE;

    fn key(&self) -> String {
        self.order_id.to_string()
    }
}

/// What a template says of an order: amounts are written out, everything else is as the event has it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub(crate) struct OrderFacts {
    order_id: OrderId,
    number: OrderNumber,
    total: String,
    reason: Option<String>,
    was_paid: bool,
    shortages: Vec<StockShortage>,
    carrier: Option<String>,
    tracking_number: Option<String>,
    amount: Option<String>,
    /// Whether nothing of it is left to pay back, also of one that was cancelled.
    is_whole: bool,
}

impl<E> From<OrderChanged<E>> for OrderFacts {
    fn from(event: OrderChanged<E>) -> Self {
        Self {
            order_id: event.order_id,
            number: event.number,
            total: event.total.to_string(),
            reason: event.reason,
            was_paid: event.was_paid.unwrap_or_default(),
            shortages: event.shortages.unwrap_or_default(),
            carrier: event.carrier,
            tracking_number: event.tracking_number,
            amount: event.amount.map(|amount| amount.to_string()),
            is_whole: event.refunded == Some(event.total),
        }
    }
}

impl OrderFacts {
    /// Where the web client shows the order.
    pub(crate) fn link(&self) -> String {
        format!("/orders/{}", self.order_id)
    }
}
