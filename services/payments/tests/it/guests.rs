//! Payments of orders that guests placed: whoever has the order's token reads and pays one, and no other.
#![expect(
    clippy::unwrap_used,
    reason = "what the stories share is written like the stories themselves"
)]

use futures::future::join_all;
use http::Method;
use kit_testing::{Client, Person, on_both_databases};
use kit_token::GuestToken;
use orders_api::PaymentId;
use payments_api::{AssignPayment, CreatePayment, PaymentsError};
use serde_json::{Value, json};

use crate::books;
use crate::shop::{GOOD, Payer as _, Shop, call, dollars, order};

/// Who ordered as a guest, and the payment of that.
struct Guest {
    client: Client,
    id: PaymentId,
}

fn token(number: u128) -> GuestToken {
    GuestToken::derive(b"a cart", &number.to_le_bytes())
}

fn draft(shop: &Shop, somebody: &Person, number: u128) -> CreatePayment {
    CreatePayment {
        user_id: None,
        guest_token: Some(token(number).hash()),
        ..shop.draft(somebody, number, dollars(100))
    }
}

async fn owe(shop: &Shop, somebody: &Person, number: u128) -> Guest {
    let draft = draft(shop, somebody, number);
    let payment = shop.payments.create_payment(&call(), draft).await.unwrap();
    Guest {
        client: shop.stranger().with_token(&token(number).expose()),
        id: payment.id,
    }
}

fn not_found(reply: &kit_testing::Reply) {
    reply.expect_error(404, "Payment not found");
}

on_both_databases! {
    async fn a_guests_token_pays_one_payment_and_no_other(fixture: &Fixture) {
        let shop = Shop::start(fixture).await;
        let ada = shop.sign_up("ada");
        let (own, other) = (owe(&shop, &ada, 1).await, owe(&shop, &ada, 2).await);
        let hers = shop.owe(&ada, 3, 100).await;
        for id in [other.id, hers] {
            not_found(&own.client.get(&format!("/payments/{id}")).await);
            not_found(&own.client.post("/pay", &json!({ "payment_id": id })).await);
            not_found(&own.client.send(Method::POST, &format!("/payments/{id}/checkout"), None).await);
        }
        for id in [own.id, other.id] {
            not_found(&ada.client.get(&format!("/payments/{id}")).await);
            not_found(&ada.send_pay_for(json!({ "payment_id": id })).await);
        }
        let seen = own.client.get(&format!("/payments/{}", own.id)).await.expect(200);
        assert_eq!((&seen["status"], &seen["order_id"]), (&json!("open"), &json!(order(1))));
        let keyed = own.client.with("idempotency-key", "key");
        let body = json!({ "method": GOOD });
        let paid = join_all((0..20).map(|_| keyed.post("/pay", &body))).await;
        assert!(paid.iter().all(|reply| reply.status == 200 && reply.body == paid[0].body), "{paid:?}");
        assert_eq!(paid[0].json()["payments"][0]["id"], json!(own.id));
        assert_eq!(shop.count("SELECT key FROM sandbox_charges").await, 1);
        // Keys are the guest's.
        not_found(&other.client.with("idempotency-key", "key").post("/pay", &json!({ "payment_id": own.id })).await);
        // Whoever has a token that opens nothing is told no more than that.
        let nobody = shop.stranger().with_token(&token(9).expose());
        not_found(&nobody.get(&format!("/payments/{}", own.id)).await);
        not_found(&nobody.send(Method::POST, "/pay", None).await);
        for bad in ["gat_", "gat_x", "gat_AAAA"] {
            let client = shop.stranger().with_token(bad);
            client.send(Method::POST, "/pay", None).await.expect_error(401, "Invalid or expired token");
        }
        let events = shop.events().await;
        assert!(events.iter().all(|(_, payload)| !payload.to_string().contains("gat_")));
        assert_eq!(events[0].1["user_id"], Value::Null);
        books::are_in_order(&shop).await;
    }

    async fn a_payment_becomes_a_users_and_stays_the_guests(fixture: &Fixture) {
        let shop = Shop::start(fixture).await;
        let (ada, eve) = (shop.sign_up("ada"), shop.sign_up("eve"));
        let guest = owe(&shop, &ada, 1).await;
        let assign = async |number: u128, person: &Person| {
            let request = AssignPayment { order_id: order(number), user_id: person.identity.user_id };
            shop.payments.assign_payment(&call(), request).await.unwrap();
        };
        for person in [&ada, &eve] {
            assign(1, person).await;
            // There is none.
            assign(7, person).await;
        }
        assert_eq!(ada.payment(guest.id).await["status"], "open");
        not_found(&eve.client.get(&format!("/payments/{}", guest.id)).await);
        // Asked again, as if the first answer had been lost: as the guest's, and as the user's.
        for user_id in [None, Some(ada.identity.user_id)] {
            let again = CreatePayment { user_id, ..draft(&shop, &ada, 1) };
            assert_eq!(shop.payments.create_payment(&call(), again).await.unwrap().id, guest.id);
        }
        let other = CreatePayment { guest_token: Some(token(2).hash()), ..draft(&shop, &ada, 1) };
        assert!(matches!(shop.payments.create_payment(&call(), other).await, Err(PaymentsError::Refused(_))));
        // A user's own is nobody else's.
        let hers = shop.owe(&ada, 3, 100).await;
        assign(3, &eve).await;
        not_found(&eve.client.get(&format!("/payments/{hers}")).await);
        // It is paid by name only: who gave the address may have been somebody else.
        let paid = ada.send_pay_for(json!({ "method": GOOD })).await.expect(200);
        assert_eq!(paid["payments"].as_array().map(Vec::len), Some(1));
        assert_eq!(paid["payments"][0]["id"], json!(hers));
        let listed = ada.client.get("/payments").await.expect(200);
        assert_eq!(listed["items"].as_array().map(Vec::len), Some(2));
        guest.client.post("/pay", &json!({ "method": GOOD })).await.expect(200);
        assert_eq!(ada.pay_order(1, GOOD).await.expect(200)["payments"][0]["status"], "succeeded");
        let (_, succeeded) = shop.events().await.pop().unwrap();
        assert_eq!(succeeded["user_id"], json!(ada.id));
        books::are_in_order(&shop).await;
    }
}
