//! Profiles of users: what they say of themselves, apart from the account that auth keeps.
//!
//! Everybody who is signed in may read every profile, except that those of disabled accounts are shown to admins
//! only; only its owner (and an admin) changes one. The service
//! verifies tokens with public keys alone, so it goes on while auth is away; auth is asked only when a
//! profile is made by `PUT /profile`, for the name and address it must carry.

mod build;
mod config;
mod consumers;
mod domain;
mod http;
mod reads;
mod service;
mod store;

pub use build::{build, service};
pub use config::UsersConfig;
