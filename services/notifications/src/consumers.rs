//! What notifications does when something happened to an order, or to an account.

use auth_api::UserDeleted;
use kit_bus::{Bus, BusError, Delivery, Failure, Group, Inbox};
use kit_db::Tx;
use kit_event::Event;
use notifications_api::NotificationKind;
use orders_api::{
    OrderCancelled, OrderConfirmed, OrderDelivered, OrderPaid, OrderRefunded, OrderRejected, OrderShipped,
};

use crate::domain::{Content, OrderChanged, OrderFacts};
use crate::service::NotificationsService;
use crate::store;
use crate::templates::Templates;

/// The consumer's name in the tables, for ever.
const GROUP: &str = "notifications";

pub(crate) fn start(
    bus: &Bus,
    notifications: &NotificationsService,
    templates: &Templates,
) -> Result<(), BusError> {
    let orders = OrderConsumer {
        notifications: notifications.clone(),
        templates: templates.clone(),
    };
    let mut group = bus.group(GROUP).on::<UserDeleted>(user_deleted);
    group = orders.add_to::<OrderConfirmed>(group);
    group = orders.add_to::<OrderRejected>(group);
    group = orders.add_to::<OrderPaid>(group);
    group = orders.add_to::<OrderShipped>(group);
    group = orders.add_to::<OrderDelivered>(group);
    group = orders.add_to::<OrderCancelled>(group);
    group = orders.add_to::<OrderRefunded>(group);
    group.start()?;
    Ok(())
}

/// Tells users what becomes of their orders.
#[derive(Clone)]
struct OrderConsumer {
    notifications: NotificationsService,
    templates: Templates,
}

impl OrderConsumer {
    /// Handles events `E`, whose type is the kind of the notification.
    fn add_to<E: Event + 'static>(&self, group: Group) -> Group {
        let orders = self.clone();
        group.on::<OrderChanged<E>>(move |delivery, inbox| orders.clone().order_changed(delivery, inbox))
    }

    async fn order_changed<E: Event>(
        self,
        delivery: Delivery<OrderChanged<E>>,
        inbox: Inbox,
    ) -> Result<(), Failure> {
        let event = delivery.payload;
        // A guest has no notifications, and nobody cares for old news.
        let Some(user_id) = event.user_id else {
            return Ok(());
        };
        if self.notifications.is_too_old(event.timestamp) {
            return Ok(());
        }
        let kind: NotificationKind = E::TYPE.parse()?;
        let (timestamp, facts) = (event.timestamp, OrderFacts::from(event));
        let text = self.templates.order(kind, &facts)?;
        let content = Content::Order { kind, facts };
        let message = self.notifications.message_of(user_id, &content, timestamp)?;
        let notifications = self.notifications.clone();
        let unit = async move |tx: &mut Tx| {
            notifications
                .notify_in(tx, user_id, (kind, &text), message.as_ref())
                .await
        };
        inbox.apply(unit).await?;
        self.notifications.wake_sender();
        Ok(())
    }
}

async fn user_deleted(delivery: Delivery<UserDeleted>, inbox: Inbox) -> Result<(), Failure> {
    let user_id = delivery.payload.user_id;
    let unit = async move |tx: &mut Tx| store::erase(tx, user_id).await;
    inbox.apply(unit).await?;
    Ok(())
}
