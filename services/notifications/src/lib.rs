//! What users are told when something happened to what is theirs.
//!
//! An event of another service becomes a notification of its user in the unit of work that says "this event is
//! done", so there is one for each event, whatever is delivered twice. Its words are made then and kept: what was
//! said does not change afterwards. The newest of each user are kept.
//!
//! Whoever has a stream open is woken by `notification.created`, which every process gets, and reads the database by
//! the numbers of the user's notifications; these come in the order of the commits, so that nothing is missed.

mod build;
mod config;
mod consumers;
mod domain;
mod http;
mod live;
mod service;
mod store;
mod sweeper;
mod templates;

pub use build::{build, service};
pub use config::NotificationsConfig;
