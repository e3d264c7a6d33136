//! What a visitor did, checked and added up.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

use analytics_api::{AnonymousId, EVENTS_PER_BATCH, Track, TrackedEvent, TrackedKind};
use kit_http::{Check, FieldError};
use kit_runtime::Timestamp;
use kit_token::UserId;
use kit_values::Quantity;

use super::span::day_of;

/// How old an event may be: what a browser held back while it was offline.
const OLDEST: Duration = Duration::from_hours(24);
/// How far a visitor's clock may be ahead.
const AHEAD: Duration = Duration::from_mins(5);

/// Whoever did it. A user's identifier and a guest's never look alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Visitor {
    User(UserId),
    Guest(AnonymousId),
}

impl fmt::Display for Visitor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(id) => id.fmt(f),
            Self::Guest(id) => id.fmt(f),
        }
    }
}

/// What was done with a product.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct ProductCounts {
    pub(crate) viewed: i64,
    pub(crate) added: i64,
    pub(crate) ordered: i64,
}

/// A batch of events that all count, added up by the day.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Batch {
    /// How many events it was made of.
    pub(crate) events: u64,
    pub(crate) products: BTreeMap<(Timestamp, String), ProductCounts>,
    /// How far the visitor came on each day: what they did, in whatever order.
    pub(crate) journeys: BTreeMap<Timestamp, BTreeSet<TrackedKind>>,
}

impl Batch {
    /// Everything that is wrong with it is told at once, and then nothing of it counts.
    pub(crate) fn check(request: Track, now: Timestamp) -> Result<Self, Vec<FieldError>> {
        let count = request.events.len();
        if !(1..=EVENTS_PER_BATCH).contains(&count) {
            let message = format!("must be 1 to {EVENTS_PER_BATCH} events");
            return Err(vec![FieldError::new("/events", message)]);
        }
        let (mut batch, mut check) = (Self::default(), Check::new());
        for (index, event) in request.events.into_iter().enumerate() {
            check_sku(&mut check, index, &event);
            check_time(&mut check, index, &event, now);
            if let Some(quantity) = check_quantity(&mut check, index, &event) {
                batch.add(event, quantity, now);
            }
        }
        check.finish(|| Some(batch))
    }

    fn add(&mut self, event: TrackedEvent, quantity: Quantity, now: Timestamp) {
        self.events += 1;
        let day = day_of(event.at.unwrap_or(now));
        self.journeys.entry(day).or_default().insert(event.r#type);
        if let Some(sku) = event.sku {
            let product = self.products.entry((day, sku)).or_default();
            match event.r#type {
                TrackedKind::ProductViewed => product.viewed += 1,
                TrackedKind::AddedToCart => product.added += quantity.get(),
                TrackedKind::ProductOrdered => product.ordered += quantity.get(),
                TrackedKind::PageViewed | TrackedKind::CheckoutStarted => {}
            }
        }
    }
}

fn check_sku(check: &mut Check, index: usize, event: &TrackedEvent) {
    let has_product = match event.r#type {
        TrackedKind::PageViewed | TrackedKind::CheckoutStarted => false,
        TrackedKind::ProductViewed | TrackedKind::AddedToCart | TrackedKind::ProductOrdered => true,
    };
    let wrong = match &event.sku {
        None if has_product => "must name the product",
        Some(_) if !has_product => "does not belong to this type",
        Some(sku) if !is_sku(sku) => "must be 1 to 64 of `A-Z a-z 0-9 . _ -`",
        _ => return,
    };
    check.refuse(format_args!("/events/{index}/sku"), wrong);
}

/// How many of the product; `None` where that cannot be.
fn check_quantity(check: &mut Check, index: usize, event: &TrackedEvent) -> Option<Quantity> {
    let pointer = format_args!("/events/{index}/quantity");
    match (event.r#type, event.quantity) {
        (_, None) => Some(Quantity::ONE),
        (TrackedKind::AddedToCart | TrackedKind::ProductOrdered, Some(quantity)) => {
            check.field(pointer, Quantity::try_from(i64::from(quantity)))
        }
        (TrackedKind::PageViewed | TrackedKind::CheckoutStarted | TrackedKind::ProductViewed, Some(_)) => {
            check.refuse(pointer, "does not belong to this type");
            None
        }
    }
}

