//! How many of a SKU there are.

use catalog_api::{
    AdjustStock, AdjustmentReason, CatalogRefusal, MOST_ON_HAND, MovementKind, MovementView, ProductId,
    SetStock, StockChanged, StockFilter, StockView,
};
use kit_http::{Check, FieldError};
use kit_runtime::Timestamp;
use kit_token::UserId;
use kit_values::Sku;
use orders_api::OrderId;

/// The stock of a SKU: `0 <= reserved <= on_hand`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stock {
    pub sku: Sku,
    /// The product of which it is a variant, for ever.
    pub product_id: ProductId,
    pub on_hand: i64,
    pub reserved: i64,
    /// How many changes there were.
    pub version: i64,
}

impl From<Stock> for StockView {
    fn from(stock: Stock) -> Self {
        Self {
            available: stock.available(),
            sku: stock.sku,
            on_hand: stock.on_hand,
            reserved: stock.reserved,
        }
    }
}

/// How many more there are; less than 0 where there are fewer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Delta {
    pub on_hand: i64,
    pub reserved: i64,
}

/// How many of a SKU are on hand, 0 to [`MOST_ON_HAND`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct OnHand(i64);

impl OnHand {
    pub(crate) fn check(request: &SetStock) -> Result<Self, Vec<FieldError>> {
        let mut check = Check::new();
        if !(0..=MOST_ON_HAND).contains(&request.on_hand) {
            check.refuse("/on_hand", format!("must be 0 to {MOST_ON_HAND}"));
        }
        check.finish(|| Some(Self(request.on_hand)))
    }
}

/// What somebody adds or takes away, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Adjustment {
    delta: i64,
    reason: AdjustmentReason,
}

impl Adjustment {
    /// Checks every member and names all that are wrong.
    pub(crate) fn check(request: AdjustStock) -> Result<Self, Vec<FieldError>> {
        let mut check = Check::new();
        if request.delta == 0 {
            check.refuse("/delta", "must not be 0");
        } else if !(-MOST_ON_HAND..=MOST_ON_HAND).contains(&request.delta) {
            check.refuse("/delta", format!("must be -{MOST_ON_HAND} to {MOST_ON_HAND}"));
        }
        let reason = check.field("/reason", AdjustmentReason::parse(request.reason));
        check.finish(|| {
            Some(Self {
                delta: request.delta,
                reason: reason?,
            })
        })
    }
}

/// A change of stock, and the stock after it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StockChange {
    pub stock: Stock,
    pub movement: MovementView,
}

impl StockChange {
    /// What was done to the stock for an order, given the stock after it.
    pub(crate) fn of_order(
        stock: Stock,
        delta: Delta,
        (kind, order_id): (MovementKind, OrderId),
        at: Timestamp,
    ) -> Self {
        let movement = MovementView {
            number: stock.version,
            kind,
            on_hand_delta: delta.on_hand,
            reserved_delta: delta.reserved,
            on_hand: stock.on_hand,
            reserved: stock.reserved,
            reason: None,
            user_id: None,
            order_id: Some(order_id),
            at,
        };
        Self { stock, movement }
    }

    pub(crate) fn event(&self) -> StockChanged {
        let movement = &self.movement;
        let reason = movement.reason.clone();
        StockChanged {
            sku: self.stock.sku.clone(),
            product_id: self.stock.product_id,
            on_hand: movement.on_hand,
            reserved: movement.reserved,
            kind: movement.kind,
            reason: reason.unwrap_or_else(|| movement.kind.to_string()),
            version: movement.number,
            timestamp: movement.at,
        }
    }
}

impl Stock {
    /// How many can be reserved.
    pub(crate) fn available(&self) -> i64 {
        self.on_hand - self.reserved
    }

    /// Whether there is something, of which somebody may have to know later.
    pub(crate) fn is_empty(&self) -> bool {
        self.on_hand == 0
    }

    /// So many were counted; nothing where that is known.
    pub(crate) fn set(
        &self,
        OnHand(on_hand): OnHand,
        by: UserId,
        at: Timestamp,
    ) -> Result<Option<StockChange>, CatalogRefusal> {
        if on_hand == self.on_hand {
            return Ok(None);
        }
        let movement = MovementView {
            user_id: Some(by),
            ..self.movement(MovementKind::Set, on_hand, at)
        };
        self.change(movement).map(Some)
    }

    /// Some came, or went.
    pub(crate) fn adjust(
        &self,
        adjustment: &Adjustment,
        by: UserId,
        at: Timestamp,
    ) -> Result<StockChange, CatalogRefusal> {
        let on_hand = self.on_hand + adjustment.delta;
        let movement = MovementView {
            reason: Some(adjustment.reason.to_string()),
            user_id: Some(by),
            ..self.movement(MovementKind::Adjusted, on_hand, at)
        };
        self.change(movement)
    }

    fn movement(&self, kind: MovementKind, on_hand: i64, at: Timestamp) -> MovementView {
        MovementView {
            number: self.version + 1,
            kind,
            on_hand_delta: on_hand - self.on_hand,
            reserved_delta: 0,
            on_hand,
            reserved: self.reserved,
            reason: None,
            user_id: None,
            order_id: None,
            at,
        }
    }

