//! What other services may ask of users.

use kit_rpc::CallError;
use kit_token::UserId;
use serde::{Deserialize, Serialize};

use crate::{ProfileView, UsersRefusal};

kit_rpc::contract! {
    /// What other services may ask of users.
    pub trait Users("users"), client UsersClient, error UsersError {
        /// Somebody's profile, where they made one.
        query find_profile(FindProfile) -> Option<ProfileView>;
    }
}

/// Why users did not do what another service asked.
pub type UsersError = CallError<UsersRefusal>;

/// Asks for a profile.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct FindProfile {
    /// The user whose profile is asked for.
    pub user_id: UserId,
}
