//! What is held of the stock for an order: from the reservation to its end.

use orders_api::OrderId;
use std::collections::BTreeMap;

use catalog_api::{
    MOST_SKUS, MovementKind, OrderLine, ReleaseReason, ReservationStatus, ReservationView, ReservedItem,
    StockCommitted, StockRejected, StockReleased, StockReserved,
};
use kit_http::{Check, FieldError};
use kit_runtime::Timestamp;
use kit_values::Sku;

use super::{Delta, Stock};

/// The lines of an order, added up: each SKU once, in the order in which rows are held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OrderLines(BTreeMap<Sku, i64>);

impl OrderLines {
    /// At least one line, and at most [`MOST_SKUS`]. Two of the same SKU are one of both quantities.
    pub(crate) fn check(lines: Vec<OrderLine>) -> Result<Self, Vec<FieldError>> {
        let mut check = Check::new();
        if !(1..=MOST_SKUS).contains(&lines.len()) {
            check.refuse("/lines", format!("must have 1 to {MOST_SKUS} items"));
        }
        check.finish(|| {
            let mut sums = BTreeMap::new();
            for line in lines {
                *sums.entry(line.sku).or_default() += line.quantity.get();
            }
            Some(Self(sums))
        })
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Sku, i64)> + Send {
        self.0.iter().map(|(sku, quantity)| (sku, *quantity))
    }

    pub(crate) fn skus(&self) -> Vec<Sku> {
        self.0.keys().cloned().collect()
    }

    /// Whether there is enough of everything.
    pub(crate) fn are_there(&self, stocks: &[Stock]) -> bool {
        self.items(stocks)
            .iter()
            .all(|item| item.available >= item.quantity)
    }

    /// Every SKU, with what there is of it; nothing of one that there never was.
    pub(crate) fn items(&self, stocks: &[Stock]) -> Vec<ReservedItem> {
        let by_sku: BTreeMap<_, _> = stocks.iter().map(|stock| (&stock.sku, stock)).collect();
        let item = |(sku, quantity): (&Sku, i64)| {
            let stock = by_sku.get(sku);
            ReservedItem {
                sku: stock.map_or(sku, |stock| &stock.sku).clone(),
                quantity,
                available: stock.map_or(0, |stock| stock.available()),
            }
        };
        self.iter().map(item).collect()
    }
}

/// Something that is done to a reservation that there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ReservationStep {
    /// The order is given up before it is paid.
    Release,
    /// The order is given up because this was held for too long.
    Expire,
    /// The order is paid.
    Commit,
    /// The order is given up after it was paid.
    Restock,
}

impl ReservationStep {
    /// What it makes of a reservation; none where it changes nothing, because it comes too late or again.
    pub(crate) const fn next(self, status: ReservationStatus) -> Option<ReservationStatus> {
        use ReservationStatus::{Committed, Expired, Rejected, Released, Reserved, Restocked};
        match (status, self) {
            (Reserved, Self::Release) => Some(Released),
            (Reserved, Self::Expire) => Some(Expired),
            (Reserved, Self::Commit) => Some(Committed),
            (Committed, Self::Restock) => Some(Restocked),
            (Reserved, Self::Restock)
            | (Committed, Self::Release | Self::Expire | Self::Commit)
            | (
                Rejected | Released | Expired | Restocked,
                Self::Release | Self::Expire | Self::Commit | Self::Restock,
            ) => None,
        }
    }

    /// What it does to the stock of a SKU.
    pub(crate) const fn delta(self, quantity: i64) -> Delta {
        match self {
            Self::Release | Self::Expire => Delta {
                on_hand: 0,
                reserved: -quantity,
            },
            Self::Commit => Delta {
                on_hand: -quantity,
                reserved: -quantity,
            },
            Self::Restock => Delta {
                on_hand: quantity,
                reserved: 0,
            },
        }
    }

    /// What the movements of it are.
    pub(crate) const fn kind(self) -> MovementKind {
        match self {
            Self::Release => MovementKind::Released,
            Self::Expire => MovementKind::Expired,
            Self::Commit => MovementKind::Committed,
            Self::Restock => MovementKind::Restocked,
        }
    }
}

/// What is held for an order, or was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reservation {
    pub order_id: OrderId,
    pub status: ReservationStatus,
    /// None where it was released before it was made.
    pub expires_at: Option<Timestamp>,
    /// Every SKU of the order, by SKU, with what there was of it when it was decided.
    pub items: Vec<ReservedItem>,
}

/// An event of a reservation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ReservationEvent {
    Reserved(StockReserved),
    Rejected(StockRejected),
    Released(StockReleased),
    Committed(StockCommitted),
}

impl Reservation {
    /// Whether it is of these lines, so that asking for it again is the same request.
    pub(crate) fn is_of(&self, lines: &OrderLines) -> bool {
        let own = self.items.iter().map(|item| (&item.sku, item.quantity));
        own.eq(lines.iter())
    }

