//! How users want to be told.

use std::collections::BTreeMap;

use kit_http::{Check, FieldError};
use notifications_api::{NotificationKind, PreferenceView, Preferences};

/// How somebody wants to be told of a kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Channels {
    pub in_app: bool,
    pub email: bool,
}

impl Default for Channels {
    /// As long as nobody says otherwise.
    fn default() -> Self {
        Self {
            in_app: true,
            email: true,
        }
    }
}

/// What is to be changed: each kind once.
pub(crate) fn check_preferences(
    request: Preferences,
) -> Result<BTreeMap<NotificationKind, Channels>, Vec<FieldError>> {
    let mut check = Check::new();
    let mut changes = BTreeMap::new();
    for (index, item) in request.items.into_iter().enumerate() {
        let channels = Channels {
            in_app: item.in_app,
            email: item.email,
        };
        if !NotificationKind::PREFERABLE.contains(&item.kind) {
            check.refuse(format!("/items/{index}/kind"), "is always sent");
        } else if changes.insert(item.kind, channels).is_some() {
            check.refuse(format!("/items/{index}/kind"), "must not be named twice");
        }
    }
    check.finish(|| Some(changes))
}

/// All kinds, with what is known of some.
pub(crate) fn all_preferences(known: &BTreeMap<NotificationKind, Channels>) -> Preferences {
    let item = |kind: NotificationKind| {
        let Channels { in_app, email } = known.get(&kind).copied().unwrap_or_default();
        PreferenceView { kind, in_app, email }
    };
    Preferences {
        items: NotificationKind::PREFERABLE.into_iter().map(item).collect(),
    }
}
