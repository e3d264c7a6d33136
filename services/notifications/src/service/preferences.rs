//! How users want to be told.

use kit_db::{Reader, Tx};
use kit_service::Call;
use notifications_api::Preferences;

use super::{NotificationsFailure, NotificationsService};
use crate::domain::{all_preferences, check_preferences};
use crate::store;

impl NotificationsService {
    pub(crate) async fn get_preferences(&self, call: &Call) -> Result<Preferences, NotificationsFailure> {
        let user_id = call.actor.user_id;
        let read = async move |reader: &mut Reader| {
            let known = store::list_preferences(reader, user_id).await?;
            Ok(all_preferences(&known, store::find_phone(reader, user_id).await?))
        };
        Ok(self.units.read(read).await?)
    }

    /// Changes what is named; all preferences after it.
    pub(crate) async fn put_preferences(
        &self,
        call: &Call,
        request: Preferences,
    ) -> Result<Preferences, NotificationsFailure> {
        let (user_id, changes) = (call.actor.user_id, check_preferences(request)?);
        let unit = async move |tx: &mut Tx| {
            changes.require_phone(store::find_phone(tx, user_id).await?.as_ref())?;
            if !changes.kinds.is_empty() {
                store::save_preferences(tx, user_id, &changes.kinds).await?;
            }
            if let Some(phone) = &changes.phone {
                store::save_phone(tx, user_id, phone.as_ref()).await?;
            }
            let known = store::list_preferences(tx, user_id).await?;
            let phone = store::find_phone(tx, user_id).await?;
            Ok::<_, NotificationsFailure>(all_preferences(&known, phone))
        };
        self.units.unit(call, unit).await
    }
}