    /// What others are told of its status, where they are. Of what comes back into stock they hear by the SKU.
    pub(crate) fn event(&self, timestamp: Timestamp) -> Option<ReservationEvent> {
        let (order_id, items) = (self.order_id, self.shown());
        let released = |items, reason| {
            let released = StockReleased {
                order_id,
                items,
                reason,
                timestamp,
            };
            ReservationEvent::Released(released)
        };
        match self.status {
            ReservationStatus::Reserved => {
                let reserved = StockReserved {
                    order_id,
                    items,
                    timestamp,
                };
                Some(ReservationEvent::Reserved(reserved))
            }
            ReservationStatus::Rejected => {
                let rejected = StockRejected {
                    order_id,
                    items,
                    timestamp,
                };
                Some(ReservationEvent::Rejected(rejected))
            }
            ReservationStatus::Released => Some(released(items, ReleaseReason::Requested)),
            ReservationStatus::Expired => Some(released(items, ReleaseReason::Expired)),
            ReservationStatus::Committed => {
                let committed = StockCommitted {
                    order_id,
                    items,
                    timestamp,
                };
                Some(ReservationEvent::Committed(committed))
            }
            ReservationStatus::Restocked => None,
        }
    }

    /// Of what was rejected, the SKUs of which there was not enough.
    fn shown(&self) -> Vec<ReservedItem> {
        let is_short = |item: &&ReservedItem| item.available < item.quantity;
        match self.status {
            ReservationStatus::Rejected => self.items.iter().filter(is_short).cloned().collect(),
            ReservationStatus::Reserved
            | ReservationStatus::Released
            | ReservationStatus::Expired
            | ReservationStatus::Committed
            | ReservationStatus::Restocked => self.items.clone(),
        }
    }
}

impl From<Reservation> for ReservationView {
    fn from(reservation: Reservation) -> Self {
        Self {
            items: reservation.shown(),
            order_id: reservation.order_id,
            status: reservation.status,
            expires_at: reservation.expires_at,
        }
    }
}

#[cfg(test)]
mod tests {
    use kit_values::{Quantity, Uuid};
    use proptest::prelude::*;

    use super::*;

    const STEPS: [ReservationStep; 4] = [
        ReservationStep::Release,
        ReservationStep::Expire,
        ReservationStep::Commit,
        ReservationStep::Restock,
    ];

    fn line(sku: &str, quantity: i64) -> OrderLine {
        OrderLine {
            sku: sku.parse().unwrap(),
            quantity: Quantity::try_from(quantity).unwrap(),
        }
    }

    fn item(sku: &str, quantity: i64, available: i64) -> ReservedItem {
        let sku = sku.parse().unwrap();
        ReservedItem {
            sku,
            quantity,
            available,
        }
    }

    #[test]
    fn lines_of_the_same_sku_are_added_up() {
        let lines = OrderLines::check(vec![line("b", 2), line("A", 1), line("B", 3)]).unwrap();
        let sums: Vec<_> = lines
            .iter()
            .map(|(sku, quantity)| (sku.key(), quantity))
            .collect();
        assert_eq!(sums, [("a".to_owned(), 1), ("b".to_owned(), 5)]);
        let most = OrderLines::check(vec![line("a", 999); 200]).unwrap();
        assert_eq!(most.iter().next().unwrap().1, 199_800);
        for lines in [Vec::new(), vec![line("a", 1); 201]] {
            assert!(OrderLines::check(lines).is_err());
        }
    }

    #[test]
    fn the_same_lines_in_another_order_are_the_same_request() {
        let lines = OrderLines::check(vec![line("b", 1), line("a", 2), line("b", 1)]).unwrap();
        let reservation = Reservation {
            order_id: Uuid::nil().into(),
            status: ReservationStatus::Rejected,
            expires_at: None,
            items: vec![item("A", 2, 5), item("b", 2, 1)],
        };
        assert!(reservation.is_of(&lines));
        assert!(!reservation.is_of(&OrderLines::check(vec![line("a", 2)]).unwrap()));
        assert!(!reservation.is_of(&OrderLines::check(vec![line("a", 2), line("b", 1)]).unwrap()));
        let view = ReservationView::from(reservation);
        assert_eq!(view.items, [item("b", 2, 1)], "what was short");
    }

    #[test]
    fn what_is_over_stays_over() {
        for status in [
            ReservationStatus::Rejected,
            ReservationStatus::Released,
            ReservationStatus::Expired,
            ReservationStatus::Restocked,
        ] {
            assert!(STEPS.iter().all(|step| step.next(status).is_none()), "{status}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_done_nothing_is_held_twice_or_lost(steps in prop::collection::vec(prop::sample::select(&STEPS[..]), 0..12)) {
            let (mut status, mut on_hand, mut reserved) = (ReservationStatus::Reserved, 10, 3);
            for step in steps {
                if let Some(next) = step.next(status) {
                    let delta = step.delta(3);
                    (status, on_hand, reserved) = (next, on_hand + delta.on_hand, reserved + delta.reserved);
                }
            }
            let expected = match status {
                ReservationStatus::Reserved => (10, 3),
                ReservationStatus::Committed => (7, 0),
                _ => (10, 0),
            };
            prop_assert_eq!((on_hand, reserved), expected);
        }
    }
}
