//! How users want to be told.

use std::collections::BTreeMap;

use kit_http::{Check, FieldError};
use notifications_api::{NotificationKind, PhoneNumber, PreferenceView, Preferences};

/// How somebody wants to be told of a kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Channels {
    pub in_app: bool,
    pub email: bool,
    pub sms: bool,
}

impl Default for Channels {
    /// As long as nobody says otherwise.
    fn default() -> Self {
        Self {
            in_app: true,
            email: true,
            sms: false,
        }
    }
}

/// What somebody says of a kind; of SMS they may say nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ChannelChange {
    pub in_app: bool,
    pub email: bool,
    pub sms: Option<bool>,
}

/// What of somebody's preferences changes.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(
    clippy::option_option,
    reason = "left out, null and given are three different requests"
)]
pub(crate) struct PreferenceChanges {
    /// Each kind once.
    pub kinds: BTreeMap<NotificationKind, ChannelChange>,
    pub phone: Option<Option<PhoneNumber>>,
    /// Where it is asked for SMS first.
    sms_pointer: Option<String>,
}

/// What is to be changed.
pub(crate) fn check_preferences(request: Preferences) -> Result<PreferenceChanges, Vec<FieldError>> {
    let mut check = Check::new();
    let (mut kinds, mut sms_pointer) = (BTreeMap::new(), None);
    for (index, item) in request.items.into_iter().enumerate() {
        let change = ChannelChange {
            in_app: item.in_app,
            email: item.email,
            sms: item.sms,
        };
        if item.sms == Some(true) && sms_pointer.is_none() {
            sms_pointer = Some(format!("/items/{index}/sms"));
        }
        if !NotificationKind::PREFERABLE.contains(&item.kind) {
            check.refuse(format!("/items/{index}/kind"), "is always sent");
        } else if kinds.insert(item.kind, change).is_some() {
            check.refuse(format!("/items/{index}/kind"), "must not be named twice");
        }
    }
    let given = request
        .phone
        .map(|phone| phone.map(|text| check.field("/phone", text.parse())));
    check.finish(|| {
        Some(PreferenceChanges {
            kinds,
            phone: given.map(Option::flatten),
            sms_pointer,
        })
    })
}

impl PreferenceChanges {
    /// Refuses SMS to somebody who has no number after the change.
    pub(crate) fn require_phone(&self, known: Option<&PhoneNumber>) -> Result<(), Vec<FieldError>> {
        let is_there = self.phone.as_ref().map_or(known.is_some(), Option::is_some);
        match &self.sms_pointer {
            Some(pointer) if !is_there => Err(vec![FieldError::new(pointer.clone(), "needs a `phone`")]),
            _ => Ok(()),
        }
    }
}

/// All kinds, with what is known of some, and the number for SMS.
pub(crate) fn all_preferences(
    known: &BTreeMap<NotificationKind, Channels>,
    phone: Option<PhoneNumber>,
) -> Preferences {
    let item = |kind: NotificationKind| {
        let Channels { in_app, email, sms } = known.get(&kind).copied().unwrap_or_default();
        PreferenceView {
            kind,
            in_app,
            email,
            sms: Some(sms),
        }
    };
    Preferences {
        items: NotificationKind::PREFERABLE.into_iter().map(item).collect(),
        phone: Some(phone.map(|phone| phone.to_string())),
    }
}
