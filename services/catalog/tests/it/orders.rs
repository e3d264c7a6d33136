//! What orders asks of catalog, as the stories ask it.
#![expect(
    clippy::unwrap_used,
    reason = "what the stories share is written like the stories themselves"
)]

use orders_api::OrderId;
use std::time::Duration;

use catalog_api::{
    CatalogClient, CatalogError, CommitStock, FindReservation, OrderLine, ReleaseStock, ReservationStatus,
    ReservationView, ReserveStock, Restock,
};
use kit_rpc::{Actor, CallContext, Deadline};
use kit_testing::App;
use kit_values::{Quantity, Uuid};

pub(crate) fn call() -> CallContext {
    let deadline = Deadline::after(Duration::from_mins(1));
    CallContext::new(Actor::Service("orders".into()), deadline)
}

/// The order of a number.
pub(crate) fn order(number: u128) -> OrderId {
    Uuid::from_u128(number).into()
}

pub(crate) fn line(sku: &str, quantity: i64) -> OrderLine {
    OrderLine {
        sku: sku.parse().unwrap(),
        quantity: Quantity::try_from(quantity).unwrap(),
    }
}

/// A reservation's SKUs: which, how many, how many there are.
pub(crate) fn items(view: &ReservationView) -> Vec<(&str, i64, i64)> {
    let items = view.items.iter();
    items
        .map(|item| (item.sku.as_str(), item.quantity, item.available))
        .collect()
}

/// The service of orders, as far as catalog knows it.
#[derive(Clone)]
pub(crate) struct Orders(pub(crate) CatalogClient);

impl Orders {
    pub(crate) fn of(app: &App) -> Self {
        Self(app.contract())
    }

    pub(crate) async fn ask(
        &self,
        number: u128,
        lines: &[(&str, i64)],
    ) -> Result<ReservationView, CatalogError> {
        let lines = lines.iter().map(|(sku, quantity)| line(sku, *quantity)).collect();
        let request = ReserveStock {
            order_id: order(number),
            lines,
        };
        self.0.reserve_stock(&call(), request).await
    }

    pub(crate) async fn reserve(&self, number: u128, lines: &[(&str, i64)]) -> ReservationView {
        self.ask(number, lines).await.unwrap()
    }

    pub(crate) async fn release(&self, number: u128) -> ReservationView {
        let request = ReleaseStock {
            order_id: order(number),
        };
        self.0.release_stock(&call(), request).await.unwrap()
    }

    pub(crate) async fn commit(&self, number: u128) -> Result<ReservationView, CatalogError> {
        let request = CommitStock {
            order_id: order(number),
        };
        self.0.commit_stock(&call(), request).await
    }

    pub(crate) async fn restock(&self, number: u128) -> Result<ReservationView, CatalogError> {
        let request = Restock {
            order_id: order(number),
        };
        self.0.restock(&call(), request).await
    }

    pub(crate) async fn status(&self, number: u128) -> Option<ReservationStatus> {
        let request = FindReservation {
            order_id: order(number),
        };
        let found = self.0.find_reservation(&call(), request).await.unwrap();
        found.map(|view| view.status)
    }
}
