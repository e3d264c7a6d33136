//! Which events become webhooks: those of orders, payments, stock and subscriptions, each once for every endpoint that wants it.

use catalog_api::{StockChanged, StockCommitted, StockRejected, StockReleased, StockReserved};
use kit_bus::{Bus, BusError, Delivery, Failure, Group, Inbox};
use kit_db::Tx;
use kit_event::Event;
use notifications_api::WebhookEvents;
use orders_api::{
    OrderCancelled, OrderConfirmed, OrderCreated, OrderDelivered, OrderPaid, OrderRefunded, OrderRejected,
    OrderShipped,
};
use payments_api::{
    PaymentCancelled, PaymentCreated, PaymentExpired, PaymentFailed, PaymentRefunded, PaymentSucceeded,
};
use subscriptions_api::{
    InvoiceIssued, InvoicePaid, InvoiceVoided, ServiceDeprovisioned, ServiceProvisioned, ServiceResumed,
    ServiceSuspended, SubscriptionActivated, SubscriptionCancelled, SubscriptionCreated, SubscriptionExpired,
    SubscriptionPastDue, SubscriptionRenewed,
};

use crate::domain::{ForwardedEvent, webhook_body};
use crate::service::WebhooksService;

/// The consumer's name in the tables, for ever.
const GROUP: &str = "notifications.webhooks";

macro_rules! forwarded {
    ($group:expr, $webhooks:expr, $($event:ty),+ $(,)?) => {
        [$(add_to::<$event> as fn(Group, &WebhooksService) -> Group),+]
            .into_iter()
            .fold($group, |group, add| add(group, $webhooks))
    };
}

pub(crate) fn start(bus: &Bus, webhooks: &WebhooksService) -> Result<(), BusError> {
    let group = forwarded!(
        bus.group(GROUP),
        webhooks,
        OrderCreated,
        OrderConfirmed,
        OrderRejected,
        OrderPaid,
        OrderCancelled,
        OrderShipped,
        OrderDelivered,
        OrderRefunded,
        PaymentCreated,
        PaymentSucceeded,
        PaymentFailed,
        PaymentExpired,
        PaymentCancelled,
        PaymentRefunded,
        StockChanged,
        StockReserved,
        StockRejected,
        StockReleased,
        StockCommitted,
        SubscriptionCreated,
        SubscriptionActivated,
        SubscriptionRenewed,
        SubscriptionPastDue,
        SubscriptionCancelled,
        SubscriptionExpired,
        InvoiceIssued,
        InvoicePaid,
        InvoiceVoided,
        ServiceProvisioned,
        ServiceSuspended,
        ServiceResumed,
        ServiceDeprovisioned,
    );
    group.start()?;
    Ok(())
}

fn add_to<E: Event + 'static>(group: Group, webhooks: &WebhooksService) -> Group {
    let webhooks = webhooks.clone();
    group.on::<ForwardedEvent<E>>(move |delivery, inbox| forward(webhooks.clone(), delivery, inbox))
}

async fn forward<E: Event>(
    webhooks: WebhooksService,
    delivery: Delivery<ForwardedEvent<E>>,
    inbox: Inbox,
) -> Result<(), Failure> {
    let (event, envelope) = (delivery.payload, delivery.envelope);
    let kind: WebhookEvents = E::TYPE.parse()?;
    let at = event.timestamp().unwrap_or(envelope.time);
    if !webhooks.is_of_interest(kind, at).await? {
        return Ok(());
    }
    let body = webhook_body(E::TYPE, at, &event.data)?;
    let writing = webhooks.clone();
    let unit = async move |tx: &mut Tx| {
        let event = (&*envelope.id, &*body);
        writing.add_deliveries_in(tx, kind, event).await
    };
    inbox.apply(unit).await?;
    webhooks.wake_sender();
    Ok(())
}
