//! Accounts, sign-in and access tokens.
//!
//! Use cases stand in `service`, what is decided purely in `domain`, every statement in
//! `store`, and hashing on threads of its own in `hashing`. Deliberately not here: profiles (the users
//! service has them), and verifying tokens for others (they hold the public keys).

mod build;
mod command;
mod config;
mod domain;
mod hashing;
mod hints;
mod http;
mod mail_task;
mod operator;
mod service;
mod signing;
mod store;

pub use build::{build, service};
pub use config::AuthConfig;
pub use hints::hint_on_events;
pub use operator::Operator;
