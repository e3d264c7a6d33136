//! Who sees whose profile.

use kit_token::{Principal, Role};

/// Which profiles somebody sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Visibility {
    /// All there are.
    All,
    /// Those whose account may be used.
    Enabled,
}

impl From<&Principal> for Visibility {
    fn from(principal: &Principal) -> Self {
        if principal.roles.includes(Role::Admin) {
            Self::All
        } else {
            Self::Enabled
        }
    }
}
