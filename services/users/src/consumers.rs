//! What users does when something happened to an account.

use auth_api::{AccountStatus, UserDisabled, UserUpdated};
use kit_bus::{Bus, BusError, Delivery, Failure, Inbox};
use kit_db::{StoreError, Tx};
use kit_runtime::Timestamp;
use kit_token::UserId;
use users_api::{ProfileHidden, ProfileShown, ProfileUpdated};

use crate::reads::Profiles;
use crate::store;

/// The consumer's name in the tables, for ever.
const GROUP: &str = "users";

pub(crate) fn start(bus: &Bus, profiles: &Profiles) -> Result<(), BusError> {
    let (on_disabled, on_updated) = (profiles.clone(), profiles.clone());
    bus.group(GROUP)
        .on::<UserDisabled>(move |delivery, inbox| user_disabled(on_disabled.clone(), delivery, inbox))
        .on::<UserUpdated>(move |delivery, inbox| user_updated(on_updated.clone(), delivery, inbox))
        .start()?;
    Ok(())
}

async fn user_disabled(
    profiles: Profiles,
    delivery: Delivery<UserDisabled>,
    inbox: Inbox,
) -> Result<(), Failure> {
    let UserDisabled { user_id, timestamp } = delivery.payload;
    let unit = async move |tx: &mut Tx| hide(tx, user_id, timestamp).await;
    let applied = inbox.apply(unit).await;
    profiles.updated(user_id, None);
    applied?;
    Ok(())
}

async fn user_updated(
    profiles: Profiles,
    delivery: Delivery<UserUpdated>,
    inbox: Inbox,
) -> Result<(), Failure> {
    let account = delivery.payload;
    let user_id = account.user_id;
    let unit = async move |tx: &mut Tx| {
        let (name, at) = ((&*account.username, &*account.email), account.timestamp);
        if let Some(version) = store::rename(tx, user_id, name, at).await? {
            tx.publish(ProfileUpdated {
                user_id,
                version,
                timestamp: at,
            });
        }
        match account.status {
            AccountStatus::Active => show(tx, user_id, at).await,
            AccountStatus::Disabled => hide(tx, user_id, at).await,
        }
    };
    let applied = inbox.apply(unit).await;
    profiles.updated(user_id, None);
    applied?;
    Ok(())
}

async fn hide(tx: &mut Tx, user_id: UserId, timestamp: Timestamp) -> Result<(), StoreError> {
    if store::hide(tx, user_id, timestamp).await? {
        tx.publish(ProfileHidden { user_id, timestamp });
    }
    Ok(())
}

async fn show(tx: &mut Tx, user_id: UserId, timestamp: Timestamp) -> Result<(), StoreError> {
    if store::show(tx, user_id).await? {
        tx.publish(ProfileShown { user_id, timestamp });
    }
    Ok(())
}
