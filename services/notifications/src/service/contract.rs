//! What other services ask.

use kit_db::Tx;
use kit_rpc::CallContext;
use kit_service::Failure;
use notifications_api::{Notifications, NotificationsError, SendMessage};

use super::{NotificationsFailure, NotificationsService};
use crate::domain::{Content, Message};
use crate::store;

impl NotificationsService {
    async fn send(&self, call: &CallContext, request: SendMessage) -> Result<(), NotificationsFailure> {
        let content = Content::Account(request.message);
        let message = Message::new(request.message_id.into(), request.to, &content, self.units.now());
        let message = message.map_err(Failure::internal)?;
        let unit = async move |tx: &mut Tx| store::insert_message(tx, &message).await;
        self.units.unit(call, unit).await?;
        self.wake_sender();
        Ok(())
    }
}

impl Notifications for NotificationsService {
    async fn send_message(&self, call: &CallContext, request: SendMessage) -> Result<(), NotificationsError> {
        let sent = self.send(call, request).await;
        sent.map_err(NotificationsFailure::into_contract_error)
    }
}
