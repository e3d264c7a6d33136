//! What other services may ask of users.

use kit_token::UserId;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::ProfileView;

kit_rpc::contract! {
    /// What other services may ask of users.
    pub trait Users("users"), client UsersClient, error UsersError {
        /// Somebody's profile, where they made one.
        query find_profile(FindProfile) -> Option<ProfileView>;
    }
}

kit_rpc::contract_error!(UsersError);

/// Asks for a profile.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct FindProfile {
    /// Whose.
    pub user_id: UserId,
}

/// Why users could not answer.
#[derive(Clone, Debug, Error, PartialEq, Eq, Deserialize, Serialize)]
#[serde(tag = "error", rename_all = "snake_case")]
pub enum UsersError {
    /// Users is away; surely nothing was done.
    #[error("users is unavailable")]
    Unavailable,
    /// The connection broke; it may have been done.
    #[error("users' answer was lost")]
    Unknown,
    /// Users failed.
    #[error("users failed")]
    Internal,
}
