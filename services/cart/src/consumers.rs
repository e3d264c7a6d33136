//! What cart does when an account is deleted.

use auth_api::UserDeleted;
use kit_bus::{Bus, BusError, Delivery, Failure, Inbox};
use kit_db::Tx;

use crate::domain::Owner;
use crate::store;

/// The consumer's name in the tables, for ever.
const GROUP: &str = "cart";

pub(crate) fn start(bus: &Bus) -> Result<(), BusError> {
    bus.group(GROUP).on::<UserDeleted>(user_deleted).start()?;
    Ok(())
}

async fn user_deleted(delivery: Delivery<UserDeleted>, inbox: Inbox) -> Result<(), Failure> {
    let owner = Owner::User(delivery.payload.user_id);
    let unit = async move |tx: &mut Tx| store::delete_cart(tx, &owner).await;
    inbox.apply(unit).await?;
    Ok(())
}
