//! Visitors who look around, and some of whom buy.

use std::time::Duration;

use crate::random::Random;

/// What one visitor did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Visit {
    /// The visitor, as `anon_` and a UUID.
    pub visitor: String,
    pub events: Vec<VisitedEvent>,
}

/// Something that a visitor did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct VisitedEvent {
    /// A type of `POST /track`.
    pub kind: &'static str,
    pub sku: Option<String>,
    /// How long before the end of the day.
    pub before: Duration,
}

/// The visitors of a day.
pub(super) fn visits(random: &mut Random, skus: &[&str], count: u64) -> Vec<Visit> {
    (0..count).map(|_| visit(random, skus)).collect()
}

fn visit(random: &mut Random, skus: &[&str]) -> Visit {
    let mut before = Duration::from_secs(random.between(600, 20 * 3_600));
    let mut events = Vec::new();
    let mut add = |random: &mut Random, kind: &'static str, sku: Option<&str>| {
        events.push(VisitedEvent {
            kind,
            sku: sku.map(str::to_owned),
            before,
        });
        before = before.saturating_sub(Duration::from_secs(random.between(5, 90)));
    };
    add(random, "page_viewed", None);
    let mut seen = None;
    for _ in 0..random.between(0, 4) {
        seen = random.pick(skus).copied();
        add(random, "product_viewed", seen);
    }
    // Fewer at each step, as everywhere.
    for (kind, percent) in [
        ("added_to_cart", 55),
        ("checkout_started", 65),
        ("product_ordered", 70),
    ] {
        if seen.is_none() || random.between(1, 100) > percent {
            break;
        }
        let sku = (kind != "checkout_started").then_some(seen).flatten();
        add(random, kind, sku);
    }
    Visit {
        visitor: visitor(random),
        events,
    }
}

/// A UUID of version 4 (RFC 9562) that is nobody's secret.
fn visitor(random: &mut Random) -> String {
    let (high, low) = (random.next(), random.next());
    format!(
        "anon_{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
        high >> 32,
        high >> 16 & 0xffff,
        high & 0xfff,
        0x8000 | low >> 48 & 0x3fff,
        low & 0xffff_ffff_ffff
    )
}
