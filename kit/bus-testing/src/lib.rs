//! What the tests of the bus and of its carriers share: a service that counts, one that listens to it, and the
//! processes that they run in.
//!
//! Most of what holds for a group holds on every carrier, so it is told once: the files in `scenarios` are tests that
//! each carrier's crate takes in, with a `BusFixture` of its own ([`BusFixture`] by a [`TestBroker`]). Here stands what
//! they share with the tests that only one carrier has.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "what the tests share is written like the tests themselves"
)]

mod broker;
mod child;
mod events;
mod fixture;
mod process;
mod program;
mod proxy;

pub use broker::{Embedded, TestBroker};
pub use child::Program;
pub use events::{COUNTS, Counted, Garbled, Moved, Paid, Reset, TOPICS, TRANSACTIONS};
pub use fixture::{
    BusFixture, CONSUMER, DEADLINE, Effect, GROUP, MIGRATIONS, PRODUCER, assert_in_order, count_up,
    insert_effect, note, settings,
};
pub use process::{Process, Relaying, Setup};
pub use program::run_program;
pub use proxy::{Proxy, ProxyMode};