    fn change(&self, movement: MovementView) -> Result<StockChange, CatalogRefusal> {
        if movement.on_hand < movement.reserved {
            let reserved = movement.reserved;
            return Err(CatalogRefusal::BelowReserved { reserved });
        }
        if movement.on_hand > MOST_ON_HAND {
            return Err(CatalogRefusal::StockLimitExceeded { most: MOST_ON_HAND });
        }
        let stock = Self {
            sku: self.sku.clone(),
            product_id: self.product_id,
            on_hand: movement.on_hand,
            reserved: movement.reserved,
            version: movement.number,
        };
        Ok(StockChange { stock, movement })
    }
}

/// A part of a SKU, in lower case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SkuPart(String);

impl SkuPart {
    /// None where no SKU has such a part.
    fn parse(text: &str) -> Option<Self> {
        Sku::may_contain(text).then(|| Self(text.to_ascii_lowercase()))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// Which stock somebody looks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StockSearch {
    pub part: Option<SkuPart>,
    pub below: Option<i64>,
}

impl StockSearch {
    /// None where no stock can fit.
    pub(crate) fn read(filter: &StockFilter) -> Option<Self> {
        let text = filter.q.as_deref().map(str::trim).unwrap_or_default();
        let part = if text.is_empty() {
            None
        } else {
            Some(SkuPart::parse(text)?)
        };
        Some(Self {
            part,
            below: filter.below,
        })
    }
}

#[cfg(test)]
mod tests {
    use kit_values::Uuid;
    use proptest::prelude::*;

    use super::*;

    fn stock(on_hand: i64, reserved: i64) -> Stock {
        Stock {
            sku: "MUG".parse().unwrap(),
            product_id: Uuid::nil().into(),
            on_hand,
            reserved,
            version: 3,
        }
    }

    fn set(stock: &Stock, on_hand: i64) -> Result<Option<StockChange>, CatalogRefusal> {
        let on_hand = OnHand::check(&SetStock { on_hand }).unwrap();
        stock.set(on_hand, Uuid::nil().into(), Timestamp::from_micros(1))
    }

    fn adjust(stock: &Stock, delta: i64) -> Result<StockChange, CatalogRefusal> {
        let reason = "counted".to_owned();
        let adjustment = Adjustment::check(AdjustStock { delta, reason }).unwrap();
        stock.adjust(&adjustment, Uuid::nil().into(), Timestamp::from_micros(1))
    }

    #[test]
    fn a_count_is_a_change_by_the_difference() {
        let change = set(&stock(5, 2), 2).unwrap().unwrap();
        assert_eq!((change.movement.on_hand_delta, change.movement.number), (-3, 4));
        assert_eq!(change.stock.available(), 0);
        assert_eq!(set(&stock(5, 2), 5), Ok(None));
        assert_eq!(
            set(&stock(5, 2), 1),
            Err(CatalogRefusal::BelowReserved { reserved: 2 })
        );
    }

    #[test]
    fn an_adjustment_says_why() {
        let event = adjust(&stock(5, 2), -1).unwrap().event();
        assert_eq!(
            (event.on_hand, event.version, event.reason.as_str()),
            (4, 4, "counted")
        );
        let refused = adjust(&stock(MOST_ON_HAND, 0), 1);
        assert_eq!(
            refused,
            Err(CatalogRefusal::StockLimitExceeded { most: MOST_ON_HAND })
        );
    }

    #[test]
    fn everything_that_is_wrong_is_named() {
        for delta in [0, i64::MIN, i64::MAX, MOST_ON_HAND + 1] {
            let errors = Adjustment::check(AdjustStock {
                delta,
                reason: String::new(),
            })
            .unwrap_err();
            let pointers: Vec<_> = errors.iter().map(|error| error.pointer.as_str()).collect();
            assert_eq!(pointers, ["/delta", "/reason"]);
        }
        for on_hand in [-1, i64::MIN, i64::MAX, MOST_ON_HAND + 1] {
            assert!(OnHand::check(&SetStock { on_hand }).is_err());
        }
    }

    #[test]
    fn what_is_no_part_of_a_sku_finds_nothing() {
        let read = |q: &str| {
            let q = Some(q.to_owned());
            StockSearch::read(&StockFilter { q, below: None })
        };
        assert_eq!(read(" Mug ").unwrap().part.unwrap().as_str(), "mug");
        assert_eq!(read("  ").unwrap().part, None);
        for q in ["%", "a b", "a\0", "'", &"x".repeat(65)] {
            assert_eq!(read(q), None, "{q}");
        }
    }

    proptest! {
        #[test]
        fn stock_is_never_less_than_what_is_reserved(deltas in prop::collection::vec(-20_i64..20, 1..40), reserved in 0_i64..10) {
            let mut now = stock(10, reserved);
            let mut sum = now.on_hand;
            for delta in deltas.into_iter().filter(|delta| *delta != 0) {
                if let Ok(change) = adjust(&now, delta) {
                    prop_assert_eq!(change.stock.version, now.version + 1);
                    sum += change.movement.on_hand_delta;
                    now = change.stock;
                }
                prop_assert!(now.available() >= 0);
                prop_assert_eq!(now.on_hand, sum);
            }
        }
    }
}
