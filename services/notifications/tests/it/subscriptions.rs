//! What users are told of their subscriptions.

use kit_testing::on_both_databases;
use serde_json::json;
use subscriptions_api::{
    EndReason, InvoiceIssued, InvoicePaid, ServiceProvisioned, ServiceSuspended, SubscriptionCancelled,
    SubscriptionExpired, SubscriptionPastDue,
};

use crate::app::{list, new_id, start, titles, until_titled, usd};

on_both_databases! {
    async fn whoever_subscribes_is_told_what_becomes_of_it(fixture: &Fixture) {
        let app = start(fixture).await;
        let (ada, eve, timestamp) = (app.sign_up("ada"), app.sign_up("eve"), app.now());
        let (subscription_id, invoice_id, user_id) = (new_id(), new_id(), ada.identity.user_id);
        let (adapter, sku): (subscriptions_api::AdapterName, kit_values::Sku) = ("s3".parse().unwrap(), "S3-10GB".parse().unwrap());
        let number: subscriptions_api::InvoiceNumber = "INV-000007".parse().unwrap();
        let amount = usd(499);
        app.subscriptions.publish(InvoiceIssued {
            subscription_id, version: 2, user_id, adapter: adapter.clone(), sku: sku.clone(), invoice_id,
            number: number.clone(), amount, due_at: timestamp, timestamp,
        }).await;
        let told = until_titled(&ada, "Invoice INV-000007 waits for your payment").await;
        assert_eq!(told["items"][0]["body"], "It comes to 4.99 USD for S3-10GB, and is to be paid by 2030-01-01 00:00 UTC.");
        assert_eq!(told["items"][0]["link"], format!("/invoices/{invoice_id}"));
        app.subscriptions.publish(InvoicePaid {
            subscription_id, version: 3, user_id, adapter: adapter.clone(), sku: sku.clone(), invoice_id,
            number, amount, timestamp,
        }).await;
        until_titled(&ada, "Invoice INV-000007 is paid").await;
        app.subscriptions.publish(ServiceProvisioned {
            subscription_id, version: 5, user_id, adapter: adapter.clone(), sku: sku.clone(), timestamp,
        }).await;
        let told = until_titled(&ada, "S3-10GB is ready").await;
        assert_eq!(told["items"][0]["link"], format!("/subscriptions/{subscription_id}"));
        for (reminder, body) in [
            (0, "4.99 USD is owed; it was paid until 2030-01-01 00:00 UTC. Please pay it, so that you can go on."),
            (2, "4.99 USD is owed; it was paid until 2030-01-01 00:00 UTC. This is reminder 2. Please pay it, so that you can go on."),
        ] {
            app.subscriptions.publish(SubscriptionPastDue {
                subscription_id, version: 6 + i64::from(reminder), user_id, adapter: adapter.clone(), sku: sku.clone(),
                invoice_id, amount, reminder, period_end: timestamp, timestamp,
            }).await;
            kit_testing::eventually("it is told", async || (list(&ada).await["items"][0]["body"] == body).then_some(())).await;
        }
        app.subscriptions.publish(ServiceSuspended {
            subscription_id, version: 9, user_id, adapter: adapter.clone(), sku: sku.clone(), timestamp,
        }).await;
        until_titled(&ada, "S3-10GB is suspended").await;
        app.subscriptions.publish(SubscriptionExpired {
            subscription_id, version: 10, user_id, adapter: adapter.clone(), sku: sku.clone(), reason: EndReason::NotPaid, timestamp,
        }).await;
        until_titled(&ada, "Your subscription to S3-10GB has ended").await;
        app.subscriptions.publish(SubscriptionCancelled {
            subscription_id: new_id(), version: 4, user_id, adapter, sku, reason: EndReason::Requested, timestamp,
        }).await;
        let told = until_titled(&ada, "Your subscription to S3-10GB is cancelled").await;
        assert_eq!(told["items"][0]["body"], "It was cancelled as requested. Nothing more is charged.");
        assert_eq!(told["items"][0]["kind"], json!("subscription.cancelled"));
        assert_eq!(titles(&list(&eve).await), Vec::<String>::new());
    }
}
