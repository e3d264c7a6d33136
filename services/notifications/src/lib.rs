//! What users are told when something happened to what is theirs.
//!
//! An event of another service becomes a notification of its user in the unit of work that says "this event is
//! done", so there is one for each event, whatever is delivered twice. Its words are made then and kept: what was
//! said does not change afterwards. The newest of each user are kept.
//!
//! Whoever has a stream open is woken by `notification.created`, which every process gets, and reads the database by
//! the numbers of the user's notifications; these come in the order of the commits, so that nothing is missed.
//!
//! Mail is a row that is written in the same unit of work, and sent afterwards by whichever process takes it. Where no
//! mail server is configured it goes into a mailbox, which admins read.
//!
//! Other people's servers get events by webhook: rows of their own, written in the same manner for each endpoint that
//! wants them, sent to addresses of the public internet alone, and kept with every attempt.

mod build;
mod config;
mod consumers;
mod domain;
mod http;
mod live;
mod mailer;
mod sender;
mod service;
mod sms;
mod store;
mod sweeper;
mod templates;
mod webhooks;

pub use build::{build, service};
pub use config::NotificationsConfig;
