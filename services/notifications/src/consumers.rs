//! What notifications does when something happened to an order, or to an account.

use std::time::Duration;

use auth_api::UserDeleted;
use kit_bus::{Bus, BusError, Delivery, Failure, Group, Inbox};
use kit_db::Tx;
use kit_event::Event;
use kit_rpc::{Actor, CallContext, Deadline};
use kit_runtime::Timestamp;
use kit_values::EmailAddress;
use notifications_api::{NotificationKind, Recipient};
use orders_api::{
    FindOrder, OrderCancelled, OrderConfirmed, OrderDelivered, OrderId, OrderPaid, OrderRefunded,
    OrderRejected, OrderShipped, OrdersClient,
};

use crate::domain::{Content, OrderChanged, OrderFacts};
use crate::service::NotificationsService;
use crate::store;
use crate::templates::Templates;

/// The consumer's name in the tables, for ever.
const GROUP: &str = "notifications";

/// How long orders may take to say a guest's address.
const ADDRESS_LIMIT: Duration = Duration::from_secs(10);

pub(crate) fn start(
    bus: &Bus,
    notifications: &NotificationsService,
    templates: &Templates,
    orders: OrdersClient,
) -> Result<(), BusError> {
    let orders = OrderConsumer {
        notifications: notifications.clone(),
        templates: templates.clone(),
        orders,
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
    orders: OrdersClient,
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
        // Nobody cares for old news.
        if self.notifications.is_too_old(event.timestamp) {
            return Ok(());
        }
        let kind: NotificationKind = E::TYPE.parse()?;
        let (order_id, user_id, timestamp) = (event.order_id, event.user_id, event.timestamp);
        let facts = OrderFacts::from(event);
        let Some(user_id) = user_id else {
            return self
                .guest_order_changed(order_id, (Content::Order { kind, facts }, timestamp), inbox)
                .await;
        };
        let text = self.templates.order(kind, &facts)?;
        let content = Content::Order { kind, facts };
        let to = Recipient::User(user_id);
        let message = self.notifications.message_of(to, &content, timestamp)?;
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

impl OrderConsumer {
    /// A guest has nothing but mail. The address is not in the event: orders say it as long as they have it.
    async fn guest_order_changed(
        self,
        order_id: OrderId,
        (content, timestamp): (Content, Timestamp),
        inbox: Inbox,
    ) -> Result<(), Failure> {
        let Some(address) = self.ask_for_address(order_id).await? else {
            return Ok(());
        };
        let to = Recipient::Email(address);
        let Some(message) = self.notifications.message_of(to, &content, timestamp)? else {
            return Ok(());
        };
        let unit = async move |tx: &mut Tx| store::insert_message(tx, &message).await;
        inbox.apply(unit).await?;
        self.notifications.wake_sender();
        Ok(())
    }

    async fn ask_for_address(&self, order_id: OrderId) -> Result<Option<EmailAddress>, Failure> {
        let actor = Actor::Service("notifications".into());
        let call = CallContext::new(actor, Deadline::after(ADDRESS_LIMIT));
        let order = self.orders.find_order(&call, FindOrder { order_id }).await?;
        let address = order.and_then(|order| order.email);
        Ok(address.map(|address| address.parse()).transpose()?)
    }
}

async fn user_deleted(delivery: Delivery<UserDeleted>, inbox: Inbox) -> Result<(), Failure> {
    let user_id = delivery.payload.user_id;
    let unit = async move |tx: &mut Tx| store::erase(tx, user_id).await;
    inbox.apply(unit).await?;
    Ok(())
}
