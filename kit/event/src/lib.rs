//! Events and their topics, as a contract declares them.
//!
//! A contract crate says with one macro ([`events!`]) which topics its service publishes and which events are on
//! them: payload, topic, type, key, and an example. From that come the Rust types, the list of topics, and the
//! events' part of the `AsyncAPI` document ([`asyncapi()`]). A consumer that needs little of somebody else's event
//! declares a view of it ([`partial_event!`]).
//!
//! How an event is stored, and how it travels, stands elsewhere: this crate knows no database and no broker, and so
//! no contract does.

mod asyncapi;
mod event;
mod macros;
mod topic;

pub use asyncapi::{ApiInfo, EventDoc, asyncapi};
pub use event::Event;
pub use topic::{CarrierClass, Retention, Topic};
