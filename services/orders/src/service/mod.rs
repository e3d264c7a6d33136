//! Orders' use cases: each loads, decides and saves, in one unit of work.

mod adopting;
mod advancing;
mod changing;
mod guests;
mod placing;
mod reading;
mod refunding;
mod saga;
mod steps;

use std::sync::Arc;

use cart_api::CartClient;
use catalog_api::CatalogClient;
use kit_runtime::Ids;
use kit_service::{Failure, Followers, Units};
use kit_token::UserId;
use orders_api::{OrderId, OrdersRefusal};
use payments_api::PaymentsClient;
use tokio::sync::Notify;

use crate::domain::{GuestLimits, SagaTimes};

/// What is not there where no order is.
const ORDER: &str = "Order";

/// How orders calls itself in histories and calls.
const ORDERS: &str = "orders";

/// Why a use case did not do what was asked.
pub(crate) type OrdersFailure = Failure<OrdersRefusal>;

/// What orders works with.
pub(crate) struct OrdersDeps {
    pub units: Units,
    /// The randomness of pauses.
    pub ids: Ids,
    pub catalog: CatalogClient,
    pub cart: CartClient,
    pub payments: PaymentsClient,
    pub times: SagaTimes,
    /// How many orders of a user may wait to be paid at a time.
    pub most_unpaid: u32,
    pub guest_limits: GuestLimits,
    pub followers: Followers<OrderId, StreamOwner>,
}

/// Whose streams are counted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum StreamOwner {
    User(UserId),
    /// Whoever has the token of this order.
    Guest(OrderId),
}

/// The use cases. A cheap handle.
#[derive(Clone)]
pub(crate) struct OrdersService(Arc<Inner>);

struct Inner {
    deps: OrdersDeps,
    wake: Notify,
}

impl OrdersService {
    pub(crate) fn new(deps: OrdersDeps) -> Self {
        Self(Arc::new(Inner {
            deps,
            wake: Notify::new(),
        }))
    }

    /// Something may be due.
    pub(crate) fn wake(&self) {
        self.0.wake.notify_one();
    }

    fn units(&self) -> &Units {
        &self.0.deps.units
    }
}
