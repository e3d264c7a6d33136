//! What users does when something happened to an account.

use auth_api::{AccountStatus, UserDisabled, UserUpdated};
use kit_bus::{Bus, BusError, Delivery, Failure, Inbox};
use kit_db::Tx;

use crate::store;

/// The consumer's name in the tables, for ever.
const GROUP: &str = "users";

pub(crate) fn start(bus: &Bus) -> Result<(), BusError> {
    bus.group(GROUP)
        .on::<UserDisabled>(user_disabled)
        .on::<UserUpdated>(user_updated)
        .start()
}

async fn user_disabled(delivery: Delivery<UserDisabled>, inbox: Inbox) -> Result<(), Failure> {
    let UserDisabled { user_id, timestamp } = delivery.payload;
    let unit = async move |tx: &mut Tx| store::hide(tx, user_id, timestamp).await;
    inbox.apply(unit).await?;
    Ok(())
}

async fn user_updated(delivery: Delivery<UserUpdated>, inbox: Inbox) -> Result<(), Failure> {
    let account = delivery.payload;
    let unit = async move |tx: &mut Tx| {
        let (user_id, at) = (account.user_id, account.timestamp);
        store::rename(tx, user_id, &account.username, &account.email, at).await?;
        match account.status {
            AccountStatus::Active => store::show(tx, user_id).await,
            AccountStatus::Disabled => store::hide(tx, user_id, at).await,
        }
    };
    inbox.apply(unit).await?;
    Ok(())
}
