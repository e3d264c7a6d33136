//! Who may change whose profile.

use kit_token::{Principal, Role, UserId};
use thiserror::Error;

/// Somebody who wants to change a profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Editor {
    /// A user, who has one profile.
    Owner { user_id: UserId, username: String },
    /// An admin, who may change any.
    Admin,
}

/// The profile is somebody else's.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("the profile is somebody else's")]
pub(crate) struct NotYours;

impl From<&Principal> for Editor {
    fn from(principal: &Principal) -> Self {
        if principal.roles.includes(Role::Admin) {
            Self::Admin
        } else {
            Self::Owner {
                user_id: principal.user_id,
                username: principal.username.clone(),
            }
        }
    }
}

impl Editor {
    /// Whether the profile of `user_id` is theirs to change.
    pub(crate) fn may_change(&self, user_id: UserId) -> Result<(), NotYours> {
        match self {
            Self::Admin => Ok(()),
            Self::Owner { user_id: own, .. } if *own == user_id => Ok(()),
            Self::Owner { .. } => Err(NotYours),
        }
    }
}

#[cfg(test)]
mod tests {
    use kit_values::Uuid;

    use super::*;

    #[test]
    fn a_profile_is_changed_by_its_owner_or_an_admin() {
        let (own, other) = (UserId::from(Uuid::nil()), UserId::from(Uuid::max()));
        let owner = Editor::Owner {
            user_id: own,
            username: "ada".to_owned(),
        };
        assert_eq!(owner.may_change(own), Ok(()));
        assert_eq!(owner.may_change(other), Err(NotYours));
        assert_eq!(Editor::Admin.may_change(other), Ok(()));
    }
}
