//! What catalog tells on topic `stock`.
//!
//! Two kinds of aggregate share the topic: the stock of a SKU, and what is reserved for an order. The events of each
//! have its identifier as their key, so that both kinds are in order by themselves, and an order's events do not
//! wait for those of the SKUs in it.

use kit_runtime::Timestamp;
use kit_values::Sku;

use crate::MovementKind;
use crate::example::example;

const NOW: Timestamp = Timestamp::from_micros(1_770_000_000_000_000);

kit_event::events! {
    /// What becomes of stock.
    topic STOCK = "stock" (retention: Usual, carrier: Queue, key: "the SKU, or the order's id") {
        /// `stock.changed`: another number of a SKU is on hand or reserved.
        StockChanged = "stock.changed" (key: sku, sequence: version) {
            /// The SKU, as the catalog writes it.
            sku: Sku = example("MUG-BLUE"),
            /// How many are on hand after the change.
            on_hand: i64 = 12,
            /// How many of those are reserved after the change.
            reserved: i64 = 2,
            /// How it came to the change.
            kind: MovementKind = MovementKind::Adjusted,
            /// Why: the words of the member of the staff who adjusted the stock, else the kind of the change.
            reason: String = "two were broken".to_owned(),
            /// The number of the change: the first of a SKU is 1, the next 2.
            version: i64 = 7,
            /// When.
            timestamp: Timestamp = NOW,
        }
    }
}
