//! Events from the outboxes to their consumers.
//!
//! The outbox of each service is the log (`kit_db::Tx::publish`). A topic is read from there, or it comes from a
//! broker, by configuration ([`Carriers`]): then the bus of the service that publishes it relays its rows to the
//! broker. Handlers and what holds for them are the same either way. Brokers have crates of their own, on the seam
//! that [`carrier`] is.
//!
//! A consumer keeps in its own database how far it has read, and what it does to that database for an event is
//! committed together with that position and a row that says "this event is done". So an event is delivered at
//! least once, and its effect happens exactly once.
//!
//! - A **group** ([`Bus::group`]) gets each event once, whatever the number of its processes: sixteen partitions
//!   of keys, each owned by one process at a time under a lease with an epoch.
//! - A **broadcast** ([`Bus::broadcast`]) reaches every process from the moment it listens, for what is kept in
//!   memory.
//!
//! What holds for a group:
//! - Events of one topic and key come in order, one after the other. Other keys do not wait for them.
//! - A failing event is tried again with growing pauses; it and what comes after it with its key are parked
//!   meanwhile, and nothing else is. After its last attempt it is a dead letter until somebody decides
//!   ([`Admin`]).
//! - Types that nobody handles and members that nobody knows are passed over.
//! - Nothing is skipped, however late a transaction commits, and nobody waits for a poll.
//!
//! ```no_run
//! use kit_bus::{Bus, Delivery, Failure, Inbox};
//! use kit_db::{StoreError, Tx, sql};
//!
//! // In the contract of the service that tells it.
//! kit_event::events! {
//!     /// What happens to accounts.
//!     topic AUTH = "auth" (retention: Usual, carrier: Stream, key: "the user's id") {
//!         /// An account may not be used any more.
//!         UserDisabled = "user.disabled" (key: user_id) {
//!             /// Who.
//!             user_id: String = "usr_7".to_owned(),
//!         }
//!     }
//! }
//!
//! async fn hide_profile(delivery: Delivery<UserDisabled>, inbox: Inbox) -> Result<(), Failure> {
//!     let user = delivery.payload.user_id;
//!     inbox
//!         .apply(async move |tx: &mut Tx| {
//!             sql("UPDATE profiles SET hidden = 1 WHERE user_id = $1").bind(&user).execute(tx).await
//!         })
//!         .await?;
//!     Ok(())
//! }
//!
//! fn listen(bus: &Bus) -> Result<kit_bus::GroupHandle, kit_bus::BusError> {
//!     bus.group("users").on::<UserDisabled>(hide_profile).start()
//! }
//! # fn main() {}
//! ```
//!
//! Points where tests inject faults (inert unless `fail/failpoints` is on): `bus::after-read`,
//! `bus::before-handler`, `bus::after-effect-before-position`, `bus::before-commit`,
//! `bus::after-effect-before-answer`, `bus::renew`, and in relays `bus::before-publish` and
//! `bus::after-confirm-before-position`.
//!
//! It deliberately does not order events of different keys, deliver to somebody who has no database, or make
//! calls to others exactly once: only effects in the consumer's own database are.

mod admin;
mod broadcast;
mod bus;
pub mod carrier;
mod envelope;
mod failure;
mod group;
mod handler;
mod head;
mod health;
mod inbox;
mod lease;
mod log;
mod log_feed;
mod log_tail;
mod metrics;
mod processor;
mod pump;
mod relay;
mod retention;
mod settings;
mod source;
mod span;
mod wake;

pub use admin::{Admin, AdminError, DeadLetter, Effects, Lag, LoggedEvent, ParkedEvent, Replayed};
pub use broadcast::Broadcast;
pub use bus::{Bus, BusDeps, BusError};
pub use carrier::{Broker, BrokerError, Carriers};
pub use envelope::{Delivery, Envelope};
pub use failure::Failure;
pub use group::{Group, GroupHandle};
pub use handler::{Handler, Listener};
pub use health::watch_brokers;
pub use inbox::{Applied, ApplyError, Inbox};
pub use metrics::BusMetrics;
pub use settings::{BusSettings, RetentionSettings, RetrySettings};
pub use source::{Source, Sources, SourcesDeps};