fn check_time(check: &mut Check, index: usize, event: &TrackedEvent, now: Timestamp) {
    let accepted = now.minus(OLDEST)..=now.plus(AHEAD);
    if event.at.is_some_and(|at| !accepted.contains(&at)) {
        let message = "must be at most a day ago and five minutes ahead";
        check.refuse(format_args!("/events/{index}/at"), message);
    }
}

fn is_sku(text: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    (1..=64).contains(&text.len()) && text.bytes().all(is_allowed)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_893_456_000);

    fn check(events: &Value) -> Result<Batch, Vec<String>> {
        let request = serde_json::from_value(json!({ "events": events })).unwrap();
        let pointers = |errors: Vec<FieldError>| errors.into_iter().map(|error| error.pointer).collect();
        Batch::check(request, NOW).map_err(pointers)
    }

    #[test]
    fn events_are_added_up_by_the_day_they_happened() {
        let batch = check(&json!([
            { "type": "page_viewed" },
            { "type": "product_viewed", "sku": "TEA" },
            { "type": "product_viewed", "sku": "TEA", "at": "2029-12-31T23:59:59Z" },
            { "type": "added_to_cart", "sku": "TEA", "quantity": 3 },
            { "type": "product_ordered", "sku": "TEA" },
        ]))
        .unwrap();
        let yesterday = NOW.minus(Duration::from_hours(24));
        let today = ProductCounts {
            viewed: 1,
            added: 3,
            ordered: 1,
        };
        assert_eq!(batch.events, 5);
        assert_eq!(batch.products[&(NOW, "TEA".to_owned())], today);
        assert_eq!(batch.products[&(yesterday, "TEA".to_owned())].viewed, 1);
        let steps = [
            TrackedKind::PageViewed,
            TrackedKind::ProductViewed,
            TrackedKind::AddedToCart,
            TrackedKind::ProductOrdered,
        ];
        assert_eq!(batch.journeys[&NOW], steps.into());
        assert_eq!(batch.journeys[&yesterday], [TrackedKind::ProductViewed].into());
    }

    #[test]
    fn everything_wrong_is_told_at_once() {
        let refused = check(&json!([
            { "type": "product_viewed" },
            { "type": "page_viewed", "sku": "TEA" },
            { "type": "added_to_cart", "sku": "a b", "quantity": 0 },
            { "type": "product_viewed", "sku": "TEA", "quantity": 1 },
            { "type": "page_viewed", "at": "2029-12-30T23:59:59Z" },
            { "type": "page_viewed", "at": "2030-01-01T00:05:01Z" },
        ]));
        let wrong = [
            "/events/0/sku",
            "/events/1/sku",
            "/events/2/sku",
            "/events/2/quantity",
            "/events/3/quantity",
            "/events/4/at",
            "/events/5/at",
        ];
        assert_eq!(refused, Err(wrong.map(str::to_owned).to_vec()));
    }

    #[test]
    fn the_limits_themselves_are_allowed() {
        let sku = "x".repeat(64);
        let allowed = json!([
            { "type": "added_to_cart", "sku": sku, "quantity": 999, "at": "2029-12-31T00:00:00Z" },
            { "type": "added_to_cart", "sku": "a.B_9-", "quantity": 1, "at": "2030-01-01T00:05:00Z" },
        ]);
        assert!(check(&allowed).is_ok());
        for sku in ["", &"x".repeat(65), "té", "a\0"] {
            assert!(
                check(&json!([{ "type": "product_viewed", "sku": sku }])).is_err(),
                "{sku:?}"
            );
        }
    }

    #[test]
    fn a_batch_has_one_to_a_hundred_events() {
        let of = |count| check(&json!(vec![json!({ "type": "page_viewed" }); count]));
        assert!(of(1).is_ok() && of(100).is_ok());
        assert_eq!(of(0), Err(vec!["/events".to_owned()]));
        assert_eq!(of(101), Err(vec!["/events".to_owned()]));
    }
}
