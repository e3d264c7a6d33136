//! Who may change whose profile.

use kit_token::{Principal, Role, UserId};

/// Somebody who wants to change a profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Editor {
    /// A user, who has one profile.
    Owner { user_id: UserId, username: String },
    /// An admin, who may change any.
    Admin,
}

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
    pub(crate) fn may_change(&self, user_id: UserId) -> bool {
        match self {
            Self::Admin => true,
            Self::Owner { user_id: own, .. } => *own == user_id,
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
        assert!(owner.may_change(own));
        assert!(!owner.may_change(other));
        assert!(Editor::Admin.may_change(other));
    }
}
