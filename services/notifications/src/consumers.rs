//! What notifications does when something happened to an order, to a subscription, or to an account.

use std::time::Duration;

use auth_api::UserDeleted;
use kit_bus::{Bus, BusError, Delivery, Failure, Group, Inbox};
use kit_db::Tx;
use kit_event::Event;
use kit_rpc::{Actor, CallContext, Deadline};
use kit_runtime::Timestamp;
use kit_token::UserId;
use kit_values::EmailAddress;
use notifications_api::{NotificationKind, Recipient};
use orders_api::{
    FindOrder, OrderCancelled, OrderConfirmed, OrderDelivered, OrderId, OrderPaid, OrderRefunded,
    OrderRejected, OrderShipped, OrdersClient,
};
use subscriptions_api::{
    InvoiceIssued, InvoicePaid, ServiceProvisioned, ServiceSuspended, SubscriptionCancelled,
    SubscriptionExpired, SubscriptionPastDue,
};

use crate::domain::{Content, OrderChanged, OrderFacts, SubscriptionChanged, Text};
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
    let notifier = UserNotifier {
        notifications: notifications.clone(),
        templates: templates.clone(),
    };
    let orders = OrderConsumer {
        notifier: notifier.clone(),
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
    group = notifier.add_to::<InvoiceIssued>(group);
    group = notifier.add_to::<InvoicePaid>(group);
    group = notifier.add_to::<SubscriptionPastDue>(group);
    group = notifier.add_to::<SubscriptionCancelled>(group);
    group = notifier.add_to::<SubscriptionExpired>(group);
    group = notifier.add_to::<ServiceProvisioned>(group);
    group = notifier.add_to::<ServiceSuspended>(group);
    group.start()?;
    Ok(())
}

/// Tells users something, and what becomes of their subscriptions.
#[derive(Clone)]
struct UserNotifier {
    notifications: NotificationsService,
    templates: Templates,
}

impl UserNotifier {
    /// Handles events `E` of subscriptions, whose type is the kind of the notification.
    fn add_to<E: Event + 'static>(&self, group: Group) -> Group {
        let notifier = self.clone();
        group.on::<SubscriptionChanged<E>>(move |delivery, inbox| {
            notifier.clone().subscription_changed(delivery, inbox)
        })
    }

    async fn subscription_changed<E: Event>(
        self,
        delivery: Delivery<SubscriptionChanged<E>>,
        inbox: Inbox,
    ) -> Result<(), Failure> {
        let SubscriptionChanged {
            user_id,
            timestamp,
            facts,
            ..
        } = delivery.payload;
        if self.notifications.is_too_old(timestamp) {
            return Ok(());
        }
        let kind: NotificationKind = E::TYPE.parse()?;
        let text = self.templates.subscription(kind, &facts)?;
        let content = Content::Subscription { kind, facts };
        self.notify(user_id, (kind, text, content), timestamp, inbox)
            .await
    }

    /// Tells a user once, as they prefer it.
    async fn notify(
        self,
        user_id: UserId,
        (kind, text, content): (NotificationKind, Text, Content),
        timestamp: Timestamp,
        inbox: Inbox,
    ) -> Result<(), Failure> {
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

/// Tells users, and guests, what becomes of their orders.
#[derive(Clone)]
struct OrderConsumer {
    notifier: UserNotifier,
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
        if self.notifier.notifications.is_too_old(event.timestamp) {
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
        let text = self.notifier.templates.order(kind, &facts)?;
        let content = Content::Order { kind, facts };
        self.notifier
            .notify(user_id, (kind, text, content), timestamp, inbox)
            .await
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
        let Some(message) = self.notifier.notifications.message_of(to, &content, timestamp)? else {
            return Ok(());
        };
        let unit = async move |tx: &mut Tx| store::insert_message(tx, &message).await;
        inbox.apply(unit).await?;
        self.notifier.notifications.wake_sender();
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
